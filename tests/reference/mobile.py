"""Networks for telephones: convolutions channel by channel, then a mixing of the channels."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Image classification"


def divisible(value: float, divisor: int = 8) -> int:
    """The nearest multiple that is not more than a tenth smaller."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class ConvNormActivation(nn.Sequential):
    def __init__(
        self,
        channels: int,
        width: int,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
        norm: type[nn.Module] | None = None,
        activation: type[nn.Module] | None = nn.ReLU6,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(channels, width, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
            nn.BatchNorm2d(width) if norm is None else norm(width),
        ]
        if activation is not None:
            layers.append(activation(inplace=True))
        super().__init__(*layers)


class SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, squeeze: int, activation: type[nn.Module], gate: type[nn.Module]) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)
        self.activation = activation()
        self.scale_activation = gate()

    def forward(self, x: Tensor) -> Tensor:
        scale = self.avgpool(x)
        scale = self.activation(self.fc1(scale))
        scale = self.scale_activation(self.fc2(scale))
        return scale * x


class MobileNetV1(nn.Module):
    def __init__(self, classes: int = 1000, width: int = 32) -> None:
        super().__init__()

        def separable(channels: int, wider: int, stride: int) -> nn.Sequential:
            return nn.Sequential(
                ConvNormActivation(channels, channels, 3, stride, groups=channels, activation=nn.ReLU),
                ConvNormActivation(channels, wider, 1, activation=nn.ReLU),
            )

        self.model = nn.Sequential(
            ConvNormActivation(3, width, 3, 2, activation=nn.ReLU),
            separable(width, 2 * width, 1),
            separable(2 * width, 4 * width, 2),
            separable(4 * width, 4 * width, 1),
            separable(4 * width, 8 * width, 2),
            separable(8 * width, 8 * width, 1),
            separable(8 * width, 16 * width, 2),
            *(separable(16 * width, 16 * width, 1) for _ in range(5)),
            separable(16 * width, 32 * width, 2),
            separable(32 * width, 32 * width, 1),
        )
        self.fc = nn.Linear(32 * width, classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.model(x)
        x = F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1)
        return self.fc(x)


class InvertedResidual(nn.Module):
    def __init__(self, channels: int, width: int, stride: int, expand: int) -> None:
        super().__init__()
        hidden = channels * expand
        self.use_res_connect = stride == 1 and channels == width
        layers: list[nn.Module] = []
        if expand != 1:
            layers.append(ConvNormActivation(channels, hidden, 1))
        layers += [
            ConvNormActivation(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, width, 1, bias=False),
            nn.BatchNorm2d(width),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        if self.use_res_connect:
            return x + self.conv(x)
        return self.conv(x)


class MobileNetV2(nn.Module):
    plan = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self, classes: int = 1000, width: float = 1.0) -> None:
        super().__init__()
        channels = divisible(32 * width)
        last = divisible(1280 * max(1.0, width))
        features: list[nn.Module] = [ConvNormActivation(3, channels, 3, 2)]
        for expand, planes, repeats, stride in self.plan:
            wider = divisible(planes * width)
            for number in range(repeats):
                features.append(InvertedResidual(channels, wider, stride if number == 0 else 1, expand))
                channels = wider
        features.append(ConvNormActivation(channels, last, 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(p=0.2), nn.Linear(last, classes))
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1))
        x = torch.flatten(x, 1)
        return self.classifier(x)


def small_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=0.001, momentum=0.01)


class InvertedResidualV3(nn.Module):
    def __init__(
        self, channels: int, kernel: int, expanded: int, width: int, squeeze: bool, hard_swish: bool, stride: int
    ) -> None:
        super().__init__()
        self.use_res_connect = stride == 1 and channels == width
        activation = nn.Hardswish if hard_swish else nn.ReLU
        layers: list[nn.Module] = []
        if expanded != channels:
            layers.append(ConvNormActivation(channels, expanded, 1, norm=small_norm, activation=activation))
        layers.append(
            ConvNormActivation(expanded, expanded, kernel, stride, expanded, norm=small_norm, activation=activation)
        )
        if squeeze:
            layers.append(SqueezeExcitation(expanded, divisible(expanded // 4), nn.ReLU, nn.Hardsigmoid))
        layers.append(ConvNormActivation(expanded, width, 1, norm=small_norm, activation=None))
        self.block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        result = self.block(x)
        if self.use_res_connect:
            result += x
        return result


class MobileNetV3Small(nn.Module):
    # kernel, expanded, width, squeeze, hard swish, stride
    plan = (
        (3, 16, 16, True, False, 2),
        (3, 72, 24, False, False, 2),
        (3, 88, 24, False, False, 1),
        (5, 96, 40, True, True, 2),
        (5, 240, 40, True, True, 1),
        (5, 240, 40, True, True, 1),
        (5, 120, 48, True, True, 1),
        (5, 144, 48, True, True, 1),
        (5, 288, 96, True, True, 2),
        (5, 576, 96, True, True, 1),
        (5, 576, 96, True, True, 1),
    )

    def __init__(self, classes: int = 1000, last: int = 1024, width: float = 1.0) -> None:
        super().__init__()
        channels = divisible(16 * width)
        layers: list[nn.Module] = [
            ConvNormActivation(3, channels, 3, 2, norm=small_norm, activation=nn.Hardswish),
        ]
        for kernel, expanded, planes, squeeze, hard_swish, stride in self.plan:
            wide, wider = divisible(expanded * width), divisible(planes * width)
            layers.append(InvertedResidualV3(channels, kernel, wide, wider, squeeze, hard_swish, stride))
            channels = wider
        layers.append(ConvNormActivation(channels, 6 * channels, 1, norm=small_norm, activation=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * channels, last),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=0.2, inplace=True),
            nn.Linear(last, classes),
        )
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


IMAGENET = (Example((3, 224, 224)),)
SMALL_IMAGE = (Example((3, 48, 48)),)

REFERENCES = (
    Reference(
        name="mobilenet_v1",
        title="MobileNetV1",
        family=FAMILY,
        make=MobileNetV1,
        small=lambda: MobileNetV1(classes=10, width=8),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=4_231_976,
        published=4_231_976,
        source="Howard et al.: MobileNets: Efficient convolutional neural networks for mobile vision, 2017",
        sentence="Each convolution is split in two: one that looks around within a channel, one that mixes channels.",
    ),
    Reference(
        name="mobilenet_v2",
        title="MobileNetV2",
        family=FAMILY,
        make=MobileNetV2,
        small=lambda: MobileNetV2(classes=10, width=0.25),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=3_504_872,
        published=3_504_872,
        source="Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted residuals and linear bottlenecks, 2018",
        sentence="Residual blocks that are wide inside and narrow where they are added, with no activation there.",
    ),
    Reference(
        name="mobilenet_v3_small",
        title="MobileNetV3 small",
        family=FAMILY,
        make=MobileNetV3Small,
        small=lambda: MobileNetV3Small(classes=10, last=64, width=0.25),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=2_542_856,
        published=2_542_856,
        source="Howard et al.: Searching for MobileNetV3, 2019",
        sentence="Inverted residuals chosen by a search, with squeeze and excitation and a cheap swish.",
    ),
)
