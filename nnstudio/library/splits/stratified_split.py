"""StratifiedSplit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.model_selection import train_test_split

from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split
from nnstudio.library.splits._labels import needs_classes


class StratifiedSplit(
    Split, aliases=("classes", "balanced", "stratify"), reference="sklearn.model_selection.train_test_split"
):
    """Puts random rows aside so that each class has the same share in every part."""

    title = "Stratified"

    def check(self, data: Data) -> Iterable[str]:
        return needs_classes(data, least=2)

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        classes = data.targets[rows]
        try:
            kept, aside = train_test_split(rows, test_size=share, random_state=random_state, stratify=classes)
        except ValueError:
            count = len(np.unique(classes))
            raise ValueError(
                f"A stratified split of {len(rows):,} rows with a {purpose} share of {share:g} does not leave a row of "
                f"each of the {count} classes in every part. Use more rows, another share, or a random split."
            ) from None
        return kept, aside

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        return (
            "from sklearn.model_selection import train_test_split\n\n"
            "kept, aside = train_test_split(\n"
            f"    rows, test_size={share!r}, random_state={random_state}, stratify=y[rows]\n"
            ")\n"
        )
