"""The learning-rate range test in the window: a copy of the network is trained beside it, and the person picks a rate.

What is open is not touched: the test has a network of its own. The rate that is picked becomes that of the optimizer
in one edit.
"""

from __future__ import annotations

import torch
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.core.reading import tell
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.lr_range import HIGH, LOW, STEPS, Point, Suggestion, lr_range, rates, suggest
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import heading, link
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.forms.fields import ChoiceField, TypedField, number_field, whole_field
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.loading import Errand
from nnstudio.ui.lr_range_plot import RangePlot
from nnstudio.ui.worker import training_threads

_INTERVAL = 40  # milliseconds between two looks at the points

_LOW = Setting("low", float, LOW, Limits("The first learning rate.", 1e-30, 1e30, logarithmic=True))
_HIGH = Setting("high", float, HIGH, Limits("The last learning rate.", 1e-30, 1e30, logarithmic=True))
_STEPS = Setting("steps", int, STEPS, Limits("How many updates of the weights.", 2, 1_000_000, logarithmic=True))
_BEGIN = Setting("begin", str, "new", Limits("The weights that the test begins with."))
_RATE = Setting("lr", float, 0.0, Limits("The learning rate to use.", 0, 1e30, logarithmic=True, above_minimum=True))

_EXPLAINED = (
    "A copy of the network is trained while the learning rate rises. A good rate is where the loss falls quickly, "
    "well before it rises again."
)
# Suggestions further apart than this come from a curve that says little.
_FAR_APART = 100.0


class LearningRateRange(QDialog):
    """Begins at once; Cancel ends it within a step, and what there is by then stays to be looked at."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.points: list[Point] = []
        self.suggestion: Suggestion | None = None
        self._errand: Errand | None = None
        self._steps = STEPS
        self.setObjectName("lr_range")
        self.setWindowTitle("Find a learning rate")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(620, 560)
        self._make()
        self._lay_out()
        self._timer = QTimer(self, interval=_INTERVAL)
        self._timer.timeout.connect(self._look)
        self._renew_fields()
        self._say("")

    # -- building --------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.plot = RangePlot()
        self.plot.picked.connect(lambda rate: self.pick(float(f"{rate:.3g}")))
        self.low, self.high = number_field(_LOW), number_field(_HIGH)
        self.steps = whole_field(_STEPS)
        for field, value in ((self.low, LOW), (self.high, HIGH), (self.steps, STEPS)):
            field.renew(value)
            field.edited.connect(lambda _, value, field=field: field.renew(value))
            field.label.setFixedWidth(field.label.fontMetrics().horizontalAdvance(field.label.text()) + 4)
        self.begin = ChoiceField(
            _BEGIN,
            [
                ("new", "new weights", "As a training begins."),
                ("trained", "the weights as they are", "As a training would go on."),
            ],
        )
        self.begin.renew("new")
        self.begin.edited.connect(lambda _, value: self.begin.renew(value))
        self.begin.label.setText("Begin with")
        self.begin.editor.setAccessibleName("Begin with")
        self.begin.editor.setEnabled(self.document.checkpoint is not None)
        self.rate: TypedField = number_field(_RATE)
        self.rate.edited.connect(lambda _, value: self.pick(value))
        self.steepest = link("", "Where the smoothed loss falls steepest.", self._pick_steepest)
        self.tenth = link("", "A tenth of the rate at which the smoothed loss is lowest.", self._pick_tenth)
        self.steepest.setObjectName("pick_steepest")
        self.tenth.setObjectName("pick_tenth")
        self.words = heading("", "muted")
        self.words.setObjectName("range_words")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the test")
        self.go = QPushButton("Start again")
        self.go.setObjectName("range_start")
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("range_cancel")
        self.use = QPushButton("Use this rate")
        self.use.setObjectName("range_use")
        self.use.setProperty("primary", True)
        self.use.setDefault(True)
        self.go.setAutoDefault(False)
        self.cancel.setAutoDefault(False)
        self.go.clicked.connect(self.start)
        self.cancel.clicked.connect(self._cancelled)
        self.use.clicked.connect(self._use)

    def _lay_out(self) -> None:
        explained = QLabel(_EXPLAINED)
        explained.setWordWrap(True)
        content = Styled()
        limits = QHBoxLayout()
        limits.setSpacing(12)
        for field in (self.low, self.high, self.steps):
            limits.addWidget(field, 1)
        found = QHBoxLayout()
        found.setSpacing(16)
        found.addWidget(self.rate, 1)
        found.addWidget(self.steepest)
        found.addWidget(self.tenth)
        inner = QVBoxLayout(content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.plot, 1)
        inner.addWidget(self.words)
        inner.addLayout(found)
        inner.addWidget(self.begin)
        inner.addLayout(limits)
        buttons = QHBoxLayout()
        buttons.addWidget(self.go)
        buttons.addWidget(self.progress, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.use)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(20, 18, 20, 16)
        rows.setSpacing(10)
        rows.addWidget(explained)
        rows.addWidget(content, 1)
        rows.addLayout(buttons)

    # -- the test --------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a test is under way."""
        return self._errand is not None

    def start(self) -> None:
        """Begin a test with what the fields say."""
        if self.busy:
            return
        for field in (self.low, self.high, self.steps):
            field.flush()
        low, high, steps = float(self.low.value), float(self.high.value), int(self.steps.value)
        self.points, self.suggestion = [], None
        try:
            rates(low, high, steps)
        except ValueError as error:
            self._say(sentence(error))
            return
        self._steps = steps
        self.plot.show_range(low, high)
        self.progress.setRange(0, steps)
        self.progress.setValue(0)
        checkpoint = self.document.checkpoint if self.begin.value == "trained" else None
        points, project = self.points, self.document.project
        errand = Errand(lambda: _test(project, checkpoint, low, high, steps, points))
        self._errand = errand
        errand.finished.connect(self._ended)
        self._say("The test has begun.")
        errand.begin()
        self._timer.start()

    def stop(self) -> None:
        """End the test after the step under way."""
        if self._errand is not None:
            self._errand.stop()

    def _look(self) -> None:
        if self._errand is None or len(self.points) == self.progress.value():
            return
        points = list(self.points)
        self.plot.show_test(points)
        self.progress.setValue(len(points))
        self._say(f"Step {len(points):,} of {self._steps:,}.")

    def _ended(self) -> None:
        errand = self._errand
        if errand is None or not errand.isFinished():
            return
        self._errand = None
        self._timer.stop()
        self.plot.show_test(self.points)
        self.suggestion = suggest(self.points, self._steps)
        found = self.suggestion
        if found is not None:
            self.plot.show_suggestions([found.steepest, found.tenth])
            self.plot.mark(found.tenth)
            self.pick(float(f"{found.tenth:.3g}"))
        self._say(self._verdict(errand))

    def _verdict(self, errand: Errand) -> str:
        found = self.suggestion
        if errand.refusal:
            return errand.refusal
        if errand.stopped:
            return f"Cancelled after {len(self.points):,} of {self._steps:,} steps."
        if found is None:
            return "The loss flew away too soon for a suggestion. Try lower rates."
        early = len(self.points) < self._steps
        ended = f" It ended early, at {self.points[-1].lr:.3g}: the loss rose." if early else ""
        if not 1 / _FAR_APART < found.steepest / found.tenth < _FAR_APART:
            return f"The loss is noisy: trust your eyes. A larger batch or more steps give a clearer curve.{ended}"
        return f"The dots are suggestions. Click or drag in the picture to pick another rate.{ended}"

    # -- picking ---------------------------------------------------------------------------------------------------

    def pick(self, rate: float) -> None:
        """Put the marker and the field on this rate."""
        if self.busy or not self.points:
            return
        self.rate.renew(rate)
        self.plot.mark(rate)
        self._renew_fields()

    def _pick_steepest(self) -> None:
        if self.suggestion is not None:
            self.pick(float(f"{self.suggestion.steepest:.3g}"))

    def _pick_tenth(self) -> None:
        if self.suggestion is not None:
            self.pick(float(f"{self.suggestion.tenth:.3g}"))

    def _use(self) -> None:
        self.rate.flush()
        project = self.document.project
        optimizer = project.training.optimizer
        if optimizer is None or not self.rate.value or self.rate.refusal:
            return
        wanted = project.with_training(optimizer=optimizer.with_(lr=self.rate.value))
        self.accept()
        self.document.end_merge()
        self.document.edit("Set learning rate", wanted)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self._renew_fields()

    def _renew_fields(self) -> None:
        busy, found = self.busy, self.suggestion
        for widget in (self.go, self.low, self.high, self.steps, self.begin):
            widget.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.cancel.setText("Cancel" if busy else "Close")
        self.rate.setEnabled(not busy and bool(self.points))
        self.use.setEnabled(not busy and bool(self.points) and bool(self.rate.value))
        for button, words, name in (
            (self.steepest, "Steepest", "steepest"),
            (self.tenth, "Tenth of the lowest", "tenth"),
        ):
            button.setVisible(found is not None)
            button.setText(f"{words}: {getattr(found, name, 0):.3g}")
            button.setAccessibleName(button.text())

    # -- closing ---------------------------------------------------------------------------------------------------

    def _cancelled(self) -> None:
        if self.busy:
            self.stop()
        else:
            self.reject()

    def done(self, result: int) -> None:
        self._timer.stop()
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.finished.disconnect(self._ended)
            errand.stop()
            errand.wait(5000)  # what is trained next must have the random numbers for itself
        super().done(result)


def _test(
    project: Project, checkpoint: Checkpoint | None, low: float, high: float, steps: int, points: list[Point]
) -> None:
    """The work of the thread: fills the list, and says after each point how far it is."""
    torch.set_num_threads(training_threads())
    try:
        for point in lr_range(project, checkpoint, low=low, high=high, steps=steps):
            points.append(point)
            tell(len(points) / steps, "Testing learning rates")
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ValueError("The memory is full. Use a smaller batch size or a smaller network.") from error
    except (RuntimeError, TypeError, IndexError) as error:
        first = (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")
        raise ValueError(f"The test stopped after {len(points)} steps: {first}.") from error
