"""The batch normalisation of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._norms import BatchNormalisation


class BatchNorm3d(BatchNormalisation, dimensions=3, torch_class=nn.BatchNorm3d):
    """Brings each channel of the batch to mean 0 and deviation 1, then scales and shifts it as it learns to."""
