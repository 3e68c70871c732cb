"""RowsPlot: rows with one or two features as points."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtGui import QColor

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line
from nnstudio.ui.theme import Theme

MOST_POINTS = 4000  # points that are drawn; more would only cover each other


class RowsPlot(Plot):
    """Points over one or two features; the rows for testing and validation have an edge."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Plot of the rows")
        self.train = self.points("train", size=7)
        self.test = self.points("train", size=8, outline="text", outline_width=1.6)
        self.file_name = "rows"
        self.hairline = False

    def renew(self, prepared: Prepared) -> str:
        """Show these rows; the words for under the plot."""
        data = prepared.data
        plane = data.inputs.shape[1] == 2
        names = data.feature_names or ("x1", "x2")
        aside = np.concatenate([prepared.validation_rows, prepared.test_rows])
        shown_rows = [rows[:: max(1, math.ceil(len(rows) / MOST_POINTS))] for rows in (prepared.train_rows, aside)]
        chosen = np.concatenate(shown_rows)
        inputs = np.asarray(data.inputs[chosen], float)
        targets = np.asarray(data.targets[chosen])
        xs = inputs[:, 0]
        ys = (inputs[:, 1] if plane else targets if data.classes else targets[:, 0]).astype(float)
        self.name(names[0], names[1] if plane else data.target_name)
        begin = len(shown_rows[0])
        for part, points in ((slice(0, begin), self.train), (slice(begin, None), self.test)):
            points.show_points(xs[part], ys[part], _colors(data, targets[part], plane))
        finite = np.isfinite(xs) & np.isfinite(ys)
        if finite.any():
            self.bounds(*_with_room(xs[finite]), *_with_room(ys[finite]))
        self.fit()
        self.table = lambda: {names[0]: xs, (names[1] if plane else data.target_name): ys}
        classes = data.class_names
        tested = np.isin(chosen, prepared.test_rows)

        def readout(x: float, y: float) -> list[Line] | None:
            left, right, bottom, top = self.visible_range()
            far = ((xs - x) / max(right - left, 1e-12)) ** 2 + ((ys - y) / max(top - bottom, 1e-12)) ** 2
            if not len(far) or not np.isfinite(far).any() or np.nanmin(far) > 0.002:
                return None
            place = int(np.nanargmin(far))
            row = int(chosen[place])
            target = classes[int(targets[place])] if classes else f"{float(targets[place, 0]):.4g}"
            part = "train" if place < begin else "test" if tested[place] else "validation"
            return [(f"row {row}, {part}", "text"), (f"{data.target_name}: {target}", "muted")]

        self.readout = readout
        if len(prepared.validation_rows):
            return "Points with an edge are rows for validation and testing."
        return "Points with an edge are rows for testing." if len(prepared.test_rows) else ""


def _with_room(values: np.ndarray) -> tuple[float, float]:
    """The range of some numbers and a little more."""
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _colors(data: Data, targets: np.ndarray, plane: bool) -> Callable[[Theme], list[QColor]] | None:
    """One colour a point: its class, or for values in the plane from negative to positive."""
    if data.classes:
        return lambda shown: [theme.class_colors(shown, data.classes)[int(target)] for target in targets]
    if not plane:
        return None
    largest = float(np.abs(data.targets).max()) or 1.0
    places = np.clip((targets[:, 0] / largest + 1) / 2 * 255, 0, 255).astype(int)

    def by_value(shown: Theme) -> list[QColor]:
        table = theme.diverging(shown)
        return [QColor(*table[place].tolist()) for place in places]

    return by_value
