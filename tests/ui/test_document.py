"""The document: edits, undo, selection, and what its file lacks."""

from __future__ import annotations

import pytest

from engine.projects import iris, layer
from nnstudio.core import storage
from nnstudio.ui.document import Document


@pytest.fixture
def document(qapp) -> Document:
    return Document(iris())


def titled(document: Document, title: str) -> str:
    return next(i for i, node in document.project.graph.nodes.items() if node.title == title)


def test_edits_are_named_and_taken_back(document: Document) -> None:
    first = document.project
    document.edit_graph("Add Linear", first.graph.add(layer("Linear"))[0])
    second = document.project
    document.edit("Set epochs", second.with_training(epochs=7))
    assert (document.undo_label, document.redo_label) == ("Set epochs", "")
    document.undo()
    assert document.project is second and document.redo_label == "Set epochs"
    document.undo()
    assert document.project is first and document.undo_label == ""
    document.undo()
    document.redo()
    document.redo()
    assert document.project.training.epochs == 7
    document.undo()
    document.edit("Set seed", document.project.with_training(seed=3))
    assert document.redo_label == "", "a new edit ends what could be done again"


def test_an_edit_that_changes_nothing_is_none(document: Document) -> None:
    document.edit("Nothing", document.project.with_training())
    assert document.undo_label == ""


def test_edits_in_a_row_with_one_key_are_one_step(document: Document) -> None:
    node = titled(document, "linear")
    for size in (1, 12, 128):
        document.edit_graph("Set out features", document.project.graph.configure(node, out_features=size), merge="size")
    document.end_merge()
    document.edit_graph("Set out features", document.project.graph.configure(node, out_features=5), merge="size")
    document.undo()
    assert document.project.graph.nodes[node].layer.out_features == 128
    document.undo()
    assert document.project.graph.nodes[node].layer.out_features == 32


def test_views_hear_of_what_differs(document: Document, qtbot) -> None:
    node = titled(document, "relu")
    with qtbot.waitSignal(document.changed) as changed, qtbot.assertNotEmitted(document.checked):
        document.edit_graph("Move", document.project.graph.move({node: (5, 5)}))
    before, after = changed.args
    assert before.graph.nodes[node].position != after.graph.nodes[node].position
    with qtbot.waitSignal(document.checked):
        document.edit_graph("Delete", document.project.graph.remove([node]))
    assert not document.report.ready


def test_the_selection_lets_go_of_what_is_gone(document: Document, qtbot) -> None:
    relu, linear = titled(document, "relu"), titled(document, "linear")
    document.select([relu, linear, "nobody"])
    with qtbot.waitSignal(document.selected):
        document.edit_graph("Delete", document.project.graph.remove([relu]))
    assert document.selection == {linear}


def test_what_the_file_lacks(document: Document, tmp_path) -> None:
    assert not document.modified and document.name == "Untitled"
    document.edit("Set epochs", document.project.with_training(epochs=7))
    assert document.modified
    document.save(tmp_path / "mine.nnstudio")
    assert not document.modified and document.name == "mine"
    document.undo()
    assert document.modified
    document.redo()
    assert not document.modified, "the saved value again"
    with pytest.raises(storage.StorageError):
        document.save(tmp_path / "nowhere" / "mine.nnstudio")
    assert document.path == tmp_path / "mine.nnstudio" and not document.modified
