"""Files that are no ONNX, are damaged, or mean harm: one sentence that says where, and no time or memory lost."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from engine.importing.onnx_files import by_hand, by_torch, node
from nnstudio.engine.importing import ImportRefused, import_onnx, onnx_scan

WEIGHT = np.ones((4, 6), np.float32)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    nodes = [node("MatMul", ["x", "w"], ["a"], name="first"), node("Relu", ["a"], ["y"], name="second")]
    return by_hand(tmp_path / "net.onnx", nodes, {"w": WEIGHT})


def refused(path: Path) -> str:
    """The sentence with which a file is refused: one line that names it."""
    with pytest.raises(ImportRefused) as raised:
        import_onnx(path)
    sentence = str(raised.value)
    assert sentence.startswith(path.name)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 500
    return sentence


def assert_read_or_refused(path: Path) -> None:
    """It becomes a drawing, or a sentence; nothing else comes out of it."""
    sentence = path.name
    with contextlib.suppress(ImportRefused):
        try:
            import_onnx(path)
        except ImportRefused as error:
            sentence = str(error)
            raise
    assert sentence.startswith(path.name)
    assert "\n" not in sentence


# -- no ONNX -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"PK\x03\x04" + bytes(200), b"import torch\n", b"\x08\x08", b"\x80\x04\x95" + bytes(50), b"{}"],
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    refused(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    assert "is not a file" in refused(tmp_path)
    assert "cannot be read" in refused(tmp_path / "absent.onnx")
    pipe = tmp_path / "pipe.onnx"
    os.mkfifo(pipe)
    assert "is not a file" in refused(pipe)


def test_every_file_that_is_cut_off(good: Path, tmp_path: Path) -> None:
    content = good.read_bytes()
    path = tmp_path / "cut.onnx"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert_read_or_refused(path)


@pytest.mark.parametrize("seed", range(3))
def test_bytes_that_were_changed(tmp_path: Path, seed: int) -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 2, 3)
            self.fc = torch.nn.Linear(2 * 4 * 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(torch.relu(self.conv(x)).flatten(1))

    original = by_torch(Net(), (torch.randn(3, 1, 6, 6),), tmp_path / "net.onnx").read_bytes()
    model = onnx.load_model_from_string(original)
    for each in model.graph.node:
        del each.metadata_props[:]
    content = model.SerializeToString()
    chance = random.Random(seed)
    path = tmp_path / "changed.onnx"
    for _ in range(60):
        spoilt = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        path.write_bytes(spoilt)
        assert_read_or_refused(path)


# -- what would fill the memory ----------------------------------------------------------------------------------------


def test_many_empty_messages_are_refused_before_they_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_scan, "MOST_FIELDS", 100_000)
    graph = b"\x0a\x00" * 200_000  # nodes without anything
    size = len(graph)
    length = bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127])
    path = tmp_path / "bomb.onnx"
    path.write_bytes(b"\x3a" + length + graph)
    assert "more than 100,000 entries" in refused(path)


def test_messages_in_messages_without_end_are_refused(tmp_path: Path) -> None:
    def wrapped(field: int, content: bytes) -> bytes:
        size, length = len(content), b""
        while True:
            length += bytes([size & 127 | (128 if size > 127 else 0)])
            size >>= 7
            if not size:
                return bytes([field << 3 | 2]) + length + content

    content = b""
    for _ in range(200):
        content = wrapped(1, wrapped(5, wrapped(6, content)))  # a node with an attribute with a graph
    path = tmp_path / "deep.onnx"
    path.write_bytes(wrapped(7, content))
    assert "deep" in refused(path)


@pytest.mark.parametrize("sizes", [(2**40, 2**20), (10**9, 10), (-1, 4), (2**62, 4), (4,) * 40])
def test_arrays_that_say_they_are_huge(good: Path, sizes: tuple[int, ...]) -> None:
    model = onnx.load(good)
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(sizes)
    good.write_bytes(model.SerializeToString())
    assert "the array w" in refused(good)


GROWING = {
    "ConstantOfShape": [node("ConstantOfShape", ["n"], ["a"], name="grow"), node("Add", ["x", "a"], ["y"])],
    "Expand": [node("Expand", ["one", "n"], ["a"], name="grow"), node("Add", ["x", "a"], ["y"])],
    "Tile": [node("Tile", ["one", "n"], ["a"], name="grow"), node("Add", ["x", "a"], ["y"])],
    "Range": [node("Range", ["zero", "much", "step"], ["a"], name="grow"), node("Add", ["x", "a"], ["y"])],
    "Pad": [node("Pad", ["one", "pads"], ["a"], name="grow"), node("Add", ["x", "a"], ["y"])],
}


@pytest.mark.parametrize("kind", GROWING)
def test_constants_that_would_grow_without_end(tmp_path: Path, kind: str) -> None:
    arrays = {
        "n": np.array([100_000, 100_000], np.int64),
        "one": np.ones((1, 1), np.float32),
        "zero": np.float32(0),
        "much": np.float32(1e30),
        "step": np.float32(1),
        "pads": np.array([10**6, 10**6, 10**6, 10**6], np.int64),
    }
    path = by_hand(tmp_path / "grow.onnx", GROWING[kind], arrays)
    assert "grow" in refused(path).partition(":")[2]


def test_a_chain_of_doublings_is_refused(tmp_path: Path) -> None:
    nodes = [node("Concat", [f"v{i}", f"v{i}"], [f"v{i + 1}"], axis=0, name=f"double{i}") for i in range(60)]
    path = by_hand(tmp_path / "a.onnx", [*nodes, node("Add", ["x", "v60"], ["y"])], {"v0": np.ones(4, np.float32)})
    assert "double" in refused(path)


def test_rows_that_would_be_huge_are_refused(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])], inputs={"x": ["batch", 10**6, 10**6]})
    assert "one row of the input x" in refused(path)


def test_a_hostile_file_takes_little_memory(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "a.onnx", [*GROWING["Expand"]], {"n": np.array([2**31, 2**31]), "one": WEIGHT[:1, :1]})
    script = """
import resource, sys
from pathlib import Path
from nnstudio.engine.importing import ImportRefused, import_onnx
import onnx.reference, nnstudio.library
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    import_onnx(Path(sys.argv[1]))
except ImportRefused:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    answer = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    grown = int(answer.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert grown < 300e6, resource.getrusage(resource.RUSAGE_CHILDREN)


# -- arrays in other files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location", ["../secret.bin", "/etc/passwd", "..\\secret.bin", "a/../../secret.bin", "link.bin", ""]
)
def test_arrays_outside_the_folder_are_not_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.bin").write_bytes(WEIGHT.tobytes())
    folder = tmp_path / "inner"
    folder.mkdir()
    (folder / "a").mkdir()
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    path = by_hand(folder / "net.onnx", [node("MatMul", ["x", "w"], ["y"])], {"w": WEIGHT})
    outside(path, location, 0, WEIGHT.nbytes)
    assert "the array w" in refused(path)


@pytest.mark.parametrize(
    ("offset", "length"), [("90", "96"), ("-1", "96"), ("0", "9"), ("x", "96"), (str(2**70), "96")]
)
def test_places_that_are_not_there(tmp_path: Path, offset: str, length: str) -> None:
    (tmp_path / "data.bin").write_bytes(WEIGHT.tobytes())
    path = by_hand(tmp_path / "net.onnx", [node("MatMul", ["x", "w"], ["y"])], {"w": WEIGHT})
    outside(path, "data.bin", offset, length)
    assert "the array w" in refused(path)


def outside(path: Path, location: str, offset: object, length: object) -> None:
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": offset, "length": length}.items():
        tensor.external_data.add(key=key, value=str(value))
    path.write_bytes(model.SerializeToString())


# -- what no drawing can be --------------------------------------------------------------------------------------------


def changed(path: Path, change: object) -> Path:
    model = onnx.load(path)
    change(model)  # type: ignore[operator]
    path.write_bytes(model.SerializeToString())
    return path


def test_an_unknown_operator_is_named_with_its_node(good: Path) -> None:
    path = changed(good, lambda model: setattr(model.graph.node[1], "op_type", "Wobble"))
    assert refused(path) == "net.onnx: second (Wobble): there is no layer for this operator."
    path = changed(path, lambda model: setattr(model.graph.node[1], "domain", "com.evil"))
    assert "com.evil" in refused(path)


@pytest.mark.parametrize("version", [1, 6, 99, -3])
def test_a_version_that_is_not_known(good: Path, version: int) -> None:
    path = changed(good, lambda model: setattr(model.opset_import[0], "version", version))
    assert f"version {version} of the operators" in refused(path)


def test_a_circle_is_named(good: Path) -> None:
    def circle(model: onnx.ModelProto) -> None:
        model.graph.node[0].input[0] = "y"

    assert "form a circle" in refused(changed(good, circle))


def test_an_absent_tensor_is_named(good: Path) -> None:
    def absent(model: onnx.ModelProto) -> None:
        model.graph.node[1].input[0] = "nowhere"

    assert refused(changed(good, absent)) == "net.onnx: second (Relu) takes nowhere, which nothing makes."


def test_two_makers_of_one_tensor(good: Path) -> None:
    def twice(model: onnx.ModelProto) -> None:
        model.graph.node[0].output[0] = "y"

    assert "made elsewhere already" in refused(changed(good, twice))


def test_operations_in_another_order_are_sorted(good: Path) -> None:
    def turned(model: onnx.ModelProto) -> None:
        nodes = list(model.graph.node)
        del model.graph.node[:]
        model.graph.node.extend(reversed(nodes))

    found = import_onnx(changed(good, turned))
    assert len(found.project.graph.nodes) == 4


def test_shapes_that_do_not_fit_are_said_at_the_node(good: Path) -> None:
    def other(model: onnx.ModelProto) -> None:
        model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((5, 6), np.float32), "w"))

    assert "first (MatMul)" in refused(changed(good, other))


def test_programs_in_programs_are_refused(good: Path) -> None:
    def choice(model: onnx.ModelProto) -> None:
        inner = helper.make_graph([], "inner", [], [])
        model.graph.node[1].op_type = "If"
        model.graph.node[1].attribute.append(helper.make_attribute("then_branch", inner))

    assert "decides while it runs" in refused(changed(good, choice))


def test_attributes_of_another_kind_are_refused(tmp_path: Path) -> None:
    for attributes in ({"axis": "one"}, {"axis": 99}, {"axis": [1, 2]}, {"axis": 0.5}):
        path = by_hand(tmp_path / "a.onnx", [node("Softmax", ["x"], ["y"], name="odd", **attributes)])
        assert "odd (Softmax)" in refused(path) or attributes == {"axis": 0.5}


@pytest.mark.parametrize("sizes", [[], ["n", "width"], [None, 3, None], [7, "batch"]])
def test_inputs_that_a_drawing_cannot_have(tmp_path: Path, sizes: list) -> None:
    path = by_hand(tmp_path / "a.onnx", [node("Relu", ["x"], ["y"])], inputs={"x": sizes})
    assert "the input x" in refused(path)


def test_names_with_marks_do_not_break_the_sentence(good: Path) -> None:
    def odd(model: onnx.ModelProto) -> None:
        model.graph.node[1].op_type = "Wob\nble\u202e"
        model.graph.node[1].name = "a" * 5000

    sentence = refused(changed(good, odd))
    assert "\u202e" not in sentence
