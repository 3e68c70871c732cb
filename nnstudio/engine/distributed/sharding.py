"""Sharding: weights, gradients and the optimizer's state divided among processes by torch's FSDP2."""

from __future__ import annotations

from collections import Counter
from typing import cast

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from nnstudio.core.project import Project
from nnstudio.engine.memory import A_PARAMETER
from nnstudio.engine.network import Network

# A layer with so many numbers is gathered when it is computed and not before; the smaller ones all together.
LARGE_LAYER = 1 << 16


def shard(module: nn.Module, mesh: DeviceMesh) -> None:
    """Divide a network. Its parameters are DTensors afterwards."""
    network = cast(Network, module)
    for layer in _gathered_alone(network):
        fully_shard(layer, mesh=mesh)
    fully_shard(network, mesh=mesh, reshard_after_forward=True)


def _gathered_alone(network: Network) -> list[nn.Module]:
    """The large layers that are called once, and whose parameters nobody else looks at."""
    calls = Counter(str(node.target) for node in network.code_graph.nodes if node.op == "call_module")
    looked_at = [str(node.target) for node in network.code_graph.nodes if node.op == "get_attr"]
    held = Counter(id(own) for part in network.modules() for own in part.parameters(recurse=False))
    found = []
    for path, layer in network.modules_by_node():
        name = network.names[path]
        own = list(layer.parameters())
        shared = any(held[id(parameter)] > 1 for parameter in own)
        seen = any(other.startswith(f"{name}.") for other in looked_at)
        if calls[name] == 1 and not shared and not seen and sum(part.numel() for part in own) >= LARGE_LAYER:
            found.append(layer)
    return found


def does_not_fit(project: Project, parameters: int, device: torch.device) -> bool:
    """Whether weights, gradients and the optimizer's state are too much for the GPU of one process."""
    if device.type != "cuda" or project.training.optimizer is None:
        return False
    return A_PARAMETER * parameters > 0.8 * torch.cuda.get_device_properties(device).total_memory


def why_not_sharded(project: Project) -> str:
    """Why a training cannot divide its weights; empty when it can."""
    kind = getattr(project.training.optimizer, "torch_class", None)
    if kind is not None and issubclass(kind, (torch.optim.Adafactor, torch.optim.Rprop)):
        return f"torch cannot divide weights that {kind.__name__} changes. Choose AdamW, or leave --shard out."
    return ""


def placed(tensor: Tensor, like: Tensor) -> Tensor:
    """A tensor on the device of another one, divided as that is."""
    tensor = tensor.to(like.device)
    if isinstance(like, DTensor):  # each process has all of it, and takes its part
        return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)
    return tensor
