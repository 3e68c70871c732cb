"""The training form: optimizer, learning rate, schedule, epochs, batches, seed and device reach the document."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.device import DeviceReport
from nnstudio.library.datasets.spirals import Spirals
from nnstudio.library.optimizers.adam import Adam
from nnstudio.library.optimizers.sgd import SGD
from nnstudio.library.schedules.constant import Constant
from nnstudio.ui.document import Document
from nnstudio.ui.training_form import TrainingForm, device_field, rates


class _Training:
    """Hears what a training would."""

    def __init__(self) -> None:
        self.heard: list[float] = []

    def set_lr(self, lr: float) -> None:
        self.heard.append(lr)


@pytest.fixture
def document(qapp):
    return Document(Project(data=DataSettings(Spirals()), training=TrainingSettings(Adam(lr=0.001), None, 100, 16)))


@pytest.fixture
def training():
    return _Training()


@pytest.fixture
def form(qtbot, document, training):
    shown = TrainingForm(document, training)
    qtbot.addWidget(shown)
    shown.resize(300, 700)
    shown.show()
    return shown


def _type(editor: QWidget, text: str) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def _choose(field, name: str) -> None:
    place = field._places[name]
    field.box.setCurrentIndex(place)
    field.box.activated.emit(place)


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "ar_EG", "tr_TR", "en_US"])
def test_a_small_learning_rate_survives_every_locale(form, document, training, locale):
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        _type(form.form.fields["optimizer"].form.fields["lr"].editor, "0.0001")
        assert document.project.training.optimizer == Adam(lr=0.0001)
        again = TrainingForm(document)
        assert again.form.fields["optimizer"].form.fields["lr"].text == "0.0001"
        again.deleteLater()
    finally:
        QLocale.setDefault(before)
    assert training.heard == [0.0001]
    assert document.undo_label == "Set learning rate"
    document.undo()
    assert training.heard == [0.0001, 0.001]


def test_other_settings_do_not_touch_the_learning_rate(form, document, training):
    _type(form.form.fields["optimizer"].form.fields["weight_decay"].editor, "0.1")
    assert document.project.training.optimizer == Adam(lr=0.001, weight_decay=0.1)
    assert training.heard == []


def test_another_optimizer_keeps_what_was_set(form, document):
    field = form.form.fields["optimizer"]
    _type(field.form.fields["lr"].editor, "0.03")
    _choose(field, "SGD")
    assert document.project.training.optimizer == SGD(lr=0.03)
    document.undo()
    assert field.box.currentText() == Adam.title
    assert field.form.fields["lr"].text == "0.03"


@pytest.mark.parametrize("name", list(registered(Optimizer)))
def test_every_optimizer_has_a_form(form, document, name):
    _choose(form.form.fields["optimizer"], name)
    assert type(document.project.training.optimizer).__name__ == name
    assert "lr" in form.form.fields["optimizer"].form.fields


@pytest.mark.parametrize("name", list(registered(Schedule)))
def test_every_schedule_is_plotted_before_training(form, document, name):
    _choose(form.form.fields["schedule"], name)
    assert type(document.project.training.schedule).__name__ == name
    values = form.curve.values
    assert len(values) == 100
    assert np.isfinite(values).all()
    assert values.max() <= 0.001 * (1 + 1e-9)
    assert form.curve.isVisible()
    form.grab()


def test_a_constant_rate_is_level():
    assert np.array_equal(rates(Constant(), 0.01, 5, 5), np.full(5, 0.01))
    assert np.array_equal(rates(None, 0.01, 5, 5), np.full(5, 0.01))


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
    field.editor.selectAll()
    QTest.keyClick(field.editor, Qt.Key.Key_Delete)
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert document.project.training.batch_size is None
    for size in (1, 16, 1, None, 16):
        document.undo()
        assert field.value == document.project.training.batch_size == size


def test_epochs_and_seed(form, document):
    _type(form.amounts.fields["epochs"].editor, "1e3")
    assert document.project.training.epochs == 1000
    _type(form.amounts.fields["epochs"].editor, "0")
    assert document.project.training.epochs == 1000
    assert "1 to" in form.amounts.fields["epochs"].refusal
    _type(form.place.fields["seed"].editor, "4294967295")
    assert document.project.training.seed == 2**32 - 1


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


def test_every_control_has_a_name(form):
    for kind in (QAbstractSpinBox, QComboBox, QAbstractButton):
        for widget in form.findChildren(kind):
            if widget.isVisible():
                assert widget.accessibleName(), widget
