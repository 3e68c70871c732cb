"""Residual networks: each block adds to what it was given."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference

FAMILY = "Image classification"


def conv3x3(channels: int, width: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1, groups=groups, bias=False)


def conv1x1(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, width, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(
        self, channels: int, planes: int, stride: int, downsample: nn.Module | None, groups: int, base_width: int
    ) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(
        self, channels: int, planes: int, stride: int, downsample: nn.Module | None, groups: int, base_width: int
    ) -> None:
        super().__init__()
        width = int(planes * base_width / 64) * groups
        self.conv1 = conv1x1(channels, width)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, stride, groups)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = nn.BatchNorm2d(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: tuple[int, int, int, int],
        classes: int = 1000,
        planes: int = 64,
        groups: int = 1,
        width_per_group: int = 64,
    ) -> None:
        super().__init__()
        self.channels = planes
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, planes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._layer(block, planes, layers[0])
        self.layer2 = self._layer(block, planes * 2, layers[1], stride=2)
        self.layer3 = self._layer(block, planes * 4, layers[2], stride=2)
        self.layer4 = self._layer(block, planes * 8, layers[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(planes * 8 * block.expansion, classes)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def _layer(
        self, block: type[BasicBlock] | type[Bottleneck], planes: int, blocks: int, stride: int = 1
    ) -> nn.Sequential:
        downsample = None
        if stride != 1 or self.channels != planes * block.expansion:
            downsample = nn.Sequential(
                conv1x1(self.channels, planes * block.expansion, stride),
                nn.BatchNorm2d(planes * block.expansion),
            )
        layers = [block(self.channels, planes, stride, downsample, self.groups, self.base_width)]
        self.channels = planes * block.expansion
        for _ in range(1, blocks):
            layers.append(block(self.channels, planes, 1, None, self.groups, self.base_width))
        return nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.relu(x)
        x = self.maxpool(x)
        x = self.layer1(x)
        x = self.layer2(x)
        x = self.layer3(x)
        x = self.layer4(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.fc(x)


class PlainShortcut(nn.Module):
    """Every second pixel, and zeros for the channels that are new: a shortcut without parameters."""

    def __init__(self, channels: int, planes: int) -> None:
        super().__init__()
        self.missing = planes - channels

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.missing // 2, self.missing // 2))


class ThinBlock(nn.Module):
    def __init__(self, channels: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(channels, planes, stride)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Identity() if stride == 1 else PlainShortcut(channels, planes)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out = out + self.shortcut(x)
        return F.relu(out)


class ThinResNet(nn.Module):
    """For pictures of 32×32: three stages of 16, 32 and 64 channels."""

    def __init__(self, blocks: int = 3, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = conv3x3(3, 16)
        self.bn1 = nn.BatchNorm2d(16)
        stages = []
        channels = 16
        for planes, stride in ((16, 1), (32, 2), (64, 2)):
            stage = nn.Sequential()
            for number in range(blocks):
                stage.append(ThinBlock(channels, planes, stride if number == 0 else 1))
                channels = planes
            stages.append(stage)
        self.stages = nn.ModuleList(stages)
        self.linear = nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = stage(x)
        x = F.avg_pool2d(x, x.shape[3])
        return self.linear(x.reshape(x.shape[0], -1))


HE = "He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015"
IMAGENET = (Example((3, 224, 224)),)
SMALL_IMAGE = (Example((3, 48, 48)),)

REFERENCES = (
    Reference(
        name="resnet18",
        title="ResNet-18",
        family=FAMILY,
        make=lambda: ResNet(BasicBlock, (2, 2, 2, 2)),
        small=lambda: ResNet(BasicBlock, (2, 2, 2, 2), classes=10, planes=8),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=11_689_512,
        published=11_689_512,
        source=HE,
        sentence="Eight blocks of two convolutions, each added to its own input, so that depth no longer hurts.",
    ),
    Reference(
        name="resnet34",
        title="ResNet-34",
        family=FAMILY,
        make=lambda: ResNet(BasicBlock, (3, 4, 6, 3)),
        small=lambda: ResNet(BasicBlock, (3, 4, 6, 3), classes=10, planes=8),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=21_797_672,
        published=21_797_672,
        source=HE,
        sentence="Sixteen residual blocks: the deepest of the two-convolution kind.",
    ),
    Reference(
        name="resnet50",
        title="ResNet-50",
        family=FAMILY,
        make=lambda: ResNet(Bottleneck, (3, 4, 6, 3)),
        small=lambda: ResNet(Bottleneck, (3, 4, 6, 3), classes=10, planes=8),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=25_557_032,
        published=25_557_032,
        source=HE,
        sentence="Sixteen bottlenecks, which narrow, convolve and widen again, so that more depth costs little.",
    ),
    Reference(
        name="resnext50",
        title="ResNeXt-50 32×4d",
        family=FAMILY,
        make=lambda: ResNet(Bottleneck, (3, 4, 6, 3), groups=32, width_per_group=4),
        small=lambda: ResNet(Bottleneck, (2, 2, 2, 2), classes=10, planes=16, groups=4, width_per_group=16),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=25_028_904,
        published=25_028_904,
        source="Xie, Girshick, Dollár, Tu, He: Aggregated residual transformations for deep neural networks, 2016",
        sentence="ResNet-50 whose 3×3 convolutions work in 32 groups side by side.",
    ),
    Reference(
        name="wide_resnet50_2",
        title="Wide ResNet-50-2",
        family=FAMILY,
        make=lambda: ResNet(Bottleneck, (3, 4, 6, 3), width_per_group=128),
        small=lambda: ResNet(Bottleneck, (1, 2, 2, 1), classes=10, planes=8, width_per_group=128),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=68_883_240,
        published=68_883_240,
        source="Zagoruyko, Komodakis: Wide residual networks, 2016",
        sentence="ResNet-50 with bottlenecks twice as wide: width instead of more depth.",
    ),
    Reference(
        name="resnet20_cifar",
        title="ResNet-20 for small pictures",
        family=FAMILY,
        make=ThinResNet,
        inputs=(Example((3, 32, 32)),),
        parameters=269_722,
        source=HE,
        sentence="The thin residual network for 32×32 pictures, whose shortcuts slice and pad and have no parameters.",
    ),
)
