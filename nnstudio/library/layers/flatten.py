"""Flatten."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Layer, Shape


class Flatten(Layer, category="Shape", formula="[B, C, H, W] → [B, C H W]", torch_class=nn.Flatten, reference="torch.nn.Flatten"):
    """Puts all numbers of a row into one line, as Linear takes them."""

    def summary(self, *shapes: Shape) -> str:
        return "×".join(map(str, shapes[0])) + " → line"
