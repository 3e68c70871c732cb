"""Minimum."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.library.layers._operation import Pairwise


class Minimum(Pairwise, formula="y = min(a, b)", reference="torch.minimum", aliases=("smaller", "elementwise min")):
    """Keeps the smaller of two numbers at each place."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.minimum(*tensors)
