"""FramedPanel: a panel with a header line, and an empty state in place of its content until there is something to see.

The header carries the title, a status, the switches and a menu. It can serve as the title bar of a dock:
`dock.setTitleBarWidget(panel.header)`; in a dock with a title bar of its own it leaves out the title.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels.panel import Panel


class Segments(QWidget):
    """A few words of which one is chosen."""

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._options: dict[str, QToolButton] = {}

    @property
    def choice(self) -> str:
        """The key of the chosen one."""
        return next((key for key, button in self._options.items() if button.isChecked()), "")

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """Offer these (key, words); what was chosen stays chosen where it can, else it is the first."""
        if [key for key, _ in options] == list(self._options):
            return
        kept = self.choice
        for button in self._options.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        self._options = {}
        for key, words in options:
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setObjectName(f"show_{key}")
            button.setAccessibleName(words)
            button.clicked.connect(lambda _, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._row.addWidget(button)
            self._options[key] = button
        self.choose(kept if kept in self._options else next(iter(self._options), ""))
        self.updateGeometry()

    def choose(self, key: str) -> None:
        """Mark one as chosen, without a signal."""
        if key in self._options:
            self._options[key].setChecked(True)


class MoreButton(QToolButton):
    """Three dots: a menu of what is seldom needed."""

    def __init__(self, fill: Callable[[QMenu], None]) -> None:
        super().__init__()
        self.setToolTip("More: fit, scale, save")
        self.setAccessibleName("More")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._fill = fill
        menu = QMenu(self)
        menu.aboutToShow.connect(self._renew)
        self.setMenu(menu)
        self.setFixedSize(24, 24)

    def sizeHint(self) -> QSize:
        return QSize(24, 24)

    def _renew(self) -> None:
        self.menu().clear()
        self._fill(self.menu())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse() or self.hasFocus() or self.isDown():
            painter.setBrush(theme.current().color("raised"))
            painter.drawRoundedRect(area, 6, 6)
        painter.setBrush(theme.current().color("text" if self.underMouse() else "muted"))
        for offset in (-5, 0, 5):
            painter.drawEllipse(area.center() + QPointF(offset, 0), 1.5, 1.5)


class Header(QWidget):
    """Title, a status at the right, and controls behind it. What does not fit is left out, the title first."""

    HEIGHT = 32

    def __init__(self, title: str, short_title: str = "") -> None:
        super().__init__()
        self._titles = (title, short_title or title)
        self.setFixedHeight(self.HEIGHT)
        self.setMinimumWidth(0)
        self._title = QLabel(title)
        self._title.setProperty("role", "heading")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._status = QLabel()
        self._status.setProperty("role", "muted")
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 2, 6, 2)
        self._row.setSpacing(4)
        self._row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._row.addWidget(self._title)
        self._row.addStretch(1)
        self._row.addWidget(self._status)
        self._words = self._short = ""
        self._with_title = True

    def add(self, control: QWidget, gap: int = 0) -> None:
        """Put a control at the right end, with some pixels more before it."""
        if gap:
            self._row.addSpacing(gap)
        self._row.addWidget(control)

    def show_status(self, words: str, short: str = "") -> None:
        """A few words at the right; `short` where there is no room for them."""
        if (words, short) != (self._words, self._short):
            self._words, self._short = words, short
            self._fit()

    def show_title(self, shown: bool) -> None:
        """Without the title it stands under a title bar that says it already."""
        if shown != self._with_title:
            self._with_title = shown
            self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def _fit(self) -> None:
        left = self.width() - 16
        for place in range(self._row.count()):
            item = self._row.itemAt(place)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in (self._title, self._status) and not widget.isHidden():
                left -= widget.sizeHint().width() + 4
        metrics = self._status.fontMetrics()
        bold = self._title.fontMetrics()
        fitting = (title for title in self._titles if bold.horizontalAdvance(title) + 14 <= left)
        title = next(fitting, "") if self._with_title else ""
        left -= bold.horizontalAdvance(title) + 14 if title else 0
        words = self._words
        if self._short and metrics.horizontalAdvance(words) > left - 8:
            words = self._short
        if metrics.horizontalAdvance(words) > left - 8:
            elided = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, max(left - 8, 0))
            words = elided if len(elided) > 0.8 * len(words) else ""
        if self._title.isHidden() == bool(title):
            self._title.setVisible(bool(title))
        if title and self._title.text() != title:
            self._title.setText(title)
        if self._status.text() != words:
            self._status.setText(words)
            self._status.setToolTip("" if words == self._words else self._words)


class Empty(QWidget):
    """What a panel will show, and how to get there."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self._label = QLabel(sentence)
        self._label.setProperty("role", "muted")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 4, 24, 24)
        column.addWidget(self._label)

    @property
    def sentence(self) -> str:
        return self._label.text()

    def say(self, sentence: str) -> None:
        if sentence != self._label.text():
            self._label.setText(sentence)


class FramedPanel(Panel):
    """A panel with a header and an empty state. What is put into `content` is seen while `show_content` was last."""

    # for a header that has no room for the title
    short_title: ClassVar[str] = ""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.header = Header(self.title, self.short_title)
        self.empty = Empty(self.sentence)
        self.content = QWidget()
        self.content.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.content)
        column.addLayout(self._stack, 1)
        self.setMinimumSize(200, 140)

    @property
    def shows_content(self) -> bool:
        return self._stack.currentWidget() is self.content

    def show_empty(self, sentence: str = "") -> None:
        """Show a sentence in place of the content; by default the panel's own."""
        self.empty.say(sentence or self.sentence)
        self.header.show_status("")
        self._stack.setCurrentWidget(self.empty)

    def show_content(self) -> None:
        if not self.shows_content:
            self._stack.setCurrentWidget(self.content)

    def sizeHint(self) -> QSize:
        return QSize(320, 260)

    def event(self, event: QEvent) -> bool:
        moved = event.type() in (QEvent.Type.Show, QEvent.Type.ParentChange) and hasattr(self, "header")
        # A dock says the title itself, unless it took the header for its title bar.
        if moved and self.header.parentWidget() is self:
            self.header.show_title(not isinstance(self.parentWidget(), QDockWidget))
        return super().event(event)
