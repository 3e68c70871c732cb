"""Xception, and a residual network that weighs its channels."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Image classification"


class SeparableConv2d(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, width, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.conv1(x))


class XceptionBlock(nn.Module):
    def __init__(
        self, channels: int, width: int, repeats: int, stride: int = 1, relu_first: bool = True, grow_first: bool = True
    ) -> None:
        super().__init__()
        if width != channels or stride != 1:
            self.skip = nn.Conv2d(channels, width, 1, stride=stride, bias=False)
            self.skipbn = nn.BatchNorm2d(width)
        else:
            self.skip = None
        layers: list[nn.Module] = []
        for number in range(repeats):
            grows = number == (0 if grow_first else repeats - 1)
            before = channels if number == 0 or not grow_first else width
            after = width if grows or grow_first else channels
            layers += [nn.ReLU(), SeparableConv2d(before, after), nn.BatchNorm2d(after)]
        if not relu_first:
            layers = layers[1:]
        if stride != 1:
            layers.append(nn.MaxPool2d(3, stride, 1))
        self.rep = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y = self.rep(x)
        skip = x if self.skip is None else self.skipbn(self.skip(x))
        y += skip
        return y


class Xception(nn.Module):
    def __init__(self, classes: int = 1000, thinner: int = 1, middle: int = 8) -> None:
        super().__init__()
        c32, c64, c128, c256 = 32 // thinner, 64 // thinner, 128 // thinner, 256 // thinner
        c728, c1024, c1536, c2048 = 728 // thinner, 1024 // thinner, 1536 // thinner, 2048 // thinner
        self.conv1 = nn.Conv2d(3, c32, 3, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(c32)
        self.conv2 = nn.Conv2d(c32, c64, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(c64)
        self.entry = nn.Sequential(
            XceptionBlock(c64, c128, 2, 2, relu_first=False),
            XceptionBlock(c128, c256, 2, 2),
            XceptionBlock(c256, c728, 2, 2),
        )
        self.middle = nn.Sequential(*[XceptionBlock(c728, c728, 3) for _ in range(middle)])
        self.exit = XceptionBlock(c728, c1024, 2, 2, grow_first=False)
        self.conv3 = SeparableConv2d(c1024, c1536)
        self.bn3 = nn.BatchNorm2d(c1536)
        self.conv4 = SeparableConv2d(c1536, c2048)
        self.bn4 = nn.BatchNorm2d(c2048)
        self.fc = nn.Linear(c2048, classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.exit(self.middle(self.entry(x)))
        x = F.relu(self.bn3(self.conv3(x)))
        x = F.relu(self.bn4(self.conv4(x)))
        x = F.adaptive_avg_pool2d(x, (1, 1))
        x = x.view(x.size(0), -1)
        return self.fc(x)


class ChannelWeights(nn.Module):
    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction),
            nn.ReLU(),
            nn.Linear(channels // reduction, channels),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        b, c, _, _ = x.shape
        weights = self.fc(x.mean(dim=(2, 3)))
        return x * weights.view(b, c, 1, 1)


class SEBlock(nn.Module):
    def __init__(self, channels: int, width: int, stride: int, reduction: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, width, 3, stride, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, 1, 1, bias=False),
            ChannelWeights(width, reduction),
        )
        self.project = (
            nn.Conv2d(channels, width, 1, stride, bias=False) if stride > 1 or channels != width else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.project(x) + self.body(x)


class SEResNet(nn.Module):
    def __init__(self, blocks: int = 2, widths: tuple[int, ...] = (16, 32, 64), classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        layers = []
        channels = widths[0]
        for stage, width in enumerate(widths):
            for number in range(blocks):
                layers.append(SEBlock(channels, width, 2 if stage > 0 and number == 0 else 1, reduction=4))
                channels = width
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)
        )
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.stem(x)))


REFERENCES = (
    Reference(
        name="xception",
        title="Xception",
        family=FAMILY,
        make=Xception,
        small=lambda: Xception(classes=10, thinner=8, middle=2),
        inputs=(Example((3, 299, 299)),),
        small_inputs=(Example((3, 64, 64)),),
        parameters=22_855_952,
        published=22_855_952,
        source="Chollet: Xception: Deep learning with depthwise separable convolutions, 2016",
        sentence="Inception at its limit: every channel is convolved by itself, and 1×1 convolutions mix them.",
    ),
    Reference(
        name="se_resnet_small",
        title="Squeeze-and-excitation residual network",
        family=FAMILY,
        make=SEResNet,
        inputs=(Example((3, 32, 32)),),
        parameters=180_722,
        source="Hu, Shen, Albanie, Sun, Wu: Squeeze-and-excitation networks, 2017",
        sentence="A small residual network that looks at the whole picture to weigh its channels.",
    ),
)
