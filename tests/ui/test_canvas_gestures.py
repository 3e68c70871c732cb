"""Gestures: press, move, release, each one edit. They are tested without a view; points are places of the drawing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt

from nnstudio.core.graph import Edge
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import registered
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.fitting import layers_for, ports_for
from nnstudio.ui.canvas.gesture import Gesture, MoveNodes, Pointer, SelectArea
from nnstudio.ui.canvas.scene import Scene
from nnstudio.ui.canvas.wiring import DrawWire, DropLayer, SelectWire
from nnstudio.ui.document import Document
from ui.canvas_projects import make

SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def scene(document: Document) -> Scene:
    return Scene(document)


@pytest.fixture
def offered() -> list[tuple[object, QPointF]]:
    """What a wire that was dropped on nothing asked for."""
    return []


def at(x: float, y: float, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> Pointer:
    return Pointer(QPointF(x, y), QPointF(x, y), 1.0, modifiers)


def drag(
    gesture: Gesture, *points: tuple[float, float], modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    gesture.press(at(*points[0], modifiers))
    for point in points[1:]:
        gesture.move(at(*point, modifiers))
    gesture.release(at(*points[-1], modifiers))


def edits(document: Document) -> int:
    """How many steps undo can go back."""
    count = 0
    while document.undo_label:
        document.undo()
        count += 1
    for _ in range(count):
        document.redo()
    return count


def wire_from(scene: Scene, node_id: str, side: str, port: str, offered: list) -> DrawWire:
    def offer(end: object, place: QPointF) -> None:
        offered.append((end, place))

    return DrawWire.from_port(scene, node_id, (side, port), offer)  # type: ignore[arg-type]


class TestMoveNodes:
    def test_moves_a_node_on_the_grid_as_one_edit(self, scene, document):
        drag(MoveNodes(scene, "n5"), (460, 240), (500, 300), (563, 371))
        assert document.project.graph.nodes["n5"].position == (544.0, 344.0)
        assert document.undo_label == "Move hidden_2"
        assert edits(document) == 1
        assert document.selection == {"n5"}

    def test_takes_the_whole_selection_along(self, scene, document):
        document.select(["n5", "n7"])
        drag(MoveNodes(scene, "n5"), (460, 240), (500, 300), (500, 336))
        graph = document.project.graph
        assert graph.nodes["n5"].position == (480.0, 312.0)
        assert graph.nodes["n7"].position == (920.0, 96.0)
        assert graph.nodes["n1"].position == (0.0, 0.0)
        assert document.undo_label == "Move 2 layers"

    def test_wires_follow_while_it_moves_and_nothing_is_decided_yet(self, scene, document):
        before = document.project
        gesture = MoveNodes(scene, "n5")
        gesture.press(at(460, 240))
        gesture.move(at(460, 336))
        edge = Edge("n3", "output", "n5", "input")
        assert scene.edges[edge].end.y() == 216 + 96 + geometry.HEIGHT / 2
        assert document.project is before

    def test_cancel_puts_everything_back(self, scene, document):
        before, seen = document.project, scene.description()
        gesture = MoveNodes(scene, "n5")
        gesture.press(at(460, 240))
        document.select(())
        gesture.move(at(700, 500))
        gesture.cancel()
        assert document.project is before
        assert scene.description() == seen
        assert len(scene.items()) == len(scene.nodes) + len(scene.edges)

    def test_a_node_that_comes_near_the_height_of_another_takes_it(self, scene, document):
        document.edit_graph("Move", document.project.graph.move({"n6": (704.0, 3.0)}))
        drag(MoveNodes(scene, "n5"), (460, 240), (700, 100), (700, 30))  # to y = 6
        assert document.project.graph.nodes["n5"].position[1] == 3.0

    def test_with_alt_it_goes_anywhere(self, scene, document):
        drag(MoveNodes(scene, "n5"), (460, 240), (483, 301), modifiers=ALT)
        assert document.project.graph.nodes["n5"].position == (463.0, 277.0)

    def test_a_click_selects_and_edits_nothing(self, scene, document):
        document.select(["n1", "n2"])
        drag(MoveNodes(scene, "n2"), (200, 40), (201, 41))
        assert document.selection == {"n2"}
        assert edits(document) == 0

    def test_shift_adds_and_takes_out(self, scene, document):
        document.select(["n1"])
        drag(MoveNodes(scene, "n2"), (200, 40), modifiers=SHIFT)
        assert document.selection == {"n1", "n2"}
        drag(MoveNodes(scene, "n2"), (200, 40), modifiers=SHIFT)
        assert document.selection == {"n1"}


class TestSelectArea:
    def test_selects_what_the_rectangle_touches(self, scene, document):
        drag(SelectArea(scene), (170, -20), (400, 60))
        assert document.selection == {"n2", "n3"}
        assert edits(document) == 0

    def test_shift_adds(self, scene, document):
        document.select(["n7"])
        drag(SelectArea(scene), (400, 60), (170, -20), modifiers=SHIFT)
        assert document.selection == {"n2", "n3", "n7"}

    def test_a_click_on_nothing_selects_nothing(self, scene, document):
        document.select(["n7"])
        scene.select_edges(scene.edges)
        drag(SelectArea(scene), (0, 500))
        assert document.selection == frozenset()
        assert scene.selected_edges == frozenset()

    def test_cancel_brings_the_selection_back(self, scene, document):
        document.select(["n7"])
        gesture = SelectArea(scene)
        gesture.press(at(-20, -20))
        gesture.move(at(400, 100))
        gesture.cancel()
        assert document.selection == {"n7"}
        assert len(scene.items()) == len(scene.nodes) + len(scene.edges)


class TestDrawWire:
    def test_from_an_output_to_an_input(self, scene, document, offered):
        graph = document.project.graph.disconnect([Edge("n1", "output", "n2", "input")])
        document.edit_graph("Disconnect", graph)
        drag(wire_from(scene, "n1", "output", "output", offered), (152, 72), (160, 90), (176, 72))
        assert Edge("n1", "output", "n2", "input") in document.project.graph.edges
        assert document.undo_label == "Connect input to hidden_1"
        assert edits(document) == 2
        assert offered == []

    def test_backwards_from_a_free_input(self, scene, document, offered):
        document.edit_graph("Disconnect", document.project.graph.disconnect([Edge("n1", "output", "n2", "input")]))
        drag(wire_from(scene, "n2", "input", "input", offered), (176, 72), (160, 90), (152, 72))
        assert Edge("n1", "output", "n2", "input") in document.project.graph.edges

    def test_dropped_on_a_node_it_takes_the_free_port_that_fits(self, scene, document, offered):
        document.edit_graph("Disconnect", document.project.graph.disconnect([Edge("n5", "output", "n4", "b")]))
        drag(wire_from(scene, "n5", "output", "output", offered), (592, 288), (600, 200), (600, 30))
        assert Edge("n5", "output", "n4", "b") in document.project.graph.edges
        assert Edge("n3", "output", "n4", "a") in document.project.graph.edges

    def test_a_taken_input_gives_way(self, scene, document, offered):
        drag(wire_from(scene, "n3", "output", "output", offered), (504, 72), (560, 200), (704, 72))
        assert document.project.graph.into("n6") == (Edge("n3", "output", "n6", "input"),)
        assert edits(document) == 1

    def test_the_end_of_a_wire_is_taken_from_its_input_and_moved(self, scene, document, offered):
        drag(wire_from(scene, "n4", "input", "b", offered), (528, 96), (560, 200), (704, 72))
        graph = document.project.graph
        assert graph.ending_at("n4", "b") is None
        assert graph.into("n6") == (Edge("n5", "output", "n6", "input"),)
        assert edits(document) == 1

    def test_the_end_of_a_wire_dropped_on_nothing_removes_it(self, scene, document, offered):
        drag(wire_from(scene, "n4", "input", "b", offered), (528, 96), (560, 200), (700, 500))
        assert document.project.graph.ending_at("n4", "b") is None
        assert document.undo_label == "Delete wire"
        assert offered == []

    def test_put_back_where_it_was_nothing_happens(self, scene, document, offered):
        drag(wire_from(scene, "n4", "input", "b", offered), (528, 96), (560, 200), (528, 96))
        assert edits(document) == 0

    def test_dropped_on_nothing_a_new_wire_asks_for_a_layer(self, scene, document, offered):
        drag(wire_from(scene, "n3", "output", "output", offered), (504, 72), (560, 300), (700, 500))
        assert offered == [(("n3", "output", "output"), QPointF(700, 500))]
        assert edits(document) == 0

    def test_a_click_on_a_port_does_nothing(self, scene, document, offered):
        drag(wire_from(scene, "n3", "output", "output", offered), (504, 72), (505, 72))
        assert (offered, edits(document)) == ([], 0)

    def test_a_node_takes_no_wire_of_its_own(self, scene, document, offered):
        drag(wire_from(scene, "n3", "output", "output", offered), (504, 72), (450, 100), (352, 72))
        assert edits(document) == 0

    def test_what_clashes_can_be_dropped_and_is_then_said_at_the_node(self, scene, document, offered):
        graph, node = document.project.graph.add(make(Layer, "Conv2d"), (0.0, 400.0))
        document.edit_graph("Add", graph)
        drag(wire_from(scene, "n1", "output", "output", offered), (152, 72), (100, 300), (0, 472))
        assert Edge("n1", "output", node.id, "input") in document.project.graph.edges
        face = scene.nodes[node.id].face
        assert face.severity == "warning", "it leads to no Output, so it keeps nothing from training"
        assert "4 axes" in scene.nodes[node.id].problems[0].message

    def test_ports_that_cannot_take_it_are_dimmed_while_it_is_drawn(self, scene, document, offered):
        graph, node = document.project.graph.add(make(Layer, "Conv2d"), (0.0, 400.0))
        document.edit_graph("Add", graph)
        gesture = wire_from(scene, "n3", "output", "output", offered)
        gesture.press(at(504, 72))
        gesture.move(at(560, 300))
        offers = {node_id: item.offers for node_id, item in scene.nodes.items()}
        assert offers[node.id] == frozenset()  # needs images
        assert offers["n2"] == frozenset()  # would close a circle
        assert offers["n6"] == {("input", "input")}
        assert offers["n4"] == {("input", "a"), ("input", "b")}
        gesture.cancel()
        assert all(item.offers is None for item in scene.nodes.values())
        assert len(scene.items()) == len(scene.nodes) + len(scene.edges)

    def test_it_clings_to_the_port_that_takes_it(self, scene, document, offered):
        gesture = wire_from(scene, "n3", "output", "output", offered)
        gesture.press(at(504, 72))
        gesture.move(at(700, 78))
        assert gesture.target(at(700, 78)) == ("n6", "input", "input")
        assert scene.nodes["n6"].port == ("input", "input")
        gesture.cancel()

    @pytest.mark.parametrize(("share", "end"), [(0.02, ("n7", "input", "input")), (0.98, ("n6", "output", "output"))])
    def test_near_its_ends_a_wire_can_be_taken(self, scene, document, share, end):
        document.edit_graph("Move", document.project.graph.move({"n7": (1300.0, 0.0)}))
        edge = Edge("n6", "output", "n7", "input")
        point = geometry.wire(*geometry.ends(scene.graph, edge)).pointAtPercent(share)
        gesture = DrawWire.from_wire(scene, edge, point, lambda end, place: None)
        assert gesture is not None
        assert gesture.end == end

    def test_in_its_middle_a_wire_cannot_be_taken(self, scene, document):
        document.edit_graph("Move", document.project.graph.move({"n7": (1300.0, 0.0)}))
        edge = Edge("n6", "output", "n7", "input")
        point = geometry.wire(*geometry.ends(scene.graph, edge)).pointAtPercent(0.5)
        assert DrawWire.from_wire(scene, edge, point, lambda end, place: None) is None


class TestSelectWire:
    def test_a_click_selects_the_wire_and_no_node(self, scene, document):
        document.select(["n1"])
        edge = Edge("n1", "output", "n2", "input")
        drag(SelectWire(scene, edge), (164, 72))
        assert scene.selected_edges == {edge}
        assert document.selection == frozenset()
        drag(SelectWire(scene, edge), (164, 72), modifiers=SHIFT)
        assert scene.selected_edges == frozenset()


class TestDropLayer:
    def test_on_a_free_place_it_stands_alone(self, scene, document):
        edges = document.project.graph.edges
        drag(DropLayer(scene, make(Layer, "Tanh")), (300, 400), (300, 480))
        node = document.project.graph.nodes["n8"]
        assert node.position == (224.0, 408.0)
        assert document.project.graph.edges == edges
        assert document.undo_label == "Add Tanh"
        assert document.selection == {"n8"}
        assert edits(document) == 1

    def test_on_a_wire_it_is_inserted_and_the_sizes_follow(self, scene, document):
        drag(DropLayer(scene, make(Layer, "Linear", out_features=5)), (300, 400), (516, 72))
        graph = document.project.graph
        assert graph.into("n8")[0].source == "n3"
        assert graph.out_of("n8")[0].target in ("n4", "n5")
        assert document.undo_label == "Insert Linear"
        assert document.report.nodes["n8"].parameters == 45
        assert edits(document) == 1

    def test_between_two_close_nodes_the_rest_makes_room(self, scene, document):
        drag(DropLayer(scene, make(Layer, "Tanh")), (300, 400), (164, 70))
        graph = document.project.graph
        assert [edge.target for edge in graph.out_of("n1")] == ["n8"]
        assert graph.nodes["n8"].position[0] == 176.0
        assert graph.nodes["n2"].position[0] == 352.0
        assert graph.nodes["n7"].position[0] == 880.0 + 176.0

    def test_over_a_node_it_is_not_inserted(self, scene, document):
        gesture = DropLayer(scene, make(Layer, "Tanh"))
        assert gesture.wire_under(at(250, 72)) is None

    def test_an_input_is_never_inserted(self, scene, document):
        assert DropLayer(scene, make(Layer, "Input")).wire_under(at(164, 72)) is None

    def test_cancel_leaves_nothing_behind(self, scene, document):
        gesture = DropLayer(scene, make(Layer, "Tanh"))
        gesture.move(at(164, 72))
        assert any(item.hovered for item in scene.edges.values())
        gesture.cancel()
        assert not any(item.hovered for item in scene.edges.values())
        assert len(scene.items()) == len(scene.nodes) + len(scene.edges)
        assert edits(document) == 0


def test_the_layers_offered_for_a_wire_are_those_that_fit(document):
    graph, report = document.project.graph, document.report
    fit = layers_for(graph, report, ("n3", "output", "output"))  # [B, 8]
    assert {"Linear", "ReLU", "Add", "Output", "Dropout"} <= fit
    assert not {"Conv2d", "MaxPool2d", "BatchNorm2d", "Input"} & fit
    before = layers_for(graph, report, ("n3", "input", "input"))
    assert "Input" in before
    assert "Output" not in before
    assert fit | before <= registered(Layer).keys()


@pytest.mark.parametrize("end", [("n1", "output", "output"), ("n4", "input", "a"), ("n5", "output", "output")])
def test_no_port_is_offered_that_would_close_a_circle(document, end):
    graph = document.project.graph
    node_id, side, name = end
    for other_id, ports in ports_for(graph, document.report, end).items():
        for other_side, other_name in ports:
            source, target = (
                ((node_id, name), (other_id, other_name))
                if side == "output"
                else ((other_id, other_name), (node_id, name))
            )
            assert other_side != side
            assert graph.connect(Edge(*source, *target)).cycle() == []


def test_gestures_of_any_kind_leave_a_cancelled_drawing_as_it_was(scene, document, offered):
    seen = scene.description()
    kinds: list[Callable[[], Gesture]] = [
        lambda: MoveNodes(scene, "n3"),
        lambda: SelectArea(scene),
        lambda: wire_from(scene, "n4", "input", "a", offered),
        lambda: wire_from(scene, "n1", "output", "output", offered),
        lambda: DropLayer(scene, make(Layer, "Tanh")),
    ]
    for kind in kinds:
        gesture = kind()
        gesture.press(at(360, 40))
        gesture.move(at(420, 130))
        gesture.move(at(704, 72))
        gesture.cancel()
        document.select(())
        assert scene.description() == seen
    assert edits(document) == 0
