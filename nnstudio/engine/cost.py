"""What a step of training costs: multiplications and memory, counted on the meta device before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from nnstudio.core.blocks import boundary
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import check_graph, compile_network
from nnstudio.engine.network import Network

_FLOAT = 4  # bytes


@dataclass(frozen=True)
class Cost:
    """What a network costs.

    Attributes:
        operations: multiplications with an addition each, in one forward pass of one row, by the path of the node; of a
            block that is repeated they are in each pass. A backward pass takes about twice as many.
        parameters: how many numbers are learned or frozen.
        weights: bytes of the parameters and buffers.
        gradients: bytes of the gradients, while there are any.
        saved: bytes of the values that a forward pass keeps for the backward pass, for one batch.
    """

    operations: Mapping[str, int]
    parameters: int
    weights: int
    gradients: int
    saved: int

    @property
    def total_operations(self) -> int:
        """Of the whole network, for one row."""
        return sum(self.operations.values())


def cost(graph: Graph, input_type: TensorType | None = None, batch: int = 1) -> Cost:
    """The cost of a drawing for batches of so many rows.

    Raises:
        GraphError: the drawing has errors.
    """
    with torch.device("meta"):
        network = compile_network(graph, input_type).train()
    report = check_graph(graph, input_type)
    kinds = [report.nodes[node.id].output for node in boundary(graph, "input")]
    inputs = [
        torch.empty(kind.sizes(batch), dtype=getattr(torch, kind.dtype), device="meta")
        for kind in kinds
        if kind is not None
    ]
    own = {id(tensor.untyped_storage()): tensor for tensor in (*network.parameters(), *network.buffers())}
    parameters = list(network.parameters())
    saved = _Saved(own)
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, saved.unpack), FlopCounterMode(display=False) as counter:
        walk = _Counting(network, counter)
        walk.run(*inputs)
    return Cost(
        {path: count // (2 * batch) for path, count in walk.found.items() if count},
        report.parameters,
        sum(tensor.nbytes for tensor in (*parameters, *network.buffers())),
        sum(parameter.nbytes for parameter in parameters if parameter.requires_grad),
        saved.bytes,
    )


class _Counting(fx.Interpreter):
    """Runs a forward step by step and notes what each drawn node took."""

    def __init__(self, network: Network, counter: FlopCounterMode) -> None:
        super().__init__(nn.Module(), graph=network.code_graph)
        self.submodules = dict(network.named_modules())
        self.module = network
        self.counter = counter
        self.found: dict[str, int] = {}
        self._waiting = 0

    def run_node(self, node: fx.Node) -> Any:
        before = self.counter.get_total_flops()
        value = super().run_node(node)
        self._waiting += self.counter.get_total_flops() - before
        if "node" in node.meta:  # steps on the way to a node belong to it
            path = node.meta["node"]
            self.found[path] = self.found.get(path, 0) + self._waiting
            self._waiting = 0
        return value


class _Saved:
    """Counts what autograd keeps, each storage once; parameters and buffers are there anyway."""

    def __init__(self, own: Mapping[int, torch.Tensor]) -> None:
        self._own = {tensor.untyped_storage()._cdata for tensor in own.values()}
        self._seen: dict[int, torch.Tensor] = {}
        self.bytes = 0

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._own and storage._cdata not in self._seen:
            self._seen[storage._cdata] = tensor  # kept, so that no other storage takes its place
            self.bytes += storage.nbytes()
        return tensor

    @staticmethod
    def unpack(tensor: torch.Tensor) -> torch.Tensor:
        return tensor
