"""The import dialog: what it asks for, what it refuses, and what it opens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from nnstudio.core import storage
from nnstudio.core.storage import project_from_json
from nnstudio.engine.compiler import check_graph
from nnstudio.ui.gallery import Gallery, architectures
from nnstudio.ui.importing import ImportDialog, modules_in

SOURCE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, size)

    def forward(self, x):
        return torch.relu(self.linear(x)) + x


class Net(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.blocks = nn.Sequential(*(Block(4) for _ in range(depth)))
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.blocks(x))


class NotOne:
    pass
"""


@pytest.fixture
def dialog(qtbot, tmp_path):
    made = ImportDialog(None, tmp_path)
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_asks_for_what_the_kind_of_file_needs(dialog, tmp_path):
    source = tmp_path / "net.py"
    source.write_text(SOURCE)
    dialog.file.setText(str(tmp_path / "net.onnx"))
    assert not dialog.class_name.isVisible() and not dialog.agree.isVisible()
    assert dialog.go.isEnabled()
    dialog.file.setText(str(source))
    assert dialog.class_name.isVisible() and dialog.agree.isVisible() and "program" in dialog.warning.text()
    assert dialog.class_name.currentText() == "Net"
    assert not dialog.go.isEnabled()
    dialog.agree.setChecked(True)
    assert dialog.go.isEnabled()
    dialog.arguments.setText('{"depth": 3}')
    dialog.inputs.setText("4, 3x2:int64")
    words = dialog.words()
    assert words[:2] == ["import", f"{source}:Net"]
    assert "--agree" in words and words[words.index("--arguments") + 1] == '{"depth": 3}'
    assert [words[place + 1] for place, word in enumerate(words) if word == "--input"] == ["4", "3x2:int64"]
    dialog.file.setText(str(tmp_path / "net.onnx"))
    assert "--agree" not in dialog.words() and "--arguments" not in dialog.words()


def test_a_python_file_is_drawn_and_opened(dialog, qtbot, tmp_path):
    (tmp_path / "net.py").write_text(SOURCE)
    dialog.file.setText(str(tmp_path / "net.py"))
    dialog.inputs.setText("4")
    dialog.agree.setChecked(True)
    made: list[storage.Stored] = []
    dialog.imported.connect(lambda path, notices: made.append(storage.read(Path(path))))
    with qtbot.waitSignal(dialog.imported, timeout=60_000):
        qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    (stored,) = made
    assert check_graph(stored.project.graph).errors == []
    titles = [node.title for node in stored.project.graph.nodes.values()]
    assert "blocks" in titles and "head" in titles
    assert stored.checkpoint is not None and stored.checkpoint.weights
    assert not dialog.isVisible()


def test_what_is_refused_is_said_and_can_be_mended(dialog, qtbot, tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x00not a network")
    dialog.file.setText(str(tmp_path / "net.onnx"))
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert dialog.busy and dialog.progress.isVisible() and not dialog.go.isEnabled()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=60_000)
    assert "net.onnx" in dialog.answer.text()
    assert dialog.isVisible() and dialog.go.isEnabled() and not dialog.progress.isVisible()


def test_cancel_ends_the_process(dialog, qtbot, tmp_path):
    (tmp_path / "net.py").write_text("while True:\n    pass\n")
    dialog.file.setText(str(tmp_path / "net.py"))
    dialog.class_name.setEditText("Net")
    dialog.agree.setChecked(True)
    dialog.start()
    assert dialog.busy
    dialog.cancel_button.click()
    assert not dialog.busy and not dialog.isVisible()


@pytest.mark.parametrize("text", ["class A(", "\x00", "x = 1", "class A:\n    pass"])
def test_a_file_without_modules_lists_none(tmp_path, text):
    (tmp_path / "a.py").write_text(text)
    assert modules_in(tmp_path / "a.py") == []
    assert modules_in(tmp_path / "nothing.py") == []


def test_every_architecture_has_a_card_and_a_drawing_without_errors(qtbot):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.show_architectures()
    names = {card.objectName() for card in gallery.cards()}
    listed = architectures()
    assert len(listed) >= 40
    assert {f"architecture_{one.name}" for one in listed} <= names
    assert {one.path for one in listed} == set(listed[0].path.parent.glob("*.json")) - {
        listed[0].path.with_name("index.json")
    }
    gallery.search.setText("resnet-18")
    shown = [card.objectName() for card in gallery.cards()]
    assert "architecture_resnet18" in shown and "architecture_unet" not in shown


@pytest.mark.parametrize("architecture", architectures(), ids=lambda one: one.name)
def test_an_architecture_has_no_errors_and_the_parameters_that_it_says(architecture):
    project = project_from_json(json.loads(architecture.path.read_text("utf-8")), architecture.title)
    report = check_graph(project.graph)
    assert report.errors == []
    unreached = {"wavenet": 0}  # parameters that lead to no output are not drawn
    if architecture.name not in unreached:
        assert report.parameters == architecture.written["parameters"]


def test_a_choice_opens_it(qtbot):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.show_architectures()
    card = next(card for card in gallery.cards() if card.objectName() == "architecture_lenet5")
    with qtbot.waitSignal(gallery.architecture_chosen) as chosen:
        card.click()
    assert chosen.args == ["lenet5"]
    with qtbot.waitSignal(gallery.import_chosen) as asked:
        gallery.import_button.click()
    assert asked.args == [""]
