"""An answer for every pixel: U-Nets and SegNet."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Segmentation"


class DoubleConv(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(channels, width))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(channels, channels // 2, kernel_size=2, stride=2)
        self.conv = DoubleConv(channels, width)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        x1 = self.up(x1)
        # Where the height was odd, the way down has lost a row.
        missing_y = x2.size()[2] - x1.size()[2]
        missing_x = x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [missing_x // 2, missing_x - missing_x // 2, missing_y // 2, missing_y - missing_y // 2])
        return self.conv(torch.cat([x2, x1], dim=1))


class UNet(nn.Module):
    def __init__(self, channels: int = 3, classes: int = 2, width: int = 64) -> None:
        super().__init__()
        self.inc = DoubleConv(channels, width)
        self.down1 = Down(width, 2 * width)
        self.down2 = Down(2 * width, 4 * width)
        self.down3 = Down(4 * width, 8 * width)
        self.down4 = Down(8 * width, 16 * width)
        self.up1 = Up(16 * width, 8 * width)
        self.up2 = Up(8 * width, 4 * width)
        self.up3 = Up(4 * width, 2 * width)
        self.up4 = Up(2 * width, width)
        self.outc = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        x5 = self.down4(x4)
        x = self.up1(x5, x4)
        x = self.up2(x, x3)
        x = self.up3(x, x2)
        x = self.up4(x, x1)
        return self.outc(x)


class OriginalUNet(nn.Module):
    """No padding: what comes from the left is cropped to what is left on the right."""

    def __init__(self, channels: int = 1, classes: int = 2, width: int = 64, depth: int = 4) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        self.encoders = nn.ModuleList()
        for wide in widths:
            self.encoders.append(self.pair(channels, wide))
            channels = wide
        self.upconvs = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for wide in reversed(widths[:-1]):
            self.upconvs.append(nn.ConvTranspose2d(2 * wide, wide, 2, stride=2))
            self.decoders.append(self.pair(2 * wide, wide))
        self.head = nn.Conv2d(width, classes, 1)
        he_initialised(self)

    @staticmethod
    def pair(channels: int, width: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(channels, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for encoder in self.encoders[:-1]:
            x = encoder(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.encoders[-1](x)
        for upconv, decoder, skip in zip(self.upconvs, self.decoders, reversed(skips), strict=True):
            x = upconv(x)
            height, width = x.shape[-2:]
            top, left = (skip.shape[-2] - height) // 2, (skip.shape[-1] - width) // 2
            skip = skip[:, :, top : top + height, left : left + width]
            x = decoder(torch.cat((skip, x), dim=1))
        return self.head(x)


class SegNet(nn.Module):
    """The way up puts every value back where the pooling on the way down had found the largest."""

    def __init__(
        self, channels: int = 3, classes: int = 12, widths: tuple[int, ...] = (64, 128, 256, 512, 512)
    ) -> None:
        super().__init__()
        depths = (2, 2, 3, 3, 3)[: len(widths)]
        self.pool = nn.MaxPool2d(2, stride=2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2, stride=2)
        before = (channels, *widths[:-1])
        self.encoders = nn.ModuleList(
            self.stage([first] + [width] * depth) for first, width, depth in zip(before, widths, depths, strict=True)
        )
        self.decoders = nn.ModuleList(
            self.stage([width] * depth + [before[level]] if level > 0 else [width] * depth)
            for level, (width, depth) in reversed(list(enumerate(zip(widths, depths, strict=True))))
        )
        self.classifier = nn.Conv2d(widths[0], classes, 3, padding=1)

    @staticmethod
    def stage(widths: list[int]) -> nn.Sequential:
        layers: list[nn.Module] = []
        for channels, width in pairwise(widths):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        places = []
        for encoder in self.encoders:
            x = encoder(x)
            x, indices = self.pool(x)
            places.append(indices)
        for decoder in self.decoders:
            x = self.unpool(x, places.pop())
            x = decoder(x)
        return self.classifier(x)


RONNEBERGER = "Ronneberger, Fischer, Brox: U-Net: Convolutional networks for biomedical image segmentation, 2015"

REFERENCES = (
    Reference(
        name="unet",
        title="U-Net",
        family=FAMILY,
        make=UNet,
        small=lambda: UNet(channels=1, classes=2, width=4),
        inputs=(Example((3, 572, 572)),),
        small_inputs=(Example((1, 34, 32)),),
        parameters=31_037_698,
        published=31_037_698,
        source=RONNEBERGER + ", with padding and batch normalisation",
        sentence="Goes down to see the whole and up again to see each pixel, with bridges from one side to the other.",
    ),
    Reference(
        name="unet_original",
        title="U-Net without padding",
        family=FAMILY,
        make=OriginalUNet,
        small=lambda: OriginalUNet(width=4, depth=2),
        inputs=(Example((1, 572, 572)),),
        small_inputs=(Example((1, 52, 52)),),
        parameters=31_030_658,
        source=RONNEBERGER,
        sentence="The first U-Net, whose answer is smaller than its picture because nothing is made up at the edge.",
    ),
    Reference(
        name="segnet",
        title="SegNet",
        family=FAMILY,
        make=SegNet,
        small=lambda: SegNet(classes=4, widths=(4, 6, 8)),
        inputs=(Example((3, 224, 224)),),
        small_inputs=(Example((3, 32, 32)),),
        parameters=29_449_932,
        source="Badrinarayanan, Kendall, Cipolla: SegNet: A deep convolutional encoder-decoder architecture, 2015",
        sentence="Remembers where each pooling found its value, and puts it back there on the way up.",
    ),
)
