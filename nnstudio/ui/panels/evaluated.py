"""EvaluatedPanel: a panel that shows how the network does on one part of the data.

What it shows is measured where the Run is, on a bounded sample that all such panels share; the window only draws.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from nnstudio.core.data import Task
from nnstudio.engine.data import PartName, Prepared
from nnstudio.engine.evaluation import PART_WORDS, Evaluation, look, parts_of
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui.document import Document
from nnstudio.ui.panels.framed import FramedPanel, MoreButton

_PART_NAMES: dict[PartName, str] = {"test": "Test", "validation": "Validation", "train": "Training"}


@dataclass(frozen=True, eq=False)
class Judged:
    """One reading: an evaluation, what a panel has worked out of it, and which parts there are."""

    evaluation: Evaluation
    figures: Any
    parts: tuple[PartName, ...]
    prepared: Prepared


def judge(run: Run, part: PartName, task: Task | None, work_out: Callable[[Evaluation], Any]) -> Judged:
    """Measure, in the thread of the Run."""
    parts = parts_of(run)
    found = look(run, part if part in parts else parts[0])
    fits = not found.problem and task in (None, found.task)
    return Judged(found, work_out(found) if fits else None, parts, run.prepared)


class PartButton(QToolButton):
    """Which part of the data is looked at; a click offers the others."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("part")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setMenu(QMenu(self))
        self.setStyleSheet("QToolButton::menu-indicator { image: none; width: 0; }")
        self._offered: tuple[PartName, ...] = ()
        self.hide()

    def offer(self, parts: tuple[PartName, ...], shown: PartName) -> None:
        """Offer these; `shown` is what is looked at now."""
        words = _PART_NAMES[shown]
        if parts != self._offered:
            self._offered = parts
            self.menu().clear()
            for part in parts:
                action = self.menu().addAction(_PART_NAMES[part])
                action.setCheckable(True)
                action.triggered.connect(lambda _=False, part=part: self.chosen.emit(part))
        for part, action in zip(parts, self.menu().actions(), strict=True):
            action.setChecked(part == shown)
        if self.text() != f"{words} ▾":
            self.setText(f"{words} ▾")
            self.setAccessibleName(f"Part of the data: {words}")
            self.setToolTip(f"These are {PART_WORDS[shown]} rows. Click to look at another part.")
        self.setVisible(len(parts) > 1)


class EvaluatedPanel(FramedPanel):
    """The base of the panels about one part. A member says which task it is for, and how its figures are worked out
    (`work_out`, a function without Qt) and shown (`show_judged`)."""

    at_first: ClassVar[bool] = False
    task: ClassVar[Task | None] = "classification"
    # what to open where the other task is at hand
    instead: ClassVar[str] = ""

    def __init__(self, document: Document, *controls: QWidget) -> None:
        super().__init__(document)
        self._part: PartName = "test"
        self.judged: Judged | None = None
        self.parts = PartButton()
        self.parts.chosen.connect(self._choose)
        for control in (*controls, self.parts):
            self.header.add(control)
        self.header.add(MoreButton(self.fill_menu))

    @staticmethod
    def work_out(found: Evaluation) -> Any:
        """What is shown of an evaluation without a problem. Called in the worker."""
        raise NotImplementedError

    def show_judged(self, judged: Judged) -> None:
        """Draw it."""
        raise NotImplementedError

    def words(self, judged: Judged) -> tuple[str, str]:
        """(what the header says of it, fewer words)."""
        return judged.evaluation.size_in_words, ""

    def fill_menu(self, menu: QMenu) -> None:
        """What is seldom needed: the ways to save."""
        raise NotImplementedError

    def request(self) -> Callable[[Run], Judged]:
        return partial(judge, part=self._part, task=self.task, work_out=type(self).work_out)

    def draw(self, reading: Judged, snapshot: Snapshot) -> None:
        found = reading.evaluation
        shown = self.judged
        if shown is not None and shown.evaluation is found and self.shows_content:
            return
        self.judged = None
        self.parts.offer(reading.parts, found.part)
        if found.problem:
            self.show_empty(found.problem)
        elif self.task not in (None, found.task):
            self.show_empty(self._wrong_task(found))
        else:
            self.judged = reading
            self.show_content()
            self.show_judged(reading)
            if self.judged is not None:
                self.header.show_status(*self.words(reading))

    def clear(self) -> None:
        self.judged = None
        self.parts.hide()
        self.show_empty()

    def _choose(self, part: PartName) -> None:
        self._part = part
        self.stale.emit()

    def _wrong_task(self, found: Evaluation) -> str:
        if found.task == "regression":
            return f"{self.title} needs classes, and this network predicts numbers. {self.instead}".strip()
        return f"{self.title} needs numbers, and this network predicts classes. {self.instead}".strip()
