"""Python files, exported programs and files of weights: what comes in from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.export import Dim

from nnstudio.core.blocks import Block, every_node
from nnstudio.core.data import TensorType
from nnstudio.core.project import Project
from nnstudio.engine.checkpoint import restore_weights
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.importing import Imported, ImportRefused, import_module, import_pt2, import_python, load_weights
from nnstudio.engine.importing.example_inputs import parse
from nnstudio.engine.importing.in_child.exported_module import import_exported
from reference import REFERENCES, examples, module

MODEL = """
import torch
from torch import nn
from parts import Gate

print("hello" * 1000)

class Model(nn.Module):
    def __init__(self, hidden=8, layers=2):
        super().__init__()
        self.layers = nn.ModuleList(Gate(hidden) for _ in range(layers))
        self.head = nn.Linear(hidden, 3)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
"""
PARTS = """
import torch
from torch import nn

class Gate(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.fc = nn.Linear(size, size)

    def forward(self, x):
        return x * torch.sigmoid(self.fc(x))
"""


def titles(imported: Imported) -> list[str]:
    return [node.title for node in imported.project.graph.nodes.values()]


def test_a_python_file_comes_in_with_its_arguments_and_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "parts.py").write_text(PARTS)
    imported = import_python(tmp_path / "model.py", "Model", {"hidden": 5, "layers": 3}, (TensorType((5,)),), True)
    assert titles(imported) == ["input", "layers", "head", "output"]
    (block,) = [n.layer for n in imported.project.graph.nodes.values() if isinstance(n.layer, Block)]
    assert (block.name, block.repeat) == ("Gate", 3)
    assert imported.checkpoint.weights["head.weight"].shape == (3, 5)
    assert imported.notices == ()
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "convnext_tiny", "swin_t"])
def test_an_exported_program_comes_in_with_its_modules(name: str, tmp_path: Path) -> None:
    reference = next(reference for reference in REFERENCES if reference.name == name)
    original = module(reference, seed=0).eval()
    inputs = examples(reference, 3, seed=1)
    sizes = tuple({0: Dim("batch")} for _ in inputs)
    torch.export.save(torch.export.export(original, inputs, dynamic_shapes=sizes), tmp_path / "model.pt2")
    imported = import_exported(tmp_path / "model.pt2", "model")
    network = compile_network(imported.project.graph).eval()
    restore_weights(network, imported.checkpoint)
    given = examples(reference, 5, seed=2)
    assert torch.equal(network(*given), original(*given))
    direct = import_module(original, inputs, "model")
    assert [n.title for _, n in every_node(imported.project.graph)].count("conv1") == [
        n.title for _, n in every_node(direct.project.graph)
    ].count("conv1")


def test_an_exported_program_is_read_by_a_process_of_its_own(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh()).eval()
    program = torch.export.export(model, (torch.randn(2, 4),), dynamic_shapes=({0: Dim("batch")},))
    torch.export.save(program, tmp_path / "model.pt2")
    imported = import_pt2(tmp_path / "model.pt2", agreed=True)
    assert [type(node.layer).__name__ for node in imported.project.graph.nodes.values()][1:3] == ["Linear", "Tanh"]


def test_the_sizes_of_an_input_are_read() -> None:
    assert parse("3x32x32") == TensorType((3, 32, 32))
    assert parse("16:int64") == TensorType((16,), "int64")
    assert parse(":bool") == TensorType((), "bool")
    for wrong in ("", "3x", "x3", "3,4", "-3", "0x4", "3:int8", "9999999999", "99999x99999x99999"):
        with pytest.raises(ValueError, match="needs"):
            parse(wrong)


# -- weights -----------------------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(x)).flatten(1))


@pytest.fixture
def project() -> Project:
    torch.manual_seed(0)
    return import_module(Net(), (torch.randn(2, 3, 4, 4),), "net").project


def other() -> dict[str, torch.Tensor]:
    torch.manual_seed(99)
    return Net().state_dict()


def test_safetensors_go_in_by_name_also_with_what_a_wrapper_put_before_it(project: Project, tmp_path: Path) -> None:
    for prefix in ("", "module.", "module.model."):
        save_file({prefix + name: value for name, value in other().items()}, tmp_path / "w.safetensors")
        checkpoint, rows = load_weights(project, tmp_path / "w.safetensors")
        assert all(row.fitted and not row.why for row in rows) and len(rows) == len(other())
        for name, value in other().items():
            assert torch.equal(torch.from_numpy(checkpoint.weights[name]), value)
        network = compile_network(project.graph)
        assert len(restore_weights(network, checkpoint)) == 3


def test_names_of_a_list_are_found_where_the_drawing_has_its_entries_side_by_side(tmp_path: Path) -> None:
    reference = next(reference for reference in REFERENCES if reference.name == "wavenet")
    project = import_module(module(reference, 0), examples(reference, 2, 0), "wavenet").project
    wanted = module(reference, 7).state_dict()
    save_file(wanted, tmp_path / "w.safetensors")
    checkpoint, rows = load_weights(project, tmp_path / "w.safetensors")
    assert "layers_0.skip.weight" in checkpoint.weights
    assert torch.equal(torch.from_numpy(checkpoint.weights["layers_0.skip.weight"]), wanted["layers.0.skip.weight"])
    assert [row.name for row in rows if not row.fitted] == ["layers.5.residual.bias", "layers.5.residual.weight"]


def test_numbers_of_less_width_are_taken_as_they_are(project: Project, tmp_path: Path) -> None:
    halves = {name: value.bfloat16() if value.is_floating_point() else value for name, value in other().items()}
    save_file(halves, tmp_path / "w.safetensors")
    checkpoint, _ = load_weights(project, tmp_path / "w.safetensors")
    assert torch.equal(torch.from_numpy(checkpoint.weights["head.weight"]), halves["head.weight"].float())


def test_a_state_dict_of_torch_goes_in_and_the_table_says_what_did_not_fit(project: Project, tmp_path: Path) -> None:
    state = other()
    state["head.weight"] = torch.randn(7, 16)
    state["extra"] = torch.zeros(2, 2)
    del state["norm.num_batches_tracked"]
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "w.pth")
    checkpoint, rows = load_weights(project, tmp_path / "w.pth")
    by_name = {row.name or row.target: row for row in rows}
    assert by_name["conv.weight"].fitted and by_name["conv.weight"].node == "conv"
    assert not by_name["head.weight"].fitted and "[5, 16]" in by_name["head.weight"].why
    assert "nothing of this name" in by_name["extra"].why
    assert not by_name["norm.num_batches_tracked"].fitted
    assert checkpoint.weights["head.weight"].shape == (5, 16)
    assert torch.equal(torch.from_numpy(checkpoint.weights["conv.weight"]), state["conv.weight"])


def test_weights_under_other_names_go_in_by_shape_if_that_is_without_doubt(project: Project, tmp_path: Path) -> None:
    state = {f"other{place}.{name.rpartition('.')[2]}": value for place, (name, value) in enumerate(other().items())}
    torch.save(state, tmp_path / "w.pt")
    checkpoint, rows = load_weights(project, tmp_path / "w.pt")
    assert all("by its shape" in row.why for row in rows)
    assert torch.equal(torch.from_numpy(checkpoint.weights["head.bias"]), other()["head.bias"])
    save_file(state, tmp_path / "w.safetensors")  # where they are in no order: which bias of 4 numbers is which?
    with pytest.raises(ImportRefused, match="none of its"):
        load_weights(project, tmp_path / "w.safetensors")
