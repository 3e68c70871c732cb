"""RepeatBox: how often a block is repeated, and with whose weights, asked right at the block."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from nnstudio.core.blocks import Block
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import heading
from nnstudio.ui.forms.form import make_field

_ASKED = ("repeat", "shared")


class RepeatBox(QFrame):
    """Two settings of one block. What is chosen counts at once; Return and Escape close it."""

    def __init__(self, parent: QWidget, document: Document, node_id: str) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("repeat_box")
        self.setAccessibleName("Repeat the block")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = theme.current()
        self.setStyleSheet(
            f"#repeat_box {{ background: {shown.window}; border: 1px solid {shown.border}; border-radius: 8px; }}"
        )
        self.document, self.node_id = document, node_id
        rows = QVBoxLayout(self)
        rows.setContentsMargins(12, 10, 12, 12)
        rows.setSpacing(6)
        rows.addWidget(heading(f"Repeat {document.graph.nodes[node_id].title}"))
        self.form = Form()
        for setting in Block.settings():
            if setting.name in _ASKED:
                self.form.add(make_field(setting))
        self.form.edited.connect(self._configure)
        rows.addWidget(self.form)
        self.setFixedWidth(280)
        self._renew()

    def open_at(self, place: QPoint) -> None:
        """Show it with a corner at a place of the screen, inside the screen."""
        self.adjustSize()
        screen = (self.parentWidget() or self).window().screen().availableGeometry()
        x = max(screen.left(), min(place.x(), screen.right() - self.width()))
        y = max(screen.top(), min(place.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        box = self.form.fields["repeat"].editor
        box.setFocus()
        if hasattr(box, "selectAll"):
            box.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.form.flush()
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: object) -> None:
        self.form.flush()
        self.document.end_merge()
        super().hideEvent(event)  # type: ignore[arg-type]

    def _renew(self) -> None:
        layer = self.document.graph.nodes[self.node_id].layer
        self.form.renew({name: getattr(layer, name) for name in _ASKED})

    def _configure(self, name: str, value: object) -> None:
        graph = self.document.graph
        node = graph.nodes.get(self.node_id)
        if node is None or not isinstance(node.layer, Block):
            return
        try:
            changed = graph.configure(self.node_id, **{name: value})
        except ValueError as error:
            self.form.refuse(name, error)
            return
        self.document.edit_graph(f"Repeat {node.title}", changed, merge=f"{self.node_id}.repeat")
        self._renew()
