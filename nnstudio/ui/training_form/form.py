"""TrainingForm: everything that `project.training` holds, in sections. One change is one edit of the document."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import Project
from nnstudio.core.spec import Setting
from nnstudio.engine.device import devices
from nnstudio.engine.kernels import why_not_compile
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Field, make_field
from nnstudio.ui.forms.fact import Facts, column, heading, link
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.forms.fields import ChoiceField, TypedField
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.inspector.inspector import scrolled
from nnstudio.ui.training import Training
from nnstudio.ui.training_form import settings as named
from nnstudio.ui.training_form.batch_field import BatchField
from nnstudio.ui.training_form.device_field import device_field, notes, refusal
from nnstudio.ui.training_form.folded_spec import FoldedSpec
from nnstudio.ui.training_form.groups import Groups
from nnstudio.ui.training_form.loss_rows import LossRows
from nnstudio.ui.training_form.reset import difference, reset_of
from nnstudio.ui.training_form.schedule_rows import ScheduleRows
from nnstudio.ui.training_form.section import Section
from nnstudio.ui.training_form.steps import steps_of


class TrainingForm(QWidget):
    """The learning rate also reaches a training under way."""

    # the person asks for the learning-rate range test
    range_wanted = Signal()

    def __init__(self, document: Document, training: Training | None = None) -> None:
        super().__init__()
        self.document = document
        self.training = training
        self.setObjectName("training_form")
        self.setAccessibleName("Training settings")
        self.fields: dict[str, Field] = {}
        self.sections: dict[str, Section] = {}
        self.devices = devices()
        self._content = Styled()
        self._column = column(self._content, margins=12, spacing=2)
        self._build()
        self._column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(self._content))
        document.changed.connect(self._changed)
        document.loading.changed.connect(self._renew_amounts)
        document.checked.connect(lambda _: self._renew_checked())
        if training is not None:
            training.pulled.connect(lambda _: self._renew_place())
            training.state_changed.connect(self._renew_place)
        self._renew()
        for section in self.sections.values():
            section.open(section.opened or bool(section.header.words))

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        rule = self._section("optimizer", "Optimizer", "How gradients change the weights.", opened=True)
        self.optimizer = self._add(rule, FoldedSpec(named.OPTIMIZER, Optimizer, first=1))
        self.find_rate = rule.add(
            link(
                "Find a learning rate…",
                "Trains a copy of the network with rates that rise, and shows which ones it learns with.",
                self.range_wanted.emit,
            )
        )
        plan = self._section("schedule", "Schedule", "How the learning rate changes on the way.", opened=True)
        self._add(plan, FoldedSpec(named.SCHEDULE, Schedule))
        self.schedule = ScheduleRows()
        plan.add(self.schedule)
        self.curve = self.schedule.curve
        amounts = self._section("amounts", "Epochs and batches", "How long, and in which portions.", opened=True)
        self._add(amounts, make_field(named.EPOCHS))
        self.batches = BatchField(named.BATCH_SIZE)
        self._add(amounts, self.batches)
        self._add(amounts, make_field(named.ACCUMULATE))
        self.facts = Facts()
        amounts.add(self.facts)
        ending = self._section("ending", "When to stop", "Stopping early, and which weights are kept at the end.")
        for setting in (named.PATIENCE, named.MIN_DELTA, named.KEEP_BEST):
            self._add(ending, make_field(setting))
        gradients = self._section("gradients", "Gradient clipping", "A limit for gradients that explode.")
        for setting in (named.CLIP_NORM, named.CLIP_VALUE):
            self._add(gradients, make_field(setting))
        weights = self._section("weights", "Weights and groups", "Averages, decay, and layers with rates of their own.")
        for setting in (named.EMA_DECAY, named.DECAY_BIASES):
            self._add(weights, make_field(setting))
        self.groups = Groups(self.document)
        self.groups.edited.connect(self._edit_groups)
        self.groups.left.connect(self.document.end_merge)
        weights.add(self.groups)
        loss = self._section("loss", "Loss", "Which rows and classes count how much.")
        self._add(loss, make_field(named.CLASS_WEIGHTS))
        self.loss = LossRows(self.document)
        loss.add(self.loss)
        speed = self._section("speed", "Precision and speed", "How the steps are computed on this machine.")
        choices = [(value, words, tip) for value, (words, tip) in named.PRECISION_WORDS.items()]
        self._add(speed, ChoiceField(named.PRECISION, choices))
        for setting in (named.COMPILE, named.CAPTURED):
            self._add(speed, make_field(setting))
        self.compile_note = speed.add(heading("", "muted"))
        place = self._section("place", "Seed and device", "Repeatability, and where it runs.", opened=True)
        self._add(place, make_field(named.SEED))
        self.device = device_field(self.devices)
        self._add(place, self.device)
        self.device_notes = heading("", "muted")
        place.add(self.device_notes)

    def _section(self, key: str, title: str, sentence_: str, *, opened: bool = False) -> Section:
        section = Section(title, sentence_, opened=opened)
        section.header.setObjectName(f"section_{key}")
        section.form.edited.connect(self._edit)
        section.form.left.connect(self.document.end_merge)
        self.sections[key] = section
        self._column.addWidget(section)
        return section

    def _add(self, section: Section, field: Field) -> Field:
        setting: Setting = field.setting
        if isinstance(field, TypedField) and isinstance(setting, named.Named):
            if setting.empty:
                field.set_placeholder(setting.empty)
            if isinstance(field.editor, NumberBox):
                field.editor.first = setting.first
        self.fields[setting.name] = section.form.add(field)
        return field

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _changed(self, before: Project, after: Project) -> None:
        if before.training != after.training:
            self._renew()
        elif before.data != after.data:
            self._renew_amounts()
        if before.graph is not after.graph:
            self.groups.renew()
            self.loss.renew()
        old, new = before.training.optimizer, after.training.optimizer
        if (
            self.training is not None
            and type(old) is type(new)
            and getattr(old, "lr", None) != getattr(new, "lr", None)
        ):
            self.training.set_lr(new.lr)  # type: ignore[union-attr]  # also when it is undone

    def _renew(self) -> None:
        training = self.document.project.training
        values = {name: getattr(training, name) for name in self.fields}
        for section in self.sections.values():
            section.form.renew(values)
        self._renew_differences()
        self._renew_amounts()
        self._renew_machine()
        self.groups.renew()
        self.loss.renew()

    def _renew_differences(self) -> None:
        for section in self.sections.values():
            words = []
            for field in section.form.fields.values():
                if field is self.optimizer:
                    reset_of(field)  # takes the same room as those of the fields below
                    continue
                reset = reset_of(field)
                reset.renew()
                if reset.differs:
                    words.append(difference(field))
            if section is self.sections["optimizer"] and self.optimizer.value is not None:
                optimizer = self.optimizer.value
                words = [f"{type(optimizer).title or type(optimizer).__name__}, learning rate {optimizer.lr:g}"]
            groups = len(self.document.project.training.groups)
            if section is self.sections["weights"] and groups:
                words.append(f"{groups} {'group' if groups == 1 else 'groups'}")
            section.show_differences(words)

    def _renew_amounts(self) -> None:
        amounts = steps_of(self.document)
        self.facts.renew(amounts.facts() if amounts is not None else [])
        self.schedule.renew(self.document.project.training, amounts)
        self._renew_place()

    def _renew_checked(self) -> None:
        if not self.facts.texts():
            self._renew_amounts()
        self.groups.renew()
        self.loss.renew()

    def _renew_place(self) -> None:
        """Mark on the curve where the training stands."""
        newest = self.training.newest if self.training is not None else None
        place = None
        if newest is not None and newest.step:
            place = newest.epoch + newest.batch / max(newest.batches, 1)
        self.curve.mark(place)

    def _renew_machine(self) -> None:
        training = self.document.project.training
        self.device_notes.setText("\n".join(notes(training.device, self.devices)))
        words = refusal(training.device, self.devices)
        if words:
            self.device.refuse(words)
        else:
            self.device.accept()
        usable = [report.name for report in self.devices if report.usable]
        reason = why_not_compile(usable[0] if training.device == "auto" else training.device)
        field = self.fields["compile"]
        field.editor.setEnabled(not reason or training.compile)
        self.compile_note.setText(reason)
        self.compile_note.setVisible(bool(reason))

    # -- what a person wants ---------------------------------------------------------------------------------------

    def _edit(self, name: str, value: Any) -> None:
        before = self.document.project
        try:
            after = before.with_training(**{name: value})
        except ValueError as error:
            self.fields[name].refuse(sentence(error))
            return
        label = f"Set {name.replace('_', ' ')}"
        was = before.training.optimizer
        if isinstance(was, Optimizer) and name == "optimizer" and type(value) is type(was):
            changed = [s.name for s in value.settings() if getattr(value, s.name) != getattr(was, s.name)]
            label = f"Set {changed[0].replace('_', ' ')}" if changed else label
            label = "Set learning rate" if changed == ["lr"] else label
        self.document.edit(label, after, merge=f"training.{name}.{label}")

    def _edit_groups(self, label: str, groups: object, merge: str) -> None:
        after = self.document.project.with_training(groups=groups)
        self.document.edit(label, after, merge=merge and f"training.{merge}")
