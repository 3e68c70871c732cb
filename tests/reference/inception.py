"""GoogLeNet: several convolutions side by side, and answers from halfway."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Image classification"


class BasicConv2d(nn.Module):
    def __init__(self, channels: int, width: int, **options: int | tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, bias=False, **options)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = self.bn(x)
        return F.relu(x, inplace=True)


class Inception(nn.Module):
    """`widths`: of the 1×1, of the 3×3 before and after, of the 5×5 before and after, and behind the pooling."""

    def __init__(self, channels: int, widths: tuple[int, int, int, int, int, int]) -> None:
        super().__init__()
        one, three_before, three, five_before, five, pool = widths
        self.branch1 = BasicConv2d(channels, one, kernel_size=1)
        self.branch2 = nn.Sequential(
            BasicConv2d(channels, three_before, kernel_size=1),
            BasicConv2d(three_before, three, kernel_size=3, padding=1),
        )
        # A kernel of 3 where the paper has 5: so it is in the weights that people use.
        self.branch3 = nn.Sequential(
            BasicConv2d(channels, five_before, kernel_size=1),
            BasicConv2d(five_before, five, kernel_size=3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            BasicConv2d(channels, pool, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)]
        return torch.cat(branches, 1)


class InceptionAux(nn.Module):
    def __init__(self, channels: int, classes: int, width: int, hidden: int) -> None:
        super().__init__()
        self.conv = BasicConv2d(channels, width, kernel_size=1)
        self.fc1 = nn.Linear(width * 4 * 4, hidden)
        self.fc2 = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(p=0.7)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(x, (4, 4))
        x = self.conv(x)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x), inplace=True)
        x = self.dropout(x)
        return self.fc2(x)


class GoogLeNet(nn.Module):
    """Gives the answer and those of its two auxiliary heads, in training and afterwards."""

    def __init__(self, classes: int = 1000, thinner: int = 1) -> None:
        super().__init__()

        def thin(*widths: int) -> tuple[int, ...]:
            return tuple(width // thinner for width in widths)

        first, second, third = thin(64, 64, 192)
        self.conv1 = BasicConv2d(3, first, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = BasicConv2d(first, second, kernel_size=1)
        self.conv3 = BasicConv2d(second, third, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(*thin(192), thin(64, 96, 128, 16, 32, 32))
        self.inception3b = Inception(*thin(256), thin(128, 128, 192, 32, 96, 64))
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = Inception(*thin(480), thin(192, 96, 208, 16, 48, 64))
        self.inception4b = Inception(*thin(512), thin(160, 112, 224, 24, 64, 64))
        self.inception4c = Inception(*thin(512), thin(128, 128, 256, 24, 64, 64))
        self.inception4d = Inception(*thin(512), thin(112, 144, 288, 32, 64, 64))
        self.inception4e = Inception(*thin(528), thin(256, 160, 320, 32, 128, 128))
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.inception5a = Inception(*thin(832), thin(256, 160, 320, 32, 128, 128))
        self.inception5b = Inception(*thin(832), thin(384, 192, 384, 48, 128, 128))
        self.aux1 = InceptionAux(*thin(512), classes, *thin(128, 1024))
        self.aux2 = InceptionAux(*thin(528), classes, *thin(128, 1024))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(*thin(1024), classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.conv1(x)
        x = self.maxpool1(x)
        x = self.conv2(x)
        x = self.conv3(x)
        x = self.maxpool2(x)
        x = self.inception3a(x)
        x = self.inception3b(x)
        x = self.maxpool3(x)
        x = self.inception4a(x)
        aux1 = self.aux1(x)
        x = self.inception4b(x)
        x = self.inception4c(x)
        x = self.inception4d(x)
        aux2 = self.aux2(x)
        x = self.inception4e(x)
        x = self.maxpool4(x)
        x = self.inception5a(x)
        x = self.inception5b(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.dropout(x)
        return self.fc(x), aux2, aux1


REFERENCES = (
    Reference(
        name="googlenet",
        title="GoogLeNet",
        family=FAMILY,
        make=GoogLeNet,
        small=lambda: GoogLeNet(classes=10, thinner=8),
        inputs=(Example((3, 224, 224)),),
        small_inputs=(Example((3, 64, 64)),),
        parameters=13_004_888,
        published=13_004_888,
        source="Szegedy et al.: Going deeper with convolutions, 2014",
        sentence="Kernels of several sizes side by side, joined by channel, and two heads that learn from halfway.",
    ),
)
