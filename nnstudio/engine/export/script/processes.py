"""Processes: what a script has more when torchrun starts it several times.

The loop is that of one process. What it calls is the network as all processes compute it together: each its share of
the rows, and each gets all results. So losses and figures need nothing else, and are those of one process.
"""

from __future__ import annotations

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from nnstudio.core.blocks import boundary
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import GraphError, compile_network
from nnstudio.engine.device import random_numbers
from nnstudio.engine.distributed.reach import reaches_all
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.objective import Objective

DEVICES = {
    "auto": '"cuda" if torch.cuda.is_available() else "cpu"',
    "cpu": '"cpu"',
    "cuda": '"cuda"',
    "mps": '"cpu"  # processes cannot train on MPS together',
}
IMPORTS = (
    "import atexit",
    "import gc",
    "import io",
    "import os",
    "import sys",
    "import torch.distributed as dist",
    "from torch.nn.parallel import DistributedDataParallel",
)


class Processes:
    """The parts of a script for several processes; empty for a script that is for one."""

    def __init__(self, facts: Facts) -> None:
        """Raises GraphError when such a script cannot be written."""
        self._facts = facts
        self._wanted = facts.together
        self._normalises = any(isinstance(part, _BatchNorm) for part in facts.network.modules())
        if self._wanted:
            _refuse_idle_outputs(facts)

    @property
    def constants(self) -> list[str]:
        """Which process this is, of how many."""
        if not self._wanted:
            return []
        lines = ['RANK, PROCESSES = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))']
        if self._normalises:
            lines.append("LEAST = 2  # rows of a process: one alone has no variance")
        return lines

    @property
    def definitions(self) -> list[str]:
        """The network as all processes compute it, and what goes with it."""
        if not self._wanted:
            return []
        active = "max(1, min(PROCESSES, rows // LEAST))" if self._normalises else "min(PROCESSES, rows)"
        unused = "" if self._reaches_all() else ", find_unused_parameters=True"
        shared = _SHARED.replace("ACTIVE", active).replace("UNUSED", unused)
        several = len(self._facts.heads) > 1
        shared = shared.replace("RESULT", _SEVERAL if several else "return self.gathered(output, rows, first, last)")
        return [_JOIN, shared, *([_SETTLE] if self._normalises else [])]

    @property
    def joining(self) -> list[str]:
        """The first statement of `main`."""
        return ["join()"] if self._wanted else []

    def shared(self, called: str) -> list[str]:
        """The statements once the model is there; `called` is what is called in a step otherwise."""
        return [f"shared = Shared({called})"] if self._wanted else []

    @property
    def made(self) -> list[str]:
        """The statements right after the model was made."""
        if not self._wanted:
            return []
        lines = []
        if self._normalises:
            lines += [
                'if PROCESSES > 1 and DEVICE == "cuda":',
                "    model = nn.SyncBatchNorm.convert_sync_batchnorm(model)",
            ]
        return [*lines, "if RANK:", "    torch.manual_seed(SEED + RANK)  # dropout draws other numbers in each process"]

    def settled(self, models: list[str]) -> list[str]:
        """The statements before an evaluation."""
        return [f"settle({', '.join(models)})"] if self._wanted and self._normalises else []

    @property
    def leaving(self) -> list[str]:
        """The last statements of `main`."""
        return ["if PROCESSES > 1:", "    dist.destroy_process_group()"] if self._wanted else []

    def _reaches_all(self) -> bool:
        facts = self._facts
        part = facts.prepared.train
        with random_numbers, torch.random.fork_rng(devices=[]):
            network = compile_network(facts.project.graph, facts.prepared.input_type)
            objective = Objective(facts.project.graph, facts.prepared, torch.device("cpu"))
            inputs, targets = part.take(slice(0, 2))
            return reaches_all(network, objective, inputs, objective.targets(inputs, targets))


def _refuse_idle_outputs(facts: Facts) -> None:
    for node in boundary(facts.project.graph, "output"):
        if not node.layer.weight and len(facts.heads) > 1:  # type: ignore[attr-defined]
            fix = "Give it a weight, or remove it."
            words = f"In a script for several processes every Output counts, but the weight of {node.title} is 0."
            raise GraphError([Problem("error", f"{words} {fix}", node.id, fix=fix)])


_JOIN = '''def join():
    """Meet the other processes that torchrun has started, each on a GPU of its own where there are any."""
    if PROCESSES > 1:
        if DEVICE == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group("nccl" if DEVICE == "cuda" else "gloo")
        atexit.register(gc.collect)  # no thread of gloo may be left when Python ends
    if RANK:
        sys.stdout = io.StringIO()  # one process speaks
'''
_SHARED = '''class Shared(nn.Module):
    """The model as all processes compute it: each its share of the rows, and each gets all results.

    DistributedDataParallel takes the mean of the gradients. Each is that of a process's own rows: the sum is wanted.
    """

    def __init__(self, model):
        super().__init__()
        self.model = DistributedDataParallel(modelUNUSED) if PROCESSES > 1 else model

    def forward(self, *inputs):
        if PROCESSES == 1:
            return self.model(*inputs)
        rows = len(inputs[0])
        active = ACTIVE
        rank = min(RANK, active)
        first, last = rank * rows // active, min(rank + 1, active) * rows // active
        # a process without rows computes all of them, and they count nothing
        own = slice(first, last) if first < last else slice(0, rows)
        output = self.model(*(part[own] for part in inputs))
        RESULT

    def gathered(self, output, rows, first, last):
        """The results of all processes; gradients go through those of this one."""
        own = output[: last - first]
        with torch.no_grad():
            whole = output.new_zeros(rows, *output.shape[1:])
            whole[first:last] = own
            dist.all_reduce(whole)
        if not own.requires_grad:
            return whole
        own.register_hook(lambda gradient: gradient * PROCESSES)
        return torch.cat([whole[:first], own, whole[last:]])
'''
_SEVERAL = "return tuple(self.gathered(part, rows, first, last) for part in output)"
_SETTLE = '''def settle(*models):
    """Give the running statistics of all processes the numbers of the first one."""
    if PROCESSES > 1:
        for buffer in (buffer for model in models for buffer in model.buffers()):
            dist.broadcast(buffer, 0)
'''
