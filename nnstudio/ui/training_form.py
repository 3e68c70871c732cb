"""The form for how the network is trained: optimizer, learning rate, schedule, epochs, batches, seed, device."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import Project
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.device import DeviceReport, devices
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form, make_field
from nnstudio.ui.forms.fact import Facts, column, heading
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.forms.fields import ChoiceField, TypedField
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.numbers import read_whole, short
from nnstudio.ui.forms.sketch import Curve
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.inspector.inspector import scrolled

MOST_EPOCHS = 2000  # epochs whose learning rate is worked out for the plot

_OPTIMIZER = Setting(
    "optimizer", Optimizer, None, Limits("The rule that turns gradients into a change of the weights.")
)
_SCHEDULE = Setting("schedule", Schedule | None, None, Limits("How the learning rate changes from epoch to epoch."))
_EPOCHS = Setting("epochs", int, 100, Limits("How often all training rows are seen.", 1, 10_000_000, logarithmic=True))
_BATCH_SIZE = Setting(
    "batch_size",
    int | None,
    16,
    Limits("Rows in one step. More rows: a smoother gradient and fewer steps.", 1, 10_000_000, logarithmic=True),
)
_SEED = Setting(
    "seed", int, 0, Limits("Of the initial weights, of the order of the rows and of dropout.", 0, 2**32 - 1)
)
_DEVICE = Setting(
    "device", str, "auto", Limits("Where the network is trained.", choices=("auto", "cpu", "cuda", "mps"))
)


class TrainingForm(QWidget):
    """What `project.training` holds. The learning rate also reaches a training under way."""

    def __init__(self, document: Document, training: Any = None) -> None:
        super().__init__()
        self.document = document
        self.training = training
        self.setObjectName("training_form")
        self.setAccessibleName("Training settings")
        content = Styled()
        rows = column(content, margins=12)
        self.form = Form()
        self.form.add(make_field(_OPTIMIZER))
        self.form.add(make_field(_SCHEDULE))
        rows.addWidget(self.form)
        self.curve_heading = heading("Learning rate over the epochs")
        self.curve = Curve("Learning rate over the epochs", "epoch")
        rows.addWidget(self.curve_heading)
        rows.addWidget(self.curve)
        rows.addWidget(heading("Epochs and batches"))
        self.amounts = Form()
        self.amounts.add(make_field(_EPOCHS))
        self.batches = BatchField(_BATCH_SIZE)
        self.amounts.add(self.batches)
        rows.addWidget(self.amounts)
        self.facts = Facts()
        rows.addWidget(self.facts)
        rows.addWidget(heading("Repeatability and device"))
        self.place = Form()
        self.place.add(make_field(_SEED))
        self.devices = devices()
        self.device = device_field(self.devices)
        self.place.add(self.device)
        rows.addWidget(self.place)
        self.device_notes = heading("", "muted")
        rows.addWidget(self.device_notes)
        rows.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(content))
        for form in (self.form, self.amounts, self.place):
            form.edited.connect(self._edit)
            form.left.connect(document.end_merge)
        document.changed.connect(self._changed)
        document.loading.changed.connect(self._renew_facts)
        self._renew()

    def _changed(self, before: Project, after: Project) -> None:
        if before.training != after.training or before.data != after.data:
            self._renew()
        old, new = before.training.optimizer, after.training.optimizer
        if (
            self.training is not None
            and type(old) is type(new)
            and getattr(old, "lr", None) != getattr(new, "lr", None)
        ):
            self.training.set_lr(new.lr)  # type: ignore[union-attr]  # also when it is undone

    def _renew(self) -> None:
        settings = self.document.project.training
        values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        for form in (self.form, self.amounts, self.place):
            form.renew(values)
        self._renew_curve()
        self._renew_facts()
        self._renew_devices()

    def _renew_curve(self) -> None:
        settings = self.document.project.training
        lr = getattr(settings.optimizer, "lr", None)
        shown = lr is not None
        if lr is not None:
            values = rates(settings.schedule, float(lr), min(settings.epochs, MOST_EPOCHS), settings.epochs)
            shown = len(values) > 0
            self.curve.renew(values)
        part = f", the first {MOST_EPOCHS:,}" if settings.epochs > MOST_EPOCHS else ""
        self.curve_heading.setText(f"Learning rate over the epochs{part}")
        self.curve.setVisible(shown)
        self.curve_heading.setVisible(shown)

    def _renew_facts(self) -> None:
        project = self.document.project
        try:
            rows = len(self.document.prepared().train_rows)
        except (ValueError, OSError):
            self.facts.renew([])
            return
        size = min(project.training.batch_size or rows, rows)
        batches = -(-rows // size)
        steps = "step" if batches == 1 else "steps"
        self.facts.renew(
            [
                ("In one epoch", f"{batches:,} {steps} of {size:,} {'row' if size == 1 else 'rows'}"),
                ("In all", f"{batches * project.training.epochs:,} steps"),
            ]
        )

    def _renew_devices(self) -> None:
        chosen = self.document.project.training.device
        notes = []
        for report in self.devices:
            first = chosen == "auto" and report is next(r for r in self.devices if r.usable)
            if not report.usable or report.name == chosen or first:
                notes.append(f"{report.name}: {report.sentence}")
        self.device_notes.setText("\n".join(notes))
        unusable = next((r for r in self.devices if r.name == chosen and not r.usable), None)
        if unusable is not None:
            self.device.refuse(f"{chosen} cannot be used here. {unusable.sentence}")
        else:
            self.device.accept()

    def _edit(self, name: str, value: Any) -> None:
        before = self.document.project
        try:
            after = before.with_training(**{name: value})
        except ValueError as error:
            for form in (self.form, self.amounts, self.place):
                if name in form.fields:
                    form.fields[name].refuse(sentence(error))
            return
        label = f"Set {name.replace('_', ' ')}"
        was = before.training.optimizer
        if isinstance(was, Optimizer) and name == "optimizer" and type(value) is type(was):
            changed = [s.name for s in value.settings() if getattr(value, s.name) != getattr(was, s.name)]
            label = f"Set {changed[0].replace('_', ' ')}" if changed else label
            label = "Set learning rate" if changed == ["lr"] else label
        self.document.edit(label, after, merge=f"training.{name}.{label}")


class BatchField(TypedField):
    """The batch size as a number, with the three usual choices under it; empty means all rows."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, NumberBox(setting.limits, whole=True), read=read_whole, write=short)
        self.set_placeholder("all rows")
        self._mini = 16
        self.group = QButtonGroup(self)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for place, (words, tip) in enumerate(
            (
                ("Single row", "Each row makes a step of its own: many noisy steps."),
                ("Mini-batch", "Some rows together make a step: the usual choice."),
                ("Full batch", "All rows together make the one step of an epoch: the exact gradient."),
            )
        ):
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setProperty("role", "choice")
            button.setAccessibleName(words)
            button.setToolTip(f"<p>{tip}</p>")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(60)
            self.group.addButton(button, place)
            line.addWidget(button)
        self.rows.addLayout(line)
        self.group.idClicked.connect(self._chosen)

    def _chosen(self, place: int) -> None:
        self._forget_typing()
        self._offer((1, self._mini, None)[place])
        self._show(self.value)
        self.left.emit()

    def _show(self, value: int | None) -> None:
        super()._show(value)
        if value is not None and value > 1:
            self._mini = value
        self.group.button(2 if value is None else 0 if value == 1 else 1).setChecked(True)


def device_field(reports: list[DeviceReport]) -> ChoiceField:
    """The devices; those that cannot be used are shown with their reason and cannot be chosen."""
    best = next(report for report in reports if report.usable)
    choices = [("auto", f"Auto ({best.name})", f"The best that can be used: {best.sentence}")]
    for report in sorted(reports, key=lambda report: not report.usable):
        words = report.name if report.usable else f"{report.name} (cannot be used)"
        choices.append((report.name, words, report.sentence))
    field = ChoiceField(_DEVICE, choices)
    for place, (name, _, _) in enumerate(choices):
        if any(report.name == name and not report.usable for report in reports):
            field.box.setItemData(place, Qt.ItemFlag.NoItemFlags.value, Qt.ItemDataRole.UserRole - 1)
    return field


@lru_cache(maxsize=64)
def rates(schedule: Schedule | None, lr: float, shown: int, epochs: int) -> np.ndarray:
    """The learning rate in each of the first epochs of a training, float64 [shown]; empty where it cannot be told."""
    if schedule is None:
        return np.full(shown, lr)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    values = []
    try:
        stepper = schedule.build(optimizer, epochs, 1)
        for _ in range(shown):
            values.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            if stepper is not None:
                stepper.step()
    except (ValueError, ZeroDivisionError):
        return np.zeros(0)
    return np.array(values)
