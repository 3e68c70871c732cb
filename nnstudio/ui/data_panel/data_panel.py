"""DataPanel: choose the rows, divide and scale them, and look at them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnstudio.core.kinds import Dataset
from nnstudio.core.project import Project
from nnstudio.core.sources import FileDataset, hold
from nnstudio.engine.data import PARTS, Prepared, load
from nnstudio.engine.starters import starter_project
from nnstudio.ui.data_panel.augmentations import Augmentations
from nnstudio.ui.data_panel.balance import Balance
from nnstudio.ui.data_panel.choosing import Choosing, dropped_data
from nnstudio.ui.data_panel.column_list import ColumnList
from nnstudio.ui.data_panel.findings import Findings
from nnstudio.ui.data_panel.look import Look, Looking
from nnstudio.ui.data_panel.notices import Notices
from nnstudio.ui.data_panel.page import WIDE, Page
from nnstudio.ui.data_panel.preview import Preview
from nnstudio.ui.data_panel.reading_card import ReadingCard
from nnstudio.ui.data_panel.source import Source
from nnstudio.ui.data_panel.split_form import SplitForm
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Facts, heading
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.inspector.inspector import scrolled
from nnstudio.ui.memory import Memory


class DataPanel(QWidget):
    """What `project.data` holds, what is known of the rows, and pictures of them."""

    def __init__(self, document: Document, memory: Memory | None = None) -> None:
        super().__init__()
        self.document = document
        self.setObjectName("data_panel")
        self.setAccessibleName("Data")
        self.setAcceptDrops(True)
        self._shown: object = None
        self._refusal = ""  # why a file was not taken
        self.choosing = Choosing(document, memory or Memory(), self)
        self.looking = Looking(self)
        self.content = Page()
        self.source = Source(self.choosing)
        self.chooser = self.source.form
        self.reading = ReadingCard(self._cancel)
        self.notices = Notices(document)
        self.columns_heading = heading("Columns")
        self.columns = ColumnList(document)
        self.form = SplitForm()
        self.split_heading = heading("Split and scale")
        self.augmentations = Augmentations(document)
        self.rows_heading = heading("Rows")
        self.facts = Facts()
        self.balance = Balance()
        self.look_heading = heading("What to look at")
        self.findings = Findings(document)
        self.preview_heading = heading("Preview")
        self.preview = Preview()
        asked: tuple[QWidget, ...] = (self.source, self.reading, self.notices, self.columns_heading, self.columns)
        asked += (self.split_heading, self.form, self.augmentations, self.rows_heading, self.facts, self.balance)
        for part in asked:
            self.content.setting_rows.addWidget(part)
        for part in (self.preview_heading, self.preview):
            self.content.look_rows.addWidget(part)
        self.content.take_news((self.look_heading, self.findings), after=self.notices)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(self.content))
        self._connect()
        self._renew()

    def _connect(self) -> None:
        document = self.document
        self.source.edited.connect(self._edit)
        self.source.left.connect(document.end_merge)
        self.source.embedding_wanted.connect(self._embed)
        self.form.edited.connect(self._edit)
        self.form.left.connect(document.end_merge)
        self.preview.painted.connect(self._paint)
        self.columns.renewed.connect(self._columns_renewed)
        self.columns.refused.connect(self._refuse)
        self.choosing.progressed.connect(self._renew_reading)
        self.choosing.refused.connect(self._refuse)
        self.looking.changed.connect(self._renew_look)
        document.changed.connect(self._changed)
        document.checked.connect(self._checked)
        document.loading.changed.connect(self._loading_changed)
        document.loading.progressed.connect(self._renew_reading)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._renew_rows()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.content.set_wide(self.width() >= WIDE)
        self.preview.fit(self.width() * 3 // 5 if self.content.wide else self.width(), self.height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.preview.renew_colors()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_data(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in dropped_data(event)[:1]:
            self.choosing.choose(path)
            event.acceptProposedAction()

    # -- the document ----------------------------------------------------------------------------------------------

    def _changed(self, before: Project, after: Project) -> None:
        if before.data != after.data:
            self._refusal = ""
            self._renew()
        elif before.training != after.training:
            self.form.renew_project(after)
            if self.isVisible():
                self._look_again()

    def _loading_changed(self) -> None:
        self._renew_reading()
        if self.isVisible():
            self._renew_rows()

    def _renew(self) -> None:
        project = self.document.project
        self.source.renew(project.data.dataset)
        self.form.renew_project(project)
        self.augmentations.renew(project)
        self._renew_reading()
        self.notices.renew()
        if self.isVisible():
            self._renew_rows()

    def _edit(self, name: str, value: Any) -> None:
        project = self.document.project
        label = f"Set {name.replace('_', ' ')}"
        if name == "dataset":
            different = type(value) is not type(project.data.dataset)
            label = f"Choose {type(value).title}" if different and value is not None else "Set data"
        try:
            if isinstance(value, Dataset) and not isinstance(value, FileDataset) and self._loads(value):
                load(value)
            training = name == "class_weights"
            after = project.with_training(**{name: value}) if training else project.with_data(**{name: value})
        except (ValueError, OSError) as error:
            words = sentence(error if isinstance(error, ValueError) else ValueError(str(error)))
            (self.chooser if name in self.chooser.fields else self.form).fields[name].refuse(words)
            return
        self.document.edit(label, after, merge=f"data.{name}.{label}")

    def _loads(self, dataset: Dataset) -> bool:
        """Whether a dataset must have rows to be chosen; a painting may be empty."""
        return not hasattr(dataset, "points")

    def _paint(self, label: str, dataset: Dataset) -> None:
        self.document.edit(label, self.document.project.with_data(dataset=dataset))

    def _embed(self, wanted: bool) -> None:
        project, dataset = self.document.project, self.document.project.data.dataset
        if not isinstance(dataset, FileDataset):
            return
        try:
            sha256 = hold(Path(dataset.path).read_bytes()) if wanted else dataset.sha256
        except OSError as error:
            self._refuse(f"{Path(dataset.path).name} could not be read: {error.strerror or error}.")
            self.source.renew(dataset)
            return
        if wanted and dataset.sha256 and sha256 != dataset.sha256:
            self._refuse(f"{Path(dataset.path).name} has changed since it was chosen. Choose it again first.")
            self.source.renew(dataset)
            return
        label = "Keep the data in the project" if wanted else "Leave the data where it is"
        after = dataset.with_(embedded=wanted, sha256=sha256)
        self.document.edit(label, project.with_data(dataset=after))

    def draw_starter(self) -> None:
        """Replace the drawing by a small network for the data, with settings that usually train it well."""
        project = self.document.project
        try:
            prepared = self.document.prepared()
        except (ValueError, OSError) as error:
            self._refuse(sentence(error if isinstance(error, ValueError) else ValueError(str(error))))
            return
        assert project.data.dataset is not None
        made = starter_project(project.data.dataset, prepared.data)
        if project.training.optimizer is not None:
            made = made.with_training(seed=project.training.seed, device=project.training.device)
        data = replace(project.data, split=project.data.split or made.data.split)
        after = replace(project, graph=made.graph, training=made.training, data=data)
        self.document.edit("Draw a network for the data", after)

    def _checked(self, _: object) -> None:
        self.notices.renew()
        self._renew_reading()

    # -- reading ---------------------------------------------------------------------------------------------------

    def _cancel(self) -> None:
        if self.choosing.errand is not None:
            self.choosing.cancel()
        else:
            self.document.loading.cancel()

    def _refuse(self, words: str) -> None:
        self._refusal = words
        self._renew_reading()

    def _renew_reading(self) -> None:
        """Say how far the reading is, or why it ended."""
        loading, errand = self.document.loading, self.choosing.errand
        choose = ("Choose a file…", "Reads another file.", self.choosing.ask_for_file)
        again = ("Read again", "Reads the same data from the beginning.", loading.again)
        if errand is not None:
            self._refusal = ""
            self.reading.show_progress(errand.share, errand.words)
        elif self._refusal:
            self.reading.show_sentence("error", "This was not taken", self._refusal, [choose])
        elif loading.state == "reading":
            self.reading.show_progress(loading.share, loading.words or "Reading the data")
        elif loading.state == "stopped":
            words = "What was chosen stays chosen. Nothing can be trained before it is read."
            self.reading.show_sentence("note", "Reading was stopped", words, [again, choose])
        elif loading.state == "refused":
            self.reading.show_sentence("error", "This data cannot be read", loading.refusal, [again, choose])
        elif isinstance(self.document.project.data.dataset, FileDataset) and not self.document.report.ready:
            words = "The drawing is made for other data. A small network that suits these rows can take its place."
            draw = ("Draw a network for it", "Replaces the drawing; Undo brings it back.", self.draw_starter)
            self.reading.show_sentence("note", "The drawing does not fit yet", words, [draw])
        else:
            self.reading.hide()

    # -- the rows ----------------------------------------------------------------------------------------------------

    def _renew_rows(self) -> None:
        settings = self.document.project.data
        key = (settings, self.document.loading.state)
        if key == self._shown:
            return
        self._shown = key
        self.columns.renew(settings.dataset)
        self._columns_renewed()
        prepared: Prepared | None = None
        try:
            prepared = self.document.prepared()
        except (ValueError, OSError):
            self.looking.forget()
        for widget in (self.rows_heading, self.facts):
            widget.setVisible(prepared is not None)
        if prepared is not None:
            self.facts.renew(facts_of(prepared))
            self.form.show_counts({part: len(prepared.part(part)) for part in PARTS})
            self.form.show_weights(prepared.data.classes > 0)
            self._look_again()
        else:
            self.form.show_counts({})
        self.augmentations.renew_rows(prepared)
        self._renew_look()

    def _columns_renewed(self) -> None:
        self.source.field.hide_also(self.columns.taken, self.columns.needed)
        self.columns_heading.setVisible(bool(self.columns.columns))

    def _look_again(self) -> None:
        try:
            self.looking.look(self.document.prepared(), self.document.project)
        except (ValueError, OSError):
            self.looking.forget()

    def _renew_look(self) -> None:
        """Show what was found in the rows."""
        look: Look | None = self.looking.newest
        dataset = self.document.project.data.dataset
        prepared: Prepared | None = None
        if self.document.loading.state == "full":
            try:
                prepared = self.document.prepared()
            except (ValueError, OSError):
                prepared = None
        self.findings.renew(look.findings if look is not None else (), prepared.data if prepared is not None else None)
        self.look_heading.setVisible(bool(self.findings.shown))
        counts = look.overview.counts if look is not None else {}
        self.balance.setVisible(bool(counts))
        if counts and prepared is not None:
            self.balance.renew(prepared.data.class_names, counts)
            self.balance.fit()
        self.columns.show_overview(look.overview if look is not None else None)
        self.preview.renew(dataset, prepared, look.overview if look is not None else None)
        shown = bool(self.preview.switch.keys())
        self.preview.setVisible(shown)
        self.preview_heading.setVisible(shown)


def facts_of(prepared: Prepared) -> list[tuple[str, str]]:
    """What is known of the rows."""
    data = prepared.data
    facts = [("Train", f"{len(prepared.train_rows):,} rows")]
    if len(prepared.validation_rows):
        facts.append(("Validation", f"{len(prepared.validation_rows):,} rows"))
    facts.append(("Test", f"{len(prepared.test_rows):,} rows" if len(prepared.test_rows) else "none"))
    shape = data.inputs.shape[1:]
    if len(shape) == 1:
        facts.append(("Features", f"{shape[0]:,}"))
    else:
        facts.append(("Each row", " × ".join(map(str, shape))))
    if data.classes:
        facts.append(("Classes", f"{data.classes}"))
    return facts
