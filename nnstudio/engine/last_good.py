"""LastGood: the newest checkpoint of a Run in which all is finite, to go back to when a training goes wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.engine.memory import memory

if TYPE_CHECKING:
    from nnstudio.engine.run import Run

# The part of the time that taking checkpoints may cost.
SHARE = 0.01
# The part of this computer's memory that one may take.
MEMORY_SHARE = 1 / 8


class LastGood:
    """Taken between two steps, where all losses so far are finite, and not so often that it is felt.

    Attributes:
        checkpoint: the newest; None before the first, where it would be too large, and of several processes.
        spoilt: the first state, where there was none before it that is good.
        rates: the learning rates that were set since, with the step before which each was.
    """

    def __init__(self) -> None:
        self.checkpoint: Checkpoint | None = None
        self.spoilt: Checkpoint | None = None
        self.rates: list[tuple[int, float]] = []
        self._due = 0.0

    def see(self, run: Run) -> None:
        """Take the Run as it is now, if it is time to, and if its weights are finite."""
        began = time.perf_counter()
        if began < self._due or run.sharing.world is not None:
            return
        if self.checkpoint is not None and self.checkpoint.step == run.step:
            return
        if state_bytes(run) <= MEMORY_SHARE * memory():
            self.keep(run.checkpoint())
        ended = time.perf_counter()
        self._due = ended + (ended - began) / SHARE

    def keep(self, taken: Checkpoint) -> None:
        """Keep a checkpoint of the Run as it is now, which was taken for another reason, if its weights are finite."""
        if finite(taken):
            self.checkpoint = taken
            self.rates = []
        elif self.checkpoint is None and self.spoilt is None:
            self.spoilt = taken

    def set_rate(self, step: int, lr: float) -> None:
        """Note that a learning rate was set before this step."""
        if self.checkpoint is not None:
            self.rates.append((step, lr))


def finite(checkpoint: Checkpoint) -> bool:
    """Whether all weights in a checkpoint are finite, and those of the moving average too."""
    return all(
        bool(np.isfinite(array).all())
        for part in (checkpoint.weights, checkpoint.average)
        for array in part.values()
        if np.issubdtype(array.dtype, np.floating)
    )


def finite_weights(network: nn.Module) -> bool:
    """Whether all weights and buffers of a network are finite."""
    return all(bool(value.isfinite().all()) for value in network.state_dict().values() if value.is_floating_point())


def state_bytes(run: Run) -> int:
    """How large a checkpoint of a Run is."""
    tensors = [*run.network.state_dict().values()]
    tensors += [value for state in run.optimizer.state.values() for value in state.values() if hasattr(value, "numel")]
    if run.project.training.ema_decay is not None:
        tensors += run.tested.state_dict().values()
    if run.project.training.keep_best:
        tensors += run.network.state_dict().values()
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) + 4 * run.step
