"""The outline: it shows the drawing, and can do what the canvas can."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu

from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.library.datasets.spirals import Spirals
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.linear import Linear
from nnstudio.library.layers.output import Output
from nnstudio.library.layers.relu import ReLU
from nnstudio.library.optimizers.adam import Adam
from nnstudio.ui.document import Document
from nnstudio.ui.outline import Outline, inserted_after


@pytest.fixture
def document(qapp):
    graph = Graph()
    nodes = []
    for layer in (Input(), Linear(out_features=8), ReLU(), Linear(out_features=2), Output()):
        graph, node = graph.add(layer, (200.0 * len(nodes), 0.0))
        nodes.append(node)
    for source, target in pairwise(nodes):
        graph = graph.wire(source, target)
    return Document(Project(graph, DataSettings(Spirals()), TrainingSettings(Adam(), None, 5, 16)))


@pytest.fixture
def outline(qtbot, document):
    shown = Outline(document)
    qtbot.addWidget(shown)
    shown.resize(300, 400)
    shown.show()
    return shown


def _rows(outline: Outline) -> list[list[str]]:
    model = outline.outline
    return [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]


def _children(outline: Outline, row: int) -> list[str]:
    parent = outline.outline.item(row, 0)
    return [parent.child(i).text() for i in range(parent.rowCount())]


def _find(menu: QMenu, *words: str):
    for action in menu.actions():
        if action.text() == words[0]:
            return _find(action.menu(), *words[1:]) if len(words) > 1 else action
    raise AssertionError(f"{words[0]} is not in {[action.text() for action in menu.actions()]}")


def test_it_shows_nodes_ports_and_problems(outline, document):
    assert _rows(outline)[1] == ["linear", "Linear", "[B, 8]"]
    assert _children(outline, 1) == ["input ← input", "output → relu"]
    document.edit_graph("Cut", document.project.graph.disconnect(document.project.graph.into("n4")))
    row = outline.outline.row_of("n4")
    assert _children(outline, row)[0] == "input ← nothing"
    assert any(text.startswith("Error: linear_2 gets nothing") for text in _children(outline, row))
    spoken = outline.outline.item(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("linear_2, Linear, output ?") and "problem" in spoken


def test_selection_goes_both_ways(outline, document):
    document.select(["n3"])
    assert outline.chosen() == {"n3"}
    outline.setCurrentIndex(outline.outline.index(1, 0))
    assert document.selection == {"n2"}
    QTest.keyClick(outline, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert document.selection == {"n2", "n3"}
    document.edit_graph("Wider", document.project.graph.configure("n2", out_features=9))
    assert document.selection == outline.chosen() == {"n2", "n3"}


def test_adding_and_deleting_keeps_the_selection(outline, document):
    document.select(["n2"])
    outline.expand(outline.outline.index(1, 0))
    graph, _ = document.project.graph.add(ReLU())
    document.edit_graph("Add ReLU", graph)
    assert len(_rows(outline)) == 6
    assert document.selection == outline.chosen() == {"n2"}
    assert outline.isExpanded(outline.outline.index(outline.outline.row_of("n2"), 0))
    QTest.keyClick(outline, Qt.Key.Key_Delete)
    assert "n2" not in document.project.graph.nodes
    assert document.undo_label == "Delete linear"
    document.undo()
    assert len(_rows(outline)) == 6


def test_rename_with_f2(outline, document, qtbot):
    document.select(["n2"])
    outline.setFocus()
    QTest.keyClick(outline, Qt.Key.Key_F2)
    editor = outline.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "hidden")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.project.graph.nodes["n2"].title == "hidden")
    assert _rows(outline)[1][0] == "hidden"
    assert _children(outline, 2)[0] == "input ← hidden"


def test_delete_on_a_wire_disconnects(outline, document):
    parent = outline.outline.index(1, 0)
    outline.expand(parent)
    outline.selectionModel().setCurrentIndex(
        outline.outline.index(1, 0, parent), QItemSelectionModel.SelectionFlag.ClearAndSelect
    )
    assert document.selection == {"n2"}
    outline.delete()
    assert document.project.graph.out_of("n2") == ()
    assert len(document.project.graph.nodes) == 5


def test_the_menu_connects_inserts_and_takes_out(outline, document):
    document.select(["n2"])
    _find(outline.menu(), "Connect to…", "linear_2  (replaces its wire)").trigger()
    assert [edge.source for edge in document.project.graph.into("n4")] == ["n2"]
    document.undo()
    _find(outline.menu(), "Disconnect", "linear → relu").trigger()
    assert document.project.graph.out_of("n2") == ()
    document.undo()
    _find(outline.menu(), "Insert after", "Activation", "Tanh").trigger()
    graph = document.project.graph
    assert [edge.target for edge in graph.out_of("n2")] == ["n6"]
    assert [edge.target for edge in graph.out_of("n6")] == ["n3"]
    document.undo()
    document.select(["n3"])
    _find(outline.menu(), "Take out of the wire").trigger()
    assert [edge.target for edge in document.project.graph.out_of("n2")] == ["n4"]


def test_insert_at_the_end_wires_on():
    graph, node = Graph().add(Input())
    graph = inserted_after(graph, node.id, Linear())
    assert [edge.target for edge in graph.out_of(node.id)] == ["n2"]


def test_made_again_it_looks_the_same(outline, document, qtbot):
    document.edit_graph("Rename", document.project.graph.rename("n2", "first"))
    document.edit_graph("Cut", document.project.graph.disconnect(document.project.graph.into("n5")))
    document.undo()
    again = Outline(document)
    qtbot.addWidget(again)
    assert _rows(again) == _rows(outline)
    assert [_children(again, row) for row in range(5)] == [_children(outline, row) for row in range(5)]
