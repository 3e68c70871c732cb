"""Worker: the QThread around a Run, for one stretch of training.

The window pulls: the worker leaves its newest Snapshot in a slot, and answers what it was asked between two steps.
Nothing queues: a view has at most one question open.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PySide6.QtCore import QThread

from nnstudio.engine.out_of_memory import Interruption
from nnstudio.engine.run import Run, Snapshot
from nnstudio.engine.trouble import Trouble, trouble


@dataclass(frozen=True, eq=False)
class Answer:
    """What a measurement gave, and the seconds that it took from the training."""

    key: str
    reading: Any
    seconds: float
    error: str = ""


class Worker(QThread):
    """Drives a Run until its stretch is done or `pause` is set. `finished` (of QThread) says that it has ended;
    `trouble` then says what went wrong, if anything did: a loss that is no number, a full memory, an error."""

    def __init__(self, run: Run, *, steps: int | None = None, epochs: int | None = None) -> None:
        super().__init__()
        self.setStackSize(16 << 20)  # other systems give threads too little for the linear algebra libraries
        self.training_run = run
        self.newest: Snapshot | None = None
        self.trouble: Trouble | None = None
        self._steps, self._epochs = steps, epochs
        self._pause = threading.Event()
        self._questions: queue.SimpleQueue[tuple[str, Callable[[Run], Any]]] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def pause(self) -> None:
        """End the stretch at the next look, within about a thirtieth of a second and one step."""
        self._pause.set()

    def ask(self, key: str, measure: Callable[[Run], Any]) -> None:
        """Have something measured between two steps; `answers` brings it."""
        self._questions.put((key, measure))

    def answers(self) -> list[Answer]:
        """What has been measured since the last time."""
        found = []
        while True:
            try:
                found.append(self._answers.get_nowait())
            except queue.Empty:
                return found

    def run(self) -> None:
        torch.set_num_threads(training_threads())  # a setting of the thread that trains, not of the program
        interruption: Interruption | None = None
        try:
            for snapshot in self.training_run.snapshots(steps=self._steps, epochs=self._epochs):
                self.newest = snapshot
                self._measure()
                if self._pause.is_set():
                    break
        except BaseException as error:  # it would only be printed, and the window would wait for ever
            interruption = Interruption.of(error)
        # Here the error is gone, and with it all that it kept alive.
        try:
            self.trouble = trouble(self.training_run, interruption)
        except BaseException as error:
            words = interruption.words if interruption is not None else _first_line(error)
            sentence = f"The training stopped at step {self.training_run.step + 1}: {words.rstrip('.')}."
            self.trouble = Trouble(sentence, good=self.training_run.last_good.checkpoint)

    def _measure(self) -> None:
        while True:
            try:
                key, measure = self._questions.get_nowait()
            except queue.Empty:
                return
            self._answers.put(measured(key, measure, self.training_run))


def measured(key: str, measure: Callable[[Run], Any], run: Run) -> Answer:
    """Measure now, in this thread. A view that fails says so in its answer and harms nothing else."""
    began = time.perf_counter()
    try:
        reading = measure(run)
    except Exception as error:
        return Answer(key, None, time.perf_counter() - began, f"{type(error).__name__}: {_first_line(error)}")
    return Answer(key, reading, time.perf_counter() - began)


def training_threads() -> int:
    """How many threads a training in the window uses: one processor is left for the window itself."""
    return max(1, (os.cpu_count() or 2) - 1)


def _first_line(error: BaseException) -> str:
    text = str(error).strip().split("\n")[0] or type(error).__name__
    return text if text.endswith(".") else f"{text}."
