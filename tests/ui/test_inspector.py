"""The inspector: edits reach the document, the document's value comes back, and what it says is so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

import nnstudio.library  # noqa: F401
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.compiler import check
from nnstudio.engine.run import Run
from nnstudio.library.datasets.digits import Digits
from nnstudio.library.datasets.iris import Iris
from nnstudio.library.datasets.spirals import Spirals
from nnstudio.library.layers.add import Add
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.leaky_relu import LeakyReLU
from nnstudio.library.layers.linear import Linear
from nnstudio.library.layers.output import Output
from nnstudio.library.layers.relu import ReLU
from nnstudio.library.layers.softmax import Softmax
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss
from nnstudio.library.losses.mse import MSELoss
from nnstudio.library.optimizers.adam import Adam
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Card
from nnstudio.ui.inspector import Inspector
from nnstudio.ui.inspector.collapse import figure
from nnstudio.ui.inspector.look import look_at
from nnstudio.ui.inspector.remedies import fit_output, remedies


def chain(*layers: Layer) -> Graph:
    """Layers in a row; the node made first is n1."""
    graph, before = Graph(), None
    for place, layer in enumerate(layers):
        graph, node = graph.add(layer, (200.0 * place, 0.0))
        if before is not None:
            graph = graph.wire(before, node)
        before = node
    return graph


def project(*hidden: Layer, dataset=None, loss=None) -> Project:
    graph = chain(Input(), *hidden, Output(loss=loss or CrossEntropyLoss()))
    settings = TrainingSettings(Adam(lr=0.01), None, 5, 16)
    return Project(graph, DataSettings(dataset or Spirals()), settings, title="Test")


@pytest.fixture
def document(qapp):
    return Document(project(Linear(out_features=8), ReLU(), Linear(out_features=2)))


@pytest.fixture
def inspector(qtbot, document):
    shown = Inspector(document)
    qtbot.addWidget(shown)
    shown.resize(300, 800)
    shown.show()
    return shown


def _type(editor: QWidget, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, end)


def _texts(widget: QWidget) -> list[str]:
    """All words that are seen, in their order."""
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


# -- one node ----------------------------------------------------------------------------------------------------------


def test_a_setting_reaches_the_document_and_undo_comes_back(inspector, document):
    document.select(["n2"])
    page = inspector.node_page
    field = page.form.fields["out_features"]
    _type(field.editor, "16")
    assert document.project.graph.nodes["n2"].layer == Linear(out_features=16)
    assert document.undo_label == "Set out features of linear"
    assert page.now._facts["Output shape"].text.text() == "[batch, 16]"
    document.undo()
    assert field.text == "8"
    document.redo()
    assert field.text == "16"


def test_typing_is_one_step_of_undo_and_the_next_visit_another(inspector, document, qtbot):
    document.select(["n2"])
    field = inspector.node_page.form.fields["out_features"]
    field.editor.setFocus()
    field.editor.selectAll()
    QTest.keyClicks(field.editor, "1")
    qtbot.waitUntil(lambda: document.project.graph.nodes["n2"].layer.out_features == 1)
    QTest.keyClicks(field.editor, "2")
    qtbot.waitUntil(lambda: document.project.graph.nodes["n2"].layer.out_features == 12)
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    _type(field.editor, "20")
    document.undo()
    assert document.project.graph.nodes["n2"].layer.out_features == 12
    document.undo()
    assert document.project.graph.nodes["n2"].layer.out_features == 8
    assert document.undo_label == ""


def test_wrong_input_leaves_the_document(inspector, document):
    document.select(["n2"])
    before = document.project
    field = inspector.node_page.form.fields["out_features"]
    _type(field.editor, "0")
    assert document.project is before
    assert "at least 1" in field.refusal


def test_what_is_being_typed_counts_when_the_selection_changes(inspector, document):
    document.select(["n2"])
    field = inspector.node_page.form.fields["out_features"]
    field.editor.setFocus()
    field.editor.selectAll()
    QTest.keyClicks(field.editor, "31")
    document.select(["n4"])
    assert document.project.graph.nodes["n2"].layer.out_features == 31
    assert document.project.graph.nodes["n4"].layer.out_features == 2
    assert inspector.node_page.form.fields["out_features"].text == "2"


def test_rename(inspector, document):
    document.select(["n2"])
    field = inspector.node_page.name.fields["name"]
    _type(field.editor, "hidden 1")
    assert document.project.graph.nodes["n2"].title == "hidden 1"
    assert inspector.node_page.header.title.text() == "hidden 1"
    _type(field.editor, "relu")  # taken: gets a number, and the field says so
    assert document.project.graph.nodes["n2"].title == "relu_2"
    assert field.text == "relu_2"
    _type(field.editor, " ")
    assert document.project.graph.nodes["n2"].title == "relu_2"
    assert field.refusal


def test_it_says_what_follows_and_what_is_computed(inspector, document):
    document.select(["n2"])
    page = inspector.node_page
    assert page.follows.texts() == {"In features": "2  (from input)"}
    assert page.parameters.text() == "W is 8 × 2, b is 8: 24 parameters."
    assert page.formula.text() == Linear.formula
    assert page.header.layer.text() == "Linear"
    document.edit_graph("Wider", document.project.graph.configure("n2", bias=False))
    assert page.parameters.text() == "W is 8 × 2: 16 parameters."


def test_an_output_holds_its_loss(inspector, document):
    document.select(["n5"])
    field = inspector.node_page.form.fields["loss"]
    place = field._places["MSELoss"]
    field.box.setCurrentIndex(place)
    field.box.activated.emit(place)
    assert document.project.graph.nodes["n5"].layer.loss == MSELoss()
    document.undo()
    assert field.box.currentText() == CrossEntropyLoss.title


def test_it_shows_what_was_measured(inspector, document):
    document.select(["n2"])
    run = Run(document.project)
    *_, snapshot = run.snapshots(epochs=2)
    look = inspector.request()(run)
    inspector.draw(look, snapshot)
    page = inspector.node_page
    weight = run.network.module_of("n2").weight.detach().numpy()
    assert look.weight_norm == pytest.approx(np.linalg.norm(weight), rel=1e-5)
    assert look.gradient_norm > 0
    assert look.counts.sum() == 16
    assert page.now_heading.text() == f"Now, at step {snapshot.step}"
    assert float(page.now.texts()["Weight norm"]) == pytest.approx(look.weight_norm, rel=0.01)
    assert page.histogram.isVisible()
    document.select(["n4"])
    assert not page.histogram.isVisible()  # nothing is known of this one yet
    inspector.draw(look, snapshot)  # too late: it is another node's
    assert not page.histogram.isVisible()
    inspector.clear()
    assert page.now_heading.text() == "Now"


def test_looking_changes_nothing_of_the_training(document):
    plain, watched = Run(document.project), Run(document.project)
    list(plain.snapshots(epochs=3))
    for _ in watched.snapshots(epochs=3, interval=0.0):
        look_at("n2")(watched)
        look_at("n3")(watched)
    for name, value in plain.network.state_dict().items():
        assert np.array_equal(value.numpy(), watched.network.state_dict()[name].numpy())


def test_dead_units_are_counted_and_replaced(inspector, document):
    run = Run(document.project)
    run.network.module_of("n2").bias.data[:3] = -1e4
    look = look_at("n2")(run)
    assert (look.relu, look.dead, look.units, look.all_rows) == ("n3", 3, 8, True)
    document.select(["n2"])
    inspector.draw(look, run.snapshot())
    (card,) = inspector.node_page.hints.cards
    assert "3 of 8 ReLU units after this layer are dead" in _texts(card)
    QTest.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert isinstance(document.project.graph.nodes["n3"].layer, LeakyReLU)
    assert document.undo_label == "Replace relu with LeakyReLU"


# -- problems ----------------------------------------------------------------------------------------------------------


def _with_second_branch() -> Project:
    graph = chain(Input(), Linear(out_features=8), Add(), Linear(out_features=2), Output(loss=CrossEntropyLoss()))
    graph, other = graph.add(Linear(out_features=5), (200.0, 200.0), "side")
    graph = graph.wire("n1", other).wire(other, "n3")
    return Project(graph, DataSettings(Spirals()), TrainingSettings(Adam(), None, 5, 16))


def _with_a_pinned_input() -> Project:
    graph = chain(Input(shape=(3,)), Linear(out_features=2), Output())
    return project(Linear(out_features=2)).with_graph(graph)


@pytest.mark.parametrize(
    ("wrong", "node", "label"),
    [
        (project(Linear(out_features=8), Linear(out_features=2)), "n3", "Insert ReLU"),
        (project(Linear(out_features=2), Softmax()), "n3", "Delete softmax"),
        (project(Linear(out_features=2), dataset=Iris()), "n3", "Fit the network to the data"),
        (project(Linear(out_features=2), loss=MSELoss()), "n3", "Fit the network to the data"),
        (project(Linear(out_features=10), dataset=Digits()), "n2", "Insert Flatten"),
        (_with_second_branch(), "n3", "Insert Linear to 8"),
        (_with_a_pinned_input(), "n1", "Follow the data"),
    ],
)  # fmt: skip
def test_problems_come_with_remedies_that_work(wrong, node, label):
    report = check(wrong)
    (problem, *_) = report.at(node)
    offered = remedies(wrong, report, problem)
    assert label in [remedy.label for remedy in offered]
    for remedy in offered:
        after = check(remedy.project)
        assert problem.message not in {other.message for other in after.problems}
        assert len(after.errors) <= len(report.errors)


def test_a_remedy_is_one_click_and_one_undo(inspector, document):
    wrong = project(Linear(out_features=2), dataset=Iris())
    document.edit("Iris", wrong)
    document.select(["n3"])
    (card,) = inspector.node_page.problems.cards
    assert card.property("severity") == "error"
    assert card.accessibleName().startswith("error: Needs 3 outputs")
    QTest.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert document.report.ready
    assert inspector.node_page.problems.cards == []
    document.undo()
    assert document.project == wrong
    assert len(inspector.node_page.problems.cards) == 1


def test_fitting_flattens_images_and_leaves_what_fits():
    fitted = fit_output(project(Linear(out_features=2), dataset=Digits(), loss=MSELoss()))
    assert check(fitted).ready
    assert fit_output(fitted) is None


# -- several nodes -----------------------------------------------------------------------------------------------------


def test_several_nodes_share_a_form_and_actions(inspector, document):
    document.select(["n2", "n4"])
    page = inspector.several_page
    assert inspector.pages.page() is page
    assert page.title.text() == "2 layers"
    field = page.form.fields["out_features"]
    assert (field.text, field.editor.lineEdit().placeholderText()) == ("", "different")
    QTest.mouseClick(page.form.fields["bias"].editor, Qt.MouseButton.LeftButton)
    layers = [document.project.graph.nodes[i].layer for i in ("n2", "n4")]
    assert layers == [Linear(out_features=8, bias=False), Linear(out_features=2, bias=False)]
    _type(field.editor, "4")
    assert {document.project.graph.nodes[i].layer.out_features for i in ("n2", "n4")} == {4}
    document.undo()
    document.undo()
    assert page.form.fields["bias"].box.isChecked()
    page.duplicate.click()
    assert len(document.selection) == 2
    assert not document.selection & {"n2", "n4"}
    page.delete.click()
    assert set(document.project.graph.nodes) == {"n1", "n2", "n3", "n4", "n5"}
    assert inspector.pages.page() is inspector.project_page


def test_different_layers_have_no_common_form(inspector, document):
    document.select(["n2", "n3"])
    assert not inspector.several_page.form.fields
    assert inspector.several_page.kinds.texts() == {"Linear": "1", "ReLU": "1", "Parameters": "24"}


# -- the project -------------------------------------------------------------------------------------------------------


def test_the_project_page_sums_up(inspector, document):
    page = inspector.project_page
    assert inspector.pages.page() is page
    assert page.total.text() == "42 parameters in 5 layers."
    row = [page.model.index(1, column).data() for column in range(4)]
    assert row == ["linear", "Linear", "[B, 8]", "24"]
    document.edit("Iris", project(Linear(out_features=2), dataset=Iris()))
    assert "42" not in page.total.text()
    assert "errors are gone" in page.total.text()
    (card,) = page.problems.cards
    card.buttons[-1].click()
    assert document.selection == {"n3"}


def test_a_row_of_the_table_leads_to_its_node(inspector, document):
    table = inspector.project_page.table
    place = table.visualRect(table.model().index(2, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert document.selection == {"n3"}


def test_title_and_notes(inspector, document):
    page = inspector.project_page
    _type(page.form.fields["title"].editor, "Two spirals")
    assert document.project.title == "Two spirals"
    page.notes.setFocus()
    QTest.keyClicks(page.notes, "More noise")
    assert document.project.notes == "More noise"
    page.table.setFocus()
    document.undo()
    assert (document.project.notes, page.notes.toPlainText()) == ("", "")
    assert document.undo_label == "Set title"


def test_training_facts(inspector, document):
    run = Run(document.project)
    *_, snapshot = run.snapshots(epochs=2)
    assert inspector.request() is None
    inspector.draw(None, snapshot)
    facts = inspector.project_page.training.texts()
    assert facts["Epoch"] == "2 of 2"
    assert facts["Train loss"] == f"{snapshot.history.epochs[-1]['train']['loss']:.4g}"
    inspector.clear()
    assert inspector.project_page.training.texts() == {}


# -- all of it ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", [(), ("n2",), ("n3",), ("n5",), ("n2", "n4")])
def test_made_again_it_looks_the_same(inspector, document, qtbot, selection):
    document.select(selection)
    document.edit_graph("Wider", document.project.graph.configure("n2", out_features=9))
    document.edit_graph("Rename", document.project.graph.rename("n2", "first"))
    document.undo()
    again = Inspector(document)
    qtbot.addWidget(again)
    again.resize(inspector.size())
    again.show()
    assert _texts(again) == _texts(inspector)


@pytest.mark.parametrize("selection", [(), ("n1",), ("n2",), ("n5",), ("n2", "n4")])
def test_every_control_has_a_name(inspector, document, selection):
    document.select(selection)
    kinds = (QAbstractSpinBox, QLineEdit, QCheckBox, QComboBox, QPushButton)
    for kind in kinds:
        for widget in inspector.findChildren(kind):
            inner = isinstance(widget.parent(), QAbstractSpinBox)
            if widget.isVisible() and not inner:
                assert widget.accessibleName() or (isinstance(widget, QPushButton) and widget.text()), widget


def test_cards_say_their_severity_to_screen_readers(qtbot):
    card = Card("warning", "Something", "is not right.")
    qtbot.addWidget(card)
    assert card.accessibleName() == "warning: Something is not right."


# -- two layers as one -------------------------------------------------------------------------------------------------


def test_two_linear_layers_in_a_row_are_shown_as_the_one_that_they_are(qtbot):
    document = Document(project(Linear(out_features=8), Linear(out_features=2)))
    shown = Inspector(document)
    qtbot.addWidget(shown)
    shown.show()
    card = shown.node_page.collapse
    run = Run(document.project)
    *_, snapshot = run.snapshots(epochs=1)
    for node_id in ("n2", "n3"):
        document.select([node_id])
        assert not card.isVisible()
        shown.draw(look_at(node_id)(run), snapshot)
        assert card.isVisible()
        assert card.sentence.text().startswith("linear and linear_2 compute what one Linear layer would")
    found = look_at("n3")(run).collapse
    rows = run.prepared.train_inputs[:20].numpy()
    assert (found.rows, found.columns) == (2, 2)
    both = run.network(run.prepared.train_inputs[:20]).detach().numpy()
    assert np.allclose(rows @ found.weight.T + found.bias, both, atol=1e-5)
    assert figure(found.bias[1]) in card.numbers.accessibleDescription()
    (edge,) = document.project.graph.into("n3")
    document.edit_graph("Insert ReLU", document.project.graph.insert_on(edge, ReLU(), (300.0, 0.0))[0])
    assert not card.isVisible()  # though the training has the old drawing still


def test_of_a_large_collapse_the_first_numbers_are_computed(document):
    wide = Linear(out_features=9, bias=False), Linear(out_features=7, bias=False)
    document.edit("Wide", project(*wide, ReLU(), Linear(out_features=2)))
    run = Run(document.project)
    found = look_at("n3")(run).collapse
    assert (found.first, found.second, found.rows, found.columns) == ("n2", "n3", 7, 2)
    first, second = (run.network.module_of(node_id).weight.detach() for node_id in ("n2", "n3"))
    assert np.allclose(found.weight, (second @ first).numpy()[:4], atol=1e-6)
    assert not found.bias.any()


def test_with_a_branch_or_something_between_nothing_collapses(document):
    run = Run(document.project)
    assert look_at("n2")(run).collapse is None
    graph = chain(Input(), Linear(out_features=2), Linear(out_features=2), Add(), Output(loss=CrossEntropyLoss()))
    graph = graph.wire(graph.nodes["n2"], graph.nodes["n4"])
    document.edit("Branch", dataclasses.replace(document.project, graph=graph))
    assert look_at("n3")(Run(document.project)).collapse is None
