"""Breadcrumb: where in the blocks the canvas is, and the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from nnstudio.core.blocks import Block
from nnstudio.ui.document import Document


class Breadcrumb(QWidget):
    """The network and the blocks that were entered, each a button but the last. It is only there inside a block."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("breadcrumb")
        self.setAccessibleName("The way to the drawing that is shown")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.document = document
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(2)
        self._shown: list[str] = []
        document.entered.connect(self._renew)
        document.changed.connect(self._renew)
        self.hide()
        self._renew()

    def texts(self) -> list[str]:
        """The names on the way, the whole network first; empty when it is shown."""
        return list(self._shown)

    def _renew(self) -> None:
        names, graph = ["Network"], self.document.project.graph
        for node_id in self.document.inside:
            node = graph.nodes.get(node_id)
            if node is None or not isinstance(node.layer, Block):
                return  # the document is on its way to another place
            names.append(node.title)
            graph = node.layer.graph
        names = names if len(names) > 1 else []
        if names == self._shown:
            return
        self._shown = names
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for place, name in enumerate(names):
            if place:
                arrow = QLabel("›")
                arrow.setProperty("role", "muted")
                self._row.addWidget(arrow)
            last = place == len(names) - 1
            self._row.addWidget(self._here(name) if last else self._button(name, place))
        self._row.addStretch(1)
        self.setVisible(bool(names))

    def _here(self, name: str) -> QLabel:
        label = QLabel(name)
        label.setStyleSheet("font-weight: 600; padding: 2px 6px;")
        return label

    def _button(self, name: str, depth: int) -> QToolButton:
        button = QToolButton()
        button.setText(name)
        button.setAutoRaise(True)
        button.setToolTip(f"Shows {'the whole network' if depth == 0 else name}.  Ctrl+Up")
        button.setAccessibleName(f"Leave to {name}")
        button.clicked.connect(lambda: self._leave_to(depth))
        return button

    def _leave_to(self, depth: int) -> None:
        inside = self.document.inside
        self.document.enter(inside[:depth])
        self.document.select([inside[depth]])
