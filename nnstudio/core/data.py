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
    """Rows and what is to be predicted for each. The arrays may be memory-mapped: larger than the memory.

    Attributes:
        inputs: float array [rows, *shape], not yet standardised; int64 for tokens; uint8 for brightness from 0 to 255,
            which the network sees as 0 to 1.
        targets: int64 class numbers [rows] for classification (or [rows, places…], one for each place of a sequence or
            picture), float array [rows, outputs] for regression.
        task: what the targets are.
        feature_names: one name for each feature of a table; empty for images.
        class_names: one name for each class, in the order of the class numbers; empty for regression.
        target_name: what is predicted, in words.
        groups: which rows belong together (of one patient, one day), int64 [rows]; for a split by group.
        times: when each row was measured, a number that grows, float64 [rows]; for a split by time.
        reach: rows whose times differ by no more than this may have targets in common, as windows of a series have; a
            split by time keeps its parts further apart. 0: they have none in common.
        parts: which part the maker of the data put each row into, int8 [rows]: 0 training, 1 validation, 2 testing.
        names: what each row is called (the file of an image), as far as that is known.
        notices: what a person should know of how it was read, one sentence each.
        vocabulary: what each token of a text stands for, in the order of the token numbers.
        fill: what stands for a missing number (NaN) of the inputs, found from the training rows: "mean", "median",
            "most_frequent" or "constant" (0), as scikit-learn's SimpleImputer has it; empty: none is missing.
    """

    inputs: np.ndarray
    targets: np.ndarray
    task: Task
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    target_name: str = "target"
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    parts: np.ndarray | None = None
    names: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    fill: str = ""
    reach: float = 0.0

    def __post_init__(self) -> None:
        assert len(self.inputs) == len(self.targets)
        assert self.targets.ndim >= 1 if self.task == "classification" else self.targets.ndim == 2

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
        tokens = np.issubdtype(self.inputs.dtype, np.integer) and self.inputs.dtype != np.uint8
        return TensorType(tuple(self.inputs.shape[1:]), "int64" if tokens else "float32")
