"""`nnstudio import`: files become projects, and every wrong use is one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from nnstudio.__main__ import main
from nnstudio.core import storage
from nnstudio.engine.importing import import_module
from nnstudio.engine.importing.child_process import CHILD
from nnstudio.engine.importing.in_child import child

MODEL = "from torch import nn\nclass Model(nn.Linear):\n    def __init__(self, n=4): super().__init__(n, 3)\n"


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    path = tmp_path / "net.nnstudio"
    imported = import_module(nn.Sequential(nn.Linear(4, 3)), (torch.randn(2, 4),), "net")
    storage.write(path, imported.project, imported.checkpoint)
    return path


def test_a_python_file_becomes_a_project(nnstudio, tmp_path, monkeypatch) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    result = nnstudio("import", "model.py:Model", "--agree", "--arguments", '{"n": 6}', "--input", "6")
    assert (result.code, result.err) == (0, ""), result
    assert result.out.startswith("model.nnstudio: 3 nodes, 21 numbers")
    stored = storage.read(tmp_path / "model.nnstudio")
    assert stored.checkpoint is not None and len(stored.checkpoint.weights) == 2


def test_weights_go_into_a_project_with_a_table(nnstudio, drawn, tmp_path) -> None:
    held = storage.read(drawn).checkpoint
    wanted = {f"module.{name}": torch.from_numpy(array + 1) for name, array in held.weights.items()}
    save_file(wanted, tmp_path / "w.safetensors")
    before = drawn.read_bytes()
    result = nnstudio("import", drawn, "--weights", tmp_path / "w.safetensors", "-o", tmp_path / "out.nnstudio")
    assert result.code == 0 and "2 of 2 tensors of the file fitted" in result.out, result
    assert drawn.read_bytes() == before
    given = storage.read(tmp_path / "out.nnstudio").checkpoint
    assert all((given.weights[name] == array + 1).all() for name, array in held.weights.items())
    printed = nnstudio(
        "import", drawn, "--weights", tmp_path / "w.safetensors", "-o", tmp_path / "b.nnstudio", "--json"
    )
    assert len(json.loads(printed.out)["weights"]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["model.py"], "Agree to that"),
        (["model.py", "--agree", "--input", "3,4"], "--input needs the sizes"),
        (["model.py", "--agree", "--arguments", "7"], "--arguments needs an object"),
        (["model.py", "--agree", "--arguments", "{"], "--arguments: it is not valid JSON"),
        (["net.nnstudio"], "say with -o"),
        (["net.nnstudio", "-o", "out.nnstudio"], "is a project already"),
        (["w.safetensors"], "holds weights and no drawing"),
        (["notes.txt"], "of no kind that is imported"),
        (["absent.onnx", "--input", "3"], "--input is said of a Python file"),
        (["model.py", "-o", "net.nnstudio"], "is there already"),
        (["model.py", "-o", "nowhere/out.nnstudio"], "there is no folder"),
    ],
)
def test_wrong_use_is_one_sentence_and_nothing_is_written(nnstudio, drawn, monkeypatch, words, sentence) -> None:
    folder = drawn.parent
    (folder / "model.py").write_text(MODEL)
    (folder / "notes.txt").write_text("hello")
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = nnstudio("import", *words)
    assert result.code == 2 and sentence in result.sentence, result
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_program_that_is_one_file_is_its_own_child(monkeypatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(child, "main", lambda words: asked.append(list(words)) or 0)
    assert main([CHILD, "request.json"]) == 0
    assert asked == [["request.json"]]
