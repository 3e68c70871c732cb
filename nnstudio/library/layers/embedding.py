"""The table of vectors for tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field


class Embedding(
    Layer,
    category="Dense",
    formula="y = W[x]",
    torch_class=nn.Embedding,
    reference="torch.nn.Embedding",
    aliases=("lookup table", "token embedding", "word vectors"),
    example=(TensorType((7,), "int64"),),
):
    """Looks up a learned vector for each whole number: for tokens and categories."""

    num_embeddings: int = field(1000, "How many different numbers there may be, counted from 0.", minimum=1)
    embedding_dim: int = field(16, "How long each vector is.", minimum=1)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        if types[0].dtype != "int64":
            yield Complaint(
                "whole numbers (int64), such as tokens",
                f"numbers with a fraction ({types[0].dtype})",
                "Use Linear for measurements.",
            )

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"num_embeddings": self.num_embeddings, "embedding_dim": self.embedding_dim}

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_embeddings} × {self.embedding_dim}"
