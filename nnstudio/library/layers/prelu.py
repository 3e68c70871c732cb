"""PReLU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class PReLU(
    Activation,
    anywhere=False,
    formula="x if x > 0 else a x",
    torch_class=nn.PReLU,
    reference="torch.nn.PReLU",
    aliases=("parametric relu", "learned slope"),
):
    """A leaky ReLU that learns its slope."""

    num_parameters: int = field(1, "How many slopes are learned: one for all, or one for each channel.", minimum=1)
    init: float = field(0.25, "The slope a before training.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types))
        yield from wrong
        channels = types[0].shape[0] if types[0].shape else 1
        if not wrong and self.num_parameters not in (1, channels):
            fix = f"Set the number of slopes to 1 or {channels}."
            got = f"{self.num_parameters} slopes for {types[0].text}"
            yield Complaint(f"1 slope or one for each of the {channels} channels", got, fix)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_parameters": self.num_parameters, "init": self.init}
