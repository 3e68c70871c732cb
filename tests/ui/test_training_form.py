"""The training form: every setting of a training reaches the document, and what is in the document is shown."""

from __future__ import annotations

from dataclasses import fields as fields_of

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QObject, QPoint, Qt, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QWidget

from engine.projects import chain, iris, layer, loss, spirals
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.device import DeviceReport
from nnstudio.engine.run import Run
from nnstudio.library.datasets.spirals import Spirals
from nnstudio.library.optimizers.adam import Adam
from nnstudio.library.optimizers.sgd import SGD
from nnstudio.library.schedules.step_lr import StepLR
from nnstudio.ui.document import Document
from nnstudio.ui.training_form import TrainingForm
from nnstudio.ui.training_form.device_field import device_field
from nnstudio.ui.training_form.reset import Reset


class _Training(QObject):
    """Hears what a training would."""

    pulled = Signal(object)
    state_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[float] = []
        self.newest = None

    def set_lr(self, lr: float) -> None:
        self.heard.append(lr)


@pytest.fixture
def document(qapp):
    return Document(Project(data=DataSettings(Spirals()), training=TrainingSettings(Adam(lr=0.001), None, 100, 16)))


@pytest.fixture
def training():
    return _Training()


def shown(qtbot, document, training=None, width=320):
    form = TrainingForm(document, training)
    qtbot.addWidget(form)
    form.resize(width, 1200)
    form.show()
    return form


@pytest.fixture
def form(qtbot, document, training):
    return shown(qtbot, document, training)


def _type(editor: QWidget, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    if text:
        QTest.keyClicks(editor, text)
    else:
        QTest.keyClick(editor, Qt.Key.Key_Delete)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def _choose(field, name: str) -> None:
    place = field._places[name]
    field.box.setCurrentIndex(place)
    field.box.activated.emit(place)


def _click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


# -- optimizer and schedule --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "ar_EG", "tr_TR", "en_US"])
def test_a_small_learning_rate_survives_every_locale(form, document, training, locale):
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        _type(form.optimizer.form.fields["lr"].editor, "0.0001")
        assert document.project.training.optimizer == Adam(lr=0.0001)
        again = TrainingForm(document)
        assert again.optimizer.form.fields["lr"].text == "0.0001"
        again.deleteLater()
    finally:
        QLocale.setDefault(before)
    assert training.heard == [0.0001]
    assert document.undo_label == "Set learning rate"
    document.undo()
    assert training.heard == [0.0001, 0.001]


def test_other_settings_do_not_touch_the_learning_rate(form, document, training):
    _type(form.optimizer.form.fields["weight_decay"].editor, "0.1")
    assert document.project.training.optimizer == Adam(lr=0.001, weight_decay=0.1)
    assert training.heard == []


def test_another_optimizer_keeps_what_was_set(form, document):
    field = form.optimizer
    _type(field.form.fields["lr"].editor, "0.03")
    _choose(field, "SGD")
    assert document.project.training.optimizer == SGD(lr=0.03)
    document.undo()
    assert field.box.currentText() == Adam.title
    assert field.form.fields["lr"].text == "0.03"


@pytest.mark.parametrize("name", list(registered(Optimizer)))
def test_every_optimizer_has_a_form(form, document, name):
    _choose(form.optimizer, name)
    assert type(document.project.training.optimizer).__name__ == name
    assert "lr" in form.optimizer.form.fields
    assert form.curve.curve is not None


def test_what_is_at_its_default_is_folded_away(form, document):
    field = form.optimizer
    assert not field.form.fields["beta1"].isVisible() and field.form.fields["lr"].isVisible()
    assert field.more.text() == f"{len(field.form.fields) - 2} more settings"
    _click(field.more)
    assert field.form.fields["beta1"].isVisible() and field.more.text() == "Fewer settings"
    _type(field.form.fields["beta1"].editor, "0.5")
    _click(field.more)
    assert field.form.fields["beta1"].isVisible() and not field.form.fields["beta2"].isVisible()
    _click(field.form.fields["beta1"].findChild(Reset))
    assert document.project.training.optimizer == Adam(lr=0.001)


@pytest.mark.parametrize("name", list(registered(Schedule)))
def test_every_schedule_is_plotted_before_training(form, document, name):
    _choose(form.fields["schedule"], name)
    assert type(document.project.training.schedule).__name__ == name
    if registered(Schedule)[name].watches:
        assert form.curve.isHidden() and "goes by the loss" in form.schedule.note.text()
    else:
        curve = form.curve.curve
        assert curve is not None and curve.end == 100 and form.curve.isVisible()
        assert len(curve.rates) == (1300 if curve.stepped == "step" else 100)
        assert form.schedule.note.isHidden()
    form.grab()


def test_the_curve_has_the_real_number_of_updates(form, document):
    _choose(form.fields["schedule"], "OneCycleLR")
    assert len(form.curve.curve.rates) == 1300
    document.edit("x", document.project.with_training(accumulate=5))
    assert len(form.curve.curve.rates) == 300  # three updates of 13 batches
    document.edit("x", document.project.with_data(test_share=0.5))
    assert len(form.curve.curve.rates) == 200


def test_a_long_curve_is_worked_out_on_the_way(form, document, qtbot):
    document.edit("x", document.project.with_training(schedule=registered(Schedule)["OneCycleLR"](), epochs=2000))
    assert form.curve.busy and form.curve.isVisible()
    qtbot.waitUntil(lambda: not form.curve.busy)
    assert form.curve.curve.end == 2000 and len(form.curve.curve.rates) <= 2000
    document.undo()
    assert not form.curve.busy and form.curve.curve.end == 100


def test_the_curve_marks_where_a_training_stands(form, document, training):
    run = Run(spirals(epochs=4, batch_size=16))
    for _ in run.snapshots(epochs=2):
        pass
    for training.newest in run.snapshots(steps=5):
        pass
    training.pulled.emit(training.newest)
    assert form.curve.place == 2 + 5 / 13
    training.newest = None
    training.state_changed.emit()
    assert form.curve.place is None


def test_the_rate_under_the_mouse(form, document):
    document.edit("x", document.project.with_training(schedule=StepLR(step_size=1, gamma=0.5), epochs=4))
    curve = form.curve
    assert [curve.rate_at(epoch) for epoch in (0, 0.9, 1, 3.99)] == [0.001, 0.001, 0.0005, 0.000125]
    QTest.mouseMove(curve, QPoint(curve.width() - 2, 30))
    assert curve._hovered == pytest.approx(4, abs=0.1)
    form.grab()


# -- all settings ------------------------------------------------------------------------------------------------------

TYPED = {
    "epochs": ("1e3", 1000),
    "batch_size": ("32", 32),
    "accumulate": ("4", 4),
    "patience": ("12", 12),
    "min_delta": ("0.001", 0.001),
    "clip_norm": ("1.5", 1.5),
    "clip_value": ("0.25", 0.25),
    "ema_decay": ("0.999", 0.999),
    "seed": ("4294967295", 2**32 - 1),
}
TURNED = ("keep_best", "decay_biases", "class_weights", "captured")


@pytest.mark.parametrize("name", list(TYPED))
def test_a_typed_setting_reaches_the_document_and_goes_back(form, document, name):
    for section in form.sections.values():
        section.open()
    text, value = TYPED[name]
    field = form.fields[name]
    before = getattr(document.project.training, name)
    _type(field.editor, text)
    assert getattr(document.project.training, name) == value
    assert document.undo_label == f"Set {name.replace('_', ' ')}"
    reset = field.findChild(Reset)
    assert reset.isVisible() and field.label.font().bold()
    _click(reset)
    assert document.project.training == TrainingSettings(Adam(lr=0.001), None, 100, 16)
    assert reset.isHidden() and not field.label.font().bold()
    document.undo()
    assert field.value == value
    document.undo()
    assert field.value == before


@pytest.mark.parametrize("name", [name for name in TYPED if TrainingSettings.__annotations__[name].endswith("None")])
def test_an_optional_setting_is_switched_off_by_emptying_it(form, document, name):
    document.edit("x", document.project.with_training(**{name: TYPED[name][1]}))
    for section in form.sections.values():
        section.open()
    _type(form.fields[name].editor, "")
    assert getattr(document.project.training, name) is None
    assert form.fields[name].editor.lineEdit().placeholderText() == form.fields[name].setting.empty != ""


def test_the_arrows_of_an_empty_field_begin_at_a_usual_value(form, document):
    form.sections["gradients"].open()
    editor = form.fields["clip_norm"].editor
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert document.project.training.clip_norm == 1.0
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert document.project.training.clip_norm == 2.0


@pytest.mark.parametrize("name", TURNED)
def test_a_switch_reaches_the_document(form, document, name):
    for section in form.sections.values():
        section.open()
    before = getattr(document.project.training, name)
    editor = form.fields[name].editor
    _click(editor)
    assert getattr(document.project.training, name) is not before
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Space)
    assert getattr(document.project.training, name) is before


def test_precision_is_chosen_from_a_list(form, document):
    form.sections["speed"].open()
    box = form.fields["precision"].editor
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert document.project.training.precision == "bfloat16"
    assert form.sections["speed"].header.words == ["precision bfloat16"]


def test_every_setting_of_a_training_has_its_field(form):
    assert {*form.fields, "groups"} == {field.name for field in fields_of(TrainingSettings)}
    assert all(field.setting.limits.sentence.endswith(".") for field in form.fields.values())
    usual = TrainingSettings()
    assert all(field.setting.default == getattr(usual, name) for name, field in form.fields.items())


def test_what_a_file_says_is_shown(qtbot, document):
    typed = {name: value for name, (_, value) in TYPED.items()} | {"batch_size": None}
    turned = {name: not getattr(TrainingSettings(), name) for name in (*TURNED, "compile")}
    finer = typed | turned | {"schedule": StepLR(step_size=3), "device": "cpu", "precision": "float16"}
    document.edit("x", document.project.with_training(**finer))
    form = shown(qtbot, document)
    assert {name: form.fields[name].value for name in finer} == finer
    assert all(section.opened for section in form.sections.values())  # nothing that differs is hidden
    assert form.fields["precision"].editor.currentText() == "float16 (mixed)"
    assert form.fields["keep_best"].editor.isChecked() and not form.fields["captured"].editor.isChecked()


def test_a_folded_section_says_what_differs(form, document):
    section = form.sections["gradients"]
    assert not section.opened and section.header.words == []
    document.edit("x", document.project.with_training(clip_norm=0.5, clip_value=2.0))
    assert section.header.words == ["clip by norm 0.5", "clip by value 2"]
    assert "clip by norm 0.5" in section.header.accessibleDescription()
    section.header.setFocus()
    QTest.keyClick(section.header, Qt.Key.Key_Space)
    assert section.opened and form.fields["clip_norm"].isVisible()
    QTest.keyClick(section.header, Qt.Key.Key_Left)
    assert not section.opened
    QTest.keyClick(section.header, Qt.Key.Key_Return)
    assert section.opened
    _click(section.header)
    assert not section.opened
    form.grab()


def test_what_is_typed_counts_when_the_section_is_folded(form, document):
    section = form.sections["gradients"]
    section.open()
    editor = form.fields["clip_norm"].editor
    editor.setFocus()
    QTest.keyClicks(editor, "3")
    section.open(False)
    assert document.project.training.clip_norm == 3.0


def test_an_impossible_value_is_refused_where_it_was_typed(form, document):
    _type(form.fields["epochs"].editor, "0")
    assert document.project.training.epochs == 100
    assert "1 to" in form.fields["epochs"].refusal
    form.sections["weights"].open()
    _type(form.fields["ema_decay"].editor, "1")
    assert document.project.training.ema_decay is None and form.fields["ema_decay"].refusal


# -- batches, loss, device ---------------------------------------------------------------------------------------------


def test_batches(form, document):
    field = form.batches
    assert field.group.checkedButton().text() == "Mini-batch"
    assert form.facts.texts()["In one epoch"] == "13 steps of 16 rows"
    field.group.button(2).click()
    assert document.project.training.batch_size is None
    assert form.facts.texts() == {"In one epoch": "1 step of 200 rows", "In all": "100 steps"}
    field.group.button(0).click()
    assert document.project.training.batch_size == 1
    field.group.button(1).click()
    assert document.project.training.batch_size == 16
    _type(field.editor, "1")
    assert field.group.checkedButton().text() == "Single row"
    _type(field.editor, "")
    assert document.project.training.batch_size is None
    for size in (1, 16, 1, None, 16):
        document.undo()
        assert field.value == document.project.training.batch_size == size


def test_accumulation_says_the_effective_batch(form, document):
    _type(form.fields["accumulate"].editor, "4")
    said = form.facts.texts()
    assert said["Effective batch"] == "64 rows in 4 batches"
    assert said["Updates"] == "4 in an epoch, 400 in all"
    run = Run(spirals(accumulate=4, batch_size=16))
    assert run.updates.each == 4


def test_label_smoothing_leads_to_the_output(qtbot):
    document = Document(iris())
    form = shown(qtbot, document)
    form.sections["loss"].open()
    link = form.loss.smoothing
    assert link.text().startswith("Label smoothing is 0, in the loss of ")
    _click(link)
    (chosen,) = document.selection
    assert document.graph.nodes[chosen].layer.role == "output"
    output = document.graph.nodes[chosen].layer
    other = document.graph.configure(chosen, loss=output.loss.with_(label_smoothing=0.1))
    document.edit_graph("x", other)
    assert "is 0.1" in link.text()
    assert form.loss.note.isHidden()


def test_a_loss_that_weighs_no_classes_is_said(qtbot):
    project = spirals()
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    form = shown(qtbot, Document(project.with_graph(graph)))
    form.sections["loss"].open()
    assert form.loss.note.text() == "MSELoss, the loss of output, does not weigh classes."
    assert form.loss.smoothing.isHidden()


def test_compile_is_greyed_without_a_compiler(qtbot, document, monkeypatch):
    monkeypatch.setenv("CXX", "a-compiler-that-nobody-has")
    form = shown(qtbot, document)
    form.sections["speed"].open()
    field = form.fields["compile"]
    assert not field.editor.isEnabled()
    assert "C++ compiler" in form.compile_note.text() and form.compile_note.isVisible()
    document.edit("x", document.project.with_training(compile=True))  # from a file of another machine
    assert field.editor.isEnabled()
    _click(field.editor)
    assert document.project.training.compile is False


def test_devices_say_why_they_cannot_be_used(qtbot):
    field = device_field(
        [DeviceReport("cuda", False, "No NVIDIA GPU or driver was found."), DeviceReport("cpu", True, "Here.")]
    )
    qtbot.addWidget(field)
    texts = [field.box.itemText(i) for i in range(field.box.count())]
    assert texts == ["Auto (cpu)", "cpu", "cuda (cannot be used)"]
    assert not field.box.model().item(2).isEnabled()
    assert field.box.itemData(2, Qt.ItemDataRole.ToolTipRole) == "No NVIDIA GPU or driver was found."


def test_an_unusable_device_from_a_file_is_said(form, document):
    unusable = next(report for report in form.devices if not report.usable)
    document.edit("Set device", document.project.with_training(device=unusable.name))
    assert unusable.sentence in form.device.refusal
    document.undo()
    assert form.device.refusal == ""


# -- keyboard and names ------------------------------------------------------------------------------------------------


def test_every_control_has_a_name(form):
    for section in form.sections.values():
        section.open()
    form.optimizer.unfold()
    for kind in (QAbstractSpinBox, QComboBox, QAbstractButton, QLineEdit):
        for widget in form.findChildren(kind):
            if widget.isVisible() and widget.objectName() != "qt_spinbox_lineedit":
                assert widget.accessibleName(), widget


def test_tab_goes_through_all_that_is_seen(form, qtbot):
    form.activateWindow()
    form.sections["optimizer"].header.setFocus()
    seen = []
    for _ in range(80):
        widget = form.focusWidget()
        if widget in seen:
            break
        seen.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    headers = [widget for widget in seen if widget.objectName().startswith("section_")]
    assert headers == [section.header for section in form.sections.values()]
    assert form.fields["epochs"].editor in seen and form.find_rate in seen


@pytest.mark.parametrize("width", [320, 480])
def test_nothing_sticks_out(qtbot, document, width):
    form = shown(qtbot, document, width=width)
    for section in form.sections.values():
        section.open()
    for widget in form.findChildren(QWidget):
        if widget.isVisible():
            assert widget.mapTo(form, QPoint(widget.width(), 0)).x() <= width + 1, widget


def test_the_range_test_is_asked_for(form, qtbot):
    with qtbot.waitSignal(form.range_wanted):
        _click(form.find_rate)


def test_numbers_of_the_curve_are_those_of_its_words(form, document):
    assert np.ptp(form.curve.curve.rates) == 0
    assert form.curve.accessibleDescription() == "From 0.001 to 0.001 over 100 epochs, at most 0.001."
