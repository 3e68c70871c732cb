"""What is said of cost, against what is counted by hand and measured while it is computed."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.projects import layer
from engine.random_drawings import random_drawing, rows
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.cost import _Saved, cost


def lenet() -> Graph:
    graph, last = Graph().add(layer("Input", shape=(1, 28, 28)))
    for item in (
        layer("Conv2d", out_channels=6, kernel_size=5, padding=2), layer("ReLU"), layer("MaxPool2d"),
        layer("Conv2d", out_channels=16, kernel_size=5), layer("ReLU"), layer("MaxPool2d"), layer("Flatten"),
        layer("Linear", out_features=120), layer("Linear", out_features=84), layer("Linear", out_features=10),
        layer("Output"),
    ):  # fmt: skip
        graph, node = graph.add(item)
        graph = graph.wire(last, node)
        last = node
    return graph


def test_lenet_takes_as_many_multiplications_as_counted_by_hand() -> None:
    found = cost(lenet(), batch=32)
    assert found.operations == {
        "n2": 6 * 25 * 28 * 28, "n5": 16 * 6 * 25 * 10 * 10, "n9": 400 * 120, "n10": 120 * 84, "n11": 84 * 10,
    }  # fmt: skip
    assert found.total_operations == 416_520
    assert found.parameters == 61_706 and found.weights == found.gradients == 4 * 61_706
    frozen = cost(lenet().freeze(["n2", "n5"]))
    assert frozen.gradients == 4 * (61_706 - 156 - 2_416) and frozen.saved < found.saved


@pytest.mark.parametrize("seed", range(30))
def test_cost_is_what_is_measured(seed: int) -> None:
    """Within a tenth; on the processor a few layers keep other things than on the meta device."""
    graph, kind = random_drawing(seed)
    batch = 16
    said = cost(graph, kind, batch)
    network = compile_network(graph, kind).train()
    own = {id(t): t for t in (*network.parameters(), *network.buffers())}
    measured = _Saved(own)
    hooks = torch.autograd.graph.saved_tensors_hooks(measured.pack, measured.unpack)
    with hooks, FlopCounterMode(display=False) as flops:
        network(rows(kind, batch, seed))
    assert said.total_operations == pytest.approx(flops.get_total_flops() / (2 * batch), rel=0.1, abs=2)
    assert said.saved == pytest.approx(measured.bytes, rel=0.1, abs=512)
    assert said.parameters == check_graph(graph, kind).parameters
