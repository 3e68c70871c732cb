"""A drawing means what a careful person would have written by hand, or is refused where it is wrong, in words."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nnstudio.library  # noqa: F401  (registers what the tests draw with)
from core.drawings import specs
from engine.projects import chain, dataset, layer, loss, optimizer
from nnstudio.core.data import TensorType
from nnstudio.core.graph import RESERVED, Edge, Graph
from nnstudio.core.kinds import Layer, Missing
from nnstudio.core.problems import Problem
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.compiler import GraphError, Report, check, check_graph, compile_network

Shape = tuple[int, ...]


def reported(shape: Shape, *middle: Layer, dtype: str = "float32") -> Report:
    """What is said of these layers, one after the other, between an Input of this shape and an Output."""
    return check_graph(chain(layer("Input"), *middle, layer("Output")), TensorType(shape, dtype))


def said(report: Report) -> list[tuple[str | None, str]]:
    """Who says something, and how bad it is."""
    return [(problem.node, problem.severity) for problem in report.problems]


def only(report: Report) -> Problem:
    (problem,) = report.problems
    return problem


def project(graph: Graph, data: str = "Iris", **training: object) -> Project:
    settings = {"optimizer": optimizer("Adam"), "batch_size": 16} | training
    return Project(graph, DataSettings(dataset(data)), TrainingSettings(**settings))  # type: ignore[arg-type]


# -- the cases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "middle", "after", "parameters"),
    [
        ((10,), [layer("Linear", out_features=2)], (2,), 22),
        ((3, 8, 8), [layer("Linear", out_features=2)], (3, 8, 2), 18),
        ((3, 32, 32), [layer("Conv2d", kernel_size=3, stride=2, padding=1, dilation=2)], (8, 15, 15), 224),
        ((3, 32, 20), [layer("Conv2d", kernel_size=(3, 5), stride=(2, 1), padding=(1, 0))], (8, 16, 16), 368),
        ((4, 9), [layer("Conv1d", out_channels=6, groups=2)], (6, 7), 42),
        ((1, 5, 5), [layer("MaxPool2d")], (1, 2, 2), 0),
        ((1, 5, 5), [layer("MaxPool2d", ceil_mode=True)], (1, 3, 3), 0),
        ((1, 5, 5), [layer("AvgPool2d", kernel_size=3, stride=2, padding=1, ceil_mode=True)], (1, 3, 3), 0),
        ((2, 5, 5), [layer("AdaptiveAvgPool2d", output_size=7)], (2, 7, 7), 0),
        ((2, 5, 5), [layer("Flatten"), layer("Linear", out_features=3)], (3,), 153),
        ((24,), [layer("Reshape", shape=(2, 3, 4)), layer("BatchNorm2d")], (2, 3, 4), 4),
        ((6,), [layer("LayerNorm"), layer("BatchNorm1d"), layer("GELU"), layer("Dropout")], (6,), 24),
    ],
)
def test_sizes_follow_from_the_wires(shape: Shape, middle: list[Layer], after: Shape, parameters: int) -> None:
    report = reported(shape, *middle)
    assert report.ready
    assert report.nodes[report.order[-1]].output == TensorType(after)
    assert report.parameters == parameters
    network = compile_network(chain(layer("Input"), *middle, layer("Output")), TensorType(shape))
    assert network.eval()(torch.zeros(2, *shape)).shape == (2, *after)


def test_tokens_go_through_an_embedding() -> None:
    report = reported((5,), layer("Embedding", num_embeddings=10, embedding_dim=3), layer("Linear"), dtype="int64")
    assert report.ready
    assert report.nodes["n2"].output == TensorType((5, 3))
    assert report.nodes["n1"].output == TensorType((5,), "int64")
    assert report.parameters == 30 + 32


@pytest.mark.parametrize(
    ("shape", "middle", "words"),
    [
        ((3, 3, 3), layer("Conv2d", kernel_size=5), ["5×5 is larger than the 3×3 input"]),
        ((3, 8, 8), layer("Conv2d", groups=2), ["groups=2 must divide 3 input channels"]),
        ((8, 8), layer("Conv2d"), ["needs 4 axes [B, C, H, W]", "3 axes [B, 8, 8]"]),
        ((8,), layer("MaxPool2d"), ["needs 4 axes [B, C, H, W]", "2 axes [B, 8]"]),
        ((8,), layer("Conv1d"), ["needs 3 axes [B, C, L]", "2 axes [B, 8]"]),
        ((1, 4, 4), layer("MaxPool2d", padding=2), ["padding of at most half the kernel (1)", "padding 2"]),
        ((1, 4, 4), layer("BatchNorm1d"), ["[B, features] or [B, C, L]", "[B, 1, 4, 4]"]),
        ((24,), layer("Reshape", shape=(2, 5)), ["10 numbers a row", "24"]),
        ((3,), layer("Embedding"), ["whole numbers (int64)", "float32"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_at_its_node(shape: Shape, middle: Layer, words: list[str]) -> None:
    report = reported(shape, middle)
    problem = only(report)
    assert (problem.node, problem.severity) == ("n2", "error")
    assert problem.message.startswith(f"{chain(middle).nodes['n1'].title} needs ")
    for word in words:
        assert word in problem.message
    assert problem.needed
    assert problem.got
    assert problem.fix
    assert problem.fix in problem.message
    assert report.at("n2") == [problem]
    assert not report.ready
    with pytest.raises(GraphError) as caught:
        compile_network(chain(layer("Input"), middle, layer("Output")), TensorType(shape))
    assert caught.value.problems == (problem,)


def test_what_torch_takes_though_hardly_meant_is_a_warning() -> None:
    problem = only(reported((3, 8, 8), layer("Linear", out_features=2)))
    assert (problem.node, problem.severity) == ("n2", "warning")
    assert "acts on the last axis alone" in problem.message
    assert "Flatten" in problem.fix


def test_a_row_of_pools_is_stopped_at_the_first_that_has_no_room() -> None:
    report = reported((1, 9, 9), *[layer("MaxPool2d")] * 5)
    problem = only(report)
    assert problem.node == "n5"
    assert report.nodes["n4"].output == TensorType((1, 1, 1))
    assert "2×2 is larger than the 1×1 input" in problem.message
    assert "sizes on the way: 9×9 → 4×4 → 2×2 → 1×1" in problem.message
    assert [report.nodes[i].output for i in ("n5", "n6", "n7")] == [None] * 3


def joined(name: str, *branches: Layer, shape: Shape = (6,)) -> Graph:
    """An Input, branches with titles of their own, and one layer that joins them."""
    graph, first = Graph().add(layer("Input"))
    graph, join = graph.add(layer(name, number_of_inputs=len(branches)) if name != "Bilinear" else layer(name))
    for number, branch in enumerate(branches):
        graph, node = graph.add(branch, title=f"branch {number}")
        graph = graph.wire(first, node).wire(node, join)
    graph, last = graph.add(layer("Output"))
    return graph.wire(join, last)


def test_branches_that_do_not_fit_together_are_both_named() -> None:
    graph = joined("Add", layer("Linear", out_features=3), layer("Linear", out_features=4))
    problem = only(check_graph(graph, TensorType((6,))))
    assert (problem.node, problem.severity) == ("n2", "error")
    for word in ("branch 0", "branch 1", "[B, 3]", "[B, 4]"):
        assert word in problem.message
    graph = joined("Concatenate", layer("Reshape", shape=(2, 3)), layer("Reshape", shape=(3, 2)))
    problem = only(check_graph(graph, TensorType((6,))))
    assert problem.node == "n2"
    for word in ("branch 0", "branch 1", "[B, 2, 3]", "[B, 3, 2]"):
        assert word in problem.message


def test_an_axis_of_one_is_repeated_with_a_warning_and_a_missing_axis_is_an_error() -> None:
    graph = joined("Add", layer("Linear", out_features=1), layer("Linear", out_features=4))
    report = check_graph(graph, TensorType((6,)))
    assert said(report) == [("n2", "warning")]
    assert "broadcast" in report.problems[0].message
    assert report.nodes["n2"].output == TensorType((4,))
    graph = joined("Multiply", layer("Linear", out_features=6), layer("Reshape", shape=(6, 1)))
    report = check_graph(graph, TensorType((6,)))
    assert said(report) == [("n2", "error")]
    assert "equally many axes" in report.problems[0].message


def test_two_layers_of_equal_settings_are_two_layers() -> None:
    graph = joined("Add", layer("Linear", out_features=4), layer("Linear", out_features=4))
    network = compile_network(graph, TensorType((6,)))
    assert check_graph(graph, TensorType((6,))).parameters == 56 == sum(p.numel() for p in network.parameters())
    assert network.module_of("n3") is not network.module_of("n4")
    assert network.names["n3"] == "branch_0"
    assert network.module_of("n2") is None


def test_a_node_with_two_followers_is_computed_once() -> None:
    graph, first = Graph().add(layer("Input"))
    graph, shared = graph.add(layer("Linear", out_features=3))
    graph, join = graph.add(layer("Add", number_of_inputs=3))
    graph, last = graph.add(layer("Output"))
    graph = graph.wire(first, shared).wire(join, last)
    for port in "abc":
        graph = graph.wire(shared, join, port)
    network = compile_network(graph, TensorType((3,)))
    calls = []
    module = network.module_of(shared.id)
    assert isinstance(module, nn.Linear)
    module.register_forward_hook(lambda *_: calls.append(1))
    x = torch.randn(4, 3)
    assert torch.equal(network(x), module(x) + module(x) + module(x))
    assert len(calls) == 1 + 3
    network.zero_grad()
    network(x).sum().backward()
    assert module.weight.grad is not None
    torch.testing.assert_close(module.weight.grad, 3 * x.sum(0).expand(3, 3))


# -- circles, ends and islands -----------------------------------------------------------------------------------------


def test_a_circle_is_told_in_order_at_each_of_its_layers() -> None:
    graph, titles = Graph(), ("A", "B", "C")
    for title in titles:
        graph, _ = graph.add(layer("ReLU"), title=title)
    graph = graph.wire("n1", "n2").wire("n2", "n3").wire("n3", "n1")
    graph, first = graph.add(layer("Input"))
    graph, last = graph.add(layer("Output"))
    report = check_graph(graph.wire("n3", last), TensorType((3,)))
    circle = [problem for problem in report.errors if "A → B → C → A" in problem.message]
    assert [problem.node for problem in circle] == ["n1", "n2", "n3"]
    assert not any(problem.node in ("n1", "n2", "n3") for problem in report.errors if problem not in circle)
    assert first.id in report.nodes


def test_a_layer_that_feeds_itself_is_a_circle() -> None:
    graph = chain(layer("Input"), layer("ReLU"), layer("Output")).wire("n2", "n2")
    report = check_graph(graph.connect(Edge("n2", "output", "n2", "input")), TensorType((3,)))
    assert "relu → relu" in report.at("n2")[0].message
    assert not report.ready


def test_an_island_is_left_out_with_a_warning() -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=2), layer("Output"))
    graph, island = graph.add(layer("Linear", out_features=100))
    graph = graph.wire("n1", island)
    graph, unwired = graph.add(layer("Conv2d"))
    report = check_graph(graph, TensorType((3,)))
    assert report.ready
    assert said(report) == [(island.id, "warning"), (unwired.id, "warning")]
    assert "leads to no Output" in report.at(island.id)[0].message
    assert report.parameters == 8
    assert report.nodes[island.id].parameters == 400
    network = compile_network(graph, TensorType((3,)))
    assert set(network.names) == {"n2"}
    assert set(network.activations(torch.zeros(1, 3))) == {"n1", "n2", "n3"}


def test_a_mistake_in_what_is_left_out_keeps_nothing_from_training() -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=2), layer("Output"))
    graph, island = graph.add(layer("Conv2d"))
    graph = graph.wire("n1", island)
    report = check_graph(graph, TensorType((3,)))
    assert report.ready
    assert said(report) == [(island.id, "warning"), (island.id, "warning")]
    compile_network(graph, TensorType((3,)))


def test_a_second_output_gets_its_own_wire() -> None:
    graph = chain(layer("Input"), layer("ReLU"), layer("Output")).add(layer("Output"))[0]
    assert [problem.node for problem in check_graph(graph, TensorType((3,))).errors] == ["n4"]


def without(graph: Graph, node_id: str, port: str = "input") -> Graph:
    """The drawing without the wire that ends there."""
    return graph.disconnect([edge for edge in graph.into(node_id) if edge.target_port == port])


@pytest.mark.parametrize(
    ("graph", "node", "words"),
    [
        (chain(layer("Input"), layer("Linear"), layer("Output")).remove(["n1"]), None, "There is no Input"),
        (chain(layer("Input"), layer("Linear")), None, "There is no Output"),
        (without(chain(layer("Input"), layer("Output")), "n2"), "n2", "output gets nothing at its input"),
        (without(joined("Add", layer("ReLU"), layer("ReLU")), "n2", "b"), "n2", "add gets nothing at its input b"),
        (Graph(), None, "There is no Input"),
    ],
)  # fmt: skip
def test_loose_ends_are_said_once(graph: Graph, node: str | None, words: str) -> None:
    report = check_graph(graph, TensorType((3,)))
    assert not report.ready
    assert len([problem for problem in report.errors if words in problem.message and problem.node == node]) == 1
    assert len({problem.message for problem in report.problems}) == len(report.problems)
    with pytest.raises(GraphError):
        compile_network(graph, TensorType((3,)))


def test_a_layer_that_is_missing_is_said_and_the_rest_is_checked() -> None:
    missing = Missing(name="Quux3d", settings_text="{}", reason="there is no layer called 'Quux3d'")
    report = reported((3,), layer("Linear"), missing, layer("Linear"))
    problem = only(report)
    assert (problem.node, problem.severity) == ("n3", "error")
    assert "there is no layer called 'Quux3d'" in problem.message
    assert problem.needed and problem.got == "Quux3d" and problem.fix in problem.message
    assert report.nodes["n2"].output == TensorType((8,))
    assert report.nodes["n4"].output is None


# -- bound to data -----------------------------------------------------------------------------------------------------


def errors_of(graph: Graph, data: str = "Iris", **training: object) -> list[tuple[str | None, str]]:
    return [(problem.node, problem.message) for problem in check(project(graph, data, **training)).errors]


@pytest.mark.parametrize(
    ("data", "outputs", "kind", "words"),
    [
        ("Iris", 2, "CrossEntropyLoss", "output needs 3 outputs, one for each class (setosa, versicolor, virginica)"),
        ("Iris", 1, "CrossEntropyLoss", "output needs 3 outputs"),
        ("Iris", 1, "BCEWithLogitsLoss", "output needs two classes, but gets 3 classes"),
        ("Iris", 3, "MSELoss", "output needs numbers or two classes, but gets 3 classes"),
        ("Moons", 2, "BCEWithLogitsLoss", "output needs 1 output, but gets 2"),
        ("Diabetes", 1, "CrossEntropyLoss", "output needs "),
        ("Diabetes", 2, "MSELoss", "output needs 1 output, but gets 2"),
    ],
)  # fmt: skip
def test_a_loss_that_does_not_fit_the_data_is_refused(data: str, outputs: int, kind: str, words: str) -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=outputs), layer("Output", loss=loss(kind)))
    (error,) = errors_of(graph, data)
    assert error[0] == "n3"
    assert error[1].startswith(words)


@pytest.mark.parametrize(
    ("last", "kind", "data"),
    [("Softmax", "CrossEntropyLoss", "Iris"), ("Sigmoid", "BCEWithLogitsLoss", "Moons")],
)
def test_what_the_loss_does_already_is_a_warning(last: str, kind: str, data: str) -> None:
    size = 3 if data == "Iris" else 1
    graph = chain(layer("Input"), layer("Linear", out_features=size), layer(last), layer("Output", loss=loss(kind)))
    report = check(project(graph, data))
    assert report.ready
    (warning,) = (problem for problem in report.problems if problem.severity == "warning")
    assert warning.node == "n3"
    assert "already applies" in warning.message
    assert f"Delete {last.lower()}" in warning.fix


def test_two_linear_layers_collapse() -> None:
    graph = chain(layer("Input"), layer("Linear"), layer("Linear", out_features=3), layer("Output"))
    (note,) = check(project(graph)).problems
    assert (note.severity, note.node) == ("note", "n3")
    assert "collapse" in note.message


def normed() -> Graph:
    last = layer("Linear", out_features=3)
    return chain(layer("Input"), layer("Linear"), layer("BatchNorm1d"), layer("ReLU"), last, layer("Output"))


@pytest.mark.parametrize("batch_size", [1, 7, 16, 17, 119, 120, 121, None])
def test_a_last_batch_of_one_row_is_foreseen(batch_size: int | None) -> None:
    """Of 150 rows 120 are for training: 7 batches of 17 leave one row, which BatchNorm cannot learn from."""
    wrong = batch_size in (1, 7, 17, 119)
    errors = errors_of(normed(), batch_size=batch_size)
    assert bool(errors) == wrong
    if wrong:
        assert errors[0][0] == "n3"
        assert "1 row" in errors[0][1]
        assert f"120 training rows in batches of {batch_size}" in errors[0][1]


def test_a_project_without_parts_says_what_is_missing() -> None:
    messages = [problem.message for problem in check(Project()).errors]
    assert [message.split(".")[0] for message in messages] == [
        "No data is chosen", "There is no Input", "There is no Output", "No optimizer is chosen",
    ]  # fmt: skip
    nothing = chain(layer("Input"), layer("ReLU"), layer("Output", loss=loss("MSELoss")))
    (error,) = errors_of(nothing, "Curve1D")
    assert "nothing to train" in error[1]


def test_what_cannot_fit_into_memory_is_refused_and_nothing_is_allocated() -> None:
    for size, words in ((10**9, "PB"), (10**15, "")):
        graph = chain(
            layer("Input"), layer("Linear", out_features=10**6), layer("ReLU"), layer("Linear", out_features=size),
            layer("ReLU"), layer("Linear", out_features=3), layer("Output"),
        )  # fmt: skip
        start = time.perf_counter()
        errors = errors_of(graph)
        assert time.perf_counter() - start < 2
        assert errors
        assert errors[0][0] == "n4"
        assert words in errors[0][1]
    huge = chain(layer("Input"), layer("Embedding", num_embeddings=2**40, embedding_dim=2**10), layer("Output"))
    report = check_graph(huge, TensorType((3,), "int64"))
    assert report.nodes["n2"].parameters in (0, 2**50)


def test_values_of_a_batch_that_cannot_fit_are_refused_too() -> None:
    for middle in (layer("AdaptiveAvgPool2d", output_size=100_000), layer("Conv2d", padding=2**40)):
        graph = chain(layer("Input"), middle, layer("Flatten"), layer("Linear", out_features=10), layer("Output"))
        (node, message), *_ = errors_of(graph, "Digits")
        assert node in ("n2", "n4")
        assert "memory" in message or "sizes that a computer can hold" in message


def test_a_pinned_input_must_be_what_the_data_gives() -> None:
    graph = chain(layer("Input", shape=(5,)), layer("Linear", out_features=3), layer("Output"))
    (error,) = errors_of(graph)
    assert error[0] == "n1"
    assert "[B, 5]" in error[1]
    assert "[B, 4]" in error[1]
    assert check_graph(graph, None).nodes["n2"].output == TensorType((3,))


def test_the_size_of_the_input_goes_through_to_the_last_layer() -> None:
    graph = chain(layer("Input"), layer("Conv2d"), layer("Flatten"), layer("Linear", out_features=3), layer("Output"))
    for side, numbers in ((5, 72), (6, 128)):
        network = compile_network(graph, TensorType((1, side, side)))
        linear = network.module_of("n4")
        assert isinstance(linear, nn.Linear)
        assert linear.in_features == numbers


# -- the module --------------------------------------------------------------------------------------------------------

HOSTILE = ["class", 'quote"key', "数学", "1st", "forward", "training", "None", "self", "state_dict", "x", "torch", "T"]


def test_any_title_makes_a_network() -> None:
    """torch.fx has written broken or other code for such names."""
    graph, last = Graph().add(layer("Input"))
    for title in HOSTILE * 2:
        graph, node = graph.add(layer("Linear", out_features=4), title=title)
        graph = graph.wire(last, node)
        last = node
    graph, output = graph.add(layer("Output"), title="output")
    graph = graph.wire(last, output)
    network = compile_network(graph, TensorType((4,)))
    x = value = torch.randn(3, 4)
    for node_id in list(graph.nodes)[1:-1]:
        module = network.module_of(node_id)
        assert module is not None
        value = module(value)
    assert torch.equal(network(x), value)
    assert len(network.state_dict()) == 2 * 2 * len(HOSTILE)
    network.load_state_dict({name: tensor + 1 for name, tensor in network.state_dict().items()})


def test_no_module_takes_the_name_of_something_else() -> None:
    taken = {name for name in dir(nn.Module()) if not name.startswith("_") and name == name.lower()}
    network = compile_network(chain(layer("Input"), layer("Linear"), layer("Output")), TensorType((3,)))
    own = {name for name in vars(network) if not name.startswith("_")} | set(vars(type(network)))
    assert {name for name in taken | own if not name.startswith("_")} - RESERVED == set()


def test_initial_weights_are_those_of_a_script() -> None:
    first, last = layer("Linear", out_features=8), layer("Linear", out_features=3)
    graph = chain(layer("Input"), first, layer("ReLU"), last, layer("Output"))
    torch.manual_seed(3)
    network = compile_network(graph, TensorType((4,)))
    torch.manual_seed(3)
    script = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    for mine, theirs in zip(network.parameters(), script.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_to_check_draws_nothing_from_the_random_state_and_allocates_nothing() -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=12_345), layer("Dropout"), layer("Output"))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    check_graph(graph, TensorType((12_345,)))
    assert torch.equal(torch.get_rng_state(), before)


def test_to_look_changes_nothing() -> None:
    graph = chain(layer("Input"), layer("Linear"), layer("BatchNorm1d"), layer("Dropout"), layer("Output"))
    network = compile_network(graph, TensorType((4,)))
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.get_rng_state()
    with torch.inference_mode():
        values = network.activations(torch.randn(5, 4, generator=torch.Generator().manual_seed(0)))
    assert list(values) == ["n1", "n2", "n3", "n4", "n5"]
    assert torch.equal(values["n4"], values["n5"])
    assert torch.equal(torch.get_rng_state(), state)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize(("p", "share"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)])
def test_dropout_keeps_the_mean_while_training_and_does_nothing_afterwards(p: float, share: float) -> None:
    network = compile_network(chain(layer("Input"), layer("Dropout", p=p), layer("Output")), TensorType((1000,)))
    x = torch.ones(100, 1000)
    torch.manual_seed(0)
    dropped = network(x)
    assert float((dropped != 0).float().mean()) == pytest.approx(share, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(float(p < 1), abs=0.02)
    assert torch.equal(network.eval()(x), x)


@pytest.mark.parametrize(("length", "seconds"), [(1000, 2), (5000, 10)])
def test_a_long_chain_is_compiled_and_learns(length: int, seconds: float) -> None:
    graph, last = Graph().add(layer("Input"))
    for number in range(length):
        graph, node = graph.add(layer("Linear", out_features=2) if number % 500 == 0 else layer("Tanh"))
        graph = graph.wire(last, node)
        last = node
    graph, output = graph.add(layer("Output"))
    graph = graph.wire(last, output)
    start = time.perf_counter()
    assert check_graph(graph, TensorType((2,))).ready
    network = compile_network(graph, TensorType((2,)))
    network(torch.randn(3, 2)).sum().backward()
    assert time.perf_counter() - start < seconds
    assert all(parameter.grad is not None for parameter in network.parameters())


@given(st.lists(st.integers(0, 12), max_size=4), st.sampled_from(["float32", "int64"]), st.data())
def test_any_layer_on_any_shape_is_computed_or_refused(shape: list[int], dtype: str, data: st.DataObject) -> None:
    """Nothing but problems comes out of a check, and what passes it runs."""
    middle = data.draw(specs(Layer))
    if not middle.input_ports or not middle.output_ports:
        return
    graph, first = Graph().add(layer("Input"))
    graph, node = graph.add(middle)
    graph, last = graph.add(layer("Output"))
    for port in middle.input_ports:
        graph = graph.wire(first, node, port.name)
    graph = graph.wire(node, last)
    report = check_graph(graph, TensorType(tuple(shape), dtype))
    for problem in report.problems:
        assert problem.node == node.id
        assert problem.message.startswith(node.title)
        assert problem.message.endswith(".")
        assert len(problem.message) < 600
    if report.ready and report.parameters < 10**6 and np.prod(shape) < 10**5:
        output = report.nodes[last.id].output
        assert output is not None
        if output.size > 10**6:
            return
        x = torch.zeros(3, *shape, dtype=getattr(torch, dtype))
        value = compile_network(graph, TensorType(tuple(shape), dtype)).eval()(x)
        assert tuple(value.shape) == output.sizes(3)


def test_two_checks_of_one_project_say_the_same() -> None:
    graph = joined("Add", layer("Linear", out_features=3), layer("Linear", out_features=4))
    assert check(project(graph)) == check(project(replace(graph)))
