"""Data is read beside the window: what is shown meanwhile, cancelling, errors, and choosing files with the mouse."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QPushButton

from nnstudio.core.data import Data
from nnstudio.core.data_files import fitting
from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.reading import tell
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.core.spec import Spec
from nnstudio.engine import data as engine_data
from nnstudio.engine.data import at_hand, only_at_hand, prepare
from nnstudio.library.datasets.iris import Iris
from nnstudio.library.datasets.table_file import TableFile
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.linear import Linear
from nnstudio.library.layers.output import Output
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss
from nnstudio.library.optimizers.adam import Adam
from nnstudio.ui import loading
from nnstudio.ui.data_panel import DataPanel
from nnstudio.ui.document import Document
from nnstudio.ui.loading import Errand
from nnstudio.ui.memory import Memory
from nnstudio.ui.window import Window

LEFT = Qt.MouseButton.LeftButton


class Gate:
    """What a slow reader waits for."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.began = threading.Event()
        self.stopped = threading.Event()
        self.reads = 0


GATE = Gate()


class SlowFile(FileDataset, category="Own data", suffixes=(".slow",)):
    """Rows that come when the test says so."""

    def load(self) -> Data:
        GATE.reads += 1
        GATE.began.set()
        path = self.located()
        try:
            while not GATE.open.wait(0.005):
                tell(0.25, f"Reading {path.name}")
        except BaseException:
            GATE.stopped.set()
            raise
        words = path.read_text()
        if words.startswith("bad"):
            raise ValueError(f"{path.name}, line 1: needs a number, but got 'bad'. Correct the file.")
        rows = np.random.default_rng(0).normal(size=(40, 2))
        return Data(rows, np.arange(40) % 2, "classification", ("a", "b"), ("no", "yes"), "answer")


@pytest.fixture(autouse=True)
def only_here(monkeypatch):
    """The slow dataset is known in these tests alone, and nothing that was read before is kept."""
    others = dict(Spec._registry["dataset"])
    others["SlowFile"] = SlowFile
    monkeypatch.setitem(Spec._registry, "dataset", others)
    engine_data._cache.clear()
    global GATE
    GATE = Gate()
    yield
    GATE.open.set()
    loading.end_all()


Spec._registry["dataset"].pop("SlowFile")


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    path = tmp_path / "rows.slow"
    path.write_text("good")
    return path


def project(dataset: object = None) -> Project:
    graph, first = Graph().add(Input())
    graph, linear = graph.add(Linear(out_features=2))
    graph, last = graph.add(Output(loss=CrossEntropyLoss()))
    return Project(graph.wire(first, linear).wire(linear, last), DataSettings(dataset), TrainingSettings(Adam()))


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    made = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made.folder = tmp_path
    return made


@pytest.fixture
def document(qapp) -> Document:
    return Document(project(Iris()))


@pytest.fixture
def panel(qtbot, document, memory) -> DataPanel:
    shown = DataPanel(document, memory)
    qtbot.addWidget(shown)
    shown.resize(340, 1200)
    shown.show()
    return shown


def _errors(document: Document) -> list[str]:
    return [problem.message for problem in document.report.errors]


# -- the document ------------------------------------------------------------------------------------------------------


def test_what_is_not_at_hand_is_read_beside_the_window(qtbot, slow):
    document = Document(project(SlowFile(path=str(slow))))
    assert GATE.began.wait(5)
    assert document.loading.state == "reading"
    assert _errors(document) == ["The data is being read."]
    with pytest.raises(ValueError, match="being read"):
        document.prepared()
    reports = []
    document.checked.connect(reports.append)
    GATE.open.set()
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert document.report.ready
    assert reports == [document.report]
    assert len(document.prepared().train_rows) == 32
    assert GATE.reads == 1


def test_it_says_how_far_it_is(qtbot, slow):
    document = Document(project(SlowFile(path=str(slow))))
    with qtbot.waitSignal(document.loading.progressed):
        pass
    assert (document.loading.share, document.loading.words) == (0.25, "Reading rows.slow")


def test_quick_files_are_simply_there(qtbot, tmp_path, monkeypatch):
    path = tmp_path / "quick.csv"
    path.write_text("a,b,kind\n" + "\n".join(f"{i},{i * i % 7},{'xy'[i % 2]}" for i in range(40)))
    monkeypatch.setattr(loading, "PATIENCE", 20_000)
    document = Document(project(TableFile(path=str(path))))
    assert document.loading.state == "full"
    assert document.report.ready


def test_cancel_ends_the_reading_and_it_can_be_read_again(qtbot, slow):
    document = Document(project(SlowFile(path=str(slow))))
    assert GATE.began.wait(5)
    document.loading.cancel()
    assert document.loading.state == "stopped"
    assert "stopped" in _errors(document)[0]
    assert GATE.stopped.wait(5)
    GATE.open.set()
    document.loading.again()
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert document.report.ready


def test_an_edit_that_matters_not_to_reading_does_not_read_again(qtbot, slow):
    document = Document(project(SlowFile(path=str(slow))))
    assert GATE.began.wait(5)
    document.edit("Add", document.project.with_graph(document.project.graph.add(Linear(out_features=3))[0]))
    document.edit("Seed", document.project.with_training(seed=4))
    assert document.loading.state == "reading"
    assert GATE.reads == 1


def test_other_data_ends_the_reading(qtbot, slow):
    document = Document(project(SlowFile(path=str(slow))))
    assert GATE.began.wait(5)
    document.edit("Iris", document.project.with_data(dataset=Iris()))
    assert document.loading.state == "full"
    assert GATE.stopped.wait(5)
    document.undo()
    assert document.loading.state == "reading"


def test_what_cannot_be_read_says_why_and_is_not_read_on_every_edit(qtbot, slow):
    slow.write_text("bad")
    GATE.open.set()
    document = Document(project(SlowFile(path=str(slow))))
    qtbot.waitUntil(lambda: document.loading.state == "refused")
    assert _errors(document) == ["rows.slow, line 1: needs a number, but got 'bad'. Correct the file."]
    document.edit("Seed", document.project.with_training(seed=4))
    assert GATE.reads == 1
    slow.write_text("good")
    document.loading.again()
    qtbot.waitUntil(lambda: document.loading.state == "full")


def test_a_file_that_is_not_there(qtbot, tmp_path):
    document = Document(project(SlowFile(path=str(tmp_path / "gone.slow"))))
    qtbot.waitUntil(lambda: document.loading.state == "refused")
    assert "gone.slow cannot be read" in _errors(document)[0]


def test_a_mistake_in_a_reader_is_an_error_and_no_endless_wait(qtbot, slow, monkeypatch):
    def broken(self):
        raise KeyError("surprise")

    monkeypatch.setattr(SlowFile, "load", broken)
    document = Document(project(SlowFile(path=str(slow))))
    qtbot.waitUntil(lambda: document.loading.state == "refused")
    assert "surprise" in document.loading.refusal


def test_only_at_hand_refuses_files_and_nothing_else(slow):
    settings = DataSettings(SlowFile(path=str(slow)))
    GATE.open.set()
    assert not at_hand(settings)
    with only_at_hand("Not now."):
        assert prepare(DataSettings(Iris())).data.classes == 3
        with pytest.raises(ValueError, match=r"Not now\."):
            prepare(settings)
    made = prepare(settings)
    assert at_hand(settings)
    with only_at_hand():
        assert prepare(settings) is made


def test_an_errand_runs_in_a_thread_of_its_own():
    seen = []
    errand = Errand(lambda: seen.append(threading.current_thread()) or 5)
    errand.begin()
    assert errand.wait(5000)
    assert errand.done and errand.result == 5
    assert seen != [threading.main_thread()]


# -- the panel ---------------------------------------------------------------------------------------------------------


def test_the_panel_shows_progress_and_cancel_works_at_once(qtbot, panel, document, slow):
    document.edit("Slow", document.project.with_data(dataset=SlowFile(path=str(slow))))
    qtbot.waitUntil(lambda: panel.reading.bar.value() == 250)
    assert panel.reading.isVisible() and panel.reading.cancel.isVisible()
    assert panel.reading.title.text() == "Reading rows.slow"
    assert not panel.facts.isVisible() and not panel.preview.isVisible()
    began = time.monotonic()
    QTest.mouseClick(panel.reading.cancel, LEFT)
    assert GATE.stopped.wait(0.5), time.monotonic() - began
    assert panel.reading.title.text() == "Reading was stopped"
    assert not panel.reading.bar.isVisible()
    GATE.open.set()
    QTest.mouseClick(panel.reading.buttons[0], LEFT)
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert panel.facts.texts()["Train"] == "32 rows"
    assert not panel.reading.isVisible()
    assert panel.preview.isVisible()


def test_the_panel_says_why_data_cannot_be_read(qtbot, panel, document, slow):
    slow.write_text("bad")
    GATE.open.set()
    document.edit("Slow", document.project.with_data(dataset=SlowFile(path=str(slow))))
    qtbot.waitUntil(lambda: panel.reading.isVisible() and panel.reading.property("severity") == "error")
    assert "line 1: needs a number" in panel.reading.text.text()
    assert panel.notices.cards == []  # it is said once


def test_the_window_answers_while_data_is_read(qtbot, panel, document, slow):
    document.edit("Slow", document.project.with_data(dataset=SlowFile(path=str(slow))))
    QTest.mouseClick(panel.form.fields["standardise"].editor, LEFT)
    assert document.project.data.standardise is False
    assert document.loading.state == "reading"
    GATE.open.set()
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert document.prepared().mean is None


# -- choosing ----------------------------------------------------------------------------------------------------------


def _answer(monkeypatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))


def test_choosing_a_file_is_one_edit_with_path_and_hash(qtbot, panel, document, slow, monkeypatch, memory):
    _answer(monkeypatch, slow)
    GATE.open.set()
    QTest.mouseClick(panel.source.file_button, LEFT)
    qtbot.waitUntil(lambda: isinstance(document.project.data.dataset, SlowFile))
    dataset = document.project.data.dataset
    assert (dataset.path, dataset.sha256) == (str(slow), fingerprint(slow))
    assert document.undo_label == "Choose rows.slow"
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert panel.source.card.name.text() == "rows.slow"
    assert memory.recent_data() == [slow]
    document.undo()
    assert document.project.data.dataset == Iris()
    assert document.undo_label == ""


def test_recent_data_can_be_chosen_again(qtbot, panel, document, slow, memory):
    GATE.open.set()
    memory.add_recent_data(slow)
    panel.source.recent.aboutToShow.emit()
    (action,) = panel.source.recent.actions()
    action.trigger()
    qtbot.waitUntil(lambda: isinstance(document.project.data.dataset, SlowFile))


def test_where_several_fit_a_menu_asks(qtbot, panel, document, tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n")
    kinds = fitting(path)
    assert kinds[0] is TableFile or TableFile in kinds
    assert len(kinds) > 1
    _answer(monkeypatch, path)
    QTest.mouseClick(panel.source.file_button, LEFT)
    menu = panel.findChild(QMenu, "dataset_kinds")
    action = next(action for action in menu.actions() if action.text() == TableFile.title)
    QTest.mouseClick(menu, LEFT, Qt.KeyboardModifier.NoModifier, menu.actionGeometry(action).center())
    qtbot.waitUntil(lambda: isinstance(document.project.data.dataset, TableFile))
    assert document.project.data.dataset.path == str(path)


def test_choosing_the_same_file_again_keeps_its_settings(qtbot, panel, document, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n")
    before = TableFile(path=str(path), sha256=fingerprint(path), ignored=("z",))
    document.edit("Set", document.project.with_data(dataset=before))
    path.write_text("a,b\n1,x\n2,y\n3,x\n4,y\n")
    panel.choosing.take(TableFile, path)
    qtbot.waitUntil(lambda: document.project.data.dataset.sha256 == fingerprint(path))
    assert document.project.data.dataset.ignored == ("z",)


def test_a_file_that_nothing_reads_is_refused_with_what_is_read(panel, document, tmp_path, monkeypatch):
    path = tmp_path / "letter.docx"
    path.write_text("x")
    _answer(monkeypatch, path)
    QTest.mouseClick(panel.source.file_button, LEFT)
    assert document.project.data.dataset == Iris()
    assert "letter.docx is not read" in panel.reading.text.text()
    assert ".csv" in panel.reading.text.text()


def test_a_folder_is_offered_to_what_reads_folders(tmp_path):
    assert fitting(tmp_path)
    assert all(not kind.suffixes for kind in fitting(tmp_path))
    assert [kind.__name__ for kind in fitting(tmp_path / "train-images-idx3-ubyte")] == ["IdxImages"]
    assert [kind.__name__ for kind in fitting(tmp_path / "DATA.SLOW")] == ["SlowFile"]


def test_hashing_can_be_cancelled(qtbot, panel, document, slow, monkeypatch):
    def endless(path):
        GATE.began.set()
        try:
            while not GATE.open.wait(0.005):
                tell(0.5, f"Reading {path.name}")
        except BaseException:
            GATE.stopped.set()
            raise
        return "0" * 64

    monkeypatch.setattr("nnstudio.ui.data_panel.choosing.fingerprint", endless)
    _answer(monkeypatch, slow)
    QTest.mouseClick(panel.source.file_button, LEFT)
    assert panel.reading.isVisible()
    QTest.mouseClick(panel.reading.cancel, LEFT)
    assert GATE.stopped.wait(0.5)
    assert not panel.reading.isVisible()
    assert document.project.data.dataset == Iris()


def test_keeping_the_file_in_the_project(qtbot, panel, document, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,x\n2,y\n3,x\n4,y\n5,x\n")
    document.edit("Set", document.project.with_data(dataset=TableFile(path=str(path), sha256=fingerprint(path))))
    qtbot.waitUntil(lambda: document.loading.state == "full")
    assert "25 bytes" in panel.source.card.embed.text() or "24 bytes" in panel.source.card.embed.text()
    QTest.mouseClick(panel.source.card.embed, LEFT)
    assert document.project.data.dataset.embedded
    path.unlink()
    engine_data._cache.clear()
    document.loading.again()
    qtbot.waitUntil(lambda: document.loading.state == "full")
    QTest.mouseClick(panel.source.card.embed, LEFT)
    assert not document.project.data.dataset.embedded


# -- dropping ----------------------------------------------------------------------------------------------------------


def _drop(widget, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), copy, mime, LEFT, none)
    QApplication.sendEvent(widget, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), copy, mime, LEFT, none))


def test_a_file_dropped_on_the_panel(qtbot, panel, document, slow):
    GATE.open.set()
    _drop(panel, slow)
    qtbot.waitUntil(lambda: isinstance(document.project.data.dataset, SlowFile))


def test_a_file_dropped_on_the_window_shows_the_data_panel(qtbot, document, memory, slow):
    window = Window(document, memory)
    qtbot.addWidget(window)
    window.show()
    try:
        GATE.open.set()
        window.docks.show(window.docks.sides[0])
        _drop(window, slow)
        qtbot.waitUntil(lambda: isinstance(document.project.data.dataset, SlowFile))
        qtbot.waitUntil(lambda: document.loading.state == "full")
        qtbot.waitUntil(window.data_panel.isVisible)
        assert "32 train" in window.status.rows.text()
    finally:
        document._saved = document.project
        window.close()


def test_train_waits_for_the_data(qtbot, memory, slow):
    document = Document(project(SlowFile(path=str(slow))))
    window = Window(document, memory)
    qtbot.addWidget(window)
    window.show()
    try:
        assert GATE.began.wait(5)
        assert window.status.rows.text().startswith("Reading")
        window.training.train()
        assert window.training.state == "idle"
        assert "being read" in window.banner.sentence()
        GATE.open.set()
        qtbot.waitUntil(lambda: document.report.ready)
    finally:
        window.close()


def test_every_button_for_data_has_a_name(panel):
    for button in panel.findChildren(QPushButton):
        assert button.accessibleName() or button.text()
