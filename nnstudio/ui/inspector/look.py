"""What the inspector measures of one node between two steps of training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from nnstudio.core.blocks import graph_at
from nnstudio.engine.run import Run
from nnstudio.ui.inspector.collapse import Collapse, collapse_at
from nnstudio.ui.panels.panel import Measure

ROWS = 2048  # training rows that are looked at, at most
BINS = 28


@dataclass(frozen=True, eq=False)
class Look:
    """The state of a node.

    Attributes:
        node: its path.
        weight_norm, gradient_norm: Euclidean norms; None without weights, or before the first step.
        what: what the histogram shows: "Weights" or "Outputs".
        counts, edges: the histogram, [bins] and [bins + 1].
        relu: the path of the ReLU whose units were counted; empty when there is none.
        dead, units: how many of its units gave 0 for every row that was looked at, and how many there are.
        rows, all_rows: how many training rows were looked at, and whether they are all.
        collapse: the one layer that this one and its neighbour are, if they are.
    """

    node: str
    weight_norm: float | None = None
    gradient_norm: float | None = None
    what: str = ""
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0))
    edges: np.ndarray = field(default_factory=lambda: np.zeros(1))
    relu: str = ""
    dead: int = 0
    units: int = 0
    rows: int = 0
    all_rows: bool = True
    collapse: Collapse | None = None


def look_at(path: str) -> Measure:
    """The function that looks at the node at this path."""
    *blocks, node_id = path.split("/")
    before = "".join(f"{block}/" for block in blocks)

    def measure(run: Run) -> Look | None:
        drawing = graph_at(run.network.drawing, blocks)
        if drawing is None or node_id not in drawing.nodes:
            return None
        module = run.network.module_of(path)
        named = list(module.named_parameters()) if module is not None else []
        weights = [p.detach() for name, p in named if not name.split(".")[-1].startswith("bias")]
        gradients = [p.grad for _, p in named if p.grad is not None]
        relu = _relu_at(drawing, node_id)
        relu = relu and before + relu
        what, numbers = "Weights", _flat(weights)
        dead = units = 0
        inputs = run.prepared.train_inputs
        rows = min(len(inputs), ROWS)
        if relu or not weights:
            with run.looking():
                values = run.activations(inputs[:rows].to(run.device))
                if relu in values:
                    alive = values[relu].movedim(1, 0).flatten(1).ne(0).any(dim=1)
                    units, dead = alive.numel(), int((~alive).sum())
                if not weights and path in values and values[path].is_floating_point():
                    what, numbers = "Outputs", _flat([values[path]])
        numbers = numbers[np.isfinite(numbers)]
        counts, edges = np.zeros(0), np.zeros(1)
        if len(numbers):
            bins = min(BINS, max(9, 3 * round(len(numbers) ** 0.5)))
            counts, edges = np.histogram(numbers, bins)
        return Look(
            node=path,
            weight_norm=_norm(weights),
            gradient_norm=_norm(gradients),
            what=what,
            counts=counts,
            edges=edges,
            relu=relu,
            dead=dead,
            units=units,
            rows=rows,
            all_rows=rows == len(inputs),
            collapse=collapse_at(run.network, drawing, node_id, before),
        )

    return measure


def _relu_at(drawing: object, node_id: str) -> str:
    """The id of the ReLU that this node is, or that alone takes its output."""
    nodes, out = drawing.nodes, drawing.out_of(node_id)  # type: ignore[attr-defined]
    if type(nodes[node_id].layer).__name__ == "ReLU":
        return node_id
    if len(out) == 1 and type(nodes[out[0].target].layer).__name__ == "ReLU":
        return str(out[0].target)
    return ""


def _flat(tensors: list[torch.Tensor]) -> np.ndarray:
    if not tensors:
        return np.zeros(0, np.float32)
    return np.concatenate([tensor.detach().float().cpu().numpy().ravel() for tensor in tensors])


def _norm(tensors: list[torch.Tensor]) -> float | None:
    if not tensors:
        return None
    return float(sum(float(tensor.detach().float().square().sum()) for tensor in tensors) ** 0.5)
