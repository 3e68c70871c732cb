"""The first convolutional networks: one chain of layers each."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Image classification"


class LeNet5(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


class AlexNet(nn.Module):
    def __init__(self, classes: int = 1000, hidden: int = 4096, dropout: float = 0.5, thinner: int = 1) -> None:
        super().__init__()
        c64, c192, c384, c256 = 64 // thinner, 192 // thinner, 384 // thinner, 256 // thinner
        self.features = nn.Sequential(
            nn.Conv2d(3, c64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(c64, c192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(c192, c384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(c384, c256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(c256, c256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(c256 * 6 * 6, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, classes),
        )
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        return self.classifier(x)


class ZFNet(nn.Module):
    def __init__(self, classes: int = 1000, hidden: int = 4096, thinner: int = 1) -> None:
        super().__init__()
        c96, c256, c384 = 96 // thinner, 256 // thinner, 384 // thinner
        self.conv1 = nn.Conv2d(3, c96, 7, stride=2, padding=1)
        self.norm1 = nn.LocalResponseNorm(5)
        self.conv2 = nn.Conv2d(c96, c256, 5, stride=2)
        self.norm2 = nn.LocalResponseNorm(5)
        self.conv3 = nn.Conv2d(c256, c384, 3, padding=1)
        self.conv4 = nn.Conv2d(c384, c384, 3, padding=1)
        self.conv5 = nn.Conv2d(c384, c256, 3, padding=1)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.resize = nn.AdaptiveMaxPool2d(6)
        self.fc6 = nn.Linear(c256 * 6 * 6, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.fc8 = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(0.5)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.pool(F.relu(self.conv1(x))))
        x = self.norm2(self.pool(F.relu(self.conv2(x))))
        x = F.relu(self.conv3(x))
        x = F.relu(self.conv4(x))
        x = F.relu(self.conv5(x))
        x = self.resize(x).flatten(1)
        x = self.dropout(F.relu(self.fc6(x)))
        x = self.dropout(F.relu(self.fc7(x)))
        return self.fc8(x)


class VGG(nn.Module):
    """`plan` lists the widths of the convolutions; "M" is a pooling."""

    def __init__(
        self, plan: list[int | str], batch_norm: bool = False, classes: int = 1000, hidden: int = 4096
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for entry in plan:
            if entry == "M":
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
                continue
            width = int(entry)
            layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1)]
            if batch_norm:
                layers += [nn.BatchNorm2d(width)]
            layers += [nn.ReLU(inplace=True)]
            channels = width
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, hidden),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(hidden, hidden),
            nn.ReLU(True),
            nn.Dropout(),
            nn.Linear(hidden, classes),
        )
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        x = self.avgpool(x)
        x = torch.flatten(x, 1)
        x = self.classifier(x)
        return x


class NiNBlock(nn.Sequential):
    """A convolution and two layers of a small network at every place of the picture."""

    def __init__(self, channels: int, kernel: int, widths: tuple[int, int, int]) -> None:
        first, second, third = widths
        super().__init__(
            nn.Conv2d(channels, first, kernel, padding="same"),
            nn.ReLU(),
            nn.Conv2d(first, second, 1),
            nn.ReLU(),
            nn.Conv2d(second, third, 1),
            nn.ReLU(),
        )


class NiN(nn.Module):
    def __init__(self, classes: int = 10, thinner: int = 1) -> None:
        super().__init__()
        c96, c160, c192 = 96 // thinner, 160 // thinner, 192 // thinner
        self.block1 = NiNBlock(3, 5, (c192, c160, c96))
        self.block2 = NiNBlock(c96, 5, (c192, c192, c192))
        self.block3 = NiNBlock(c192, 3, (c192, c192, classes))
        self.dropout = nn.Dropout2d(0.5)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.dropout(F.max_pool2d(self.block1(x), 3, stride=2, padding=1))
        x = self.dropout(F.avg_pool2d(self.block2(x), 3, stride=2, padding=1))
        return self.block3(x).mean(dim=(2, 3))


VGG11 = [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]
VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
THIN_VGG11 = [8, "M", 8, "M", 16, 16, "M", 16, 16, "M"]
THIN_VGG16 = [8, 8, "M", 8, 8, "M", 16, 16, 16, "M", 16, 16, 16, "M"]
IMAGENET = (Example((3, 224, 224)),)

REFERENCES = (
    Reference(
        name="lenet5",
        title="LeNet-5",
        family=FAMILY,
        make=LeNet5,
        inputs=(Example((1, 28, 28)),),
        parameters=61_706,
        source="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998",
        sentence="Reads handwritten digits; the first network that made convolutions and pooling a habit.",
    ),
    Reference(
        name="alexnet",
        title="AlexNet",
        family=FAMILY,
        make=AlexNet,
        small=lambda: AlexNet(classes=10, hidden=64, thinner=8),
        inputs=IMAGENET,
        small_inputs=(Example((3, 67, 67)),),
        parameters=61_100_840,
        published=61_100_840,
        source="Krizhevsky: One weird trick for parallelizing convolutional neural networks, 2014",
        sentence="Five convolutions, three dense layers, ReLU and dropout: with it the years of deep networks began.",
    ),
    Reference(
        name="zfnet",
        title="ZFNet",
        family=FAMILY,
        make=ZFNet,
        small=lambda: ZFNet(classes=10, hidden=64, thinner=8),
        inputs=IMAGENET,
        small_inputs=(Example((3, 64, 64)),),
        parameters=62_357_608,
        source="Zeiler, Fergus: Visualizing and understanding convolutional networks, 2013",
        sentence="AlexNet with a finer first layer, chosen by looking at what the layers respond to.",
    ),
    Reference(
        name="vgg16",
        title="VGG-16",
        family=FAMILY,
        make=lambda: VGG(VGG16),
        small=lambda: VGG(THIN_VGG16, classes=10, hidden=32),
        inputs=IMAGENET,
        small_inputs=(Example((3, 32, 32)),),
        parameters=138_357_544,
        published=138_357_544,
        source="Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition, 2014",
        sentence="Thirteen convolutions of 3×3 and nothing larger: depth from the simplest piece.",
    ),
    Reference(
        name="vgg11_bn",
        title="VGG-11 with batch normalisation",
        family=FAMILY,
        make=lambda: VGG(VGG11, batch_norm=True),
        small=lambda: VGG(THIN_VGG11, batch_norm=True, classes=10, hidden=32),
        inputs=IMAGENET,
        small_inputs=(Example((3, 32, 32)),),
        parameters=132_868_840,
        published=132_868_840,
        source="Simonyan, Zisserman 2014, with the batch normalisation of Ioffe, Szegedy 2015",
        sentence="The shallowest VGG, with a normalisation after each convolution so that it trains from scratch.",
    ),
    Reference(
        name="nin",
        title="Network in network",
        family=FAMILY,
        make=NiN,
        small=lambda: NiN(thinner=8),
        inputs=(Example((3, 32, 32)),),
        parameters=966_986,
        published=966_986,
        source="Lin, Chen, Yan: Network in network, 2013",
        sentence="Convolutions of 1×1 between the others, and the average over the picture instead of dense layers.",
    ),
)
