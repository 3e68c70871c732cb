"""The table of vectors for tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._tables import Table


class Embedding(
    Table,
    formula="y = W[x]",
    torch_class=nn.Embedding,
    reference="torch.nn.Embedding",
    aliases=("lookup table", "token embedding", "word vectors"),
    example=(TensorType((7,), "int64"),),
):
    """Looks up a learned vector for each whole number: for tokens and categories.

    There is no `sparse`: it changes no number, only the form of the gradient, which most optimizers do not take.
    """

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from self.check_tokens(types[0])

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return self.chosen()
