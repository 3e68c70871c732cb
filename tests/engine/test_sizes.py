"""What is said of all sizes holds for those that were never run."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from engine.projects import chain, layer
from engine.random_drawings import random_drawing
from nnstudio.core.blocks import boundary
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.network import Network
from nnstudio.engine.sizes import Axis, Sizes, free_sizes

CONVOLUTIONS = (layer("Conv2d", stride=2), layer("ReLU"), layer("MaxPool2d"))


def drawn(shape: tuple[int, ...], *middle: object, dtype: str = "auto") -> tuple[Network, Sizes]:
    graph = chain(layer("Input", shape=shape, dtype=dtype), *middle, layer("Output"))  # type: ignore[arg-type]
    network = compile_network(graph)
    return network, free_sizes(network, (TensorType(shape, "float32" if dtype == "auto" else dtype),))


def u_net(size: int) -> Graph:
    """A way down, a way up, and a wire between them."""
    graph, entry = Graph().add(layer("Input", shape=(3, size, size)))
    graph, down = graph.add(layer("MaxPool2d"))
    graph, up = graph.add(layer("Upsample", scale_factor=2.0))
    graph, join = graph.add(layer("Concatenate"))
    graph, end = graph.add(layer("Output"))
    return graph.wire(entry, down).wire(down, up).wire(up, join, "a").wire(entry, join, "b").wire(join, end)


def words(sizes: Sizes) -> dict[str, str]:
    return {axis.name: axis.words() for axis in sizes.axes}


def run(network: Network, sizes: Sizes, **chosen: int) -> None:
    """Run it on rows of these sizes; every node must give what was said."""
    chosen = {"B": 3, **{axis.name: axis.size for axis in sizes.axes}, **chosen}
    for axis in sizes.axes:
        if axis.same_as:
            chosen[axis.name] = chosen[axis.same_as]
    rows = []
    for node in boundary(network.drawing, "input"):
        shape = [3, *(chosen[axis.name] for axis in sizes.axes if axis.node == node.id)]
        kind = node.layer.dtype  # type: ignore[attr-defined]
        rows.append(torch.zeros(shape, dtype=torch.float32 if kind == "auto" else getattr(torch, kind)))
    values = network.eval().activations(*rows)
    assert values.keys() == sizes.nodes.keys()
    for path, value in values.items():
        assert [size_of(text, chosen) for text in sizes.nodes[path]] == list(value.shape), (path, sizes.nodes[path])


def size_of(text: str, chosen: dict[str, int]) -> int:
    """The number that a text stands for: names, numbers, + - * // and brackets."""
    assert re.fullmatch(r"(?:\w+|max|min|[-+*/(), ])+", text), text
    return eval(text, {"__builtins__": {}, "max": max, "min": min}, chosen)  # a text that the test itself has made


def test_a_convolutional_network_with_a_pool_over_all_takes_any_image() -> None:
    network, sizes = drawn(
        (3, 33, 32), *CONVOLUTIONS, layer("AdaptiveAvgPool2d", output_size=1), layer("Flatten"), layer("Linear")
    )
    assert sizes.text("n2") == "[B, 8, (H - 1)//2, (W - 1)//2]"
    assert sizes.text("n4") == "[B, 8, (H - 1)//4, (W - 1)//4]"
    assert sizes.text("n7") == "[B, 8]"
    assert words(sizes) == {"C": "only 3", "H": "any size from 5 on", "W": "any size from 5 on"}
    assert sizes.axes[0].fixed_by == "n2"
    for height in (5, 6, 50, 224):
        run(network, sizes, H=height, W=height + 3)
    with pytest.raises(RuntimeError):
        run(network, sizes, H=4)


def test_a_dense_layer_behind_it_takes_what_rounds_to_the_same() -> None:
    network, sizes = drawn((3, 33, 32), *CONVOLUTIONS, layer("Flatten"), layer("Linear"))
    assert words(sizes) == {"C": "only 3", "H": "any size from 33 to 36", "W": "any size from 29 to 32"}
    for height in (33, 36):
        run(network, sizes, H=height)
    for height in (32, 37):
        with pytest.raises(RuntimeError):
            run(network, sizes, H=height)


@pytest.mark.parametrize(
    ("shape", "middle", "dtype", "expected"),
    [
        ((12,), [layer("Embedding"), layer("LayerNorm"), layer("Linear")], "int64", {"F": "any size"}),
        ((12,), [layer("Linear")], "auto", {"F": "only 12"}),
        ((24,), [layer("Reshape", shape=(4, 6))], "auto", {"F": "only 24"}),
        ((7, 16), [layer("Linear"), layer("Mean", axes=(1,))], "auto", {"T": "any size", "F": "only 16"}),
        (
            (4, 8, 8),
            [layer("PixelUnshuffle", downscale_factor=4)],
            "auto",
            {"C": "any size", "H": "any multiple of 4 from 8 on"},
        ),
    ],
)
def test_what_an_axis_may_be(shape: tuple[int, ...], middle: list, dtype: str, expected: dict[str, str]) -> None:
    network, sizes = drawn(shape, *middle, dtype=dtype)
    assert {name: words(sizes)[name] for name in expected} == expected
    for axis in sizes.axes:
        if axis.free:
            run(network, sizes, **{axis.name: axis.size + 5 * axis.multiple})


def test_a_way_around_needs_sizes_that_halve() -> None:
    graph = u_net(16)
    network = compile_network(graph)
    sizes = free_sizes(network, (TensorType((3, 16, 16)),))
    assert words(sizes) == {"C": "any size", "H": "any multiple of 2", "W": "any multiple of 2"}
    run(network, sizes, H=22)
    with pytest.raises(RuntimeError):
        run(network, sizes, H=21)


def test_inputs_that_are_added_have_one_size() -> None:
    graph, left = Graph().add(layer("Input", shape=(9,)))
    graph, right = graph.add(layer("Input", shape=(9,)))
    graph, add = graph.add(layer("Add"))
    graph, end = graph.add(layer("Output"))
    graph = graph.wire(left, add, "a").wire(right, add, "b").wire(add, end)
    network = compile_network(graph)
    sizes = free_sizes(network, (TensorType((9,)), TensorType((9,))))
    assert sorted(words(sizes).values()) == sorted(["any size", f"as {'F' if sizes.axes[1].same_as else 'F2'}"])
    run(network, sizes, F=4, F2=4)


def test_the_network_and_the_random_state_are_as_they_were() -> None:
    network = compile_network(chain(layer("Input", shape=(4,)), layer("Linear"), layer("Dropout"), layer("Output")))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(3)
    state = torch.get_rng_state()
    free_sizes(network.train(), (TensorType((4,)),))
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("seed", range(40))
def test_random_drawings_at_sizes_that_were_not_drawn(seed: int) -> None:
    graph, kind = random_drawing(seed)
    network = compile_network(graph, kind)
    entry = boundary(graph, "input")[0]
    sizes = free_sizes(network, (kind,))
    assert sizes.refused == ("", "")
    assert {axis.node for axis in sizes.axes} == {entry.id}
    network.drawing = replace(graph).set_layer(entry.id, entry.layer.with_(dtype=kind.dtype))
    run(network, sizes)
    for axis in sizes.axes:
        for size in others(axis):
            run(network, sizes, **{axis.name: size})


def others(axis: Axis) -> list[int]:
    """Sizes that an axis may have too."""
    if not axis.free or axis.some or axis.same_as:
        return []
    first = -(-axis.least // axis.multiple) * axis.multiple
    found = [first, first + axis.multiple, axis.size + 3 * axis.multiple]
    return [size for size in found if size > 1 and (axis.most is None or size <= axis.most)]
