"""Settings that several optimizers have, in the same words."""

from __future__ import annotations

from typing import Any

from nnstudio.core.spec import field


def learning_rate(default: float) -> Any:
    return field(default, "The learning rate: how far a step goes.", minimum=0, logarithmic=True)


def first_beta() -> Any:
    return field(0.9, "How slowly the mean of the gradients forgets.", minimum=0, maximum=0.99999)


def second_beta() -> Any:
    return field(0.999, "How slowly the mean of the squared gradients forgets.", minimum=0, maximum=0.999999)


def epsilon(default: float = 1e-8) -> Any:
    return field(default, "Keeps the division away from zero.", minimum=0, above_minimum=True, logarithmic=True)


def weight_decay(default: float = 0.0) -> Any:
    """The decay that torch adds to the gradients."""
    return field(
        default,
        "Adds the weights to their gradients, which pulls them towards zero, against overfitting.",
        minimum=0,
        logarithmic=True,
    )


def decoupled() -> Any:
    return field(False, "Takes the weight decay from the weights themselves and leaves the gradients alone, as AdamW.")


def amsgrad() -> Any:
    return field(False, "Divides by the largest mean of the squared gradients so far: a weight's steps never grow.")


def maximize() -> Any:
    return field(False, "Goes up the gradient: makes the loss as large as it can.")
