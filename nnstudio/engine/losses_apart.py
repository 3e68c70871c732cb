"""A loss taken apart: in which row of a batch it is not finite, and what it was compared with what."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nnstudio.engine.causes import MOST, MOST_HALF, Cause

_TAME = "Standardise the data and the target, or lower the learning rate."


def loss_cause(loss: nn.Module, output: Tensor, aim: Tensor, refused: str = "") -> tuple[Cause, int | None] | None:
    """Why the loss of these finite outputs is not finite (or is refused), and the first row; None when it is."""
    if not refused and _finite(loss, output, aim):
        return None
    row = _first_row(loss, output, aim)
    some = slice(None) if row is None else slice(row, row + 1)
    return _cause(loss, output[some], aim[some], refused), row


def _finite(loss: nn.Module, output: Tensor, aim: Tensor) -> bool:
    try:
        return bool(loss(output, aim).isfinite())
    except RuntimeError:
        return False


def _first_row(loss: nn.Module, output: Tensor, aim: Tensor) -> int | None:
    """The first row whose own loss is not finite, by halving; None when only all together are not."""
    first, last = 0, len(output)
    if last <= 1:
        return 0
    while last - first > 1:
        middle = (first + last) // 2
        if not _finite(loss, output[first:middle], aim[first:middle]):
            last = middle
        elif not _finite(loss, output[middle:last], aim[middle:last]):
            first = middle
        else:
            return None
    return first


def _cause(loss: nn.Module, output: Tensor, aim: Tensor, refused: str) -> Cause:
    name = type(loss).__name__
    low, high = float(output.min()), float(output.max())
    largest = max(abs(low), abs(high))
    if isinstance(loss, nn.BCELoss) and (low < 0 or high > 1):
        odd = low if low < 0 else high
        fix = "Put a Sigmoid before the Output, or choose BCEWithLogitsLoss."
        return Cause(f"gets {odd:.3g}, where {name} needs a probability from 0 to 1", fix)
    if isinstance(loss, nn.PoissonNLLLoss) or name in ("GaussianNLL", "GaussianNLLLoss"):
        logarithmic = getattr(loss, "log_input", True)
        if logarithmic and high > 80:
            fix = "Standardise the target, lower the learning rate, or put a Clamp before the Output."
            return Cause(f"gets {high:.3g}, whose exponential {name} takes; it is above {MOST:.1e}", fix)
        if not logarithmic and low <= 0:
            fix = "Put a Softplus before the Output, or switch log_input on."
            return Cause(f"gets {low:.3g}, whose logarithm {name} takes, and it has none", fix)
    if isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)) and not aim.is_floating_point() and largest < 1e30:
        ignored = getattr(loss, "ignore_index", -100)
        if bool((aim == ignored).all()):
            return Cause("has no target in this batch: all of its places are left out", "Choose a larger batch size.")
        if loss.weight is not None and not bool(loss.weight[aim.clamp(min=0)].any()):
            return Cause("has only targets whose class counts nothing", "Switch class weights off.")
    if refused:
        words = refused.strip().split("\n")[0].rstrip(".")
        return Cause(
            f"gets numbers from {low:.3g} to {high:.3g}, which {name} refuses ({words})", "Choose another loss."
        )
    if output.dtype == torch.float16 and largest > 0.1 * MOST_HALF:
        fix = "Choose bfloat16 or float32 as the precision."
        return Cause(f"gets {largest:.3g}, and {name} of it is above what float16 holds", fix, too_large=True)
    words = f"gets numbers up to {largest:.3g}"
    if aim.is_floating_point() and aim.numel():
        words += f" and targets up to {float(aim.abs().max()):.3g}"
    return Cause(f"{words}, and {name} of them is not finite", _TAME, too_large=True)
