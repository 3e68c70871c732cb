"""Windows over a series: what they hold, and what is to be predicted from each.

An exported script holds these functions as they stand here, so they stand alone.
"""

from __future__ import annotations

import numpy as np


def in_order(times: np.ndarray | None, groups: np.ndarray | None, rows: int) -> np.ndarray:
    """The order in which each series stands together, and its moments one after the other."""
    order = np.arange(rows)
    if times is not None:
        order = order[np.argsort(times, kind="stable")]
    if groups is not None:
        order = order[np.argsort(groups[order], kind="stable")]
    return order


def moments(times: np.ndarray | None, groups: np.ndarray | None, rows: int) -> np.ndarray:
    """The number of the moment of each row, over all series; the place in its series where no times are known."""
    if times is not None:
        return np.unique(times, return_inverse=True)[1]
    places = np.arange(rows)
    if groups is not None:
        begins = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
        places = places - np.repeat(begins, np.diff(begins, append=rows))
    return places


def scaled(values: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1."""
    deviation = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def window_starts(groups: np.ndarray | None, rows: int, needed: int, stride: int) -> np.ndarray:
    """The first row of each window of so many rows that lies within one series."""
    if groups is None:
        return np.arange(0, rows - needed + 1, stride)
    begins = np.flatnonzero(np.diff(groups, prepend=groups[0] - 1))
    ends = np.append(begins[1:], rows)
    found = [np.arange(begin, end - needed + 1, stride) for begin, end in zip(begins, ends, strict=True)]
    return np.concatenate([*found, np.arange(0)])


def windows(values: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """The windows [rows, length, features] that begin there; without a copy where they are evenly spaced."""
    every = np.lib.stride_tricks.sliding_window_view(values, length, axis=0, subok=True).swapaxes(1, 2)
    steps = np.diff(starts)
    if len(starts) and (steps == steps[:1]).all():
        return every[starts[0] : starts[-1] + 1 : steps[0] if len(steps) else 1]
    return every[starts]
