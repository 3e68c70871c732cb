"""Checkpoint: where a training stands, as numpy arrays and plain numbers.

It is made by `nnstudio.engine` from a Run and written by `nnstudio.core.storage`; it needs no torch to be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class History:
    """What was measured so far.

    Attributes:
        epochs: one record an epoch, as `nnstudio train --json` prints them:
            {"epoch", "step", "train": {"loss", …}, "test": {"loss", …}, "lr", "seconds"}.
        step_losses: the loss of every step, float32 [steps]; the loss of the batch before the update.
    """

    epochs: tuple[Mapping[str, Any], ...] = ()
    step_losses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights and all that is needed to go on as if there had been no interruption.

    Attributes:
        names: module name by node id, of the network that the weights belong to; the names in `weights` and in the
            optimizer's state begin with these.
        weights: the state_dict: arrays by name, such as "hidden_1.weight".
        optimizer: the optimizer's state: arrays by "parameter name|state name", such as "hidden_1.weight|exp_avg".
        optimizer_options: "lr" and "base_lr" (before the schedule), and "groups": the options of each group of
            parameters.
        schedule: the state of the learning-rate scheduler, plain numbers and lists; None for a constant rate.
        random_state: torch's CPU generator, uint8; `device_random_state` that of the device, where it has one.
        epoch, batch, step: whole epochs done, batches done in the epoch under way, steps done in all.
        pending_losses, pending_outputs, pending_sums: of the epoch under way: what its record will be made of.
        gradients: of the batches since the last update of the weights, by parameter name, where several make one.
        average: the state_dict of the moving average of the weights, with "n_averaged"; empty without one.
        best: the state_dict of the epoch with the lowest watched loss; empty where it is not kept.
        watch: "best", "best_epoch" and "waited" of the watched loss; "scale" and "growth" of the gradient scaler.
        history: curves so far.
        recipe: settings that must be equal for an exact continuation, as text by name.
    """

    names: Mapping[str, str]
    weights: Mapping[str, np.ndarray]
    optimizer: Mapping[str, np.ndarray] = field(default_factory=dict)
    optimizer_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: Mapping[str, Any] | None = None
    random_state: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    device_random_state: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    pending_losses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    pending_outputs: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    pending_sums: Mapping[str, Any] = field(default_factory=dict)
    gradients: Mapping[str, np.ndarray] = field(default_factory=dict)
    average: Mapping[str, np.ndarray] = field(default_factory=dict)
    best: Mapping[str, np.ndarray] = field(default_factory=dict)
    watch: Mapping[str, float] = field(default_factory=dict)
    history: History = History()
    recipe: Mapping[str, str] = field(default_factory=dict)
