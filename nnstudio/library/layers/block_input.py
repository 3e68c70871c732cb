"""Where a value comes into a block."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.spec import field


class BlockInput(Layer, category="Input and output", inputs=(), role="entry", aliases=("port", "entry")):
    """What is wired to a block from outside comes in here; its title is the name of the port."""

    title = "Block input"

    optional: bool = field(False, "Whether the block may be used without a wire to this port.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        return "may be left open" if self.optional else "port"
