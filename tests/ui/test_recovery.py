"""A program that ends unexpectedly leaves a copy of what was drawn and learned, and the next start offers it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from engine.projects import spirals
from nnstudio.core import storage
from nnstudio.engine.run import Run
from nnstudio.ui.application import Application
from nnstudio.ui.document import Document
from nnstudio.ui.memory import Memory
from nnstudio.ui.recovery import Recovery, abandoned
from nnstudio.ui.training import Training


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., tuple[Training, Recovery]]]:
    made: list[tuple[Training, Recovery]] = []

    def make_one(**more: Any) -> tuple[Training, Recovery]:
        training = Training(Document(spirals(epochs=100_000, captured=False)))
        training.settle()
        made.append((training, Recovery(training.document, training, tmp_path / "recovery", **more)))
        return made[-1]

    yield make_one
    for training, recovery in made:
        training.shut_down()
        recovery.close()


def test_a_training_under_way_is_kept_and_goes_on_exactly(make: Any, qtbot: QtBot) -> None:
    training, recovery = make(seconds=0.02)
    assert not recovery.path.exists()
    training.train()
    qtbot.waitUntil(recovery.path.exists, timeout=20_000)
    first = storage.read(recovery.path).checkpoint.step
    qtbot.waitUntil(lambda: storage.read(recovery.path).checkpoint.step > first, timeout=20_000)
    assert training.state == "running"
    stored = storage.read(recovery.path)
    resumed = Run(stored.project, stored.checkpoint)
    assert resumed.continuation == "exact" and resumed.step == stored.checkpoint.step
    assert training.document.checkpoint is None, "the document is as it was"


def test_edits_are_kept_until_they_are_saved(make: Any, qtbot: QtBot, tmp_path: Path) -> None:
    training, recovery = make(seconds=1000)
    document = training.document
    recovery.look()
    assert recovery._thread is None, "nothing was edited"
    document.edit("Set", document.project.with_training(epochs=7))
    recovery.look()
    recovery._thread.join()
    assert storage.read(recovery.path).project.training.epochs == 7
    written = recovery._thread
    recovery.look()
    assert recovery._thread is written, "it is there already"
    document.save(tmp_path / "a.nnstudio")
    assert not recovery.path.exists()


def test_weights_that_are_not_finite_are_not_kept(make: Any, qtbot: QtBot) -> None:
    training, recovery = make(seconds=1000)
    checkpoint = training.run.checkpoint()
    next(iter(checkpoint.weights.values())).fill(float("nan"))
    training.document.trained(checkpoint)
    recovery.look()
    assert recovery._thread is None


def test_a_folder_that_cannot_be_written_to_disturbs_nobody(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    training = Training(Document(spirals()))
    recovery = Recovery(training.document, training, tmp_path / "file", seconds=1000)
    training.document.edit("Set", training.document.project.with_training(epochs=7))
    recovery.look()
    recovery._thread.join()
    recovery.close()
    training.shut_down()
    assert abandoned(tmp_path / "file") == [] and abandoned(tmp_path / "nowhere") == []


def test_a_copy_whose_program_lives_is_not_offered(make: Any, qtbot: QtBot, tmp_path: Path) -> None:
    training, recovery = make(seconds=1000)
    training.document.edit("Set", training.document.project.with_training(epochs=7))
    recovery.look()
    recovery._thread.join()
    assert recovery.path.exists() and abandoned(tmp_path / "recovery") == []


PROGRAM = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
application = QApplication([])
from engine.projects import spirals
from nnstudio.ui.application import Application
from nnstudio.ui.document import Document
from nnstudio.ui.memory import Memory
from nnstudio.ui.recovery import Recovery
from nnstudio.ui.training import Training
training = Training(Document(spirals(epochs=1_000_000, captured=False)))
recovery = Recovery(training.document, training, Path({folder!r}), seconds=0.05)
training.train()
timer = QTimer()
timer.timeout.connect(lambda: recovery.path.exists() and print("there", flush=True))
timer.start(20)
application.exec()
"""


@pytest.mark.skipif(os.name == "nt", reason="a process is killed with SIGKILL")
def test_a_program_that_was_killed_leaves_a_copy_that_is_offered(qapp: Any, qtbot: QtBot, tmp_path: Path) -> None:
    tests = Path(__file__).resolve().parents[1]
    folder = tmp_path / "recovery"
    program = PROGRAM.format(tests=str(tests), root=str(tests.parent), folder=str(folder))
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None and process.stdout.readline() == b"there\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (left,) = abandoned(folder)
    stored = storage.read(left.path)
    assert stored.notices == () and Run(stored.project, stored.checkpoint).continuation == "exact"
    left.lock.unlock()

    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    application = Application(qapp, memory)
    application.offer_recovery(folder)
    box = next(w for w in qapp.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
    assert box.objectName() == "offer_recovery" and "a project is not saved" in box.text()
    with qtbot.waitSignal(box.finished, timeout=5_000):
        next(button for button in box.buttons() if button.text() == "Open").click()
    (window,) = application.windows
    assert window.document.modified and window.document.path is None
    assert window.document.checkpoint.step == stored.checkpoint.step
    assert left.path.exists(), "it is kept until it is saved"
    window.document.save(tmp_path / "b.nnstudio")
    assert not window.document.modified
    window.close()
    assert not left.path.exists()
    application.gallery.close()
