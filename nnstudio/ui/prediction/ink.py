"""Ink: a drawing as the numbers that a network takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnstudio.core.data import Data

_SAMPLE = 500


@dataclass(frozen=True)
class Paper:
    """What the empty place and the full ink of a picture are in the data, and the picture's size."""

    height: int
    width: int
    empty: float
    full: float


def paper_of(data: Data) -> Paper | None:
    """The paper of pictures with one channel of up to 64 by 64; None where rows are something else.

    The empty place is what most of the margin has, in the middle of the pictures.
    """
    shape = data.inputs.shape[1:]
    if len(shape) == 3 and shape[0] == 1:
        height, width = shape[1:]
    elif len(shape) == 2 and min(shape) > 1 and data.times is None and not data.feature_names:
        height, width = shape
    else:
        return None
    if not 4 <= height <= 64 or not 4 <= width <= 64 or data.input_type.dtype != "float32" or not data.rows:
        return None
    places = np.unique(np.linspace(0, data.rows - 1, min(_SAMPLE, data.rows)).astype(np.int64))
    pictures = np.asarray(data.inputs[places], np.float64).reshape(len(places), height, width)
    low, high = float(np.nanmin(pictures)), float(np.nanmax(pictures))
    if data.inputs.dtype == np.uint8:
        low, high = 0.0, 255.0
    margin = np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1)
    dark = float(np.nanmedian(margin)) - low <= (high - low) / 2
    return Paper(int(height), int(width), low if dark else high, high if dark else low)


def row_of(ink: np.ndarray, paper: Paper, data: Data) -> np.ndarray:
    """Ink [height, width] from 0 to 1 as a row of the data."""
    values = paper.empty + ink * (paper.full - paper.empty)
    if data.inputs.dtype == np.uint8:
        values = np.rint(values)
    return values.astype(data.inputs.dtype).reshape(data.inputs.shape[1:])


def ink_of(row: np.ndarray, paper: Paper) -> np.ndarray:
    """A row of the data as ink [height, width] from 0 to 1."""
    values = np.asarray(row, np.float64).reshape(paper.height, paper.width)
    found: np.ndarray = np.clip((values - paper.empty) / ((paper.full - paper.empty) or 1.0), 0, 1)
    return found


def reduced(fine: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fine ink [height × k, width × k] as the mean over squares of k by k."""
    k = fine.shape[0] // height
    found: np.ndarray = fine.reshape(height, k, width, k).mean(axis=(1, 3))
    return found


def centred(fine: np.ndarray) -> np.ndarray:
    """The drawing as MNIST has it: its longer side is 20/28 of the picture, its centre of mass is the middle."""
    rows, columns = np.flatnonzero(fine.max(axis=1) > 0.02), np.flatnonzero(fine.max(axis=0) > 0.02)
    if not len(rows):
        return fine
    drawn = fine[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(fine.shape[0] / drawn.shape[0], fine.shape[1] / drawn.shape[1]) * 20 / 28
    small = _resized(drawn, max(1, round(drawn.shape[0] * scale)), max(1, round(drawn.shape[1] * scale)))
    weight = small.sum() or 1.0
    middle_row = (small.sum(axis=1) * (np.arange(small.shape[0]) + 0.5)).sum() / weight
    middle_column = (small.sum(axis=0) * (np.arange(small.shape[1]) + 0.5)).sum() / weight
    top, left = round(fine.shape[0] / 2 - middle_row), round(fine.shape[1] / 2 - middle_column)
    found = np.zeros_like(fine)
    from_row, from_column = max(0, -top), max(0, -left)
    until_row = min(small.shape[0], fine.shape[0] - top)
    until_column = min(small.shape[1], fine.shape[1] - left)
    piece = small[from_row:until_row, from_column:until_column]
    found[top + from_row : top + until_row, left + from_column : left + until_column] = piece
    return found


def _resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, one axis after the other; the drawing is fine, so that nothing is lost that the network would see."""
    rows = (np.arange(height) + 0.5) * picture.shape[0] / height - 0.5
    columns = (np.arange(width) + 0.5) * picture.shape[1] / width - 0.5
    along = np.arange(picture.shape[0])
    tall = np.stack([np.interp(rows, along, picture[:, column]) for column in range(picture.shape[1])], axis=1)
    return np.stack([np.interp(columns, np.arange(picture.shape[1]), row) for row in tall])
