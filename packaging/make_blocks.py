"""Writes resources/blocks/*.json: the library of blocks, from the builders below.

    python packaging/make_blocks.py

Each is an ordinary drawing in a block. A test compiles each of them, compares it with a module written by hand, and
compares the files with what is built here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import nnstudio.library  # noqa: E402, F401  (registers what is picked below)
from nnstudio.core.blocks import Block, boundary  # noqa: E402
from nnstudio.core.graph import Edge, Graph  # noqa: E402
from nnstudio.core.kinds import Layer  # noqa: E402
from nnstudio.core.layout import arrange  # noqa: E402
from nnstudio.core.project_json import block_to_json  # noqa: E402
from nnstudio.core.spec import registered  # noqa: E402

Value = tuple[str, str]  # what leaves a port: the id of the node and the name of the port


class Drawing:
    """A drawing while it is written down, layer by layer."""

    def __init__(self) -> None:
        self.graph = Graph()

    def input(self, title: str = "input", **settings: Any) -> Value:
        """What comes in at a port of the block."""
        return self("BlockInput", title, **settings)

    def output(self, value: Value, title: str = "output") -> None:
        """What leaves the block."""
        self("BlockOutput", title, value)

    def __call__(self, layer: str | Block, title: str, *values: Value, port: int = 0, **settings: Any) -> Value:
        """A layer by the name of its class, or a block, fed by these values; what leaves its port."""
        made: Layer = layer if isinstance(layer, Block) else registered(Layer)[layer](**settings)
        if len(values) > 2 and not isinstance(layer, Block) and hasattr(made, "number_of_inputs"):
            made = made.with_(number_of_inputs=len(values))
        self.graph, node = self.graph.add(made, title=title)
        for value, into in zip(values, made.input_ports, strict=False):
            self.graph = self.graph.connect(Edge(*value, node.id, into.name))
        ports = made.output_ports
        return node.id, ports[port].name if ports else ""

    def block(self, name: str, about: str) -> Block:
        """What was drawn, as a block."""
        graph = self.graph.move(arrange(self.graph))
        return Block(name=name, about=about, graph=graph)  # type: ignore[call-arg]


def convolution(
    draw: Drawing, x: Value, channels: int, number: int, kernel: int = 3, stride: int = 1, groups: int = 1
) -> Value:
    """A convolution that keeps the size, and its normalisation."""
    x = draw(
        "Conv2d", f"conv{number}", x, out_channels=channels, kernel_size=kernel, stride=stride, padding=kernel // 2,
        groups=groups, bias=False,
    )  # fmt: skip
    return draw("BatchNorm2d", f"bn{number}", x)


def residual_basic() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("ReLU", "relu1", convolution(draw, entry, 64, 1))
    x = convolution(draw, x, 64, 2)
    draw.output(draw("ReLU", "relu2", draw("Add", "add", x, entry)))
    return draw.block("BasicBlock", "Two 3×3 convolutions and a way around them, as in ResNet-18.")


def residual_bottleneck() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("ReLU", "relu1", convolution(draw, entry, 64, 1, kernel=1))
    x = draw("ReLU", "relu2", convolution(draw, x, 64, 2))
    x = convolution(draw, x, 256, 3, kernel=1)
    draw.output(draw("ReLU", "relu3", draw("Add", "add", x, entry)))
    return draw.block("Bottleneck", "Fewer channels for the 3×3 convolution, and a way around, as in ResNet-50.")


def residual_downsampling() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("ReLU", "relu1", convolution(draw, entry, 128, 1, stride=2))
    x = convolution(draw, x, 128, 2)
    skip = draw("Conv2d", "downsample", entry, out_channels=128, kernel_size=1, stride=2, bias=False)
    skip = draw("BatchNorm2d", "downsample bn", skip)
    draw.output(draw("ReLU", "relu2", draw("Add", "add", x, skip)))
    return draw.block(
        "DownsamplingBlock", "A residual block that halves the size; a 1×1 convolution fits the way around."
    )


def depthwise_separable() -> Block:
    draw = Drawing()
    x = draw.input()
    x = draw("ReLU", "relu1", convolution(draw, x, 32, 1, groups=32))
    x = draw("ReLU", "relu2", convolution(draw, x, 64, 2, kernel=1))
    draw.output(x)
    return draw.block(
        "DepthwiseSeparable", "One filter a channel, then a 1×1 convolution that mixes 32 channels into 64: MobileNet."
    )


def inverted_residual() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("ReLU6", "relu1", convolution(draw, entry, 144, 1, kernel=1))
    x = draw("ReLU6", "relu2", convolution(draw, x, 144, 2, groups=144))
    x = convolution(draw, x, 24, 3, kernel=1)
    draw.output(draw("Add", "add", x, entry))
    return draw.block("InvertedResidual", "24 channels widened sixfold, filtered one by one and narrowed: MobileNetV2.")


def squeeze_excite() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("AdaptiveAvgPool2d", "squeeze", entry, output_size=1)
    x = draw("ReLU", "relu", draw("Conv2d", "fc1", x, out_channels=16, kernel_size=1))
    x = draw("Sigmoid", "gate", draw("Conv2d", "fc2", x, out_channels=64, kernel_size=1))
    draw.output(draw("Multiply", "scale", entry, x))
    return draw.block("SqueezeExcite", "Weighs each of 64 channels by what the whole image says.")


def inception() -> Block:
    draw = Drawing()
    entry = draw.input()

    def part(name: str, x: Value, channels: int, kernel: int) -> Value:
        x = draw("Conv2d", name, x, out_channels=channels, kernel_size=kernel, padding=kernel // 2)
        return draw("ReLU", f"{name} relu", x)

    pooled = draw("MaxPool2d", "pool", entry, kernel_size=3, stride=1, padding=1)
    ways = (
        part("branch1", entry, 64, 1),
        part("branch2 3x3", part("branch2 1x1", entry, 96, 1), 128, 3),
        part("branch3 5x5", part("branch3 1x1", entry, 16, 1), 32, 5),
        part("branch4", pooled, 32, 1),
    )
    draw.output(draw("Concatenate", "concatenate", *ways))
    return draw.block("Inception", "Looks with windows of several sizes at once and puts the findings side by side.")


def dense_block() -> Block:
    draw = Drawing()
    found = [draw.input()]
    for number in range(1, 4):
        x = draw("Concatenate", f"all {number}", *found) if len(found) > 1 else found[0]
        x = draw("ReLU", f"relu{number}", draw("BatchNorm2d", f"norm{number}", x))
        x = draw("Conv2d", f"conv{number}", x, out_channels=32, kernel_size=3, padding=1, bias=False)
        found.append(x)
    draw.output(draw("Concatenate", "concatenate", *found))
    return draw.block("DenseBlock", "Each layer sees all that came before it, and adds 32 channels: DenseNet.")


def double_convolution(channels: int) -> Block:
    draw = Drawing()
    x = draw.input()
    for number in (1, 2):
        x = draw("ReLU", f"relu{number}", convolution(draw, x, channels, number))
    draw.output(x)
    return draw.block("DoubleConv", "Two 3×3 convolutions, each normalised.")


def unet_down() -> Block:
    draw = Drawing()
    x = draw(double_convolution(64), "double_conv", draw.input())
    draw.output(draw("MaxPool2d", "pool", x), "output")
    draw.output(x, "skip")
    return draw.block("Down", "A step down the U-Net: two convolutions, kept for the way up, then half the size.")


def unet_up() -> Block:
    draw = Drawing()
    x, skip = draw.input("input"), draw.input("skip")
    x = draw("ConvTranspose2d", "up", x, out_channels=64, kernel_size=2, stride=2)
    x = draw("Concatenate", "concatenate", skip, x)
    draw.output(draw(double_convolution(64), "double_conv", x))
    return draw.block("Up", "A step up the U-Net: twice the size, beside what was kept on the way down.")


def heads(draw: Drawing, x: Value, size: int, number: int, causal: bool) -> Value:
    """Self-attention written out: queries, keys and values, divided into heads."""
    parts = []
    for name in ("query", "key", "value"):
        part = draw("Linear", name, x, out_features=size)
        part = draw("Unflatten", f"{name} heads", part, dim=2, unflattened_size=(number, size // number))
        parts.append(draw("Transpose", f"{name} by head", part, first=1, second=2))
    x = draw("ScaledDotProductAttention", "attention", *parts, causal=causal)
    x = draw("Transpose", "by place", x, first=1, second=2)
    x = draw("Flatten", "heads together", x, start_dim=2)
    return draw("Linear", "proj", x, out_features=size)


def transformer_encoder() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = draw("MultiheadAttention", "self_attn", entry, num_heads=4)
    first = draw("LayerNorm", "norm1", draw("Add", "add1", entry, x))
    x = draw("ReLU", "relu", draw("Linear", "linear1", first, out_features=256))
    x = draw("Linear", "linear2", x, out_features=64)
    draw.output(draw("LayerNorm", "norm2", draw("Add", "add2", first, x)))
    return draw.block(
        "EncoderBlock", "Every place looks at every other one, then thinks by itself; 64 numbers a place."
    )


def transformer_decoder() -> Block:
    draw = Drawing()
    entry, memory = draw.input("input"), draw.input("memory")
    x = draw("MultiheadAttention", "self_attn", entry, num_heads=4, causal=True)
    first = draw("LayerNorm", "norm1", draw("Add", "add1", entry, x))
    x = draw("MultiheadAttention", "cross_attn", first, memory, memory, num_heads=4)
    second = draw("LayerNorm", "norm2", draw("Add", "add2", first, x))
    x = draw("ReLU", "relu", draw("Linear", "linear1", second, out_features=256))
    x = draw("Linear", "linear2", x, out_features=64)
    draw.output(draw("LayerNorm", "norm3", draw("Add", "add3", second, x)))
    return draw.block(
        "DecoderBlock", "Looks back at what it wrote, then at the memory of an encoder; 64 numbers a place."
    )


def gpt_block() -> Block:
    draw = Drawing()
    entry = draw.input()
    x = heads(draw, draw("LayerNorm", "ln_1", entry), 64, 4, causal=True)
    first = draw("Add", "add1", entry, x)
    x = draw("GELU", "gelu", draw("Linear", "c_fc", draw("LayerNorm", "ln_2", first), out_features=256))
    x = draw("Linear", "c_proj", x, out_features=64)
    draw.output(draw("Add", "add2", first, x))
    return draw.block(
        "GPTBlock", "Causal self-attention with every step to be seen, and a small network; 64 numbers a place."
    )


def patch_embedding() -> Block:
    draw = Drawing()
    x = draw("Conv2d", "conv_proj", draw.input("image"), out_channels=64, kernel_size=4, stride=4)
    x = draw("Flatten", "places", x, start_dim=2)
    x = draw("Transpose", "by place", x, first=1, second=2)
    x = draw("LearnedPositions", "positions", draw("ClassToken", "class_token", x))
    draw.output(x, "tokens")
    return draw.block(
        "PatchEmbedding", "Cuts an image into 4×4 patches, a vector each, with a class token and positions: ViT."
    )


BLOCKS: dict[str, Callable[[], Block]] = {
    "residual-basic": residual_basic,
    "residual-bottleneck": residual_bottleneck,
    "residual-downsampling": residual_downsampling,
    "depthwise-separable": depthwise_separable,
    "inverted-residual": inverted_residual,
    "squeeze-excite": squeeze_excite,
    "inception": inception,
    "dense-block": dense_block,
    "unet-down": unet_down,
    "unet-up": unet_up,
    "transformer-encoder": transformer_encoder,
    "transformer-decoder": transformer_decoder,
    "gpt": gpt_block,
    "vit-patch-embedding": patch_embedding,
}


def text_of(block: Block) -> str:
    """The file of a block."""
    assert boundary(block.graph, "exit")
    return json.dumps(block_to_json(block), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    folder = ROOT / "resources" / "blocks"
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in BLOCKS.items():
        (folder / f"{name}.json").write_text(text_of(build()), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
