"""Help: the list of shortcuts, and what the program is made of."""

from __future__ import annotations

import platform
from collections.abc import Iterable

import numpy as np
import pyqtgraph
import torch
from PySide6 import __version__ as pyside_version
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnstudio import __version__

# What the mouse and single keys do on the drawing.
GESTURES = (
    ("Search for a layer to add", "Space, Tab or double-click on the canvas"),
    ("Insert a layer in a wire", "Drop it on the wire"),
    ("Move the view", "Middle button, or Space and drag"),
    ("Zoom", "Wheel, or pinch"),
    ("Select several layers", "Drag over empty space, or Shift and click"),
)


def show_shortcuts(parent: QWidget, actions: Iterable[tuple[str, QAction]]) -> QDialog:
    """Open the list of all shortcuts."""
    rows = [("Drawing", text, keys) for text, keys in GESTURES]
    for trail, action in actions:
        keys = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
        if keys:
            rows.append((trail, action.text().replace("&", ""), keys))
    table = QTableWidget(len(rows), 3)
    table.setAccessibleName("Shortcuts")
    table.setHorizontalHeaderLabels(["Where", "What", "Keys"])
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            table.setItem(row, column, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    dialog = _dialog(parent, "Shortcuts", table)
    dialog.resize(640, 560)
    dialog.open()
    return dialog


def show_about(parent: QWidget) -> QDialog:
    """Open the sentence on what this is, with the versions that a bug report needs."""
    label = QLabel(
        f"<h2>NN Studio {__version__}</h2>"
        "<p>Draw, train and understand neural networks.</p>"
        f"<p>Python {platform.python_version()} · PyTorch {torch.__version__} · NumPy {np.__version__}<br>"
        f"Qt {qVersion()} · PySide {pyside_version} · pyqtgraph {pyqtgraph.__version__}</p>"
        "<p>Icons: Lucide (ISC licence).</p>"
    )
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName("About NN Studio")
    dialog = _dialog(parent, "About NN Studio", label)
    dialog.open()
    return dialog


def _dialog(parent: QWidget, title: str, content: QWidget) -> QDialog:
    dialog = QDialog(parent)
    dialog.setObjectName(title.lower().replace(" ", "_"))
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(20, 16, 20, 16)
    layout.setSpacing(12)
    layout.addWidget(content)
    layout.addWidget(buttons)
    return dialog
