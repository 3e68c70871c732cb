"""How the weights begin where torch's own beginning lets the values die out on their way through a deep network."""

from __future__ import annotations

from torch import nn


def he_initialised(network: nn.Module) -> None:
    """Weights that keep the size of the values from layer to layer, however many there are."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
