"""LinearFunction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._axes import is_batch, size
from nnstudio.library.layers._operation import Operation
from nnstudio.library.layers._reduction import needs_fractions


class LinearFunction(
    Operation,
    category="Constants and parameters",
    formula="y = x Wᵀ + b",
    reference="torch.nn.functional.linear",
    aliases=("tied weights", "shared weights", "output projection", "hypernetwork", "dense", "weight tying"),
    inputs=(
        Port("input"),
        Port("weight", "The weights [outputs, inputs], without a batch axis."),
        Port("bias", "A number for each output.", optional=True),
    ),
    example=(TensorType((6,)), TensorType((4, 6), rows=0), None),
):
    """A Linear layer whose weights come along a wire: for weights that are learned elsewhere."""

    title = "Linear with given weights"

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        kind, weight, bias = types
        assert kind is not None and weight is not None
        wrong = [complaint for given in types if given is not None for complaint in needs_fractions(given)][:1]
        if not wrong and (weight.rows or len(weight.shape) != 2):
            fix = "Wire a Parameter, or the Transpose of one, to it."
            got = f"weight {weight.text}"
            wrong = [Complaint("a weight [outputs, inputs] without a batch axis", got, fix, port="weight")]
        elif not wrong and (not kind.axes or is_batch(kind, -1) or size(kind, -1) != weight.shape[1]):
            got = f"input {kind.text} and weight {weight.text}"
            wrong = [
                Complaint(f"an input with {weight.shape[1]} numbers in the last axis", got, "Add a Linear before it.")
            ]
        elif not wrong and bias is not None and (bias.rows or bias.shape != weight.shape[:1]):
            needed = f"a bias [{weight.shape[0]}] without a batch axis"
            wrong = [Complaint(needed, f"bias {bias.text}", "Wire a Parameter of this shape to it.", port="bias")]
        yield from wrong

    def apply(self, module: Any, *tensors: Any) -> Any:
        return nn.functional.linear(*(tensor for tensor in tensors if tensor is not None))
