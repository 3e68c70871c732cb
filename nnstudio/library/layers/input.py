"""Where the rows come in."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.spec import field


class Input(Layer, category="Input and output", inputs=(), aliases=("data", "source")):
    """The rows of the data enter the network here."""

    shape: tuple[int, ...] | None = field(
        None, "The shape of one row; it follows from the data unless it is set.", minimum=1
    )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        if not shapes:
            return ""
        shape = shapes[0]
        if len(shape) == 1:
            return f"{shape[0]} feature" + ("s" if shape[0] != 1 else "")
        return "×".join(map(str, shape))
