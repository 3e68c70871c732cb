"""Figures: the loss and the metrics of many rows, from sums that are added up batch by batch."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

import nnstudio.library  # noqa: F401  (registers the metrics)
from nnstudio.core.kinds import Metric
from nnstudio.core.spec import registered
from nnstudio.engine.batches import Batch
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective

Sums = dict[str, Tensor]


class Figures:
    """What is measured of an objective beside its loss.

    Attributes:
        metrics: those that every epoch has.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        task = "classification" if objective.classifies else "regression"
        self.metrics: list[Metric] = [
            kind.for_classes(objective.classes)
            for kind in registered(Metric).values()
            if task in kind.tasks and kind.usual
        ]

    def add(self, sums: Sums, output: Tensor, target: Tensor) -> None:
        """Add some rows to the sums."""
        for key, added in self.of(output, target).items():
            sums[key] = sums[key] + added if key in sums else added

    def of(self, output: Tensor, target: Tensor) -> Sums:
        """The sums of these rows alone, float64."""
        output, target = output.cpu(), target.cpu()  # sums are float64, which not every device has
        if not self._objective.classifies:
            output, target = self._objective.main.spec.probabilities(output).flatten(1), target.flatten(1)
        else:
            output = self._objective.main.spec.classes(output)
            if target.is_floating_point():
                target = (target[:, 0] > 0).long()  # a loss on two classes calls them 0 and 1, or -1 and 1
        return {metric.key: metric.sums(output, target) for metric in self.metrics}

    def values(self, sums: Sums) -> dict[str, float]:
        """The metrics that the sums are of."""
        return {metric.key: metric.value(sums[metric.key]) for metric in self.metrics if metric.key in sums}

    def evaluate(self, network: Network, pieces: Iterable[Batch]) -> dict[str, float]:
        """Loss and metrics of these rows; empty when there are none. The network is left in the mode that it had."""
        objective = self._objective
        total, rows = 0.0, 0
        sums: Sums = {}
        training = network.training
        network.eval()
        try:
            with torch.inference_mode():
                for x, aims in pieces:
                    given = objective.feed(network, x)
                    total += objective.loss(given, aims).item() * len(x)
                    rows += len(x)
                    self.add(sums, objective.output(given), aims[objective.place])
        finally:
            network.train(training)
        return {"loss": total / rows} | self.values(sums) if rows else {}
