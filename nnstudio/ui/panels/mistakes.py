"""Mistakes: the rows that the network is most certainly wrong about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QMenu, QVBoxLayout

from nnstudio.engine import class_figures, value_figures
from nnstudio.engine.class_figures import Mistakes
from nnstudio.engine.evaluation import Evaluation
from nnstudio.engine.value_figures import Misses
from nnstudio.ui.document import Document
from nnstudio.ui.panels.evaluated import EvaluatedPanel, Judged
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.rows_shown import MOST_ROWS, RowsShown
from nnstudio.ui.panels.saving import fill_saving


class MistakesPanel(EvaluatedPanel):
    """Classes: the wrong rows, the most certain first. Numbers: the rows that are farthest off."""

    key = "mistakes"
    title = "Mistakes"
    sentence = (
        "The rows that the network gets wrong, the ones it is most certain of first; of numbers, those that are "
        "farthest from the truth."
    )
    task = None
    order: ClassVar[int] = 25

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.rows = RowsShown("Mistakes")
        column = QVBoxLayout(self.content)
        column.setContentsMargins(8, 0, 0, 0)
        column.addWidget(self.rows)
        self.clear()

    @staticmethod
    def work_out(found: Evaluation) -> Mistakes | Misses:
        if found.task == "classification":
            return class_figures.mistakes(found, MOST_ROWS)
        return value_figures.misses(found, MOST_ROWS)

    def show_judged(self, judged: Judged) -> None:
        found = judged.figures
        data = judged.prepared.data
        if isinstance(found, Misses):
            facts = [
                [figure(true), figure(said), figure(off)]
                for true, said, off in zip(
                    found.targets.tolist(), found.predictions.tolist(), found.distance.tolist(), strict=True
                )
            ]
            self.rows.show_rows(data, found.rows, ["true", "predicted", "off by"], facts)
            return
        if not found.of:
            self.judged = None
            self.show_empty(f"No mistake: the network is right about all {judged.evaluation.size_in_words}.")
            return
        names = judged.evaluation.class_names
        shares = judged.evaluation.probabilities is not None
        facts = [
            [names[true], names[said], figure(sure, percent=shares)]
            for true, said, sure in zip(
                found.targets.tolist(), found.predictions.tolist(), found.certainty.tolist(), strict=True
            )
        ]
        titles = ["true", "predicted", "certainty" if shares else "score"]
        if self.rows.shows_images(data):  # there is room for few words under a picture
            facts = [[f"{true} as {said}", sure] for true, said, sure in facts]
            titles = ["is taken:", titles[2]]
        self.rows.show_rows(data, found.rows, titles, facts)

    def words(self, judged: Judged) -> tuple[str, str]:
        found, size = judged.figures, judged.evaluation.size_in_words
        if isinstance(found, Misses):
            return f"the worst of {size}", ""
        return f"{found.of:,} wrong in {size}", f"{found.of:,} wrong"

    def fill_menu(self, menu: QMenu) -> None:
        fill_saving(menu, self.rows, "mistakes", self.table)

    def table(self) -> Mapping[str, np.ndarray]:
        """The rows that are shown, with truth and prediction."""
        if self.judged is None:
            return {}
        found = self.judged.figures
        if isinstance(found, Misses):
            return {"row": found.rows, "true": found.targets, "predicted": found.predictions, "off by": found.distance}
        names = np.array(self.judged.evaluation.class_names)
        true, said = names[found.targets], names[found.predictions]
        return {"row": found.rows, "true": true, "predicted": said, "certainty": found.certainty}
