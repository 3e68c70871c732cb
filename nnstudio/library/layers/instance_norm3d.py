"""The instance normalisation of volumes."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._norms import InstanceNormalisation


class InstanceNorm3d(InstanceNormalisation, dimensions=3, torch_class=nn.InstanceNorm3d):
    """Brings each channel of each volume to mean 0 and deviation 1 by itself, whatever else is in the batch."""
