"""Section: settings that belong together, under a heading that folds them away and says what is not at its default."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from nnstudio.ui import theme
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import column
from nnstudio.ui.forms.number_box import paint_chevron

_HEIGHT = 30

Added = TypeVar("Added", bound=QWidget)


class Section(QWidget):
    """A heading, and under it a form and whatever else is added. Click, Space or Return folds it."""

    def __init__(self, title: str, sentence: str, *, opened: bool = False) -> None:
        super().__init__()
        self.header = Header(title, sentence)
        self.body = QWidget()
        self.rows: QVBoxLayout = column(self.body)
        self.rows.setContentsMargins(0, 2, 0, 10)
        self.form = Form()
        self.rows.addWidget(self.form)
        rows = column(self, spacing=0)
        rows.addWidget(self.header)
        rows.addWidget(self.body)
        self.header.toggled.connect(self._fold)
        self.header.setChecked(opened)
        self._fold(opened)

    @property
    def opened(self) -> bool:
        """Whether its settings are seen."""
        return self.header.isChecked()

    def open(self, opened: bool = True) -> None:
        """Show the settings, or only the heading."""
        self.header.setChecked(opened)

    def add(self, widget: Added) -> Added:
        """Put something under the form."""
        self.rows.addWidget(widget)
        return widget

    def show_differences(self, words: list[str]) -> None:
        """Say in the heading what is not at its default."""
        self.header.show_differences(words)

    def _fold(self, opened: bool) -> None:
        if not opened:
            self.form.flush()
        self.body.setVisible(opened)


class Header(QAbstractButton):
    """The heading of a section, over its whole width: an arrow, the title, and what differs."""

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._sentence = sentence
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(_HEIGHT)
        self.setAccessibleName(title)
        self.setToolTip(f"<p>{sentence}</p>")
        self.toggled.connect(lambda _: self._describe())
        self._describe()

    def show_differences(self, words: list[str]) -> None:
        """Say these beside the title while the section is folded; a mark stays while it is open."""
        if words != self.words:
            self.words = words
            self._describe()
            self.update()

    def _describe(self) -> None:
        said = f"Not at the default: {', '.join(self.words)}." if self.words else "All at the default."
        state = "Open." if self.isChecked() else "Folded."
        self.setAccessibleDescription(f"{self._sentence} {state} {said}")

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return bool(super().event(event))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 2.5, -0.5, -2.5)
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 1))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("raised") if self.underMouse() or self.hasFocus() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 5, 5)
        painter.save()
        painter.translate(10, self.height() / 2)
        painter.rotate(0 if self.isChecked() else -90)
        paint_chevron(painter, QPointF(), up=False)
        painter.restore()
        bold = QFont(self.font())
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(colors.color("text"))
        left = 22.0
        room = QFontMetrics(bold).horizontalAdvance(self.text())
        line = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(left, 0, self.width() - left, self.height()), line, self.text())
        if self.words:
            left += room + 8
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("accent"))
            painter.drawEllipse(QRectF(left, self.height() / 2 - 2.5, 5, 5))
            if not self.isChecked():
                painter.setFont(self.font())
                painter.setPen(colors.color("muted"))
                place = QRectF(left + 12, 0, self.width() - left - 16, self.height())
                words = QFontMetrics(self.font()).elidedText(
                    " · ".join(self.words), Qt.TextElideMode.ElideRight, int(place.width())
                )
                painter.drawText(place, line, words)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.setChecked(key == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)
