"""Where the rows come in."""

from __future__ import annotations

from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.spec import field


class Input(
    Layer, category="Input and output", inputs=(), role="input", example=(TensorType((6,)),), aliases=("data", "source")
):
    """The rows of the data enter the network here."""

    shape: tuple[int, ...] | None = field(
        None, "The shape of one row; it follows from the data unless it is set.", minimum=1
    )
    dtype: str = field(
        "auto",
        "The type of its numbers: as in the data, with a fraction (float32), whole (int64), or yes and no (bool).",
        choices=("auto", "float32", "int64", "bool"),
    )
    features: tuple[int, ...] | None = field(
        None, "Which columns of a table enter here, counted from 0; all unless they are listed.", minimum=0
    )

    def type_from(self, data: TensorType | None) -> TensorType | None:
        """What it passes on: of the data, or as it is set where there is none; None while neither is known."""
        if data is not None:
            columns = self.features if self.features and len(data.shape) == 1 else None
            return TensorType((len(columns),), data.dtype) if columns else data
        if self.shape is None:
            return None
        return TensorType(self.shape, "float32" if self.dtype == "auto" else self.dtype)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        if not shapes:
            return ""
        shape = shapes[0]
        if len(shape) == 1:
            return f"{shape[0]} feature" + ("s" if shape[0] != 1 else "")
        return "×".join(map(str, shape))
