"""The data panel: what it chooses reaches the document, and what it says of the rows is so."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QSlider, QWidget

from engine.test_evaluation import Sentences
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import registered
from nnstudio.engine.data import prepare
from nnstudio.library.datasets.iris import Iris
from nnstudio.library.datasets.spirals import Spirals
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.linear import Linear
from nnstudio.library.layers.output import Output
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss
from nnstudio.library.losses.mse import MSELoss
from nnstudio.library.optimizers.adam import Adam
from nnstudio.ui.data_panel import DataPanel
from nnstudio.ui.document import Document


def project(dataset: Dataset | None = None) -> Project:
    graph, first = Graph().add(Input())
    graph, linear = graph.add(Linear(out_features=2))
    graph, last = graph.add(Output(loss=CrossEntropyLoss()))
    graph = graph.wire(first, linear).wire(linear, last)
    return Project(graph, DataSettings(dataset), TrainingSettings(Adam(), None, 5, 16))


@pytest.fixture
def document(qapp):
    return Document(project(Spirals()))


@pytest.fixture
def panel(qtbot, document):
    shown = DataPanel(document)
    qtbot.addWidget(shown)
    shown.resize(300, 900)
    shown.show()
    return shown


def _choose(panel: DataPanel, name: str) -> None:
    field = panel.chooser.fields["dataset"]
    place = field._places[name]
    field.box.setCurrentIndex(place)
    field.box.activated.emit(place)


def _type(editor: QWidget, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def test_choosing_data_is_one_edit(panel, document):
    _choose(panel, "Wine")
    assert document.project.data.dataset == registered(Dataset)["Wine"]()
    assert document.undo_label == "Choose Wine"
    assert panel.facts.texts()["Features"] == "13"
    document.undo()
    assert document.project.data.dataset == Spirals()
    assert panel.chooser.fields["dataset"].box.currentText() == Spirals.title


def test_data_are_grouped(panel):
    box = panel.chooser.fields["dataset"].box
    headings = [box.itemText(i) for i in range(box.count()) if not box.model().item(i).isEnabled()]
    assert len(headings) >= 2
    assert set(headings) == {spec.category for spec in registered(Dataset).values()}


@pytest.mark.parametrize(
    "name", [name for name, spec in registered(Dataset).items() if not issubclass(spec, FileDataset)]
)
def test_every_dataset_has_a_preview(panel, document, name, qtbot):
    _choose(panel, name)
    spec, prepared = registered(Dataset)[name], prepare(document.project.data)
    assert panel.facts.texts()["Train"] == f"{len(prepared.train_rows):,} rows"
    assert panel.facts.texts()["Test"] == f"{len(prepared.test_rows):,} rows"
    page = panel.preview.pages.currentWidget()
    if spec.category == "Painted":
        assert page is panel.preview.painting_page
    elif prepared.data.inputs.ndim > 2:
        assert page is panel.preview.images_page
        assert panel.preview.images.count() == prepared.data.rows
    elif prepared.data.inputs.shape[1] <= 2:
        assert page is panel.preview.plot
        assert len(panel.preview.plot.train.data) == len(prepared.train_rows)
        assert len(panel.preview.plot.test.data) == len(prepared.test_rows)
    else:
        assert page is panel.preview.rows_page
        assert panel.preview.table.rows.rowCount() == prepared.data.rows
    qtbot.waitUntil(lambda: panel.looking.newest is not None)
    assert panel.balance.isVisible() == (prepared.data.task == "classification")
    panel.grab()


def test_the_table_says_class_part_and_numbers(panel, document):
    _choose(panel, "Iris")
    model, prepared = panel.preview.table.model(), prepare(document.project.data)
    row = int(prepared.test_rows[0])
    assert model.text(row, 0) == prepared.data.class_names[prepared.data.targets[row]]
    assert model.text(row, 1) == "test"
    assert float(model.text(row, 2)) == pytest.approx(prepared.data.inputs[row, 0], rel=1e-4)


def test_share_by_number_and_by_slider(panel, document):
    field = panel.form.fields["test_share"]
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    try:
        _type(field.editor, "0.125")
        assert document.project.data.test_share == 0.125
        assert field.slider.value() == 12
        assert document.project.data.test_share == 0.125  # the slider follows and does not round it
    finally:
        QLocale.setDefault(before)
    field.slider.setValue(30)
    field.slider.setValue(40)
    assert (document.project.data.test_share, field.text) == (0.4, "0.4")
    document.undo()
    assert document.project.data.test_share == 0.2 or document.project.data.test_share == 0.125
    _type(field.editor, "0.95")
    assert "0 to 0.9" in field.refusal


def test_random_state_and_standardise(panel, document):
    _type(panel.form.fields["random_state"].editor, str(2**32 - 1))
    assert document.project.data.random_state == 2**32 - 1
    QTest.mouseClick(panel.form.fields["standardise"].editor, Qt.MouseButton.LeftButton)
    assert document.project.data.standardise is False
    document.undo()
    assert panel.form.fields["standardise"].box.isChecked()


def test_data_of_another_task_offer_to_fit_the_network(panel, document):
    assert panel.notices.cards == []
    _choose(panel, "Diabetes")
    (card,) = panel.notices.cards
    QTest.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert document.report.ready
    assert document.project.graph.nodes["n3"].layer.loss == MSELoss()
    assert document.project.graph.nodes["n2"].layer.out_features == 1
    assert panel.notices.cards == []
    assert document.undo_label == "Fit the network to the data"
    document.undo()
    assert len(panel.notices.cards) == 1


def test_without_data_it_says_so(qtbot):
    panel = DataPanel(Document(project(None)))
    qtbot.addWidget(panel)
    panel.show()
    (card,) = panel.notices.cards
    assert "No data is chosen" in card.accessibleName()
    assert not panel.preview.isVisible()


def test_too_few_rows_are_said(panel, document):
    _choose(panel, "XOR")
    document.edit("Small", document.project.with_data(dataset=registered(Dataset)["XOR"](), test_share=0.9))
    (card,) = panel.notices.cards
    assert "leaves no row for training" in card.accessibleName()
    assert not panel.preview.isVisible()
    document.undo()
    assert panel.preview.isVisible()


def test_hidden_it_does_no_work_and_shown_it_is_right(qtbot):
    document = Document(project(Spirals()))
    panel = DataPanel(document)
    qtbot.addWidget(panel)
    document.edit("Iris", document.project.with_data(dataset=Iris()))
    assert panel.facts.texts() == {}
    panel.show()
    assert panel.facts.texts()["Features"] == "4"


def test_every_control_has_a_name(panel):
    for kind in (QAbstractSpinBox, QComboBox, QSlider, QAbstractButton):
        for widget in panel.findChildren(kind):
            if widget.isVisible() and widget.objectName() != "qt_toolbar_ext_button":
                text = widget.text() if isinstance(widget, QAbstractButton) else ""
                assert widget.accessibleName() or text or not widget.isEnabled() or _inside_table(widget), widget


def _inside_table(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return parent is not None and (parent.accessibleName() != "" or _inside_table(parent))


def test_made_again_it_looks_the_same(panel, document, qtbot):
    _choose(panel, "Iris")
    again = DataPanel(document)
    qtbot.addWidget(again)
    again.resize(panel.size())
    again.show()

    def texts(shown: DataPanel) -> list[str]:
        return [label.text() for label in shown.findChildren(QLabel) if label.isVisible()]

    qtbot.waitUntil(lambda: texts(again) == texts(panel))
    assert "120 rows" in texts(again)


def test_places_that_do_not_count_have_no_class(panel, document, qtbot):
    """A target below 0 is the mark of a place without one, as cross-entropy has it."""
    document.edit("Choose sentences", document.project.with_data(dataset=Sentences()))
    assert panel.preview.text._target(0) in ("a", "b", "c")
    qtbot.waitUntil(lambda: panel.looking.newest is not None)
    panel.grab()
