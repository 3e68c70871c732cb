"""PaintedPoints."""

from __future__ import annotations

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.spec import SpecError, field
from nnstudio.library.datasets._painted import check_points, points_source

_START = (
    0.5,
    0.6,
    0,
    0.7,
    0.5,
    0,
    -0.5,
    -0.6,
    0,
    -0.7,
    -0.5,
    0,
    -0.5,
    0.6,
    1,
    -0.7,
    0.5,
    1,
    0.5,
    -0.6,
    1,
    0.7,
    -0.5,
    1,
)


class PaintedPoints(Dataset, category="Painted", aliases=("draw", "mouse", "own points", "brush")):
    """Points of two features that were painted with the mouse, in a colour for each class."""

    title = "Painted points"

    points: tuple[float, ...] = field(
        tuple(map(float, _START)), "The points: x, y and the number of the class of each, one after the other."
    )
    class_names: tuple[str, ...] = field(
        ("blue", "orange"), "What the classes are called, in the order of their numbers."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_points(self.points, 3, "x, y and the number of the class")
        if len(self.class_names) < 2 or len(set(self.class_names)) < len(self.class_names):
            raise SpecError("class_names", "at least two different names", ", ".join(self.class_names) or "none")
        for number in set(self.points[2::3]):
            if number not in range(len(self.class_names)):
                last = len(self.class_names) - 1
                raise SpecError("points", f"whole class numbers from 0 to {last}", f"the class number {number:g}")

    def load(self) -> Data:
        if not self.points:
            raise ValueError("No points are painted. Paint some in the Data panel.")
        points = np.array(self.points).reshape(-1, 3)
        targets = points[:, 2].astype(np.int64)
        return Data(points[:, :2].copy(), targets, "classification", ("x1", "x2"), self.class_names, "colour")

    def source(self) -> str:
        head = "import numpy as np\n\n" + points_source(self.points, 3)
        return f"{head}X, y = points[:, :2], points[:, 2].astype(np.int64)\n"
