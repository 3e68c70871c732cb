"""Search: a field over the window in which every action is found by its name (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nnstudio.ui import theme

_ACTION = Qt.ItemDataRole.UserRole
_TRAIL = Qt.ItemDataRole.UserRole + 1
_ROWS = 11  # seen at once


class Search(QDialog):
    """Type some letters of an action, move with the arrows, run it with Enter."""

    def __init__(self, parent: QWidget, actions: Iterable[tuple[str, QAction]]) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("action_search")
        self.setAccessibleName("Search actions")
        self.setStyleSheet(f"#action_search {{ border: 1px solid {theme.current().border}; }}")
        self._actions = [pair for pair in actions if pair[1].objectName() != "action_search"]
        self.field = QLineEdit(placeholderText="Search actions")
        self.field.setObjectName("action_search_field")
        self.field.setAccessibleName("Search actions by name")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("action_search_list")
        self.list.setAccessibleName("Actions found")
        self.list.setItemDelegate(_Row(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.itemClicked.connect(self._run)
        self.list.itemActivated.connect(self._run)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list)
        self.setFixedWidth(560)
        self._find("")

    def show_over(self, widget: QWidget) -> None:
        """Open at the upper middle of a widget."""
        self.move(
            widget.mapToGlobal(QRect(0, 0, widget.width(), 0).center()).x() - self.width() // 2,
            widget.mapToGlobal(widget.rect().topLeft()).y() + 56,
        )
        self.show()
        self.field.setFocus()

    def found(self) -> list[str]:
        """The texts of the actions that are listed now, the best first."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if event.key() in steps and self.list.count():
                row = self.list.currentRow() + steps[Qt.Key(event.key())]
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, row)))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._run(item)
                return True
        return super().eventFilter(watched, event)

    def _find(self, text: str) -> None:
        ranked = []
        for place, (trail, action) in enumerate(self._actions):
            if action.isVisible():
                rank = match(text, name(action), f"{trail} {action.property('words') or ''}")
                if rank is not None:
                    ranked.append(((rank, not action.isEnabled(), place), trail, action))
        self.list.clear()
        for _, trail, action in sorted(ranked, key=lambda entry: entry[0]):
            item = QListWidgetItem(action.icon(), name(action))
            item.setData(_ACTION, action)
            item.setData(_TRAIL, trail)
            item.setToolTip(action.statusTip() or name(action))
            if not action.isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            self.list.addItem(item)
        usable = (row for row in range(self.list.count()) if self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled)
        self.list.setCurrentRow(next(usable, 0))
        self.list.setFixedHeight(32 * max(1, min(self.list.count(), _ROWS)) + 4)
        self.adjustSize()

    def _run(self, item: QListWidgetItem) -> None:
        action: QAction = item.data(_ACTION)
        if action.isEnabled():
            self.close()
            action.trigger()


def name(action: QAction) -> str:
    """The text of an action as a person reads it."""
    return action.text().replace("&", "")


def match(typed: str, text: str, trail: str = "") -> int | None:
    """How well an action answers to what was typed: 0 is best, None is not at all."""
    words = typed.lower().split()
    text, trail = text.lower(), trail.lower()
    if text.startswith(typed.lower().strip()):
        return 0
    if all(any(part.startswith(word) for part in text.split()) for word in words):
        return 1
    if all(word in text or word in trail for word in words):
        return 2
    letters = iter(text)
    if len(typed) > 1 and all(letter in letters for letter in typed.lower() if letter != " "):
        return 3  # the letters in their order: "rw" finds "Reset weights"
    return None


class _Row(QStyledItemDelegate):
    """Icon, name, the menu that the action is in, and its shortcut at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, 32)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        shown = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver) and enabled:
            selected = option.state & QStyle.StateFlag.State_Selected
            painter.setBrush(shown.color("selection" if selected else "raised"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(option.rect.adjusted(1, 1, -1, -1), 6, 6)
        inner = option.rect.adjusted(12, 0, -12, 0)
        painter.setOpacity(1.0 if enabled else 0.5)
        action: QAction = index.data(_ACTION)
        square = QRect(inner.left(), inner.center().y() - 7, 16, 16)
        action.icon().paint(painter, square)
        painter.setPen(shown.color("text"))
        line = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        text = inner.adjusted(28, 0, 0, 0)
        painter.drawText(text, line, name(action))
        painter.setPen(shown.color("muted"))
        text.adjust(option.fontMetrics.horizontalAdvance(name(action)) + 12, 0, 0, 0)
        painter.drawText(text, line, index.data(_TRAIL))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        painter.drawText(inner, line | Qt.AlignmentFlag.AlignRight, keys)
        painter.restore()
