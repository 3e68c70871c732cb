"""Noise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.augmentations._changes import Change


def gaussian_noise(rows: Any, generator: Any, std: float) -> Any:
    """Add normal noise to every number."""
    return rows + std * torch.randn(rows.shape, generator=generator).to(rows)


class GaussianNoise(Change, function=gaussian_noise, aliases=("normal", "jitter", "random")):
    """Adds normal noise to every number of a row: of a picture, a table or a series."""

    formula = "x + std·ε, ε normal with mean 0 and standard deviation 1"

    std: float = field(0.05, "How strong the noise is, on the scale of the rows.", minimum=0, maximum=1000)

    def check(self, input_type: TensorType) -> Iterable[Complaint]:
        if input_type.dtype != "float32":
            yield Complaint(
                "rows of numbers",
                f"rows of the shape {input_type.text}, which are tokens or yes and no",
                "Take it out of the augmentations in the Data panel.",
            )
