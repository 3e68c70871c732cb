"""PaintingPage: the area that is painted on, with classes, brushes, an eraser and a way to clear it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from nnstudio.core.kinds import Dataset
from nnstudio.ui import icons, theme
from nnstudio.ui.data_panel.painting import Painting
from nnstudio.ui.data_panel.segments import Segments
from nnstudio.ui.forms.fact import heading

_MOST_CLASSES = 9


class PaintingPage(QWidget):
    """`edited` carries what was done and the dataset after it."""

    edited = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._dataset: Dataset | None = None
        self._names: tuple[str, ...] = ()
        self.painting = Painting()
        self.painting.painted.connect(self._painted)
        self.painting.class_wanted.connect(self._choose_class)
        self.classes = Segments("Class")
        self.classes.chosen.connect(lambda key: self._choose_class(int(key)))
        self.more = QToolButton()
        self.more.setObjectName("add_class")
        self.more.setAccessibleName("Add a class")
        self.more.setToolTip("Adds a class with a colour of its own.")
        icons.attach(self.more, "plus")
        self.more.clicked.connect(self._add_class)
        self.eraser = QToolButton()
        self.eraser.setObjectName("eraser")
        self.eraser.setCheckable(True)
        self.eraser.setAccessibleName("Eraser")
        self.eraser.setToolTip("Removes points; the right button always does.")
        icons.attach(self.eraser, "eraser")
        self.eraser.toggled.connect(self._erase)
        self.brushes = Segments("Brush", (("fine", "1 point"), ("medium", "4"), ("broad", "10")))
        self.brushes.setToolTip("How many points the brush leaves at each place.")
        self.brushes.chosen.connect(self._choose_brush)
        self.clear = QToolButton()
        self.clear.setAccessibleName("Clear the painting")
        icons.attach(self.clear, "trash-2")
        self.clear.setObjectName("clear_painting")
        self.clear.setToolTip("Removes all points; undo brings them back.")
        self.clear.clicked.connect(self.painting.clear)
        first, second = QHBoxLayout(), QHBoxLayout()
        for line in (first, second):
            line.setSpacing(4)
        first.addWidget(self.classes)
        first.addWidget(self.more)
        first.addStretch(1)
        second.addWidget(self.brushes)
        second.addWidget(self.eraser)
        second.addWidget(self.clear)
        second.addStretch(1)
        self.caption = heading("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.painting, 1)
        column.addWidget(self.caption)

    def renew(self, dataset: Dataset) -> None:
        """Show what is painted in this dataset."""
        self._dataset = dataset
        names = tuple(getattr(dataset, "class_names", ()))
        width = 3 if names else 2
        points = np.array(getattr(dataset, "points", ()), float).reshape(-1, width)
        self._names = names
        self.classes.offer([(str(number), name) for number, name in enumerate(names)])
        self.classes.setVisible(bool(names))
        self.more.setVisible(bool(names))
        self.more.setEnabled(len(names) < _MOST_CLASSES)
        self.painting.renew(points, len(names))
        self.classes.choose(str(self.painting.chosen_class))
        self.caption.setText(f"{len(points):,} points. Drag to paint; the right button erases.")
        self.renew_colors()

    def renew_colors(self) -> None:
        """Give each class its colour."""
        colors = theme.class_colors(theme.current(), max(len(self._names), 2))
        for number in range(len(self._names)):
            button = self.classes.button(str(number))
            few = len(self._names) <= 3
            style = Qt.ToolButtonStyle
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if few else style.ToolButtonIconOnly)
            button.setToolTip(self._names[number])
            button.setIcon(_dot(colors[number]))
            button.setIconSize(QSize(12, 12))

    def _painted(self, label: str, points: np.ndarray) -> None:
        if self._dataset is not None:
            self.edited.emit(label, self._dataset.with_(points=tuple(points.ravel().tolist())))

    def _choose_class(self, number: int) -> None:
        self.painting.chosen_class = number
        self.classes.choose(str(number))
        self.eraser.setChecked(False)

    def _add_class(self) -> None:
        if self._dataset is not None:
            name = next(f"class {n}" for n in range(len(self._names) + 1, 100) if f"class {n}" not in self._names)
            self.painting.chosen_class = len(self._names)
            self.edited.emit("Add a class", self._dataset.with_(class_names=(*self._names, name)))

    def _choose_brush(self, key: str) -> None:
        self.painting.brush = key
        self.painting.update()

    def _erase(self, on: bool) -> None:
        self.painting.erasing = on
        self.painting.update()


def paintable(dataset: Dataset | None) -> bool:
    """Whether the points of this dataset are painted."""
    return dataset is not None and dataset.category == "Painted" and hasattr(dataset, "points")


def _dot(color: object) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)  # type: ignore[call-overload]
    painter.drawEllipse(3, 3, 18, 18)
    painter.end()
    return QIcon(pixmap)
