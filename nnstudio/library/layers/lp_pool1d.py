"""The pool of lines that takes power means."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._pooling import PowerPooling


class LPPool1d(PowerPooling, dimensions=1, torch_class=nn.LPPool1d):
    """Takes the p-norm of each window: between the sum (p = 1) and the maximum (large p)."""
