"""Series: an array of numbers that only grows."""

from __future__ import annotations

import numpy as np


class Series:
    """float32 numbers in the order in which they came. Views that were given out never change."""

    def __init__(self) -> None:
        self._numbers = np.empty(1024, np.float32)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def extend(self, numbers: np.ndarray) -> None:
        needed = self._length + len(numbers)
        if needed > len(self._numbers):
            larger = np.empty(max(needed, 2 * len(self._numbers)), np.float32)
            larger[: self._length] = self._numbers[: self._length]
            self._numbers = larger
        self._numbers[self._length : needed] = numbers
        self._length = needed

    def view(self) -> np.ndarray:
        seen = self._numbers[: self._length]
        seen.flags.writeable = False
        return seen
