"""Palette: every layer that can be drawn, by category; find one by typing, drag it, or press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QFont, QHoverEvent, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnstudio.core.kinds import Layer
from nnstudio.core.spec import registered
from nnstudio.ui import shelf, theme

MIME_TYPE = "application/x-nnstudio-layer"
_SHELVES = ("Blocks", "My blocks")
_NAME = Qt.ItemDataRole.UserRole
_CATEGORY = Qt.ItemDataRole.UserRole + 1


class Palette(QWidget):
    """The layers in groups, under a search field. `chosen` carries the name of the layer to add."""

    chosen = Signal(str)
    # a sentence for the status bar
    message = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("palette")
        self.setAccessibleName("Layers")
        self.search = QLineEdit(placeholderText="Find a layer…")
        self.search.setObjectName("palette_search")
        self.search.setAccessibleName("Find a layer")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._choose_current)
        self.search.installEventFilter(self)
        self.tree = _Tree()
        self.tree.itemActivated.connect(lambda item, _column: self._choose(item))
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.nothing = QLabel("No layer has this name.")
        self.nothing.setObjectName("palette_nothing")
        self.nothing.setProperty("role", "muted")
        self.nothing.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 4, 0)
        layout.setSpacing(8)
        field = QVBoxLayout()
        field.setContentsMargins(0, 0, 8, 0)
        field.addWidget(self.search)
        layout.addLayout(field)
        layout.addWidget(self.nothing)
        layout.addWidget(self.tree, 1)
        self.setMinimumWidth(160)
        self._inside = False
        self._fill()

    def sizeHint(self) -> QSize:
        return QSize(208, 480)

    def listed(self) -> list[str]:
        """The names of the layers that are shown now, from top to bottom."""
        return [item.data(0, _NAME) for item in self._items() if not item.isHidden()]

    def focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows move in the list while the field has the focus; Escape empties the field."""
        if watched == self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._step(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        groups: dict[str, list[type[Any]]] = {}
        for layer in registered(Layer).values():
            groups.setdefault(layer.category, []).append(layer)
        order = list(theme.CATEGORY_COLORS)
        for category in sorted(groups, key=lambda name: (order.index(name) if name in order else len(order), name)):
            group = QTreeWidgetItem(self.tree, [category])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for layer in groups[category]:
                item = QTreeWidgetItem(group, [layer.title])
                item.setData(0, _NAME, layer.__name__)
                item.setData(0, _CATEGORY, category)
                item.setToolTip(0, tooltip(layer))
                item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, layer.sentence())
        self.tree.expandAll()
        self._fill_blocks()
        self._find("")

    def show_inside(self, inside: bool) -> None:
        """List the layers for the drawing in a block, or those for a whole network."""
        if inside != self._inside:
            self._inside = inside
            self._find(self.search.text())

    def renew_blocks(self) -> None:
        """List the blocks that there are now."""
        for group in self._groups():
            if group.text(0) in _SHELVES:
                self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(group))
        self._fill_blocks()
        self._find(self.search.text())

    def _fill_blocks(self) -> None:
        for title in _SHELVES:
            blocks = [one for one in shelf.shelved().values() if one.own == (title == _SHELVES[1])]
            if not blocks:
                continue
            group = QTreeWidgetItem(self.tree, [title])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for one in blocks:
                item = QTreeWidgetItem(group, [one.block.name])
                item.setData(0, _NAME, one.key)
                item.setData(0, _CATEGORY, one.block.category)
                item.setToolTip(0, one.tooltip)
                item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, one.block.about)
            group.setExpanded(True)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for group in self._groups() for item in _children(group)]

    def _groups(self) -> list[QTreeWidgetItem]:
        return _children(self.tree.invisibleRootItem())

    def _find(self, text: str) -> None:
        layers, usable = registered(Layer), offered(self._inside)
        first: tuple[int, QTreeWidgetItem] | None = None
        for item in self._items():
            name = item.data(0, _NAME)
            if name in layers:
                rank = match(text, layers[name]) if name in usable else None
            else:
                rank = shelf.shelved()[name].match(text)
            item.setHidden(rank is None)
            if rank is not None and (first is None or rank < first[0]):
                first = (rank, item)
        for group in self._groups():
            group.setHidden(all(item.isHidden() for item in _children(group)))
        self.nothing.setVisible(first is None)
        self.tree.clearSelection()
        self.tree.setCurrentIndex(QModelIndex())
        if first and text.strip():
            self.tree.setCurrentItem(first[1])

    def _step(self, step: int) -> None:
        shown = [item for item in self._items() if not item.isHidden()]
        if shown:
            current = self.tree.currentItem()
            row = shown.index(current) + step if current in shown else 0
            self.tree.setCurrentItem(shown[max(0, min(len(shown) - 1, row))])

    def _choose_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None and not item.isHidden():
            self._choose(item)

    def _choose(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _NAME):
            self.chosen.emit(item.data(0, _NAME))

    def _show_menu(self, place: QPoint) -> None:
        """What can be done with a block of one's own."""
        item = self.tree.itemAt(place)
        found = shelf.shelved().get(item.data(0, _NAME)) if item is not None else None
        if found is None or not found.own:
            return
        menu = QMenu(self)
        menu.setObjectName("palette_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(f"Delete {found.block.name}", lambda: self._throw_away(found.key))
        menu.popup(self.tree.viewport().mapToGlobal(place))

    def _throw_away(self, key: str) -> None:
        name = shelf.shelved()[key].block.name
        try:
            shelf.throw_away(key)
        except OSError as error:
            self.message.emit(f"{name} could not be deleted: {error.strerror or error}.")
            return
        self.renew_blocks()
        self.message.emit(f"{name} is no longer among your blocks.")


def _children(group: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    rows = (group.child(row) for row in range(group.childCount()))
    return [item for item in rows if item is not None]


def offered(inside: bool = False) -> dict[str, type[Layer]]:
    """The layers that a network may have, or with `inside` a block, by their names: each has ends of its own kind."""
    others = ("input", "output") if inside else ("entry", "exit")
    return {name: layer for name, layer in registered(Layer).items() if layer.role not in others}


def match(typed: str, layer: type[Layer]) -> int | None:
    """How well a layer answers to what was typed: 0 is best, None is not at all."""
    typed = typed.strip().lower()
    names = [text.lower() for text in (layer.title, layer.__name__, *layer.aliases)]
    if any(name.startswith(typed) for name in names[:2]):
        return 0
    if any(name.startswith(typed) for name in names):
        return 1
    words = typed.split()
    if all(any(word in name for name in names) for word in words):
        return 2
    return 3 if len(typed) > 3 and all(word in layer.category.lower() for word in words) else None


def tooltip(layer: type[Layer]) -> str:
    """What the layer does, and its formula."""
    return f"{layer.sentence()}\n{layer.formula}" if layer.formula else layer.sentence()


class _Tree(QTreeWidget):
    """The list; it gives a layer's name to a drag."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("palette_list")
        self.setAccessibleName("Layers by category")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setItemsExpandable(False)
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setItemDelegate(_Row(self))
        self.setStyleSheet("#palette_list::item:hover { background: transparent; }")  # the delegate shows it

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        data = QMimeData()
        names = [item.data(0, _NAME) for item in items if item.data(0, _NAME)]
        if names:
            data.setData(MIME_TYPE, names[0].encode())
        return data

    def startDrag(self, actions: Qt.DropAction) -> None:
        items = self.selectedItems()
        if not items or not items[0].data(0, _NAME):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData(items))
        picture = self._picture(items[0])
        drag.setPixmap(picture)
        drag.setHotSpot(QPoint(-12, -12))  # beside the pointer, so that what lies under it is seen
        drag.exec(Qt.DropAction.CopyAction)
        # The drag took the mouse away without a word; the row that it left would stay lit.
        away = QPointF(-1, -1)
        self.viewportEvent(QHoverEvent(QEvent.Type.HoverLeave, away, away, away))

    def _picture(self, item: QTreeWidgetItem) -> QPixmap:
        shown, scale = theme.current(), self.devicePixelRatio()
        width = self.fontMetrics().horizontalAdvance(item.text(0)) + 40
        picture = QPixmap(round(width * scale), round(32 * scale))
        picture.setDevicePixelRatio(scale)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(shown.color("accent"))
        painter.setBrush(shown.color("surface"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, 31), 6, 6)
        _square(painter, 12.0, 16.0, item.data(0, _CATEGORY))
        painter.setPen(shown.color("text"))
        painter.setFont(self.font())
        painter.drawText(QRectF(30, 0, width - 30, 32), Qt.AlignmentFlag.AlignVCenter, item.text(0))
        painter.end()
        return picture


def _square(painter: QPainter, left: float, middle: float, category: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.current().category(category))
    painter.drawRoundedRect(QRectF(left, middle - 5, 10, 10), 2.5, 2.5)


class _Row(QStyledItemDelegate):
    """A category as a small heading, a layer with the square of its colour."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        if index.data(_NAME):
            return QSize(120, 25)
        return QSize(120, 24 if index.row() == 0 else 32)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        shown = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(option.rect)
        if not index.data(_NAME):
            font = QFont(option.font)
            font.setPixelSize(11)
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(shown.color("muted"))
            painter.drawText(
                place.adjusted(0, 0, -8, -4), Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextSingleLine, index.data()
            )
        else:
            chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            if chosen or option.state & QStyle.StateFlag.State_MouseOver:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(shown.color("selection" if chosen else "raised"))
                painter.drawRoundedRect(place.adjusted(0, 1, -8, -1), 5, 5)
            _square(painter, place.left() + 6, place.center().y(), index.data(_CATEGORY))
            painter.setPen(shown.color("text"))
            text = place.adjusted(26, 0, -12, 0)
            elided = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideRight, int(text.width()))
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided)
        painter.restore()
