"""What is exported, read again by the programs that it is made for."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import safetensors.torch
import torch

from engine.projects import chain, iris, layer, loss
from engine.single_layers import LAYERS, REFUSED, drawing
from nnstudio.core.block_files import read_block
from nnstudio.core.blocks import Block
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.storage import project_from_json
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.exported_program import to_exported_program
from nnstudio.engine.export.formats import FORMATS
from nnstudio.engine.export.onnx_file import to_onnx
from nnstudio.engine.export.subject import Exported, Subject, subject
from nnstudio.engine.export.trial import difference
from nnstudio.engine.export.weights import to_safetensors
from nnstudio.engine.run import Run
from nnstudio.paths import resources

EXAMPLES = ("iris", "digits-cnn", "spirals", "and")
SAMPLE = sorted(LAYERS)[::9]


def example(name: str) -> Project:
    return project_from_json(json.loads((resources() / "examples" / f"{name}.json").read_text("utf-8")))


def onnx_results(made: Exported, rows: tuple[torch.Tensor, ...]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(made.content, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return session.run(None, {name: value.numpy() for name, value in zip(names, rows, strict=True)})


def program_results(made: Exported, rows: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    given = torch.export.load(io.BytesIO(made.content)).module()(*rows)
    return given if isinstance(given, tuple) else (given,)


def assert_both_are_the_same(project: Project, what: Subject) -> None:
    model, program = to_onnx(project), to_exported_program(project)
    for batch in (1, 2, 7):
        rows = what.rows(batch, drawn=True)
        own = what.compute(rows)
        for expected, got in zip(own, onnx_results(model, rows), strict=True):
            assert difference(expected, got) <= 1
        for expected, value in zip(own, program_results(program, rows), strict=True):
            assert torch.equal(expected.nan_to_num(), value.nan_to_num())  # to the last bit


# -- whole projects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_computes_the_same_in_onnx_runtime_and_as_a_program(name: str) -> None:
    project = example(name)
    assert_both_are_the_same(project, subject(project))


@pytest.mark.parametrize(("name", "channels"), [("residual-basic", 64), ("inception", 64), ("inverted-residual", 24)])
def test_a_block_of_the_library_computes_the_same(name: str, channels: int) -> None:
    block = read_block(resources() / "blocks" / f"{name}.json")
    graph = chain(layer("Input", shape=(channels, 8, 8)), block, layer("Output", loss=loss("MSELoss")))
    project = Project(graph, DataSettings(None))
    assert_both_are_the_same(project, subject(project))


def test_the_weights_of_a_training_are_those_that_are_exported() -> None:
    run = Run(iris(epochs=3))
    for _ in run.snapshots():
        pass
    project, checkpoint = run.project, run.checkpoint()
    rows = (run.prepared.test_inputs[:20],)
    with run.looking():
        own = run.network(*rows).cpu()
    model = to_onnx(project, checkpoint)
    assert difference(own, onnx_results(model, rows)[0]) <= 1
    assert torch.equal(own, program_results(to_exported_program(project, checkpoint), rows)[0])
    assert model.notices[0] == "The weights are those after 3 epochs of training."
    assert any("standardised" in notice for notice in model.notices)
    state = safetensors.torch.load(to_safetensors(project, checkpoint).content)
    assert state.keys() == run.network.state_dict().keys()
    for name, value in run.network.state_dict().items():
        assert torch.equal(state[name], value.cpu())


def test_without_a_training_the_weights_are_those_that_it_would_begin_with() -> None:
    project = iris()
    state = safetensors.torch.load(to_safetensors(project).content)
    fresh = Run(project).network.state_dict()
    assert all(torch.equal(state[name], value.cpu()) for name, value in fresh.items())
    assert "begins with" in to_safetensors(project).notices[0]


def test_the_same_project_gives_the_same_bytes() -> None:
    project = example("xor")
    assert to_onnx(project).content == to_onnx(project).content
    assert to_safetensors(project).content == to_safetensors(project).content


def test_an_export_leaves_the_random_state_as_it_was() -> None:
    before = torch.get_rng_state()
    for form in FORMATS.values():
        form.write(example("xor"), None, lambda step: None)
    assert torch.equal(before, torch.get_rng_state())


# -- what is in the files ----------------------------------------------------------------------------------------------


def test_a_program_holds_no_pickle() -> None:
    archive = zipfile.ZipFile(io.BytesIO(to_exported_program(example("digits-cnn")).content))
    for name in archive.namelist():
        content = archive.read(name)
        assert not content.startswith(b"\x80"), name
        assert not content.startswith(b"PK"), name
    configuration = json.loads(archive.read(next(name for name in archive.namelist() if "weights_config" in name)))
    assert configuration["config"]
    assert not any(entry["use_pickle"] for entry in configuration["config"].values())


@pytest.mark.parametrize("form", ["onnx", "pt2", "safetensors"])
def test_no_file_names_a_folder_of_this_computer(form: str) -> None:
    content = FORMATS[form].write(example("digits-cnn"), None, lambda step: None).content
    if form == "pt2":
        archive = zipfile.ZipFile(io.BytesIO(content))
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert str(Path(torch.__file__).parent).encode() not in content
    assert str(resources().parent).encode() not in content
    assert b".py" not in content


def nested() -> Project:
    """A repeated block with a sum inside it."""
    inner = Graph()
    inner, entry = inner.add(layer("BlockInput"), (0, 0), "input")
    inner, linear = inner.add(layer("Linear", out_features=6), (1, 0), "fc")
    inner, total = inner.add(layer("Add"), (2, 0), "residual")
    inner, end = inner.add(layer("BlockOutput"), (3, 0), "output")
    inner = inner.connect(Edge(entry.id, "output", linear.id, "input"))
    inner = inner.connect(Edge(entry.id, "output", total.id, total.layer.input_ports[0].name))
    inner = inner.connect(Edge(linear.id, "output", total.id, total.layer.input_ports[1].name))
    inner = inner.connect(Edge(total.id, "output", end.id, "input"))
    block = Block(name="Residual", graph=inner, repeat=2)
    graph, middle = Graph(), None
    graph, middle = graph.add(layer("Input", shape=(6,)), (0, 0))
    graph, node = graph.add(block, (1, 0), "blocks")
    graph, end = graph.add(layer("Output", loss=loss("MSELoss")), (2, 0))
    graph = graph.connect(Edge(middle.id, "output", node.id, entry.id))
    graph = graph.connect(Edge(node.id, node.layer.output_ports[0].name, end.id, "input"))
    return Project(graph, DataSettings(None))


def test_an_onnx_file_says_where_its_operations_come_from_and_keeps_the_names_of_weights() -> None:
    model = onnx.load_model_from_string(to_onnx(nested()).content)
    onnx.checker.check_model(model)
    assert {tensor.name for tensor in model.graph.initializer} >= {"blocks.0.fc.weight", "blocks.1.fc.bias"}
    scopes = [
        entry.value
        for node in model.graph.node
        for entry in node.metadata_props
        if entry.key == "pkg.torch.onnx.name_scopes"
    ]
    assert any("'blocks.0', 'blocks.0.residual'" in scope for scope in scopes)
    assert any("'blocks.1', 'blocks.1.fc'" in scope for scope in scopes)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert [value.name for value in model.graph.input] == ["input"]
    assert [value.name for value in model.graph.output] == ["output"]


def test_batch_norms_keep_their_statistics_in_onnx() -> None:
    graph = chain(
        layer("Input", shape=(3, 8, 8)), layer("Conv2d"), layer("BatchNorm2d"), layer("Output", loss=loss("MSELoss"))
    )
    model = onnx.load_model_from_string(to_onnx(Project(graph, DataSettings(None))).content)
    assert [node.op_type for node in model.graph.node] == ["Conv", "BatchNormalization"]


def test_tied_weights_are_said_in_the_notices() -> None:
    graph = chain(
        layer("Input", shape=(6,)),
        layer("Linear", out_features=6),
        layer("Linear", out_features=6),
        layer("Output", loss=loss("MSELoss")),
    )
    _, first, second, _ = graph.nodes
    graph = graph.tie(second, "weight", first, "weight")
    made = to_safetensors(Project(graph, DataSettings(None)))
    state = safetensors.torch.load(made.content)
    assert len(state) == 4
    assert any("once more" in notice for notice in made.notices)


# -- every layer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLE)
def test_a_layer_computes_the_same(name: str) -> None:
    project = drawing(name)
    if name in REFUSED:
        pytest.skip(REFUSED[name][1])
    to_onnx(project)  # which compares it
    to_exported_program(project)


@pytest.mark.parametrize("name", [name for name in REFUSED if name in LAYERS])
def test_what_a_format_cannot_carry_is_refused_at_its_node(name: str) -> None:
    formats, _ = REFUSED[name]
    for form in formats:
        with pytest.raises(GraphError, match="the layer cannot be") as raised:
            FORMATS[form].write(drawing(name), None, lambda step: None)
        (problem,) = raised.value.problems
        assert drawing(name).graph.nodes[problem.node].title == "the layer"


def test_the_list_of_refusals_names_layers_that_there_are() -> None:
    assert REFUSED.keys() <= LAYERS.keys()


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_node_deep_in_blocks_is_named_by_its_titles() -> None:
    inner = chain(layer("BlockInput"), layer("CrossMapLRN2d", size=3), layer("BlockOutput"))
    entry = next(iter(inner.nodes))
    graph = Graph()
    graph, rows = graph.add(layer("Input", shape=(4, 8, 8)), (0, 0))
    graph, node = graph.add(Block(name="Odd", graph=inner), (1, 0), "stem")
    graph, end = graph.add(layer("Output", loss=loss("MSELoss")), (2, 0))
    graph = graph.connect(Edge(rows.id, "output", node.id, entry))
    graph = graph.connect(Edge(node.id, node.layer.output_ports[0].name, end.id, "input"))
    with pytest.raises(GraphError, match=r"^stem / \S+ cannot be") as raised:
        to_onnx(Project(graph, DataSettings(None)))
    assert raised.value.problems[0].node.startswith(f"{node.id}/")


def test_a_drawing_with_errors_is_refused() -> None:
    graph = chain(layer("Input", shape=(6,)), layer("Conv2d"), layer("Output", loss=loss("MSELoss")))
    for form in ("onnx", "pt2", "safetensors"):
        with pytest.raises(GraphError):
            FORMATS[form].write(Project(graph, DataSettings(None)), None, lambda step: None)


@pytest.mark.parametrize("form", ["onnx", "pt2", "safetensors", "python"])
def test_work_that_is_called_off_ends(form: str) -> None:
    class CalledOff(Exception):
        pass

    def stop(step: str) -> None:
        assert step
        raise CalledOff

    with pytest.raises(CalledOff):
        FORMATS[form].write(example("xor"), None, stop)
