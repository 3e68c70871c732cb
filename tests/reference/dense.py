"""Networks that keep what they had and join new channels to it."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference

FAMILY = "Image classification"


class DenseLayer(nn.Module):
    def __init__(self, channels: int, growth: int, bottleneck: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(channels, bottleneck * growth, kernel_size=1, stride=1, bias=False)
        self.norm2 = nn.BatchNorm2d(bottleneck * growth)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(bottleneck * growth, growth, kernel_size=3, stride=1, padding=1, bias=False)

    def forward(self, features: list[Tensor]) -> Tensor:
        joined = torch.cat(features, 1)
        narrow = self.conv1(self.relu1(self.norm1(joined)))
        return self.conv2(self.relu2(self.norm2(narrow)))


class DenseBlock(nn.ModuleDict):
    def __init__(self, layers: int, channels: int, growth: int, bottleneck: int) -> None:
        super().__init__()
        for number in range(layers):
            self[f"denselayer{number + 1}"] = DenseLayer(channels + number * growth, growth, bottleneck)

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.values():
            features.append(layer(features))
        return torch.cat(features, 1)


class Transition(nn.Sequential):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, width, kernel_size=1, stride=1, bias=False)
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    def __init__(
        self,
        growth: int = 32,
        blocks: tuple[int, ...] = (6, 12, 24, 16),
        first: int = 64,
        bottleneck: int = 4,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, first, kernel_size=7, stride=2, padding=3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(first))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
        channels = first
        for number, layers in enumerate(blocks, start=1):
            self.features.add_module(f"denseblock{number}", DenseBlock(layers, channels, growth, bottleneck))
            channels += layers * growth
            if number < len(blocks):
                self.features.add_module(f"transition{number}", Transition(channels, channels // 2))
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)
        out = F.relu(features, inplace=True)
        out = F.adaptive_avg_pool2d(out, (1, 1))
        out = torch.flatten(out, 1)
        return self.classifier(out)


class Fire(nn.Module):
    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze, expand, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat(
            [self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1
        )


class SqueezeNet(nn.Module):
    """Version 1.1."""

    def __init__(self, classes: int = 1000, squeeze: int = 16, expand: int = 64) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, expand, kernel_size=3, stride=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            Fire(expand, squeeze, expand),
            Fire(2 * expand, squeeze, expand),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            Fire(2 * expand, 2 * squeeze, 2 * expand),
            Fire(4 * expand, 2 * squeeze, 2 * expand),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            Fire(4 * expand, 3 * squeeze, 3 * expand),
            Fire(6 * expand, 3 * squeeze, 3 * expand),
            Fire(6 * expand, 4 * squeeze, 4 * expand),
            Fire(8 * expand, 4 * squeeze, 4 * expand),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(p=0.5),
            nn.Conv2d(8 * expand, classes, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d((1, 1)),
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.classifier(x)
        return torch.flatten(x, 1)


IMAGENET = (Example((3, 224, 224)),)

REFERENCES = (
    Reference(
        name="densenet121",
        title="DenseNet-121",
        family=FAMILY,
        make=DenseNet,
        small=lambda: DenseNet(growth=8, blocks=(3, 4, 4, 3), first=16, classes=10),
        inputs=IMAGENET,
        small_inputs=(Example((3, 64, 64)),),
        parameters=7_978_856,
        published=7_978_856,
        source="Huang, Liu, van der Maaten, Weinberger: Densely connected convolutional networks, 2016",
        sentence="Every layer of a block is given the channels of all layers before it, and adds only a few.",
    ),
    Reference(
        name="squeezenet1_1",
        title="SqueezeNet 1.1",
        family=FAMILY,
        make=SqueezeNet,
        small=lambda: SqueezeNet(classes=10, squeeze=4, expand=16),
        inputs=IMAGENET,
        small_inputs=(Example((3, 64, 64)),),
        parameters=1_235_496,
        published=1_235_496,
        source="Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer: SqueezeNet, 2016",
        sentence="As good as AlexNet with a fiftieth of its parameters: squeezed, then widened in two ways.",
    ),
)
