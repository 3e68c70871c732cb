"""Blocks in the window: going in and out, the verbs, the marks, and what is known on each level."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from engine.projects import iris
from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph
from nnstudio.ui import shelf
from nnstudio.ui.canvas.breadcrumb import Breadcrumb
from nnstudio.ui.canvas.canvas import Canvas
from nnstudio.ui.canvas.title_field import TitleField
from nnstudio.ui.document import Document
from nnstudio.ui.inspector.inspector import Inspector
from nnstudio.ui.outline import Outline
from nnstudio.ui.palette import Palette


@pytest.fixture
def document() -> Document:
    return Document(iris())


@pytest.fixture
def canvas(qtbot, document) -> Canvas:
    made = Canvas(document)
    qtbot.addWidget(made)
    made.resize(1200, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def press(qtbot, canvas: Canvas, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    held = Qt.KeyboardModifier.NoModifier
    for modifier in modifiers:
        held |= modifier
    qtbot.keyClick(canvas, key, held)


def grouped(canvas: Canvas, document: Document, name: str = "") -> str:
    """The second to fourth layer as a block; its id."""
    document.select(["n2", "n3", "n4"])
    canvas.group()
    (node_id,) = document.selection
    field = canvas.findChild(TitleField)
    assert field is not None
    if name:
        field.setText(name)
    field._end(decided=bool(name))
    return node_id


def middle_of(canvas: Canvas, node_id: str, down: float = 0.6):
    card = canvas.drawing_scene().nodes[node_id].card()
    return canvas.mapFromScene(QPointF(card.center().x(), card.top() + down * card.height()))


def double_click(qtbot, canvas: Canvas, node_id: str) -> None:
    viewport, place = canvas.viewport(), middle_of(canvas, node_id)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)


def test_a_group_is_named_and_one_undo_takes_it_back(canvas, document):
    before = document.project
    node_id = grouped(canvas, document, "hidden part")
    assert document.graph.nodes[node_id].title == "hidden part"
    assert isinstance(document.graph.nodes[node_id].layer, Block)
    assert document.report.errors == []
    assert document.report.parameters == 4 * 32 + 32 + 32 * 16 + 16 + 16 * 3 + 3
    document.undo()  # the name
    document.undo()
    assert document.project == before


def test_ungroup_puts_it_back(canvas, document):
    parameters = document.report.parameters
    node_id = grouped(canvas, document)
    document.select([node_id])
    canvas.ungroup()
    assert not any(isinstance(node.layer, Block) for node in document.graph.nodes.values())
    assert document.report.parameters == parameters
    assert len(document.selection) == 3


def test_what_cannot_be_grouped_is_said(canvas, document, qtbot):
    document.select(["n1"])
    with qtbot.waitSignal(canvas.message) as said:
        canvas.group()
    assert "No block was made" in said.args[0]
    document.select(["n2", "n4"])  # with n3 left outside
    with qtbot.waitSignal(canvas.message) as said:
        canvas.group()
    assert "leads out of these layers and back" in said.args[0]


def test_a_double_click_goes_in_and_escape_comes_out(canvas, document, qtbot):
    node_id = grouped(canvas, document)
    double_click(qtbot, canvas, node_id)
    assert document.inside == (node_id,)
    shown = canvas.drawing_scene().nodes
    assert set(shown) == set(document.graph.nodes) and len(shown) == 5
    assert all(item.report.output is not None for item in shown.values())
    press(qtbot, canvas, Qt.Key.Key_Escape)
    assert document.inside == () and document.selection == {node_id}
    assert set(canvas.drawing_scene().nodes) == set(document.project.graph.nodes)


def test_the_breadcrumb_leads_back(canvas, document, qtbot):
    crumb = Breadcrumb(document)
    qtbot.addWidget(crumb)
    assert crumb.texts() == []
    node_id = grouped(canvas, document, "outer")
    canvas.enter(node_id)
    inner = [i for i, node in document.graph.nodes.items() if node.layer.role == "layer"]
    document.select(inner[:2])
    canvas.group()
    (below,) = document.selection
    canvas.enter(below)
    assert crumb.texts() == ["Network", "outer", document.project.graph.nodes[node_id].layer.graph.nodes[below].title]
    QApplication.processEvents()
    buttons = {button.text(): button for button in crumb.findChildren(QToolButton) if not button.isHidden()}
    qtbot.mouseClick(buttons["outer"], Qt.MouseButton.LeftButton)
    assert document.inside == (node_id,) and document.selection == {below}
    qtbot.mouseClick(
        next(b for b in crumb.findChildren(QToolButton) if b.text() == "Network"), Qt.MouseButton.LeftButton
    )
    assert document.inside == ()
    assert crumb.texts() == []


def test_edits_inside_are_undone_where_they_were_made(canvas, document, qtbot):
    node_id = grouped(canvas, document)
    canvas.enter(node_id)
    before = document.graph
    inner = next(i for i, node in document.graph.nodes.items() if node.layer.role == "layer")
    document.select([inner])
    press(qtbot, canvas, Qt.Key.Key_Right)
    canvas.add_layer("Dropout")
    assert len(document.graph.nodes) == len(before.nodes) + 1
    canvas.leave()
    document.select(["n1"])
    canvas.delete_selection()
    assert "n1" not in document.graph.nodes
    document.undo()
    assert document.inside == () and "n1" in document.graph.nodes
    document.undo()
    assert document.inside == (node_id,), "the undo shows where the change was"
    assert len(document.graph.nodes) == len(before.nodes)
    document.redo()
    assert document.inside == (node_id,)
    assert set(canvas.drawing_scene().nodes) == set(document.graph.nodes)


def test_the_view_of_each_level_is_kept(canvas, document):
    node_id = grouped(canvas, document)
    canvas.zoom_in()
    canvas.zoom_in()
    zoom, middle = canvas.zoom, canvas.visible_area().center()
    canvas.enter(node_id)
    assert canvas.visible_area().contains(canvas.drawing_scene().bounds().center())
    canvas.leave()
    assert canvas.zoom == pytest.approx(zoom)
    assert (canvas.visible_area().center() - middle).manhattanLength() < 4


def test_marks_are_seen_and_undone(canvas, document):
    scene = canvas.drawing_scene()
    document.select(["n2", "n3"])
    canvas.freeze()
    assert document.graph.nodes["n2"].frozen
    assert "frozen" in scene.nodes["n2"]._marks
    canvas.freeze()
    assert not document.graph.nodes["n2"].frozen
    document.select(["n3"])
    canvas.bypass()
    assert document.graph.nodes["n3"].bypassed
    assert scene.nodes["n3"]._marks == ["bypassed"]
    assert document.report.errors == []
    document.undo()
    assert scene.nodes["n3"]._marks == []


def test_weights_are_shared_and_taken_apart(canvas, document, qtbot):
    graph, first = document.graph.add(document.graph.nodes["n2"].layer, (0.0, 400.0))
    document.edit_graph("Add", graph.wire("n1", first))
    document.select(["n2", first.id])
    canvas.share()
    assert document.graph.nodes[first.id].shares == "n2"
    assert canvas.drawing_scene().nodes[first.id]._marks == ["shared"]
    canvas.share()
    assert document.graph.nodes[first.id].shares == ""
    document.select(["n3"])  # a ReLU has no weights
    with qtbot.waitSignal(canvas.message):
        canvas.share()
    document.select(["n2"])
    canvas.share()
    menu = canvas.findChild(QMenu, "share_menu")
    (action,) = menu.actions()
    assert action.text() == document.graph.nodes[first.id].title, "the others have weights of other sizes"
    action.trigger()
    menu.close()
    assert document.graph.nodes["n2"].shares == first.id
    assert canvas.drawing_scene().nodes[first.id]._marks == ["shared"], "the one whose weights are used says so too"


def test_a_problem_inside_is_seen_on_the_block_and_mended_from_there(canvas, document, qtbot):
    inspector, outline = Inspector(document), Outline(document)
    qtbot.addWidget(inspector)
    qtbot.addWidget(outline)
    node_id = grouped(canvas, document)
    canvas.enter(node_id)
    inner = document.graph
    lines = [i for i, node in inner.nodes.items() if type(node.layer).__name__ == "Linear"]
    document.edit_graph("Cut", inner.disconnect(inner.into(lines[1])))
    assert outline.outline.node_ids == [i for i in document.here.order if i in document.graph.nodes] + [
        i for i in outline.outline.node_ids if i not in document.here.order
    ]
    canvas.leave()
    assert canvas.drawing_scene().nodes[node_id].face.severity == "error"
    assert any(problem.node == f"{node_id}/{lines[1]}" for problem in document.report.errors)
    assert inspector.node_page.problems.cards
    document.reveal(f"{node_id}/{lines[1]}")
    assert document.inside == (node_id,) and document.selection == {lines[1]}
    every = [button for card in inspector.node_page.problems.cards for button in card.buttons]
    next(button for button in every if button.text().startswith("Wire it")).click()
    assert document.report.errors == []


def test_equal_ids_on_two_levels_are_two_nodes(canvas, document):
    node_id = grouped(canvas, document)
    inner = document.graph.nodes[node_id].layer.graph
    same = set(inner.nodes) & set(document.graph.nodes)
    graph = Graph(nodes={**document.graph.nodes})
    assert graph.nodes is not document.graph.nodes
    outer_faces = {i: item.face for i, item in canvas.drawing_scene().nodes.items()}
    canvas.enter(node_id)
    for i in same:
        assert canvas.drawing_scene().nodes[i].node == document.graph.nodes[i]
    canvas.leave()
    assert {i: item.face for i, item in canvas.drawing_scene().nodes.items()} == outer_faces


def test_a_repeated_block_says_so(canvas, document):
    document.select(["n3"])
    canvas.group()
    (node_id,) = document.selection
    block = document.graph.nodes[node_id].layer
    document.edit_graph("Repeat", document.graph.set_layer(node_id, dataclasses.replace(block, repeat=4)))
    item = canvas.drawing_scene().nodes[node_id]
    assert item._marks == ["×4"]
    assert item.face.summary == "1 layer"
    assert document.report.errors == []
    canvas.grab()  # the cards behind are painted without complaint


@pytest.fixture
def own_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "own_folder", lambda: tmp_path / "blocks")
    shelf.look_again()
    yield tmp_path / "blocks"
    shelf.look_again()


def test_blocks_of_the_library_are_in_the_palette_and_can_be_drawn(canvas, document, qtbot, own_blocks):
    palette = Palette()
    qtbot.addWidget(palette)
    keys = [name for name in palette.listed() if name.startswith("block:")]
    assert len(keys) >= 14 and "block:gpt" in keys
    qtbot.keyClicks(palette.search, "gptblock")
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen.args == ["block:gpt"]
    document.select(())
    canvas.add_layer("block:gpt")
    (node_id,) = document.selection
    assert document.graph.nodes[node_id].layer.name == "GPTBlock"
    search = canvas.search_layer()
    qtbot.keyClicks(search.field, "inception")
    assert "block:inception" in search.listed()
    search.close()


def test_a_block_is_kept_for_other_projects_and_thrown_away(canvas, document, qtbot, own_blocks):
    palette = Palette()
    qtbot.addWidget(palette)
    node_id = grouped(canvas, document, "hidden part")
    document.select([node_id])
    kept: list[Block] = []
    canvas.keep_wanted.connect(kept.append)
    canvas.keep_block()
    shelf.keep(kept[0])
    palette.renew_blocks()
    own = [name for name in palette.listed() if name.startswith("block:own/")]
    assert len(own) == 1 and own_blocks.is_dir()
    assert shelf.shelved()[own[0]].block == kept[0]
    canvas.add_layer(own[0])
    palette._throw_away(own[0])
    assert not [name for name in palette.listed() if name.startswith("block:own/")]
    assert list(own_blocks.iterdir()) == []


def test_the_inspector_says_whether_a_layer_learns_and_how_its_weights_begin(canvas, document, qtbot):
    inspector = Inspector(document)
    qtbot.addWidget(inspector)
    inspector.resize(320, 900)
    inspector.show()
    document.select(["n2"])
    marks, first = inspector.node_page.marks, inspector.node_page.first_values.form
    assert list(first.fields) == ["weight", "bias"]
    marks.form.fields["frozen"].box.click()
    assert document.graph.nodes["n2"].frozen and document.undo_label == f"Freeze {document.graph.nodes['n2'].title}"
    document.undo()
    field = first.fields["weight"]
    field.box.setCurrentIndex(field.box.findText("Orthogonal"))
    field.box.activated.emit(field.box.currentIndex())
    ((name, made),) = document.graph.nodes["n2"].initial
    assert name == "weight" and type(made).__name__ == "Orthogonal"
    assert document.report.errors == []
    document.undo()
    assert document.graph.nodes["n2"].initial == ()
    document.select(["n3"])
    assert not marks.form.fields["frozen"].isVisible()
    marks.form.fields["bypassed"].box.click()
    assert document.graph.nodes["n3"].bypassed


def test_the_inspector_ties_parameters_of_one_shape(canvas, document, qtbot):
    graph, twin = document.graph.add(document.graph.nodes["n2"].layer, (0.0, 400.0), "twin")
    document.edit_graph("Add", graph.wire("n1", twin))
    inspector = Inspector(document)
    qtbot.addWidget(inspector)
    document.select([twin.id])
    tie = inspector.node_page.first_values.form.fields["weight"]
    wanted = next(place for place in range(tie.box.count()) if "weight of" in tie.box.itemText(place))
    tie.box.setCurrentIndex(wanted)
    tie.box.activated.emit(wanted)
    assert document.graph.nodes[twin.id].ties == (("weight", "n2", "weight"),)
    document.undo()
    assert document.graph.nodes[twin.id].ties == ()


def test_the_inspector_of_a_block_leads_into_it_and_repeats_it(canvas, document, qtbot):
    inspector = Inspector(document)
    qtbot.addWidget(inspector)
    inspector.show()
    document.select(["n3"])
    canvas.group()
    (node_id,) = document.selection
    page = inspector.node_page
    assert page.header.layer.text() == document.graph.nodes[node_id].layer.name
    assert set(page.form.fields) == {"name", "about", "repeat", "shared"}
    page._configure("repeat", 3)
    assert document.graph.nodes[node_id].layer.repeat == 3
    qtbot.mouseClick(page.marks.enter, Qt.MouseButton.LeftButton)
    assert document.inside == (node_id,)
