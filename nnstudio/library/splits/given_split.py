"""GivenSplit."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.model_selection import train_test_split

from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split

_PART = {"validation": 1, "test": 2}  # the numbers in Data.parts


class GivenSplit(
    Split, aliases=("official", "predefined", "parts"), reference="sklearn.model_selection.PredefinedSplit"
):
    """Puts aside the rows that the maker of the data marked for it, or random ones where none are for validation."""

    title = "As the data says"

    def check(self, data: Data) -> Iterable[str]:
        if data.parts is None or not data.parts.any():
            yield (
                "The data does not say which of its rows are to be put aside. Name the column that says it in the Data "
                "panel, or choose another split."
            )
        elif not (data.parts == 0).any():
            yield "The data marks none of its rows for training. Choose another split."

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        if data.parts is None:
            raise ValueError(next(iter(self.check(data))))
        if not self._marks(data, purpose):
            if purpose == "test":
                raise ValueError(
                    "The data marks rows for validation and none for testing. Set the test share to 0, or choose "
                    "another split."
                )
            try:
                kept, aside = train_test_split(rows, test_size=share, random_state=random_state)
            except ValueError:
                return rows[:0], rows
            return kept, aside
        marked = data.parts[rows] == _PART[purpose]
        return rows[~marked], rows[marked]

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        if not self._marks(data, purpose):
            return (
                "from sklearn.model_selection import train_test_split\n\n"
                f"kept, aside = train_test_split(rows, test_size={share!r}, random_state={random_state})\n"
            )
        return f"marked = parts[rows] == {_PART[purpose]}\nkept, aside = rows[~marked], rows[marked]\n"

    def _marks(self, data: Data, purpose: Purpose) -> bool:
        return data.parts is not None and bool((data.parts == _PART[purpose]).any())
