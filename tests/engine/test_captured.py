"""A step that is recorded once and replayed gives the bytes of plain steps, and more of them in a second."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

from engine.projects import chain, dataset, iris, layer, loss, optimizer, schedule, spirals
from engine.test_run import digest, finish
from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, ParameterGroup, Project, TrainingSettings
from nnstudio.engine.capture import captured as capture
from nnstudio.engine.run import Run


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record after the first step, not only after some time."""
    monkeypatch.setattr(Run, "PLAIN_SECONDS", 0.0)


def on_digits(*layers: Any, rule: str = "Adam", **training: Any) -> Project:
    """Images [1, 8, 8] in ten classes, two epochs in batches of 256 (the last of 157)."""
    graph = chain(layer("Input"), *layers, layer("Linear", out_features=10), layer("Output"))
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 256} | training
    return Project(
        graph, DataSettings(dataset("Digits")), TrainingSettings(optimizer=optimizer(rule, lr=0.01), **settings)
    )


def shared_and_frozen() -> Graph:
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=4),
        layer("Tanh"),
        layer("Linear", out_features=4),
        layer("Tanh"),
        layer("Linear", out_features=4),
        layer("Linear", out_features=3),
        layer("Output"),
    )
    return graph.share("n4", "n2").mark("n6", frozen=True) if hasattr(graph, "mark") else graph


PROJECTS: dict[str, Project] = {
    "iris in one batch": iris(epochs=9),
    "iris in batches": iris(batch_size=16, epochs=5),
    "spirals": spirals(epochs=5),
    "SGD": spirals(epochs=4, optimizer=optimizer("SGD", lr=0.1)),
    "momentum": spirals(epochs=4, optimizer=optimizer("SGD", lr=0.1, momentum=0.9, nesterov=True)),
    "AdamW": spirals(epochs=4, optimizer=optimizer("AdamW", lr=0.01, weight_decay=0.1)),
    "a schedule": spirals(epochs=6, schedule=schedule("CosineAnnealingLR")),
    "groups": spirals(epochs=4, groups=(ParameterGroup(("n2",), 0.5),), decay_biases=False),
    "dropout": spirals(layer("Linear", out_features=8), layer("Dropout", p=0.3), layer("ReLU"), epochs=4),
    "batch norm": spirals(layer("Linear", out_features=8), layer("BatchNorm1d"), layer("GELU"), epochs=4),
    "layer norm": spirals(layer("Linear", out_features=8), layer("LayerNorm"), layer("SiLU"), epochs=4),
    "a validation part": spirals(epochs=4).with_data(validation_share=0.25),
    "best weights": spirals(epochs=5, keep_best=True, patience=3),
    "a convolution": on_digits(
        layer("Conv2d", out_channels=4, kernel_size=3), layer("BatchNorm2d"), layer("ReLU"), layer("MaxPool2d"),
        layer("Flatten"),
    ),
    "dropout of channels": on_digits(
        layer("Conv2d", out_channels=4, kernel_size=3), layer("Dropout2d", p=0.4), layer("Flatten")
    ),
    "attention": on_digits(
        layer("Reshape", shape=(8, 8)), layer("TransformerEncoderLayer", nhead=2, dim_feedforward=16), layer("Flatten")
    ),
    "a recurrent layer": on_digits(layer("Reshape", shape=(8, 8)), layer("GRU", hidden_size=6), layer("Flatten")),
    "numbers": Project(
        chain(layer("Input"), layer("Linear", out_features=5), layer("ReLU"), layer("Linear", out_features=1),
              layer("Output", loss=loss("MSELoss"))),
        DataSettings(dataset("Diabetes")), TrainingSettings(optimizer=optimizer("Adam", lr=0.01), epochs=4),
    ),
}  # fmt: skip


def both(project: Project) -> tuple[Run, Run]:
    """The same training, replayed and plain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return finish(Run(project)), finish(Run(project.with_training(captured=False)))


@pytest.mark.parametrize("name", PROJECTS)
def test_replayed_steps_give_the_bytes_of_plain_ones(name: str) -> None:
    replayed, plain = both(PROJECTS[name])
    assert replayed.uncaptured == "" and plain.uncaptured == "it is switched off"
    assert digest(replayed.checkpoint()) == digest(plain.checkpoint())
    assert replayed.history.step_losses.tobytes() == plain.history.step_losses.tobytes()


@pytest.mark.parametrize("name", ["spirals", "iris in batches", "dropout", "a schedule", "batch norm"])
def test_stretches_of_any_length_give_the_same_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Single steps, parts of epochs and several epochs at once follow each other at random."""
    project = PROJECTS[name]
    expected = digest(finish(Run(project)).checkpoint())
    generator = np.random.default_rng(len(name))
    for stretch in (0.0, 0.0005, 1.0):
        monkeypatch.setattr(capture, "STRETCH", stretch)
        run = Run(project)
        total = project.training.epochs * run.batches
        while run.step < total:
            finish(run, steps=min(int(generator.integers(1, 2 * run.batches)), total - run.step))
        assert digest(run.checkpoint()) == expected


def test_whole_epochs_are_done_at_once_and_written_down_one_by_one() -> None:
    run = finish(Run(iris(batch_size=16, epochs=40)))
    assert run._captured is not None and run._captured.epochs_at_once() >= 1
    records = run.history.epochs
    assert [record["epoch"] for record in records] == list(range(1, 41))
    assert [record["step"] for record in records] == [8 * epoch for epoch in range(1, 41)]
    seconds = [record["seconds"] for record in records]
    assert seconds == sorted(seconds) and seconds[-1] > 0


def test_a_loss_that_is_no_number_is_found_within_a_stretch() -> None:
    run = Run(PROJECTS["numbers"].with_training(epochs=400, optimizer=optimizer("SGD", lr=10.0)))
    last = list(run.snapshots())[-1]
    assert "became" in last.problem and "Lower the learning rate" in last.problem
    assert np.isfinite(run.history.step_losses[: int(last.problem.split("step ")[1].split(",")[0]) - 1]).all()


def test_a_learning_rate_that_is_changed_on_the_way_counts_at_once() -> None:
    project = spirals(epochs=6)
    runs = [Run(project), Run(project.with_training(captured=False))]
    for run in runs:
        finish(run, epochs=3)
        run.set_lr(0.1)
        finish(run, epochs=3)
    assert digest(runs[0].checkpoint()) == digest(runs[1].checkpoint())
    assert runs[0].history.epochs[-1]["lr"] == 0.1


def test_it_is_not_used_where_a_byte_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan whose numbers are wrong by one bit is noticed, and the training is the plain one."""
    project = PROJECTS["spirals"]
    expected = digest(finish(Run(project.with_training(captured=False))).checkpoint())
    real = capture.Captured.measured

    def off(self: capture.Captured, first: int, last: int) -> Any:
        losses, output, target = real(self, first, last)
        return losses, torch.nextafter(output, output + 1), target

    monkeypatch.setattr(capture.Captured, "measured", off)
    run = finish(Run(project))
    assert run.uncaptured == "its numbers would differ from those of plain steps"
    assert digest(run.checkpoint()) == expected


def test_what_cannot_be_replayed_is_said_and_trains_all_the_same() -> None:
    for changed, words in (
        ({"clip_norm": 1.0}, "more than one update"),
        ({"ema_decay": 0.9}, "more than one update"),
        ({"captured": False}, "switched off"),
        ({"optimizer": optimizer("RMSprop", lr=0.01)}, "RMSprop has no kernel"),
    ):
        run = finish(Run(spirals(epochs=2, **changed)))
        assert words in run.uncaptured
        assert run.epoch == 2
