"""EmbeddingBag."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._tables import Table


class EmbeddingBag(
    Table,
    anywhere=False,
    formula="y = mean of W[xᵢ] over i",
    torch_class=nn.EmbeddingBag,
    reference="torch.nn.EmbeddingBag",
    aliases=("bag of words", "lookup table", "sum of embeddings"),
    inputs=(
        Port("input", "Whole numbers [B, N]."),
        Port("per_sample_weights", "What each vector is multiplied by [B, N]; for sums alone.", optional=True),
    ),
    example=(TensorType((7,), "int64"), None),
):
    """Looks up a learned vector for each whole number, and takes all of a row together: a bag of words.

    Each row has as many numbers, so that there are no offsets, and no last one of them. Of `sparse` see Embedding.
    """

    mode: str = field("mean", "How the vectors are taken together.", choices=("sum", "mean", "max"))

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        tokens, weights = types
        assert tokens is not None
        wrong = list(self.check_tokens(tokens))
        if not wrong and len(tokens.shape) != 1:
            got = f"{tokens.axes} axes {tokens.text}"
            wrong = [Complaint("2 axes [B, N]", got, "Add a Flatten before it.")]
        yield from wrong
        if self.mode == "max" and self.scale_grad_by_freq:
            yield Complaint("scale_grad_by_freq with sum or mean", "max", "Switch scale_grad_by_freq off.")
        if weights is None or wrong:
            return
        if self.mode != "sum":
            fix = "Set mode to sum, or take the wire away."
            yield Complaint("the mode sum for weights", self.mode, fix, port="per_sample_weights")
        elif weights != TensorType(tokens.shape, "float32", tokens.rows):
            got = f"{weights.text} for {tokens.text}"
            yield Complaint("a weight for each number", got, "Make the shapes equal.", port="per_sample_weights")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"mode": self.mode, **self.chosen()}

    def apply(self, module: Any, *tensors: Any) -> Any:
        tokens, weights = tensors
        return module(tokens) if weights is None else module(tokens, per_sample_weights=weights)
