"""World: the processes that train one network together.

`torchrun --nproc-per-node N -m nnstudio train FILE` starts them; each finds its number and the others in its
environment. They meet over gloo, and where each has a GPU of its own, over NCCL.
"""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from nnstudio.engine.device import choose
from nnstudio.engine.distributed.launch import local_rank
from nnstudio.engine.distributed.together import Together
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective

# So long a process waits for the others before it gives them up.
TIMEOUT = timedelta(minutes=10)

LOST = (
    "Another process of this training has ended or has not answered for {minutes:g} minutes, so this one stops too. "
    "What was saved before is as it was; start all processes again to go on from there."
)


class Lost(Exception):
    """Another process is gone. One sentence."""


class World:
    """The processes of one training. Every method is called by all of them, in the same order.

    Attributes:
        rank: the number of this process. size: how many there are. device: where this one computes.
        sharded: whether weights, gradients and the optimizer's state are divided among them (FSDP2) instead of each
            process having all (DistributedDataParallel).
    """

    def __init__(self, device: str = "auto", *, sharded: bool = False, timeout: timedelta = TIMEOUT) -> None:
        """Meet the others. `device` is the name in the project.

        Raises:
            ValueError: the device cannot be used by so many processes; one sentence.
            Lost: the others do not come.
        """
        self.device = _own_device(device)
        self.sharded = sharded
        self._timeout = timeout
        cuda = self.device.type == "cuda"
        with self.losing():
            self._store, self.rank, self.size = next(dist.rendezvous("env://", timeout=timeout))
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if cuda else "gloo",
                store=self._store,
                rank=self.rank,
                world_size=self.size,
                timeout=timeout,
                device_id=self.device if cuda else None,
            )
        self._mesh: DeviceMesh | None = None
        # What DistributedDataParallel holds must go before Python does: a thread of gloo that is left then ends the
        # process with an error.
        atexit.register(gc.collect)

    @property
    def first(self) -> bool:
        """Whether this process is the one that saves and speaks."""
        return self.rank == 0

    @property
    def mesh(self) -> DeviceMesh:
        """All processes in a row, as FSDP2 wants them."""
        if self._mesh is None:
            self._mesh = init_device_mesh(self.device.type, (self.size,))
        return self._mesh

    def sharing(self, network: Network, objective: Objective) -> Together:
        """What this process does of a Run of this network."""
        return Together(self, network, objective)

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, float64 on the CPU: the same numbers in each."""
        summed = values.detach().to("cpu", torch.float64, copy=True).contiguous()
        dist.all_reduce(summed)
        return summed

    def largest(self, *values: float) -> list[float]:
        """The largest of each of these values in any process."""
        found = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(found, op=dist.ReduceOp.MAX)
        return [float(value) for value in found]

    def from_first(self, tensors: Sequence[Tensor]) -> None:
        """Give these tensors the numbers that they have in the first process."""
        for tensor in tensors:
            dist.broadcast(tensor, 0)

    def everyone(self, text: str) -> list[str]:
        """What each process says, by its number."""
        said: list[str | None] = [None] * self.size
        dist.all_gather_object(said, text)
        return [part or "" for part in said]

    def is_first_to_fail(self) -> bool:
        """Whether no other process has asked this before; may be asked when others are gone already."""
        try:
            return int(self._store.add("nnstudio/failed", 1)) == 1
        except (RuntimeError, ValueError, OSError):  # whoever kept the store is gone
            return True

    @contextmanager
    def losing(self) -> Iterator[None]:
        """Inside, what torch raises when another process is gone becomes Lost."""
        try:
            yield
        except RuntimeError as error:
            if not _is_of_others(error):
                raise
            raise Lost(LOST.format(minutes=self._timeout.total_seconds() / 60)) from error

    def leave(self) -> None:
        """End the meeting."""
        if dist.is_initialized():
            with suppress(RuntimeError):
                dist.destroy_process_group()


def _own_device(name: str) -> torch.device:
    """The device of this process: each has a GPU of its own, or the processor."""
    chosen = choose(name)
    if chosen.type == "mps":
        if name == "mps":
            raise ValueError("Several processes cannot train on MPS together. Use --device cpu, or a single process.")
        return torch.device("cpu")
    if chosen.type != "cuda":
        return chosen
    place, there = local_rank(), torch.cuda.device_count()
    if place >= there:
        here = os.environ.get("LOCAL_WORLD_SIZE", str(place + 1))
        raise ValueError(
            f"Each process needs a GPU of its own: {here} were started on this computer, but it has {there}. "
            f"Start {there}, or use --device cpu."
        )
    device = torch.device("cuda", place)
    torch.cuda.set_device(device)
    return device


def _is_of_others(error: RuntimeError) -> bool:
    if isinstance(error, dist.DistError):
        return True
    words = str(error).lower()
    return any(
        part in words for part in ("gloo", "nccl", "connection closed", "connection reset", "connection refused")
    )
