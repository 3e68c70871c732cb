"""Field: one setting in a form: its label, its editor, and the sentence under it when the input is wrong.

A field shows the value that `renew` gave it and emits `edited` with another one. It never keeps a value of its own:
whoever hears `edited` changes the document, and the document's value comes back through `renew`.
"""

from __future__ import annotations

import html
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from nnstudio.core.spec import Setting, SpecError
from nnstudio.ui.forms.numbers import short
from nnstudio.ui.forms.style import set_property

ROW_HEIGHT = 30  # of an editor with one line of text
LABEL_WIDTH = 6.6  # of the label column in all forms, in line heights of the font, so that nested forms align


class Editor:
    """Mixed into the widgets that edit: their field hears their events first.

    It is an override and no event filter, because Qt hardly ever calls overrides of a widget that is being deleted;
    where it does (a box loses the focus when its inner line is deleted), the parts are asked whether they still exist.
    """

    field: Field | None = None

    def event(self, event: QEvent) -> bool:
        field = self.field
        if field is not None and field.alive() and field.hears(event):
            return True
        return bool(super().event(event))  # type: ignore[misc]


class Field(QWidget):
    """The base of all fields."""

    # name of the setting, the new value
    edited = Signal(str, object)
    # the person has finished with this field: what comes next is another step of undo
    left = Signal()

    def __init__(self, setting: Setting, editor: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        self.editor = editor
        self.value: Any = None
        self._renewed = False
        editor.setObjectName(f"setting_{setting.name}")
        editor.setAccessibleName(label_text(setting))
        editor.setToolTip(tooltip(setting))
        editor.setAccessibleDescription(plain_tooltip(setting))
        self.label = make_label(label_text(setting), editor)
        self.label.setToolTip(tooltip(setting))
        self.message = QLabel()
        self.message.setProperty("role", "wrong")
        self.message.setWordWrap(True)
        self.message.hide()
        self.column = QVBoxLayout()
        self.column.setSpacing(2)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.addWidget(editor)
        self.column.addWidget(self.message)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self.column, 1)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(6)
        self.rows.addLayout(row)
        editor.field = self  # type: ignore[attr-defined]

    # -- the value -------------------------------------------------------------------------------------------------

    def renew(self, value: Any) -> None:
        """Show this value. What shows it already stays untouched, with its cursor and what is being typed."""
        if self._renewed and value == self.value and type(value) is type(self.value):
            return
        self._renewed, self.value = True, value
        self.accept()
        self._show(value)

    def _show(self, value: Any) -> None:
        raise NotImplementedError

    def _offer(self, value: Any) -> None:
        """Emit the value if it is possible and new; say what is wrong otherwise."""
        try:
            proper = self._proper(value)
        except SpecError as error:
            self.refuse(sentence(error))
            return
        self.accept()
        if proper != self.value or type(proper) is not type(self.value):
            self.edited.emit(self.setting.name, proper)

    def _proper(self, value: Any) -> Any:
        """The value in its proper type. Raises SpecError for an impossible one."""
        return self.setting.read(value)

    def flush(self) -> None:
        """Offer what was typed and not yet offered."""

    # -- right and wrong -------------------------------------------------------------------------------------------

    def refuse(self, words: str) -> None:
        """Say under the field what is wrong with its input; the document stays as it was."""
        self.message.setText(words)
        self.message.show()
        set_property(self.editor, "wrong", True)
        self.editor.setAccessibleDescription(words)

    def accept(self) -> None:
        """Take the sentence away."""
        if self.message.isHidden():
            return
        self.message.hide()
        self.message.setText("")
        set_property(self.editor, "wrong", False)
        self.editor.setAccessibleDescription(plain_tooltip(self.setting))

    @property
    def refusal(self) -> str:
        """The sentence under the field; empty when its input is right."""
        return "" if self.message.isHidden() else self.message.text()

    # -- keys and focus ---------------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """Whether all parts still exist."""
        return isValid(self) and isValid(self.editor) and isValid(self.message)

    def hears(self, event: QEvent) -> bool:
        """An event of the editor, before the editor gets it; True when it is dealt with."""
        kind = event.type()
        if kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.flush()
            if kind == QEvent.Type.FocusOut:
                self._settle()
                self.left.emit()
        elif kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.MetaModifier):
                self.flush()  # a shortcut such as Train must see what was typed
            if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
                event.ignore()  # undo is the document's, not the text's
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
                self.flush()
                self._settle()
                self.left.emit()
            elif event.key() == Qt.Key.Key_Escape and self._unsettled():
                self._drop()
                return True
        return False

    def _settle(self) -> None:
        """Editing is over: show the value in its usual form."""

    def _unsettled(self) -> bool:
        """Whether Escape has something to take back."""
        return False

    def _drop(self) -> None:
        """Forget what was typed and show the value."""


def make_label(text: str, buddy: QWidget | None = None) -> QLabel:
    """The label of a row, as wide as the labels of all rows."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.ensurePolished()
    line = label.fontMetrics().height()
    label.setFixedWidth(round(LABEL_WIDTH * max(line, 14)))
    label.setMinimumHeight(ROW_HEIGHT)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
    if buddy is not None:
        label.setBuddy(buddy)
    return label


# Names that torch abbreviates, in words.
_WORDS = {"lr": "Learning rate", "p": "Probability", "eps": "Epsilon"}


def label_text(setting: Setting) -> str:
    """The words before the field, with the unit."""
    words = _WORDS.get(setting.name, setting.label)
    unit = setting.limits.unit
    return f"{words} ({unit})" if unit and unit not in words else words


def plain_tooltip(setting: Setting) -> str:
    """The sentence of a setting and its limits."""
    return f"{setting.limits.sentence} {limits_text(setting)}".strip()


def tooltip(setting: Setting) -> str:
    """The same, so that Qt wraps it."""
    limits = limits_text(setting)
    words = f"<p>{html.escape(setting.limits.sentence)}</p>"
    return words + (f"<p>{html.escape(limits)}</p>" if limits else "")


def limits_text(setting: Setting) -> str:
    """The limits in a few words; empty where there are none."""
    limits = setting.limits
    low = None if limits.minimum is None else short(_whole_if(limits.minimum))
    high = None if limits.maximum is None else short(_whole_if(limits.maximum))
    if low is not None and high is not None:
        return f"Above {low}, at most {high}." if limits.above_minimum else f"From {low} to {high}."
    if low is not None:
        return f"Above {low}." if limits.above_minimum else f"At least {low}."
    return f"At most {high}." if high is not None else ""


def sentence(error: ValueError) -> str:
    """What is wrong, as one sentence that starts with a capital and needs no name in front."""
    if isinstance(error, SpecError):
        return f"Needs {error.needed}, but got {error.got}."
    words = str(error)
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def _whole_if(number: float) -> float | int:
    return int(number) if float(number).is_integer() and abs(number) < 1e15 else number
