"""Calibration: whether what is called 70 % likely is so in 70 of 100 cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QVBoxLayout

from nnstudio.engine import class_figures
from nnstudio.engine.class_figures import Calibration
from nnstudio.engine.evaluation import Evaluation
from nnstudio.ui.document import Document
from nnstudio.ui.panels.evaluated import EvaluatedPanel, Judged
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line


class CalibrationPanel(EvaluatedPanel):
    """Observed over predicted probability, in ten bins, and how many cases each bin has."""

    key = "calibration"
    title = "Calibration"
    sentence = (
        "How often what the network calls so likely is so. On the broken line its probabilities can be taken at their "
        "word; below it, it is too sure. The columns are how many rows it says so of."
    )
    instead = "Open Residuals in View, Panels."
    order: ClassVar[int] = 23

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.plot = Plot("Predicted probability", "Observed share")
        self.plot.setAccessibleName("Calibration")
        self.plot.file_name = "calibration"
        self.plot.readout = self._readout
        self.plot.table = self.table
        self.plot.bounds(-0.01, 1.01, -0.01, 1.02)
        self.bars = self.plot.bars("border")
        ideal = self.plot.curve("muted", width=1.0, dashes=Qt.PenStyle.DashLine)
        ideal.show_points(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
        self.line = self.plot.curve("train", width=1.8)
        self.points = self.plot.points("train", size=8)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.clear()

    @staticmethod
    def work_out(found: Evaluation) -> tuple[Calibration, float] | None:
        level, brier = class_figures.calibration(found), class_figures.brier_score(found)
        return None if level is None or brier is None else (level, brier)

    def show_judged(self, judged: Judged) -> None:
        if judged.figures is None:
            self.judged = None
            self.show_empty(
                "The outputs of this network are no probabilities, so there is nothing to calibrate. "
                "With CrossEntropyLoss or BCEWithLogitsLoss at the Output they are."
            )
            return
        level: Calibration
        level, brier = judged.figures
        share = np.zeros(len(level.edges) - 1)
        share[np.searchsorted(level.edges[1:-1], level.predicted)] = level.counts / level.counts.sum()
        self.bars.show_bars(level.edges, share)
        self.line.show_points(level.predicted, level.observed)
        self.points.show_points(level.predicted, level.observed)
        self.plot.name(f"Predicted probability of {level.subject}", "Observed share")
        lines: list[Line] = [
            (f"calibration error {figure(level.error)}", "text"),
            (f"Brier score {figure(brier)}", "muted"),
        ]
        self.plot.show_lines(lines)
        self.plot.setAccessibleDescription(f"{lines[0][0]}, {lines[1][0]}, {judged.evaluation.size_in_words}.")

    def words(self, judged: Judged) -> tuple[str, str]:
        size = judged.evaluation.size_in_words
        return size, size

    def fill_menu(self, menu: QMenu) -> None:
        self.plot.fill_menu(menu)

    def table(self) -> Mapping[str, np.ndarray]:
        """Each bin that has cases."""
        if self.judged is None:
            return {}
        level: Calibration = self.judged.figures[0]
        return {"predicted": level.predicted, "observed": level.observed, "cases": level.counts}

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        if self.judged is None or not 0 <= x <= 1:
            return None
        level: Calibration = self.judged.figures[0]
        own = np.searchsorted(level.edges[1:-1], level.predicted)
        here = np.flatnonzero(own == np.searchsorted(level.edges[1:-1], x))
        if not len(here):
            return [("no case is called so likely", "muted")]
        place = int(here[0])
        return [
            (f"called {figure(float(level.predicted[place]), percent=True)} likely", "text"),
            (f"so in {figure(float(level.observed[place]), percent=True)}", "train"),
            (f"of {int(level.counts[place]):,} cases", "muted"),
        ]
