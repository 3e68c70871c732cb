"""The instance normalisation of lines."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._norms import InstanceNormalisation


class InstanceNorm1d(InstanceNormalisation, dimensions=1, torch_class=nn.InstanceNorm1d):
    """Brings each channel of each line to mean 0 and deviation 1 by itself, whatever else is in the batch."""
