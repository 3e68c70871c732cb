"""TimeSplit."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

from nnstudio.core.data import Data
from nnstudio.core.kinds import Purpose, Split
from nnstudio.core.spec import field


class TimeSplit(
    Split, aliases=("chronological", "last", "forecast", "gap"), reference="sklearn.model_selection.train_test_split"
):
    """Puts the last rows aside, by their time or else by their order, as it is when a future has to be predicted."""

    title = "By time"

    gap: float = field(
        0.0,
        "How much time before the rows that are put aside is left out, in the unit of the times (rows where there are "
        "none). Windows of a series and rows of a text that overlap those are left out without it.",
        minimum=0,
    )

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        times = rows if data.times is None else data.times[rows]
        rows = rows[np.argsort(times, kind="stable")]
        try:
            kept, aside = train_test_split(rows, test_size=share, shuffle=False)
        except ValueError:
            return rows[:0], rows
        gap = max(self.gap, data.reach)
        if gap:
            moments = np.arange(data.rows) if data.times is None else data.times
            kept = kept[moments[kept] < moments[aside[0]] - gap]
            if not len(kept):
                raise ValueError(
                    f"A gap of {gap:g} before the rows for {purpose} leaves no row for training. Use a smaller "
                    "gap or a smaller share."
                )
        return kept, aside

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        given = data.times is not None
        lines = "import numpy as np\nfrom sklearn.model_selection import train_test_split\n\n"
        lines += f"ordered = rows[np.argsort({'times[rows]' if given else 'rows'}, kind='stable')]\n"
        lines += f"kept, aside = train_test_split(ordered, test_size={share!r}, shuffle=False)\n"
        if gap := max(self.gap, data.reach):
            kept, first = ("times[kept]", "times[aside[0]]") if given else ("kept", "aside[0]")
            lines += f"kept = kept[{kept} < {first} - {gap!r}]\n"
        return lines
