"""Together: what is different in a Run when several processes share it.

Every process has the same network and the same settings. Of each batch of the project it takes its own rows, and its
loss counts by how many these are, so that the mean of the gradients over all processes is the gradient of the whole
batch. What is measured is summed over all of them. So the curves are those of one process, but for the rounding.

Two things are each process's own. Dropout draws from a stream of its own: process r from the seed + r. Batch
normalisation takes the mean and the variance of the process's rows, as DistributedDataParallel does, and the running
statistics that are tested and saved are those of the first process; on GPUs it is torch's SyncBatchNorm, which takes
them of all rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel

from nnstudio.engine.distributed.reach import reaches_all
from nnstudio.engine.distributed.sharding import placed, shard
from nnstudio.engine.figures import Sums
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective
from nnstudio.engine.sharing import Sharing

if TYPE_CHECKING:
    from nnstudio.engine.batches import Batches
    from nnstudio.engine.data import PartName
    from nnstudio.engine.distributed.world import World
    from nnstudio.engine.run import Run

# Steps between two agreements at most, and about so many seconds.
_MOST_STEPS = 1000
_SECONDS = 1 / 30


_NOT_FUSED = (torch.optim.SGD, torch.optim.Adagrad)


class Together(Sharing):
    """One Run in several processes, seen from one of them."""

    world: World
    uncaptured = "Several processes train together."

    def __init__(self, world: World, network: Network, objective: Objective) -> None:
        super().__init__(network, objective)
        self.world = world
        if world.device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(network)
        # A batch of one row has no variance.
        kinds = [type(part) for part in network.modules() if isinstance(part, _BatchNorm)]
        self._least = 2 if any(kind is not nn.SyncBatchNorm for kind in kinds) else 1
        self._uneven = any(_divides_by_more_than_rows(head.loss) for head in objective.heads)
        self._since = time.perf_counter()
        self._steps, self._wait = 0, 1

    # -- rows ------------------------------------------------------------------------------------------------------

    def share(self, rows: int) -> slice:
        """The rows of this process among so many. Some processes have none when there are too few."""
        active = max(1, min(self.world.size, rows // self._least))
        rank = min(self.world.rank, active)
        return slice(rank * rows // active, min(rank + 1, active) * rows // active)

    def own(self, rows: int) -> int:
        """How many rows of so many this process has."""
        mine = self.share(rows)
        return mine.stop - mine.start

    @property
    def computed(self) -> Callable[[int], slice]:
        return self._computed

    def _computed(self, rows: int) -> slice:
        """The rows that this process computes: its own, or where it has none, all of them, which then count nothing.

        A process without rows computes too, since the others wait for its part in every sum.
        """
        return self.share(rows) if self.own(rows) else slice(0, rows)

    # -- a step ----------------------------------------------------------------------------------------------------

    def wrap(self, average: AveragedModel | None, batches: Batches) -> Callable[..., Any]:
        """The network as it is called in a step. Afterwards the parameters may be others than before."""
        network, world = self._network, self.world
        self._wrapped: nn.Module = network
        if world.sharded:
            shard(network, world.mesh)
            if average is not None:
                shard(average.module, world.mesh)
        elif any(parameter.requires_grad for parameter in network.parameters()):
            self._wrapped = DistributedDataParallel(
                network,
                device_ids=[world.device] if world.device.type == "cuda" else None,
                find_unused_parameters=not reaches_all(network, self._objective, *batches[0]),
            )
        return self._wrapped

    def adapt(self, optimizer: torch.optim.Optimizer) -> None:
        """Some fused optimizers do not know parameters that are divided."""
        if self.world.sharded and isinstance(optimizer, _NOT_FUSED):
            for group in optimizer.param_groups:
                group["fused"] = False

    def syncing(self, updates: bool) -> Any:
        """Gradients are exchanged in the last batch before an update.

        Where weights are divided, so are gradients, and they are exchanged after each batch.
        """
        wrapped = self._wrapped
        return wrapped.no_sync() if isinstance(wrapped, DistributedDataParallel) and not updates else nullcontext()

    def loss(self, given: Any, aims: tuple[Tensor, ...], rows: int) -> Tensor:
        """What this process adds to the loss of the batch: the mean over all processes is the loss."""
        heads = self._objective.heads
        outputs = given if len(heads) > 1 else (given,)
        total: Tensor | None = None
        for head, output, aim, share in zip(heads, outputs, aims, self._shares(aims, rows), strict=True):
            if head.weight:
                factor = head.weight * share
                loss = head.loss(output, aim) if factor else output.sum()
                added = loss if factor == 1 else loss * factor
                total = added if total is None else total + added
        return outputs[0].sum() * 0.0 if total is None else total

    def counted(self, output: Tensor, rows: int) -> Tensor:
        return output[: self.own(rows)]

    def due(self, now: bool) -> bool:
        """About thirty times a second, after the same step in each process."""
        self._steps += 1
        if self._steps < self._wait:
            return False
        here = time.perf_counter()
        (passed,) = self.world.largest(here - self._since)
        self._wait = max(1, min(_MOST_STEPS, round(self._steps * _SECONDS / max(passed, 1e-6))))
        self._steps, self._since = 0, here
        return True

    # -- what comes of it ------------------------------------------------------------------------------------------

    def losses(self, own: Tensor) -> Tensor:
        return self.world.total(own) / self.world.size

    def sums(self, own: Sums) -> Sums:
        if not own:
            return own
        total = self.world.total(torch.cat([part.flatten() for part in own.values()]))
        parts = total.split([part.numel() for part in own.values()])
        return {key: part.reshape(own[key].shape) for key, part in zip(own, parts, strict=True)}

    def own_sums(self, whole: Sums) -> Sums:
        return whole if self.world.first else {key: torch.zeros_like(part) for key, part in whole.items()}

    def settle(self, average: nn.Module) -> None:
        for network in dict.fromkeys((self._network, average)):
            self.world.from_first([buffer for buffer in network.buffers() if buffer.numel()])

    def settle_gradients(self) -> None:
        """The mean over all processes: what comes of it later has the same mean as without."""
        if self.world.sharded:  # they are it already
            return
        for parameter in self._network.parameters():
            if parameter.grad is not None:
                parameter.grad.copy_(self.world.total(parameter.grad) / self.world.size)

    def measure(self, run: Run, name: PartName, rows: int) -> dict[str, float]:
        """Each process measures its share of every piece."""
        network, figures, count = run.tested, run.figures, len(run.prepared.part(name))
        objective, heads = self._objective, self._objective.heads
        numbers: list[Tensor] = []  # of each piece and head: loss × count, count
        counts: list[int] = []
        sums: Sums = {}
        training = network.training
        network.eval()
        try:
            with self.looking():
                for first in range(0, count, rows):
                    here = min(rows, count - first)
                    mine, own = self._computed(here), self.own(here)
                    x, aims = run.rows_at(name, slice(first + mine.start, first + mine.stop))
                    given = objective.feed(network, x)
                    outputs = given if len(heads) > 1 else (given,)
                    found = torch.zeros(len(heads), 2, dtype=torch.float64)
                    for place, (head, output, aim) in enumerate(zip(heads, outputs, aims, strict=True)):
                        share = _count(head.loss, aim) if own and head.weight else 0.0
                        if share:
                            found[place] = torch.tensor([head.loss(output, aim).item() * share, share])
                    numbers.append(found)
                    counts.append(here)
                    figures.add(sums, objective.output(given)[:own], aims[objective.place][:own])
        finally:
            network.train(training)
        totals = self.world.total(torch.stack(numbers))
        loss = 0.0
        for piece, here in zip(totals, counts, strict=True):
            means = piece[:, 0] / piece[:, 1]
            loss += (
                sum(head.weight * float(mean) for head, mean in zip(heads, means, strict=True) if head.weight) * here
            )
        return {"loss": loss / count} | figures.values(self.sums(sums))

    def looking(self) -> Any:
        """FSDP2 keeps the memory that it gathers weights in, and trains with it later."""
        return torch.no_grad() if self.world.sharded else torch.inference_mode()

    # -- keeping and going on --------------------------------------------------------------------------------------

    def whole(self, own: Tensor, counts: Sequence[int]) -> Tensor:
        found = torch.zeros(sum(counts), *own.shape[1:], dtype=own.dtype)
        self._copy(found, own.cpu(), counts, into_whole=True)
        return self.world.total(found).to(own.dtype)

    def part(self, whole: Tensor, counts: Sequence[int]) -> Tensor:
        found = whole.new_zeros(sum(self.own(count) for count in counts), *whole.shape[1:])
        self._copy(whole, found, counts, into_whole=False)
        return found

    def kept(self, tensor: Tensor) -> np.ndarray:
        """The whole of a tensor that may be divided, for the first process; the others get an empty array."""
        full = tensor.detach()
        if isinstance(full, DTensor):
            full = full.full_tensor()
        return full.to("cpu", copy=True).numpy() if self.world.first else np.zeros(0, np.float32)

    def placed(self, tensor: Tensor, like: Tensor) -> Tensor:
        return placed(tensor, like)

    def _copy(self, whole: Tensor, own: Tensor, counts: Sequence[int], *, into_whole: bool) -> None:
        first = place = 0
        for count in counts:
            mine = self.share(count)
            there, here = slice(first + mine.start, first + mine.stop), slice(place, place + mine.stop - mine.start)
            if into_whole:
                whole[there] = own[here]
            else:
                own[here] = whole[there]
            first, place = first + count, here.stop

    # -- within ----------------------------------------------------------------------------------------------------

    def _shares(self, aims: tuple[Tensor, ...], rows: int) -> list[float]:
        """By how much the loss of each head counts here; 1 in each process when all have as many rows."""
        size, own = self.world.size, self.own(rows)
        if not self._uneven:
            return [own * size / rows] * len(aims)
        heads = self._objective.heads
        counts = [_count(head.loss, aim) if own else 0.0 for head, aim in zip(heads, aims, strict=True)]
        totals = self.world.total(torch.tensor(counts, dtype=torch.float64)).tolist()
        # Of a batch in which nothing counts the loss is not a number, here as in one process.
        return [count * size / total if total else 1.0 for count, total in zip(counts, totals, strict=True)]


def _divides_by_more_than_rows(loss: nn.Module) -> bool:
    """Whether a mean loss is divided by something else than the number of rows, or may be: places that do not count."""
    return isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss))


def _count(loss: nn.Module, aim: Tensor) -> float:
    """What a mean loss of these targets was divided by, up to a factor that is the same for all rows."""
    if not isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)) or aim.is_floating_point():
        return float(len(aim))
    counted = aim[aim != loss.ignore_index]
    return float(counted.numel() if loss.weight is None else loss.weight[counted].double().sum())
