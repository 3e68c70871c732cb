"""LayerSearch: a field at the pointer in which a layer is found by typing, and added by Enter."""

from __future__ import annotations

from collections.abc import Set

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from nnstudio.ui import shelf, theme
from nnstudio.ui.palette import match, offered, tooltip

_NAME = Qt.ItemDataRole.UserRole
_ROWS = 9


class LayerSearch(QFrame):
    """`chosen` carries the name of the layer; then it is closed.

    `only` are the names to choose from; `inside` says that it is for the drawing in a block.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget, only: Set[str] | None = None, inside: bool = False) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("layer_search")
        self.setAccessibleName("Add a layer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = theme.current()
        self.setStyleSheet(
            f"#layer_search {{ background: {shown.window}; border: 1px solid {shown.border}; border-radius: 8px; }}"
        )
        order = list(theme.CATEGORY_COLORS)
        self._layers = sorted(
            ((name, layer) for name, layer in offered(inside).items() if only is None or name in only),
            key=lambda pair: (order.index(pair[1].category) if pair[1].category in order else len(order), pair[0]),
        )
        self._blocks = list(shelf.shelved().values()) if only is None else []
        self.field = QLineEdit(placeholderText="Add a layer…")
        self.field.setObjectName("layer_search_field")
        self.field.setAccessibleName("Find a layer to add")
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("layer_search_list")
        self.list.setAccessibleName("Layers found")
        self.list.setIconSize(QSize(12, 12))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.setFixedWidth(240)
        self._find("")

    def open_at(self, place: QPoint) -> None:
        """Show it with a corner at a place of the screen, inside the screen."""
        self.adjustSize()
        window = self.parentWidget() or self
        screen = window.screen().availableGeometry()
        x = max(screen.left(), min(place.x(), screen.right() - self.width()))
        y = max(screen.top(), min(place.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.field.setFocus()

    def listed(self) -> list[str]:
        """The names that are shown now, best first."""
        return [self.list.item(row).data(_NAME) for row in range(self.list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys that move in the list and choose from it, while the field has the focus."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                step = 1 if key in (Qt.Key.Key_Down, Qt.Key.Key_Tab) else -1
                count = self.list.count()
                if count:
                    self.list.setCurrentRow((self.list.currentRow() + step) % count)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self.list.currentItem() is not None:
                    self._choose(self.list.currentItem())
                return True
            if key == Qt.Key.Key_Escape:
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _find(self, text: str) -> None:
        ranked = []
        for place, (name, layer) in enumerate(self._layers):
            rank = match(text, layer) if text.strip() else 0
            if rank is not None:
                ranked.append((rank, place, name, (layer.category, layer.title, tooltip(layer))))
        for place, one in enumerate(self._blocks, start=len(self._layers)):
            rank = one.match(text) if text.strip() else 0
            if rank is not None:
                ranked.append((rank, place, one.key, (one.block.category, one.block.name, one.tooltip)))
        self.list.clear()
        for _, _, name, (category, title, words) in sorted(ranked, key=lambda entry: entry[:2]):
            item = QListWidgetItem(_square(category), title)
            item.setData(_NAME, name)
            item.setToolTip(words)
            item.setSizeHint(QSize(200, 26))
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        row = self.list.sizeHintForRow(0) if self.list.count() else 26
        self.list.setFixedHeight(row * max(1, min(self.list.count(), _ROWS)) + 4)
        if self.isVisible():
            self.adjustSize()

    def _choose(self, item: QListWidgetItem) -> None:
        name = item.data(_NAME)
        self.close()
        self.chosen.emit(name)


def _square(category: str) -> QIcon:
    """The colour of a category, as it is on the node."""
    picture = QPixmap(24, 24)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().category(category))
    painter.drawRoundedRect(QRectF(2, 2, 20, 20), 5, 5)
    painter.end()
    return QIcon(picture)
