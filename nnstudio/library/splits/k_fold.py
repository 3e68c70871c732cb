"""KFold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn import model_selection

from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split
from nnstudio.core.spec import SpecError, field
from nnstudio.library.splits._labels import needs_classes


class KFold(Split, aliases=("cross-validation", "fold", "cv"), reference="sklearn.model_selection.KFold"):
    """Cuts the shuffled rows into equal folds and puts one of them aside; the share does not matter."""

    title = "One fold of several"

    folds: int = field(5, "Into how many folds the rows are cut.", minimum=2, maximum=1000)
    fold: int = field(
        1, "Which of them is put aside, from 1 on; train once with each for a cross-validation.", minimum=1
    )
    stratified: bool = field(False, "Whether each class has the same share in every fold.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fold > self.folds:
            raise SpecError("fold", f"a whole number from 1 to {self.folds}, the number of folds", f"{self.fold}")

    def check(self, data: Data) -> Iterable[str]:
        return needs_classes(data, least=self.folds) if self.stratified else ()

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        if len(rows) < self.folds:
            raise ValueError(
                f"{self.folds} folds need at least {self.folds} rows, but there are {len(rows)}. Use fewer folds."
            )
        kind = model_selection.StratifiedKFold if self.stratified else model_selection.KFold
        divider = kind(self.folds, shuffle=True, random_state=random_state)
        try:
            kept, aside = list(divider.split(rows, data.targets[rows] if self.stratified else None))[self.fold - 1]
        except ValueError:
            raise ValueError(
                f"{self.folds} stratified folds need at least {self.folds} rows of a class. Use fewer folds."
            ) from None
        return rows[kept], rows[aside]

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        name = "StratifiedKFold" if self.stratified else "KFold"
        classes = ", y[rows]" if self.stratified else ""
        return (
            f"from sklearn.model_selection import {name}\n\n"
            f"folds = list({name}({self.folds}, shuffle=True, random_state={random_state}).split(rows{classes}))\n"
            f"kept, aside = (rows[places] for places in folds[{self.fold - 1}])\n"
        )
