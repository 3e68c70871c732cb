"""The canvas in a person's hands: real mouse, keyboard, wheel and drop events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from nnstudio.core.graph import Edge
from nnstudio.core.project import Project
from nnstudio.engine.run import Run
from nnstudio.ui import theme
from nnstudio.ui.canvas.canvas import Canvas
from nnstudio.ui.canvas.layer_search import LayerSearch
from nnstudio.ui.document import Document
from nnstudio.ui.palette import MIME_TYPE
from nnstudio.ui.training import Training
from ui.canvas_projects import residual_graph

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def canvas(qtbot: QtBot, document: Document) -> Iterator[Canvas]:
    canvas = Canvas(document)
    qtbot.addWidget(canvas)
    canvas.resize(1200, 640)
    canvas.show()
    QTest.qWaitForWindowExposed(canvas)
    canvas.setFocus()
    yield canvas
    for found in canvas.findChildren(LayerSearch):
        found.close()


def screen(canvas: Canvas, x: float, y: float) -> QPointF:
    """A place of the drawing as a point of the viewport."""
    return canvas.viewportTransform().map(QPointF(x, y))


def mouse(
    canvas: Canvas,
    kind: QEvent.Type,
    point: QPointF,
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    moving = kind == QEvent.Type.MouseMove
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    event = QMouseEvent(
        kind,
        point,
        QPointF(canvas.viewport().mapToGlobal(point.toPoint())),
        Qt.MouseButton.NoButton if moving else button,
        held,
        modifiers,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def drag(
    canvas: Canvas,
    *places: tuple[float, float],
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NONE,
) -> None:
    """Press at the first place of the drawing, move over all, release at the last."""
    points = [screen(canvas, *place) for place in places]
    mouse(canvas, QEvent.Type.MouseButtonPress, points[0], button, modifiers)
    for point in points[1:]:
        mouse(canvas, QEvent.Type.MouseMove, point, button, modifiers)
    mouse(canvas, QEvent.Type.MouseButtonRelease, points[-1], button, modifiers)


def click(canvas: Canvas, x: float, y: float, modifiers: Qt.KeyboardModifier = NONE) -> None:
    drag(canvas, (x, y), modifiers=modifiers)


def press(canvas: Canvas, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(canvas, key, modifiers)


def search_of(canvas: Canvas) -> LayerSearch:
    found = [search for search in canvas.findChildren(LayerSearch) if search.isVisible()]
    assert len(found) == 1
    return found[0]


def mime(name: str) -> QMimeData:
    data = QMimeData()
    data.setData(MIME_TYPE, name.encode())
    return data


def drop(canvas: Canvas, name: str, x: float, y: float) -> bool:
    """Bring a layer from the palette to a place; whether it was taken."""
    data, point = mime(name), screen(canvas, x, y)
    arguments = (Qt.DropAction.CopyAction, data, LEFT, NONE)
    enter = QDragEnterEvent(point.toPoint(), *arguments)
    QApplication.sendEvent(canvas.viewport(), enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(canvas.viewport(), QDragMoveEvent(point.toPoint(), *arguments))
    event = QDropEvent(point, *arguments)
    QApplication.sendEvent(canvas.viewport(), event)
    return event.isAccepted()


# -- mouse -------------------------------------------------------------------------------------------------------------


def test_a_node_is_dragged(canvas, document):
    drag(canvas, (500, 250), (540, 300), (580, 346))
    assert document.project.graph.nodes["n5"].position == (520.0, 312.0)
    assert document.undo_label == "Move hidden_2"
    assert canvas.gesture is None


def test_a_wire_is_drawn_and_removed(canvas, document):
    drag(canvas, (528, 96), (560, 200), (700, 420))  # take the end out
    assert document.project.graph.ending_at("n4", "b") is None
    drag(canvas, (592, 288), (600, 200), (528, 96))
    assert document.project.graph.ending_at("n4", "b") == Edge("n5", "output", "n4", "b")


def test_a_wire_dropped_on_nothing_offers_layers_and_connects_the_chosen_one(canvas, document):
    drag(canvas, (504, 72), (600, 300), (720, 300))
    search = search_of(canvas)
    assert "Conv2d" not in search.listed()
    QTest.keyClicks(search.field, "tan")
    assert search.listed()[0] == "Tanh"
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    graph = document.project.graph
    assert graph.into("n8") == (Edge("n3", "output", "n8", "input"),)
    assert document.undo_label == "Add Tanh"
    assert document.selection == {"n8"}


def test_the_rubber_band_selects(canvas, document):
    drag(canvas, (-20, -20), (100, 20), (200, 40))
    assert document.selection == {"n1", "n2"}


def test_a_wire_is_selected_by_a_click_and_deleted(canvas, document):
    document.edit_graph("Move", document.project.graph.move({"n7": (1100.0, 300.0)}))
    canvas.fit()
    edge = Edge("n6", "output", "n7", "input")
    item = canvas.drawing_scene().edges[edge]
    middle = (item.start + item.end) / 2
    click(canvas, middle.x(), middle.y())
    assert canvas.drawing_scene().selected_edges == {edge}
    press(canvas, Qt.Key.Key_Delete)
    assert edge not in document.project.graph.edges
    assert document.undo_label == "Delete wire"


@pytest.mark.parametrize("with_space", [False, True])
def test_the_view_is_panned_and_nothing_is_edited(canvas, document, with_space):
    before, project = canvas.visible_area(), document.project
    if with_space:
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    start, end = QPointF(300, 300), QPointF(380, 340)
    button = LEFT if with_space else MIDDLE
    mouse(canvas, QEvent.Type.MouseButtonPress, start, button)
    mouse(canvas, QEvent.Type.MouseMove, end, button)
    mouse(canvas, QEvent.Type.MouseButtonRelease, end, button)
    if with_space:
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    away = before.topLeft() - canvas.visible_area().topLeft()
    assert (away * canvas.zoom).toPoint() == QPoint(80, 40)
    assert document.project is project
    assert not canvas.findChildren(LayerSearch)


def test_escape_cancels_a_drag(canvas, document):
    seen = canvas.drawing_scene().description()
    start = screen(canvas, 500, 250)
    mouse(canvas, QEvent.Type.MouseButtonPress, start)
    mouse(canvas, QEvent.Type.MouseMove, start + QPointF(90, 70))
    press(canvas, Qt.Key.Key_Escape)
    mouse(canvas, QEvent.Type.MouseButtonRelease, start + QPointF(90, 70))
    document.select(())
    assert canvas.drawing_scene().description() == seen
    assert document.undo_label == ""


def test_an_undo_in_the_middle_of_a_drag_harms_nothing(canvas, document):
    canvas.add_layer("Tanh", (500.0, 480.0))
    start = screen(canvas, 500, 480)
    mouse(canvas, QEvent.Type.MouseButtonPress, start)
    mouse(canvas, QEvent.Type.MouseMove, start + QPointF(60, 10))
    document.undo()
    mouse(canvas, QEvent.Type.MouseMove, start + QPointF(70, 20))
    mouse(canvas, QEvent.Type.MouseButtonRelease, start + QPointF(70, 20))
    assert document.project.graph == residual_graph()


def test_what_is_under_the_pointer_is_lit(canvas):
    nodes = canvas.drawing_scene().nodes
    mouse(canvas, QEvent.Type.MouseMove, screen(canvas, 250, 30), Qt.MouseButton.NoButton)
    assert nodes["n2"].hovered
    mouse(canvas, QEvent.Type.MouseMove, screen(canvas, 328, 72), Qt.MouseButton.NoButton)
    assert nodes["n2"].port == ("output", "output")
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    mouse(canvas, QEvent.Type.MouseMove, screen(canvas, 250, 300), Qt.MouseButton.NoButton)
    assert not nodes["n2"].hovered


def test_tooltips_tell_of_nodes_ports_and_wires(canvas):
    def tooltip(x: float, y: float) -> str:
        return canvas.tooltip_at(screen(canvas, x, y).toPoint())

    assert "weighted sum" in tooltip(250, 30)
    assert "[B, 8]" in tooltip(328, 72)
    assert tooltip(250, 300) == ""


def test_double_click_on_nothing_adds_a_layer_there(canvas, document):
    mouse(canvas, QEvent.Type.MouseButtonDblClick, screen(canvas, 250, 300))
    search = search_of(canvas)
    QTest.keyClicks(search.field, "dense")  # an alias
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    node = document.project.graph.nodes["n8"]
    assert type(node.layer).__name__ == "Linear"
    assert node.position == (176.0, 232.0)
    assert document.project.graph.into("n8") == ()


def test_double_click_on_a_node_renames_it(canvas, document):
    mouse(canvas, QEvent.Type.MouseButtonDblClick, screen(canvas, 250, 30))
    field = canvas.findChild(QLineEdit, "title_field")
    assert field.text() == "hidden_1"
    field.setText("  first   layer ")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert document.project.graph.nodes["n2"].title == "first layer"
    assert document.undo_label == "Rename hidden_1"


def test_escape_leaves_the_name_as_it_was(canvas, document):
    field = canvas.rename("n2")
    field.setText("other")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert document.undo_label == ""


# -- wheel -------------------------------------------------------------------------------------------------------------


def wheel(canvas: Canvas, point: QPointF, turned: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
    event = QWheelEvent(
        point,
        QPointF(canvas.viewport().mapToGlobal(point.toPoint())),
        QPoint(),
        turned,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas.viewport(), event)


@pytest.mark.parametrize("modifiers", [NONE, CONTROL])
def test_the_wheel_zooms_at_the_pointer(qtbot, canvas, modifiers):
    point = QPointF(310, 170)
    below, scale = canvas.drawing_at(point), canvas.zoom
    with qtbot.waitSignal(canvas.zoomed) as heard:
        wheel(canvas, point, QPoint(0, 240), modifiers)
    assert canvas.zoom > scale * 1.3
    assert heard.args == [canvas.zoom]
    away = canvas.drawing_at(point) - below
    assert abs(away.x()) < 1.0
    assert abs(away.y()) < 1.0


def test_zooming_ends_somewhere(canvas):
    for _ in range(60):
        wheel(canvas, QPointF(300, 300), QPoint(0, 240))
    assert canvas.zoom <= 4.0
    for _ in range(120):
        wheel(canvas, QPointF(300, 300), QPoint(0, -240))
    assert canvas.zoom >= 0.05


def test_shift_and_wheel_pan_sideways(canvas):
    before = canvas.visible_area()
    wheel(canvas, QPointF(300, 300), QPoint(0, 120), SHIFT)
    after = canvas.visible_area()
    assert after.left() != before.left()
    assert after.top() == before.top()


# -- keyboard ----------------------------------------------------------------------------------------------------------


def test_delete_removes_nodes_and_their_wires(canvas, document):
    document.select(["n5"])
    press(canvas, Qt.Key.Key_Delete)
    assert "n5" not in document.project.graph.nodes
    assert document.undo_label == "Delete hidden_2"
    document.undo()
    assert document.project.graph == residual_graph()


def test_select_all_duplicate_and_undo(canvas, document):
    press(canvas, Qt.Key.Key_A, CONTROL)
    assert len(document.selection) == 7
    press(canvas, Qt.Key.Key_D, CONTROL)
    graph = document.project.graph
    assert (len(graph.nodes), len(graph.edges)) == (14, 14)
    assert document.selection == {f"n{number}" for number in range(8, 15)}
    document.undo()
    assert len(document.project.graph.nodes) == 7


def test_arrow_keys_move_and_are_one_step_of_undo(canvas, document):
    document.select(["n5"])
    for _ in range(3):
        press(canvas, Qt.Key.Key_Right)
    press(canvas, Qt.Key.Key_Down, SHIFT)
    assert document.project.graph.nodes["n5"].position == (464.0, 256.0)
    document.undo()
    assert document.project.graph.nodes["n5"].position == (440.0, 216.0)


def test_copy_cut_and_paste(canvas, document):
    document.select(["n3", "n5"])
    press(canvas, Qt.Key.Key_C, CONTROL)
    assert "hidden_2" in QGuiApplication.clipboard().text()
    press(canvas, Qt.Key.Key_V, CONTROL)
    graph = document.project.graph
    assert Edge("n8", "output", "n9", "input") in graph.edges
    assert graph.nodes["n9"].position == (472.0, 248.0)
    press(canvas, Qt.Key.Key_V, CONTROL)
    assert document.project.graph.nodes["n11"].position == (504.0, 280.0)
    document.select(["n5"])
    press(canvas, Qt.Key.Key_X, CONTROL)
    assert "n5" not in document.project.graph.nodes
    press(canvas, Qt.Key.Key_V, CONTROL)
    assert document.project.graph.nodes["n12"].position == (440.0, 216.0)


def test_layers_go_from_one_window_to_another(qtbot, canvas, document):
    document.select(["n2", "n3"])
    canvas.copy()
    other = Canvas(Document(Project()))
    qtbot.addWidget(other)
    other.resize(600, 400)
    other.show()
    other.paste()
    graph = other.document.project.graph
    assert [node.title for node in graph.nodes.values()] == ["hidden_1", "relu"]
    assert len(graph.edges) == 1


def test_what_cannot_be_pasted_is_said(qtbot, canvas, document):
    QGuiApplication.clipboard().setText("just words")
    with qtbot.waitSignal(canvas.message) as heard:
        press(canvas, Qt.Key.Key_V, CONTROL)
    assert heard.args == ["There are no layers on the clipboard."]
    assert document.undo_label == ""


def test_tab_searches_and_adds_behind_the_selected_node(canvas, document):
    document.select(["n2"])
    press(canvas, Qt.Key.Key_Tab)
    search = search_of(canvas)
    QTest.keyClicks(search.field, "tanh")
    QTest.keyClick(search.field, Qt.Key.Key_Return)
    graph = document.project.graph
    assert [(edge.source, edge.target) for edge in graph.edges if "n8" in (edge.source, edge.target)] == [
        ("n2", "n8"),
        ("n8", "n3"),
    ]
    assert document.selection == {"n8"}


def test_space_searches_when_nothing_was_dragged(canvas):
    press(canvas, Qt.Key.Key_Space)
    search = search_of(canvas)
    assert search.listed()[0] == "Input"
    QTest.keyClick(search.field, Qt.Key.Key_Down)
    assert search.list.currentRow() == 1
    QTest.keyClick(search.field, Qt.Key.Key_Escape)
    assert not search.isVisible()


def test_fit_shows_everything_and_no_larger_than_it_is(canvas):
    canvas.resize(500, 300)
    wheel(canvas, QPointF(10, 10), QPoint(0, 2000))
    press(canvas, Qt.Key.Key_F)
    assert canvas.visible_area().contains(canvas.drawing_scene().bounds())
    press(canvas, Qt.Key.Key_0, CONTROL)
    assert canvas.zoom == 1.0
    canvas.resize(4000, 3000)
    press(canvas, Qt.Key.Key_F)
    assert canvas.zoom == 1.0


def test_arrange_is_one_edit_and_ends_where_it_should(qtbot, canvas, document):
    press(canvas, Qt.Key.Key_L)
    assert document.undo_label == "Arrange"
    scene = canvas.drawing_scene()
    qtbot.waitUntil(lambda: all(item.pos() == QPointF(*item.node.position) for item in scene.nodes.values()))
    assert scene.description() == Canvas(document).drawing_scene().description()
    press(canvas, Qt.Key.Key_L)
    document.undo()
    assert document.project.graph == residual_graph()


def test_an_edit_ends_the_glide(canvas, document):
    canvas.arrange()
    document.undo()
    assert canvas.drawing_scene().description() == Canvas(document).drawing_scene().description()


# -- drops -------------------------------------------------------------------------------------------------------------


def test_a_layer_is_dropped_on_a_place(canvas, document):
    assert drop(canvas, "Tanh", 250, 400)
    assert document.project.graph.nodes["n8"].position == (176.0, 328.0)
    assert document.undo_label == "Add Tanh"


def test_a_layer_is_dropped_on_a_wire(canvas, document):
    assert drop(canvas, "Tanh", 164, 72)
    graph = document.project.graph
    assert [(edge.source, edge.target) for edge in graph.edges if "n8" in (edge.source, edge.target)] == [
        ("n1", "n8"),
        ("n8", "n2"),
    ]
    assert document.undo_label == "Insert Tanh"


def test_a_drag_that_leaves_leaves_nothing(canvas, document):
    point = screen(canvas, 250, 400).toPoint()
    data = mime("Tanh")
    event = QDragEnterEvent(point, Qt.DropAction.CopyAction, data, LEFT, NONE)
    QApplication.sendEvent(canvas.viewport(), event)
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    scene = canvas.drawing_scene()
    assert len(scene.items()) == len(scene.nodes) + len(scene.edges)
    assert document.undo_label == ""


@pytest.mark.parametrize("name", ["", "NoSuchLayer", "\ufffd"])
def test_what_is_no_layer_is_not_taken(canvas, name):
    assert not drop(canvas, name, 250, 400)


# -- menus -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "name", "words"),
    [
        ((250, 30), "node_menu", ["Rename…", "Duplicate", "Delete"]),
        ((250, 400), "canvas_menu", ["Add layer…", "Paste", "Arrange the layers", "Fit the drawing"]),
        ((990, 260), "wire_menu", ["Insert layer…", "Delete wire"]),
    ],
)
def test_a_right_click_offers_what_can_be_done_there(canvas, document, place, name, words):
    document.edit_graph("Move", document.project.graph.move({"n7": (1000.0, 300.0)}))
    canvas.fit()
    if name == "wire_menu":
        item = canvas.drawing_scene().edges[Edge("n6", "output", "n7", "input")]
        middle = (item.start + item.end) / 2
        place = (middle.x(), middle.y())
    point = screen(canvas, *place).toPoint()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, canvas.viewport().mapToGlobal(point))
    QApplication.sendEvent(canvas.viewport(), event)
    menu = canvas.findChild(QMenu, name)
    texts = [action.text().split("\t")[0] for action in menu.actions()]
    assert set(words) <= set(texts)
    menu.close()


# -- verbs that others call --------------------------------------------------------------------------------------------


def test_layers_added_one_after_the_other_make_a_chain(qtbot):
    document = Document(Project())
    canvas = Canvas(document)
    qtbot.addWidget(canvas)
    canvas.resize(900, 500)
    canvas.show()
    for name in ("Input", "Linear", "ReLU", "Linear", "Output"):
        canvas.add_layer(name)
    graph = document.project.graph
    assert [(edge.source, edge.target) for edge in graph.edges] == [
        ("n1", "n2"),
        ("n2", "n3"),
        ("n3", "n4"),
        ("n4", "n5"),
    ]
    assert len({node.position[1] for node in graph.nodes.values()}) == 1
    for _ in range(5):
        document.undo()
    assert document.project == Project()


def test_without_a_selection_a_new_layer_covers_no_other(canvas, document):
    for _ in range(4):
        document.select(())
        canvas.add_layer("Tanh")
    cards = [item.card() for item in canvas.drawing_scene().nodes.values()]
    assert not any(a.intersects(b) for i, a in enumerate(cards) for b in cards[i + 1 :])


def test_an_unknown_layer_is_said(qtbot, canvas, document):
    with qtbot.waitSignal(canvas.message):
        canvas.add_layer("NoSuchLayer")
    assert document.undo_label == ""


def test_before_the_output_a_layer_is_inserted(canvas, document):
    document.select(["n7"])
    canvas.add_layer("Dropout")
    assert [(edge.source, edge.target) for edge in document.project.graph.into("n7")] == [("n8", "n7")]
    assert document.project.graph.into("n8")[0].source == "n6"


def test_reveal_brings_a_node_into_view(canvas, document):
    document.edit_graph("Move", document.project.graph.move({"n5": (9000.0, 7000.0)}))
    canvas.reveal("n5")
    assert "n5" in canvas.visible_node_ids()
    canvas.reveal("n99")
    assert "n5" in canvas.visible_node_ids()


def test_the_picture_shows_the_drawing_in_colours(canvas):
    image = canvas.picture()
    assert image.width() > image.height() > 200
    colors = {image.pixelColor(x, y).name() for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert QColor(theme.current().canvas).name() in colors
    assert QColor(theme.current().dense).name() in colors


def test_the_picture_of_nothing_is_a_picture_too(qtbot):
    canvas = Canvas(Document(Project()))
    qtbot.addWidget(canvas)
    assert not canvas.picture().isNull()


# -- live pictures -----------------------------------------------------------------------------------------------------


def test_it_is_measured_where_it_is_seen(canvas, project):
    run = Run(project)
    canvas.resize(300, 200)
    canvas.zoom_reset()
    canvas.reveal("n1")
    measure = canvas.request()
    assert measure is not None
    reading = measure(run)
    assert reading.keys() == set(canvas.visible_node_ids())
    assert "n7" not in reading
    canvas.draw(reading, run.snapshot())
    assert canvas.drawing_scene().nodes["n1"].picture is not None
    canvas.zoom_at(QPointF(150, 100), 0.2)
    assert canvas.request() is None  # blocks of colour show no pictures


def test_a_reset_forgets_what_was_measured_but_not_the_data(canvas, project):
    run = Run(project)
    canvas.show_pictures(canvas.request()(run))
    assert canvas.drawing_scene().nodes["n2"].picture is not None
    canvas.clear()
    assert canvas.drawing_scene().nodes["n2"].picture is None
    assert canvas.drawing_scene().nodes["n1"].picture is not None


def test_nodes_that_come_into_view_while_nothing_trains_are_measured_then(qtbot, document):
    training = Training(document)
    canvas = Canvas(document, training)
    qtbot.addWidget(canvas)
    training.add_view(canvas)
    canvas.resize(400, 300)
    canvas.show()
    canvas.zoom_reset()
    canvas.reveal("n1")
    nodes = canvas.drawing_scene().nodes
    qtbot.waitUntil(lambda: nodes["n2"].picture is not None)
    assert nodes["n6"].picture is None
    canvas.reveal("n6")
    qtbot.waitUntil(lambda: nodes["n6"].picture is not None)
    training.shut_down()


def test_the_theme_changes_while_it_is_open(qapp, canvas):
    try:
        light = canvas.grab().toImage()
        theme.apply(qapp, theme.DARK)
        dark = canvas.grab().toImage()
        assert light.pixelColor(5, 5) != dark.pixelColor(5, 5)
    finally:
        theme.apply(qapp, theme.LIGHT)
