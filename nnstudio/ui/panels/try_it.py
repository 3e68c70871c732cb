"""Try it: a picture, a row or a text made by hand, and what the network says of it while it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnstudio.core.data import Data
from nnstudio.engine.asking import Said, ask
from nnstudio.engine.continuation import Continuation
from nnstudio.engine.data import Prepared
from nnstudio.engine.evaluation import work_of_a_row
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui.document import Document
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import FramedPanel
from nnstudio.ui.prediction import ink
from nnstudio.ui.prediction.answer import Answer
from nnstudio.ui.prediction.board import Board, Seen
from nnstudio.ui.prediction.ink import Paper
from nnstudio.ui.prediction.row_form import MOST_FIELDS, RowForm
from nnstudio.ui.prediction.text_page import TextPage

# Multiplications for a row, from which on the window would wait too long for the answer.
MOST_WORK = 2e10
_TOO_LARGE = (
    "This network is too large to answer while you wait. Save it, and predict a file: nnstudio predict FILE ROWS."
)

Kind = Literal["picture", "row", "text", ""]


@dataclass(frozen=True, eq=False)
class Told:
    """One reading: the answer to the row, and how far the text is."""

    said: Said
    story: str = ""
    continuation: Continuation | None = None


def tell(run: Run, row: np.ndarray | None, continuation: Continuation | None) -> Told:
    """Measure, in the thread of the Run."""
    work = work_of_a_row(run) if row is not None or continuation is not None else 0
    problem = _TOO_LARGE if work > MOST_WORK and run.device.type == "cpu" else ""
    if problem and continuation is not None:
        continuation.problem = problem
    elif continuation is not None and not continuation.done:
        return Told(Said(run.prepared, run.step), continuation.go_on(run), continuation)
    return Told(Said(run.prepared, run.step, problem=problem) if problem else ask(run, row))


def kind_of(data: Data) -> tuple[Kind, str]:
    """(which page is for rows of such data, why there is none)."""
    if data.vocabulary and data.inputs.ndim == 2:
        return "text", ""
    if ink.paper_of(data) is not None:
        return "picture", ""
    if data.inputs.ndim == 2 and data.input_type.dtype == "float32":
        if data.inputs.shape[1] <= MOST_FIELDS:
            return "row", ""
        return "", f"These rows have {data.inputs.shape[1]:,} numbers, too many to be typed."
    return "", "Rows of this kind are not made by hand."


class TryItPanel(FramedPanel):
    """What is asked is a row as it is in the data; the worker answers between two steps, so that the answer follows
    the training."""

    key = "try_it"
    title = "Try it"
    sentence = (
        "Draw a picture, fill in a row or type a text, and see what the network makes of it. "
        "Choose data and draw a network first."
    )
    at_first: ClassVar[bool] = False
    order: ClassVar[int] = 19

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._prepared: Prepared | None = None
        self._kind: Kind = ""
        self._paper: Paper | None = None
        self._next = 0  # which of the test rows is taken next
        self._taking = False
        self.board, self.seen = Board(), Seen()
        self.form, self.text = RowForm(), TextPage()
        self.pages = QStackedWidget()
        for page in (self._picture_page(), self.form, self.text):
            self.pages.addWidget(page)
        self.answer = Answer()
        row = QHBoxLayout(self.content)
        row.setContentsMargins(4, 0, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.pages, 3)
        row.addWidget(self.answer, 2)
        self.example = self._button("Test row", "Fills in the next of the test rows, to begin from.", self.take_row)
        self.example.setObjectName("take_row")
        begins = "Begins anew: an empty picture, or the means of the training rows."
        self.blank = self._button("Clear", begins, self._clear)
        self.blank.setObjectName("clear_row")
        self.header.add(self.example)
        self.header.add(self.blank)
        for source in (self.board.drawn, self.form.changed, self.text.changed):
            source.connect(self._changed)
        self.clear()

    def request(self) -> Callable[[Run], Told]:
        return partial(tell, row=self._row(), continuation=self.text.continuation if self._kind == "text" else None)

    def draw(self, reading: Told, snapshot: Snapshot) -> None:
        if reading.said.prepared is not self._prepared:
            self._set_data(reading.said.prepared)
            self._changed()
            return
        if not self._kind:
            return
        self.show_content()
        if reading.continuation is not None:
            self._show_story(reading)
        elif self._kind == "text" and self.text.continuation is not None and reading.said.problem:
            self.text.ended(reading.said.problem)
        elif not (self._kind == "text" and self.text.goes_on):
            self.answer.show_said(reading.said)
        self.header.show_status(f"step {snapshot.step:,}" if snapshot.step else "before training")

    def clear(self) -> None:
        self.text.stop()
        for button in (self.example, self.blank):
            button.setVisible(self._kind in ("picture", "row"))
        self.show_empty()

    def take_row(self) -> None:
        """Fill in the next test row (a training row where there is none)."""
        prepared = self._prepared
        if prepared is None or self._kind not in ("picture", "row"):
            return
        rows = prepared.test_rows if len(prepared.test_rows) else prepared.train_rows
        number = int(rows[self._next % len(rows)])
        self._next += 1
        values = np.asarray(prepared.data.inputs[number])
        self._taking = True
        if self._kind == "picture" and self._paper is not None:
            self.centring.setChecked(False)
            self.board.show_ink(ink.ink_of(values, self._paper))
        else:
            self.form.show_row(values)
        self._taking = False
        self.answer.show_truth(f"row {number:,}, in truth {_truth(prepared.data, number)}")

    # -- building --------------------------------------------------------------------------------------------------

    def _picture_page(self) -> QWidget:
        page = Styled()
        self.centring = QCheckBox("Centre")
        self.centring.setToolTip("Centres and scales the drawing as the digits of MNIST are.")
        self.centring.toggled.connect(self.board.set_centring)
        self.brush = QSlider(Qt.Orientation.Horizontal)
        self.brush.setAccessibleName("Brush")
        self.brush.setToolTip("The width of the stroke, in pixels of the network's picture.")
        self.brush.setRange(5, 60)
        self.brush.setFixedWidth(72)
        self.brush.valueChanged.connect(lambda tenths: setattr(self.board, "brush", tenths / 10))
        caption = QLabel("seen as")
        caption.setProperty("role", "muted")
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(caption)
        side.addWidget(self.seen)
        side.addWidget(self.centring)
        label = QLabel("Brush")
        label.setProperty("role", "muted")
        label.setBuddy(self.brush)
        side.addWidget(label)
        side.addWidget(self.brush)
        side.addStretch(1)
        row = QHBoxLayout(page)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.board, 1)
        row.addLayout(side)
        return page

    @staticmethod
    def _button(words: str, sentence: str, what: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setToolTip(sentence)
        button.setAccessibleName(words)
        button.clicked.connect(what)
        return button

    # -- what it shows ---------------------------------------------------------------------------------------------

    def _set_data(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._kind, reason = kind_of(prepared.data)
        self._next = 0
        self.answer.show_truth("")
        if self._kind == "picture":
            self._paper = ink.paper_of(prepared.data)
            assert self._paper is not None
            self.board.set_paper(self._paper)
            self.brush.setValue(round(10 * self.board.brush))
            self.answer.invite("Draw something on the board.")
        elif self._kind == "row":
            self.form.set_data(prepared)
        elif self._kind == "text":
            self.text.set_data(prepared)
            self.answer.invite("Type a text.")
        self.pages.setCurrentIndex({"picture": 0, "row": 1, "text": 2, "": 0}[self._kind])
        self.answer.setVisible(not (self._kind == "text" and self.text.goes_on))
        for button in (self.example, self.blank):
            button.setVisible(self._kind in ("picture", "row"))
        self.example.setText("Test row" if len(prepared.test_rows) else "Row")
        if self._kind:
            self.show_content()
        else:
            self.show_empty(f"{reason} Predict a file of them, in the File menu.")

    def _row(self) -> np.ndarray | None:
        prepared = self._prepared
        if prepared is None:
            return None
        if self._kind == "picture":
            if self._paper is None or self.board.empty:
                return None
            return ink.row_of(self.board.seen(), self._paper, prepared.data)
        if self._kind == "row":
            return self.form.row()
        return self.text.row() if self._kind == "text" else None

    def _show_story(self, reading: Told) -> None:
        under_way = self.text.continuation
        if reading.continuation is not under_way or under_way is None:
            return
        self.text.show_story(reading.story)
        if under_way.done:
            self.text.ended(under_way.problem)
        else:
            QTimer.singleShot(0, self, self.stale.emit)

    def _changed(self) -> None:
        if self._kind == "picture":
            self.seen.show_ink(self.board.seen())
        if not self._taking:
            self.answer.show_truth("")
        self.stale.emit()

    def _clear(self) -> None:
        if self._kind == "picture":
            self.board.clear()
        elif self._kind == "row":
            self.form.reset()


def _truth(data: Data, number: int) -> str:
    """What a row of the data is."""
    if data.classes:
        return data.class_names[int(np.asarray(data.targets[number]).reshape(-1)[0])]
    return ", ".join(figure(float(value)) for value in data.targets[number][:4])
