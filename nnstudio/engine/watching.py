"""Watching: which epoch was the best so far, when to stop, and the moving average of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nnstudio.core.project import TrainingSettings
from nnstudio.engine.network import Network


class Watch:
    """The watched loss: of the validation part, else of the test part, else of the training part.

    Attributes:
        best: the lowest so far; not a number before the first epoch. best_epoch: when that was.
        waited: epochs since then. weights: the state_dict of the best epoch, where it is kept.
    """

    def __init__(self, training: TrainingSettings) -> None:
        self._training = training
        self.best = math.nan
        self.best_epoch = 0
        self.waited = 0
        self.weights: dict[str, Tensor] = {}

    @property
    def exhausted(self) -> bool:
        """Whether nothing has become better for as long as the person is willing to wait."""
        return self._training.patience is not None and self.waited >= self._training.patience

    def see(self, record: Mapping[str, Any], network: Network) -> float:
        """Take notice of an epoch; the loss that is watched."""
        parts = (record.get("validation"), record.get("test"), record["train"])
        loss: float = next(part["loss"] for part in parts if part)
        if math.isnan(self.best) or loss < self.best - self._training.min_delta:
            self.best, self.best_epoch, self.waited = loss, record["epoch"], 0
            if self._training.keep_best:
                self.weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
        else:
            self.waited += 1
        return loss

    @property
    def state(self) -> dict[str, float]:
        """What a checkpoint holds of it, beside the weights."""
        return {"best": self.best, "best_epoch": self.best_epoch, "waited": self.waited}


def averaged(network: Network, training: TrainingSettings) -> AveragedModel | None:
    """The network whose weights are the moving average of those that are trained; None when none is wanted.

    With the decay d, w̄ ← d w̄ + (1 − d) w after each update; buffers are those of the network. (Polyak and Juditsky,
    1992; torch.optim.swa_utils.)
    """
    if training.ema_decay is None:
        return None
    outside = torch.get_rng_state()
    made = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(training.ema_decay))  # type: ignore[no-untyped-call]
    torch.set_rng_state(outside)
    return made
