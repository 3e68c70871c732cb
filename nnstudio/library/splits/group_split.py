"""GroupSplit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split


class GroupSplit(Split, aliases=("patients", "series", "leak"), reference="sklearn.model_selection.GroupShuffleSplit"):
    """Puts whole groups aside, so that rows of one patient, day or series never lie on both sides."""

    title = "By group"

    def check(self, data: Data) -> Iterable[str]:
        if data.groups is None:
            yield (
                "A split by group needs groups, but the data names none. Name the column of the groups in the Data "
                "panel, or choose another split."
            )
        elif len(np.unique(data.groups)) < 2:
            yield "A split by group needs at least 2 groups, but all rows are of one. Choose another split."

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        if data.groups is None:
            raise ValueError(next(iter(self.check(data))))
        groups = data.groups[rows]
        divider = GroupShuffleSplit(n_splits=1, test_size=share, random_state=random_state)
        try:
            kept, aside = next(divider.split(rows, groups=groups))
        except ValueError:
            raise ValueError(
                f"A split by group of {len(np.unique(groups))} groups with a {purpose} share of {share:g} leaves a "
                "part without a group. Use more groups or another share."
            ) from None
        return rows[kept], rows[aside]

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        return (
            "from sklearn.model_selection import GroupShuffleSplit\n\n"
            f"by_group = GroupShuffleSplit(n_splits=1, test_size={share!r}, random_state={random_state})\n"
            "kept, aside = (rows[places] for places in next(by_group.split(rows, groups=groups[rows])))\n"
        )
