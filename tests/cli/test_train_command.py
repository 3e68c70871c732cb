"""`nnstudio train`: figures, files, and going on."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile

import pytest

from engine.projects import chain, dataset, iris, layer, loss, optimizer
from nnstudio.core import container, storage
from nnstudio.core.project import DataSettings, Project, TrainingSettings


def records(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def without_seconds(text: str) -> list[dict]:
    return [{key: value for key, value in record.items() if key not in ("seconds", "file")} for record in records(text)]


def test_the_iris_example_gives_the_published_figures(nnstudio, tmp_path) -> None:
    path = tmp_path / "f"
    assert nnstudio("new", "iris", path).code == 0
    result = nnstudio("train", path, "--json")
    assert result.code == 0 and result.err == ""
    *epochs, done = records(result.out)
    assert [record["epoch"] for record in epochs] == list(range(1, 101))
    assert all(set(record) == {"epoch", "step", "train", "test", "lr", "seconds"} for record in epochs)
    losses = [round(epochs[epoch - 1]["train"]["loss"], 4) for epoch in (20, 40, 60, 80, 100)]
    assert losses == [1.0196, 0.8759, 0.6870, 0.5131, 0.3938]
    assert round(epochs[-1]["test"]["accuracy"], 4) == 0.9333
    assert done["done"] is True
    assert (done["epochs"], done["steps"], done["parameters"], done["file"]) == (100, 100, 739, str(path))
    assert done["test"] == epochs[-1]["test"]


def test_weights_and_curve_go_into_the_file_or_into_another(nnstudio, flowers, tmp_path) -> None:
    before = flowers.read_bytes()
    other = tmp_path / "other.nnstudio"
    assert nnstudio("train", flowers, "--out", other, "--json").code == 0
    assert flowers.read_bytes() == before
    assert nnstudio("train", flowers).code == 0
    first, second = storage.read(flowers).checkpoint, storage.read(other).checkpoint
    assert first is not None and second is not None
    assert len(first.history.epochs) == 6 and len(first.history.step_losses) == 6
    assert all((first.weights[name] == second.weights[name]).all() for name in first.weights)


def test_two_halves_equal_the_whole(nnstudio, flowers, tmp_path) -> None:
    whole = tmp_path / "whole.nnstudio"
    whole.write_bytes(flowers.read_bytes())
    expected = without_seconds(nnstudio("train", whole, "--epochs", 10, "--json").out)
    first = without_seconds(nnstudio("train", flowers, "--epochs", 4, "--json").out)[:-1]
    second = without_seconds(nnstudio("train", flowers, "--epochs", 10, "--json").out)
    assert first + second == expected


def test_trained_to_the_end_it_trains_as_much_again(nnstudio, flowers) -> None:
    nnstudio("train", flowers)
    more = records(nnstudio("train", flowers, "--json").out)
    assert [record["epoch"] for record in more[:-1]] == list(range(7, 13))


def test_another_seed_starts_anew_and_the_same_seed_goes_on(nnstudio, flowers) -> None:
    start = without_seconds(nnstudio("train", flowers, "--json").out)
    anew = without_seconds(nnstudio("train", flowers, "--seed", 1, "--json").out)
    assert anew[0]["epoch"] == 1 and anew[0]["train"] != start[0]["train"]
    assert storage.read(flowers).project.training.seed == 1
    on = without_seconds(nnstudio("train", flowers, "--seed", 1, "--json").out)
    assert on[0]["epoch"] == 7


def test_the_device_is_for_this_time(nnstudio, flowers) -> None:
    project = storage.read(flowers).project
    storage.write(flowers, project.with_training(device="auto"))
    assert nnstudio("train", flowers, "--device", "cpu").code == 0
    assert storage.read(flowers).project.training.device == "auto"


def test_the_picture_in_the_file_is_kept(nnstudio, flowers) -> None:
    storage.write(flowers, storage.read(flowers).project, picture=b"a picture")
    assert nnstudio("train", flowers).code == 0
    assert storage.read(flowers).picture == b"a picture"


def test_without_json_there_are_a_few_lines(nnstudio, flowers) -> None:
    lines = nnstudio("train", flowers, "--epochs", 100).out.splitlines()
    assert 10 <= len(lines) <= 25
    assert "epoch  100" in lines[-3] and "accuracy" in lines[-3]
    assert lines[-1] == f"saved in {flowers}"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_bar_with_loss_and_time_left(nnstudio, flowers, monkeypatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    result = nnstudio("train", flowers)
    assert len(result.out.splitlines()) == 2  # the end alone
    last = terminal.getvalue().rstrip("\n").split("\r")[-1]
    assert re.search(r"\[#{8,}\]  epoch 6 of 6  loss \d\.\d{4}  test accuracy \d\.\d{4}  \d+ s$", last)


def test_a_loss_that_is_no_number_leaves_the_file_alone(nnstudio, tmp_path) -> None:
    path = tmp_path / "wild.nnstudio"
    project = Project(
        chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss"))),
        DataSettings(dataset("Diabetes")),
        TrainingSettings(optimizer=optimizer("SGD", lr=1e6), epochs=200, batch_size=None, device="cpu"),
    )
    storage.write(path, project)
    before = path.read_bytes()
    result = nnstudio("train", path, "--json")
    assert result.code == 1
    assert "The loss became" in result.sentence and "left as it was" in result.sentence
    assert path.read_bytes() == before
    said = records(result.out)  # valid JSON throughout: null for what is not a number
    assert said[-1]["done"] is False and "learning rate" in said[-1]["problem"]


def test_damaged_weights_are_never_written_over(nnstudio, trained, tmp_path) -> None:
    with zipfile.ZipFile(trained) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    weights = entries["weights.safetensors"]
    entries["weights.safetensors"] = weights[:-1] + bytes([weights[-1] ^ 1])  # not what the manifest says
    trained.write_bytes(container.pack(entries))
    before = trained.read_bytes()
    for words in (("train", trained), ("evaluate", trained)):
        result = nnstudio(*words)
        assert result.code == 2
        assert "weights" in result.sentence
    assert nnstudio("check", trained).code == 0
    assert trained.read_bytes() == before
    assert nnstudio("train", trained, "--out", tmp_path / "new.nnstudio").code == 0
    assert trained.read_bytes() == before


def test_evaluate_measures_both_parts(nnstudio, trained, flowers) -> None:
    said = json.loads(nnstudio("evaluate", trained, "--json").out)
    assert said["epoch"] == 40 and set(said["train"]) == set(said["test"]) == {"loss", "accuracy"}
    checkpoint = storage.read(trained).checkpoint
    assert checkpoint is not None
    assert said["test"] == checkpoint.history.epochs[-1]["test"]
    assert "accuracy" in nnstudio("evaluate", trained).out


def test_evaluate_without_weights_says_so(nnstudio, flowers) -> None:
    result = nnstudio("evaluate", flowers)
    assert result.code == 1
    assert "has no weights" in result.sentence


def test_evaluate_refuses_weights_of_another_drawing(nnstudio, trained) -> None:
    stored = storage.read(trained)
    titles = {node.title: node_id for node_id, node in stored.project.graph.nodes.items()}
    changed = stored.project.with_graph(stored.project.graph.configure(titles["linear_2"], out_features=5))
    storage.write(trained, changed, stored.checkpoint)
    result = nnstudio("evaluate", trained)
    assert result.code == 1
    assert "linear_2 was changed after the training" in result.sentence


@pytest.mark.parametrize("epochs", [1, 3])
def test_the_number_of_epochs_is_saved(nnstudio, flowers, epochs) -> None:
    nnstudio("train", flowers, "--epochs", epochs)
    stored = storage.read(flowers)
    assert stored.project == iris(epochs=epochs, device="cpu")
    assert stored.checkpoint is not None and stored.checkpoint.epoch == epochs
