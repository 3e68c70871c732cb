"""ConvNeXt: a convolutional network in the manner of a vision transformer."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference


class LayerNorm2d(nn.LayerNorm):
    """Normalises the channels at each place of the picture."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Permute(nn.Module):
    def __init__(self, axes: list[int]) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        return torch.permute(x, self.axes)


class CNBlock(nn.Module):
    def __init__(self, channels: int, layer_scale: float) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, kernel_size=7, padding=3, groups=channels, bias=True),
            Permute([0, 2, 3, 1]),
            nn.LayerNorm(channels, eps=1e-6),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(torch.ones(channels, 1, 1) * layer_scale)

    def forward(self, x: Tensor) -> Tensor:
        result = self.layer_scale * self.block(x)
        result += x
        return result


class ConvNeXt(nn.Module):
    def __init__(
        self,
        depths: tuple[int, ...] = (3, 3, 9, 3),
        widths: tuple[int, ...] = (96, 192, 384, 768),
        classes: int = 1000,
        layer_scale: float = 1e-6,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, widths[0], kernel_size=4, stride=4), LayerNorm2d(widths[0], eps=1e-6))
        ]
        for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
            layers.append(nn.Sequential(*[CNBlock(width, layer_scale) for _ in range(depth)]))
            if stage + 1 < len(widths):
                layers.append(
                    nn.Sequential(
                        LayerNorm2d(width, eps=1e-6), nn.Conv2d(width, widths[stage + 1], kernel_size=2, stride=2)
                    )
                )
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            LayerNorm2d(widths[-1], eps=1e-6), nn.Flatten(1), nn.Linear(widths[-1], classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = self.classifier(x)
        return x


REFERENCES = (
    Reference(
        name="convnext_tiny",
        title="ConvNeXt-T",
        family="Image classification",
        make=ConvNeXt,
        small=lambda: ConvNeXt((2, 2, 2, 1), (8, 16, 24, 32), classes=10, layer_scale=0.1),
        inputs=(Example((3, 224, 224)),),
        small_inputs=(Example((3, 64, 64)),),
        parameters=28_589_128,
        published=28_589_128,
        source="Liu, Mao, Wu, Feichtenhofer, Darrell, Xie: A ConvNet for the 2020s, 2022",
        sentence="A residual network rebuilt with what transformers brought: large kernels and few norms.",
    ),
)
