"""DataPanel: choose the rows, divide and scale them, and look at them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import Project
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.data import Prepared, load, prepare
from nnstudio.ui.data_panel.balance import Balance
from nnstudio.ui.data_panel.preview import Preview
from nnstudio.ui.data_panel.share_field import ShareField
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form, make_field
from nnstudio.ui.forms.fact import Card, Cards, Facts, column, heading
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.inspector.inspector import scrolled
from nnstudio.ui.inspector.remedies import fit_output

_DATASET = Setting("dataset", Dataset | None, None, Limits("Where the rows come from."))
_SHARE = Setting("test_share", float, 0.2, Limits("The part of the rows that is kept for testing.", 0, 0.9))
_STATE = Setting(
    "random_state", int, 42, Limits("Which rows are kept for testing: the seed of the split.", 0, 2**32 - 1)
)
_STANDARDISE = Setting(
    "standardise",
    bool,
    True,
    Limits("Subtract the mean of each feature and divide by its standard deviation, both from the training part."),
)


class DataPanel(QWidget):
    """What `project.data` holds, what is known of the rows, and a picture of them."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.setObjectName("data_panel")
        self.setAccessibleName("Data")
        self._shown: object = None
        content = Styled()
        rows = column(content, margins=12)
        self.chooser = Form()
        self.chooser.add(make_field(_DATASET))
        rows.addWidget(self.chooser)
        self.notices = Cards()
        rows.addWidget(self.notices)
        self._notice_words: tuple[str, ...] = ()
        rows.addWidget(heading("Split and scale"))
        self.form = Form()
        self.form.add(ShareField(_SHARE))
        self.form.add(make_field(_STATE))
        self.form.add(make_field(_STANDARDISE))
        rows.addWidget(self.form)
        self.rows_heading = heading("Rows")
        self.facts = Facts()
        self.balance = Balance()
        for widget in (self.rows_heading, self.facts, self.balance):
            rows.addWidget(widget)
        self.preview_heading = heading("Preview")
        self.preview = Preview()
        rows.addWidget(self.preview_heading)
        rows.addWidget(self.preview)
        rows.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(content))
        for form in (self.chooser, self.form):
            form.edited.connect(self._edit)
            form.left.connect(document.end_merge)
        document.changed.connect(self._changed)
        document.checked.connect(self._checked)
        self._renew()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._renew_rows()

    # -- the document ----------------------------------------------------------------------------------------------

    def _changed(self, before: Project, after: Project) -> None:
        if before.data != after.data:
            self._renew()

    def _checked(self, report: object) -> None:
        self._renew_notices()

    def _renew(self) -> None:
        settings = self.document.project.data
        values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        self.chooser.renew(values)
        self.form.renew(values)
        self._renew_notices()
        if self.isVisible():
            self._renew_rows()

    def _edit(self, name: str, value: Any) -> None:
        project = self.document.project
        label = f"Set {name.replace('_', ' ')}"
        if name == "dataset":
            different = type(value) is not type(project.data.dataset)
            label = f"Choose {type(value).title}" if different and value is not None else "Set data"
        try:
            if value is not None and name == "dataset":
                load(value)
            after = project.with_data(**{name: value})
        except (ValueError, OSError) as error:
            words = sentence(error if isinstance(error, ValueError) else ValueError(str(error)))
            (self.chooser if name in self.chooser.fields else self.form).fields[name].refuse(words)
            return
        self.document.edit(label, after, merge=f"data.{name}.{label}")

    # -- what is wrong -----------------------------------------------------------------------------------------------

    def _renew_notices(self) -> None:
        """Say what keeps these data from the network, and mend it with one click."""
        project, report = self.document.project, self.document.report
        found: list[Card] = []
        words: list[str] = []
        if project.data.dataset is None:
            words = ["none"]
            if self._notice_words != tuple(words):
                text = "Choose a dataset above. Its rows are what the network learns from."
                found = [Card("note", "No data is chosen", text)]
        else:
            try:
                prepare(project.data)
            except (ValueError, OSError) as error:
                words = [str(error)]
                found = [Card("error", "These rows cannot be used", str(error))]
            else:
                fitted = fit_output(project) if report.errors else None
                if fitted is not None:
                    words = [report.errors[0].message]
                    tip = "Sets the loss of the Output and the size of the layer before it, and flattens images."
                    action = ("Fit the network to this data", tip, self._fit)
                    found = [Card("warning", "The network does not suit these data", words[0], [action])]
        if self._notice_words == tuple(words):
            return
        self._notice_words = tuple(words)
        self.notices.show_cards(found)

    def _fit(self) -> None:
        fitted = fit_output(self.document.project)
        if fitted is not None:
            self.document.edit("Fit the network to the data", fitted)

    # -- the rows ----------------------------------------------------------------------------------------------------

    def _renew_rows(self) -> None:
        settings = self.document.project.data
        if settings == self._shown:
            return
        self._shown = settings
        try:
            prepared = prepare(settings)
        except (ValueError, OSError):
            for widget in (self.rows_heading, self.facts, self.balance, self.preview_heading, self.preview):
                widget.hide()
            return
        for widget in (self.rows_heading, self.facts, self.preview_heading, self.preview):
            widget.show()
        self.facts.renew(facts_of(prepared))
        data = prepared.data
        self.balance.setVisible(data.classes > 0)
        if data.classes:
            self.balance.renew(data.class_names, np.bincount(data.targets, minlength=data.classes))
        self.preview.renew(prepared)
        self.preview_heading.setText(self.preview.heading)


def facts_of(prepared: Prepared) -> list[tuple[str, str]]:
    """What is known of the rows."""
    data: Data = prepared.data
    test = f"{len(prepared.test_rows):,}" if len(prepared.test_rows) else "none"
    facts = [("Train", f"{len(prepared.train_rows):,} rows"), ("Test", f"{test} rows" if test != "none" else "none")]
    shape = data.inputs.shape[1:]
    if len(shape) == 1:
        facts.append(("Features", f"{shape[0]:,}"))
    else:
        facts.append(("Each row", " × ".join(map(str, shape))))
    if data.classes:
        facts.append(("Classes", f"{data.classes}"))
    else:
        targets = data.targets
        facts.append(("Target", f"{data.target_name}, {targets.min():.4g} to {targets.max():.4g}"))
    missing = int(np.isnan(data.inputs).sum()) if np.issubdtype(data.inputs.dtype, np.floating) else 0
    if missing:
        facts.append(("Missing", f"{missing:,} values"))
    return facts
