"""Cases for graphs that other tests of the engine do not hold already.

Sizes, refusals, circles, islands, broadcasting, losses and long chains are in test_compiler; shared, tied, frozen and
left out layers in test_blocks; several losses in test_objective; single layers in tests/library; what random drawings
hold to in test_random_drawings and test_marked_drawings.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn

from engine.projects import chain, dataset, layer, loss, optimizer
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.compiler import check, check_graph, compile_network
from nnstudio.engine.export.onnx_file import to_onnx
from nnstudio.engine.run import Run


def through_onnx(graph: Graph, *rows: torch.Tensor) -> list[np.ndarray]:
    """What ONNX Runtime makes of rows, and that it is what the network makes of them."""
    import onnxruntime

    made = to_onnx(Project(graph))
    session = onnxruntime.InferenceSession(io.BytesIO(made.content).getvalue(), providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    return session.run(None, dict(zip(names, (row.numpy() for row in rows), strict=True)))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
def test_an_even_kernel_that_keeps_the_size_is_the_same_in_onnx() -> None:
    graph = chain(layer("Input", shape=(2, 8, 8)), layer("Conv2d", kernel_size=4, padding="same"), layer("Output"))
    assert check_graph(graph).nodes["n2"].output == TensorType((8, 8, 8))
    assert through_onnx(graph, torch.randn(3, 2, 8, 8))[0].shape == (3, 8, 8, 8)


def test_a_mean_pool_with_a_ceiling_and_padding_is_the_same_in_onnx() -> None:
    pool = layer("AvgPool2d", kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=True)
    graph = chain(layer("Input", shape=(1, 6, 6)), pool, layer("Output"))
    x = torch.arange(36.0).reshape(1, 1, 6, 6)
    expected = nn.AvgPool2d(3, 2, 1, ceil_mode=True)(x).numpy()
    np.testing.assert_allclose(through_onnx(graph, x)[0], expected, rtol=1e-6)


def recurrent(**settings: object) -> Graph:
    return chain(layer("Input", shape=(5, 3)), layer("LSTM", hidden_size=4, **settings), layer("Output"))


def test_a_recurrent_layer_gives_its_sequence_its_states_and_its_last_step() -> None:
    graph = recurrent(num_layers=2, bidirectional=True)
    node = graph.nodes["n2"]
    for port in ("hidden", "cell", "last"):
        graph, end = graph.add(layer("Output"))
        graph = graph.connect(Edge(node.id, port, end.id, "input"))
    report = check_graph(graph)
    assert [kind.text for kind in report.nodes["n2"].outputs if kind] == [
        "[B, 5, 8]",
        "[4, B, 4]",
        "[4, B, 4]",
        "[B, 8]",
    ]
    torch.manual_seed(0)
    network = compile_network(graph)
    torch.manual_seed(0)
    plain = nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True)
    x = torch.randn(7, 5, 3)
    output, (hidden, cell) = plain(x)
    for mine, theirs in zip(network(x), (output, hidden, cell, output[:, -1]), strict=True):
        assert torch.equal(mine, theirs)
    network.eval()
    order = torch.randperm(7)
    torch.testing.assert_close(network(x[order])[0], network(x)[0][order])


def test_rows_of_features_are_no_sequence() -> None:
    report = check_graph(chain(layer("Input", shape=(6,)), layer("LSTM"), layer("Output")))
    (problem,) = report.errors
    assert "needs a sequence [B, T, F], but gets [B, 6]" in problem.message


def test_the_last_step_for_one_row_and_for_five_in_onnx() -> None:
    graph = chain(layer("Input", shape=(5, 3)), layer("LSTM", hidden_size=4), layer("Linear", out_features=2))
    graph, end = graph.add(layer("Output"))
    graph = graph.disconnect(graph.into("n3")).connect(Edge("n2", "last", "n3", "input")).wire("n3", end)
    for rows in (1, 5):
        assert through_onnx(graph, torch.randn(rows, 5, 3))[0].shape == (rows, 2)


def digits(*middle: object) -> Project:
    graph = chain(layer("Input"), *middle, layer("Output", loss=loss("CrossEntropyLoss")))  # type: ignore[arg-type]
    training = TrainingSettings(optimizer=optimizer("SGD", lr=0.05), epochs=2, batch_size=200, device="cpu")
    return Project(graph, DataSettings(dataset("Digits")), training)


def test_weights_of_other_shapes_are_not_carried_and_it_is_known_which() -> None:
    """Where the size of an image changes behind a Flatten, the dense layer starts anew and the convolution goes on."""
    first = digits(layer("Conv2d", out_channels=4), layer("Flatten"), layer("Linear", out_features=10))
    run = Run(first)
    for _ in run.snapshots(epochs=1):
        pass
    graph, pool = first.graph.insert_on(first.graph.into("n3")[0], layer("MaxPool2d"), (0.0, 0.0))
    assert check_graph(graph, TensorType((1, 8, 8))).nodes[pool.id].output is not None
    second = Run(first.with_graph(graph), run.checkpoint())
    assert second.continuation == "carried"
    assert second.kept == ("n2",)
    mine, theirs = (made.network.get_parameter("conv2d.weight") for made in (second, run))
    assert torch.equal(mine, theirs)


def test_a_frozen_norm_keeps_its_statistics_through_training() -> None:
    project = digits(
        layer("Conv2d", out_channels=4), layer("BatchNorm2d"), layer("Flatten"), layer("Linear", out_features=10)
    )
    run = Run(project.with_graph(project.graph.freeze(["n2", "n3"])))
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    for _ in run.snapshots(steps=10):
        pass
    after = run.network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"linear.weight", "linear.bias"}
    assert all(run.network.get_parameter(f"{name}.weight").grad is None for name in ("conv2d", "batch_norm2d"))


def test_a_network_that_is_all_frozen_has_nothing_to_train() -> None:

    project = digits(layer("Flatten"), layer("Linear", out_features=10))
    report = check(project.with_graph(project.graph.freeze(["n3"])))
    assert any("every layer with parameters is frozen" in problem.message for problem in report.errors)


def test_a_layer_that_is_used_twice_adds_its_gradients_up() -> None:
    graph = chain(layer("Input", shape=(4,)), layer("Linear", out_features=4), layer("Linear", out_features=4))
    graph, end = graph.add(layer("Output"))
    graph = graph.wire("n3", end).share("n3", "n2")
    torch.manual_seed(0)
    network = compile_network(graph)
    torch.manual_seed(0)
    plain = nn.Linear(4, 4)
    x = torch.randn(3, 4)
    network(x).sum().backward()
    plain(plain(x)).sum().backward()
    assert torch.equal(network.get_parameter("linear.weight").grad, plain.weight.grad)  # type: ignore[arg-type]
    assert check_graph(graph).parameters == 20
