"""The scene follows the document: what is seen is a function of what was decided, by whatever way it came about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem

from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Dataset, Layer, Missing, Optimizer
from nnstudio.core.layout import arrange
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.ui import theme
from nnstudio.ui.canvas import geometry, lettering
from nnstudio.ui.canvas.scene import Hit, Scene
from nnstudio.ui.document import Document
from ui.canvas_projects import make, residual_graph

_LAYERS = ("Input", "Output", "Linear", "ReLU", "Add", "Conv2d", "Flatten", "Dropout")
# An edit is a number for what to do and three that choose among what there is.
_EDITS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99)), max_size=24
)


def one_edit(document: Document, what: int, a: int, b: int, c: int) -> None:
    """Some edit of a person's; one that has no meaning now does nothing."""
    graph = document.project.graph
    ids = sorted(graph.nodes)
    node_id = ids[a % len(ids)] if ids else ""
    other = ids[b % len(ids)] if ids else ""
    if what == 0:
        graph, _ = graph.add(make(Layer, _LAYERS[a % len(_LAYERS)]), (b * 8.0, c * 8.0))
        document.edit_graph("Add", graph)
    elif what == 1 and ids:
        document.edit_graph("Delete", graph.remove({node_id, other} if c % 2 else {node_id}))
    elif what == 2 and ids:
        document.edit_graph(
            "Move", graph.move({node_id: (b * 8.0, c * 8.0), other: (c * 8.0, b * 8.0)}), merge="m" if c % 2 else ""
        )
    elif what == 3 and ids and graph.nodes[node_id].layer.output_ports and graph.nodes[other].layer.input_ports:
        port = graph.nodes[other].layer.input_ports[c % len(graph.nodes[other].layer.input_ports)].name
        document.edit_graph("Connect", graph.connect(Edge(node_id, "output", other, port)))
    elif what == 4 and graph.edges:
        document.edit_graph("Disconnect", graph.disconnect([graph.edges[a % len(graph.edges)]]))
    elif what == 5 and ids:
        document.edit_graph("Replace", graph.set_layer(node_id, make(Layer, _LAYERS[b % len(_LAYERS)])))
    elif what == 6 and ids:
        document.edit_graph("Rename", graph.rename(node_id, f"name {b}"))
    elif what == 7 and ids:
        document.select(ids[: a % (len(ids) + 1)])
    elif what == 8 and ids:
        document.edit_graph("Duplicate", graph.duplicate([node_id, other])[0])
    elif what == 9:
        document.edit_graph("Arrange", graph.move(arrange(graph)))
    elif what == 10:
        for _ in range(1 + a % 4):
            document.undo()
    elif what == 11:
        for _ in range(1 + a % 4):
            document.redo()


@given(_EDITS)
@settings(max_examples=40, deadline=None)
def test_a_scene_that_followed_looks_like_one_made_anew(qapp, edits):
    document = Document(Project(residual_graph(), DataSettings(make(Dataset, "AND")), TrainingSettings()))
    scene = Scene(document)
    seen = [(document.project, scene.description())]
    for edit in edits:
        one_edit(document, *edit)
        seen.append((document.project, scene.description()))
    assert scene.description() == Scene(document).description()
    assert len([item for item in scene.items() if isinstance(item, QGraphicsItem)]) == len(scene.nodes) + len(
        scene.edges
    )

    document.select(())
    while document.undo_label:
        document.undo()
    assert document.project == seen[0][0]
    assert scene.description() == seen[0][1]


def test_only_what_differs_is_touched(document):
    scene = Scene(document)
    items, edges = dict(scene.nodes), dict(scene.edges)
    graph = document.project.graph
    document.edit_graph("Move", graph.move({"n5": (440.0, 240.0)}))
    assert scene.nodes == items
    assert scene.edges == edges
    document.edit_graph("Delete", document.project.graph.remove(["n5"]))
    assert scene.nodes == {node_id: item for node_id, item in items.items() if node_id != "n5"}
    assert scene.edges == {edge: item for edge, item in edges.items() if "n5" not in (edge.source, edge.target)}


def test_a_node_says_what_it_is(document):
    node = Scene(document).nodes["n2"]
    assert (node.face.name, node.face.title, node.face.summary) == ("Linear", "hidden_1", "2 → 8")
    assert (node.face.shape, node.face.amount) == ("[B, 8]", "24 params")


def test_a_large_number_of_parameters_is_written_short(document):
    document.edit_graph("Set", document.project.graph.configure("n2", out_features=123_456))
    assert Scene(document).nodes["n2"].face.amount in ("370,368 params", "370k params", "370,368")


def test_what_is_wrong_stands_under_the_node_and_its_wires_are_marked(document):
    scene = Scene(document)
    before = scene.nodes["n4"].boundingRect()
    document.edit_graph("Set", document.project.graph.configure("n5", out_features=6))
    node = scene.nodes["n4"]
    assert node.face.severity == "error"
    assert " ".join(node.face.sentence).startswith("Needs inputs of one shape, but gets a [B, 8]")
    assert node.boundingRect().height() > before.height()
    assert {edge for edge, item in scene.edges.items() if item.wrong} == set(scene.graph.into("n4"))
    document.undo()
    assert node.face.severity == ""
    assert node.boundingRect() == before
    assert not any(item.wrong for item in scene.edges.values())


def test_wires_of_a_circle_are_marked(document):
    scene = Scene(document)
    graph = document.project.graph.connect(Edge("n4", "output", "n2", "input"))
    document.edit_graph("Connect", graph)
    wrong = {(edge.source, edge.target) for edge, item in scene.edges.items() if item.wrong}
    assert ("n4", "n2") in wrong
    assert ("n6", "n7") not in wrong


def test_words_of_a_person_are_never_read_as_markup(document):
    document.edit_graph("Rename", document.project.graph.rename("n2", "<img src=x> & <b>bold</b>"))
    tooltip = Scene(document).nodes["n2"].tooltip()
    assert "&lt;img src=x&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in tooltip
    assert "<img" not in tooltip


def test_a_missing_layer_is_shown_under_its_own_name(document):
    missing = Missing(name="Quux3d", settings_text="{}", reason="there is no layer called 'Quux3d'")
    document.edit_graph("Replace", document.project.graph.set_layer("n3", missing))
    node = Scene(document).nodes["n3"]
    assert node.face.name == "Quux3d"
    assert node.face.severity == "error"


def test_texts_are_cut_to_the_width_of_the_node(document):
    document.edit_graph("Rename", document.project.graph.rename("n2", "W" * 80))
    face = Scene(document).nodes["n2"].face
    assert lettering.metrics(lettering.SMALL).horizontalAdvance(face.title) <= geometry.PICTURE.width()
    lines = lettering.wrapped("word " * 100 + "x" * 100, lettering.SMALL, 120.0, 3)
    assert len(lines) == 3
    assert all(lettering.metrics(lettering.SMALL).horizontalAdvance(line) <= 120.0 for line in lines)


def test_hits_ports_before_nodes_before_wires(document):
    scene = Scene(document)
    assert scene.hit(QPointF(176, 72)) == Hit("n2", ("input", "input"))
    assert scene.hit(QPointF(183, 78)) == Hit("n2", ("input", "input"))  # within reach
    assert scene.hit(QPointF(220, 72)) == Hit("n2")
    assert scene.hit(QPointF(528, 96)) == Hit("n4", ("input", "b"))
    assert scene.hit(QPointF(164, 72)).edge == Edge("n1", "output", "n2", "input") or scene.hit(QPointF(164, 72)).port
    assert scene.hit(QPointF(0, 400)) == Hit()


def test_a_wire_is_hit_along_its_curve(document):
    document.edit_graph("Move", document.project.graph.move({"n7": (1200.0, 200.0)}))
    scene = Scene(document)
    edge = Edge("n6", "output", "n7", "input")
    start, end = geometry.ends(scene.graph, edge)
    for share in (0.2, 0.5, 0.8):
        point = geometry.wire(start, end).pointAtPercent(share)
        assert scene.hit(point + QPointF(0, 4)).edge == edge
        assert scene.hit(point + QPointF(0, 60)).edge is None


@pytest.mark.parametrize("shown", [theme.LIGHT, theme.DARK], ids=lambda shown: shown.name)
@pytest.mark.parametrize("scale", [1.0, 0.3, 0.08])
def test_every_node_is_painted_at_every_distance(qapp, document, shown, scale):
    theme.apply(qapp, shown)
    try:
        scene = Scene(document)
        document.select(["n2"])
        image = painted(scene, scale, shown)
        for node in document.project.graph.nodes.values():
            middle = geometry.place(node).center()
            color = image.pixelColor(round((middle.x() + 40) * scale), round((middle.y() + 40) * scale))
            assert color != shown.color("canvas")
    finally:
        theme.apply(qapp, theme.LIGHT)


def test_three_hundred_nodes(qapp):
    graph = Graph()
    for index in range(300):
        graph, _ = graph.add(make(Layer, "ReLU" if index % 2 else "Linear"), (index % 20 * 176.0, index // 20 * 216.0))
        if index:
            graph = graph.wire(f"n{index}", f"n{index + 1}")
    document = Document(
        Project(graph, DataSettings(make(Dataset, "AND")), TrainingSettings(optimizer=make(Optimizer, "Adam")))
    )
    scene = Scene(document)
    assert (len(scene.nodes), len(scene.edges)) == (300, 299)
    untouched = counted(scene, lambda: document.edit_graph("Move", graph.move({"n150": (8.0, 8.0)})))
    assert untouched == 300 - 1


def counted(scene: Scene, edit: Callable[[], object]) -> int:
    """How many nodes an edit left as they were."""
    before = {node_id: (item.node, item.pos()) for node_id, item in scene.nodes.items()}
    edit()
    return sum(before[node_id] == (item.node, item.pos()) for node_id, item in scene.nodes.items())


def painted(scene: Scene, scale: float, shown: theme.Theme) -> QImage:
    """The drawing from its origin on, at a scale."""
    area = QRectF(-40 / scale, -40 / scale, 1400 * 1.0, 600 * 1.0)
    area.moveTo(0, 0)
    image = QImage(round(area.width() * scale), round(area.height() * scale), QImage.Format.Format_RGB32)
    image.fill(shown.color("canvas"))
    painter = QPainter(image)
    scene.render(painter, QRectF(image.rect()), area)
    painter.end()
    return image
