"""A memory that is full, and devices that stop working: told apart by their errors, and what fits after all.

Every device has words of its own for a full memory. The exception keeps what the step had made alive, so all here is
done after it is gone: an Interruption holds only words.
"""

from __future__ import annotations

import gc
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from nnstudio.engine.compiler import check
from nnstudio.engine.memory import memory, moments, rows_that_fit

if TYPE_CHECKING:
    from nnstudio.engine.run import Run

# So long batch sizes are tried, before an estimate has to do.
SECONDS = 5.0
# Beside torch.OutOfMemoryError (CUDA) and MemoryError (Python, numpy).
_FULL = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")
_LOST = (
    "cuda error",
    "device-side assert",
    "cudnn error",
    "cublas error",
    "acceleratorerror",
    "mps error",
    "hip error",
)


@dataclass(frozen=True)
class Interruption:
    """An error that ended a step.

    Attributes:
        kind: "memory" (it is full), "device" (it stopped working) or "other". words: one line. details: for a report.
    """

    kind: Literal["memory", "device", "other"]
    words: str
    details: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Interruption:
        """What is known of an error. Nothing of the error itself is kept."""
        details = "".join(traceback.format_exception(error))
        chain: list[BaseException] = []
        one: BaseException | None = error
        while one is not None and one not in chain:
            chain.append(one)
            one = one.__cause__ or one.__context__
        kind: Literal["memory", "device", "other"] = "other"
        if any(map(_is_full, chain)):
            kind = "memory"
        elif any(map(_is_lost, chain)):
            kind = "device"
        words = str(chain[0] if kind == "other" else chain[-1]).strip().split("\n")[0] or type(error).__name__
        return cls(kind, words.rstrip("."), details)


def _is_full(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(part in str(error).lower() for part in _FULL)


def _is_lost(error: BaseException) -> bool:
    """Whether everything that is asked of the device from now on would fail."""
    if not isinstance(error, RuntimeError):
        return False
    words = f"{type(error).__name__}: {error}".lower()
    return any(part in words for part in _LOST)


@dataclass(frozen=True)
class Fit:
    """Rows in a batch that fit, and whether that was tried or is an estimate."""

    rows: int
    measured: bool


def release(run: Run) -> None:
    """Give back what a step that did not come to its end has left."""
    run.optimizer.zero_grad(set_to_none=True)
    if run.device.type == "cuda":
        torch.cuda.empty_cache()
    elif run.device.type == "mps":
        torch.mps.empty_cache()


def batch_that_fits(run: Run, seconds: float = SECONDS) -> Fit | None:
    """Half the rows of a batch, or half of that, …: the first with which a forward and a backward work.

    The Run is of no more use for training. None: not even one row fits.
    """
    deadline = time.monotonic() + seconds
    gc.collect()
    rows = run.batch_size // 2
    while rows >= 1 and time.monotonic() < deadline:
        if _works(run, rows):
            return Fit(rows, measured=True)
        rows //= 2
    if rows < 1:
        return None
    report = check(run.project)
    estimated = min(rows_that_fit(run.project, report, 0.8 * _limit(run)), rows)
    return Fit(max(1, estimated), measured=False)


def _limit(run: Run) -> int:
    if run.device.type == "cuda":
        return int(torch.cuda.get_device_properties(run.device).total_memory)
    return memory()


def _works(run: Run, rows: int) -> bool:
    release(run)
    try:
        _forward_and_backward(run, rows)
    except Exception as error:
        if Interruption.of(error).kind != "memory":
            raise
    else:
        release(run)
        return True
    release(run)  # out of the except block, so that the error keeps nothing alive
    return False


def _forward_and_backward(run: Run, rows: int) -> None:
    """Twice, with a quarter more rows, and with as much put aside as the optimizer needs.

    That is what it keeps of each weight, where it has not begun to, and one number for its work.
    """
    aside = []
    optimizer = run.project.training.optimizer
    kept = 1.0 + (moments(optimizer) if optimizer is not None and not run.optimizer.state else 0.0)
    for parameter in run.network.parameters():
        aside.append(torch.empty(int(kept * parameter.numel()), device=run.device))
    (inputs, aims), _ = run.next_batch()
    rows += rows // 4
    with run.stepping(), torch.enable_grad():
        for _ in range(2):
            with run.updates.mixed():
                given = run.objective.feed(run.network, inputs[:rows])
                loss = run.objective.loss(given, tuple(aim[:rows] for aim in aims))
            loss.backward()  # type: ignore[no-untyped-call]
