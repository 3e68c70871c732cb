"""From the gallery to a trained network and back, with the mouse and the keyboard: what a person does first."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QTreeWidget, QWidget

from nnstudio.engine.run import Run
from nnstudio.ui import theme
from nnstudio.ui.application import Application
from nnstudio.ui.canvas import geometry
from nnstudio.ui.memory import Memory
from nnstudio.ui.window import Window

LEFT = Qt.MouseButton.LeftButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def application(qapp, qtbot, tmp_path):
    theme.apply(qapp, theme.LIGHT)
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.folder = tmp_path
    application = Application(qapp, memory)
    application.start()
    qtbot.waitUntil(lambda: application.is_ready, timeout=120_000)
    yield application
    for window in list(application.windows):
        window.training.shut_down()
        window.document.save(tmp_path / "end.nnstudio")
        window.close()
    application.gallery.close()
    application.finish()


def drag_from_palette(window: Window, name: str, place: QPointF, monkeypatch) -> None:
    """Press on a layer in the palette, pull it over the canvas, let go at a point of the drawing.

    Without a screen Qt gives a drag back at once, so the events that a desktop would send are sent here, with what the
    palette itself put into the drag.
    """
    tree = window.findChild(QTreeWidget, "palette_list")
    assert tree is not None
    item = tree.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)[0]
    tree.scrollToItem(item)
    canvas = window.canvas
    target = QPointF(canvas.mapFromScene(place))
    dropped = []

    def exec_(drag: QDrag, *_: object) -> Qt.DropAction:
        mime = drag.mimeData()
        actions, copy = Qt.DropAction.CopyAction, Qt.DropAction.CopyAction
        QApplication.sendEvent(canvas.viewport(), QDragEnterEvent(target.toPoint(), actions, mime, LEFT, NO_KEYS))
        QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(target.toPoint(), actions, mime, LEFT, NO_KEYS))
        QApplication.sendEvent(canvas.viewport(), QDropEvent(target, actions, mime, LEFT, NO_KEYS))
        dropped.append(name)
        return copy

    monkeypatch.setattr(QDrag, "exec", exec_)
    start = tree.visualItemRect(item).center()
    QTest.mousePress(tree.viewport(), LEFT, NO_KEYS, start)
    QTest.mouseMove(tree.viewport(), start + QPoint(20, 4))
    QTest.mouseMove(tree.viewport(), start + QPoint(60, 10))
    QTest.mouseRelease(tree.viewport(), LEFT, NO_KEYS, start + QPoint(60, 10))
    assert dropped == [name]


def node_id(window: Window, title: str) -> str:
    return next(i for i, node in window.document.project.graph.nodes.items() if node.title == title)


def port(window: Window, title: str, side: str) -> QPoint:
    node = window.document.project.graph.nodes[node_id(window, title)]
    layer_ports = node.layer.output_ports if side == "output" else node.layer.input_ports
    return window.canvas.mapFromScene(geometry.port_in_drawing(node, side, layer_ports[0].name))


def wire(window: Window, source: str, target: str) -> None:
    """Draw a wire with the mouse, from an output to an input."""
    view = window.canvas.viewport()
    begin, end = port(window, source, "output"), port(window, target, "input")
    QTest.mousePress(view, LEFT, NO_KEYS, begin)
    for part in (0.25, 0.5, 0.75, 1.0):
        QTest.mouseMove(view, begin + (end - begin) * part)
    QTest.mouseRelease(view, LEFT, NO_KEYS, end)
    graph = window.document.project.graph
    assert any(e.source == node_id(window, source) and e.target == node_id(window, target) for e in graph.edges)


def click(window: Window, object_name: str) -> None:
    button = window.findChild(QWidget, object_name)
    assert button is not None and button.isVisible() and button.isEnabled(), object_name
    QTest.mouseClick(button, LEFT)


def editors(window: Window) -> list[QWidget]:
    return window.inspector.findChildren(QWidget, "setting_out_features")


def set_out_features(qtbot, window: Window, title: str, size: int) -> None:
    """Click a node and type a size into the inspector."""
    node = window.document.project.graph.nodes[node_id(window, title)]
    QTest.mouseClick(window.canvas.viewport(), LEFT, NO_KEYS, window.canvas.mapFromScene(geometry.place(node).center()))
    assert window.document.selection == {node.id}
    qtbot.waitUntil(lambda: any(editor.isVisible() for editor in editors(window)))
    editor = next(editor for editor in editors(window) if editor.isVisible())
    editor.setFocus()
    field = editor if isinstance(editor, QLineEdit) else editor.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, str(size))
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.document.project.graph.nodes[node.id].layer.out_features == size


def test_gallery_draw_train_save_open_and_go_on(application, qtbot, tmp_path, monkeypatch) -> None:
    # The gallery: a new project.
    assert application.gallery.isVisible()
    QTest.mouseClick(application.gallery.new_button, LEFT)
    qtbot.waitUntil(lambda: bool(application.windows))
    window = application.windows[0]
    window.resize(1500, 950)
    qtbot.waitExposed(window)
    graph = window.document.project.graph
    assert [node.title for node in graph.nodes.values()] == ["input", "output"]

    # Three layers from the palette, four wires, three sizes.
    window.canvas.fit()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine.nnstudio"), ""))
    drag_from_palette(window, "Linear", QPointF(252, -176), monkeypatch)
    drag_from_palette(window, "ReLU", QPointF(440, -176), monkeypatch)
    drag_from_palette(window, "Linear", QPointF(380, 300), monkeypatch)
    window.canvas.fit()
    assert not window.document.report.ready
    for source, target in (("input", "linear"), ("linear", "relu"), ("relu", "linear_2"), ("linear_2", "output")):
        wire(window, source, target)
    set_out_features(qtbot, window, "linear", 24)
    set_out_features(qtbot, window, "linear_2", 1)
    report = window.document.report
    assert report.ready and report.parameters == 2 * 24 + 24 + 24 + 1

    # Train: the loss falls and the surface changes.
    surface = next(panel for panel in window.panels if panel.key == "surface")
    qtbot.waitUntil(lambda: window.training.newest is not None)
    before = surface.grab().toImage()
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.epoch >= 25, timeout=60_000)
    click(window, "pause_button")
    qtbot.waitUntil(lambda: window.training.state == "paused", timeout=10_000)
    losses = [record["train"]["loss"] for record in window.training.run.history.epochs]
    assert losses[-1] < 0.9 * losses[0]
    assert surface.grab().toImage() != before

    # One step more, and no further.
    step = window.training.run.step
    click(window, "step_button")
    qtbot.waitUntil(lambda: window.training.state == "paused" and window.training.run.step == step + 1, timeout=10_000)

    # Save, close, open: the same drawing, the same bytes of weights, the same curve.
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    file = tmp_path / "mine.nnstudio"
    qtbot.waitUntil(file.exists)
    assert not window.document.modified
    project, checkpoint = window.document.project, window.document.checkpoint
    assert checkpoint is not None and checkpoint.step == step + 1
    window.close()
    qtbot.waitUntil(lambda: not application.windows)
    application.open_project(str(file))
    again = application.windows[0]
    assert again.document.project == project
    assert again.canvas.scene().description()["nodes"]
    stored = again.document.checkpoint
    assert stored is not None and stored.weights.keys() == checkpoint.weights.keys()
    assert all(stored.weights[name].tobytes() == array.tobytes() for name, array in checkpoint.weights.items())
    assert stored.history.step_losses.tobytes() == checkpoint.history.step_losses.tobytes()
    assert [dict(record) for record in stored.history.epochs] == [dict(r) for r in checkpoint.history.epochs]
    assert len(again.canvas.scene().items()) > 0

    # Train on to the end of the next epoch: it equals a run that was never interrupted.
    qtbot.waitUntil(lambda: again.training.newest is not None and again.training.newest.step == step + 1)
    click(again, "epoch_button")
    qtbot.waitUntil(lambda: again.training.state == "paused" and again.training.run.batch == 0, timeout=10_000)
    whole = Run(project)
    for _ in whole.snapshots(epochs=again.training.run.epoch):
        pass
    ours, theirs = again.training.run.checkpoint(), whole.checkpoint()
    assert ours.step == theirs.step
    assert all(np.array_equal(ours.weights[name], array) for name, array in theirs.weights.items())
    assert np.array_equal(ours.history.step_losses, theirs.history.step_losses)


def test_editing_while_it_trains_is_safe_and_said(application, qtbot, monkeypatch) -> None:
    """A layer is dropped on a wire while the network trains; the training goes on, and takes it in when asked."""
    application.open_example("spirals")
    qtbot.waitUntil(lambda: bool(application.windows))
    window = application.windows[0]
    window.resize(1500, 950)
    qtbot.waitExposed(window)
    window.canvas.fit()
    click(window, "train_button")
    qtbot.waitUntil(lambda: window.training.newest is not None and window.training.newest.epoch >= 3, timeout=60_000)
    trained = window.training.run
    graph = window.document.project.graph
    edge = next(e for e in graph.edges if graph.nodes[e.source].title == "input")
    begin, end = (
        geometry.port_in_drawing(graph.nodes[edge.source], "output", edge.source_port),
        geometry.port_in_drawing(graph.nodes[edge.target], "input", edge.target_port),
    )
    drag_from_palette(window, "Linear", (begin + end) / 2, monkeypatch)
    assert len(window.document.project.graph.nodes) == len(graph.nodes) + 1
    assert edge not in window.document.project.graph.edges, "it was inserted on the wire"
    assert window.training.network_changed and window.training.run is trained
    banner = window.findChild(QWidget, "banner")
    assert banner is not None and banner.isVisible()
    step = trained.step
    qtbot.waitUntil(lambda: trained.step > step + 50, timeout=30_000)
    click(window, "banner_button")
    qtbot.waitUntil(lambda: window.training.run is not trained and window.training.state == "running", timeout=30_000)
    assert not window.training.network_changed
    run = window.training.run
    assert run.continuation == "carried" and run.kept
    click(window, "stop_button")
    qtbot.waitUntil(lambda: window.training.state == "idle", timeout=10_000)
