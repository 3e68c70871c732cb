"""The window: one open project, its verbs, its places, its file."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt, QTimer
from PySide6.QtGui import QAction, QImage
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget

import nnstudio.library  # noqa: F401  registers the layers
from nnstudio.core import storage
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.gallery import examples
from nnstudio.ui.memory import Memory
from nnstudio.ui.search import name
from nnstudio.ui.window import Window
from ui.names import nameless


@pytest.fixture(autouse=True)
def light(qapp):
    """The theme as the application sets it; setting it again would cost seconds over all tests."""
    if theme.current() is not theme.LIGHT or not qapp.styleSheet():
        theme.apply(qapp, theme.LIGHT)


@pytest.fixture
def memory(tmp_path):
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.folder = tmp_path
    return memory


@pytest.fixture
def open_example(qtbot, memory):
    """A function that opens a window on a short training of the circles, as often as it is called."""
    opened = []

    def open_one(project=None) -> Window:
        example = next(example for example in examples() if example.name == "circles")
        project = project or storage.project_from_json(dict(example.written)).with_training(epochs=5)
        window = Window(Document(project), memory)
        opened.append(window)
        window.show()
        return window

    yield open_one
    for window in opened:
        window.training.shut_down()
        window.document.save(memory.folder / "end.nnstudio")
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(open_example):
    return open_example()


def button(window: Window, object_name: str) -> QPushButton:
    found = window.findChild(QPushButton, object_name)
    assert found is not None, object_name
    return found


def answer_box(choice: QMessageBox.StandardButton, seen: list[str]) -> None:
    """Press a button of the message box that is about to open."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        seen.append(box.text())
        box.button(choice).click()

    QTimer.singleShot(50, press)


def test_every_action_has_a_text_and_is_found_by_search(window, qtbot):
    found = window.search()
    qtbot.addWidget(found)
    actions = [action for _, action in window.actions_.every()]
    assert len(actions) > 40
    for action in actions:
        assert name(action)
        if action.isVisible() and action is not window.actions_["search"]:
            found.field.setText(name(action))
            assert name(action) in found.found()[:4]
    listed = set(actions)
    for action in window.findChildren(QAction):
        if action.objectName().startswith("action_"):
            assert action in listed


def test_no_two_usable_actions_share_a_shortcut(window):
    taken: dict[str, str] = {}
    for _, action in window.actions_.every():
        for key in action.shortcuts():
            other = taken.setdefault(key.toString(), action.objectName())
            assert {other, action.objectName()} <= {"action_train", "action_pause"} or other == action.objectName()


def test_search_runs_an_action_by_keyboard(window, qtbot):
    found = window.search()
    qtbot.keyClicks(found.field, "undo")
    assert found.found()[0].startswith("Undo")
    found.field.clear()
    qtbot.keyClicks(found.field, "select all")
    with qtbot.waitSignal(window.actions_["select_all"].triggered):
        qtbot.keyClick(found.field, Qt.Key.Key_Return)
    assert window.document.selection == frozenset(window.document.project.graph.nodes)


def test_the_title_says_name_and_changes(window):
    assert window.windowTitle() == f"{window.document.name}[*] – NN Studio"
    assert not window.isWindowModified()
    window.document.edit("Set epochs", window.document.project.with_training(epochs=9))
    assert window.isWindowModified()
    assert window.actions_["undo"].text() == "Undo Set epochs"
    window.actions_["undo"].trigger()
    assert not window.isWindowModified()
    assert window.actions_["redo"].text() == "Redo Set epochs"


def test_control_return_trains_and_pauses(window, qtbot):
    window.document.edit("Set epochs", window.document.project.with_training(epochs=100_000))
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.training.state == "running"
    assert button(window, "pause_button").isVisible()
    assert not button(window, "train_button").isVisible()
    qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.step > 0)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.training.state == "paused")
    assert button(window, "train_button").accessibleName() == "Resume"


def test_the_buttons_train(window, qtbot):
    qtbot.mouseClick(button(window, "step_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.training.busy)
    assert window.training.run.step == 1
    qtbot.mouseClick(button(window, "epoch_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.training.busy)
    assert window.training.run.epoch == 1
    assert "epoch 1 of 5" in window.toolbar.progress.text()
    qtbot.mouseClick(button(window, "train_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.training.state == "idle")
    assert window.training.run.epoch == 5
    qtbot.mouseClick(button(window, "reset_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.training.run is None or window.training.run.step == 0)
    assert window.document.checkpoint is None


def test_editing_while_it_trains_offers_to_apply(window, qtbot):
    window.document.edit("Set epochs", window.document.project.with_training(epochs=100_000))
    window.training.train()
    qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.step > 0)
    assert window.banner.sentence() == ""
    window.document.edit("Set seed", window.document.project.with_training(seed=5))
    assert "The network changed" in window.banner.sentence()
    qtbot.mouseClick(window.banner.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.training.network_changed and window.training.state == "running")
    assert window.banner.sentence() == ""


def test_a_problem_is_said_and_shown(window, qtbot):
    graph = window.document.project.graph
    output = next(edge for edge in graph.edges if type(graph.nodes[edge.target].layer).__name__ == "Output")
    window.document.edit_graph("Delete wire", graph.disconnect([output]))
    assert "problem" in window.status.network.text()
    assert "0 problems" not in window.status.network.text()
    assert "parameter" not in window.status.network.text()
    qtbot.mouseClick(button(window, "train_button"), Qt.MouseButton.LeftButton)
    assert window.training.state == "idle"
    assert window.banner.sentence()
    qtbot.mouseClick(window.banner.button, Qt.MouseButton.LeftButton)
    assert window.document.selection


def test_the_status_bar_counts(window):
    report = window.document.report
    layers = len(window.document.project.graph.nodes)
    assert window.status.network.accessibleName() == f"{layers} layers · {report.parameters} parameters · 0 problems"
    assert "rows:" in window.status.rows.text()
    assert "train" in window.status.rows.text()


def test_close_without_changes_does_not_ask(window, memory):
    assert window.close()
    assert not window.isVisible()
    assert not memory.window_state().isEmpty()


@pytest.mark.parametrize("choice", ["Cancel", "Discard", "Save"])
def test_close_with_changes_asks(window, memory, monkeypatch, choice):
    path = memory.folder / "mine.nnstudio"
    window.document.save(path)
    window.document.edit("Set epochs", window.document.project.with_training(epochs=9))
    seen: list[str] = []
    answer_box(QMessageBox.StandardButton[choice], seen)
    assert window.close() == (choice != "Cancel")
    assert seen == ["Save the changes to mine before closing?"]
    assert storage.read(path).project.training.epochs == (9 if choice == "Save" else 5)


def test_close_while_it_trains_saves_the_last_step(window, memory, qtbot):
    path = memory.folder / "mine.nnstudio"
    window.document.edit("Set epochs", window.document.project.with_training(epochs=100_000))
    window.document.save(path)
    window.training.train()
    qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.step > 0)
    answer_box(QMessageBox.StandardButton.Save, [])
    assert window.close()
    assert not window.training.busy
    assert storage.read(path).checkpoint.step == window.training.run.step


def test_save_writes_a_readable_file_with_a_picture(window, memory, qtbot):
    path = memory.folder / "saved.nnstudio"
    qtbot.mouseClick(button(window, "epoch_button"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.training.busy)
    assert window.document.modified
    window.document.path = path
    window.actions_["save"].trigger()
    stored = storage.read(path)
    assert stored.project == window.document.project
    assert stored.checkpoint is not None and stored.checkpoint.epoch == 1
    assert QImage.fromData(stored.picture).width() == 640
    assert not window.document.modified
    assert memory.recent() == [path]


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_lost(window, memory):
    window.document.edit("Set epochs", window.document.project.with_training(epochs=9))
    window.document.path = memory.folder / "no such folder" / "mine.nnstudio"
    seen: list[str] = []
    answer_box(QMessageBox.StandardButton.Ok, seen)
    assert not window.save()
    assert "mine.nnstudio could not be saved" in seen[0]
    assert window.document.modified


def test_places_are_remembered_and_reset(open_example, memory, qtbot):
    first = open_example()
    first.docks.palette.close()
    assert first.close()
    second = open_example()
    assert second.docks.palette.isHidden()
    second.actions_["reset_layout"].trigger()
    assert not second.docks.palette.isHidden()
    qtbot.waitUntil(lambda: second.palette_.isVisible())


def test_every_dock_comes_back_from_the_view_menu(window, qtbot):
    for dock in window.docks.all():
        dock.close()
        assert dock.isHidden()
        assert dock.show_action in window.actions_.menus["docks"].actions()
        assert not dock.show_action.isChecked()
        dock.show_action.trigger()
        assert not dock.isHidden()
        assert dock.show_action.isChecked()


def test_a_dock_behind_another_comes_to_the_front_before_it_closes(window, qtbot):
    outline = window.docks.outline
    assert outline.show_action.isChecked()
    assert not outline.in_front
    outline.show_action.trigger()
    qtbot.waitUntil(lambda: outline.in_front)
    assert outline.show_action.isChecked()
    outline.show_action.trigger()
    assert outline.isHidden()
    assert not outline.show_action.isChecked()


def test_a_new_window_fits_on_the_screen(open_example):
    window = open_example()
    assert window.frameGeometry().height() <= window.screen().availableSize().height()


def test_the_palette_adds_a_layer(window):
    before = len(window.document.project.graph.nodes)
    window.palette_.chosen.emit("Linear")
    assert len(window.document.project.graph.nodes) == before + 1


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("selected", [0, 1, 2])
def test_every_control_has_a_name(window, qtbot, selected, trained):
    if trained:
        window.training.one_epoch()
        qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.done)
    window.document.select(list(window.document.project.graph.nodes)[:selected])
    for dock in window.docks.all():
        window.docks.show(dock)
        QApplication.processEvents()
        assert dock.in_front
        assert nameless(window) == []


@pytest.mark.parametrize("width", [960, 1280, 1920])
def test_the_toolbar_fits(window, qtbot, width):
    window.resize(width, 800)
    row = window.toolbar._row

    def fits() -> None:
        assert row.width() == width
        for widget in row.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if widget.isVisible():
                assert widget.geometry().right() <= width
                assert widget.width() >= widget.minimumSizeHint().width()

    qtbot.waitUntil(fits)


def test_the_theme_changes_icons(window, qtbot):
    before = window.actions_["save"].icon().pixmap(16).toImage()
    try:
        theme.apply(QApplication.instance(), theme.DARK)
        qtbot.waitUntil(lambda: window.actions_["save"].icon().pixmap(16).toImage() != before)
    finally:
        theme.apply(QApplication.instance(), theme.LIGHT)


def test_the_device_is_chosen_from_the_toolbar(window):
    menu = window.toolbar._row.device.menu()
    cpu = next(action for action in menu.actions() if action.data() == "cpu")
    cpu.trigger()
    assert window.document.project.training == dataclasses.replace(window.document.project.training, device="cpu")
    unusable = [action for action in menu.actions() if not action.isEnabled()]
    assert all(action.toolTip() in action.text() for action in unusable)
