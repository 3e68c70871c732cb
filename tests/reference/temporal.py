"""Sequences read by convolutions."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference, tokens
from reference.initial import he_initialised

FAMILY = "Sequences"


class TextCNN(nn.Module):
    def __init__(
        self,
        words: int = 18765,
        embedding: int = 300,
        kernels: tuple[int, ...] = (3, 4, 5),
        maps: int = 100,
        classes: int = 2,
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, embedding)
        self.convs = nn.ModuleList([nn.Conv2d(1, maps, (size, embedding)) for size in kernels])
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(len(kernels) * maps, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).unsqueeze(1)
        maps = [F.relu(conv(x)).squeeze(3) for conv in self.convs]
        pooled = [F.max_pool1d(m, m.size(2)).squeeze(2) for m in maps]
        x = torch.cat(pooled, 1)
        return self.fc(self.dropout(x))


class Chomp1d(nn.Module):
    """Takes off what the padding has added at the end: nothing looks ahead."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, : -self.size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, channels: int, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = (kernel - 1) * dilation
        self.net = nn.Sequential(
            nn.Conv1d(channels, width, kernel, padding=padding, dilation=dilation),
            Chomp1d(padding),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation),
            Chomp1d(padding),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.downsample = nn.Conv1d(channels, width, 1) if channels != width else None
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out = self.net(x)
        res = x if self.downsample is None else self.downsample(x)
        return self.relu(out + res)


class TCN(nn.Module):
    def __init__(
        self, features: int = 1, widths: tuple[int, ...] = (25,) * 8, kernel: int = 7, classes: int = 10
    ) -> None:
        super().__init__()
        layers = []
        channels = features
        for level, width in enumerate(widths):
            layers.append(TemporalBlock(channels, width, kernel, dilation=2**level, dropout=0.05))
            channels = width
        self.network = nn.Sequential(*layers)
        self.linear = nn.Linear(channels, classes)
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        y = self.network(x)
        return self.linear(y[:, :, -1])


class WaveNetLayer(nn.Module):
    def __init__(self, residual: int, skip: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.filter = nn.Conv1d(residual, residual, 2, dilation=dilation)
        self.gate = nn.Conv1d(residual, residual, 2, dilation=dilation)
        self.residual = nn.Conv1d(residual, residual, 1)
        self.skip = nn.Conv1d(residual, skip, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        padded = F.pad(x, (self.dilation, 0))
        out = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.residual(out), self.skip(out)


class WaveNet(nn.Module):
    """The residual half of the last layer leads nowhere; its weights learn nothing, as in most that are about."""

    def __init__(
        self, levels: int = 256, residual: int = 32, skip: int = 256, layers: int = 10, stacks: int = 2
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(levels, residual)
        self.layers = nn.ModuleList(
            WaveNetLayer(residual, skip, 2**number) for _ in range(stacks) for number in range(layers)
        )
        self.end1 = nn.Conv1d(skip, skip, 1)
        self.end2 = nn.Conv1d(skip, levels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embedding(x).transpose(1, 2)
        total = 0
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip
        x = self.end1(F.relu(total))
        return self.end2(F.relu(x))


class CRNN(nn.Module):
    """The columns of a written line become a sequence."""

    def __init__(self, symbols: int = 37, width: int = 64, hidden: int = 256) -> None:
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.ReLU(True),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(True),
            nn.MaxPool2d(2, 2),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
            nn.BatchNorm2d(4 * width),
            nn.ReLU(True),
            nn.MaxPool2d((2, 2), (2, 1), (0, 1)),
            nn.Conv2d(4 * width, 8 * width, 3, padding=1),
            nn.ReLU(True),
            nn.MaxPool2d((2, 2), (2, 1), (0, 1)),
            nn.Conv2d(8 * width, 8 * width, 2),
            nn.BatchNorm2d(8 * width),
            nn.ReLU(True),
        )
        self.rnn = nn.LSTM(8 * width, hidden, num_layers=2, bidirectional=True, batch_first=True)
        self.embedding = nn.Linear(2 * hidden, symbols)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cnn(x).squeeze(2).permute(0, 2, 1)
        x, _ = self.rnn(x)
        return self.embedding(x)


WAVENET_LAYER = 2 * (2 * 32 * 32 + 32) + (32 * 32 + 32) + (32 * 256 + 256)

REFERENCES = (
    Reference(
        name="text_cnn",
        title="TextCNN",
        family=FAMILY,
        make=TextCNN,
        small=lambda: TextCNN(words=50, embedding=12, maps=6),
        inputs=(tokens(56, 18765),),
        small_inputs=(tokens(12, 50),),
        parameters=18765 * 300 + (3 + 4 + 5) * 300 * 100 + 300 + 602,
        source="Kim: Convolutional neural networks for sentence classification, 2014",
        sentence="Looks for phrases of three, four and five words, wherever they stand in the sentence.",
    ),
    Reference(
        name="tcn",
        title="Temporal convolutional network",
        family=FAMILY,
        make=TCN,
        small=lambda: TCN(features=2, widths=(6, 6, 8), kernel=3, classes=4),
        inputs=(Example((1, 784)),),
        small_inputs=(Example((2, 20)),),
        parameters=(7 * 25 + 25) + (25 + 25) + 15 * (7 * 25 * 25 + 25) + 260,
        source="Bai, Kolter, Koltun: An empirical evaluation of generic convolutional and recurrent networks, 2018",
        sentence="Convolutions that look back twice as far from block to block, and never ahead.",
    ),
    Reference(
        name="wavenet",
        title="WaveNet",
        family=FAMILY,
        make=WaveNet,
        small=lambda: WaveNet(levels=16, residual=6, skip=8, layers=3, stacks=2),
        inputs=(tokens(4000, 256),),
        small_inputs=(tokens(24, 16),),
        parameters=256 * 32 + 20 * WAVENET_LAYER + 2 * (256 * 256 + 256),
        source="van den Oord et al.: WaveNet: A generative model for raw audio, 2016",
        sentence="Writes sound sample by sample, with gates and with convolutions that reach ever further back.",
        unreached=("layers.5.residual.weight", "layers.5.residual.bias"),
    ),
    Reference(
        name="crnn",
        title="CRNN, reading written lines",
        family=FAMILY,
        make=CRNN,
        small=lambda: CRNN(symbols=12, width=4, hidden=12),
        inputs=(Example((1, 32, 100)),),
        small_inputs=(Example((1, 32, 40)),),
        parameters=5_773_349,
        source="Shi, Bai, Yao: An end-to-end trainable neural network for image-based sequence recognition, 2015",
        sentence="Convolutions turn a written line into columns, and a recurrent layer reads the columns as letters.",
    ),
)
