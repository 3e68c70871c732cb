"""The step activation of the perceptron."""

from __future__ import annotations

import torch
from torch import nn

from nnstudio.library.layers._activation import Activation


class StraightThrough(torch.autograd.Function):
    """0 or 1 forward; backward the gradient passes as if nothing had been done."""

    @staticmethod
    def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


class StepModule(nn.Module):
    """1 where the input is positive, else 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return StraightThrough.apply(x)


class Step(
    Activation,
    formula="1 if x > 0 else 0",
    torch_class=StepModule,
    own_source=(StraightThrough, StepModule),
    aliases=("heaviside", "threshold", "perceptron"),
):
    """Fires or does not. Its gradient is passed straight through: with MSE this is the perceptron's learning rule."""
