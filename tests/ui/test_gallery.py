"""The gallery: what the program shows first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImage

from nnstudio import paths
from nnstudio.core import storage
from nnstudio.core.project import Project
from nnstudio.ui.gallery import Gallery, examples
from nnstudio.ui.memory import Memory
from ui.names import nameless


def write_example(folder: Path, name: str, title: str, sentence: str, order: int) -> None:
    nodes = [
        {"id": "n1", "title": "input", "layer": {"name": "Input", "settings": {}}, "position": [0, 0]},
        {"id": "n2", "title": "hidden", "layer": {"name": "Linear", "settings": {}}, "position": [190, 0]},
    ]
    graph = {"created": 2, "nodes": nodes, "edges": [["n1", "output", "n2", "input"]]}
    written = {"format": 1, "title": title, "sentence": sentence, "order": order, "graph": graph}
    (folder / f"{name}.json").write_text(json.dumps(written), encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    icons = paths.resources() / "icons"
    folder = tmp_path / "resources" / "examples"
    folder.mkdir(parents=True)
    (folder.parent / "icons").symlink_to(icons, target_is_directory=True)
    write_example(folder, "spirals", "Spirals", "Two arms wound round each other.", 2)
    write_example(folder, "and", "AND", "A single neuron learns a logical function.", 1)
    write_example(folder, "iris", "Iris", "Three kinds of flowers.", 3)
    monkeypatch.setattr(paths, "resources", lambda: folder.parent)
    return folder


@pytest.fixture
def gallery(qtbot, folder):
    gallery = Gallery()
    qtbot.addWidget(gallery)
    gallery.resize(1280, 800)
    gallery.show()
    return gallery


def names(gallery: Gallery) -> list[str]:
    return [card.text() for card in gallery.cards()]


def test_every_control_has_a_name(gallery):
    assert nameless(gallery) == []


def test_examples_are_shown_in_their_order(gallery):
    assert names(gallery) == ["AND", "Spirals", "Iris"]
    assert gallery.cards()[0].sentence == "A single neuron learns a logical function."


def test_a_broken_example_is_left_out(folder, qtbot):
    (folder / "broken.json").write_text("{", encoding="utf-8")
    (folder / "nameless.json").write_text("{}", encoding="utf-8")
    assert [example.name for example in examples()] == ["and", "spirals", "iris"]


def test_a_click_chooses_an_example(gallery, qtbot):
    with qtbot.waitSignal(gallery.example_chosen) as chosen:
        qtbot.mouseClick(gallery.cards()[1], Qt.MouseButton.LeftButton)
    assert chosen.args == ["spirals"]


def test_arrows_and_enter_choose_an_example(gallery, qtbot):
    cards = gallery.cards()
    cards[0].setFocus()
    qtbot.keyClick(cards[0], Qt.Key.Key_Right)
    assert gallery.focusWidget() is cards[1]
    with qtbot.waitSignal(gallery.example_chosen) as chosen:
        qtbot.keyClick(cards[1], Qt.Key.Key_Return)
    assert chosen.args == ["spirals"]


def test_arrows_go_down_a_row(gallery, qtbot):
    gallery.resize(560, 800)
    qtbot.waitUntil(lambda: gallery.cards()[2].y() > gallery.cards()[0].y())
    gallery.cards()[0].setFocus()
    qtbot.keyClick(gallery.cards()[0], Qt.Key.Key_Down)
    assert gallery.focusWidget() is gallery.cards()[2]


def test_search_finds_by_name_and_sentence(gallery, qtbot):
    qtbot.keyClicks(gallery.search, "flower")
    assert names(gallery) == ["Iris"]
    with qtbot.waitSignal(gallery.example_chosen) as chosen:
        qtbot.keyClick(gallery.search, Qt.Key.Key_Return)
    assert chosen.args == ["iris"]
    qtbot.keyClick(gallery.search, Qt.Key.Key_Escape)
    assert len(names(gallery)) == 3


def test_new_and_open(gallery, qtbot):
    with qtbot.waitSignal(gallery.new_chosen):
        qtbot.mouseClick(gallery.new_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(gallery.open_chosen):
        qtbot.mouseClick(gallery.open_button, Qt.MouseButton.LeftButton)


def test_recent_projects_come_first_with_their_picture(gallery, qtbot, tmp_path):
    picture = QImage(64, 40, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    assert picture.save(str(tmp_path / "red.png"))
    path = tmp_path / "mine.nnstudio"
    storage.write(path, Project(), None, (tmp_path / "red.png").read_bytes())
    gallery.show_recent([path])
    card = gallery.cards()[0]
    assert card.text() == "mine"
    qtbot.waitUntil(lambda: card.grab().toImage().pixelColor(card.width() // 2, 30) == Qt.GlobalColor.red)
    with qtbot.waitSignal(gallery.project_chosen) as chosen:
        card.click()
    assert chosen.args == [str(path)]


def test_progress_is_said_and_taken_away(gallery):
    gallery.show_progress("Loading PyTorch…")
    assert gallery.progress() == "Loading PyTorch…"
    gallery.show_progress("")
    assert gallery.progress() == ""


def test_the_gallery_needs_neither_torch_nor_pyqtgraph():
    program = (
        "import sys; import nnstudio.ui.application, nnstudio.ui.gallery; "
        "print([name for name in ('torch', 'pyqtgraph', 'sklearn', 'nnstudio.library') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_without_a_display_one_sentence_names_the_other_way():
    program = "import sys; from nnstudio.ui.application import open_window; sys.exit(open_window(None))"
    environment = {"PATH": "/usr/bin", "PYTHONPATH": str(Path(paths.__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    if sys.platform.startswith("linux"):
        assert done.returncode == 2
        assert "nnstudio train FILE" in done.stderr
        assert done.stderr.count("\n") == 1


def test_memory_keeps_recent_projects_newest_first(tmp_path):
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    for name in ("a", "b", "a"):
        path = tmp_path / f"{name}.nnstudio"
        path.touch()
        memory.add_recent(path)
    assert memory.recent() == [tmp_path / "a.nnstudio", tmp_path / "b.nnstudio"]
    (tmp_path / "a.nnstudio").unlink()
    assert memory.recent() == [tmp_path / "b.nnstudio"]


def test_memory_reads_nonsense_as_nothing(tmp_path):
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    for key in ("recent", "theme", "folder", "window/geometry", "window/state_1"):
        settings.setValue(key, 12)
    memory = Memory(settings)
    assert memory.recent() == []
    assert memory.theme == "system"
    assert memory.folder == Path.home()
    assert memory.window_state().isEmpty()
