"""The learning-rate range test in the window: live points, Cancel, the marker, and the rate that is taken over."""

from __future__ import annotations

import threading

import pyqtgraph
import pytest
import torch
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.projects import iris, layer, spirals
from nnstudio.engine import lr_range as engine
from nnstudio.engine.run import Run
from nnstudio.ui import lr_range as module
from nnstudio.ui.document import Document
from nnstudio.ui.lr_range import LearningRateRange
from nnstudio.ui.window import Window


def opened(qtbot, document, start=True):
    dialog = LearningRateRange(document)
    qtbot.addWidget(dialog)
    dialog.show()
    if start:
        dialog.start()
    return dialog


def finished(qtbot, document):
    dialog = opened(qtbot, document)
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20000)
    return dialog


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def document(qapp):
    return Document(iris())


def test_its_points_are_those_of_the_engine(qtbot, document):
    dialog = finished(qtbot, document)
    expected = list(engine.lr_range(document.project))
    assert dialog.points == expected
    assert dialog.suggestion == engine.suggest(expected)
    assert 10 ** dialog.plot._smoothed.xs[0] == pytest.approx(1e-7)
    assert dialog.plot._smoothed.ys.tolist() == [point.smoothed for point in expected]
    assert dialog.rate.value == float(f"{dialog.suggestion.tenth:.3g}")
    assert dialog.plot.marked == pytest.approx(dialog.rate.value)
    assert not dialog.document.undo_label


def test_use_this_rate_is_one_edit(qtbot, document):
    dialog = finished(qtbot, document)
    click(dialog.steepest)
    wanted = float(f"{dialog.suggestion.steepest:.3g}")
    assert dialog.rate.value == wanted and dialog.plot.marked == pytest.approx(wanted)
    click(dialog.use)
    assert document.project.training.optimizer.lr == wanted
    assert document.undo_label == "Set learning rate" and not dialog.isVisible()
    document.undo()
    assert document.project == iris()


def test_the_rate_can_be_typed(qtbot, document):
    dialog = finished(qtbot, document)
    editor = dialog.rate.editor
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, "0.02")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert dialog.plot.marked == pytest.approx(0.02)
    click(dialog.use)
    assert document.project.training.optimizer.lr == 0.02


def test_the_marker_is_clicked_and_dragged(qtbot, document, monkeypatch):
    monkeypatch.setitem(pyqtgraph.CONFIG_OPTIONS, "mouseRateLimit", -1)  # a test moves quicker than a hand
    dialog = finished(qtbot, document)
    plot = dialog.plot
    view = plot.plotItem.vb

    def pixel(exponent):
        _, _, y0, y1 = plot.visible_range()
        return plot.mapFromScene(view.mapViewToScene(QPointF(exponent, (y0 + y1) / 2)))

    QTest.mouseMove(plot.viewport(), pixel(-4))
    QTest.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=pixel(-4))
    assert dialog.rate.value == pytest.approx(1e-4, rel=0.05)
    begin, end = pixel(-4), pixel(-2)
    before = plot.visible_range()
    button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    moved = [(QEvent.Type.MouseMove, begin + (end - begin) * share, none, button) for share in (0.3, 0.6, 1.0)]
    QTest.mouseMove(plot.viewport(), begin)
    for kind, place, cause, held in [
        (QEvent.Type.MouseButtonPress, begin, button, button),
        *moved,
        (QEvent.Type.MouseButtonRelease, end, button, none),
    ]:
        there = QPointF(plot.viewport().mapToGlobal(place))
        event = QMouseEvent(kind, QPointF(place), there, cause, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(plot.viewport(), event)
    assert dialog.rate.value == pytest.approx(1e-2, rel=0.1)
    assert plot.visible_range() == before  # the marker was dragged, not the picture


class _Gate:
    """Lets the test go on point by point, so that a test sees it on the way."""

    def __init__(self, monkeypatch):
        self.open = threading.Semaphore(0)
        real = module.lr_range

        def gated(*words, **more):
            for point in real(*words, **more):
                self.open.acquire(timeout=10)
                yield point

        monkeypatch.setattr(module, "lr_range", gated)

    def let(self, count):
        for _ in range(count):
            self.open.release()


def test_it_is_drawn_on_the_way_and_cancelled(qtbot, document, monkeypatch):
    gate = _Gate(monkeypatch)
    dialog = opened(qtbot, document)
    assert dialog.busy and dialog.progress.isVisible() and dialog.cancel.text() == "Cancel"
    assert not dialog.use.isEnabled() and not dialog.go.isEnabled()
    gate.let(30)
    qtbot.waitUntil(lambda: len(dialog.plot._smoothed.xs) == 30)
    assert dialog.words.text() == "Step 30 of 100." and dialog.progress.value() == 30
    click(dialog.cancel)
    gate.let(1)
    qtbot.waitUntil(lambda: not dialog.busy)
    assert dialog.isVisible() and dialog.words.text() == "Cancelled after 31 of 100 steps."
    assert dialog.suggestion is not None and dialog.use.isEnabled()
    gate.let(100)
    click(dialog.go)
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20000)
    assert dialog.points == list(engine.lr_range(document.project))
    assert dialog.cancel.text() == "Close"
    click(dialog.cancel)
    assert not dialog.isVisible() and not document.undo_label


def test_closing_ends_the_thread(qtbot, document, monkeypatch):
    gate = _Gate(monkeypatch)
    dialog = opened(qtbot, document)
    errand = dialog._errand
    gate.let(3)
    qtbot.waitUntil(lambda: len(dialog.points) >= 2)
    gate.let(2)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert errand.isFinished() and not dialog.busy and not dialog.isVisible()


def test_an_open_run_goes_on_as_if_nothing_had_happened(qtbot):
    project = spirals(layer("Linear", out_features=8), layer("Tanh"), layer("Dropout"), epochs=4)
    alone, run = Run(project), Run(project)
    list(alone.snapshots())
    list(run.snapshots(epochs=2))
    document = Document(project)
    document.trained(run.checkpoint())
    dialog = opened(qtbot, document, start=False)
    dialog.begin.renew("trained")
    dialog.start()
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20000)
    assert dialog.points[0].loss < 0.7
    list(run.snapshots(epochs=2))
    expected = alone.network.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in run.network.state_dict().items())


def test_other_limits_and_what_is_refused(qtbot, document):
    dialog = opened(qtbot, document, start=False)
    assert not dialog.begin.editor.isEnabled() and not dialog.use.isEnabled()
    dialog.low.renew(1.0)
    dialog.high.renew(0.1)
    click(dialog.go)
    assert not dialog.busy and dialog.words.text().startswith("The lowest rate needs to be above 0")
    dialog.low.renew(1e-4)
    dialog.steps.renew(20)
    click(dialog.go)
    qtbot.waitUntil(lambda: not dialog.busy)
    assert [point.lr for point in dialog.points] == engine.rates(1e-4, 0.1, 20)


def test_what_goes_wrong_is_a_sentence(qtbot, monkeypatch):
    def broken(*words, **more):
        raise RuntimeError("mat1 and mat2\nshapes")
        yield

    monkeypatch.setattr(module, "lr_range", broken)
    dialog = opened(qtbot, Document(iris()))
    qtbot.waitUntil(lambda: not dialog.busy)
    assert dialog.words.text() == "The test stopped after 0 steps: mat1 and mat2."
    assert not dialog.use.isEnabled()


def test_the_menu_and_the_form_open_it(qtbot, monkeypatch):
    monkeypatch.setattr(Window, "ask_to_save", lambda _: QMessageBox.StandardButton.Discard)
    window = Window(Document(iris()))
    qtbot.addWidget(window)
    window.show()
    window.actions_["find_rate"].trigger()
    dialog = window.findChild(LearningRateRange)
    assert dialog is not None and dialog.isModal() and dialog.busy
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20000)
    wanted = dialog.rate.value
    click(dialog.use)
    assert window.document.project.training.optimizer.lr == wanted
    click(window.training_form.find_rate)
    again = next(found for found in window.findChildren(LearningRateRange) if found.isVisible())
    again.reject()
    window.document.edit("x", window.document.project.with_training(optimizer=None))
    assert window.find_rate() is None


def test_every_control_has_a_name(qtbot, document):
    dialog = finished(qtbot, document)
    for field in (dialog.low, dialog.high, dialog.steps, dialog.begin, dialog.rate):
        assert field.editor.accessibleName()
    for button in (dialog.go, dialog.cancel, dialog.use, dialog.steepest, dialog.tenth):
        assert button.text()
    assert dialog.plot.accessibleName() == "Loss by learning rate"
    assert dialog.plot._readout(-3.0, 0.0)[0][0].startswith("rate 0.00")
    assert set(dialog.plot._table()) == {"lr", "loss", "smoothed"}
