"""Objective: what goes into a network's Inputs, and how wrong what leaves its Outputs is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn

from nnstudio.core.blocks import boundary
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Loss
from nnstudio.engine.data import Prepared


@dataclass(frozen=True)
class Head:
    """One Output: its loss, how much that counts, and whether it is compared with the input."""

    node_id: str
    spec: Loss
    loss: nn.Module
    weight: float
    of_input: bool


def class_weights(prepared: Prepared) -> torch.Tensor | None:
    """How much a row of each class counts, float32 [classes]: rows / (classes × rows of the class); None for numbers.

    These are scikit-learn's "balanced" weights (King and Zeng, 2001), of the training part; a class that is not in it
    counts as one row.
    """
    if prepared.data.task != "classification":
        return None
    targets = prepared.train.targets
    targets = targets[targets >= 0]  # places without a class
    counts = torch.bincount(targets.flatten(), minlength=prepared.data.classes).clamp(min=1)
    return (targets.numel() / (len(counts) * counts.double())).float()


class Objective:
    """The sum of the losses of all Outputs, each times its weight.

    The main head is the first that is compared with the target of the data; figures and pictures are made of it.
    """

    def __init__(self, graph: Graph, prepared: Prepared, device: torch.device, *, weigh_classes: bool = False) -> None:
        self.task = prepared.data.task
        self.classes = prepared.data.classes
        self.heads = []
        for node in boundary(graph, "output"):
            layer = cast(Any, node.layer)  # an Output, which is declared above this floor
            of_input = layer.target == "input"
            weights = class_weights(prepared) if weigh_classes and layer.loss.weighs_classes and not of_input else None
            loss = layer.loss.build(weights).to(device)
            self.heads.append(Head(node.id, layer.loss, loss, layer.weight, of_input))
        self.place = next((place for place, head in enumerate(self.heads) if not head.of_input), 0)
        self.main = self.heads[self.place]
        self.plain = len(self.heads) == 1 and self.main.weight == 1
        columns = [getattr(node.layer, "features", None) for node in boundary(graph, "input")]
        table = len(prepared.input_type.shape) == 1
        self._columns = [torch.tensor(c, device=device) if c and table else None for c in columns]
        self._whole = len(columns) == 1 and self._columns[0] is None

    @property
    def classifies(self) -> bool:
        """Whether the main head tells classes apart."""
        return self.task == "classification" and not self.main.of_input

    def feed(self, network: Callable[..., Any], rows: torch.Tensor) -> Any:
        """What leaves the network for these rows [batch, *shape]: a tensor, or one for each Output."""
        if self._whole:
            return network(rows)
        return network(*(rows if columns is None else rows[:, columns] for columns in self._columns))

    def output(self, given: Any) -> torch.Tensor:
        """The main output among what left the network."""
        found: torch.Tensor = given if len(self.heads) == 1 else given[self.place]
        return found

    def targets(self, rows: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What each head is compared with, for rows as they go into the network and targets as they are in the data."""
        return tuple(rows if head.of_input else head.spec.target(targets, self.task) for head in self.heads)

    def loss(self, given: Any, targets: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """The loss of what left the network, a scalar."""
        if self.plain:
            value: torch.Tensor = self.main.loss(given, targets[0])
            return value
        outputs = given if len(self.heads) > 1 else (given,)
        total: Any = 0
        for head, output, target in zip(self.heads, outputs, targets, strict=True):
            if head.weight:
                total = total + head.weight * head.loss(output, target)
        found: torch.Tensor = total if isinstance(total, torch.Tensor) else outputs[0].sum() * 0.0
        return found
