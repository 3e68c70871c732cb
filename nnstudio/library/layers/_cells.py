"""What the cells, which are one step of a recurrent layer, have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_axes, needs_float


class Cell(Layer, abstract=True):
    """One step of a recurrent layer."""

    category: ClassVar[str] = "Sequence"
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("input", "What comes in at this step [B, F]."),
        Port("hidden", "The state before it [B, H]; zeros without a wire.", optional=True),
    )
    outputs: ClassVar[tuple[Port, ...]] = (Port("hidden", "The state after it [B, H]."),)
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)), TensorType((16,)))

    hidden_size: int = field(16, "How many numbers the state has.", minimum=1)
    bias: bool = field(True, "Whether a number of its own is added in each gate.")

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        given = types[0]
        assert given is not None
        wrong = list(needs_float(given)) or list(needs_axes(given, "B, F", "Add a Select before it, to take one step."))
        yield from wrong
        if wrong:
            return
        if len(types) == 3 and (types[1] is None) != (types[2] is None):
            yield Complaint("both states or none", "one of them", "Wire hidden and cell, or neither.")
        for port, state in zip(self.inputs[1:], types[1:], strict=True):
            wanted = TensorType((self.hidden_size,), given.dtype, given.rows)
            if state is not None and state != wanted:
                fix = "Set hidden_size to its size, or take the state of another such cell."
                yield Complaint(f"a state {wanted.text}", state.text, fix, port=port.name)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        chosen = {setting.name: getattr(self, setting.name) for setting in self.settings()}
        return {"input_size": shapes[0][-1], **chosen}

    def apply(self, module: Any, *tensors: Any) -> Any:
        return module(tensors[0]) if tensors[1] is None else module(tensors[0], tensors[1])

    def summary(self, *shapes: Shape) -> str:
        return f"{shapes[0][-1]} → {self.hidden_size}"
