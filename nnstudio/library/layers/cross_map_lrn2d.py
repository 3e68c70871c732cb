"""CrossMapLRN2d."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._responses import ResponseNormalisation
from nnstudio.library.layers._windows import needs_channels


class CrossMapLRN2d(ResponseNormalisation, torch_class=nn.CrossMapLRN2d, reference="torch.nn.CrossMapLRN2d"):
    """Does what LocalResponseNorm does to images, in the way of the older Torch."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from needs_channels(types[0], 2)
