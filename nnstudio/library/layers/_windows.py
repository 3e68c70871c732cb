"""What convolutions and pools have in common: a window that moves over the last axes of [B, C, …]."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._checks import needs_axes, needs_float, words

Sizes = tuple[int, ...]

_AXES = {1: "B, C, L", 2: "B, C, H, W", 3: "B, C, D, H, W"}
_FIXES = {
    1: "Add a Reshape before it.",
    2: "Use images as data, or add a Reshape before it.",
    3: "Use volumes as data, or add a Reshape before it.",
}


def needs_channels(kind: TensorType, dimensions: int) -> Iterable[Complaint]:
    """Numbers with a fraction, in channels, with this many axes behind them."""
    yield from needs_float(kind)
    yield from needs_lines(kind, dimensions)


def needs_lines(kind: TensorType, dimensions: int) -> Iterable[Complaint]:
    """Channels of lines, images or volumes, of numbers of any type."""
    yield from needs_axes(kind, _AXES[dimensions], _FIXES[dimensions])


def needs_groups(in_channels: int, out_channels: int, groups: int) -> Iterable[Complaint]:
    """Each group takes equally many channels and makes equally many."""
    for channels, side in ((in_channels, "input"), (out_channels, "output")):
        if channels % groups:
            fit = _divisors(math.gcd(in_channels, out_channels))
            yield Complaint(
                f"groups that divide its {channels} {side} channels",
                f"groups={groups}",
                f"groups={groups} must divide {channels} {side} channels: use {' or '.join(fit[-3:])}.",
            )
            return


def needs_divisor(channels: int, groups: int, setting: str = "groups") -> Iterable[Complaint]:
    """Each group has equally many channels."""
    if channels % groups:
        yield Complaint(
            f"{setting} that divides its {channels} channels",
            f"{setting}={groups}",
            f"{setting}={groups} must divide {channels} channels: use {' or '.join(_divisors(channels)[-3:])}.",
        )


def _divisors(count: int) -> list[str]:
    """The numbers up to 64 that divide it."""
    return [str(number) for number in range(1, min(count, 64) + 1) if count % number == 0]


def span(kernel: Sizes, dilation: Sizes) -> Sizes:
    """How far a kernel reaches whose inputs lie apart."""
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def needs_room(shape: Sizes, kernel: Sizes, padding: Sizes, dilation: Sizes | None = None) -> Iterable[Complaint]:
    """The window must fit into the padded input."""
    reach = span(kernel, dilation or (1,) * len(kernel))
    room = tuple(size + 2 * p for size, p in zip(shape, padding, strict=True))
    if any(s > r for s, r in zip(reach, room, strict=True)):
        padded = f", {words(room)} with its padding" if any(padding) else ""
        spread = f", spread to {words(reach)}," if reach != kernel else ""
        yield Complaint(
            f"an input of at least {words(max(1, s - 2 * p) for s, p in zip(reach, padding, strict=True))}",
            f"{words(shape)}{padded}: the kernel {words(kernel)}{spread} is larger than the {words(shape)} input",
            "Use a smaller kernel, more padding, or less pooling before it.",
        )


def needs_poolable(
    shape: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, ceil_mode: bool, dilation: Sizes | None = None
) -> Iterable[Complaint]:
    """As `needs_room`, where a last window may also cover the input in part; and torch's limit on the padding."""
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        halves = [k // 2 for k in kernel]
        half = words(halves) if len(set(halves)) > 1 else str(halves[0])
        yield Complaint(
            f"padding of at most half the kernel ({half})",
            f"padding {words(padding) if len(set(padding)) > 1 else padding[0]}",
            "Use less padding or a larger kernel.",
        )
        return
    if ceil_mode:  # then a window may reach over the edge by up to a stride
        reach = span(kernel, dilation or (1,) * len(kernel))
        room = [size + 2 * p + s - 1 for size, p, s in zip(shape, padding, stride, strict=True)]
        if all(r >= k for r, k in zip(room, reach, strict=True)):
            return
    yield from needs_room(shape, kernel, padding, dilation)
