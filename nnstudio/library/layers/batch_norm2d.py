"""The batch normalisation of images."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._norms import BatchNormalisation


class BatchNorm2d(BatchNormalisation, dimensions=2, torch_class=nn.BatchNorm2d):
    """Brings each channel of the batch to mean 0 and deviation 1, then scales and shifts it as it learns to."""
