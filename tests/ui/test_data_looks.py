"""What the data panel shows of rows and lets one do with them: columns, findings, augmentations, previews, painting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from nnstudio.core.data import Data
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.data import Part, Prepared, Scaling, prepare
from nnstudio.engine.data_report import report
from nnstudio.library.augmentations.gaussian_noise import GaussianNoise
from nnstudio.library.augmentations.random_rotation import RandomRotation
from nnstudio.library.datasets.digits import Digits
from nnstudio.library.datasets.iris import Iris
from nnstudio.library.datasets.painted_curve import PaintedCurve
from nnstudio.library.datasets.painted_points import PaintedPoints
from nnstudio.library.datasets.table_file import TableFile
from nnstudio.library.datasets.text_characters import TextCharacters
from nnstudio.library.datasets.time_series import TimeSeries
from nnstudio.library.datasets.wine import Wine
from nnstudio.library.layers.input import Input
from nnstudio.library.layers.linear import Linear
from nnstudio.library.layers.output import Output
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss
from nnstudio.library.optimizers.adam import Adam
from nnstudio.ui import theme
from nnstudio.ui.data_panel import DataPanel
from nnstudio.ui.data_panel.column_roles import role_of, with_role
from nnstudio.ui.data_panel.findings import remedy
from nnstudio.ui.data_panel.painting import Painting
from nnstudio.ui.data_panel.rows_table import RowsTable
from nnstudio.ui.document import Document
from nnstudio.ui.forms.texts import read_texts, texts_text
from nnstudio.ui.memory import Memory

LEFT, RIGHT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def show(qtbot, tmp_path):
    """A panel on this dataset, once everything has been read and looked at."""

    def shown(dataset: Dataset | None, width: int = 360, **settings: object) -> DataPanel:
        graph, first = Graph().add(Input())
        graph, linear = graph.add(Linear(out_features=2))
        graph, last = graph.add(Output(loss=CrossEntropyLoss()))
        graph = graph.wire(first, linear).wire(linear, last)
        document = Document(Project(graph, DataSettings(dataset, **settings), TrainingSettings(Adam())))
        memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
        panel = DataPanel(document, memory)
        qtbot.addWidget(panel)
        panel.resize(width, 1400)
        panel.show()
        settled(qtbot, panel)
        return panel

    return shown


def settled(qtbot, panel: DataPanel) -> None:
    qtbot.waitUntil(
        lambda: (
            panel.document.loading.state != "reading"
            and panel.looking._errand is None
            and panel.columns._errand is None
            and (not panel.looking._key or panel.looking.newest is not None)
        ),
        timeout=20_000,
    )


@pytest.fixture
def people(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    lines = ["customer,age,city,premium,code,bought"]
    for i in range(200):
        bought = int(random.integers(0, 2))
        city = random.choice(["Bern", "Rome", "Oslo"])
        lines.append(f"{1000 + i},{random.integers(18, 80)},{city},{'yes' if bought else 'no'},7,{bought}")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines))
    return path


# -- columns -----------------------------------------------------------------------------------------------------------


def _place(panel: DataPanel, name: str) -> int:
    return next(i for i, column in enumerate(panel.columns.columns) if column.name == name)


def test_columns_of_a_table_are_listed_and_corrected_with_the_mouse(qtbot, show, people):
    panel = show(TableFile(path=str(people)))
    columns = panel.columns
    assert [column.name for column in columns.columns] == ["customer", "age", "city", "premium", "code", "bought"]
    place = _place(panel, "age")
    assert columns.role(_place(panel, "bought")) == "target"
    spot = columns.chip(place).center().toPoint()
    QTest.mouseClick(columns.viewport(), LEFT, NO_KEYS, spot)
    menu = panel.findChild(QMenu, "column_kinds")
    action = next(action for action in menu.actions() if action.data() == "categories")
    QTest.mouseClick(menu, LEFT, NO_KEYS, menu.actionGeometry(action).center())
    assert panel.document.project.data.dataset.categories == ("age",)
    assert panel.document.undo_label == "Take age for category"
    settled(qtbot, panel)
    assert columns.words(place) == "Category"
    assert any(name.startswith("age = ") for name in panel.document.prepared().data.feature_names)
    panel.document.undo()
    assert panel.document.project.data.dataset.categories == ()


def test_columns_by_keyboard(qtbot, show, people):
    panel = show(TableFile(path=str(people)))
    columns = panel.columns
    columns.setFocus()
    QTest.keyClick(columns, Qt.Key.Key_Down)
    assert "age" in columns.accessibleDescription()
    QTest.keyClick(columns, Qt.Key.Key_Return)
    menu = panel.findChild(QMenu, "column_kinds")
    next(action for action in menu.actions() if action.data() == "ignored").trigger()
    menu.close()
    assert panel.document.project.data.dataset.ignored == ("age",)


def test_another_target(qtbot, show, people):
    panel = show(TableFile(path=str(people)))
    panel.columns.take(_place(panel, "city"), "target")
    settled(qtbot, panel)
    assert panel.document.prepared().data.class_names == ("Bern", "Oslo", "Rome")
    assert panel.columns.role(_place(panel, "bought")) == ""


def test_a_role_is_in_one_place_at_a_time():
    dataset: object = TableFile()
    for role in ("numbers", "categories", "ignored", "group_column", "target", "dates", "time_column"):
        dataset = with_role(dataset, "x", role)
        assert role_of(dataset, "x", "last") == role
    assert with_role(dataset, "x", "") == TableFile()
    assert role_of(TableFile(), "last", "last") == "target"


@pytest.mark.parametrize("texts", [(), ("a",), ("a b", "c"), ("x,y", 'q"r'), (" s ", " "), ("",), ("a\nb", "é")])
def test_texts_as_one_line(texts):
    assert read_texts(texts_text(texts)) == texts


def test_texts_that_are_typed():
    assert read_texts(' age ,  "last, first" ') == ("age", "last, first")
    assert read_texts("") == ()
    with pytest.raises(ValueError, match="closed"):
        read_texts('a, "b')


# -- findings ----------------------------------------------------------------------------------------------------------


def test_a_planted_leak_is_left_out_with_one_click(qtbot, show, people):
    panel = show(TableFile(path=str(people)))
    assert [finding.kind for finding in panel.findings.shown] == ["leak", "identifier"]
    card = panel.findings.cards[0]
    assert "“premium” tells bought alone" in card.accessibleName()
    QTest.mouseClick(card.buttons[0], LEFT)
    assert panel.document.project.data.dataset.ignored == ("premium",)
    settled(qtbot, panel)
    (card,) = panel.findings.cards
    QTest.mouseClick(card.buttons[0], LEFT)
    assert panel.document.project.data.dataset.ignored == ("premium", "customer")
    settled(qtbot, panel)
    assert {finding.severity for finding in panel.findings.shown} <= {"note"}  # few columns meet by chance
    panel.document.undo()
    panel.document.undo()
    settled(qtbot, panel)
    assert len(panel.findings.cards) == 2


def test_nothing_is_said_of_iris(show):
    panel = show(Iris())
    assert panel.findings.shown == ()


def test_scales_are_mended_by_standardising(qtbot, show):
    panel = show(Wine(), standardise=False)
    (card,) = panel.findings.cards
    QTest.mouseClick(card.buttons[0], LEFT)
    assert panel.document.project.data.standardise
    settled(qtbot, panel)
    assert panel.findings.shown == ()


def test_where_columns_cannot_be_ignored_the_input_does_not_take_them(show):
    panel = show(Wine(), standardise=False)
    finding = panel.findings.shown[0]
    data = panel.document.prepared().data
    change = remedy(panel.document.project, replace(finding, remedy="leave_out", columns=(2,)), data)
    layer = change.project.graph.nodes["n1"].layer
    assert layer.features == tuple(i for i in range(13) if i != 2)


def test_rare_classes_are_weighed(qtbot, show, tmp_path):
    path = tmp_path / "rare.csv"
    random = np.random.default_rng(0)
    path.write_text(
        "a,kind\n" + "\n".join(f"{random.normal():.5f},{'rare' if i % 50 == 7 else 'usual'}" for i in range(1000))
    )
    panel = show(TableFile(path=str(path)))
    card = next(card for card in panel.findings.cards if "rare" in card.accessibleName())
    QTest.mouseClick(card.buttons[0], LEFT)
    assert panel.document.project.training.class_weights
    assert panel.form.fields["class_weights"].box.isChecked()
    settled(qtbot, panel)
    assert "imbalance" not in {finding.kind for finding in panel.findings.shown}


# -- split -------------------------------------------------------------------------------------------------------------


def test_validation_and_split_with_row_counts(qtbot, show):
    panel = show(Iris())
    field = panel.form.fields["validation_share"]
    field.editor.setFocus()
    field.editor.selectAll()
    QTest.keyClicks(field.editor, "0.25")
    QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert panel.document.project.data.validation_share == 0.25
    assert panel.facts.texts()["Validation"] == "30 rows"
    assert (panel.form.validation.note.text(), panel.form.test.note.text()) == ("30 rows", "30 rows")
    box = panel.form.fields["split"].box
    assert box.itemText(0) == "Random"
    place = box.findText("Stratified")
    box.setCurrentIndex(place)
    box.activated.emit(place)
    assert type(panel.document.project.data.split).__name__ == "StratifiedSplit"
    settled(qtbot, panel)
    assert panel.balance.tip(0) == "setosa: 50 (30 train, 10 validation, 10 test)"


# -- augmentations -----------------------------------------------------------------------------------------------------


def test_augmentations_are_added_moved_set_and_removed(qtbot, show):
    panel = show(Digits())
    part = panel.augmentations
    part.menu.aboutToShow.emit()
    titles = [action.text() for action in part.menu.actions()]
    assert RandomRotation.title in titles
    for kind in (RandomRotation, GaussianNoise):
        part.menu.aboutToShow.emit()
        next(action for action in part.menu.actions() if action.text() == kind.title).trigger()
    settings = panel.document.project.data
    assert settings.augmentations == (RandomRotation(), GaussianNoise())
    assert panel.document.undo_label == f"Add {GaussianNoise.title}"
    QTest.mouseClick(part.items[1].up, LEFT)
    assert panel.document.project.data.augmentations == (GaussianNoise(), RandomRotation())
    part.items[1].form.edited.emit("degrees", 45.0)
    assert panel.document.project.data.augmentations[1].degrees == 45.0
    QTest.mouseClick(part.items[0].delete, LEFT)
    assert panel.document.project.data.augmentations == (RandomRotation(degrees=45.0),)
    assert part.preview.isVisible()
    for _ in range(5):
        panel.document.undo()
    assert panel.document.project.data.augmentations == ()
    assert part.items == []
    assert not part.preview.isVisible()


def test_the_preview_of_augmentations_is_what_they_do_and_draws_nothing_else(show):
    panel = show(Digits(), augmentations=(RandomRotation(),))
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    preview = panel.augmentations.preview
    preview.draw_again()
    assert torch.equal(torch.rand(3), expected)
    original = torch.from_numpy(preview.draws[0])
    assert original.shape == (8, 1, 8, 8)
    assert len(preview.draws) == 4
    generator = torch.Generator().manual_seed(preview.seed)
    for draw in preview.draws[1:]:
        assert np.array_equal(RandomRotation().apply(original.clone(), generator).numpy(), draw)
        assert not np.array_equal(draw, preview.draws[0])


def test_tables_have_no_augmentation_that_is_for_pictures(show):
    panel = show(Iris())
    assert RandomRotation not in panel.augmentations.fitting()


# -- previews ----------------------------------------------------------------------------------------------------------


def test_ten_million_rows_scroll(qtbot):
    rows = 10_000_000
    inputs = np.broadcast_to(np.arange(3, dtype=np.float32), (rows, 3))
    data = Data(inputs, np.broadcast_to(np.int64(1), rows), "classification", ("a", "b", "c"), ("no", "yes"))
    every = np.arange(rows)
    scaling = Scaling()
    parts = Part(data, scaling, every[1:]), Part(data, scaling, every[:0]), Part(data, scaling, every[:1])
    table = RowsTable()
    qtbot.addWidget(table)
    table.resize(300, 200)
    table.show()
    table.renew(Prepared(data, scaling, *parts))
    table.scrollToBottom()
    table.grab()
    assert table.rows.rowCount() == rows
    assert table.indexAt(QPoint(5, table.viewport().height() - 5)).row() == rows - 1
    assert [table.rows.text(0, i) for i in range(5)] == ["yes", "test", "0", "1", "2"]


def test_original_and_scaled_numbers(qtbot, show):
    panel = show(Wine())
    page, prepared = panel.preview.rows_page, panel.document.prepared()
    assert float(page.table.rows.text(4, 2)) == pytest.approx(prepared.data.inputs[4, 0], rel=1e-4)
    QTest.mouseClick(page.switch.button("scaled"), LEFT)
    assert float(page.table.rows.text(4, 2)) == pytest.approx(
        float(prepared.scaled(prepared.data.inputs[4:5])[0, 0]), rel=1e-4
    )


def test_ways_to_look_at_rows(qtbot, show, tmp_path):
    panel = show(Wine())
    assert panel.preview.switch.keys() == ["rows", "histograms"]
    QTest.mouseClick(panel.preview.switch.button("histograms"), LEFT)
    assert panel.preview.histograms.count() == 13
    panel.grab()
    assert panel.preview.histograms.painted
    panel.document.edit("Iris", panel.document.project.with_data(dataset=Iris()))
    settled(qtbot, panel)
    assert panel.preview.way == "histograms"  # what was chosen stays
    assert panel.preview.histograms.count() == 4
    panel.document.edit("Target", panel.document.project.with_data(dataset=registered(Dataset)["Diabetes"]()))
    settled(qtbot, panel)
    assert panel.preview.switch.keys() == ["rows", "histograms", "target"]


def test_images_by_class_and_only_those_in_sight(qtbot, show):
    panel = show(Digits())
    grid, page = panel.preview.images, panel.preview.images_page
    targets = panel.document.prepared().data.targets
    assert [int(targets[grid.row_at(i)]) for i in range(20)] == [*range(10), *range(10)]
    panel.grab()
    assert 0 < len(grid._made) < 400
    page.box.setCurrentIndex(8)
    page.box.activated.emit(8)
    assert grid.count() == int((targets == 7).sum())
    assert {int(targets[grid.row_at(i)]) for i in range(grid.count())} == {7}
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    grid.grab()
    assert grid.count() - 1 in grid.painted


def test_text_as_tokens(qtbot, show, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the quick brown fox jumps over the lazy dog\n" * 60)
    panel = show(TextCharacters(path=str(path), context=16))
    assert panel.preview.way == "text"
    panel.grab()
    assert panel.preview.text.tip(0) == "the quick brown "
    assert panel.preview.text._target(0) == "f"


def test_a_series_window_by_window(qtbot, show, tmp_path):
    path = tmp_path / "series.csv"
    path.write_text("load,heat\n" + "\n".join(f"{i},{i % 7}" for i in range(200)))
    panel = show(TimeSeries(path=str(path), target="load", length=10))
    assert panel.preview.way == "series"
    page, prepared = panel.preview.series_page, panel.document.prepared()
    page.slider.setValue(5)
    assert np.allclose(page.curves[0].ys, prepared.scaled(prepared.data.inputs[5:6])[0, :, 0])
    assert page.slider.maximum() == prepared.data.rows - 1


@pytest.mark.parametrize("shown", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [280, 1000])
def test_it_can_be_painted_at_every_width_and_in_both_themes(qapp, show, people, shown, width):
    theme.apply(qapp, shown)
    panel = show(TableFile(path=str(people)), width=width)
    assert panel.content.wide == (width > 720)
    assert not panel.grab().isNull()
    assert panel.content.minimumSizeHint().width() <= width
    theme.apply(qapp, theme.LIGHT)


# -- painting ----------------------------------------------------------------------------------------------------------


def _stroke(painting: Painting, start: tuple[float, float], end: tuple[float, float], button=LEFT) -> None:
    begin, finish = (painting.to_widget(*place).toPoint() for place in (start, end))
    QTest.mousePress(painting, button, NO_KEYS, begin)
    for step in range(1, 11):
        QTest.mouseMove(painting, begin + (finish - begin) * (step / 10))
    QTest.mouseRelease(painting, button, NO_KEYS, finish)


def _points(panel: DataPanel, width: int) -> np.ndarray:
    return np.array(panel.document.project.data.dataset.points).reshape(-1, width)


def test_a_stroke_is_one_edit(qtbot, show):
    panel = show(PaintedPoints(points=()))
    assert panel.preview.way == "painting"  # also while there is nothing to read
    painting = panel.preview.painting_page.painting
    QTest.mouseClick(panel.preview.painting_page.classes.button("1"), LEFT)
    _stroke(painting, (-0.5, -0.5), (0.5, -0.5))
    points = _points(panel, 3)
    assert len(points) > 5
    assert set(points[:, 2]) == {1.0}
    assert np.allclose(points[:, 1], -0.5, atol=0.02)
    assert points[:, 0].min() < -0.45 and points[:, 0].max() > 0.4
    assert panel.document.undo_label == "Paint points"
    panel.document.undo()
    assert panel.document.project.data.dataset.points == ()
    panel.document.redo()
    qtbot.waitUntil(lambda: len(painting.points) == len(points))


def test_the_right_button_and_the_eraser_remove_points(show):
    panel = show(PaintedPoints(points=(-0.5, 0.0, 0.0, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0)))
    page = panel.preview.painting_page
    _stroke(page.painting, (-0.6, 0.0), (-0.4, 0.0), RIGHT)
    assert _points(panel, 3)[:, 0].tolist() == [0.0, 0.5]
    assert panel.document.undo_label == "Erase points"
    QTest.mouseClick(page.eraser, LEFT)
    _stroke(page.painting, (0.5, 0.0), (0.5, 0.01))
    assert _points(panel, 3)[:, 0].tolist() == [0.0]
    QTest.mouseClick(page.clear, LEFT)
    assert len(_points(panel, 3)) == 0
    panel.document.undo()
    assert len(_points(panel, 3)) == 1


def test_brushes_leave_more_points(show):
    counts = {}
    for brush in ("fine", "medium", "broad"):
        panel = show(PaintedPoints(points=()))
        page = panel.preview.painting_page
        QTest.mouseClick(page.brushes.button(brush), LEFT)
        QTest.mouseClick(page.painting, LEFT, NO_KEYS, page.painting.to_widget(0, 0).toPoint())
        counts[brush] = len(_points(panel, 3))
    assert counts == {"fine": 1, "medium": 4, "broad": 10}


def test_painting_by_keyboard(show):
    panel = show(PaintedPoints(points=()))
    painting = panel.preview.painting_page.painting
    painting.setFocus()
    for _ in range(4):
        QTest.keyClick(painting, Qt.Key.Key_Right)
    QTest.keyClick(painting, Qt.Key.Key_Up)
    QTest.keyClick(painting, Qt.Key.Key_2)
    QTest.keyClick(painting, Qt.Key.Key_Space)
    assert _points(panel, 3).tolist() == [[0.2, 0.05, 1.0]]
    QTest.keyClick(painting, Qt.Key.Key_Delete)
    assert len(_points(panel, 3)) == 0


def test_a_curve_has_one_value_for_each_x(show):
    panel = show(PaintedCurve(points=()))
    painting = panel.preview.painting_page.painting
    _stroke(painting, (-0.8, 0.5), (0.8, 0.5))
    first = len(_points(panel, 2))
    _stroke(painting, (-0.8, -0.5), (0.8, -0.5))
    points = _points(panel, 2)
    assert (np.diff(points[:, 0]) > 0).all()
    assert first > 5
    assert np.median(points[:, 1]) == pytest.approx(-0.5, abs=0.03)
    assert not panel.preview.painting_page.classes.isVisible()


def test_another_class(show):
    panel = show(PaintedPoints())
    page = panel.preview.painting_page
    QTest.mouseClick(page.more, LEFT)
    assert panel.document.project.data.dataset.class_names[2] == "class 3"
    QTest.mouseClick(page.painting, LEFT, NO_KEYS, page.painting.to_widget(0.9, 0.9).toPoint())
    assert _points(panel, 3)[-1, 2] == 2


def test_what_is_painted_is_what_is_learned(show):
    panel = show(PaintedPoints())
    prepared = prepare(panel.document.project.data)
    assert np.array_equal(prepared.data.inputs, _points(panel, 3)[:, :2])
    assert report(prepared) is not None
    assert QPointF(panel.preview.painting_page.painting.to_widget(0, 0)).x() > 0
