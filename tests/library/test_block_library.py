"""The blocks that come with the program, against modules written by hand."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.nn import functional

import nnstudio.library  # noqa: F401  (registers what the blocks are made of)
from engine.projects import layer
from nnstudio.core.block_files import read_block
from nnstudio.core.blocks import Block
from nnstudio.core.graph import Edge, Graph
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.paths import resources

FOLDER = Path(str(resources())) / "blocks"


def builders() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "packaging" / "make_blocks.py"
    found = importlib.util.spec_from_file_location("make_blocks", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


BUILDERS = builders()


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    made = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(made, nn.BatchNorm2d(outputs))


class Basic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = conv(64, 64), conv(64, 64)

    def forward(self, x):
        return functional.relu(self.two(functional.relu(self.one(x))) + x)


class Bottleneck(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.Sequential(conv(256, 64, 1), nn.ReLU(), conv(64, 64), nn.ReLU(), conv(64, 256, 1))

    def forward(self, x):
        return functional.relu(self.ways(x) + x)


class Downsampling(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.Sequential(conv(64, 128, 3, 2), nn.ReLU(), conv(128, 128))
        self.skip = conv(64, 128, 1, 2)

    def forward(self, x):
        return functional.relu(self.ways(x) + self.skip(x))


class InvertedResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ways = nn.Sequential(
            conv(24, 144, 1), nn.ReLU6(), conv(144, 144, groups=144), nn.ReLU6(), conv(144, 24, 1)
        )

    def forward(self, x):
        return self.ways(x) + x


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(64, 16, 1), nn.Conv2d(16, 64, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.up(functional.relu(self.down(functional.adaptive_avg_pool2d(x, 1)))))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b1, self.b2 = nn.Conv2d(192, 64, 1), nn.Conv2d(192, 96, 1), nn.Conv2d(96, 128, 3, padding=1)
        self.c1, self.c2 = nn.Conv2d(192, 16, 1), nn.Conv2d(16, 32, 5, padding=2)
        self.d = nn.Conv2d(192, 32, 1)

    def forward(self, x):
        ways = (
            self.a(x),
            self.b2(functional.relu(self.b1(x))),
            self.c2(functional.relu(self.c1(x))),
            self.d(functional.max_pool2d(x, 3, 1, 1)),
        )
        return torch.cat([functional.relu(way) for way in ways], 1)


class Dense(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(64 + 32 * i) for i in range(3))
        self.convs = nn.ModuleList(nn.Conv2d(64 + 32 * i, 32, 3, padding=1, bias=False) for i in range(3))

    def forward(self, x):
        found = [x]
        for norm, convolution in zip(self.norms, self.convs, strict=True):
            found.append(convolution(functional.relu(norm(torch.cat(found, 1)))))
        return torch.cat(found, 1)


def double(inputs: int) -> nn.Sequential:
    return nn.Sequential(conv(inputs, 64), nn.ReLU(), conv(64, 64), nn.ReLU())


class Down(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair = double(3)

    def forward(self, x):
        x = self.pair(x)
        return functional.max_pool2d(x, 2), x


class Up(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.pair = nn.ConvTranspose2d(128, 64, 2, 2), double(128)

    def forward(self, x, skip):
        return self.pair(torch.cat((skip, self.up(x)), 1))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 4, batch_first=True)
        self.norm1, self.one, self.two = nn.LayerNorm(64), nn.Linear(64, 256), nn.Linear(256, 64)
        self.norm2 = nn.LayerNorm(64)

    def forward(self, x):
        x = self.norm1(x + self.attention(x, x, x, need_weights=False)[0])
        return self.norm2(x + self.two(functional.relu(self.one(x))))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.own, self.norm1 = nn.MultiheadAttention(64, 4, batch_first=True), nn.LayerNorm(64)
        self.cross, self.norm2 = nn.MultiheadAttention(64, 4, batch_first=True), nn.LayerNorm(64)
        self.one, self.two, self.norm3 = nn.Linear(64, 256), nn.Linear(256, 64), nn.LayerNorm(64)

    def forward(self, x, memory):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        x = self.norm1(x + self.own(x, x, x, attn_mask=mask, need_weights=False)[0])
        x = self.norm2(x + self.cross(x, memory, memory, need_weights=False)[0])
        return self.norm3(x + self.two(functional.relu(self.one(x))))


class GPT(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(64)
        self.query, self.key, self.value, self.proj = (nn.Linear(64, 64) for _ in range(4))
        self.norm2, self.one, self.two = nn.LayerNorm(64), nn.Linear(64, 256), nn.Linear(256, 64)

    def forward(self, x):
        n, t, d = x.shape
        y = self.norm1(x)
        q, k, v = (part(y).view(n, t, 4, 16).transpose(1, 2) for part in (self.query, self.key, self.value))
        scores = q @ k.transpose(-2, -1) / math.sqrt(16)
        scores = scores.masked_fill(torch.ones(t, t).tril() == 0, -math.inf)
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, d)
        x = x + self.proj(y)
        return x + self.two(functional.gelu(self.one(self.norm2(x))))


class Patches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 4, 4)
        self.token, self.positions = nn.Parameter(torch.zeros(1, 1, 64)), nn.Parameter(torch.zeros(1, 65, 64))

    def forward(self, x):
        x = self.conv(x).flatten(2).transpose(1, 2)
        return torch.cat((self.token.expand(len(x), -1, -1), x), 1) + self.positions


HAND: dict[str, tuple[Callable[[], nn.Module], list[tuple[int, ...]]]] = {
    "residual-basic": (Basic, [(64, 8, 8)]),
    "residual-bottleneck": (Bottleneck, [(256, 8, 8)]),
    "residual-downsampling": (Downsampling, [(64, 8, 8)]),
    "depthwise-separable": (
        lambda: nn.Sequential(conv(32, 32, groups=32), nn.ReLU(), conv(32, 64, 1), nn.ReLU()),
        [(32, 8, 8)],
    ),
    "inverted-residual": (InvertedResidual, [(24, 8, 8)]),
    "squeeze-excite": (SqueezeExcite, [(64, 8, 8)]),
    "inception": (Inception, [(192, 8, 8)]),
    "dense-block": (Dense, [(64, 8, 8)]),
    "unet-down": (Down, [(3, 8, 8)]),
    "unet-up": (Up, [(128, 4, 4), (64, 8, 8)]),
    "transformer-encoder": (Encoder, [(6, 64)]),
    "transformer-decoder": (Decoder, [(6, 64), (9, 64)]),
    "gpt": (GPT, [(6, 64)]),
    "vit-patch-embedding": (Patches, [(3, 32, 32)]),
}


def around(block: Block, shapes: list[tuple[int, ...]]) -> Graph:
    """The block between Inputs of these shapes and an Output for each of its ports."""
    graph, node = Graph().add(block)
    for shape, port in zip(shapes, block.input_ports, strict=True):
        graph, entry = graph.add(layer("Input", shape=shape))
        graph = graph.wire(entry, node, port.name)
    for port in block.output_ports:
        graph, end = graph.add(layer("Output"))
        graph = graph.connect(Edge(node.id, port.name, end.id, "input"))
    return graph


def test_every_builder_has_its_file_and_its_module() -> None:
    assert set(BUILDERS.BLOCKS) == set(HAND) == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", HAND)
def test_the_file_is_what_its_builder_makes(name: str) -> None:
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == BUILDERS.text_of(BUILDERS.BLOCKS[name]())


@pytest.mark.parametrize("name", HAND)
def test_it_computes_what_a_module_written_by_hand_computes(name: str) -> None:
    make, shapes = HAND[name]
    block = read_block(FOLDER / f"{name}.json")
    graph = around(block, shapes)
    assert check_graph(graph).problems == ()
    torch.manual_seed(3)
    network = compile_network(graph)
    hand = make()
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in hand.parameters())
    theirs, own = hand.state_dict(), network.state_dict()
    hand.load_state_dict(_paired(theirs, own))
    rows = [torch.randn(2, *shape) for shape in shapes]
    for mode in (False, True):
        expected, got = hand.train(mode)(*rows), network.train(mode)(*rows)
        for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (expected, got)), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def _paired(theirs: dict[str, torch.Tensor], own: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of the drawing under the names of the module: in order, each with the next one of its shape."""
    waiting, found = list(own.values()), {}
    for name, value in theirs.items():
        place = next(i for i, other in enumerate(waiting) if other.shape == value.shape and other.dtype == value.dtype)
        found[name] = waiting.pop(place)
    assert waiting == []
    return found
