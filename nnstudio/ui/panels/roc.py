"""ROC curve: hits over false alarms, for every threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from nnstudio.engine import class_figures
from nnstudio.engine.class_figures import Curve
from nnstudio.engine.evaluation import Evaluation
from nnstudio.ui.panels.class_curves import ClassCurvesPanel


class RocPanel(ClassCurvesPanel):
    """The ROC curve of the second of two classes, or of each class against all others."""

    key = "roc"
    title = "ROC curve"
    short_title = "ROC"
    sentence = (
        "How many rows of a class are found, over how many others are taken for it, for every threshold. "
        "The nearer to the upper left corner the better; the broken line is chance."
    )
    file_name = "roc-curve"
    x_name = "False positive rate"
    y_name = "True positive rate"
    area_name = "AUC"
    order: ClassVar[int] = 21

    @staticmethod
    def work_out(found: Evaluation) -> Sequence[Curve]:
        return class_figures.roc(found)

    def show_chance(self, curves: Sequence[Curve]) -> None:
        self.chance.show_points(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
