"""The curves of a training whose data has a validation part."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.projects import spirals
from nnstudio.engine.run import Run
from nnstudio.ui.document import Document
from nnstudio.ui.panels.loss import LossPanel


@pytest.fixture
def run() -> Run:
    made = Run(spirals(epochs=6).with_data(validation_share=0.25))
    list(made.snapshots())
    return made


def test_validation_has_a_curve_between_training_and_test(qtbot: QtBot, run: Run) -> None:
    panel = LossPanel(Document(run.project))
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    panel.draw(None, run.snapshot())
    losses = [record["validation"]["loss"] for record in run.history.epochs]
    np.testing.assert_allclose(panel._curves["validation"].ys, losses)
    names = [words.split()[0] for words, _ in panel.plot.words.lines]
    assert names == ["train", "validation", "test"]
    assert [color for _, color in panel.plot.words.lines] == names
    table = panel._table()
    np.testing.assert_allclose(table["validation loss"], losses)
    assert len(table["validation accuracy"]) == 6
    assert panel._readout(3.0, 0.0)[0][0] == "epoch 3"
    assert panel._readout(3.0, 0.0)[2][0].startswith("validation ")


def test_without_validation_there_is_no_such_curve(qtbot: QtBot) -> None:
    run = Run(spirals(epochs=3))
    list(run.snapshots())
    panel = LossPanel(Document(run.project))
    qtbot.addWidget(panel)
    panel.draw(None, run.snapshot())
    assert len(panel._curves["validation"].ys) == 0
    assert "validation loss" not in panel._table()


def test_a_validation_part_that_comes_later_leaves_a_gap(qtbot: QtBot, run: Run) -> None:
    first = Run(run.project.with_data(validation_share=0.0))
    list(first.snapshots(epochs=2))
    later = Run(run.project, first.checkpoint())
    list(later.snapshots(epochs=2))
    panel = LossPanel(Document(run.project))
    qtbot.addWidget(panel)
    panel.draw(None, later.snapshot())
    values = panel._columns.column("validation", "loss")
    assert np.isnan(values[:2]).all() and np.isfinite(values[2:]).all() and len(values) == 4
