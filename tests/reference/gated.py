"""Pictures without attention: gated dense layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reference.entry import Example, Reference


class SpatialGatingUnit(nn.Module):
    """One half of the channels, mixed over all places, gates the other half; at first it lets everything through."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width // 2)
        self.spatial_proj = nn.Conv1d(length, length, kernel_size=1)
        nn.init.normal_(self.spatial_proj.weight, std=1e-3)
        nn.init.constant_(self.spatial_proj.bias, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        u, v = x.chunk(2, dim=-1)
        v = self.norm(v)
        v = self.spatial_proj(v)
        return u * v


class GMLPBlock(nn.Module):
    def __init__(self, width: int, hidden: int, length: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.channel_proj1 = nn.Linear(width, hidden)
        self.sgu = SpatialGatingUnit(hidden, length)
        self.channel_proj2 = nn.Linear(hidden // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        residual = x
        x = nn.functional.gelu(self.channel_proj1(self.norm(x)))
        x = self.channel_proj2(self.sgu(x))
        return x + residual


class GMLP(nn.Module):
    def __init__(
        self, image: int = 224, patch: int = 16, width: int = 128, layers: int = 30, classes: int = 1000
    ) -> None:
        super().__init__()
        length = (image // patch) ** 2
        self.patcher = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.model = nn.Sequential(*[GMLPBlock(width, 6 * width, length) for _ in range(layers)])
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patcher(x)
        batch_size, channels, _, _ = patches.shape
        patches = patches.permute(0, 2, 3, 1).reshape(batch_size, -1, channels)
        embedding = self.model(patches)
        return self.head(torch.mean(embedding, dim=1))


BLOCK = 2 * 128 + 129 * 768 + 2 * 384 + 196 * 196 + 196 + 385 * 128

REFERENCES = (
    Reference(
        name="gmlp_tiny",
        title="gMLP tiny",
        family="Image classification",
        make=GMLP,
        small=lambda: GMLP(image=32, patch=8, width=16, layers=3, classes=10),
        inputs=(Example((3, 224, 224)),),
        small_inputs=(Example((3, 32, 32)),),
        parameters=3 * 16 * 16 * 128 + 128 + 30 * BLOCK + 129 * 1000,
        source="Liu, Dai, So, Le: Pay attention to MLPs, 2021",
        sentence="Patches speak to each other only where one half of the channels gates the other.",
    ),
)
