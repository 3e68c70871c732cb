"""The learning-rate range test: the points of a loop written by hand, and what is made of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.projects import iris, layer, optimizer, schedule, spirals
from nnstudio.core.project import ParameterGroup, Project
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.data import prepare
from nnstudio.engine.lr_range import Point, Suggestion, lr_range, rates, suggest
from nnstudio.engine.run import Run, RunError, row_order


def by_hand(project: Project, low: float, high: float, steps: int, accumulate: int = 1) -> list[tuple[float, float]]:
    """The same test as a plain script has it: batches in the order of the epoch, the rate set before each update."""
    train_rows = prepare(project.data)
    x, y = train_rows.train_inputs, train_rows.train_targets.float().reshape(-1, 1)
    size = project.training.batch_size or len(x)
    torch.manual_seed(project.training.seed)
    network = compile_network(project.graph, train_rows.input_type)
    loss_function = torch.nn.BCEWithLogitsLoss()
    stepper = torch.optim.Adam(network.parameters(), lr=1.0, fused=True)
    points: list[tuple[float, float]] = []
    epoch = 0
    while len(points) < steps:
        batches = row_order(project.training.seed, epoch, len(x)).split(size)
        for first in range(0, len(batches), accumulate):
            group = batches[first : first + accumulate]
            if len(points) == steps:
                break
            for entry in stepper.param_groups:
                entry["lr"] = low * (high / low) ** (len(points) / (steps - 1))
            losses = []
            for rows in group:
                loss = loss_function(network(x[rows]), y[rows])
                (loss / len(group) if len(group) > 1 else loss).backward()
                losses.append(loss.item())
            stepper.step()
            stepper.zero_grad()
            points.append((stepper.param_groups[0]["lr"], float(np.mean(losses))))
        epoch += 1
    return points


@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_points_are_those_of_a_loop_by_hand(accumulate: int) -> None:
    middle = (layer("Linear", out_features=8), layer("Tanh"), layer("Dropout", p=0.2))
    project = spirals(*middle, seed=3, accumulate=accumulate)
    found = list(lr_range(project, low=1e-5, high=0.3, steps=70))
    expected = by_hand(project, 1e-5, 0.3, 70, accumulate)
    assert [(point.lr, point.loss) for point in found] == expected
    mean = 0.0
    for count, point in enumerate(found, start=1):
        mean = 0.98 * mean + 0.02 * point.loss
        assert point.smoothed == pytest.approx(mean / (1 - 0.98**count), rel=1e-12)


def test_what_else_moves_weights_or_rates_is_left_out() -> None:
    plain = list(lr_range(iris(), high=0.1, steps=60))
    busy = iris(
        schedule=schedule("StepLR", step_size=1, gamma=0.1), patience=1, keep_best=True, ema_decay=0.9, epochs=2
    )
    assert list(lr_range(busy, high=0.1, steps=60)) == plain
    assert len(plain) == 60


def test_an_open_run_and_the_random_numbers_of_others_stay_as_they_are() -> None:
    project = spirals(layer("Linear", out_features=8), layer("Tanh"), layer("Dropout"))
    alone, run = Run(project), Run(project)
    list(alone.snapshots(epochs=2))
    torch.manual_seed(5)
    before = torch.get_rng_state()
    list(run.snapshots(epochs=1))
    list(lr_range(project, run.checkpoint(), steps=20))
    list(run.snapshots(epochs=1))
    assert torch.equal(torch.get_rng_state(), before)
    expected = alone.network.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in run.network.state_dict().items())


def test_it_is_the_same_each_time_and_begins_with_the_weights_that_are_given() -> None:
    project = iris()
    run = Run(project)
    list(run.snapshots(epochs=60))
    checkpoint = run.checkpoint()
    assert list(lr_range(project, steps=15)) == list(lr_range(project, steps=15))
    assert checkpoint.recipe  # and the checkpoint is not changed
    first = next(lr_range(project, checkpoint))
    assert first.loss < 0.8 < next(lr_range(project)).loss
    list(run.snapshots(epochs=1))
    assert first.loss == run.history.epochs[-1]["train"]["loss"]


def test_groups_keep_their_factor() -> None:
    project = iris()
    last = sorted(project.graph.nodes, key=lambda name: int(name[1:]))[-2]
    still = project.with_training(groups=(ParameterGroup(tuple(project.graph.nodes), 0.0),))
    losses = {point.loss for point in lr_range(still, steps=30)}
    assert len(losses) == 1  # nothing moves
    one = project.with_training(groups=(ParameterGroup((last,), 0.5),))
    assert [p.loss for p in lr_range(one, steps=30)] != [p.loss for p in lr_range(project, steps=30)]


def test_it_ends_where_the_loss_flies_away() -> None:
    project = iris(optimizer=optimizer("SGD", lr=0.1))
    points = list(lr_range(project, low=1e-3, high=1e6, steps=100))
    assert 5 < len(points) < 100
    assert all(math.isfinite(point.loss) and math.isfinite(point.smoothed) for point in points)
    lowest = math.inf
    for point in points[:-1]:
        lowest = min(lowest, point.smoothed)
        assert point.smoothed <= 4 * lowest


def test_a_loss_that_is_no_number_is_no_point() -> None:
    wild = replace(iris(optimizer=optimizer("SGD", lr=0.1)))
    points = list(lr_range(wild, low=1e20, high=1e30, steps=50))
    assert len(points) < 10
    assert all(math.isfinite(point.loss) for point in points)
    assert suggest(points, 50) is None


def test_the_suggestion_is_the_steepest_fall_and_a_tenth_of_the_lowest() -> None:
    lrs = rates(1e-4, 1.0, 101)
    heights = [1 / (1 + math.exp(3 * (math.log10(lr) + 2))) + 0.2 * max(0.0, math.log10(lr) + 1) ** 2 for lr in lrs]
    points = [Point(lr, height, height) for lr, height in zip(lrs, heights, strict=True)]
    found = suggest(points, 101)
    assert found is not None
    assert found.steepest == pytest.approx(1e-2, rel=0.1)
    best = min(points[10:-5], key=lambda point: point.smoothed)
    assert found.tenth == best.lr / 10
    # fastai's own lines, on numpy in place of tensors
    used_lrs, used = np.array(lrs)[10:-5], np.array(heights)[10:-5]
    slopes = (used[1:] - used[:-1]) / (np.log(used_lrs[1:]) - np.log(used_lrs[:-1]))
    assert found == Suggestion(float(used_lrs[slopes.argmin()]), float(used_lrs[used.argmin()]) / 10)


def test_the_rates_rise_by_one_factor() -> None:
    found = np.array(rates(1e-7, 10, 100))
    assert found[0] == 1e-7 and found[-1] == pytest.approx(10)
    np.testing.assert_allclose(found[1:] / found[:-1], 10 ** (8 / 99))


@pytest.mark.parametrize(("low", "high", "steps"), [(0, 1, 10), (1, 1, 10), (1e-3, math.inf, 10), (1e-3, 1, 1)])
def test_rates_that_make_no_test_are_refused(low: float, high: float, steps: int) -> None:
    with pytest.raises(ValueError, match=r"(lowest rate|2 steps)"):
        lr_range(iris(), low=low, high=high, steps=steps)


def test_a_project_that_cannot_be_trained_says_why() -> None:
    with pytest.raises(RunError):
        lr_range(iris(optimizer=None))
