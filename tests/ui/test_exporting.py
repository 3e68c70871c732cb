"""File > Export: files for other programs, made beside the window."""

from __future__ import annotations

import io

import onnx
import pytest
import safetensors.torch
import torch
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog

import nnstudio.library  # noqa: F401  (registers the layers)
from engine.projects import chain, layer, loss
from nnstudio.core import storage
from nnstudio.core.project import DataSettings, Project
from nnstudio.engine.export.formats import FORMATS
from nnstudio.ui.document import Document
from nnstudio.ui.gallery import examples
from nnstudio.ui.memory import Memory
from nnstudio.ui.window import Window

PATIENT = 60_000


@pytest.fixture
def open_project(qtbot, tmp_path):
    opened = []

    def open_one(project: Project) -> Window:
        memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
        memory.folder = tmp_path
        window = Window(Document(project), memory)
        opened.append(window)
        window.show()
        return window

    yield open_one
    for window in opened:
        window.training.shut_down()
        window.document.save(tmp_path / "end.nnstudio")
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(open_project) -> Window:
    example = next(example for example in examples() if example.name == "xor")
    return open_project(storage.project_from_json(dict(example.written)))


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """The file that the dialog gives; its name is taken when the dialog opens."""
    names: list[str] = []

    def ask(parent, title, name, kind):
        names.append(name)
        return str(tmp_path / "out"), kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return names


def trigger(window: Window, key: str) -> None:
    window.actions_[key].trigger()


@pytest.mark.parametrize("name", ["onnx", "safetensors"])
def test_a_file_is_made_beside_the_window(window, chosen, tmp_path, qtbot, name) -> None:
    with qtbot.waitSignal(window.exporting.finished, timeout=PATIENT) as said:
        trigger(window, f"export_{name}")
        assert window.exporting.busy
    path, notices = said.args
    assert path == tmp_path / f"out{FORMATS[name].suffix}"
    if name == "onnx":
        onnx.checker.check_model(onnx.load_model_from_string(path.read_bytes()))
    else:
        assert safetensors.torch.load(path.read_bytes())
    assert notices
    assert window.banner.isVisible()
    assert notices[0] in window.banner.accessibleName()
    assert not window.exporting.busy
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix != ".ini") == [path.name]


def test_cancel_leaves_no_file(window, chosen, tmp_path, qtbot) -> None:
    trigger(window, "export_pt2")
    qtbot.waitUntil(lambda: window.findChild(object, "export_progress") is not None, timeout=PATIENT)
    window.findChild(object, "export_progress").canceled.emit()
    qtbot.waitUntil(lambda: not window.exporting.busy, timeout=PATIENT)
    assert not (tmp_path / "out.pt2").exists()
    assert not window.banner.isVisible()


def test_what_cannot_be_exported_is_said_with_its_node(open_project, chosen, tmp_path, qtbot, monkeypatch) -> None:
    refusals: list[str] = []
    monkeypatch.setattr(Window, "_refuse", lambda self, sentence: refusals.append(sentence))
    graph = chain(
        layer("Input", shape=(4, 8, 8)), layer("CrossMapLRN2d", size=3), layer("Output", loss=loss("MSELoss"))
    )
    window = open_project(Project(graph, DataSettings(None)))
    window.export_to("onnx")
    qtbot.waitUntil(lambda: bool(refusals), timeout=PATIENT)
    title = next(node.title for node in graph.nodes.values() if node.layer.role == "layer")
    assert f"{title} cannot be exported" in refusals[0]
    assert not (tmp_path / "out.onnx").exists()


def test_a_drawing_is_written_as_svg(window, chosen, tmp_path) -> None:
    trigger(window, "export_svg")
    content = (tmp_path / "out.svg").read_bytes()
    assert QSvgRenderer(content).isValid()
    assert b"hidden_1" in content
    assert content.count(b"<text") >= 5 and b"<path" in content  # only the heat maps of weights are made of pixels


def test_closing_the_window_ends_what_is_being_made(window, chosen, tmp_path, qtbot) -> None:
    trigger(window, "export_onnx")
    window.exporting.shut_down()
    assert not window.exporting.busy
    assert not (tmp_path / "out.onnx").exists()


def test_the_program_of_the_window_is_that_of_the_command_line(window, chosen, tmp_path, qtbot) -> None:
    with qtbot.waitSignal(window.exporting.finished, timeout=PATIENT):
        trigger(window, "export_pt2")
    made = torch.export.load(io.BytesIO((tmp_path / "out.pt2").read_bytes()))
    assert made.module()(torch.zeros(3, 2)).shape[0] == 3
