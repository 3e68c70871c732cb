"""Causes: what to say of an operation that made a number that is not finite, from the numbers that it got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

# The largest numbers of float32 and float16.
MOST = float(torch.finfo(torch.float32).max)
MOST_HALF = float(torch.finfo(torch.float16).max)

_LOWER = "Lower the learning rate, or limit the gradients with clip_norm."
_TAME = "Standardise the data, put a normalisation before it, or lower the learning rate."
_SMALL = "Add a small number, such as 0.000001, to what comes in."


@dataclass(frozen=True)
class Cause:
    """What an operation did, as the rest of a sentence that begins with its title, and what helps against it.

    Attributes:
        too_large: whether numbers grew over all bounds, for which the operation itself is not to blame.
    """

    words: str
    remedy: str
    too_large: bool = False


def cause(name: str, values: Sequence[float], given: Sequence[Tensor], made: Tensor) -> Cause:
    """Why a result is not finite.

    `name` is torch's name of the operation or of the module's class, `values` are the numbers that met where the first
    bad number was made (as far as each number is made of a few), `given` all that came in, `made` what came out.
    """
    kind = name.strip("_").lower()
    found = _of_value(kind, values) or _of_pair(kind, values)
    if found is not None:
        return found
    if "softmax" in kind or "attention" in kind or "transformer" in kind:
        masked = _masked(kind, given)
        if masked is not None:
            return masked
    if kind in ("std", "var", "standarddeviation", "variance") and given and made.numel() >= given[0].numel():
        return Cause(
            "takes the deviation of a single number, which there is none of",
            "Take it along a longer axis, or leave it out.",
        )
    largest = max((_largest(part) for part in given), default=0.0)
    if made.dtype == torch.float16:
        return Cause(
            f"makes a number above {MOST_HALF:,.0f}, the most that float16 holds, from numbers up to {largest:.3g}",
            "Choose bfloat16 or float32 as the precision, or put a normalisation before it.",
            too_large=True,
        )
    if largest > 1e15 or not bool(made.isnan().any()):
        return Cause(
            f"makes a number above {MOST:.1e}, the most that float32 holds, from numbers up to {largest:.3g}",
            _TAME,
            too_large=True,
        )
    return Cause(f"makes something that is no number, from numbers up to {largest:.3g}", _LOWER)


def slope_cause(name: str, values: Sequence[float], given: Sequence[Tensor]) -> Cause:
    """Why the slope of an operation is not finite, while its result is."""
    kind = name.strip("_").lower()
    first = values[0] if values else math.nan
    if kind in ("sqrt", "norm", "vector_norm", "std", "standarddeviation") and (first == 0 or kind != "sqrt"):
        what = {"sqrt": "the square root of 0", "std": "the deviation of numbers that are all equal"}.get(kind)
        what = what or (
            "the deviation of numbers that are all equal" if "dev" in kind else "the length of a vector of 0"
        )
        return Cause(f"takes {what}, where the slope is infinite", _SMALL)
    if kind in ("pow", "power") and first == 0:
        return Cause("takes a root of 0, where the slope is infinite", _SMALL)
    if kind in ("log", "log2", "log10", "truediv", "div", "reciprocal", "rsqrt", "power", "pow"):
        number = values[1] if kind in ("truediv", "div") and len(values) > 1 else first
        return Cause(f"gets {number:.3g}, so close to 0 that its slope is above what float32 holds", _SMALL)
    largest = max((_largest(part) for part in given), default=0.0)
    return Cause(f"has a slope that is not finite, where it gets numbers up to {largest:.3g}", _LOWER, too_large=True)


def _of_value(kind: str, values: Sequence[float]) -> Cause | None:
    """Operations on one number."""
    if not values:
        return None
    x = values[0]
    if kind in ("log", "log2", "log10", "log1p"):
        x, least = (x, -1.0) if kind == "log1p" else (x, 0.0)
        if x == least:
            fix = f"{_SMALL} Of probabilities, take a LogSoftmax or a loss that takes scores (logits) instead."
            return Cause(f"takes the logarithm of {x - least:g}, which is minus infinity", fix)
        if x < least:
            fix = "Make it positive before: with a Softplus, an Exp or a Square."
            return Cause(f"takes the logarithm of {x - least:.3g}, and negative numbers have none", fix)
    if kind == "sqrt" and x < 0:
        fix = "Make it positive before: with a Softplus, a ReLU or a Square."
        return Cause(f"takes the square root of {x:.3g}, and negative numbers have none", fix)
    if kind in ("rsqrt", "reciprocal"):
        if x < 0 and kind == "rsqrt":
            fix = "Make it positive before: with a Softplus, a ReLU or a Square."
            return Cause(f"takes the square root of {x:.3g}, and negative numbers have none", fix)
        if x == 0:
            return Cause("divides 1 by 0", _SMALL)
    if kind in ("exp", "exp2", "expm1") and x > 80:
        fix = "Put a Clamp or a normalisation before it, or lower the learning rate."
        return Cause(f"takes the exponential of {x:.3g}, which is above {MOST:.1e}, the most that float32 holds", fix)
    return None


def _of_pair(kind: str, values: Sequence[float]) -> Cause | None:
    """Operations on two numbers."""
    if len(values) < 2:
        return None
    a, b = values[:2]
    if kind in ("truediv", "div", "divide", "true_divide", "fmod", "remainder") and b == 0:
        what = "0 by 0" if a == 0 else f"{a:.3g} by 0"
        return Cause(f"divides {what}", "Add a small number, such as 0.000001, to the divisor.")
    if kind in ("pow", "power"):
        if a == 0 and b < 0:
            return Cause(f"raises 0 to the power of {b:.3g}, which divides 1 by 0", _SMALL)
        if a < 0 and b != round(b):
            fix = "Make the base positive before: with a Softplus or an Abs."
            return Cause(f"raises {a:.3g} to the power of {b:.3g}, which is no number", fix)
        return Cause(f"raises {a:.3g} to the power of {b:.3g}, which is above {MOST:.1e}", "Put a Clamp before it.")
    if kind in ("mul", "sub", "add") and all(map(math.isinf, (a, b))):
        return Cause(
            f"has {a:g} and {b:g} come together, which is no number", "Mask with a large negative number instead."
        )
    return None


def _masked(kind: str, given: Sequence[Tensor]) -> Cause | None:
    """Softmax and attention where nothing is left to look at."""
    fix = "Leave at least one place open, or mask with a large negative number, such as −10000, in place of −∞."
    for part in given:
        if part.is_floating_point() and part.dim() and bool((part.isneginf().all(-1)).any()):
            return Cause("gets only −∞ in a row of scores: every place is masked", fix)
        if "softmax" in kind and part.is_floating_point() and part.dim() > 1:
            for axis in range(part.dim()):
                if bool(part.isneginf().all(axis).any()):
                    return Cause("gets only −∞ along an axis of scores: every place is masked", fix)
        if part.dtype == torch.bool and part.dim() and bool((part.all(-1) | ~part.any(-1)).any()):
            return Cause("gets a mask that leaves no place to look at", fix)
    return None


def _largest(part: Tensor) -> float:
    """The largest magnitude of the finite numbers of a tensor."""
    if not part.is_floating_point() or not part.numel():
        return 0.0
    numbers = part.detach().float().abs()
    kept = numbers[numbers.isfinite()]
    return float(kept.max()) if kept.numel() else 0.0
