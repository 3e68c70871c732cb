"""Groups of parameters in the training form: layers by their titles, a rate and a weight decay of their own."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from engine.projects import iris, layer
from nnstudio.core.blocks import group
from nnstudio.core.project import ParameterGroup
from nnstudio.engine.run import Run
from nnstudio.library.optimizers.rprop import Rprop
from nnstudio.ui.document import Document
from nnstudio.ui.training_form import TrainingForm
from nnstudio.ui.training_form.layer_tree import LayerTree


@pytest.fixture
def document(qapp):
    return Document(iris())


@pytest.fixture
def form(qtbot, document):
    made = TrainingForm(document)
    qtbot.addWidget(made)
    made.resize(320, 900)
    for key in ("optimizer", "schedule", "amounts", "place"):
        made.sections[key].open(False)
    made.sections["weights"].open()
    made.show()
    return made


def linears(document):
    nodes = document.project.graph.nodes
    return [node_id for node_id, node in nodes.items() if type(node.layer).__name__ == "Linear"]


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def type_(editor, text):
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def test_the_selected_layers_become_a_group(form, document):
    first, second, _ = linears(document)
    groups = form.groups
    assert not groups.add.isEnabled() and groups.nothing.isVisible()
    document.select([node for node in document.graph.nodes if node not in (first, second)][:1])
    assert not groups.add.isEnabled()  # an Input has no weights
    document.select([second, first])
    click(groups.add)
    assert document.project.training.groups == (ParameterGroup((first, second)),)
    assert document.undo_label == "Add a parameter group"
    assert groups.rows[0].layers.toolTip() == "<p>linear, linear_2</p>" and groups.nothing.isHidden()
    assert form.sections["weights"].header.words == ["1 group"]
    document.undo()
    assert groups.rows == [] and document.project.training.groups == ()


def test_factor_and_decay_are_typed(form, document):
    first = linears(document)[0]
    document.edit("x", document.project.with_training(groups=(ParameterGroup((first,)),)))
    row = form.groups.rows[0]
    type_(row.factor.editor, "0.1")
    assert document.undo_label == "Set lr factor of a group"
    type_(row.decay.editor, "0.01")
    assert document.project.training.groups == (ParameterGroup((first,), 0.1, 0.01),)
    row.decay.editor.setFocus()
    row.decay.editor.selectAll()
    QTest.keyClick(row.decay.editor, Qt.Key.Key_Delete)
    QTest.keyClick(row.decay.editor, Qt.Key.Key_Return)
    assert document.project.training.groups[0].weight_decay is None
    for expected in (0.01, None):
        document.undo()
        assert document.project.training.groups[0].weight_decay == expected
    type_(row.factor.editor, "-1")
    assert row.factor.refusal and document.project.training.groups[0].lr_factor == 0.1
    run = Run(document.project)
    assert [entry["lr"] for entry in run.optimizer.param_groups] == [0.001, pytest.approx(0.0001)]


def test_a_layer_is_in_one_group(form, document):
    first, second, third = linears(document)
    document.select([first, second])
    click(form.groups.add)
    document.select([second, third])
    click(form.groups.add)
    assert [group.nodes for group in document.project.training.groups] == [(first,), (second, third)]
    document.select([first])
    click(form.groups.add)  # nothing is left in its old group
    assert [group.nodes for group in document.project.training.groups] == [(second, third), (first,)]
    click(form.groups.rows[0].gone)
    assert [group.nodes for group in document.project.training.groups] == [(first,)]
    assert document.undo_label == "Remove a parameter group"


def test_layers_are_checked_in_a_tree(form, document, qtbot):
    first, second, third = linears(document)
    document.edit("x", document.project.with_training(groups=(ParameterGroup((first,)), ParameterGroup((third,)))))
    click(form.groups.rows[0].layers)
    tree = form.groups.window().findChild(LayerTree)
    assert tree is not None and tree.isModal() and tree.paths == (first,)
    names = [tree.tree.topLevelItem(place).text(0) for place in range(tree.tree.topLevelItemCount())]
    assert names == ["linear", "linear_2", "linear_3  (group 2)"]
    item = tree.item(second)
    tree.tree.setCurrentItem(item)
    QTest.keyClick(tree.tree, Qt.Key.Key_Space)
    tree.item(third).setCheckState(0, Qt.CheckState.Checked)
    click(tree.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok))
    assert document.project.training.groups == (ParameterGroup((first, second, third)),)
    click(form.groups.choose)
    other = next(found for found in form.groups.window().findChildren(LayerTree) if found.isVisible())
    QTest.keyClick(other, Qt.Key.Key_Escape)
    assert len(document.project.training.groups) == 1


def test_a_block_is_checked_as_a_whole_or_in_part(form, document, qtbot):
    first, second, third = linears(document)
    middle = [node for node in document.graph.nodes if first < node < third]
    ends = layer("BlockInput"), layer("BlockOutput")
    graph, node = group(document.project.graph, {first, *middle}, *ends, "Body")
    document.edit_graph("x", graph)
    block = node.id
    tree = form.groups.choose_layers()
    tree.item(f"{block}/{first}").setCheckState(0, Qt.CheckState.Checked)
    assert tree.paths == (f"{block}/{first}",)
    assert tree.item(block).checkState(0) == Qt.CheckState.PartiallyChecked
    tree.item(f"{block}/{second}").setCheckState(0, Qt.CheckState.Checked)
    assert tree.paths == (block,)
    tree.accept()
    assert document.project.training.groups == (ParameterGroup((block,)),)
    again = form.groups.choose_layers(0)
    assert again.paths == (block,)
    rows = [again.item(block).child(place).text(0) for place in range(again.item(block).childCount())]
    assert rows == ["linear", "linear_2"]  # those with weights
    again.reject()
    document.enter([block])
    document.select([second])
    click(form.groups.add)
    assert document.project.training.groups[-1].nodes == (f"{block}/{second}",)
    assert form.groups.rows[-1].layers.toolTip() == "<p>body / linear_2</p>"


def test_a_layer_that_is_gone_is_said(form, document):
    document.edit("x", document.project.with_training(groups=(ParameterGroup(("n99",)),)))
    assert form.groups.rows[0].layers.toolTip() == "<p>a layer that is gone</p>"
    form.grab()


def test_without_weight_decay_there_is_nothing_to_set(form, document):
    first = linears(document)[0]
    document.edit("x", document.project.with_training(groups=(ParameterGroup((first,)),), optimizer=Rprop()))
    assert not form.groups.rows[0].decay.isEnabled()


def test_every_control_has_a_name_and_fits(form, document):
    first, second, third = linears(document)
    document.edit("x", document.project.with_training(groups=(ParameterGroup((first, second, third)),)))
    row = form.groups.rows[0]
    assert row.layers.accessibleName() == "Layers of group 1: linear, linear_2, linear_3"
    assert row.factor.editor.accessibleName() == "Learning rate factor of group 1"
    assert row.decay.editor.accessibleName() == "Weight decay of group 1"
    assert row.gone.accessibleName() == "Remove group 1"
    assert row.gone.mapTo(form, QPoint(row.gone.width(), 0)).x() <= form.width()
    assert row.layers.width() >= 60
