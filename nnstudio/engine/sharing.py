"""Sharing: how much of a training this process does. Here: all of it.

A Run asks for this wherever it would do something else if several processes trained together;
`engine.distributed.together` has the other answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from nnstudio.engine.batches import Batches
from nnstudio.engine.figures import Sums
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective

if TYPE_CHECKING:
    from nnstudio.engine.data import PartName
    from nnstudio.engine.distributed.world import World
    from nnstudio.engine.run import Run


class Sharing:
    """A training in one process.

    Attributes:
        world: the other processes; None without any.
        uncaptured: why steps cannot be replayed; empty when they can.
    """

    world: World | None = None
    uncaptured = ""

    def __init__(self, network: Network, objective: Objective) -> None:
        self._network, self._objective = network, objective

    @property
    def computed(self) -> Callable[[int], slice] | None:
        """Which rows of so many are computed here; None for all."""
        return None

    def wrap(self, average: AveragedModel | None, batches: Batches) -> Callable[..., Any]:
        """The network as it is called in a step. Afterwards the parameters may be others than before."""
        return self._network

    def adapt(self, optimizer: torch.optim.Optimizer) -> None:
        """Make an optimizer fit for the parameters, before its first step."""

    def syncing(self, updates: bool) -> Any:
        """The context of a forward and a backward; `updates`: the weights are changed after it."""
        return nullcontext()

    def loss(self, given: Any, aims: tuple[Tensor, ...], rows: int) -> Tensor:
        """The loss of a batch of so many rows; of several processes, what this one adds to it."""
        return self._objective.loss(given, aims)

    def counted(self, output: Tensor, rows: int) -> Tensor:
        """Of what was computed of a batch of so many rows, what counts."""
        return output

    def due(self, now: bool) -> bool:
        """Whether it is time to see where the training stands; `now`: this process thinks so."""
        return now

    def losses(self, own: Tensor) -> Tensor:
        """The losses of some batches, of what this process added to them."""
        return own

    def sums(self, own: Sums) -> Sums:
        """Sums over the rows of all processes, of those over the rows of this one."""
        return own

    def own_sums(self, whole: Sums) -> Sums:
        """Sums such that those of all processes together are these."""
        return whole

    def whole(self, own: Tensor, counts: Sequence[int]) -> Tensor:
        """Some batches, of so many rows each, of what this process has of them."""
        return own

    def part(self, whole: Tensor, counts: Sequence[int]) -> Tensor:
        """Of some batches, of so many rows each, what this process has."""
        return whole

    def measure(self, run: Run, name: PartName, rows: int) -> dict[str, float]:
        """Loss and metrics on all rows of a part, so many rows at a time."""
        held = run.held(name)
        if held is not None:
            inputs, aims = held
            parts = zip(*(part.split(rows) for part in aims), strict=True)
            return run.figures.evaluate(run.tested, zip(inputs.split(rows), parts, strict=True))
        pieces = (run.on_device(*piece) for piece in run.prepared.part(name).pieces(rows))
        return run.figures.evaluate(run.tested, pieces)

    def settle(self, average: nn.Module) -> None:
        """Where each process has running statistics of its own, take those of the first."""

    def settle_gradients(self) -> None:
        """Where each process has gradients of its own, take their mean."""

    def looking(self) -> Any:
        """The context of an evaluation."""
        return torch.inference_mode()

    def kept(self, tensor: Tensor) -> np.ndarray:
        """A tensor as a checkpoint has it."""
        return tensor.detach().to("cpu", copy=True).numpy()

    def placed(self, tensor: Tensor, like: Tensor) -> Tensor:
        """A tensor on the device of another one, and divided as that is."""
        return tensor.to(like.device)
