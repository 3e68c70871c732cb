"""A memory that is full and a device that stops working: told apart, recovered from, with a remedy that works."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.projects import iris, layer, optimizer, spirals
from engine.test_run import finish
from nnstudio.core.kinds import Optimizer
from nnstudio.core.spec import registered
from nnstudio.engine import device as devices
from nnstudio.engine import memory
from nnstudio.engine.compiler import check
from nnstudio.engine.memory import check_memory, moments, parameter_bytes, rows_that_fit
from nnstudio.engine.out_of_memory import Interruption, batch_that_fits
from nnstudio.engine.run import Run, RunError
from nnstudio.engine.trouble import trouble

FULL = [
    MemoryError(),
    np._core._exceptions._ArrayMemoryError((10,), np.dtype(float)),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.88 GB, other allocations: 90.35 MB, max: 9.07 GB)."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]
LOST = [
    RuntimeError("CUDA error: unknown error\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions."),
    RuntimeError("CUDA error: device-side assert triggered"),
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
]
OTHER = [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ZeroDivisionError("division by zero"), KeyError()]


@pytest.mark.parametrize(
    ("error", "kind"), [*((e, "memory") for e in FULL), *((e, "device") for e in LOST), *((e, "other") for e in OTHER)]
)
def test_errors_are_told_apart(error: BaseException, kind: str) -> None:
    assert Interruption.of(error).kind == kind
    try:
        try:
            raise error
        finally:
            raise RuntimeError("and then something else")  # as when a lost device is asked for its random state
    except RuntimeError as last:
        found = Interruption.of(last)
    assert found.kind == kind and "\n" not in found.words


def interrupted(run: Run) -> Interruption | None:
    try:
        for _ in run.snapshots():
            pass
    except Exception as error:
        return Interruption.of(error)
    return None


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_full_memory_ends_in_a_batch_size_that_was_tried(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finish(Run(spirals(batch_size=64, epochs=3, captured=False)), steps=2)
    run.last_good._due = 0.0  # the next stretch begins with a look
    monkeypatch.setattr(Run, "plain_step", lambda *given: (_ for _ in ()).throw(error))
    forward = run.network.forward

    def most(x: torch.Tensor) -> torch.Tensor:
        if len(x) > 10:
            raise error
        return forward(x)

    monkeypatch.setattr(run.network, "forward", most)
    found = trouble(run, interrupted(run))
    assert found is not None
    assert "memory" in found.sentence and "Batches of 8 fit (tried)" in found.sentence
    assert found.changes == {"batch_size": 8, "accumulate": 8} and found.remedy == "Use batches of 8"
    assert found.good is not None and found.good.step == 2
    monkeypatch.undo()
    resumed = Run(run.project.with_training(**found.changes), found.good)
    assert resumed.step == 2 and set(resumed.kept) == set(run.network.states_by_node()) - {
        path for path, own in run.network.states_by_node().items() if not own
    }
    finish(resumed, epochs=1)


def test_nothing_of_the_step_stays_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(spirals(batch_size=64, captured=False))
    made: list[weakref.ref[torch.Tensor]] = []

    def full(self: Run, inputs: torch.Tensor, aims: object) -> None:
        big = torch.zeros(1000) + inputs.sum()
        made.append(weakref.ref(big))
        raise MemoryError

    monkeypatch.setattr(Run, "plain_step", full)
    interruption = interrupted(run)
    gc.collect()
    assert made and made[0]() is None and interruption is not None and interruption.kind == "memory"


def test_not_even_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(spirals(batch_size=4, captured=False))
    monkeypatch.setattr(run.network, "forward", lambda x: (_ for _ in ()).throw(MemoryError()))
    found = trouble(run, interrupted(run))
    assert found is not None and not found.remedy and "Make the network smaller" in found.sentence


def test_without_time_to_try_it_is_an_estimate() -> None:
    run = Run(spirals(batch_size=64))
    fit = batch_that_fits(run, seconds=0.0)
    assert fit is not None and not fit.measured and 1 <= fit.rows <= 32


@pytest.mark.parametrize("error", LOST, ids=lambda error: str(error)[:30])
def test_a_device_that_is_lost_is_not_used_any_more(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_lost", set())
    monkeypatch.setattr(devices, "_cuda", lambda: devices.DeviceReport("cuda", True, "A device."))
    project = spirals(batch_size=64, captured=False, device="cpu")
    run = finish(Run(project), steps=2)
    run.last_good._due = 0.0  # the next stretch begins with a look
    monkeypatch.setattr(Run, "plain_step", lambda *given: (_ for _ in ()).throw(error))
    interruption = interrupted(run)
    run.device = torch.device("cuda")
    run.project = project.with_training(device="cuda")
    found = trouble(run, interruption)
    assert found is not None and "cuda stopped working" in found.sentence and "started again" in found.sentence
    assert found.changes == {"device": "cpu"} and found.good is not None and found.good.step == 2
    assert devices.choose("auto").type == "cpu"
    with pytest.raises(RunError, match="Start NN Studio again"):
        Run(project.with_training(device="cuda"))


# -- before it starts --------------------------------------------------------------------------------------------------


def test_what_optimizers_keep_is_counted() -> None:
    kept = {"SGD": 0, "Adam": 2, "AdamW": 2, "Adagrad": 1, "Adadelta": 2, "Rprop": 2, "RMSprop": 1, "NAdam": 2}
    for name, count in kept.items():
        assert moments(optimizer(name)) == count, name
    assert moments(optimizer("SGD", momentum=0.9)) == 1
    assert moments(optimizer("Adam", amsgrad=True)) == 3
    assert 0 < moments(optimizer("Adafactor")) < 0.1
    assert all(0 <= moments(kind()) <= 4 for kind in registered(Optimizer).values())  # type: ignore[call-arg]


def test_the_check_before_the_start_knows_averages_and_best_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    project = spirals(layer("Linear", out_features=4000), layer("Tanh"), batch_size=2)
    plain = parameter_bytes(project.training)
    assert plain == 16
    larger = project.with_training(ema_decay=0.9, keep_best=True, optimizer=optimizer("Adam", amsgrad=True))
    assert parameter_bytes(larger.training) == 28
    report = check(project)
    values = sum(found.output.size for found in report.nodes.values() if found.output is not None) * 2 * 8
    monkeypatch.setattr(memory, "memory", lambda: int(20 * report.parameters + values))
    assert check_memory(project, report) == []
    (problem,) = check_memory(larger, report)
    assert "memory" in problem.message and problem.node is not None


def test_the_check_names_a_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    project = iris(batch_size=100)
    report = check(project)
    monkeypatch.setattr(memory, "memory", lambda: 40_000)
    (problem,) = check_memory(project, report)
    fits = rows_that_fit(project, report, 40_000)
    assert 1 <= fits < 100 and f"at most {fits} rows" in problem.fix
    assert check_memory(project.with_training(batch_size=fits), report) == []
    assert check_memory(project.with_training(batch_size=2 * fits), report) != []


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are Linux's")
def test_a_real_limit_in_a_process_of_its_own() -> None:
    """Too large a batch for the memory: the sentence, a smaller batch, the memory free again, and the training ends."""
    code = """
import resource, sys
sys.path[:0] = [{tests!r}, {root!r}]
import torch
torch.set_num_threads(1)
from engine.projects import layer, spirals
from nnstudio.engine.out_of_memory import Interruption
from nnstudio.engine.run import Run
from nnstudio.engine.trouble import trouble

def pages(place):
    return int(open("/proc/self/statm").read().split()[place]) * resource.getpagesize()

project = spirals(layer("Linear", out_features=200_000), layer("Tanh"), batch_size=None, epochs=2, device="cpu")
project = project.with_training(captured=False)
run = Run(project)
before = pages(1)
limit = pages(0) + (300 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
interruption = None
try:
    for _ in run.snapshots():
        pass
except (RuntimeError, MemoryError) as error:
    interruption = Interruption.of(error)
found = trouble(run, interruption)
after = pages(1)
print(found.sentence)
print(found.changes["batch_size"], found.changes["accumulate"])
print(after / before)
del run
again = Run(project.with_training(**found.changes), found.good)
for snapshot in again.snapshots():
    pass
print(again.epoch, snapshot.problem)
"""
    tests = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code.format(tests=str(tests), root=str(tests.parent))],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    sentence, changes, grown, end = done.stdout.strip("\n").split("\n")
    assert sentence.startswith("The memory of this computer is full") and "(tried)" in sentence
    rows, several = map(int, changes.split())
    assert 1 <= rows < 200 and rows * several >= 200
    assert float(grown) < 1.25
    assert end.strip() == "2"
