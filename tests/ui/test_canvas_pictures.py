"""The live pictures: measured from a Run between two steps, painted on the nodes that changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from nnstudio.core.data import Data
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Layer, Loss, Optimizer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.data import Part, Prepared, Scaling, prepare
from nnstudio.engine.run import Run
from nnstudio.ui import theme
from nnstudio.ui.canvas import pictures
from nnstudio.ui.canvas.pictures import Picture, measure_pictures, preview_pictures
from nnstudio.ui.canvas.scene import Scene
from nnstudio.ui.canvas.sketch import Sketch
from ui.canvas_projects import make


@pytest.fixture
def run(project) -> Run:
    run = Run(project)
    for _ in run.snapshots(steps=5):
        pass
    return run


def digits() -> Project:
    graph = Graph()
    for layer in (
        make(Layer, "Input"),
        make(Layer, "Conv2d", out_channels=4),
        make(Layer, "ReLU"),
        make(Layer, "Flatten"),
        make(Layer, "Linear", out_features=10),
        make(Layer, "Output", loss=make(Loss, "CrossEntropyLoss")),
    ):
        graph, node = graph.add(layer)
        if node.id != "n1":
            graph = graph.wire(f"n{len(graph.nodes) - 1}", node)
    return Project(graph, DataSettings(make(Dataset, "Digits")), TrainingSettings(optimizer=make(Optimizer, "Adam")))


def test_every_kind_of_node_has_its_picture(run):
    found = measure_pictures(run, run.project.graph.nodes)
    assert {node_id: picture.kind for node_id, picture in found.items()} == {
        "n1": "points",
        "n2": "heat",
        "n3": "histogram",
        "n4": "histogram",
        "n5": "heat",
        "n6": "heat",
        "n7": "curve",
    }
    assert found["n1"].caption == "250 rows"
    assert found["n7"].caption == f"loss {run.history.step_losses[-1]:.3g}" or found["n7"].caption.startswith("loss ")


def test_looking_changes_nothing(project):
    looked, plain = Run(project), Run(project)
    for _ in range(4):
        for _ in looked.snapshots(steps=2):
            pass
        measure_pictures(looked, project.graph.nodes)
        for _ in plain.snapshots(steps=2):
            pass
    for mine, other in zip(looked.network.parameters(), plain.network.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert looked.network.training


def test_the_sign_of_a_weight_is_kept_and_zero_stays_in_the_middle():
    values = torch.tensor([[2.0, -4.0, 0.0], [1.0, 4.0, -1.0]])
    picture = pictures.weight_picture(values)
    assert picture.values.tolist() == [[64, -127, 0], [32, 127, -32]]
    assert (picture.low, picture.high) == (-4.0, 4.0)


def test_a_large_matrix_is_averaged_down_and_laid_on_its_side():
    picture = pictures.weight_picture(torch.randn(1000, 30, generator=torch.Generator().manual_seed(0)))
    assert picture.values.shape == (pictures.ROWS, pictures.COLUMNS)
    assert pictures.weight_picture(torch.ones(8, 2)).values.shape == (2, 8)


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_weights_of_one_odd_value_are_a_picture_too(value):
    picture = pictures.weight_picture(torch.full((3, 3), value))
    assert picture.values.shape == (3, 3)
    assert picture.values.dtype == np.int8


def test_filters_and_feature_maps_are_tiles(qapp):
    run = Run(digits())
    found = measure_pictures(run, run.project.graph.nodes)
    assert found["n1"].kind == "images"
    assert found["n1"].values.shape == (pictures.MAPS, 8, 8)
    assert found["n2"].values.shape == (4, 3, 3)
    assert found["n3"].values.shape == (4, 6, 6)


def test_dead_units_are_counted():
    output = torch.zeros(20, 5)
    output[3, 1] = 1.0
    output[4, 2] = 2.0
    picture = pictures.activation_picture(output, rectified=True)
    assert picture is not None
    assert (picture.caption, picture.alarm) == ("3 dead", True)
    assert pictures.activation_picture(output, rectified=False).caption == ""


def test_outputs_that_are_not_numbers_are_said():
    picture = pictures.activation_picture(torch.full((4, 2), float("nan")))
    assert picture is not None
    assert (picture.caption, picture.alarm) == ("not numbers", True)


def test_nodes_that_the_run_does_not_know_are_left_out(run):
    assert measure_pictures(run, ["n99", "n2"]).keys() == {"n2"}


def test_the_data_is_shown_before_any_training(project):
    assert preview_pictures(project).keys() == {"n1"}
    assert preview_pictures(project.with_data(dataset=None)) == {}


@pytest.mark.parametrize("name", ["Spirals", "AND", "Iris", "Curve1D", "Diabetes", "Digits", "Wine"])
def test_every_sort_of_data_has_a_picture(name):
    picture = pictures.data_picture(prepare(DataSettings(make(Dataset, name))))
    assert picture is not None
    assert picture.caption.endswith("rows")
    if picture.kind == "points":
        assert picture.values.shape == (len(picture.groups), 2)
        assert picture.values.min() >= -1e-6
        assert picture.values.max() <= 1 + 1e-6
        assert len(picture.values) <= pictures.POINTS


def test_data_in_which_nothing_varies_has_no_picture():
    data = Data(np.ones((6, 2)), np.array([0, 1] * 3), "classification", class_names=("a", "b"))
    parts = [Part(data, Scaling(), rows) for rows in (np.arange(6), np.arange(0), np.arange(0))]
    prepared = Prepared(data, Scaling(), *parts)
    assert pictures.data_picture(prepared) is None


def test_only_nodes_that_look_different_are_painted(document, run):
    scene = Scene(document)
    first = measure_pictures(run, run.project.graph.nodes)
    assert set(scene.show_pictures(first)) == set(first)
    again = measure_pictures(run, run.project.graph.nodes)
    assert scene.show_pictures(again) == []
    for _ in run.snapshots(steps=1):
        pass
    after = measure_pictures(run, run.project.graph.nodes)
    assert "n1" not in scene.show_pictures(after)
    assert scene.show_pictures({"n99": first["n2"]}) == []


def test_a_picture_can_be_taken_back(document, run):
    scene = Scene(document)
    scene.show_pictures(measure_pictures(run, ["n3"]))
    assert scene.nodes["n3"].picture is not None
    assert scene.show_pictures({"n3": None}) == ["n3"]
    assert scene.nodes["n3"].picture is None
    assert scene.nodes["n3"].face.amount == ""


@pytest.mark.parametrize("shown", [theme.LIGHT, theme.DARK], ids=lambda shown: shown.name)
def test_positive_is_orange_and_negative_is_blue(qapp, monkeypatch, shown):
    monkeypatch.setattr(theme, "_current", shown)
    picture = Picture("heat", np.array([[-127, 127]], np.int8))
    image = QImage(100, 40, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    Sketch(picture, QRectF(0, 0, 100, 40)).paint(painter)
    painter.end()
    assert image.pixelColor(25, 20) == QColor(shown.negative)
    assert image.pixelColor(75, 20) == QColor(shown.positive)


@pytest.mark.parametrize(
    "picture",
    [
        Picture("histogram", np.linspace(0, 1, 24, dtype=np.float32), low=-1.0, high=1.0),
        Picture("curve", np.array([0.5], np.float32)),
        Picture("curve", np.linspace(1, 0, 66, dtype=np.float32)),
        Picture("points", np.array([[0, 0], [1, 1]], np.float32), groups=np.array([0, 1])),
        Picture("images", np.full((3, 8, 8), 255, np.uint8)),
        Picture("images", np.full((2, 4, 4, 3), 128, np.uint8)),
        Picture("heat", np.full((16, 3, 3), 100, np.int8)),
    ],
    ids=lambda picture: f"{picture.kind}-{picture.values.shape}",
)
def test_every_kind_of_picture_leaves_ink_inside_its_place(qapp, picture):
    image = QImage(120, 80, QImage.Format.Format_RGB32)
    image.fill(QColor("#123456"))
    painter = QPainter(image)
    Sketch(picture, QRectF(20, 20, 80, 40)).paint(painter)
    painter.end()
    inked = [(x, y) for x in range(120) for y in range(80) if image.pixelColor(x, y) != QColor("#123456")]
    assert inked
    assert all(17 <= x <= 102 and 17 <= y <= 63 for x, y in inked)
