"""The application: the gallery at once, the rest behind it, and the windows that it opens."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from nnstudio.core import storage
from nnstudio.core.project import Project
from nnstudio.ui import theme
from nnstudio.ui.application import Application
from nnstudio.ui.failure import Failure
from nnstudio.ui.memory import Memory


@pytest.fixture
def application(qtbot, tmp_path, qapp):
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.folder = tmp_path
    application = Application(qapp, memory)
    yield application
    application.finish()
    for window in list(application.windows):
        window.training.shut_down()
        window.document.save(tmp_path / "end.nnstudio")
        window.close()
    application.gallery.close()
    application.gallery.deleteLater()
    theme.apply(qapp, theme.LIGHT)


def started(application: Application, qtbot, path: str | None = None) -> None:
    application.start(path)
    qtbot.waitUntil(lambda: application.is_ready, timeout=30_000)


def test_a_click_before_all_is_loaded_is_honoured(application, qtbot):
    application.start()
    assert application.gallery.isVisible()
    assert not application.is_ready
    card = application.gallery.cards()[0]
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert application.windows == []
    assert application.gallery.progress() == f"Opening {card.text()}…"
    qtbot.waitUntil(lambda: len(application.windows) == 1, timeout=30_000)
    assert application.windows[0].isVisible()
    assert application.windows[0].document.name == card.text()
    assert not application.windows[0].document.modified
    assert not application.gallery.isVisible()


def test_every_example_opens_without_problems(application, qtbot):
    started(application, qtbot)
    from nnstudio.engine.compiler import check
    from nnstudio.ui.gallery import examples

    assert len(examples()) >= 10
    for example in examples():
        project = storage.project_from_json(dict(example.written), example.name)
        assert check(project).ready, example.name
        assert example.sentence, example.name


def test_new_opens_a_project_with_only_its_two_ends(application, qtbot):
    started(application, qtbot)
    application.gallery.new_button.click()
    window = application.windows[0]
    layers = [type(node.layer).__name__ for node in window.document.project.graph.nodes.values()]
    assert layers == ["Input", "Output"]
    assert not window.document.modified


def test_a_path_opens_its_window_and_is_remembered(application, qtbot, tmp_path):
    path = tmp_path / "mine.nnstudio"
    storage.write(path, Project(title="Mine"))
    started(application, qtbot, str(path))
    assert [window.document.path for window in application.windows] == [path]
    assert application.memory.recent() == [path]
    application.open_project(str(path))
    assert len(application.windows) == 1
    application.show_gallery()
    assert application.gallery.cards()[0].text() == "mine"


def test_a_file_that_is_no_project_is_refused_in_one_sentence(application, qtbot, tmp_path):
    path = tmp_path / "broken.nnstudio"
    path.write_bytes(b"no project")
    started(application, qtbot, str(path))
    assert application.windows == []
    assert application.gallery.isVisible()
    box = next(widget for widget in QApplication.topLevelWidgets() if widget.objectName() == "refused")
    assert isinstance(box, QMessageBox)
    assert box.text() == "broken.nnstudio is not an NN Studio project."
    box.close()


def test_the_theme_is_chosen_and_remembered(application, qtbot):
    application.show_theme("dark")
    assert theme.current() is theme.DARK
    assert application.memory.theme == "dark"


def test_quit_closes_every_window(application, qtbot, monkeypatch):
    started(application, qtbot)
    application.new_project()
    application.new_project()
    assert len(application.windows) == 2
    application.windows[0].actions_["quit"].trigger()
    assert application.windows == []


def test_an_unexpected_error_is_written_and_shown_once(qtbot, capsys):
    failure = Failure()
    try:
        raise KeyError("gone")
    except KeyError:
        failure.report(*sys.exc_info())
        failure.report(*sys.exc_info())
    assert capsys.readouterr().err.count("KeyError: 'gone'") == 2
    assert failure.dialog is not None
    assert "KeyError" in failure.dialog.informativeText()
    assert "Traceback" in failure.dialog.detailedText()
    failure.dialog.close()
    qtbot.waitUntil(lambda: failure.dialog is None)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_control_c_in_the_terminal_is_no_failure(qtbot, capsys, monkeypatch, kind):
    asked = []
    monkeypatch.setattr(QApplication, "quit", lambda: asked.append(True))
    failure = Failure()
    failure.report(kind, kind())
    assert asked == [True]
    assert failure.dialog is None
