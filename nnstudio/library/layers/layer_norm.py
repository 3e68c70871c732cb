"""LayerNorm."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._norms import RowNormalisation


class LayerNorm(
    RowNormalisation,
    torch_class=nn.LayerNorm,
    reference="torch.nn.LayerNorm",
    aliases=("layer normalisation", "layer normalization", "normalise", "normalize", "ln"),
):
    """Brings the last axis of each row to mean 0 and deviation 1, then scales and shifts it as it learns to."""

    bias: bool = field(True, "Whether it learns a shift too, where it learns a scale.")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = list(super().check(*types))
        yield from wrong
        last = types[0].shape[-self.axes :]
        if not wrong and set(last) == {1}:
            yield Complaint(
                "at least 2 numbers to normalise together",
                f"{words(last)} in {types[0].text}, which it makes 0 whatever it is",
                "Normalise more axes, or leave it out.",
                severity="warning",
            )
