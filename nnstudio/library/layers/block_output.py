"""Where a value leaves a block."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Layer, Shape


class BlockOutput(Layer, category="Input and output", outputs=(), role="exit", anywhere=True, aliases=("port", "exit")):
    """What arrives here leaves the block; its title is the name of the port."""

    title = "Block output"

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        return "port"
