"""Pictures as sequences of patches."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from reference.entry import Example, Reference

FAMILY = "Image classification"


class MLPBlock(nn.Sequential):
    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__(
            nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, width), nn.Dropout(dropout)
        )


class EncoderBlock(nn.Module):
    def __init__(self, heads: int, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = MLPBlock(width, hidden, dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.ln_1(tokens)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = self.dropout(x)
        x = x + tokens
        y = self.ln_2(x)
        y = self.mlp(y)
        return x + y


class Encoder(nn.Module):
    def __init__(self, length: int, layers: int, heads: int, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, length, width).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        blocks = OrderedDict(
            (f"encoder_layer_{number}", EncoderBlock(heads, width, hidden, dropout)) for number in range(layers)
        )
        self.layers = nn.Sequential(blocks)
        self.ln = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pos_embedding
        return self.ln(self.layers(self.dropout(x)))


class VisionTransformer(nn.Module):
    def __init__(
        self,
        image: int = 224,
        patch: int = 16,
        layers: int = 12,
        heads: int = 12,
        width: int = 768,
        hidden: int = 3072,
        classes: int = 1000,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.width = width
        self.conv_proj = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.encoder = Encoder((image // patch) ** 2 + 1, layers, heads, width, hidden, dropout)
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(width, classes)))

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        x = self.conv_proj(x)
        x = x.reshape(n, self.width, -1)
        x = x.permute(0, 2, 1)
        class_token = self.class_token.expand(n, -1, -1)
        x = torch.cat([class_token, x], dim=1)
        x = self.encoder(x)
        x = x[:, 0]
        return self.heads(x)


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class MixerBlock(nn.Module):
    def __init__(self, width: int, length: int, tokens_hidden: int, channels_hidden: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.mlp_tokens = Mlp(length, tokens_hidden)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp_channels = Mlp(width, channels_hidden)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mlp_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.mlp_channels(self.norm2(x))
        return x


class MlpMixer(nn.Module):
    def __init__(
        self, image: int = 224, patch: int = 16, width: int = 768, layers: int = 12, classes: int = 1000
    ) -> None:
        super().__init__()
        length = (image // patch) ** 2
        self.stem = nn.Conv2d(3, width, kernel_size=patch, stride=patch)
        self.blocks = nn.Sequential(*[MixerBlock(width, length, width // 2, width * 4) for _ in range(layers)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        x = self.blocks(x)
        x = self.norm(x)
        x = x.mean(dim=1)
        return self.head(x)


IMAGENET = (Example((3, 224, 224)),)
SMALL_IMAGE = (Example((3, 32, 32)),)

REFERENCES = (
    Reference(
        name="vit_b_16",
        title="ViT-B/16",
        family=FAMILY,
        make=VisionTransformer,
        small=lambda: VisionTransformer(image=32, patch=8, layers=3, heads=4, width=32, hidden=64, classes=10),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=86_567_656,
        published=86_567_656,
        source="Dosovitskiy et al.: An image is worth 16×16 words, 2020",
        sentence="Cuts the picture into patches and reads them as a sentence; a learned class token holds the answer.",
    ),
    Reference(
        name="mlp_mixer_b_16",
        title="MLP-Mixer B/16",
        family=FAMILY,
        make=MlpMixer,
        small=lambda: MlpMixer(image=32, patch=8, width=32, layers=3, classes=10),
        inputs=IMAGENET,
        small_inputs=SMALL_IMAGE,
        parameters=59_880_472,
        published=59_880_472,
        source="Tolstikhin et al.: MLP-Mixer: An all-MLP architecture for vision, 2021",
        sentence="Neither convolution nor attention: dense layers mix the patches, then the channels, in turn.",
    ),
)
