"""Every setting of a training is in the exported script, which says what a Run says, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.every_loss import Drawn
from engine.projects import chain, dataset, layer, loss, optimizer, schedule, spirals
from engine.random_trainings import random_training
from engine.scripts import Printed, assert_linted, assert_the_same, printed_by_all, run_here
from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Augmentation
from nnstudio.core.project import DataSettings, ParameterGroup, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.export.python import to_python
from nnstudio.engine.export.script.updating import _shortest
from nnstudio.engine.run import Run
from nnstudio.engine.updates import parameter_groups


def project(**training: Any) -> Project:
    """Wine, 4 epochs in batches of 40 (the last of 22), and a network with a norm."""
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=8),
        layer("LayerNorm"),
        layer("ReLU"),
        layer("Linear", out_features=3),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    settings: dict[str, Any] = {"optimizer": optimizer("AdamW", lr=0.02, weight_decay=0.1), "epochs": 4}
    settings |= {"batch_size": 40, "device": "cpu"} | training
    return Project(graph, DataSettings(dataset("Wine")), TrainingSettings(**settings))


def hasty(**training: Any) -> Project:
    """A learning rate that is far too high: the test loss soon rises."""
    return project(optimizer=optimizer("AdamW", lr=0.3), epochs=40, **training)


def two_classes(name: str, **training: Any) -> Project:
    """Two of scikit-learn's half moons, of which the second class is rarer in the training part."""
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss(name)))
    settings = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=3, device="cpu", **training)
    return Project(graph, DataSettings(dataset("Moons"), test_share=0.31), settings)


def at_places(**training: Any) -> Project:
    """A class at each of three places of a row, one of which does not count in the loss."""
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=9),
        layer("Reshape", shape=(3, 3)),
        layer("Output", loss=loss("CrossEntropyLoss", ignore_index=2)),
    )
    settings = TrainingSettings(optimizer=optimizer("Adam", lr=0.05), epochs=3, device="cpu", **training)
    return Project(graph, DataSettings(Drawn(targets="places")), settings)


def two_heads(**training: Any) -> Project:
    """One output tells the class, the other gives the input back."""
    graph, start = Graph().add(layer("Input"))
    graph, hidden = graph.add(layer("Linear", out_features=6), title="hidden")
    graph, bend = graph.add(layer("Tanh"))
    graph, kind = graph.add(layer("Linear", out_features=3), title="kind")
    graph, back = graph.add(layer("Linear", out_features=13), title="back")
    graph, again = graph.add(layer("Output", loss=loss("MSELoss"), target="input", weight=0.3), title="again")
    graph, cultivar = graph.add(layer("Output", loss=loss("CrossEntropyLoss"), weight=2.0), title="cultivar")
    graph = graph.wire(start, hidden).wire(hidden, bend).wire(bend, kind).wire(bend, back)
    return replace(project(**training), graph=graph.wire(kind, cultivar).wire(back, again))


def noisy(made: Project) -> Project:
    """The same with noise on the inputs, which the second output is to give back."""
    return made.with_data(augmentations=(registered(Augmentation)["GaussianNoise"](std=0.1),))


LAST = ParameterGroup(("n5",), 0.1, 0.0)
FIRST = ParameterGroup(("n2", "n3"), 0.5)
MAKERS: dict[str, Any] = {
    "accumulated": lambda: project(accumulate=3, batch_size=20),
    "accumulated, more than there is": lambda: project(accumulate=50),
    "accumulated, one batch": lambda: project(accumulate=3, batch_size=None),
    "accumulated, a schedule of steps": lambda: project(accumulate=2, schedule=schedule("OneCycleLR")),
    "clipped by norm": lambda: project(clip_norm=0.3),
    "clipped by value": lambda: project(clip_value=0.01),
    "clipped by both, all rows": lambda: project(clip_norm=0.3, clip_value=0.01, batch_size=None),
    "one group": lambda: project(groups=(LAST,)),
    "two groups": lambda: project(groups=(LAST, FIRST), schedule=schedule("OneCycleLR")),
    "everything in groups": lambda: project(groups=(ParameterGroup(("n2", "n3"), 2.0), LAST)),
    "a group of nothing": lambda: project(groups=(ParameterGroup(("n4",), 2.0),)),
    "groups, biases do not decay": lambda: project(groups=(LAST, FIRST), decay_biases=False),
    "biases do not decay": lambda: project(decay_biases=False),
    "nothing decays anyway": lambda: project(optimizer=optimizer("Rprop", lr=0.01), groups=(LAST,), decay_biases=False),
    "class weights": lambda: project(class_weights=True),
    "class weights of two classes": lambda: two_classes("BCEWithLogitsLoss", class_weights=True),
    "class weights that the loss has not": lambda: two_classes("SoftMarginLoss", class_weights=True),
    "class weights at places": lambda: at_places(class_weights=True),
    "class weights of one of two losses": lambda: two_heads(class_weights=True),
    "two losses with noise": lambda: noisy(two_heads(class_weights=True, batch_size=None)),
    "stopped early": lambda: hasty(patience=2),
    "stopped early, small improvements": lambda: hasty(patience=3, min_delta=0.05),
    "the best weights": lambda: hasty(keep_best=True, patience=5).with_data(validation_share=0.2),
    "the best weights, by the training part": lambda: hasty(keep_best=True).with_data(test_share=0.0),
    "a plateau of the validation part": lambda: hasty(
        schedule=schedule("ReduceLROnPlateau", patience=0, threshold=0.2)
    ).with_data(validation_share=0.2),
    "average": lambda: project(ema_decay=0.8),
    "average, accumulated": lambda: project(ema_decay=0.8, accumulate=2, batch_size=20),
    "the best average": lambda: hasty(ema_decay=0.5, keep_best=True, patience=4),
    "bfloat16": lambda: project(precision="bfloat16"),
    "bfloat16, all rows": lambda: project(precision="bfloat16", batch_size=None),
    "float16": lambda: project(precision="float16"),
    "float16, clipped and accumulated": lambda: project(precision="float16", clip_norm=0.5, accumulate=2),
    "a schedule of steps, all rows": lambda: project(schedule=schedule("OneCycleLR"), batch_size=None),
    "recorded": lambda: spirals(device="cpu", epochs=40, captured=True),
    **{f"random {seed}": lambda seed=seed: random_training(seed) for seed in range(100, 116)},
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Printed], Path]:
    """What the script of each project prints, and where the scripts are."""
    folder = tmp_path_factory.mktemp("scripts")
    return printed_by_all({name: to_python(make()) for name, make in MAKERS.items()}, folder), folder


@pytest.mark.parametrize("name", MAKERS)
def test_the_script_says_what_the_run_says(name: str, scripts: tuple[dict[str, Printed], Path]) -> None:
    assert_the_same(MAKERS[name](), scripts[0][name])


def test_the_sources_pass_the_linter(scripts: tuple[dict[str, Printed], Path]) -> None:
    assert_linted(scripts[1])


def test_the_last_rate_of_an_epoch_is_written_down() -> None:
    """A schedule of steps: the rate of the last update, and not the one that comes after it."""
    run = Run(project(schedule=schedule("OneCycleLR")))
    used = []
    while run.epoch < 1:
        used.append(run.lr)
        for shot in run.snapshots(steps=1):
            assert not shot.problem
    assert len(set(used)) == 4
    assert run.history.epochs[0]["lr"] == used[-1] != run.lr


def test_the_compiled_network_is_trained_and_the_network_itself_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []

    def compiled(model: torch.nn.Module) -> Any:
        def called(*rows: torch.Tensor) -> Any:
            calls.append(torch.is_grad_enabled())
            return model(*rows)

        return called

    monkeypatch.setattr(torch, "compile", compiled)
    run_here(to_python(project(compile=True)), "--json")
    assert calls == [True] * 16


def test_people_are_told_why_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    made = hasty(patience=2).with_data(validation_share=0.2)
    last = list(Run(made).snapshots())[-1]
    run_here(to_python(made))
    *lines, note = capsys.readouterr().out.splitlines()
    assert note == last.note != "" and len(lines) == last.epoch
    record = last.history.epochs[-1]
    assert f"validation  loss {record['validation']['loss']:.4f}" in lines[-1]


def nested() -> Project:
    """A block twice, around another one; a layer that uses the module of another, and one that has its weights."""
    inner = chain(layer("BlockInput"), layer("Linear", out_features=8), layer("BlockOutput"))
    outer = chain(layer("BlockInput"), Block(repeat=2, graph=inner), layer("Tanh"), layer("BlockOutput"))
    square = [layer("Linear", out_features=8) for _ in range(3)]
    first, last = layer("Linear", out_features=8), layer("Linear", out_features=3)
    end = layer("Output", loss=loss("CrossEntropyLoss"))
    graph = chain(layer("Input"), first, Block(repeat=2, graph=outer), *square, last, end)
    return replace(project(), graph=graph.share("n5", "n4").tie("n6", "weight", "n4", "weight"))


@pytest.mark.parametrize("nodes", [("n3",), ("n3/n2",), ("n2", "n7"), ("n2", "n3/n2/n2"), ("n6",), ("n4",)])
def test_groups_of_blocks_have_the_same_parameters(nodes: tuple[str, ...]) -> None:
    made = nested().with_training(groups=(ParameterGroup(nodes, 0.5),), decay_biases=False)
    network = Run(made).network
    script: dict[str, Any] = {"__name__": "script"}
    exec(compile(to_python(made), "script.py", "exec"), script)
    model = script["Network"]()
    theirs = {id(parameter): name for name, parameter in model.named_parameters()}
    ours = {id(parameter): name for name, parameter in network.named_parameters()}
    written = [[theirs[id(p)] for p in group["params"]] for group in script["parameter_groups"](model)]
    used = [[ours[id(p)] for p in group["params"]] for group in parameter_groups(made.training, network)]
    assert written == used and any(written[2])


def test_groups_are_told_by_the_names_of_layers() -> None:
    source = to_python(MAKERS["two groups"]())
    assert (
        """    own = [
        (("linear_2.",), {"lr": 0.02 * 0.1, "weight_decay": 0.0}),
        (("linear.", "layer_norm."), {"lr": 0.02 * 0.5}),
    ]
"""
        in source
    )


def test_only_what_is_used_is_there() -> None:
    """A project with a setting has its words; one without has none of them."""
    words = {
        "ACCUMULATE": project(accumulate=2),
        "clip_grad_norm_": project(clip_norm=1.0),
        "clip_grad_value_": project(clip_value=1.0),
        "parameter_groups": project(groups=(LAST,)),
        "class_weights": project(class_weights=True),
        "best_epoch": project(patience=3),
        "load_state_dict": project(keep_best=True),
        "AveragedModel": project(ema_decay=0.9),
        "autocast": project(precision="bfloat16"),
        "GradScaler": project(precision="float16"),
        "torch.compile": project(compile=True),
        "validation": project().with_data(validation_share=0.1),
        "draws": noisy(project()),
        "scheduler": project(schedule=schedule("StepLR")),
    }
    for made in words.values():
        source = to_python(made)
        found = {word for word in words if word in source}
        expected = {word for word, other in words.items() if other is made}
        assert found == expected | ({"autocast"} if "GradScaler" in expected else set())
    assert not [word for word in words if word in to_python(project())]


def test_names_are_as_short_as_can_be() -> None:
    """A layer or block stands for all that is in it where all of that is in the group, else each name for itself."""
    assert _shortest("head.weight", ["body.weight"]) == "head."
    assert _shortest("body.0.weight", ["body.1.weight", "head.weight"]) == "body.0."
    assert _shortest("body.weight", ["body.bias"]) == "body.weight"
