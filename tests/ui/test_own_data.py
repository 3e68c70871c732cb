"""A person's own files in the window: choose, draw a network for them, train, look at what it learned."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QPushButton

from cli.test_own_data import KINDS
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Optimizer
from nnstudio.core.project import Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.library.datasets.table_file import TableFile
from nnstudio.ui.document import Document
from nnstudio.ui.memory import Memory
from nnstudio.ui.window import Window

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot, tmp_path: Path):
    """An empty project in a window of its own."""
    training = TrainingSettings(optimizer=registered(Optimizer)["Adam"](), device="cpu")
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    made = Window(Document(Project(Graph(), training=training)), Memory(settings))
    made.resize(1280, 800)
    made.show()
    yield made
    made.training.shut_down()
    made.document.save(tmp_path / "end.nnstudio")  # so that closing asks nothing
    made.close()


@pytest.mark.parametrize("kind", ["a table", "folders of pictures", "arrays"])
def test_choose_draw_train_and_look(kind: str, window: Window, qtbot, tmp_path: Path, monkeypatch) -> None:
    make, _, epochs, figure, wanted = KINDS[kind]
    path = make(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))
    panel = window.data_panel
    window.show_data()
    qtbot.mouseClick(panel.findChild(QPushButton, "choose_folder" if path.is_dir() else "choose_file"), LEFT)
    loading = window.document.loading
    if kind == "a table":
        # Several readers take such a file, and are offered; some of its cells are empty, which is asked about too.
        menu = panel.findChild(QMenu, "dataset_kinds")
        action = next(action for action in menu.actions() if action.text() == TableFile.title)
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
        qtbot.waitUntil(lambda: loading.state == "refused", timeout=20_000)
        assert "line 9, column 'area': a number is needed, but nothing stands there" in loading.refusal
        dataset = window.document.project.data.dataset.with_(missing="mean")
        window.document.edit("Set missing", window.document.project.with_data(dataset=dataset))
    qtbot.waitUntil(lambda: loading.state == "full", timeout=20_000)

    def draw() -> list[QPushButton]:
        buttons = panel.reading.findChildren(QPushButton)
        return [button for button in buttons if button.text() == "Draw a network for it" and button.isVisible()]

    qtbot.waitUntil(lambda: bool(draw()), timeout=20_000)
    assert not window.document.report.ready
    qtbot.mouseClick(draw()[0], LEFT)
    assert window.document.report.ready, [problem.message for problem in window.document.report.problems]
    assert not panel.reading.isVisible()
    window.document.edit("Set epochs", window.document.project.with_training(epochs=epochs))
    window.actions_["train"].trigger()
    qtbot.waitUntil(lambda: window.training.state == "idle" and window.training.run is not None, timeout=120_000)
    run = window.training.run
    assert run.epoch == epochs
    assert run.history.epochs[-1]["test"][figure] >= wanted - 0.05
    QApplication.processEvents()
    undone = window.document.project.graph
    while window.document.project.graph.nodes:
        window.document.undo()
    assert undone.nodes and not window.document.project.graph.nodes
