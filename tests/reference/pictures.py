"""A picture in, a picture out: larger, or in another style."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Generation"


class SRCNN(nn.Module):
    def __init__(self, widths: tuple[int, int] = (64, 32)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, widths[0], kernel_size=9, padding=4)
        self.conv2 = nn.Conv2d(widths[0], widths[1], kernel_size=1)
        self.conv3 = nn.Conv2d(widths[1], 1, kernel_size=5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
        x = F.relu(self.conv1(x))
        x = F.relu(self.conv2(x))
        return self.conv3(x)


class EDSRBlock(nn.Module):
    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(True), nn.Conv2d(width, width, 3, padding=1)
        )
        self.res_scale = scale

    def forward(self, x: Tensor) -> Tensor:
        res = self.body(x).mul(self.res_scale)
        res += x
        return res


class EDSR(nn.Module):
    """The average colour is taken off before and put back after."""

    def __init__(self, width: int = 64, blocks: int = 16, scale: int = 2, res_scale: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1))
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.Sequential(
            *[EDSRBlock(width, res_scale) for _ in range(blocks)], nn.Conv2d(width, width, 3, padding=1)
        )
        self.tail = nn.Sequential(
            nn.Conv2d(width, scale * scale * width, 3, padding=1),
            nn.PixelShuffle(scale),
            nn.Conv2d(width, 3, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x - self.mean
        x = self.head(x)
        x = x + self.body(x)
        return self.tail(x) + self.mean


class ConvLayer(nn.Module):
    def __init__(self, channels: int, width: int, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.reflection_pad = nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = nn.Conv2d(channels, width, kernel_size, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2d(self.reflection_pad(x))


class StyleResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = ConvLayer(channels, channels, kernel_size=3, stride=1)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = ConvLayer(channels, channels, kernel_size=3, stride=1)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        residual = x
        out = self.relu(self.in1(self.conv1(x)))
        out = self.in2(self.conv2(out))
        return out + residual


class UpsampleConvLayer(nn.Module):
    def __init__(self, channels: int, width: int, kernel_size: int, upsample: int) -> None:
        super().__init__()
        self.upsample = upsample
        self.reflection_pad = nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = nn.Conv2d(channels, width, kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, mode="nearest", scale_factor=self.upsample)
        return self.conv2d(self.reflection_pad(x))


class StyleTransfer(nn.Module):
    def __init__(self, width: int = 32, blocks: int = 5) -> None:
        super().__init__()
        self.conv1 = ConvLayer(3, width, kernel_size=9, stride=1)
        self.in1 = nn.InstanceNorm2d(width, affine=True)
        self.conv2 = ConvLayer(width, 2 * width, kernel_size=3, stride=2)
        self.in2 = nn.InstanceNorm2d(2 * width, affine=True)
        self.conv3 = ConvLayer(2 * width, 4 * width, kernel_size=3, stride=2)
        self.in3 = nn.InstanceNorm2d(4 * width, affine=True)
        self.residuals = nn.Sequential(*(StyleResidualBlock(4 * width) for _ in range(blocks)))
        self.deconv1 = UpsampleConvLayer(4 * width, 2 * width, kernel_size=3, upsample=2)
        self.in4 = nn.InstanceNorm2d(2 * width, affine=True)
        self.deconv2 = UpsampleConvLayer(2 * width, width, kernel_size=3, upsample=2)
        self.in5 = nn.InstanceNorm2d(width, affine=True)
        self.deconv3 = ConvLayer(width, 3, kernel_size=9, stride=1)
        self.relu = nn.ReLU()

    def forward(self, X: Tensor) -> Tensor:
        y = self.relu(self.in1(self.conv1(X)))
        y = self.relu(self.in2(self.conv2(y)))
        y = self.relu(self.in3(self.conv3(y)))
        y = self.residuals(y)
        y = self.relu(self.in4(self.deconv1(y)))
        y = self.relu(self.in5(self.deconv2(y)))
        return self.deconv3(y)


class CycleBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, kernel_size=3),
            nn.InstanceNorm2d(width),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, kernel_size=3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class CycleGANGenerator(nn.Module):
    def __init__(self, width: int = 64, blocks: int = 9) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(3, width, kernel_size=7),
            nn.InstanceNorm2d(width),
            nn.ReLU(True),
        ]
        for wide in (width, 2 * width):
            layers += [
                nn.Conv2d(wide, 2 * wide, kernel_size=3, stride=2, padding=1),
                nn.InstanceNorm2d(2 * wide),
                nn.ReLU(True),
            ]
        layers += [CycleBlock(4 * width) for _ in range(blocks)]
        for wide in (4 * width, 2 * width):
            layers += [
                nn.ConvTranspose2d(wide, wide // 2, kernel_size=3, stride=2, padding=1, output_padding=1),
                nn.InstanceNorm2d(wide // 2),
                nn.ReLU(True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, kernel_size=7), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        he_initialised(self)

    def forward(self, input: Tensor) -> Tensor:
        return self.model(input)


REFERENCES = (
    Reference(
        name="srcnn",
        title="SRCNN",
        family=FAMILY,
        make=SRCNN,
        small=lambda: SRCNN((8, 4)),
        inputs=(Example((1, 128, 128)),),
        small_inputs=(Example((1, 10, 10)),),
        parameters=8_129,
        published=8_129,
        source="Dong, Loy, He, Tang: Image super-resolution using deep convolutional networks, 2014",
        sentence="Enlarges a picture in the plain way and then makes it sharp with three convolutions.",
    ),
    Reference(
        name="edsr_baseline_x2",
        title="EDSR baseline ×2",
        family=FAMILY,
        make=EDSR,
        small=lambda: EDSR(width=6, blocks=2, res_scale=0.1),
        inputs=(Example((3, 96, 96)),),
        small_inputs=(Example((3, 8, 8)),),
        parameters=1_369_859,
        source="Lim, Son, Kim, Nah, Lee: Enhanced deep residual networks for single image super-resolution, 2017",
        sentence="Makes a picture twice as large: sixteen residual blocks, then channels become pixels.",
    ),
    Reference(
        name="style_transfer",
        title="Fast style transfer",
        family=FAMILY,
        make=StyleTransfer,
        small=lambda: StyleTransfer(width=4, blocks=2),
        inputs=(Example((3, 256, 256)),),
        small_inputs=(Example((3, 16, 16)),),
        parameters=1_679_235,
        published=1_679_235,
        source="Johnson, Alahi, Fei-Fei: Perceptual losses for real-time style transfer, 2016",
        sentence="Paints a photograph in the style of one painting, in a single pass.",
    ),
    Reference(
        name="cyclegan_generator",
        title="CycleGAN generator",
        family=FAMILY,
        make=CycleGANGenerator,
        small=lambda: CycleGANGenerator(width=4, blocks=2),
        inputs=(Example((3, 256, 256)),),
        small_inputs=(Example((3, 16, 16)),),
        parameters=11_378_179,
        published=11_378_179,
        source="Zhu, Park, Isola, Efros: Unpaired image-to-image translation, 2017",
        sentence="Turns horses into zebras: down, nine residual blocks with reflected edges, and up again.",
    ),
)
