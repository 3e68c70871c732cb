"""Segmentation with a residual network that keeps its resolution: FCN and DeepLab."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.resnet import Bottleneck, ResNet

FAMILY = "Segmentation"


def dilate(layer: nn.Module, dilation: int) -> None:
    """No stride, and kernels whose points lie further apart instead."""
    for conv in layer.modules():
        if isinstance(conv, nn.Conv2d):
            conv.stride = (1, 1)
            if conv.kernel_size == (3, 3):
                conv.dilation = conv.padding = (dilation, dilation)


class DilatedResNet(ResNet):
    """A ResNet-50 without its head; gives the features of the third and of the last stage."""

    def __init__(self, planes: int, layers: tuple[int, int, int, int]) -> None:
        super().__init__(Bottleneck, layers, planes=planes)
        del self.fc, self.avgpool
        dilate(self.layer3, 2)
        dilate(self.layer4, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        halfway = self.layer3(x)
        return halfway, self.layer4(halfway)


class FCNHead(nn.Sequential):
    def __init__(self, channels: int, classes: int) -> None:
        inner = channels // 4
        super().__init__(
            nn.Conv2d(channels, inner, 3, padding=1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Conv2d(inner, classes, 1),
        )


class ASPPConv(nn.Sequential):
    def __init__(self, channels: int, width: int, dilation: int) -> None:
        super().__init__(
            nn.Conv2d(channels, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )


class ASPPPooling(nn.Sequential):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[-2:]
        for module in self:
            x = module(x)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class ASPP(nn.Module):
    def __init__(self, channels: int, rates: tuple[int, ...], width: int) -> None:
        super().__init__()
        branches: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        ]
        branches += [ASPPConv(channels, width, rate) for rate in rates]
        branches.append(ASPPPooling(channels, width))
        self.convs = nn.ModuleList(branches)
        self.project = nn.Sequential(
            nn.Conv2d(len(branches) * width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.Dropout(0.5)
        )

    def forward(self, x: Tensor) -> Tensor:
        results = []
        for conv in self.convs:
            results.append(conv(x))
        return self.project(torch.cat(results, dim=1))


class DeepLabHead(nn.Sequential):
    def __init__(self, channels: int, classes: int, width: int, rates: tuple[int, ...]) -> None:
        super().__init__(
            ASPP(channels, rates, width),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, classes, 1),
        )


class SegmentationModel(nn.Module):
    """Gives the classes of all pixels, and those that an auxiliary head sees from halfway."""

    def __init__(self, backbone: nn.Module, classifier: nn.Module, aux_classifier: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        input_shape = x.shape[-2:]
        halfway, features = self.backbone(x)
        out = F.interpolate(self.classifier(features), size=input_shape, mode="bilinear", align_corners=False)
        aux = F.interpolate(self.aux_classifier(halfway), size=input_shape, mode="bilinear", align_corners=False)
        return {"out": out, "aux": aux}


def fcn(classes: int = 21, planes: int = 64, layers: tuple[int, int, int, int] = (3, 4, 6, 3)) -> SegmentationModel:
    wide = 8 * planes * Bottleneck.expansion
    return SegmentationModel(DilatedResNet(planes, layers), FCNHead(wide, classes), FCNHead(wide // 2, classes))


def deeplab(
    classes: int = 21,
    planes: int = 64,
    layers: tuple[int, int, int, int] = (3, 4, 6, 3),
    rates: tuple[int, ...] = (12, 24, 36),
) -> SegmentationModel:
    wide = 8 * planes * Bottleneck.expansion
    head = DeepLabHead(wide, classes, 4 * planes, rates)
    return SegmentationModel(DilatedResNet(planes, layers), head, FCNHead(wide // 2, classes))


REFERENCES = (
    Reference(
        name="fcn_resnet50",
        title="FCN with ResNet-50",
        family=FAMILY,
        make=fcn,
        small=lambda: fcn(classes=4, planes=4, layers=(1, 1, 2, 1)),
        inputs=(Example((3, 520, 520)),),
        small_inputs=(Example((3, 32, 40)),),
        parameters=35_322_218,
        published=35_322_218,
        source="Long, Shelhamer, Darrell: Fully convolutional networks for semantic segmentation, 2014",
        sentence="A network for pictures whose dense layer has become a convolution: it names the class of each pixel.",
    ),
    Reference(
        name="deeplabv3_resnet50",
        title="DeepLabV3 with ResNet-50",
        family=FAMILY,
        make=deeplab,
        small=lambda: deeplab(classes=4, planes=4, layers=(1, 1, 2, 1), rates=(2, 3, 4)),
        inputs=(Example((3, 520, 520)),),
        small_inputs=(Example((3, 32, 40)),),
        parameters=42_004_074,
        published=42_004_074,
        source="Chen, Papandreou, Schroff, Adam: Rethinking atrous convolution for semantic image segmentation, 2017",
        sentence="Looks at each pixel's neighbourhood at several widths at once, by kernels with ever larger gaps.",
    ),
)
