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
    assert re.search(r"\[#{8,}\]  epoch 6 of 6  loss \d\.\d{4}  lr 0.001  test accuracy \d\.\d{4}  \d+ s$", last)


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


def test_settings_are_saved_and_a_plain_command_goes_on_with_them(nnstudio, flowers) -> None:
    words = {
        "--lr": "0.01",
        "--batch-size": "32",
        "--accumulate": "2",
        "--clip-norm": "1.5",
        "--clip-value": "0.5",
        "--patience": "50",
        "--min-delta": "0.001",
        "--ema-decay": "0.9",
        "--precision": "bfloat16",
        "--epochs": "4",
        "--seed": "7",
    }
    flags = ("--keep-best", "--class-weights", "--no-decay-biases", "--no-captured", "--no-compile")
    whole = flowers.with_name("whole.nnstudio")
    whole.write_bytes(flowers.read_bytes())
    line = [word for pair in words.items() for word in pair]
    first = without_seconds(nnstudio("train", flowers, *line, *flags, "--json").out)[:-1]
    training = storage.read(flowers).project.training
    assert training == TrainingSettings(
        optimizer=optimizer("Adam", lr=0.01),
        epochs=4,
        batch_size=32,
        seed=7,
        device="cpu",
        accumulate=2,
        clip_norm=1.5,
        clip_value=0.5,
        decay_biases=False,
        class_weights=True,
        patience=50,
        min_delta=0.001,
        keep_best=True,
        ema_decay=0.9,
        precision="bfloat16",
        captured=False,
    )
    line[line.index("--epochs") + 1] = "8"
    expected = without_seconds(nnstudio("train", whole, *line, *flags, "--no-keep-best", "--json").out)[:-1]
    second = without_seconds(nnstudio("train", flowers, "--epochs", 8, "--no-keep-best", "--json").out)[:-1]
    assert [record["train"] for record in first] == [record["train"] for record in expected[:4]]
    assert [record["epoch"] for record in second] == [5, 6, 7, 8]


def test_none_and_all_switch_a_limit_off(nnstudio, flowers) -> None:
    project = storage.read(flowers).project
    limits = {"clip_norm": 1.0, "clip_value": 1.0, "patience": 3, "ema_decay": 0.9, "batch_size": 8}
    storage.write(flowers, project.with_training(**limits, epochs=1))
    words = ("--clip-norm", "none", "--clip-value", "none", "--patience", "none", "--ema-decay", "none")
    assert nnstudio("train", flowers, *words, "--batch-size", "all").code == 0
    training = storage.read(flowers).project.training
    assert all(getattr(training, name) is None for name in limits)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--lr", "fast"), "needs a number from 0 to 1000000, but got 'fast'"),
        (("--lr", "-1"), "needs a number from 0"),
        (("--lr", "nan"), "but got 'nan'"),
        (("--batch-size", "0"), "needs a whole number from 1 to 10000000 or all, but got '0'"),
        (("--patience", "soon"), "or none, but got 'soon'"),
        (("--clip-norm", "0"), "or none, but got '0'"),
        (("--ema-decay", "1"), "from 0 to 0.9999999 or none, but got '1'"),
        (("--precision", "int4"), "'int4'"),
        (("--accumulate", "2.5"), "but got '2.5'"),
    ],
)
def test_a_bad_value_is_one_sentence(nnstudio, flowers, words, sentence) -> None:
    before = flowers.read_bytes()
    result = nnstudio("train", flowers, *words)
    assert result.code == 2 and result.out == ""
    assert sentence in result.sentence
    assert flowers.read_bytes() == before


def test_a_learning_rate_needs_an_optimizer(nnstudio, flowers) -> None:
    storage.write(flowers, storage.read(flowers).project.with_training(optimizer=None))
    result = nnstudio("train", flowers, "--lr", "0.1")
    assert result.code == 1
    assert "has no optimizer" in result.sentence


def test_compile_without_a_compiler_is_refused(nnstudio, flowers, monkeypatch) -> None:
    monkeypatch.setenv("CXX", "a-compiler-that-nobody-has")
    result = nnstudio("train", flowers, "--compile")
    assert result.code == 2
    assert "C++ compiler" in result.sentence and "--no-compile" in result.sentence
    assert storage.read(flowers).checkpoint is None


def test_validation_and_an_early_end_are_said(nnstudio, flowers) -> None:
    project = storage.read(flowers).project.with_data(validation_share=0.25)
    storage.write(flowers, project.with_training(optimizer=optimizer("SGD", lr=0.0), epochs=30))
    copy = flowers.with_name("copy.nnstudio")
    copy.write_bytes(flowers.read_bytes())
    lines = nnstudio("train", flowers, "--patience", 3).out.splitlines()
    assert "validation loss" in lines[0] and lines[0].endswith("lr 0")
    assert lines[-3] == "Stopped after epoch 4: the loss has not improved since epoch 1."
    assert lines[-2].startswith("4 epochs") and "; validation loss" in lines[-2]
    done = records(nnstudio("train", copy, "--patience", 3, "--json").out)[-1]
    assert done["note"] == lines[-3] and done["validation"]["loss"] > 0


def test_lr_range_prints_points_and_a_suggestion(nnstudio, flowers) -> None:
    before = flowers.read_bytes()
    *points, done = records(nnstudio("lr-range", flowers, "--json").out)
    assert done["done"] is True and done["points"] == len(points) >= 90
    assert set(points[0]) == {"lr", "loss", "smoothed"} and points[0]["lr"] == 1e-7
    assert 1e-4 < done["tenth_of_lowest"] < 1
    result = nnstudio("lr-range", flowers, "--steps", 40, "--low", "1e-5", "--high", "0.1", "--device", "cpu")
    assert result.code == 0
    lines = result.out.splitlines()
    assert len(lines) == 21 and lines[-1].startswith("the loss falls steepest at ")
    assert flowers.read_bytes() == before


def test_lr_range_says_what_is_wrong(nnstudio, flowers, tmp_path) -> None:
    assert "no weights yet" in nnstudio("lr-range", flowers, "--weights").sentence
    result = nnstudio("lr-range", flowers, "--low", 1, "--high", "0.1")
    assert result.code == 2 and "lowest rate" in result.sentence
    assert nnstudio("lr-range", tmp_path / "nothing").code == 2
    storage.write(flowers, storage.read(flowers).project.with_training(optimizer=None))
    assert nnstudio("lr-range", flowers).code == 1
