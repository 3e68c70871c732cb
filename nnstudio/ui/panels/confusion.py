"""Confusion matrix: which classes are taken for which, and the rows of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QMenu

from nnstudio.engine import class_figures
from nnstudio.engine.class_figures import Confusion
from nnstudio.engine.evaluation import Evaluation
from nnstudio.ui.document import Document
from nnstudio.ui.panels.evaluated import EvaluatedPanel, Judged
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.matrix import Matrix
from nnstudio.ui.panels.rows_shown import RowsShown
from nnstudio.ui.panels.saving import fill_saving


class ConfusionPanel(EvaluatedPanel):
    """Rows are the true classes, columns the predicted ones."""

    key = "confusion"
    title = "Confusion matrix"
    short_title = "Confusion"
    sentence = (
        "Which classes the network takes for which: a row for each true class, a column for each predicted one. "
        "Click a cell to see its rows."
    )
    instead = "Open Residuals in View, Panels."
    order: ClassVar[int] = 20

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.matrix = Matrix()
        self.matrix.chosen.connect(self._show_rows)
        self.matrix.fill_menu = self.fill_menu
        self.rows = RowsShown("Rows of the chosen cell")
        self.rows.hide()
        row = QHBoxLayout(self.content)
        row.setContentsMargins(8, 0, 0, 4)
        row.setSpacing(4)
        row.addWidget(self.matrix, 3)
        row.addWidget(self.rows, 2)
        self.clear()

    @staticmethod
    def work_out(found: Evaluation) -> Confusion:
        return class_figures.confusion(found)

    def show_judged(self, judged: Judged) -> None:
        counted: Confusion = judged.figures
        self.matrix.show_counts(counted.counts, counted.shares, counted.class_names)
        self._show_rows(*(self.matrix.cell or (-1, -1)))

    def words(self, judged: Judged) -> tuple[str, str]:
        accuracy = figure(judged.figures.accuracy, percent=True)
        return f"accuracy {accuracy} · {judged.evaluation.size_in_words}", accuracy

    def clear(self) -> None:
        super().clear()
        if hasattr(self, "matrix"):
            self.matrix.cell = None
            self.rows.hide()

    def fill_menu(self, menu: QMenu) -> None:
        fill_saving(menu, self.matrix, "confusion-matrix", self.table)

    def table(self) -> Mapping[str, np.ndarray]:
        """The counts, and what follows from them for each class."""
        if self.judged is None:
            return {}
        counted: Confusion = self.judged.figures
        columns = {
            f"predicted {name}": counts for name, counts in zip(counted.class_names, counted.counts.T, strict=True)
        }
        return {
            "true": np.array(counted.class_names),
            **columns,
            "precision": counted.precision,
            "recall": counted.recall,
            "f1": counted.f1,
            "rows": counted.support,
        }

    def _show_rows(self, true: int, predicted: int) -> None:
        judged = self.judged
        if judged is None or true < 0:
            self.rows.hide()
            return
        found = judged.evaluation
        rows = class_figures.rows_in(found, true, predicted)
        certainty: dict[int, float] = {}
        here = (found.targets == true) & (found.predictions == predicted)
        for row, sure in zip(found.case_rows[here].tolist(), found.certainty[here].tolist(), strict=True):
            certainty[row] = max(sure, certainty.get(row, sure))
        shares = found.probabilities is not None
        facts = [[figure(certainty[row], percent=shares)] for row in rows.tolist()]
        self.rows.show_rows(judged.prepared.data, rows, ["certainty" if shares else "score"], facts)
        self.rows.show()
