"""Networks that take noise away, step by step."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference


def timestep_embedding(timesteps: Tensor, dim: int) -> Tensor:
    """Sines and cosines of the step, as places are written down in a transformer."""
    half = dim // 2
    frequencies = torch.exp(
        torch.arange(half, dtype=torch.float32, device=timesteps.device) * -(math.log(10000) / (half - 1))
    )
    angles = timesteps.float()[:, None] * frequencies[None, :]
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)


def group_norm(channels: int, groups: int) -> nn.GroupNorm:
    return nn.GroupNorm(groups, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, channels: int, width: int, temb: int, groups: int, dropout: float) -> None:
        super().__init__()
        self.norm1 = group_norm(channels, groups)
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1)
        self.temb_proj = nn.Linear(temb, width)
        self.norm2 = group_norm(width, groups)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(channels, width, 1) if channels != width else nn.Identity()

    def forward(self, x: Tensor, temb: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.temb_proj(F.silu(temb))[:, :, None, None]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        return self.nin_shortcut(x) + h


class AttnBlock(nn.Module):
    """Every pixel looks at every other."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = group_norm(channels, groups)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.norm(x)
        q, k, v = self.q(h), self.k(h), self.v(h)
        b, c, height, width = q.shape
        q = q.reshape(b, c, height * width).permute(0, 2, 1)
        k = k.reshape(b, c, height * width)
        w = torch.bmm(q, k) * (int(c) ** (-0.5))
        w = F.softmax(w, dim=2)
        v = v.reshape(b, c, height * width)
        h = torch.bmm(v, w.permute(0, 2, 1)).reshape(b, c, height, width)
        return x + self.proj_out(h)


class Downsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1), mode="constant", value=0))


class Upsample(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The blocks of one size, and the way to the next."""

    def __init__(self, blocks: list[nn.Module], attention: list[nn.Module], resample: nn.Module | None) -> None:
        super().__init__()
        self.block = nn.ModuleList(blocks)
        self.attn = nn.ModuleList(attention)
        self.resample = resample


class DDPM(nn.Module):
    def __init__(
        self,
        width: int = 128,
        multipliers: tuple[int, ...] = (1, 2, 2, 2),
        blocks: int = 2,
        attention_at: int = 1,
        groups: int = 32,
        channels: int = 3,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.width = width
        temb = 4 * width
        self.temb = nn.ModuleList([nn.Linear(width, temb), nn.Linear(temb, temb)])
        self.conv_in = nn.Conv2d(channels, width, 3, padding=1)

        skips = [width]
        current = width
        self.down = nn.ModuleList()
        for level, multiplier in enumerate(multipliers):
            residual, attention = [], []
            for _ in range(blocks):
                residual.append(ResnetBlock(current, width * multiplier, temb, groups, dropout))
                current = width * multiplier
                skips.append(current)
                if level == attention_at:
                    attention.append(AttnBlock(current, groups))
            last = level == len(multipliers) - 1
            self.down.append(Level(residual, attention, None if last else Downsample(current)))
            if not last:
                skips.append(current)

        self.mid_block_1 = ResnetBlock(current, current, temb, groups, dropout)
        self.mid_attn_1 = AttnBlock(current, groups)
        self.mid_block_2 = ResnetBlock(current, current, temb, groups, dropout)

        self.up = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            residual, attention = [], []
            for _ in range(blocks + 1):
                residual.append(ResnetBlock(current + skips.pop(), width * multiplier, temb, groups, dropout))
                current = width * multiplier
                if level == attention_at:
                    attention.append(AttnBlock(current, groups))
            self.up.append(Level(residual, attention, Upsample(current) if level > 0 else None))

        self.norm_out = group_norm(current, groups)
        self.conv_out = nn.Conv2d(current, channels, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        temb = timestep_embedding(t, self.width)
        temb = self.temb[1](F.silu(self.temb[0](temb)))

        hs = [self.conv_in(x)]
        for level in self.down:
            for number, block in enumerate(level.block):
                h = block(hs[-1], temb)
                if len(level.attn) > 0:
                    h = level.attn[number](h)
                hs.append(h)
            if level.resample is not None:
                hs.append(level.resample(hs[-1]))

        h = hs[-1]
        h = self.mid_block_1(h, temb)
        h = self.mid_attn_1(h)
        h = self.mid_block_2(h, temb)

        for level in self.up:
            for number, block in enumerate(level.block):
                h = block(torch.cat([h, hs.pop()], dim=1), temb)
                if len(level.attn) > 0:
                    h = level.attn[number](h)
            if level.resample is not None:
                h = level.resample(h)
        return self.conv_out(F.silu(self.norm_out(h)))


class AdaLNBlock(nn.Module):
    """A transformer block whose norms are set by what the picture is to be."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(c).chunk(6, dim=1)
        y = self.norm1(x) * (1 + scale1.unsqueeze(1)) + shift1.unsqueeze(1)
        x = x + gate1.unsqueeze(1) * self.attn(y, y, y, need_weights=False)[0]
        y = self.norm2(x) * (1 + scale2.unsqueeze(1)) + shift2.unsqueeze(1)
        return x + gate2.unsqueeze(1) * self.mlp(y)


class DiT(nn.Module):
    def __init__(
        self,
        side: int = 32,
        patch: int = 2,
        channels: int = 4,
        width: int = 384,
        depth: int = 12,
        heads: int = 6,
        classes: int = 1000,
    ) -> None:
        super().__init__()
        self.patch, self.places = patch, side // patch
        self.x_embedder = nn.Conv2d(channels, width, patch, stride=patch)
        self.t_embedder = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.y_embedder = nn.Embedding(classes + 1, width)
        self.pos_embed = nn.Parameter(torch.randn(1, self.places**2, width) * 0.02)
        self.blocks = nn.ModuleList([AdaLNBlock(width, heads) for _ in range(depth)])
        self.norm_final = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.adaLN_final = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))
        self.linear = nn.Linear(width, patch * patch * channels)

    def unpatchify(self, x: Tensor) -> Tensor:
        h, p = self.places, self.patch
        x = x.reshape(x.shape[0], h, h, p, p, -1)
        x = torch.einsum("nhwpqc->nchpwq", x)
        return x.reshape(x.shape[0], -1, h * p, h * p)

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        x = self.x_embedder(x).flatten(2).transpose(1, 2) + self.pos_embed
        c = self.t_embedder(timestep_embedding(t, 256)) + self.y_embedder(y)
        for block in self.blocks:
            x = block(x, c)
        shift, scale = self.adaLN_final(c).chunk(2, dim=1)
        x = self.norm_final(x) * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)
        return self.unpatchify(self.linear(x))


STEP = Example((), "int64", 1000)

REFERENCES = (
    Reference(
        name="ddpm",
        title="Denoising diffusion U-Net",
        family="Generation",
        make=DDPM,
        small=lambda: DDPM(width=8, multipliers=(1, 2), blocks=1, groups=4),
        inputs=(Example((3, 32, 32)), STEP),
        small_inputs=(Example((3, 8, 8)), STEP),
        parameters=35_746_307,
        published=35_746_307,
        source="Ho, Jain, Abbeel: Denoising diffusion probabilistic models, 2020",
        sentence="Sees a noisy picture and how far the noise has come, and says what of it is noise.",
    ),
    Reference(
        name="dit_small",
        title="Diffusion transformer",
        family="Generation",
        make=DiT,
        small=lambda: DiT(side=8, patch=2, channels=3, width=16, depth=2, heads=2, classes=5),
        inputs=(Example((4, 32, 32)), STEP, Example((), "int64", 1000)),
        small_inputs=(Example((3, 8, 8)), STEP, Example((), "int64", 5)),
        parameters=32_957_200,
        source="Peebles, Xie: Scalable diffusion models with transformers, 2022",
        sentence="Takes noise off by attention between patches; time and class set the norms of each block.",
    ),
)
