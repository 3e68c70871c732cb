"""Maximum."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.library.layers._operation import Pairwise


class Maximum(
    Pairwise, formula="y = max(a, b)", reference="torch.maximum", aliases=("larger", "elementwise max", "maxout")
):
    """Keeps the larger of two numbers at each place."""

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.maximum(*tensors)
