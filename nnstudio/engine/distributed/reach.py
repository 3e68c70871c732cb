"""Reach: which parameters a loss depends on. DistributedDataParallel waits for the gradient of each."""

from __future__ import annotations

import torch
from torch import Tensor

from nnstudio.engine.device import random_numbers
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective


def reaches_all(network: Network, objective: Objective, inputs: Tensor, aims: tuple[Tensor, ...]) -> bool:
    """Whether the loss of some rows depends on every parameter that is trained."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not trained:
        return True
    with random_numbers, torch.random.fork_rng(devices=[]), torch.enable_grad():
        network.eval()
        try:
            given = objective.feed(network, inputs[:2])
            loss = objective.loss(given, tuple(aim[:2] for aim in aims))
            return all(found is not None for found in torch.autograd.grad(loss, trained, allow_unused=True))
        finally:
            network.train()
