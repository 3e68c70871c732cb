"""Inception-v3: large kernels taken apart into rows and columns."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.inception import BasicConv2d
from reference.initial import he_initialised


class InceptionA(nn.Module):
    def __init__(self, channels: int, pool_features: int, thinner: int) -> None:
        super().__init__()
        c48, c64, c96 = 48 // thinner, 64 // thinner, 96 // thinner
        self.branch1x1 = BasicConv2d(channels, c64, kernel_size=1)
        self.branch5x5_1 = BasicConv2d(channels, c48, kernel_size=1)
        self.branch5x5_2 = BasicConv2d(c48, c64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = BasicConv2d(channels, c64, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv2d(c64, c96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(c96, c96, kernel_size=3, padding=1)
        self.branch_pool = BasicConv2d(channels, pool_features, kernel_size=1)
        self.width = c64 + c64 + c96 + pool_features

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch5x5 = self.branch5x5_2(self.branch5x5_1(x))
        branch3x3dbl = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        branch_pool = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        branch_pool = self.branch_pool(branch_pool)
        return torch.cat([branch1x1, branch5x5, branch3x3dbl, branch_pool], 1)


class InceptionB(nn.Module):
    def __init__(self, channels: int, thinner: int) -> None:
        super().__init__()
        c64, c96, c384 = 64 // thinner, 96 // thinner, 384 // thinner
        self.branch3x3 = BasicConv2d(channels, c384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = BasicConv2d(channels, c64, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv2d(c64, c96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = BasicConv2d(c96, c96, kernel_size=3, stride=2)
        self.width = c384 + c96 + channels

    def forward(self, x: Tensor) -> Tensor:
        branch3x3 = self.branch3x3(x)
        branch3x3dbl = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        branch_pool = F.max_pool2d(x, kernel_size=3, stride=2)
        return torch.cat([branch3x3, branch3x3dbl, branch_pool], 1)


class InceptionC(nn.Module):
    def __init__(self, channels: int, inner: int, thinner: int) -> None:
        super().__init__()
        c192 = 192 // thinner
        row = {"kernel_size": (1, 7), "padding": (0, 3)}
        column = {"kernel_size": (7, 1), "padding": (3, 0)}
        self.branch1x1 = BasicConv2d(channels, c192, kernel_size=1)
        self.branch7x7_1 = BasicConv2d(channels, inner, kernel_size=1)
        self.branch7x7_2 = BasicConv2d(inner, inner, **row)
        self.branch7x7_3 = BasicConv2d(inner, c192, **column)
        self.branch7x7dbl_1 = BasicConv2d(channels, inner, kernel_size=1)
        self.branch7x7dbl_2 = BasicConv2d(inner, inner, **column)
        self.branch7x7dbl_3 = BasicConv2d(inner, inner, **row)
        self.branch7x7dbl_4 = BasicConv2d(inner, inner, **column)
        self.branch7x7dbl_5 = BasicConv2d(inner, c192, **row)
        self.branch_pool = BasicConv2d(channels, c192, kernel_size=1)
        self.width = 4 * c192

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch7x7 = self.branch7x7_1(x)
        branch7x7 = self.branch7x7_2(branch7x7)
        branch7x7 = self.branch7x7_3(branch7x7)
        branch7x7dbl = self.branch7x7dbl_1(x)
        branch7x7dbl = self.branch7x7dbl_2(branch7x7dbl)
        branch7x7dbl = self.branch7x7dbl_3(branch7x7dbl)
        branch7x7dbl = self.branch7x7dbl_4(branch7x7dbl)
        branch7x7dbl = self.branch7x7dbl_5(branch7x7dbl)
        branch_pool = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        branch_pool = self.branch_pool(branch_pool)
        return torch.cat([branch1x1, branch7x7, branch7x7dbl, branch_pool], 1)


class InceptionD(nn.Module):
    def __init__(self, channels: int, thinner: int) -> None:
        super().__init__()
        c192, c320 = 192 // thinner, 320 // thinner
        self.branch3x3_1 = BasicConv2d(channels, c192, kernel_size=1)
        self.branch3x3_2 = BasicConv2d(c192, c320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = BasicConv2d(channels, c192, kernel_size=1)
        self.branch7x7x3_2 = BasicConv2d(c192, c192, kernel_size=(1, 7), padding=(0, 3))
        self.branch7x7x3_3 = BasicConv2d(c192, c192, kernel_size=(7, 1), padding=(3, 0))
        self.branch7x7x3_4 = BasicConv2d(c192, c192, kernel_size=3, stride=2)
        self.width = c320 + c192 + channels

    def forward(self, x: Tensor) -> Tensor:
        branch3x3 = self.branch3x3_2(self.branch3x3_1(x))
        branch7x7x3 = self.branch7x7x3_1(x)
        branch7x7x3 = self.branch7x7x3_2(branch7x7x3)
        branch7x7x3 = self.branch7x7x3_3(branch7x7x3)
        branch7x7x3 = self.branch7x7x3_4(branch7x7x3)
        branch_pool = F.max_pool2d(x, kernel_size=3, stride=2)
        return torch.cat([branch3x3, branch7x7x3, branch_pool], 1)


class InceptionE(nn.Module):
    def __init__(self, channels: int, thinner: int) -> None:
        super().__init__()
        c192, c320, c384, c448 = 192 // thinner, 320 // thinner, 384 // thinner, 448 // thinner
        row = {"kernel_size": (1, 3), "padding": (0, 1)}
        column = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.branch1x1 = BasicConv2d(channels, c320, kernel_size=1)
        self.branch3x3_1 = BasicConv2d(channels, c384, kernel_size=1)
        self.branch3x3_2a = BasicConv2d(c384, c384, **row)
        self.branch3x3_2b = BasicConv2d(c384, c384, **column)
        self.branch3x3dbl_1 = BasicConv2d(channels, c448, kernel_size=1)
        self.branch3x3dbl_2 = BasicConv2d(c448, c384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = BasicConv2d(c384, c384, **row)
        self.branch3x3dbl_3b = BasicConv2d(c384, c384, **column)
        self.branch_pool = BasicConv2d(channels, c192, kernel_size=1)
        self.width = c320 + 4 * c384 + c192

    def forward(self, x: Tensor) -> Tensor:
        branch1x1 = self.branch1x1(x)
        branch3x3 = self.branch3x3_1(x)
        branch3x3 = torch.cat([self.branch3x3_2a(branch3x3), self.branch3x3_2b(branch3x3)], 1)
        branch3x3dbl = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        branch3x3dbl = torch.cat([self.branch3x3dbl_3a(branch3x3dbl), self.branch3x3dbl_3b(branch3x3dbl)], 1)
        branch_pool = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        branch_pool = self.branch_pool(branch_pool)
        return torch.cat([branch1x1, branch3x3, branch3x3dbl, branch_pool], 1)


class InceptionAux(nn.Module):
    def __init__(self, channels: int, classes: int, thinner: int) -> None:
        super().__init__()
        self.conv0 = BasicConv2d(channels, 128 // thinner, kernel_size=1)
        self.conv1 = BasicConv2d(128 // thinner, 768 // thinner, kernel_size=5)
        self.fc = nn.Linear(768 // thinner, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, kernel_size=5, stride=3)
        x = self.conv1(self.conv0(x))
        x = F.adaptive_avg_pool2d(x, (1, 1))
        x = torch.flatten(x, 1)
        return self.fc(x)


class InceptionV3(nn.Module):
    """Gives the answer and that of the auxiliary head, in training and afterwards."""

    def __init__(self, classes: int = 1000, thinner: int = 1) -> None:
        super().__init__()
        c32, c64, c80, c192 = 32 // thinner, 64 // thinner, 80 // thinner, 192 // thinner
        self.Conv2d_1a_3x3 = BasicConv2d(3, c32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv2d(c32, c32, kernel_size=3)
        self.Conv2d_2b_3x3 = BasicConv2d(c32, c64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = BasicConv2d(c64, c80, kernel_size=1)
        self.Conv2d_4a_3x3 = BasicConv2d(c80, c192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = InceptionA(c192, c32, thinner)
        self.Mixed_5c = InceptionA(self.Mixed_5b.width, c64, thinner)
        self.Mixed_5d = InceptionA(self.Mixed_5c.width, c64, thinner)
        self.Mixed_6a = InceptionB(self.Mixed_5d.width, thinner)
        self.Mixed_6b = InceptionC(self.Mixed_6a.width, 128 // thinner, thinner)
        self.Mixed_6c = InceptionC(self.Mixed_6b.width, 160 // thinner, thinner)
        self.Mixed_6d = InceptionC(self.Mixed_6c.width, 160 // thinner, thinner)
        self.Mixed_6e = InceptionC(self.Mixed_6d.width, 192 // thinner, thinner)
        self.AuxLogits = InceptionAux(self.Mixed_6e.width, classes, thinner)
        self.Mixed_7a = InceptionD(self.Mixed_6e.width, thinner)
        self.Mixed_7b = InceptionE(self.Mixed_7a.width, thinner)
        self.Mixed_7c = InceptionE(self.Mixed_7b.width, thinner)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=0.5)
        self.fc = nn.Linear(self.Mixed_7c.width, classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.Conv2d_1a_3x3(x)
        x = self.Conv2d_2a_3x3(x)
        x = self.Conv2d_2b_3x3(x)
        x = self.maxpool1(x)
        x = self.Conv2d_3b_1x1(x)
        x = self.Conv2d_4a_3x3(x)
        x = self.maxpool2(x)
        x = self.Mixed_5b(x)
        x = self.Mixed_5c(x)
        x = self.Mixed_5d(x)
        x = self.Mixed_6a(x)
        x = self.Mixed_6b(x)
        x = self.Mixed_6c(x)
        x = self.Mixed_6d(x)
        x = self.Mixed_6e(x)
        aux = self.AuxLogits(x)
        x = self.Mixed_7a(x)
        x = self.Mixed_7b(x)
        x = self.Mixed_7c(x)
        x = self.avgpool(x)
        x = self.dropout(x)
        x = torch.flatten(x, 1)
        return self.fc(x), aux


REFERENCES = (
    Reference(
        name="inception_v3",
        title="Inception-v3",
        family="Image classification",
        make=InceptionV3,
        small=lambda: InceptionV3(classes=10, thinner=16),
        inputs=(Example((3, 299, 299)),),
        parameters=27_161_264,
        published=27_161_264,
        source="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception architecture, 2015",
        sentence="Large kernels are taken apart into a row and a column, which see as far and cost less.",
    ),
)
