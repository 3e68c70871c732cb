"""Precision-recall curve: how many of those called so are so, over how many are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from nnstudio.engine import class_figures
from nnstudio.engine.class_figures import Curve
from nnstudio.engine.evaluation import Evaluation
from nnstudio.ui.panels.class_curves import ClassCurvesPanel


class PrecisionRecallPanel(ClassCurvesPanel):
    """Precision over recall; for rare classes it says more than the ROC curve."""

    key = "precision_recall"
    title = "Precision and recall"
    short_title = "Precision"
    sentence = (
        "How many of the rows that are called a class are of it, over how many of its rows are found, for every "
        "threshold. For rare classes it says more than the ROC curve."
    )
    file_name = "precision-recall"
    x_name = "Recall"
    y_name = "Precision"
    area_name = "average precision"
    corner = "bottom left"
    order: ClassVar[int] = 22

    @staticmethod
    def work_out(found: Evaluation) -> Sequence[Curve]:
        return class_figures.precision_recall(found)

    def show_chance(self, curves: Sequence[Curve]) -> None:
        """The share of the class: only where there is one curve, since each class has its own."""
        if len(curves) == 1:
            self.chance.show_points(np.array([0.0, 1.0]), np.full(2, curves[0].share))
        self.chance.setVisible(len(curves) == 1)
