"""Every setting of a training against a loop written by hand with torch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from engine.projects import chain, dataset, layer, loss, optimizer, schedule
from engine.test_run import finish
from nnstudio.core.blocks import group
from nnstudio.core.project import DataSettings, ParameterGroup, Project, TrainingSettings
from nnstudio.engine.data import prepare
from nnstudio.engine.run import Run, row_order


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
    return Project(graph, DataSettings(dataset("Wine")), TrainingSettings(**settings | {"batch_size": 40} | training))


def by_hand(
    wanted: Project,
    *,
    groups: Callable[[nn.Sequential], Any] = lambda model: model.parameters(),
    accumulate: int = 1,
    before_step: Callable[[nn.Sequential], object] = lambda model: None,
    after_step: Callable[[nn.Sequential], object] = lambda model: None,
    after_epoch: Callable[[int, nn.Sequential], object] = lambda epoch, model: None,
    weights: torch.Tensor | None = None,
    precision: torch.dtype | None = None,
    step_schedule: Callable[[torch.optim.Optimizer], Any] | None = None,
    make: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW,
) -> tuple[nn.Sequential, list[float]]:
    """The loop that a person would write for the same settings: the model and the loss of every batch."""
    prepared = prepare(wanted.data)
    inputs, targets = prepared.train_inputs, prepared.train_targets
    torch.manual_seed(wanted.training.seed)
    model = nn.Sequential(nn.Linear(13, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 3))
    rule = make(groups(model), lr=0.02, weight_decay=0.1, fused=True)
    stepper = step_schedule(rule) if step_schedule else None
    criterion = nn.CrossEntropyLoss(weight=weights)
    losses = []
    for epoch in range(wanted.training.epochs):
        batches = row_order(wanted.training.seed, epoch, len(inputs)).split(40)
        for first in range(0, len(batches), accumulate):
            together = batches[first : first + accumulate]
            for rows in together:
                with torch.autocast("cpu", precision, enabled=precision is not None):
                    value = criterion(model(inputs[rows]), targets[rows])
                (value * (1 / len(together)) if accumulate > 1 else value).backward()
                losses.append(value.item())
            before_step(model)
            rule.step()
            rule.zero_grad()
            if stepper is not None:
                stepper.step()
            after_step(model)
        after_epoch(epoch, model)
    return model, losses


def same(run: Run, model: nn.Sequential, losses: list[float]) -> None:
    assert run.history.step_losses.tolist() == losses
    for ours, theirs in zip(run.network.parameters(), model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_gradients_of_several_batches_make_one_update() -> None:
    wanted = project(accumulate=3)
    same(finish(Run(wanted)), *by_hand(wanted, accumulate=3))


@pytest.mark.parametrize(
    ("settings", "clip"),
    [
        ({"clip_norm": 0.3}, lambda model: nn.utils.clip_grad_norm_(model.parameters(), 0.3)),
        ({"clip_value": 0.01}, lambda model: nn.utils.clip_grad_value_(model.parameters(), 0.01)),
    ],
    ids=["norm", "value"],
)
def test_gradients_are_clipped(settings: dict, clip: Callable) -> None:
    wanted = project(**settings)
    same(finish(Run(wanted)), *by_hand(wanted, before_step=clip))


def test_groups_have_a_rate_and_a_decay_of_their_own() -> None:
    wanted = project(groups=(ParameterGroup(("n5",), 0.1, 0.0),))
    same(
        finish(Run(wanted)),
        *by_hand(
            wanted,
            groups=lambda model: [
                {"params": [*model[0].parameters(), *model[1].parameters()]},
                {"params": list(model[3].parameters()), "lr": 0.02 * 0.1, "weight_decay": 0.0},
            ],
        ),
    )


def test_biases_and_scales_need_not_decay() -> None:
    wanted = project(decay_biases=False)
    same(
        finish(Run(wanted)),
        *by_hand(
            wanted,
            groups=lambda model: [
                {"params": [p for p in model.parameters() if p.dim() > 1]},
                {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0},
            ],
        ),
    )


def test_classes_are_weighed_as_scikit_learn_balances_them() -> None:
    wanted = project(class_weights=True)
    targets = prepare(wanted.data).train_targets.numpy()
    weights = compute_class_weight("balanced", classes=np.arange(3), y=targets)
    same(finish(Run(wanted)), *by_hand(wanted, weights=torch.tensor(weights, dtype=torch.float32)))


def test_mixed_precision_is_torch_s_autocast() -> None:
    wanted = project(precision="bfloat16")
    run = finish(Run(wanted))
    same(run, *by_hand(wanted, precision=torch.bfloat16))
    whole = finish(Run(project()))
    assert run.history.epochs[-1]["train"]["loss"] == pytest.approx(whole.history.epochs[-1]["train"]["loss"], abs=0.05)


def test_half_precision_scales_its_gradients() -> None:
    """With a scaler the numbers are those of float32 up to what half precision loses."""
    run, whole = finish(Run(project(precision="float16"))), finish(Run(project()))
    assert run.updates.scaler.is_enabled()
    assert run.history.epochs[-1]["train"]["loss"] == pytest.approx(whole.history.epochs[-1]["train"]["loss"], abs=0.05)


def test_the_average_of_the_weights_is_what_is_tested() -> None:
    wanted = project(ema_decay=0.8)
    averages: list[torch.Tensor] = []

    def follow(model: nn.Sequential) -> None:
        now = [parameter.detach().clone() for parameter in model.parameters()]
        if averages:
            for mean, parameter in zip(averages, now, strict=True):
                mean.mul_(0.8).add_(parameter, alpha=0.2)
        else:
            averages.extend(now)

    run = finish(Run(wanted))
    model, losses = by_hand(wanted, after_step=follow)
    same(run, model, losses)
    for ours, theirs in zip(run.tested.parameters(), averages, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
    with torch.no_grad():
        for parameter, mean in zip(model.parameters(), averages, strict=True):
            parameter.copy_(mean)
        inputs, targets = prepare(wanted.data).test
        expected = nn.functional.cross_entropy(model(inputs), targets).item()
    assert run.history.epochs[-1]["test"]["loss"] == pytest.approx(expected, rel=1e-5)


def test_a_schedule_of_steps_is_stepped_after_each_update() -> None:
    wanted = project(schedule=schedule("OneCycleLR"), accumulate=2)
    own = wanted.training.schedule
    assert own is not None and own.stepped == "step"
    run = finish(Run(wanted))
    same(run, *by_hand(wanted, accumulate=2, step_schedule=lambda rule: own.build(rule, 4, 2)))


def test_training_ends_early_and_with_the_best_weights() -> None:
    """A learning rate that is far too high: the test loss soon rises."""
    wanted = project(patience=2, keep_best=True, optimizer=optimizer("AdamW", lr=0.3), epochs=60)
    run = Run(wanted)
    kept: dict[int, dict[str, torch.Tensor]] = {}
    shots = []
    for shot in run.snapshots(interval=0.0):
        shots.append(shot)
        kept.setdefault(run.epoch, {name: value.clone() for name, value in run.network.state_dict().items()})
    last = shots[-1]
    assert last.done and not any(shot.note for shot in shots[:-1])
    losses = [record["test"]["loss"] for record in run.history.epochs]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    assert last.note == f"Stopped after epoch {best + 3}: the loss has not improved since epoch {best + 1}."
    assert run.evaluate()["test"]["loss"] == losses[best]
    for name, value in run.network.state_dict().items():
        assert torch.equal(value, kept[best + 1][name])
    # Train once more goes on, and is not stopped at once.
    assert len(finish(run).history.epochs) > best + 3


def test_the_validation_part_is_what_is_watched() -> None:
    wanted = project(keep_best=True, epochs=6, optimizer=optimizer("AdamW", lr=0.3)).with_data(validation_share=0.3)
    run = finish(Run(wanted))
    losses = [record["validation"]["loss"] for record in run.history.epochs]
    assert run.evaluate()["validation"]["loss"] == min(losses)
    prepared = run.prepared
    everything = np.concatenate([prepared.train_rows, prepared.validation_rows, prepared.test_rows])
    assert sorted(everything.tolist()) == list(range(prepared.data.rows))
    assert len(prepared.validation_rows) == pytest.approx(0.3 * 0.8 * prepared.data.rows, abs=2)


def test_what_does_not_fit_into_memory_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from nnstudio.engine import data as engine_data

    wanted = project()
    whole = finish(Run(wanted))
    monkeypatch.setattr(engine_data, "HELD_BYTES", 1000)
    engine_data._cache.clear()
    streamed = Run(wanted)
    assert not streamed.prepared.train.held
    finish(streamed)
    engine_data._cache.clear()
    assert streamed.history.step_losses == pytest.approx(whole.history.step_losses, rel=1e-4)
    for ours, theirs in zip(streamed.history.epochs, whole.history.epochs, strict=True):
        assert ours["test"]["loss"] == pytest.approx(theirs["test"]["loss"], rel=1e-4)


def test_a_group_holds_every_pass_of_a_repeated_block() -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=13), layer("Tanh"), layer("Linear", out_features=3))
    graph, last = graph.add(layer("Output", loss=loss("CrossEntropyLoss")))
    graph = graph.wire(graph.nodes["n4"], last)
    graph, block = group(graph, ["n2", "n3"], layer("BlockInput"), layer("BlockOutput"), "stage")
    graph = graph.configure(block.id, repeat=3)
    for nodes in ((block.id,), (f"{block.id}/n2",)):
        run = Run(project(groups=(ParameterGroup(nodes, 0.5),)).with_graph(graph))
        rest, chosen = run.optimizer.param_groups
        assert len(chosen["params"]) == 6 and len(rest["params"]) == 2
        assert chosen["lr"] == 0.01
