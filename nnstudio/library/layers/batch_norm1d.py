"""The batch normalisation of features and lines."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._norms import BatchNormalisation


class BatchNorm1d(BatchNormalisation, dimensions=1, torch_class=nn.BatchNorm1d, example=(TensorType((6,)),)):
    """Brings each feature of the batch to mean 0 and deviation 1, then scales and shifts it as it learns to."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_float(types[0])
        if len(types[0].shape) not in (1, 2):
            yield Complaint("[B, features] or [B, C, L]", types[0].text, "Use BatchNorm2d for images.")
