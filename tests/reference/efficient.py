"""Small networks whose shape was found by measuring: EfficientNet, MnasNet and ShuffleNet."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised
from reference.mobile import ConvNormActivation, SqueezeExcitation, divisible

FAMILY = "Image classification"


class MBConv(nn.Module):
    def __init__(self, expand: int, kernel: int, stride: int, channels: int, width: int) -> None:
        super().__init__()
        self.use_res_connect = stride == 1 and channels == width
        expanded = channels * expand
        layers: list[nn.Module] = []
        if expanded != channels:
            layers.append(ConvNormActivation(channels, expanded, 1, activation=nn.SiLU))
        layers.append(ConvNormActivation(expanded, expanded, kernel, stride, expanded, activation=nn.SiLU))
        layers.append(SqueezeExcitation(expanded, max(1, channels // 4), nn.SiLU, nn.Sigmoid))
        layers.append(ConvNormActivation(expanded, width, 1, activation=None))
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        result = self.block(x)
        if self.use_res_connect:
            result = result + x
        return result


class EfficientNet(nn.Module):
    # expansion, kernel, stride, width, repeats
    plan = (
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    )

    def __init__(self, classes: int = 1000, width: float = 1.0, depth: float = 1.0) -> None:
        super().__init__()
        channels = divisible(32 * width)
        layers: list[nn.Module] = [ConvNormActivation(3, channels, 3, 2, activation=nn.SiLU)]
        for expand, kernel, stride, planes, repeats in self.plan:
            stage = []
            wider = divisible(planes * width)
            for number in range(max(1, round(repeats * depth))):
                stage.append(MBConv(expand, kernel, stride if number == 0 else 1, channels, wider))
                channels = wider
            layers.append(nn.Sequential(*stage))
        layers.append(ConvNormActivation(channels, 4 * channels, 1, activation=nn.SiLU))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(p=0.2, inplace=True), nn.Linear(4 * channels, classes))
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.classifier(x)
        return x


class MnasResidual(nn.Module):
    def __init__(self, channels: int, width: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = channels * expand
        self.apply_residual = channels == width and stride == 1
        self.layers = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, hidden, kernel, padding=kernel // 2, stride=stride, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.apply_residual:
            return self.layers(x) + x
        return self.layers(x)


class MnasNet(nn.Module):
    # width, kernel, stride, expansion, repeats
    plan = (
        (24, 3, 2, 3, 3),
        (40, 5, 2, 3, 3),
        (80, 5, 2, 6, 3),
        (96, 3, 1, 6, 2),
        (192, 5, 2, 6, 4),
        (320, 3, 1, 6, 1),
    )

    def __init__(self, classes: int = 1000, alpha: float = 1.0, last: int = 1280) -> None:
        super().__init__()
        first, second = divisible(32 * alpha), divisible(16 * alpha)
        layers: list[nn.Module] = [
            nn.Conv2d(3, first, 3, padding=1, stride=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, first, 3, padding=1, stride=1, groups=first, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 1, bias=False),
            nn.BatchNorm2d(second),
        ]
        channels = second
        for planes, kernel, stride, expand, repeats in self.plan:
            width = divisible(planes * alpha)
            stack = [MnasResidual(channels, width, kernel, stride, expand)]
            stack += [MnasResidual(width, width, kernel, 1, expand) for _ in range(1, repeats)]
            layers.append(nn.Sequential(*stack))
            channels = width
        layers += [nn.Conv2d(channels, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(p=0.2, inplace=True), nn.Linear(last, classes))
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        x = x.mean([2, 3])
        return self.classifier(x)


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Deals the channels of the groups out in turn."""
    batch, channels, height, width = x.size()
    x = x.view(batch, groups, channels // groups, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(batch, channels, height, width)


class ShuffleUnit(nn.Module):
    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        branch = width // 2
        if stride > 1:
            self.branch1 = nn.Sequential(
                nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
                nn.BatchNorm2d(channels),
                nn.Conv2d(channels, branch, 1, bias=False),
                nn.BatchNorm2d(branch),
                nn.ReLU(inplace=True),
            )
        else:
            self.branch1 = nn.Sequential()
        self.branch2 = nn.Sequential(
            nn.Conv2d(channels if stride > 1 else branch, branch, 1, bias=False),
            nn.BatchNorm2d(branch),
            nn.ReLU(inplace=True),
            nn.Conv2d(branch, branch, 3, stride, 1, groups=branch, bias=False),
            nn.BatchNorm2d(branch),
            nn.Conv2d(branch, branch, 1, bias=False),
            nn.BatchNorm2d(branch),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            x1, x2 = x.chunk(2, dim=1)
            out = torch.cat((x1, self.branch2(x2)), dim=1)
        else:
            out = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


class ShuffleNetV2(nn.Module):
    def __init__(
        self,
        repeats: tuple[int, int, int] = (4, 8, 4),
        widths: tuple[int, int, int, int, int] = (24, 116, 232, 464, 1024),
        classes: int = 1000,
    ) -> None:
        super().__init__()
        first, *stages, last = widths
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        channels = first
        for name, times, width in zip(("stage2", "stage3", "stage4"), repeats, stages, strict=True):
            units = [ShuffleUnit(channels, width, 2)]
            units += [ShuffleUnit(width, width, 1) for _ in range(times - 1)]
            setattr(self, name, nn.Sequential(*units))
            channels = width
        self.conv5 = nn.Sequential(
            nn.Conv2d(channels, last, 1, bias=False), nn.BatchNorm2d(last), nn.ReLU(inplace=True)
        )
        self.fc = nn.Linear(last, classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.maxpool(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = self.conv5(x)
        x = x.mean([2, 3])
        return self.fc(x)


IMAGENET = (Example((3, 224, 224)),)
SMALL_IMAGE = (Example((3, 48, 48)),)

REFERENCES = (
    Reference(
        name="efficientnet_b0",
        title="EfficientNet-B0",
        family=FAMILY,
        make=EfficientNet,
        small=lambda: EfficientNet(classes=10, width=0.25, depth=0.5),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=5_288_548,
        published=5_288_548,
        source="Tan, Le: EfficientNet: Rethinking model scaling for convolutional neural networks, 2019",
        sentence="Depth, width and picture size grow together from this network, the smallest of its kind.",
    ),
    Reference(
        name="mnasnet1_0",
        title="MnasNet 1.0",
        family=FAMILY,
        make=MnasNet,
        small=lambda: MnasNet(classes=10, alpha=0.25, last=64),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=4_383_312,
        published=4_383_312,
        source="Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le: MnasNet: Platform-aware architecture search, 2018",
        sentence="Found by a search that measured each candidate on a telephone.",
    ),
    Reference(
        name="shufflenet_v2",
        title="ShuffleNetV2 ×1.0",
        family=FAMILY,
        make=ShuffleNetV2,
        small=lambda: ShuffleNetV2((2, 2, 2), (8, 16, 24, 32, 32), classes=10),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=2_278_604,
        published=2_278_604,
        source="Ma, Zhang, Zheng, Sun: ShuffleNet V2: Practical guidelines for efficient architecture design, 2018",
        sentence="Half of the channels pass untouched, the other half is worked on, and the two are shuffled.",
    ),
)
