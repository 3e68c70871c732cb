"""TextPage: a text is typed; it is told what class it has, or a network goes on with it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnstudio.core.spec import Limits
from nnstudio.engine.continuation import (
    Continuation,
    UnknownText,
    as_seen,
    classified_row,
    continues,
    tokens_of,
)
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.style import Styled

_MOST_LENGTH = 100_000


class TextPage(Styled):
    """`changed`: another text is to be judged, or a continuation was begun or called off."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._prepared: Prepared | None = None
        self._vocabulary: tuple[str, ...] = ()
        self.continuation: Continuation | None = None
        self._begun = ""
        self.entry = QPlainTextEdit()
        self.entry.setObjectName("beginning")
        self.entry.setAccessibleName("Text")
        self.entry.setTabChangesFocus(True)
        self.entry.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.entry.setMinimumHeight(40)
        self.entry.textChanged.connect(self._typed)
        self.wrong = QLabel()
        self.wrong.setProperty("role", "wrong")
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        self.story = QPlainTextEdit()
        self.story.setObjectName("continuation")
        self.story.setAccessibleName("The text as the network continues it")
        self.story.setReadOnly(True)
        self.story.setTabChangesFocus(True)
        self.temperature = _box("Temperature", "0 always takes the likeliest token; more is bolder.", 0, 10, "1")
        self.most_likely = _box("Top k", "How many of the likeliest tokens are drawn from; empty: all.", 1, 1e6, "")
        self.length = _box("Length", "How many tokens are added.", 1, _MOST_LENGTH, "200")
        self.seed = _box("Seed", "The same seed, text and weights give the same continuation.", 0, 2**32 - 1, "0")
        self.button = QPushButton("Continue")
        self.button.setObjectName("continue_text")
        self.button.setToolTip("Lets the network go on with the text, token by token.")
        self.button.setStyleSheet("padding: 6px 8px;")
        self.button.clicked.connect(self._toggle)
        self.settings = QWidget()
        grid = QGridLayout(self.settings)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(0)
        for place, box in enumerate((self.temperature, self.most_likely, self.length, self.seed)):
            label = QLabel(box.accessibleName())
            label.setProperty("role", "group")
            label.setBuddy(box)
            grid.addWidget(label, 0, place)
            grid.addWidget(box, 1, place)
        grid.addWidget(self.button, 1, 4)
        grid.setColumnStretch(5, 1)
        texts = QHBoxLayout()
        texts.setSpacing(8)
        texts.addWidget(self.entry, 2)
        texts.addWidget(self.story, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 4, 4)
        column.setSpacing(4)
        column.addLayout(texts, 1)
        column.addWidget(self.wrong)
        column.addWidget(self.settings)

    def set_data(self, prepared: Prepared) -> None:
        """Take the vocabulary of these data."""
        data = prepared.data
        same = data.vocabulary == self._vocabulary and continues(data) == self.goes_on
        self._prepared, self._vocabulary = prepared, data.vocabulary
        self.continuation = None
        for part in (self.story, self.settings):
            part.setVisible(self.goes_on)
        self.entry.setPlaceholderText("Begin a text here." if self.goes_on else "Type a text here.")
        if not same:
            self.story.clear()
        self._typed()
        self._renew_button()

    @property
    def goes_on(self) -> bool:
        """Whether a text is continued; else its class is told."""
        return self._prepared is not None and continues(self._prepared.data)

    def row(self) -> np.ndarray | None:
        """The text as a row of tokens, to be classified; None where there is none."""
        text = self.entry.toPlainText()
        if self._prepared is None or self.goes_on or not text.strip():
            return None
        try:
            return classified_row(text, self._prepared.data)
        except UnknownText:
            return None

    def show_story(self, text: str) -> None:
        """Show the continuation as far as it is."""
        under_way = self.continuation
        if under_way is None or text == self.story.toPlainText():
            return
        at_end = self.story.verticalScrollBar().value() >= self.story.verticalScrollBar().maximum() - 4
        shown = self.story.toPlainText()
        cursor = QTextCursor(self.story.document())
        if not text.startswith(shown) or not shown:
            self.story.clear()
            cursor = QTextCursor(self.story.document())
            begun = self._begun
            cursor.insertText(begun, _colored(theme.current().color("muted")))
            text, shown = text[len(begun) :], ""
        else:
            text = text[len(shown) :]
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text, _colored(theme.current().color("text")))
        if at_end:
            self.story.verticalScrollBar().setValue(self.story.verticalScrollBar().maximum())

    def stop(self) -> None:
        """Leave the continuation as it is."""
        self.continuation = None
        self._renew_button()

    def ended(self, problem: str) -> None:
        """The continuation is as long as it was to be, or cannot go on."""
        self.stop()
        if problem:
            self._say(problem)

    # -- what the person does --------------------------------------------------------------------------------------

    def _typed(self) -> None:
        if self._prepared is None:
            return
        try:
            if self.goes_on:
                tokens_of(as_seen(self.entry.toPlainText(), self._vocabulary), self._vocabulary)
            else:
                classified_row(self.entry.toPlainText(), self._prepared.data)
        except UnknownText as error:
            self._say(str(error))
        else:
            self._say("")
        if not self.goes_on:
            self.changed.emit()

    def _toggle(self) -> None:
        if self.continuation is not None:
            self.stop()
            return
        numbers = {box: box.number() for box in (self.temperature, self.most_likely, self.length, self.seed)}
        wrong = [box for box, number in numbers.items() if number is None and box.text().strip()]
        blank = [box for box, number in numbers.items() if number is None and box is not self.most_likely]
        if wrong or blank:
            box = (wrong or blank)[0]
            self._say(f"{box.accessibleName()} needs a number. {box.limits.sentence}")
            return
        limit = numbers[self.most_likely]
        assert self._prepared is not None
        self._begun = as_seen(self.entry.toPlainText(), self._vocabulary)
        try:
            self.continuation = Continuation(
                self._prepared.data,
                self._begun,
                length=int(min(max(numbers[self.length] or 1, 1), _MOST_LENGTH)),
                temperature=float(numbers[self.temperature] or 0),
                most_likely=None if limit is None else max(int(limit), 1),
                seed=int(numbers[self.seed] or 0) % 2**32,
            )
        except UnknownText as error:
            self._say(str(error))
            return
        self._say("")
        self.story.clear()
        self._renew_button()
        self.changed.emit()

    def _renew_button(self) -> None:
        self.button.setText("Stop" if self.continuation is not None else "Continue")

    def _say(self, sentence: str) -> None:
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))


def _box(name: str, sentence: str, low: float, high: float, text: str) -> NumberBox:
    box = NumberBox(Limits(sentence, low, high), whole=name != "Temperature")
    box.setAccessibleName(name)
    box.setToolTip(sentence)
    box.set_text(text)
    box.setFixedWidth(68 if name == "Temperature" else 50)
    return box


def _colored(color: QColor) -> QTextCharFormat:
    found = QTextCharFormat()
    found.setForeground(color)
    return found
