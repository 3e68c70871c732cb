"""Trial: whether another program computes what a network computes, and which drawn node is to blame if not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from nnstudio.engine.network import Network

# How far results may be apart that were rounded in another order, relative to the largest number of the output.
RELATIVE, ABSOLUTE = 1e-5, 1e-6


def difference(expected: torch.Tensor, got: np.ndarray) -> float:
    """How far apart two results are, as a multiple of what is allowed: up to 1 they count as equal."""
    own = expected.detach().cpu().numpy()
    if own.shape != got.shape:
        return math.inf
    if not np.issubdtype(own.dtype, np.floating):
        return 0.0 if np.array_equal(own, got) else math.inf
    alike = (own == got) | (np.isnan(own) & np.isnan(got))
    if alike.all():
        return 0.0
    if not (np.isfinite(own) | alike).all() or not (np.isfinite(got) | alike).all():
        return math.inf
    finite = np.isfinite(own)
    allowed = ABSOLUTE + RELATIVE * float(np.abs(own[finite]).max(initial=0.0))
    return float(np.abs(own[finite] - got[finite]).max()) / allowed


def steps_of(network: Network) -> list[fx.Node]:
    """The values of drawn nodes in the order of computation, each once."""
    return [node for node in network.code_graph.nodes if "node" in node.meta and node.op != "placeholder"]


def as_far_as(network: Network, steps: Sequence[fx.Node]) -> nn.Module:
    """A module that computes these values of the network, and nothing that comes after them."""
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    wanted = set(steps)
    for node in network.code_graph.nodes:
        if node.op != "placeholder" and not wanted:
            break
        copies[node] = graph.node_copy(node, lambda given: copies[given])
        wanted.discard(node)
    graph.output(tuple(copies[step] for step in steps))
    return fx.GraphModule(network, graph).eval()


def first_wrong(steps: Sequence[fx.Node], works: Callable[[Sequence[fx.Node]], bool]) -> fx.Node | None:
    """The first of the values with which something that works without it no longer does; None when all work."""
    if works(steps):
        return None
    low, high = 0, len(steps)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if works(steps[:middle]) else (low, middle)
    return steps[high - 1]


def path_of(step: fx.Node) -> str:
    """The path of the drawn node that a value belongs to."""
    path: Any = step.meta["node"]
    return str(path)
