"""Swin: attention inside windows that shift from block to block."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference


def window_partition(x: Tensor, window: int) -> Tensor:
    """[B, H, W, C] cut into windows: [B × windows, window × window, C]."""
    b, h, w, c = x.shape
    x = x.view(b, h // window, window, w // window, window, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, window * window, c)


def window_reverse(windows: Tensor, window: int, height: int, width: int) -> Tensor:
    """The windows put together again: [B, H, W, C]."""
    c = windows.shape[-1]
    x = windows.view(-1, height // window, width // window, window, window, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, c)


def relative_positions(window: int) -> Tensor:
    """For each pair of places in a window, the row of the table of biases that belongs to their distance."""
    places = torch.arange(window)
    coordinates = torch.stack(torch.meshgrid(places, places, indexing="ij")).flatten(1)
    distance = (coordinates[:, :, None] - coordinates[:, None, :]) + window - 1
    return distance[0] * (2 * window - 1) + distance[1]


def shift_mask(resolution: int, window: int, shift: int) -> Tensor:
    """Minus a hundred between places that only the shift has made neighbours; [windows, window², window²]."""
    region = torch.zeros(resolution)
    region[-window:-shift] = 1
    region[-shift:] = 2
    regions = region[:, None] * 3 + region[None, :]
    windows = window_partition(regions[None, :, :, None], window).squeeze(-1)
    differ = windows[:, None, :] != windows[:, :, None]
    return torch.where(differ, -100.0, 0.0)


class WindowAttention(nn.Module):
    def __init__(self, dim: int, window: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_positions(window))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        attention = (q * self.scale) @ k.transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        attention = attention + bias.view(n, n, self.heads).permute(2, 0, 1)
        if mask is not None:
            windows = mask.shape[0]
            attention = attention.view(b // windows, windows, self.heads, n, n) + mask[None, :, None]
            attention = attention.view(-1, self.heads, n, n)
        attention = attention.softmax(dim=-1)
        x = (attention @ v).transpose(1, 2).reshape(b, n, c)
        return self.proj(x)


class SwinBlock(nn.Module):
    def __init__(self, dim: int, resolution: int, heads: int, window: int, shifted: bool) -> None:
        super().__init__()
        self.resolution = resolution
        self.window = window
        self.shift = window // 2 if shifted and resolution > window else 0
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(dim, window, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        mask = shift_mask(resolution, window, self.shift) if self.shift else None
        self.register_buffer("attn_mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x
        x = self.norm1(x)
        if self.shift > 0:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        windows = window_partition(x, self.window)
        windows = self.attn(windows, self.attn_mask)
        x = window_reverse(windows, self.window, self.resolution, self.resolution)
        if self.shift > 0:
            x = torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))
        x = shortcut + x
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    """Four neighbours become one, with twice the channels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x0 = x[:, 0::2, 0::2, :]
        x1 = x[:, 1::2, 0::2, :]
        x2 = x[:, 0::2, 1::2, :]
        x3 = x[:, 1::2, 1::2, :]
        x = torch.cat([x0, x1, x2, x3], -1)
        return self.reduction(self.norm(x))


class SwinTransformer(nn.Module):
    def __init__(
        self,
        image: int = 224,
        patch: int = 4,
        dim: int = 96,
        depths: tuple[int, ...] = (2, 2, 6, 2),
        heads: tuple[int, ...] = (3, 6, 12, 24),
        window: int = 7,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, kernel_size=patch, stride=patch)
        self.patch_norm = nn.LayerNorm(dim)
        resolution = image // patch
        self.layers = nn.ModuleList()
        for stage, (depth, count) in enumerate(zip(depths, heads, strict=True)):
            if stage > 0:
                self.layers.append(PatchMerging(dim))
                dim, resolution = dim * 2, resolution // 2
            blocks = [SwinBlock(dim, resolution, count, window, shifted=number % 2 == 1) for number in range(depth)]
            self.layers.append(nn.Sequential(*blocks))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x).permute(0, 2, 3, 1)
        x = self.patch_norm(x)
        for layer in self.layers:
            x = layer(x)
        x = self.norm(x)
        x = F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), 1)
        return self.head(x.flatten(1))


REFERENCES = (
    Reference(
        name="swin_t",
        title="Swin-T",
        family="Image classification",
        make=SwinTransformer,
        small=lambda: SwinTransformer(image=32, dim=16, depths=(2, 2), heads=(2, 4), window=4, classes=10),
        inputs=(Example((3, 224, 224)),),
        small_inputs=(Example((3, 32, 32)),),
        parameters=28_288_354,
        published=28_288_354,
        source="Liu, Lin, Cao, Hu, Wei, Zhang, Lin, Guo: Swin Transformer: Hierarchical vision transformer, 2021",
        sentence="Attention inside windows that shift by half from block to block, and patches that merge by fours.",
    ),
)
