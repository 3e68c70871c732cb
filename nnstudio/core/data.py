"""Data: the rows of a dataset as numpy arrays, with what is known about them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class TensorType:
    """What flows along a wire.

    Attributes:
        shape: the sizes of all axes but the batch axis: the shape of one row.
        dtype: "float32", "int64" or "bool".
        rows: how many entries of the batch axis belong to one row of the batch: 1, unless an image was cut into windows
            (4: the axis is 4 B long); 0 when there is no batch axis at all, as in a parameter or a mask.
        axis: where the batch axis is among all axes.
    """

    shape: tuple[int, ...]
    dtype: str = "float32"
    rows: int = 1
    axis: int = 0

    @property
    def text(self) -> str:
        """As a node shows it: `[B, 3, 8, 8]`, with the dtype when it is not float32."""
        sizes: list[str] = list(map(str, self.shape))
        if self.rows:
            sizes.insert(self.axis, "B" if self.rows == 1 else f"{self.rows}B")
        axes = ", ".join(sizes)
        return f"[{axes}]" if self.dtype == "float32" else f"[{axes}] {self.dtype}"

    @property
    def size(self) -> int:
        """How many numbers there are in the axes other than the batch axis."""
        return math.prod(self.shape)

    @property
    def axes(self) -> int:
        """How many axes there are, the batch axis included."""
        return len(self.shape) + (self.rows > 0)

    @property
    def batch_first(self) -> bool:
        """Whether there is a batch axis and it is the first."""
        return self.rows > 0 and self.axis == 0

    def sizes(self, batch: int) -> tuple[int, ...]:
        """The sizes of all axes for a batch of so many rows."""
        if not self.rows:
            return self.shape
        return (*self.shape[: self.axis], self.rows * batch, *self.shape[self.axis :])


@dataclass(frozen=True, eq=False)
class Data:
    """Rows and what is to be predicted for each.

    Attributes:
        inputs: float array [rows, *shape] (or integers, for tokens), not yet standardised.
        targets: int64 class numbers [rows] for classification, float array [rows, outputs] for regression.
        task: what the targets are.
        feature_names: one name for each feature of a table; empty for images.
        class_names: one name for each class, in the order of the class numbers; empty for regression.
        target_name: what is predicted, in words.
    """

    inputs: np.ndarray
    targets: np.ndarray
    task: Task
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    target_name: str = "target"

    def __post_init__(self) -> None:
        assert len(self.inputs) == len(self.targets)
        assert self.targets.ndim == (1 if self.task == "classification" else 2)

    @property
    def rows(self) -> int:
        return len(self.inputs)

    @property
    def classes(self) -> int:
        """The number of classes; 0 for regression."""
        return len(self.class_names)

    @property
    def input_type(self) -> TensorType:
        """What the Input layer passes on."""
        integer = np.issubdtype(self.inputs.dtype, np.integer)
        return TensorType(tuple(self.inputs.shape[1:]), "int64" if integer else "float32")
