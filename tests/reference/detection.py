"""Where things are in a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.resnet import Bottleneck, ResNet

FAMILY = "Detection"


class TinyYOLO(nn.Module):
    """For each of its places several boxes: centre, size, whether anything is there, and what."""

    def __init__(self, classes: int = 20, boxes: int = 5, width: int = 16) -> None:
        super().__init__()
        self.boxes = boxes
        anchors = torch.tensor([[1.08, 1.19], [3.42, 4.41], [6.63, 11.38], [9.42, 5.11], [16.62, 10.52]])[:boxes]
        self.register_buffer("anchors", anchors.view(1, boxes, 2, 1, 1))
        channels = 3
        layers: list[nn.Module] = []
        for level in range(5):
            layers += [*self.convolution(channels, width * 2**level), nn.MaxPool2d(2, 2)]
            channels = width * 2**level
        self.features = nn.Sequential(*layers)
        self.conv6 = nn.Sequential(*self.convolution(channels, 2 * channels))
        self.conv7 = nn.Sequential(*self.convolution(2 * channels, 4 * channels))
        self.conv8 = nn.Sequential(*self.convolution(4 * channels, 4 * channels))
        self.head = nn.Conv2d(4 * channels, boxes * (5 + classes), 1)

    @staticmethod
    def convolution(channels: int, width: int) -> tuple[nn.Module, ...]:
        return (
            nn.Conv2d(channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.1, inplace=True),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.conv6(self.features(x))
        x = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 2, stride=1)
        x = self.head(self.conv8(self.conv7(x)))
        n, _, h, w = x.shape
        x = x.view(n, self.boxes, -1, h, w)
        centre = torch.sigmoid(x[:, :, 0:2])
        size = torch.exp(x[:, :, 2:4]) * self.anchors
        objectness = torch.sigmoid(x[:, :, 4])
        return centre, size, objectness, x[:, :, 5:].softmax(dim=2)


class PyramidBackbone(ResNet):
    """A ResNet-50 without its head; gives the features of its last three stages."""

    def __init__(self, planes: int, layers: tuple[int, int, int, int]) -> None:
        super().__init__(Bottleneck, layers, planes=planes)
        del self.fc, self.avgpool

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        features = []
        for layer in (self.layer2, self.layer3, self.layer4):
            x = layer(x)
            features.append(x)
        return features


class FeaturePyramid(nn.Module):
    def __init__(self, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(wide, width, 1) for wide in channels)
        self.output = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in channels)
        self.p6 = nn.Conv2d(channels[-1], width, 3, stride=2, padding=1)
        self.p7 = nn.Conv2d(width, width, 3, stride=2, padding=1)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        merged = self.lateral[-1](features[-1])
        levels = [self.output[-1](merged)]
        for number in range(len(features) - 2, -1, -1):
            lateral = self.lateral[number](features[number])
            merged = lateral + F.interpolate(merged, size=lateral.shape[-2:], mode="nearest")
            levels.insert(0, self.output[number](merged))
        p6 = self.p6(features[-1])
        return [*levels, p6, self.p7(F.relu(p6))]


class RetinaHead(nn.Module):
    def __init__(self, width: int, anchors: int, numbers: int, depth: int) -> None:
        super().__init__()
        self.numbers = numbers
        tower: list[nn.Module] = []
        for _ in range(depth):
            tower += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU()]
        self.conv = nn.Sequential(*tower)
        self.out = nn.Conv2d(width, anchors * numbers, 3, padding=1)

    def forward(self, levels: list[Tensor]) -> Tensor:
        results = []
        for level in levels:
            x = self.out(self.conv(level))
            n, _, h, w = x.shape
            x = x.view(n, -1, self.numbers, h, w).permute(0, 3, 4, 1, 2)
            results.append(x.reshape(n, -1, self.numbers))
        return torch.cat(results, dim=1)


class RetinaNet(nn.Module):
    """The same two heads look at every level of the pyramid."""

    def __init__(
        self,
        classes: int = 91,
        planes: int = 64,
        layers: tuple[int, int, int, int] = (3, 4, 6, 3),
        width: int = 256,
        anchors: int = 9,
        depth: int = 4,
    ) -> None:
        super().__init__()
        self.backbone = PyramidBackbone(planes, layers)
        self.fpn = FeaturePyramid((8 * planes, 16 * planes, 32 * planes), width)
        self.classification_head = RetinaHead(width, anchors, classes, depth)
        self.regression_head = RetinaHead(width, anchors, 4, depth)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        levels = self.fpn(self.backbone(x))
        return self.classification_head(levels), self.regression_head(levels)


REFERENCES = (
    Reference(
        name="tiny_yolo_v2",
        title="Tiny YOLO v2",
        family=FAMILY,
        make=TinyYOLO,
        small=lambda: TinyYOLO(classes=3, boxes=2, width=2),
        inputs=(Example((3, 416, 416)),),
        small_inputs=(Example((3, 64, 64)),),
        parameters=15_861_773,
        source="Redmon, Farhadi: YOLO9000: Better, faster, stronger, 2016",
        sentence="One look at the picture gives boxes, how sure it is of each, and what is in them.",
    ),
    Reference(
        name="retinanet_resnet50",
        title="RetinaNet with ResNet-50",
        family=FAMILY,
        make=RetinaNet,
        small=lambda: RetinaNet(classes=4, planes=4, layers=(1, 1, 1, 1), width=8, anchors=2, depth=1),
        inputs=(Example((3, 512, 512)),),
        small_inputs=(Example((3, 64, 64)),),
        parameters=38_196_887,
        source="Lin, Goyal, Girshick, He, Dollár: Focal loss for dense object detection, 2017",
        sentence="A pyramid of features, coarse and fine, and two heads that are shared by all its levels.",
    ),
)
