"""ONNX files as drawings: the same results, the same weights, the same modules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from engine.importing.onnx_files import assert_alike, by_hand, by_torch, node, results
from engine.single_layers import LAYERS, ONE_WAY, REFUSED, drawing
from nnstudio.core.blocks import Block, every_node
from nnstudio.core.storage import project_from_json, to_bytes
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.export.onnx_file import to_onnx
from nnstudio.engine.export.subject import subject
from nnstudio.engine.export.trial import difference
from nnstudio.engine.importing import import_onnx
from nnstudio.engine.importing.imported import Imported
from nnstudio.paths import resources
from reference import REFERENCES, examples, module

SAMPLE = [name for name in sorted(LAYERS)[4::9] if name not in REFUSED and name not in ONE_WAY]
NETWORKS = ("resnet18", "vit_b_16", "swin_t", "mobilenet_v3_small", "shufflenet_v2")


def layers(found: Imported) -> list[str]:
    return [type(each.layer).__name__ for _, each in every_node(found.project.graph) if each.layer.role == "layer"]


def titles(found: Imported) -> set[str]:
    return {each.title for _, each in every_node(found.project.graph)}


# -- round trips -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iris", "digits-cnn", "spirals", "xor-one-layer"])
def test_an_example_comes_back(tmp_path: Path, name: str) -> None:
    project = project_from_json(json.loads((resources() / "examples" / f"{name}.json").read_text("utf-8")))
    what = subject(project)
    path = tmp_path / "a.onnx"
    path.write_bytes(to_onnx(project).content)
    found = import_onnx(path)
    for own, other in zip(what.compute(what.rows(6)), results(found, what.rows(6)), strict=True):
        assert difference(own, other.numpy()) <= 10
    own = {title.title for title in project.graph.nodes.values() if title.layer.role == "layer"}
    assert own <= titles(found)
    assert {key: value.shape for key, value in found.checkpoint.weights.items()} == {
        key: tuple(value.shape) for key, value in what.network.state_dict().items()
    }


@pytest.mark.parametrize("name", SAMPLE)
def test_a_layer_comes_back(tmp_path: Path, name: str) -> None:
    project = drawing(name)
    path = tmp_path / "a.onnx"
    path.write_bytes(to_onnx(project).content)
    found = import_onnx(path)
    what = subject(project)
    rows = what.rows(4, drawn=True)
    for own, other in zip(what.compute(rows), results(found, rows), strict=True):
        assert difference(own, other.numpy()) <= 10


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_torch_becomes_a_drawing(tmp_path: Path, name: str) -> None:
    reference = next(each for each in REFERENCES if each.name == name)
    original = module(reference, 0).eval()
    path = by_torch(original, examples(reference, 3, 1), tmp_path / "a.onnx", optimize=False)
    found = import_onnx(path)
    rows = examples(reference, 5, 2)
    with torch.no_grad():
        expected = original(*rows)
    assert difference(expected, results(found, rows)[0].numpy()) <= 20
    assert any(isinstance(each.layer, Block) for each in found.project.graph.nodes.values())
    names = {key for key, _ in original.named_parameters()}
    assert len(names & found.checkpoint.weights.keys()) >= 0.8 * len(names)
    assert to_bytes(found.project, found.checkpoint)


def test_what_torch_has_melted_together_is_read_too(tmp_path: Path) -> None:
    reference = next(each for each in REFERENCES if each.name == "resnet18")
    original = module(reference, 0).eval()
    found = import_onnx(by_torch(original, examples(reference, 3, 1), tmp_path / "a.onnx", optimize=True))
    rows = examples(reference, 2, 2)
    with torch.no_grad():
        assert difference(original(*rows), results(found, rows)[0].numpy()) <= 20


def test_blocks_keep_their_names_and_are_laid_out(tmp_path: Path) -> None:
    reference = next(each for each in REFERENCES if each.name == "resnet18")
    path = by_torch(module(reference, 0), examples(reference, 3, 1), tmp_path / "a.onnx", optimize=False)
    found = import_onnx(path)
    names = {each.layer.name for _, each in every_node(found.project.graph) if isinstance(each.layer, Block)}
    assert "BasicBlock" in names
    assert "layer1.0.conv1.weight" in found.checkpoint.weights
    places = [each.position for each in found.project.graph.nodes.values()]
    assert len(set(places)) == len(places)


# -- modules -----------------------------------------------------------------------------------------------------------


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (self.tower(a) - self.tower(b)).abs()


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.position = nn.Parameter(torch.randn(1, 5, 6))
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.table(x) + self.position)


def test_a_module_that_is_called_twice_is_shared(tmp_path: Path) -> None:
    rows = (torch.randn(3, 4), torch.randn(3, 4))
    path = by_torch(Shared(), rows, tmp_path / "a.onnx")
    found = import_onnx(path)
    assert_alike(found, path, *rows)
    assert sum(array.size for array in found.checkpoint.weights.values()) == 2 * (4 * 6 + 6 + 6 * 3 + 3) or any(
        each.shares for _, each in every_node(found.project.graph)
    )
    network = compile_network(found.project.graph)
    assert sum(parameter.numel() for parameter in network.parameters()) == 4 * 6 + 6 + 6 * 3 + 3


def test_tied_weights_stay_tied_and_parameters_stay_parameters(tmp_path: Path) -> None:
    rows = (torch.randint(0, 11, (3, 5)),)
    path = by_torch(Tied(), rows, tmp_path / "a.onnx")
    found = import_onnx(path)
    assert_alike(found, path, *rows)
    network = compile_network(found.project.graph)
    assert sum(parameter.numel() for parameter in network.parameters()) == 11 * 6 + 5 * 6
    assert {"Embedding", "Linear", "Parameter"} <= set(layers(found))


def test_attention_is_drawn_with_its_operations(tmp_path: Path) -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.attention(x, x, x)[0]

    rows = (torch.randn(3, 5, 8),)
    path = by_torch(Attention(), rows, tmp_path / "a.onnx")
    found = import_onnx(path)
    assert_alike(found, path, *rows)
    assert "Softmax" in layers(found)


def test_a_channels_last_mean_is_read(tmp_path: Path) -> None:
    class Mean(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), 1).flatten(1)

    rows = (torch.randn(3, 4, 4, 6),)
    path = by_torch(Mean(), rows, tmp_path / "a.onnx")
    assert_alike(import_onnx(path), path, *rows)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("directions", [1, 2])
def test_a_recurrent_module_is_read(tmp_path: Path, kind: str, directions: int) -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            make = getattr(nn, kind)
            self.reader = make(6, 5, num_layers=directions, batch_first=True, bidirectional=directions == 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.reader(x)[0]

    rows = (torch.randn(3, 7, 6),)
    path = by_torch(Reader(), rows, tmp_path / "a.onnx")
    found = import_onnx(path)
    assert_alike(found, path, *rows)
    assert [name for name in layers(found) if name != "Block"] == [kind] * directions


@pytest.mark.parametrize("function", ["Tanh", "Relu"])
def test_a_recurrent_operator_by_hand(tmp_path: Path, function: str) -> None:
    numbers = np.random.default_rng(3)
    arrays = {
        "w": numbers.normal(size=(1, 3, 4)).astype(np.float32),
        "r": numbers.normal(size=(1, 3, 3)).astype(np.float32) / 3,
        "b": numbers.normal(size=(1, 6)).astype(np.float32),
    }
    nodes = [
        node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        node("RNN", ["t", "w", "r", "b"], ["s", "h"], hidden_size=3, activations=[function]),
        node("Squeeze", ["s", "one"], ["q"]),
        node("Squeeze", ["h", "zero"], ["l"]),
        node("ReduceMax", ["q", "zero"], ["m"], keepdims=0),
        node("Add", ["m", "l"], ["y"]),
    ]
    arrays |= {"one": ints(1), "zero": ints(0)}
    path = by_hand(tmp_path / "a.onnx", nodes, arrays, {"x": ["batch", 5, 4]})
    found = import_onnx(path)
    assert_alike(found, path, torch.randn(3, 5, 4))
    assert "RNN" in layers(found)


# -- operators by hand -------------------------------------------------------------------------------------------------

WEIGHT = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
KERNEL = np.random.default_rng(1).normal(size=(5, 2, 3, 3)).astype(np.float32)
VECTOR = np.arange(6, dtype=np.float32)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


IMAGE = {"x": ["batch", 2, 7, 6]}
OPERATORS = {
    "matmul and add": (
        [node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["y"])],
        {"w": WEIGHT, "b": VECTOR},
        None,
    ),
    "gemm, turned and scaled": (
        [node("Gemm", ["x", "w", "b"], ["y"], transB=1, alpha=0.5, beta=2.0)],
        {"w": np.ascontiguousarray(WEIGHT.T), "b": VECTOR},
        None,
    ),
    "conv, uneven padding": (
        [node("Conv", ["x", "w"], ["y"], pads=[0, 1, 2, 0], strides=[2, 1])],
        {"w": KERNEL},
        IMAGE,
    ),
    "conv, same": ([node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", strides=[2, 2])], {"w": KERNEL}, IMAGE),
    "conv, same at the lower end": (
        [node("Conv", ["x", "w"], ["y"], auto_pad="SAME_LOWER", strides=[2, 2])],
        {"w": KERNEL},
        IMAGE,
    ),
    "transposed convolution": (
        [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])],
        {"w": np.ascontiguousarray(KERNEL.transpose(1, 0, 2, 3))},
        IMAGE,
    ),
    "max pool with uneven padding": (
        [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])],
        {},
        IMAGE,
    ),
    "mean without its padding": (
        [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])],
        {},
        IMAGE,
    ),
    "global pools": (
        [
            node("GlobalAveragePool", ["x"], ["a"]),
            node("GlobalMaxPool", ["x"], ["b"]),
            node("Concat", ["a", "b"], ["y"], axis=1),
        ],
        {},
        IMAGE,
    ),
    "gelu of the error function": (
        [
            node("Div", ["x", "root"], ["a"]),
            node("Erf", ["a"], ["b"]),
            node("Add", ["b", "one"], ["c"]),
            node("Mul", ["x", "c"], ["d"]),
            node("Mul", ["d", "half"], ["y"]),
        ],
        {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)},
        None,
    ),
    "flatten by its sizes": (
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["n"], axis=0),
            node("Unsqueeze", ["n", "axes"], ["m"]),
            node("Concat", ["m", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["y"]),
        ],
        {"zero": np.array(0, np.int64), "axes": ints(0), "rest": ints(-1)},
        IMAGE,
    ),
    "slices": (
        [node("Slice", ["x", "first", "last", "axes", "steps"], ["y"])],
        {"first": ints(1, -1), "last": ints(9, -100), "axes": ints(2, 3), "steps": ints(2, -1)},
        IMAGE,
    ),
    "split and picked": (
        [
            node("Split", ["x"], ["a", "b", "c"], axis=3, num_outputs=3),
            node("Gather", ["a", "places"], ["d"], axis=2),
            node("Gather", ["b", "one"], ["e"], axis=1),
            node("ReduceMax", ["c", "axes"], ["f"], keepdims=0),
            node("ReduceMean", ["d", "axes"], ["g"], keepdims=0),
            node("ReduceSum", ["e", "last"], ["h"], keepdims=1),
            node("ReduceMin", ["h", "last"], ["i"], keepdims=0),
            node("Concat", ["f", "g", "i"], ["y"], axis=1),
        ],
        {"places": ints(0, 3, 1), "one": np.array(1, np.int64), "axes": ints(2, 3), "last": ints(-1)},
        IMAGE,
    ),
    "resized": (
        [node("Resize", ["x", "", "s"], ["y"], mode="linear", coordinate_transformation_mode="half_pixel")],
        {"s": np.array([1, 1, 2, 3], np.float32)},
        IMAGE,
    ),
    "resized to a size": (
        [
            node("Shape", ["x"], ["b"], end=1),
            node("Concat", ["b", "r"], ["s"], axis=0),
            node(
                "Resize",
                ["x", "", "", "s"],
                ["y"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            ),
        ],
        {"r": ints(2, 14, 12)},
        IMAGE,
    ),
    "depth to space": (
        [node("SpaceToDepth", ["x"], ["a"], blocksize=2), node("DepthToSpace", ["a"], ["y"], blocksize=2)],
        {},
        {"x": ["batch", 2, 4, 6]},
    ),
    "padding of several kinds": (
        [node("Pad", ["x", "p"], ["a"], mode="reflect"), node("Pad", ["a", "q", "v"], ["y"])],
        {"p": ints(0, 0, 1, 2, 0, 0, 2, 1), "q": ints(0, 1, 0, 0, 0, 0, 0, 3), "v": np.float32(0.5)},
        IMAGE,
    ),
    "choices": (
        [
            node("Greater", ["x", "zero"], ["c"]),
            node("Neg", ["x"], ["n"]),
            node("Where", ["c", "n", "x"], ["a"]),
            node("Clip", ["a", "low", "high"], ["b"]),
            node("Softmax", ["b"], ["d"], axis=-1),
            node("LogSoftmax", ["d"], ["y"], axis=1),
        ],
        {"zero": np.float32(0), "low": np.float32(-1), "high": np.float32(0.25)},
        None,
    ),
    "norms": (
        [
            node("LayerNormalization", ["x", "s", "b"], ["a"], axis=-1, epsilon=1e-3),
            node("InstanceNormalization", ["a", "c", "d"], ["e"], epsilon=1e-4),
            node("BatchNormalization", ["e", "c", "d", "d", "c"], ["y"]),
        ],
        {"s": VECTOR, "b": VECTOR, "c": np.array([1, 2], np.float32), "d": np.array([0.5, 1], np.float32)},
        IMAGE,
    ),
    "einsum": (
        [node("Einsum", ["x", "w"], ["y"], equation="bi, ij -> bj")],
        {"w": WEIGHT},
        None,
    ),
    "learned times learned": (
        [node("Mul", ["u", "u"], ["a"]), node("Add", ["x", "a"], ["y"])],
        {"u": WEIGHT[:, :1].T.copy()},
        None,
    ),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_by_hand(tmp_path: Path, name: str) -> None:
    nodes, arrays, inputs = OPERATORS[name]
    path = by_hand(tmp_path / "a.onnx", nodes, arrays, inputs)
    found = import_onnx(path)
    sizes = [size if isinstance(size, int) else 3 for size in (inputs or {"x": ["batch", 4]})["x"]]
    assert_alike(found, path, torch.randn(sizes))
    assert not any("ONNX Runtime" in notice for notice in found.notices)


def test_a_matmul_with_its_bias_is_one_linear(tmp_path: Path) -> None:
    nodes, arrays, _ = OPERATORS["matmul and add"]
    found = import_onnx(by_hand(tmp_path / "a.onnx", nodes, arrays))
    assert layers(found) == ["Linear"]


def test_what_is_computed_from_weights_is_drawn_so_that_it_is_learned(tmp_path: Path) -> None:
    nodes, arrays, _ = OPERATORS["learned times learned"]
    found = import_onnx(by_hand(tmp_path / "a.onnx", nodes, arrays))
    assert sorted(layers(found)) == ["Add", "Multiply", "Parameter"]


def test_older_operators_with_attributes_in_place_of_inputs(tmp_path: Path) -> None:
    nodes = [
        node("Clip", ["x"], ["a"], min=0.0, max=6.0),
        node("Unsqueeze", ["a"], ["b"], axes=[1]),
        node("Slice", ["b"], ["c"], axes=[2], starts=[1], ends=[4]),
        node("Squeeze", ["c"], ["d"], axes=[1]),
        node("ReduceMean", ["d"], ["e"], axes=[1], keepdims=1),
        node("Pad", ["e"], ["f"], pads=[0, 1, 0, 1], mode="constant", value=2.0),
        node("Softmax", ["f"], ["y"]),
    ]
    path = by_hand(tmp_path / "a.onnx", nodes, opset=9)
    found = import_onnx(path)
    assert_alike(found, path, torch.randn(3, 4))
    assert "ReLU6" in layers(found)


def test_a_file_for_one_row_becomes_a_drawing_for_any_number(tmp_path: Path) -> None:
    nodes = [node("Reshape", ["x", "s"], ["a"]), node("MatMul", ["a", "w"], ["y"])]
    arrays = {"s": ints(1, 4), "w": WEIGHT}
    path = by_hand(tmp_path / "a.onnx", nodes, arrays, {"x": [1, 2, 2]})
    found = import_onnx(path)
    rows = torch.randn(1, 2, 2)
    assert_alike(found, path, rows)
    assert results(found, (torch.randn(7, 2, 2),))[0].shape == (7, 6)
    assert any("made for 1 rows at a time" in notice for notice in found.notices)


def test_names_with_slashes_make_blocks(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", ["x", "w"], ["a"], name="/encoder/encoder.0/MatMul"),
        node("Relu", ["a"], ["b"], name="/encoder/encoder.1/Relu"),
        node("Neg", ["b"], ["y"], name="/Neg"),
    ]
    found = import_onnx(by_hand(tmp_path / "a.onnx", nodes, {"w": WEIGHT}))
    assert [each.title for each in found.project.graph.nodes.values() if isinstance(each.layer, Block)] == ["encoder"]


def test_sizes_that_are_left_open_can_be_given(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])], inputs={"x": ["batch", 3, "height", "width"]})
    found = import_onnx(path, {"height": 8, "width": 6})
    assert results(found, (torch.randn(2, 3, 8, 6),))[0].shape == (2, 3, 8, 6)


def test_arrays_in_a_file_beside_it_are_read(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.onnx", [node("MatMul", ["x", "w"], ["y"])], {"w": WEIGHT})
    onnx.save_model(onnx.load(path), path, save_as_external_data=True, location="a.bin", size_threshold=0)
    assert onnx.load(path, load_external_data=False).graph.initializer[0].data_location == TensorProto.EXTERNAL
    found = import_onnx(path)
    (name,) = (name for name in found.checkpoint.weights if name.endswith("weight"))
    assert np.array_equal(found.checkpoint.weights[name], WEIGHT.T)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_weights_of_another_precision_become_float32(tmp_path: Path, dtype: type) -> None:
    nodes = [node("Cast", ["w"], ["v"], to=TensorProto.FLOAT), node("MatMul", ["x", "v"], ["y"])]
    path = by_hand(tmp_path / "a.onnx", nodes, {"w": WEIGHT.astype(dtype)})
    assert_alike(import_onnx(path), path, torch.randn(3, 4))


def test_numbers_that_are_listed_one_by_one(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.onnx", [node("MatMul", ["x", "w"], ["y"])], {"w": WEIGHT})
    model = onnx.load(path)
    listed = helper.make_tensor("w", TensorProto.FLOAT, WEIGHT.shape, WEIGHT.reshape(-1).tolist())
    assert not listed.raw_data
    model.graph.initializer[0].CopyFrom(listed)
    path.write_bytes(model.SerializeToString())
    assert np.array_equal(numpy_helper.to_array(onnx.load(path).graph.initializer[0]), WEIGHT)
    assert_alike(import_onnx(path), path, torch.randn(3, 4))
