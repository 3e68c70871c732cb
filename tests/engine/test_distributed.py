"""Two processes train what one would: the same losses, and each goes on where the other stopped."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.projects import chain, dataset, iris, layer, loss, optimizer, spirals
from engine.scripts import run_here
from engine.test_run import finish
from nnstudio.__main__ import main
from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.compiler import GraphError, compile_network
from nnstudio.engine.data import prepare
from nnstudio.engine.distributed import shards
from nnstudio.engine.distributed.together import Together
from nnstudio.engine.export.python import to_python
from nnstudio.engine.objective import Objective
from nnstudio.engine.run import Run

ROOT = Path(__file__).parents[2]
SECONDS = 150  # a process that takes longer hangs
AGREE = 1e-6

# What tests the finer settings: the last batch and the last group of batches are smaller, and the average is tested.
FINER: dict[str, Any] = {
    "accumulate": 3,
    "clip_norm": 0.5,
    "ema_decay": 0.9,
    "keep_best": True,
    "patience": 2,
    "batch_size": 11,
}


def cnn(**training: object) -> Project:
    """A small convolution on the digits, the last batch smaller."""
    graph = chain(
        layer("Input"),
        layer("Conv2d", out_channels=4, kernel_size=3),
        layer("ReLU"),
        layer("Flatten"),
        layer("Linear", out_features=10),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    settings = {"optimizer": optimizer("SGD", lr=0.05, momentum=0.9), "epochs": 1, "batch_size": 64} | training
    return Project(graph, DataSettings(dataset("Digits")), TrainingSettings(**settings))  # type: ignore[arg-type]


def wide() -> Project:
    """A network with a layer that is gathered alone when weights are divided."""
    middle = (layer("Linear", out_features=260), layer("Tanh"), layer("Linear", out_features=260), layer("Tanh"))
    return spirals(*middle, epochs=2, batch_size=50, optimizer=optimizer("SGD", lr=0.05))


PROJECTS: dict[str, tuple[Project, dict[str, Any]]] = {
    "plain": (spirals(epochs=2), {}),
    "uneven": (spirals(epochs=2, batch_size=7), {}),
    "finer": (spirals(epochs=3, **FINER).with_data(validation_share=0.2), {}),
    "weights of classes": (iris(epochs=10, batch_size=13, class_weights=True), {}),
    "fewer rows than processes": (spirals(epochs=1, batch_size=1), {}),
    "batch norm": (
        spirals(layer("Linear", out_features=4, bias=False), layer("BatchNorm1d"), epochs=1, batch_size=3),
        {},
    ),
    "convolution": (cnn(), {}),
    "divided": (spirals(epochs=3, **FINER).with_data(validation_share=0.2), {"sharded": True}),
    "divided, a large layer": (wide(), {"sharded": True}),
    "saved amid an epoch": (spirals(epochs=2, batch_size=9, accumulate=4), {"steps": 14, "save": "middle"}),
    "saved divided": (spirals(epochs=2, batch_size=9, accumulate=4), {"steps": 14, "save": "parts", "sharded": True}),
    "zz went on divided": (spirals(epochs=2, batch_size=9, accumulate=4), {"resume": "middle", "sharded": True}),
}


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"} | more


def torchrun(*words: object) -> subprocess.CompletedProcess[str]:
    """Two processes of this."""
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    return subprocess.run(
        [*start, *map(str, words)], env=environment(), capture_output=True, text=True, timeout=SECONDS
    )


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have trained all PROJECTS, and one that goes on from a single process."""
    folder = tmp_path_factory.mktemp("together")
    for name, (project, how) in PROJECTS.items():
        storage.write(folder / f"{name}.nnstudio", replace(project.with_training(device="cpu"), title=json.dumps(how)))
    alone = replace(spirals(epochs=2, batch_size=9, accumulate=4, device="cpu"), title="{}")
    storage.write(folder / "from one.nnstudio", alone, finish(Run(alone), steps=14).checkpoint())
    done = torchrun("engine.together", folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def same(found: Checkpoint, expected: Checkpoint) -> None:
    """The same curves and the same weights, but for the rounding."""
    assert (found.epoch, found.batch, found.step) == (expected.epoch, expected.batch, expected.step)
    np.testing.assert_allclose(found.history.step_losses, expected.history.step_losses, rtol=0, atol=AGREE)
    assert len(found.history.epochs) == len(expected.history.epochs)
    for record, wanted in zip(found.history.epochs, expected.history.epochs, strict=True):
        assert record["lr"] == wanted["lr"]
        for part in ("train", "validation", "test"):
            assert record.get(part, {}) == pytest.approx(wanted.get(part, {}), rel=0, abs=AGREE)
    for name, weights in expected.weights.items():
        if "batch_norm" not in name and "running" not in name:
            np.testing.assert_allclose(found.weights[name], weights, rtol=0, atol=2 * AGREE)


def trained(folder: Path, name: str) -> Checkpoint:
    stored = storage.read(folder / f"{name}.trained")
    assert stored.checkpoint is not None and stored.notices == ()
    return stored.checkpoint


@pytest.mark.parametrize("name", PROJECTS)
def test_two_processes_train_what_one_does(name: str, together: Path) -> None:
    project, how = PROJECTS[name]
    whole = finish(Run(project.with_training(device="cpu", captured=False)), steps=how.get("steps"))
    same(trained(together, name), whole.checkpoint())
    continuation, *_ = json.loads((together / f"{name}.json").read_text())
    assert continuation == ("exact" if "resume" in how else "new")


def test_two_processes_go_on_from_one(together: Path) -> None:
    whole = finish(Run(spirals(epochs=2, batch_size=9, accumulate=4, device="cpu", captured=False)))
    assert json.loads((together / "from one.json").read_text())[0] == "exact"
    same(trained(together, "from one"), whole.checkpoint())


@pytest.mark.parametrize("name", ["saved amid an epoch", "saved divided"])
def test_one_process_goes_on_from_two(name: str, together: Path) -> None:
    """From the project file, where all is gathered, and from the folder, where it lies in two parts."""
    project, how = PROJECTS[name]
    project = project.with_training(device="cpu", captured=False)
    whole = finish(Run(project)).checkpoint()
    place = shards.newest(together / how["save"])
    assert place is not None
    found = shards.read(place)
    assert found.processes == 2 and found.checkpoint.step == 14
    for checkpoint in (trained(together, name), found.checkpoint):
        resumed = Run(project, checkpoint)
        assert resumed.continuation == "exact"
        same(finish(resumed).checkpoint(), whole)


# -- the command -------------------------------------------------------------------------------------------------------


def figures(text: str) -> list[dict[str, Any]]:
    """The records without what depends on the clock."""
    records = [json.loads(line) for line in text.splitlines()]
    return [{key: value for key, value in record.items() if key not in ("seconds", "file")} for record in records]


def test_the_command_saves_once_and_goes_on_alone(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.nnstudio", tmp_path / "checkpoints"
    storage.write(path, spirals(epochs=2, device="cpu", captured=False))
    started = torchrun("nnstudio", "train", path, "--json", "--shard", "--checkpoint-folder", folder)
    assert started.returncode == 0, started.stderr[-4000:]
    records = figures(started.stdout)
    assert [record.get("epoch") for record in records] == [1, 2, None]  # each is said once
    checkpoint = storage.read(path).checkpoint
    assert checkpoint is not None and checkpoint.epoch == 2
    place = shards.newest(folder)
    assert place is not None and shards.read(place).checkpoint.step == checkpoint.step == 40

    storage.write(path, spirals(epochs=2, device="cpu", captured=False))  # what it learned is in the folder alone
    assert main(["train", str(path), "--json", "--epochs", "4", "--checkpoint-folder", str(folder)]) == 0
    whole = finish(Run(spirals(epochs=4, device="cpu", captured=False)))
    found = storage.read(path).checkpoint
    assert found is not None
    same(found, whole.checkpoint())


def test_a_process_that_dies_ends_the_other_with_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.nnstudio"
    storage.write(path, spirals(epochs=1_000_000, device="cpu"))
    before = path.read_bytes()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [sys.executable, "-m", "nnstudio", "train", str(path), "--json"]
    processes = [
        subprocess.Popen(
            words,
            env=environment(RANK=rank, LOCAL_RANK=rank, WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    first, second = processes
    try:
        assert first.stdout is not None and first.stdout.readline().startswith('{"epoch": 1')
        second.send_signal(signal.SIGKILL)
        _, said = first.communicate(timeout=SECONDS)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert first.returncode == 1
    assert len(said.splitlines()) == 1 and "Another process of this training has ended" in said
    assert path.read_bytes() == before


# -- how rows are divided ----------------------------------------------------------------------------------------------


def part_of(rank: int, size: int, *middle: Any) -> Together:
    """What process `rank` of `size` does, without any process."""
    project = spirals(*middle)
    prepared = prepare(project.data)
    world: Any = SimpleNamespace(rank=rank, size=size, device=SimpleNamespace(type="cpu"), sharded=False)
    network = compile_network(project.graph, prepared.input_type)
    return Together(world, network, Objective(project.graph, prepared, "cpu"))  # type: ignore[arg-type]


@pytest.mark.parametrize("middle", [(), (layer("BatchNorm1d"),)])
@pytest.mark.parametrize("size", [2, 3, 8])
def test_every_row_belongs_to_one_process(size: int, middle: tuple[Any, ...]) -> None:
    parts = [part_of(rank, size, *middle) for rank in range(size)]
    least = 2 if middle else 1
    for rows in (1, 2, 3, 7, 8, 16, 17):
        owned = [list(range(rows))[part.share(rows)] for part in parts]
        assert [row for own in owned for row in own] == list(range(rows))
        assert all(len(own) >= least or not own for own in owned) or rows < least
        assert max(map(len, owned)) - min(len(own) for own in owned if own) <= 1
        computed = [part.computed(rows) for part in parts]
        assert all(len(range(rows)[places]) for places in computed)  # everybody computes something


# -- folders that are damaged ------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkpoint in a folder, of one process."""
    return shards.save(finish(Run(spirals(epochs=2, device="cpu")), steps=25), tmp_path / "folder")


def test_a_folder_of_one_process_is_the_checkpoint(place: Path) -> None:
    run = finish(Run(spirals(epochs=2, device="cpu")), steps=25)
    resumed = Run(run.project, shards.read(place).checkpoint)
    assert resumed.continuation == "exact"
    one, other = finish(run).checkpoint(), finish(resumed).checkpoint()
    assert all((one.weights[name] == other.weights[name]).all() for name in one.weights)
    assert (one.history.step_losses == other.history.step_losses).all()


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    run = Run(spirals(epochs=2, device="cpu"))
    for _ in range(4):
        shards.save(finish(run, steps=1), tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["step-000000000003", "step-000000000004"]


def cut(place: Path) -> None:
    shard = next(place.glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[:-8])


def flip(place: Path) -> None:
    shard = next(place.glob("*.safetensors"))
    data = bytearray(shard.read_bytes())
    data[-3] ^= 1
    shard.write_bytes(data)


def index(**changes: Any) -> Callable[[Path], None]:
    def change(place: Path) -> None:
        path = place / shards.INDEX
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def with_another(place: Path) -> None:
    shutil.copy(next(place.glob("*.safetensors")), place / "shard-00009-model-00001-of-00001.safetensors")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "has another length"),
        (flip, "is not what was saved"),
        (lambda place: next(place.glob("*.safetensors")).unlink(), "is missing"),
        (with_another, "is not part of it"),
        (index(format=99), "its format is 99"),
        (index(files={"../../a.safetensors": [1, ""]}), "does not name its files"),
        (index(history=3), "history is"),
        (lambda place: (place / shards.INDEX).write_bytes(b"\x80\x04."), "no checkpoint that can be read"),
    ],
)
def test_a_damaged_folder_is_refused(damage: Callable[[Path], None], words: str, place: Path) -> None:
    damage(place)
    with pytest.raises(shards.ShardsError, match=words) as refused:
        shards.read(place)
    assert str(place) in str(refused.value) and "\n" not in str(refused.value)


# -- the script --------------------------------------------------------------------------------------------------------


def test_a_script_in_two_processes_says_what_one_run_does(tmp_path: Path) -> None:
    """Also with a last batch of fewer rows than processes, batch norm, groups of batches and clipping."""
    more = FINER | {"batch_size": 3}
    middle = (layer("Linear", out_features=4, bias=False), layer("BatchNorm1d"), layer("Tanh"))
    project = spirals(*middle, epochs=2, **more)
    project = project.with_training(device="cpu", captured=False)
    script = tmp_path / "script.py"
    script.write_text(to_python(project, together=True), encoding="utf-8")
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", script, "--json"]
    done = subprocess.run(start, env=environment(), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-4000:]
    *records, last = [json.loads(line) for line in done.stdout.splitlines()]
    run = finish(Run(project))
    assert last["steps"] == run.step and len(records) == 2
    for record, wanted in zip(records, run.history.epochs, strict=True):
        for part in ("train", "test"):
            assert record[part]["loss"] == pytest.approx(wanted[part]["loss"], rel=0, abs=AGREE)


@pytest.mark.parametrize("middle", [(), (layer("BatchNorm1d"), layer("Dropout"))])
def test_such_a_script_alone_is_that_of_one_process(middle: tuple[Any, ...]) -> None:
    project = spirals(*middle, epochs=2, device="cpu", batch_size=7)
    said = []
    for together in (True, False):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run_here(to_python(project, together), "--json")
        said.append(figures(out.getvalue()))
    assert said[0] == said[1] and len(said[0]) == 3


def test_an_output_that_does_not_count_is_refused() -> None:
    graph = Graph()
    graph, start = graph.add(layer("Input"))
    for title, weight in (("main", 1.0), ("idle", 0.0)):
        graph, linear = graph.add(layer("Linear", out_features=1))
        graph, end = graph.add(layer("Output", loss=loss("BCEWithLogitsLoss"), weight=weight), title=title)
        graph = graph.wire(start, linear).wire(linear, end)
    project = replace(spirals(), graph=graph)
    with pytest.raises(GraphError, match="the weight of idle is 0"):
        to_python(project, together=True)
