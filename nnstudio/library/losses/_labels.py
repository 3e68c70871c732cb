"""What the losses need of the targets: class numbers that there are, numbers within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.problems import Complaint

# A check is made after every change of a drawing, and the targets of a Data never change.
_SPANS: WeakKeyDictionary[Data, tuple[float, float]] = WeakKeyDictionary()
_MOST = 4_000_000  # of more numbers than these, as many are looked at, evenly spread


def span(data: Data) -> tuple[float, float]:
    """The smallest and the largest target."""
    found = _SPANS.get(data)
    if found is None:
        targets = data.targets
        if not targets.size:
            return 0, 0
        if data.task == "regression":  # among class numbers a single wrong one would stop torch
            targets = targets[:: max(1, targets.size // _MOST)]
        found = _SPANS[data] = targets.min().item(), targets.max().item()
    return found


def needs_labels(data: Data, wanted: str = "classes", ignored: int | None = None) -> Iterable[Complaint]:
    """Classes, at least two of them, and no class number outside them but one that is ignored."""
    if data.task != "classification":
        got = f"numbers ({data.target_name}) from the data"
        yield Complaint(f"{wanted} to predict", got, "Choose MSELoss at the Output.")
    elif data.classes < 2:
        yield Complaint("at least 2 classes", f"{data.classes} from the data", "Choose data with more classes.")
    elif data.rows:
        low, high = span(data)
        if low < 0 or high >= data.classes:
            yield from _outside(data, ignored)


def _outside(data: Data, ignored: int | None) -> Iterable[Complaint]:
    found = data.targets[(data.targets < 0) | (data.targets >= data.classes)]
    outside = found if ignored is None else found[found != ignored]
    if len(outside):
        label = outside.min() if outside.min() < 0 else outside.max()
        yield Complaint(
            f"labels from 0 to {data.classes - 1} for its {data.classes} classes",
            f"label {label}, but there are only {data.classes} classes (0–{data.classes - 1})",
            "Correct the class numbers in the data.",
        )


def needs_numbers(data: Data, low: float, high: float = np.inf, wanted: str = "numbers") -> Iterable[Complaint]:
    """Numbers to predict, none of them outside these bounds."""
    if data.task != "regression":
        fix = "Choose CrossEntropyLoss at the Output."
        yield Complaint(f"{wanted} to predict", f"{data.classes} classes from the data", fix)
        return
    smallest, largest = span(data)
    if data.targets.dtype == np.uint8:  # brightness, which the network sees from 0 to 1
        smallest, largest = smallest / 255, largest / 255
    if smallest < low or largest > high:
        bounds = f"from {low:g} on" if high == np.inf else f"from {low:g} to {high:g}"
        got = f"numbers ({data.target_name}) from {smallest:g} to {largest:g}"
        yield Complaint(f"{wanted} {bounds}", got, "Choose MSELoss at the Output.")


def listed(shape: tuple[int, ...]) -> str:
    """The sizes of an output without its batch: a number where there is one axis alone."""
    return f"{shape[0]}" if len(shape) == 1 else f"[{', '.join(map(str, ('B', *shape)))}]"
