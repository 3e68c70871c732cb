"""The kinds of field: typed numbers and texts, check boxes, lists of choices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget
from shiboken6 import isValid

from nnstudio.core.spec import Setting
from nnstudio.ui import theme
from nnstudio.ui.forms.field import Editor, Field, sentence
from nnstudio.ui.forms.mixed import mixed_text, read_mixed
from nnstudio.ui.forms.number_box import NumberBox, paint_chevron
from nnstudio.ui.forms.numbers import pair_text, read_number, read_pair, read_whole, read_wholes, short
from nnstudio.ui.forms.texts import read_texts, texts_text

TYPING_PAUSE = 350  # milliseconds after the last key until a typed value counts
FOLLOWS = "from the data"  # what an empty optional field says
DIFFERENT = "different"  # what a field for several nodes says where they do not agree


class TypedField(Field):
    """A field whose value is written as text. The text counts when typing pauses, or ends with Return or Tab."""

    def __init__(
        self,
        setting: Setting,
        editor: LineBox | NumberBox,
        *,
        read: Callable[[str], Any],
        write: Callable[[Any], str],
        at_end: bool = False,
    ) -> None:
        """With `at_end`, a pause is not enough: the text counts only when the field is left."""
        super().__init__(setting, editor)
        self._at_end = at_end
        self._read, self._write = read, write
        self._line = editor.lineEdit() if isinstance(editor, NumberBox) else editor
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE)
        self._pause.timeout.connect(self.flush)
        self._pending = False
        if isinstance(editor, NumberBox):
            editor.typed.connect(self._typed)
            editor.stepped.connect(self._stepped)
        else:
            editor.textEdited.connect(self._typed)
        if setting.optional:
            self.set_placeholder(FOLLOWS)

    def set_placeholder(self, text: str) -> None:
        """What stands in the empty field: where its value comes from."""
        self._line.setPlaceholderText(text)

    @property
    def text(self) -> str:
        return str(self._line.text())

    def flush(self) -> None:
        if not self._pending:
            return
        self._forget_typing()
        text = self._line.text()
        if self.setting.optional and not text.strip():
            self._offer(None)
            return
        try:
            value = self._read(text)
        except ValueError as error:
            self.refuse(sentence(error))
        else:
            self._offer(value)

    def alive(self) -> bool:
        return super().alive() and isValid(self._line)

    def _typed(self) -> None:
        self._pending = True
        if not self._at_end:
            self._pause.start()

    def _stepped(self) -> None:
        self._pending = True
        self.flush()

    def _forget_typing(self) -> None:
        self._pending = False
        self._pause.stop()

    def _show(self, value: Any) -> None:
        self._forget_typing()
        text = self._line.text()
        if text and value is not None:
            try:
                if self._read(text) == value:
                    return  # it says so already, in the words of the person who is typing
            except ValueError:
                pass
        self._write_out()

    def _write_out(self) -> None:
        text = self._write(self.value)
        if text != self._line.text():
            self._line.setText(text)
            if not self._line.hasFocus():
                self._line.setCursorPosition(0)

    def _settle(self) -> None:
        if not self.refusal:
            self._write_out()

    def _unsettled(self) -> bool:
        return bool(self._pending or self.refusal)

    def _drop(self) -> None:
        self._forget_typing()
        self.accept()
        self._write_out()
        self._line.selectAll()


def whole_field(setting: Setting) -> TypedField:
    return TypedField(setting, NumberBox(setting.limits, whole=True), read=read_whole, write=short)


def number_field(setting: Setting) -> TypedField:
    return TypedField(setting, NumberBox(setting.limits, whole=False), read=read_number, write=short)


def wholes_field(setting: Setting) -> TypedField:
    return TypedField(setting, LineBox(), read=read_wholes, write=short)


def pair_field(setting: Setting) -> TypedField:
    return TypedField(setting, LineBox(), read=read_pair, write=pair_text)


def texts_field(setting: Setting) -> TypedField:
    """For texts with commas between; one that holds a comma stands in quotation marks."""
    return TypedField(setting, LineBox(), read=read_texts, write=texts_text)


def mixed_field(setting: Setting) -> TypedField:
    """For a number, several numbers, or one of some words."""
    return TypedField(setting, LineBox(), read=partial(read_mixed, setting), write=mixed_text)


def text_field(setting: Setting, *, at_end: bool = False) -> TypedField:
    return TypedField(setting, LineBox(), read=str, write=lambda value: value or "", at_end=at_end)


class LineBox(Editor, QLineEdit):
    """A line of text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(48)
        self.setTextMargins(-2, 0, 0, 0)  # begins where the text of the other boxes does


class ToggleBox(Editor, QCheckBox):
    """A check box, drawn so that on and off are told apart in every theme; a click anywhere in its row counts."""

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = self.layoutDirection() == Qt.LayoutDirection.LeftToRight
        square = QRectF(1.0 if left else self.width() - 17.0, self.height() / 2 - 8, 16, 16)
        on = self.isChecked()
        edge = colors.color("accent" if on or self.hasFocus() or self.underMouse() else "muted")
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        painter.setPen(QPen(edge, 1.2))
        painter.setBrush(colors.color("accent" if on else "surface"))
        painter.drawRoundedRect(square, 4, 4)
        if on:
            painter.setPen(QPen(colors.color("accent_text"), 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
            corners = [QPointF(4, 8.5), QPointF(7, 11.5), QPointF(12, 5)]
            painter.drawPolyline(QPolygonF([square.topLeft() + corner for corner in corners]))
        if self.hasFocus():
            ring = QPen(colors.color("accent"), 1)
            painter.setPen(ring)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(-1, -1, 1, 1).adjusted(-1, -1, 1, 1), 5, 5)
        painter.setPen(colors.color("text"))
        words = QRectF(self.rect()).adjusted(24, 0, 0, 0) if left else QRectF(self.rect()).adjusted(0, 0, -24, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, self.text())
        painter.end()


class ToggleField(Field):
    """Yes or no, as a check box."""

    def __init__(self, setting: Setting) -> None:
        self.box = ToggleBox("off")
        super().__init__(setting, self.box)
        self.box.clicked.connect(self._clicked)

    def _clicked(self) -> None:
        self._offer(self.box.isChecked())
        if self.box.isChecked() != self.value:  # refused: show what is
            self._show(self.value)
        self.left.emit()

    def _show(self, value: bool | None) -> None:
        self.box.setChecked(bool(value))
        self.box.setText(DIFFERENT if value is None else "on" if value else "off")


class ChoiceBox(Editor, QComboBox):
    """A list of choices that a scrolling wheel does not change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMaxVisibleItems(20)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(80, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        right = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        middle = QPointF(11 if right else self.width() - 11, self.height() / 2)
        paint_chevron(painter, middle, up=False, faint=not self.isEnabled())
        painter.end()


class ChoiceField(Field):
    """One of some values. `choices` pairs each value with its words and a tooltip."""

    def __init__(self, setting: Setting, choices: list[tuple[Any, str, str]]) -> None:
        self.box = ChoiceBox()
        super().__init__(setting, self.box)
        self._choices: list[tuple[Any, str, str]] = []
        self._values: list[Any] = []
        self.offer(choices)
        self.box.activated.connect(self._activated)

    def offer(self, choices: list[tuple[Any, str, str]]) -> None:
        """Let the person choose among these from now on."""
        if choices == self._choices:
            return
        self._choices = choices
        self._values = [value for value, _, _ in choices]
        self.box.clear()
        for place, (_, words, tip) in enumerate(choices):
            self.box.addItem(words)
            if tip:
                self.box.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        if self._renewed:
            self._show(self.value)

    def _activated(self, place: int) -> None:
        self._offer(self._values[place])
        if self._values[place] != self.value:
            self._show(self.value)
        self.left.emit()

    def _show(self, value: Any) -> None:
        self.box.setCurrentIndex(self._values.index(value) if value in self._values else -1)


def choice_field(setting: Setting) -> ChoiceField:
    """The choices of a text setting; of an optional one the first is that it follows from the data."""
    choices: list[tuple[Any, str, str]] = [(None, FOLLOWS, "")] if setting.optional else []
    return ChoiceField(setting, choices + [(choice, choice, "") for choice in setting.limits.choices or ()])


def three_way_field(setting: Setting) -> ChoiceField:
    """Yes, no, or what follows from the data."""
    return ChoiceField(setting, [(None, FOLLOWS, ""), (True, "on", ""), (False, "off", "")])
