"""A Run computes what a plain script computes, and an interruption leaves no trace."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

from engine.projects import chain, dataset, iris, layer, loss, optimizer, schedule, spirals
from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.run import Run, RunError, row_order


def finish(run: Run, **stretch: int) -> Run:
    for _ in run.snapshots(**stretch, interval=0.001):
        pass
    return run


def digest(checkpoint: Checkpoint) -> str:
    """SHA-256 of weights, optimizer, random state and curves (all but the seconds)."""
    records = [{k: v for k, v in record.items() if k != "seconds"} for record in checkpoint.history.epochs]
    plain = replace(checkpoint, seconds=0.0, history=replace(checkpoint.history, epochs=tuple(records)))
    return hashlib.sha256(storage.to_bytes(Project(), plain)).hexdigest()


def test_iris_gives_the_published_losses_and_accuracy() -> None:
    run = finish(Run(iris()))
    losses = [run.history.epochs[epoch - 1]["train"]["loss"] for epoch in (20, 40, 60, 80, 100)]
    assert losses == pytest.approx([1.0196, 0.8759, 0.6870, 0.5131, 0.3938], abs=5e-5)
    assert run.history.epochs[-1]["test"]["accuracy"] == pytest.approx(0.9333, abs=5e-5)
    assert sum(parameter.numel() for parameter in run.network.parameters()) == 739


def test_mini_batches_equal_a_hand_written_loop_bit_for_bit() -> None:
    """The referee is written with torch and scikit-learn alone."""
    project = replace(iris(batch_size=16, epochs=4))
    run = finish(Run(project))

    X, y = load_iris(return_X_y=True)
    train_X, _, train_y, _ = train_test_split(X, y, test_size=0.2, random_state=42)
    inputs = torch.tensor(StandardScaler().fit(train_X).transform(train_X), dtype=torch.float32)
    targets = torch.tensor(train_y)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 3))
    adam = torch.optim.Adam(model.parameters(), lr=0.001, fused=True)
    expected = []
    for epoch in range(4):
        for rows in row_order(0, epoch, len(inputs)).split(16):
            adam.zero_grad()
            value = nn.functional.cross_entropy(model(inputs[rows]), targets[rows])
            value.backward()
            adam.step()
            expected.append(value.item())
    assert run.history.step_losses.tolist() == expected
    for ours, theirs in zip(run.network.parameters(), model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


CONFIGURATIONS = [
    ("SGD", {"momentum": 0.9, "nesterov": True}, "StepLR", {}, "Dropout"),
    ("SGD", {}, "Constant", {}, "BatchNorm1d"),
    ("Adam", {}, "CosineAnnealingLR", {}, "Dropout"),
    ("AdamW", {}, "LinearWarmup", {}, "both"),
    ("RMSprop", {}, "Constant", {}, "both"),
    ("Adam", {}, "WarmupCosine", {}, "plain"),
]


def configured(name: str, settings: dict, schedule_name: str, schedule_settings: dict, extra: str) -> Project:
    between = {
        "Dropout": [layer("Dropout", p=0.3)],
        "BatchNorm1d": [layer("BatchNorm1d")],
        "both": [layer("BatchNorm1d"), layer("Dropout", p=0.2)],
        "plain": [],
    }[extra]
    return spirals(
        layer("Linear", out_features=8),
        *between,
        layer("Tanh"),
        optimizer=optimizer(name, lr=0.01, **settings),
        schedule=schedule(schedule_name, **schedule_settings),
        epochs=4,
        batch_size=32,
    )


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda c: "-".join([c[0], c[2], c[4]]))
def test_resumed_from_a_file_equals_uninterrupted(configuration: tuple, tmp_path) -> None:
    project = configured(*configuration)
    whole = Run(project)
    finish(whole)
    expected = digest(whole.checkpoint())
    steps = whole.step
    generator = np.random.default_rng(7)
    for stop in {1, whole.batches - 1, whole.batches, *generator.integers(1, steps, 3).tolist()}:
        run = finish(Run(project), steps=int(stop))
        storage.write(tmp_path / "a.nnstudio", project, run.checkpoint())
        stored = storage.read(tmp_path / "a.nnstudio")
        assert stored.notices == ()
        resumed = Run(stored.project, stored.checkpoint)
        assert resumed.continuation == "exact"
        finish(resumed)
        assert digest(resumed.checkpoint()) == expected, f"stopped after step {stop}"


def test_a_long_epoch_of_a_regression_resumes_with_what_was_summed_up(tmp_path) -> None:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss")))
    project = Project(
        graph,
        DataSettings(dataset("Diabetes")),
        TrainingSettings(optimizer=optimizer("SGD", lr=0.01, momentum=0.5), epochs=2, batch_size=2),
    )
    expected = digest(finish(Run(project)).checkpoint())
    for stop in (63, 64, 65, 130, 177):
        run = finish(Run(project), steps=stop)
        storage.write(tmp_path / "a.nnstudio", project, run.checkpoint())
        stored = storage.read(tmp_path / "a.nnstudio")
        resumed = Run(project, stored.checkpoint)
        assert stored.notices == () and resumed.continuation == "exact"
        assert digest(finish(resumed).checkpoint()) == expected, f"stopped after step {stop}"


SPOILT = {
    "random state": lambda c: replace(c, random_state=np.zeros(7, np.uint8)),
    "no random state": lambda c: replace(c, random_state=np.zeros(0, np.uint8)),
    "too few losses": lambda c: replace(c, pending_losses=c.pending_losses[1:]),
    "too many batches": lambda c: replace(c, batch=10**6),
    "outputs of other rows": lambda c: replace(c, pending_outputs=c.pending_outputs[1:]),
    "outputs of another shape": lambda c: replace(c, pending_outputs=np.zeros((len(c.pending_outputs), 9), np.float32)),
    "sums that are too long": lambda c: replace(c, pending_sums={"accuracy": [1.0, 2.0, 3.0]}),
    "sums of another metric": lambda c: replace(c, pending_sums={"f1": [1.0]}),
    "optimizer of another type": lambda c: replace(
        c, optimizer={name: array.astype(np.float64) for name, array in c.optimizer.items()}
    ),
    "half an optimizer": lambda c: replace(
        c, optimizer={name: array for name, array in c.optimizer.items() if not name.endswith("exp_avg")}
    ),
    "weights of another type": lambda c: replace(
        c, weights={name: array.astype(np.float64) for name, array in c.weights.items()}
    ),
    "weights of another shape": lambda c: replace(
        c, weights={name: array[..., :1] for name, array in c.weights.items()}
    ),
    "names of nobody": lambda c: replace(c, names={}),
    "a schedule of another kind": lambda c: replace(c, schedule={"last_epoch": "soon"}),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_checkpoint_that_makes_no_sense_is_carried_over_as_far_as_it_does(spoilt: str) -> None:
    project = configured(*CONFIGURATIONS[2])
    checkpoint = finish(Run(project), steps=10).checkpoint()
    run = Run(project, SPOILT[spoilt](checkpoint))
    assert run.continuation == "carried"
    finish(run, epochs=1)
    assert all(torch.isfinite(parameter).all() for parameter in run.network.parameters())


def test_looking_changes_nothing() -> None:
    project = configured(*CONFIGURATIONS[3])
    expected = digest(finish(Run(project)).checkpoint())
    run = Run(project)
    for _ in run.snapshots(interval=0):
        run.evaluate()
        run.predict(run.prepared.data.inputs[:5])
        run.checkpoint()
        with run.looking():
            run.network.activations(run.prepared.train_inputs[:4])
            torch.rand(3)
        torch.rand(5)  # somebody else draws from the global generator
    assert digest(run.checkpoint()) == expected


def test_a_run_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    finish(Run(configured(*CONFIGURATIONS[2])), steps=3)
    assert torch.equal(torch.rand(3), expected)


def test_an_edit_keeps_the_weights_that_still_fit() -> None:
    project = spirals()
    run = finish(Run(project))
    graph = project.graph
    titles = {node.title: node_id for node_id, node in graph.nodes.items()}
    changed = project.with_graph(graph.configure(titles["linear_2"], out_features=12))
    carried = Run(changed, run.checkpoint())
    assert carried.continuation == "carried"
    assert carried.kept == (titles["linear"],)
    assert torch.equal(carried.network.linear.weight, run.network.linear.weight)
    assert carried.epoch == run.epoch and len(carried.history.step_losses) == run.step
    finish(carried, epochs=1)
    assert carried.step > run.step


def test_renaming_and_moving_continue_exactly() -> None:
    project = spirals()
    expected = finish(Run(project)).network.linear.weight
    run = finish(Run(project), steps=17)
    titles = {node.title: node_id for node_id, node in project.graph.nodes.items()}
    graph = project.graph.rename(titles["linear"], "first").move({titles["linear"]: (5, 5)})
    resumed = Run(project.with_graph(graph), run.checkpoint())
    assert resumed.continuation == "exact"
    assert torch.equal(finish(resumed).network.first.weight, expected)


def test_the_learning_rate_changes_while_it_runs() -> None:
    run = Run(spirals(schedule=schedule("CosineAnnealingLR"), epochs=10))
    finish(run, epochs=5)
    before = run.lr
    run.set_lr(0.02)
    finish(run, steps=1)
    assert run.lr == pytest.approx(2 * before)
    plain = Run(spirals())
    plain.set_lr(0.5)
    finish(plain, steps=1)
    assert plain.lr == 0.5


def test_the_end_of_a_training_and_as_many_epochs_again() -> None:
    run = Run(spirals(epochs=3))
    assert finish(run).epoch == 3
    assert finish(run).epoch == 6
    assert finish(run, epochs=1).epoch == 7
    assert [record["epoch"] for record in run.history.epochs] == [1, 2, 3, 4, 5, 6, 7]


def test_a_loss_that_is_no_number_stops_the_training_with_a_sentence() -> None:
    project = Project(
        chain(layer("Input"), layer("Linear", out_features=1), layer("Output", loss=loss("MSELoss"))),
        DataSettings(dataset("Diabetes")),
        TrainingSettings(optimizer=optimizer("SGD", lr=1e6), epochs=200, batch_size=None),
    )
    run = Run(project)
    last = list(run.snapshots())[-1]
    assert last.done and "at step" in last.problem and "learning rate" in last.problem


def test_a_project_with_errors_is_refused() -> None:
    project = iris()
    with pytest.raises(RunError) as refused:
        Run(replace(project, data=DataSettings(None)))
    assert "dataset" in str(refused.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused_with_the_reason() -> None:
    with pytest.raises(RunError, match="cuda cannot be used"):
        Run(iris().with_training(device="cuda"))


def test_small_networks_train_on_one_thread_whatever_is_set() -> None:
    torch.set_num_threads(2)
    seen = []
    run = Run(spirals())
    assert run.threads == 1
    forward = run.network.forward
    run.network.forward = lambda x: (seen.append(torch.get_num_threads()), forward(x))[1]
    finish(run, steps=3)
    assert set(seen) == {1} and torch.get_num_threads() == 2


def test_views_that_were_given_out_do_not_change() -> None:
    run = Run(spirals(epochs=3))
    seen = []
    for snapshot in run.snapshots(interval=0):
        seen.append((snapshot.history.step_losses, snapshot.history.step_losses.copy()))
    assert all(np.array_equal(view, copy) for view, copy in seen)
    assert len(seen[-1][0]) == run.step
