"""ScheduleRows: the curve of the schedule under its settings, or why there is none."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from nnstudio.core.project import TrainingSettings
from nnstudio.engine.schedule_curve import drawn
from nnstudio.ui.forms.fact import column, heading
from nnstudio.ui.training_form.curve import ScheduleCurve
from nnstudio.ui.training_form.steps import Steps

_BY_LOSS = (
    "This schedule goes by the loss: the rate falls when the watched loss no longer does, so its curve is known only "
    "afterwards. The Loss panel can show it."
)
_NO_ROWS = "This schedule changes the rate with every step, and how many there are is known when the data is."


class ScheduleRows(QWidget):
    """Renews the curve only when something that it depends on is another."""

    def __init__(self) -> None:
        super().__init__()
        self.curve = ScheduleCurve()
        self.note = heading("", "muted")
        rows = column(self)
        rows.addWidget(self.curve)
        rows.addWidget(self.note)
        self._shown: object = None
        self._epochs = 0
        self.curve.finished.connect(self._finished)

    def renew(self, training: TrainingSettings, steps: Steps | None) -> None:
        """Show the learning rate over a training with these settings."""
        optimizer, schedule = training.optimizer, training.schedule
        updates = steps.updates if steps is not None else 0
        wanted = (optimizer, schedule, training.epochs, updates)
        if wanted == self._shown:
            return
        self._shown, self._epochs = wanted, training.epochs
        words = ""
        if schedule is not None and schedule.watches:
            words = _BY_LOSS
        elif schedule is not None and schedule.stepped == "step" and not updates:
            words = _NO_ROWS
        if words or optimizer is None:
            self.curve.renew(None)
            self._say(words)
        else:
            self.curve.renew(drawn(optimizer, schedule, training.epochs, max(updates, 1)))

    def _finished(self) -> None:
        curve = self.curve.curve
        if curve is None:
            self._say(f"The curve cannot be drawn: {self.curve.refusal}" if self.curve.refusal else "")
        else:
            part = f"The first {curve.end:,.6g} of {self._epochs:,} epochs." if curve.end < self._epochs else ""
            self._say(part)

    def _say(self, words: str) -> None:
        self.curve.setVisible(self.curve.curve is not None or self.curve.busy)
        self.note.setText(words)
        self.note.setVisible(bool(words))
