"""PaintedCurve."""

from __future__ import annotations

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._painted import check_points, points_source

_START = (-0.9, 0.4, -0.7, -0.1, -0.5, -0.5, -0.3, -0.4, -0.1, 0.1, 0.1, 0.5, 0.3, 0.6, 0.5, 0.3, 0.7, -0.2, 0.9, -0.6)


class PaintedCurve(Dataset, category="Painted", aliases=("draw", "mouse", "own curve", "regression")):
    """Points of a curve that was painted with the mouse: a number to be predicted from another."""

    title = "Painted curve"

    points: tuple[float, ...] = field(_START, "The points: x and the value of each, one after the other.")

    def __post_init__(self) -> None:
        super().__post_init__()
        check_points(self.points, 2, "x and its value")

    def load(self) -> Data:
        if not self.points:
            raise ValueError("No curve is painted. Paint one in the Data panel.")
        points = np.array(self.points).reshape(-1, 2)
        return Data(points[:, :1].copy(), points[:, 1:].copy(), "regression", ("x",), (), "y")

    def source(self) -> str:
        return f"import numpy as np\n\n{points_source(self.points, 2)}X, y = points[:, :1], points[:, 1:]\n"
