"""The 1-dimensional convolution."""

from __future__ import annotations

from torch import nn

from nnstudio.library.layers._convolution import Convolution


class Conv1d(Convolution, dimensions=1, torch_class=nn.Conv1d, aliases=("temporal convolution", "convolution")):
    """Slides small filters along the length: each finds its pattern wherever it is."""
