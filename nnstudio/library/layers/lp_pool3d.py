"""The pool of volumes that takes power means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import PowerPooling


class LPPool3d(PowerPooling, dimensions=3, torch_class=nn.LPPool3d):
    """Takes the p-norm of each window: between the sum (p = 1) and the maximum (large p)."""
