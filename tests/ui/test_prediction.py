"""Prediction by hand and of files: what is drawn, filled in or typed is what the network is asked."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sklearn.datasets import load_iris

from engine.projects import chain, dataset, iris, layer, loss, optimizer
from nnstudio.core.data import Data
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.asking import ask
from nnstudio.engine.continuation import Continuation, UnknownText, classified_row, row_of, tokens_of
from nnstudio.engine.data import prepare
from nnstudio.engine.run import Run
from nnstudio.ui import theme
from nnstudio.ui.comparison import ComparisonDialog
from nnstudio.ui.document import Document
from nnstudio.ui.panels import try_it
from nnstudio.ui.panels.try_it import TryItPanel, kind_of
from nnstudio.ui.prediction import ink
from nnstudio.ui.prediction.board import Board
from nnstudio.ui.prediction.file_prediction import FilePrediction
from nnstudio.ui.prediction.ink import Paper
from nnstudio.ui.prediction.row_form import features_of
from nnstudio.ui.training import Training
from ui.names import nameless

STORY = "the quick brown fox jumps over the lazy dog. " * 30


def digits(epochs: int = 3) -> Project:
    output = layer("Output", loss=loss("CrossEntropyLoss"))
    graph = chain(layer("Input"), layer("Flatten"), layer("Linear", out_features=10), output)
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.02), epochs=epochs, batch_size=64)
    return Project(graph, DataSettings(dataset("Digits")), training)


def table(path: Path) -> Project:
    """Rows with a number, a whole number and a category."""
    generator = np.random.default_rng(0)
    colours = ("red", "green", "blue")
    lines = [
        f"{40 + 9 * generator.normal():.3f},{n % 5},{colours[n % 3]},{'yes' if n % 3 else 'no'}" for n in range(60)
    ]
    path.write_text("age,children,colour,buys\n" + "\n".join(lines) + "\n")
    graph = chain(layer("Input"), layer("Linear", out_features=2), layer("Output", loss=loss("CrossEntropyLoss")))
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=10)
    return Project(graph, DataSettings(dataset("TableFile", path=str(path), target="buys")), training)


def story(path: Path, epochs: int = 1) -> Project:
    path.write_text(STORY)
    letters = len(set(STORY))
    graph = chain(
        layer("Input"),
        layer("Embedding", num_embeddings=letters, embedding_dim=8),
        layer("GRU", hidden_size=16),
        layer("Linear", out_features=letters),
        layer("Transpose"),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.02), epochs=epochs, batch_size=16)
    return Project(graph, DataSettings(dataset("TextCharacters", path=str(path), context=12)), training)


def finished(project: Project) -> Run:
    run = Run(project)
    for _ in run.snapshots():
        pass
    return run


def shown(qtbot: QtBot, run: Run, width: int = 560, height: int = 320) -> TryItPanel:
    """The panel, fed as the window does when nothing trains."""
    panel = TryItPanel(Document(run.project))
    qtbot.addWidget(panel)
    panel.resize(width, height)

    def feed() -> None:
        panel.draw(panel.request()(run), run.snapshot())

    panel.stale.connect(feed)
    panel.show()
    return panel


def at(board: Board, x: float, y: float) -> QPointF:
    area = board.area()
    return area.topLeft() + QPointF(x * area.width(), y * area.height())


def drag(board: Board, *places: tuple[float, float]) -> None:
    """Draw with the left button through these places, from 0 to 1."""
    none = Qt.KeyboardModifier.NoModifier
    points = [at(board, *place).toPoint() for place in places]
    QTest.mousePress(board, Qt.MouseButton.LeftButton, none, points[0])
    for point in points[1:]:
        QTest.mouseMove(board, point)
    QTest.mouseRelease(board, Qt.MouseButton.LeftButton, none, points[-1])


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> Iterator[None]:
    if theme.current() is not theme.LIGHT or not qapp.styleSheet():
        theme.apply(qapp, theme.LIGHT)
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


# -- drawing -------------------------------------------------------------------------------------------------------


def test_what_is_drawn_is_what_the_network_is_asked(qtbot: QtBot) -> None:
    run = finished(digits())
    panel = shown(qtbot, run)
    assert panel.shows_content and panel.answer.words == ""
    drag(panel.board, (0.5, 0.15), (0.5, 0.85))
    seen = panel.board.seen()
    assert seen.shape == (8, 8)
    columns = seen.sum(axis=0)
    assert columns[3:5].sum() > 0.95 * columns.sum() and seen[0].sum() < 0.2
    expected = run.predict(seen.astype(np.float32)[None, None])
    shares = np.exp(expected[0]) / np.exp(expected[0]).sum()
    assert panel.answer.words.startswith(f"{shares.argmax()} {100 * shares.max():.1f} %")
    QTest.mouseClick(panel.blank, Qt.MouseButton.LeftButton)
    assert panel.board.empty and panel.answer.words == ""


def test_the_brush_decides_how_wide_a_stroke_is(qtbot: QtBot) -> None:
    panel = shown(qtbot, Run(digits()))
    inked = []
    for tenths in (8, 25):
        panel.brush.setValue(tenths)
        panel.board.clear()
        drag(panel.board, (0.2, 0.5), (0.8, 0.5))
        inked.append(panel.board.seen().sum())
    assert inked[1] > 2 * inked[0] > 0


def test_the_board_is_drawn_on_by_keyboard_too(qtbot: QtBot) -> None:
    panel = shown(qtbot, Run(digits()))
    panel.board.setFocus()
    QTest.keyClick(panel.board, Qt.Key.Key_Up)
    assert panel.board.empty
    QTest.keyClick(panel.board, Qt.Key.Key_Space)
    dot = panel.board.seen()
    assert dot.sum() > 0.5
    for _ in range(3):
        QTest.keyClick(panel.board, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert panel.board.seen().sum() > dot.sum() + 2
    QTest.keyClick(panel.board, Qt.Key.Key_Delete)
    assert panel.board.empty


def test_a_test_row_is_put_on_the_board_as_it_is(qtbot: QtBot) -> None:
    run = finished(digits())
    panel = shown(qtbot, run)
    panel.example.click()
    row = int(run.prepared.test_rows[0])
    assert panel.board.seen() == pytest.approx(run.prepared.data.inputs[row, 0], abs=1 / 255)
    asked = ask(run, panel._row())
    assert asked.predicted == run.predict(run.prepared.data.inputs[[row]]).argmax()
    assert f"row {row:,}, in truth {run.prepared.data.targets[row]}" == panel.answer._truth
    drag(panel.board, (0.1, 0.1), (0.2, 0.2))
    assert panel.answer._truth == ""


def test_centring_puts_the_centre_of_mass_into_the_middle() -> None:
    fine = np.zeros((280, 280))
    fine[10:60, 20:40] = 1.0
    found = ink.reduced(ink.centred(fine), 28, 28)
    weight = found.sum()
    middle = [(found.sum(axis=axis) * (np.arange(28) + 0.5)).sum() / weight for axis in (1, 0)]
    assert middle == pytest.approx([14, 14], abs=0.1)
    rows = np.flatnonzero(found.max(axis=1) > 0.05)
    assert rows[-1] - rows[0] + 1 == 20
    assert ink.centred(np.zeros((280, 280))).sum() == 0


def test_ink_takes_the_values_of_the_data() -> None:
    pictures = np.full((20, 1, 10, 10), 255, np.uint8)
    pictures[:, :, 4:6, 4:6] = 0  # dark ink on white paper
    data = Data(pictures, np.arange(20) % 2, "classification", (), ("a", "b"))
    paper = ink.paper_of(data)
    assert paper == Paper(10, 10, 255.0, 0.0)
    drawn = np.zeros((10, 10))
    drawn[0, 0], drawn[0, 1] = 1.0, 0.5
    row = ink.row_of(drawn, paper, data)
    assert row.dtype == np.uint8 and row.shape == (1, 10, 10)
    assert row[0, 0, :3].tolist() == [0, 128, 255]
    assert ink.ink_of(row, paper) == pytest.approx(drawn, abs=1 / 255)
    assert ink.paper_of(prepare(DataSettings(dataset("Digits"))).data) == Paper(8, 8, 0.0, 1.0)
    assert ink.paper_of(prepare(DataSettings(dataset("Iris"))).data) is None
    colour = Data(np.zeros((4, 3, 8, 8), np.uint8), np.zeros(4, np.int64), "classification", (), ("a", "b"))
    assert ink.paper_of(colour) is None and kind_of(colour)[0] == ""


# -- a row ---------------------------------------------------------------------------------------------------------


def test_a_row_is_filled_in_and_answered_while_it_is(qtbot: QtBot) -> None:
    run = finished(iris(epochs=60))
    panel = shown(qtbot, run)
    X, _ = load_iris(return_X_y=True)
    train = X[run.prepared.train_rows]
    assert panel.form.row() == pytest.approx(train.mean(axis=0), rel=1e-3)
    box = panel.form.boxes["petal length (cm)"]
    box.selectAll()
    QTest.keyClicks(box, "1.3")
    row = panel.form.row()
    assert row is not None and row[2] == 1.3
    output = run.predict(row[None])[0]
    shares = np.exp(output) / np.exp(output).sum()
    name = run.prepared.data.class_names[int(shares.argmax())]
    assert panel.answer.words.startswith(f"{name} {100 * shares.max():.1f} %")
    slider = panel.form.sliders["petal width (cm)"]
    slider.setValue(slider.maximum())
    row = panel.form.row()
    assert row is not None and row[3] == train[:, 3].max()
    box.selectAll()
    QTest.keyClicks(box, "many")
    assert panel.form.row() is None and box.property("wrong") is True
    panel.blank.click()
    assert panel.form.row() == pytest.approx(train.mean(axis=0), rel=1e-3) and not box.property("wrong")


def test_a_test_row_keeps_all_its_digits(qtbot: QtBot) -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    training = TrainingSettings(optimizer=optimizer("Adam"), epochs=1)
    run = finished(Project(graph, DataSettings(dataset("Diabetes")), training))
    panel = shown(qtbot, run)
    panel.example.click()
    panel.example.click()
    row = int(run.prepared.test_rows[1])
    assert (panel.form.row() == run.prepared.data.inputs[row]).all()
    expected = float(run.predict(run.prepared.data.inputs[[row]])[0, 0])
    assert panel.answer.words == f"progression: {expected:.3g}".replace("-", "−")


def test_categories_are_one_list(qtbot: QtBot, tmp_path: Path) -> None:
    run = finished(table(tmp_path / "sales.csv"))
    features = {feature.name: feature for feature in features_of(run.prepared)}
    assert list(features) == ["age", "children", "colour"]
    assert features["children"].whole and (features["children"].low, features["children"].high) == (0, 4)
    assert set(features["colour"].words) == {"red", "green", "blue"}
    panel = shown(qtbot, run)
    choice = panel.form.lists["colour"]
    for word in ("red", "green"):
        choice.setCurrentIndex(choice.findText(word))
        choice.activated.emit(choice.currentIndex())
        row = panel.form.row()
        assert row is not None
        named = dict(zip(run.prepared.data.feature_names, row.tolist(), strict=True))
        assert named[f"colour = {word}"] == 1
        assert sum(value for name, value in named.items() if name.startswith("colour")) == 1
    panel.form.sliders["children"].setValue(3)
    assert panel.form.boxes["children"].text() == "3"
    assert nameless(panel) == []


# -- text ----------------------------------------------------------------------------------------------------------


def test_a_text_is_continued_and_the_seed_decides(qtbot: QtBot, tmp_path: Path) -> None:
    run = finished(story(tmp_path / "story.txt"))
    panel = shown(qtbot, run)
    page = panel.text
    assert page.goes_on and not panel.answer.isVisible()
    texts = []
    for seed in ("5", "5", "6"):
        page.entry.setPlainText("The quick ")  # capital letters were never seen
        page.seed.set_text(seed)
        page.length.set_text("40")
        QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: page.continuation is None)
        texts.append(page.story.toPlainText())
    assert texts[0].startswith("the quick ") and len(texts[0]) == 50
    assert texts[0] == texts[1] != texts[2]
    data = run.prepared.data
    alone = Continuation(data, "the quick ", length=40, seed=5)
    while not alone.done:
        alone.go_on(run)
    assert alone.text == texts[0]


def test_a_continuation_is_stopped_and_what_is_wrong_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    panel = shown(qtbot, Run(story(tmp_path / "story.txt")))
    page = panel.text
    page.entry.setPlainText("7 foxes")
    assert page.wrong.isVisible() and "'7' is not among" in page.wrong.text()
    page.button.click()
    assert page.continuation is None
    page.entry.setPlainText("the ")
    assert not page.wrong.isVisible()
    page.temperature.set_text("warm")
    page.button.click()
    assert page.continuation is None and page.wrong.text().startswith("Temperature needs a number.")
    page.temperature.set_text("1")
    page.length.set_text("90000")
    page.button.click()
    assert page.button.text() == "Stop" and page.continuation is not None
    page.button.click()
    assert page.button.text() == "Continue" and page.continuation is None


def test_the_likeliest_token_is_taken_without_temperature(tmp_path: Path) -> None:
    run = finished(story(tmp_path / "story.txt", epochs=3))
    data = run.prepared.data
    cold = Continuation(data, "the quick brown fox", length=5, temperature=0.0)
    one = Continuation(data, "the quick brown fox", length=5, most_likely=1, seed=9)
    row, last = row_of(tokens_of("the quick brown fox", data.vocabulary), data)
    assert last == 11 and "".join(data.vocabulary[k] for k in row) == "k brown fox"[-12:].rjust(12, "c")
    first = data.vocabulary[int(run.predict(row[None])[0, :, last].argmax())]
    while not (cold.done and one.done):
        cold.go_on(run)
        one.go_on(run)
    assert cold.text == one.text and cold.text[19] == first


def test_a_short_text_is_filled_up_behind_where_the_network_looks_back_only(tmp_path: Path) -> None:
    data = prepare(story(tmp_path / "story.txt").data).data
    row, last = row_of(tokens_of("fox", data.vocabulary), data)
    assert last == 2 and len(row) == 12 and row[:3].tolist() == tokens_of("fox", data.vocabulary)
    single = Data(data.inputs, data.targets[:, -1], "classification", (), data.class_names, vocabulary=data.vocabulary)
    row, last = row_of(tokens_of("fox", data.vocabulary), single)
    assert last == 11 and row[-3:].tolist() == tokens_of("fox", data.vocabulary)


def test_tokens_are_the_longest_that_fit() -> None:
    vocabulary = ("", "a", "an", "and", " ", "<unk>")
    assert tokens_of("and an a?", vocabulary) == [3, 4, 2, 4, 1, 5]
    with pytest.raises(UnknownText, match="'\\?' is not among the 2"):
        tokens_of("a?", ("a", "b"))


def test_a_text_is_classified_while_it_is_typed(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "good film,up\nbad film,down\ngood book,up\nbad book,down\n" * 10)
    data = dataset("TextClassification", path=str(path))
    graph = chain(
        layer("Input"),
        layer("Embedding", num_embeddings=6, embedding_dim=4),
        layer("Flatten"),
        layer("Linear", out_features=2),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    training = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=20)
    run = finished(Project(graph, DataSettings(data), training))
    panel = shown(qtbot, run)
    assert not panel.text.goes_on and not panel.text.story.isVisible()
    for text, label in (("Bad book", "down"), ("good unheard film", "up")):
        panel.text.entry.clear()
        QTest.keyClicks(panel.text.entry, text)
        assert panel.answer.words.startswith(label)
    row = classified_row("Bad unheard book", run.prepared.data)
    assert (row == data.encode_texts(["Bad unheard book"])[0]).all()


# -- while it trains, and in the window ----------------------------------------------------------------------------


def test_the_answer_follows_the_training_and_changes_nothing(qtbot: QtBot) -> None:
    document = Document(digits(epochs=20))
    panel = TryItPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    training = Training(document, [panel])
    with qtbot.waitSignal(training.pulled):
        pass
    panel.example.click()
    before = panel.answer.words
    assert before
    training.train()
    qtbot.waitUntil(lambda: panel.answer.words != before)
    panel.example.click()
    qtbot.waitUntil(lambda: training.state == "idle")
    assert training.run is not None
    alone = finished(digits(epochs=20))
    row = int(alone.prepared.test_rows[1])
    assert panel.board.seen() == pytest.approx(alone.prepared.data.inputs[row, 0], abs=1 / 255)
    for own, other in zip(training.run.network.parameters(), alone.network.parameters(), strict=True):
        assert (own == other).all()
    training.shut_down()


def test_a_network_that_is_too_large_is_not_waited_for(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_it, "MOST_WORK", 10)
    panel = shown(qtbot, Run(digits()))
    drag(panel.board, (0.5, 0.1), (0.5, 0.9))
    assert "too large to answer while you wait" in panel.answer.words
    panel = shown(qtbot, Run(story(tmp_path / "story.txt")))
    panel.text.entry.setPlainText("the ")
    panel.text.button.click()
    assert panel.text.continuation is None and "too large" in panel.text.wrong.text()


def test_a_file_is_predicted_beside_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    run = finished(iris(epochs=20, device="cpu"))
    document = Document(run.project, None, run.checkpoint())
    window = TryItPanel(document)
    qtbot.addWidget(window)
    predicting = FilePrediction(document, window)
    X, _ = load_iris(return_X_y=True)
    np.save(tmp_path / "rows.npy", X[::30])
    with qtbot.waitSignal(predicting.finished, timeout=60_000) as told:
        predicting.start(tmp_path / "rows.npy", tmp_path / "out.csv")
    assert told.args == ["out.csv is written: 5 predictions."]
    names, *lines = csv.reader((tmp_path / "out.csv").read_text("utf-8").splitlines())
    classes = run.prepared.data.class_names
    assert names[0] == "prediction" and [line[0] for line in lines] == [
        classes[k] for k in run.predict(X[::30]).argmax(1)
    ]
    (tmp_path / "wrong.npy").write_bytes(b"no array")
    with qtbot.waitSignal(predicting.refused, timeout=60_000) as told:
        predicting.start(tmp_path / "wrong.npy", tmp_path / "not.csv")
    assert "wrong.npy cannot be read as an array" in told.args[0] and not (tmp_path / "not.csv").exists()


def test_models_are_compared_beside_the_window(qtbot: QtBot) -> None:
    run = finished(iris(epochs=20, device="cpu"))
    dialog = ComparisonDialog(Document(run.project, None, run.checkpoint()))
    qtbot.addWidget(dialog)
    dialog.show()
    with qtbot.waitSignal(dialog.ended, timeout=60_000):
        dialog.start()
    assert dialog.table.rowCount() == 5 and dialog.table.item(0, 0).text() == "Network"
    assert dialog.table.horizontalHeaderItem(1).text() == "Accuracy, test"
    accuracy = run.evaluate()["test"]["accuracy"]
    assert dialog.table.item(0, 1).text().startswith(f"{100 * accuracy:.1f} %  (")
    assert "with 30 test rows that is" in dialog.verdict.text()
    assert dialog.numbers()["test accuracy"][0] == pytest.approx(accuracy)
    assert nameless(dialog) == []
    dialog.start()
    dialog.stop.click()
    assert not dialog.busy and dialog.status.text() == "Called off."
