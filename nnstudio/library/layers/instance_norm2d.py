"""The instance normalisation of images."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._norms import InstanceNormalisation


class InstanceNorm2d(InstanceNormalisation, dimensions=2, torch_class=nn.InstanceNorm2d):
    """Brings each channel of each image to mean 0 and deviation 1 by itself, whatever else is in the batch."""
