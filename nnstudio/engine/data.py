"""Rows made ready for training: loaded, divided into a training and a test part, and standardised.

It is the same arithmetic that a plain script does with scikit-learn's `train_test_split` and `StandardScaler`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset divided and scaled.

    Attributes:
        data: the rows as they were loaded.
        train_rows, test_rows: their row numbers, int64; test_rows is empty without a test part.
        mean, scale: of each number of a row [size], from the training part; None when not standardised.
        train_inputs, test_inputs: float32 [rows, *shape] (int64 for tokens), on the CPU.
        train_targets, test_targets: int64 [rows] for classes, float32 [rows, outputs] for values.
    """

    data: Data
    train_rows: np.ndarray
    test_rows: np.ndarray
    mean: np.ndarray | None
    scale: np.ndarray | None
    train_inputs: torch.Tensor
    train_targets: torch.Tensor
    test_inputs: torch.Tensor
    test_targets: torch.Tensor

    @property
    def input_type(self) -> TensorType:
        """What the Input layer passes on."""
        return self.data.input_type

    def scaled(self, inputs: np.ndarray) -> np.ndarray:
        """Raw rows as the network takes them."""
        return _scaled(inputs, self.mean, self.scale)


@lru_cache(maxsize=16)
def load(dataset: Dataset) -> Data:
    """The rows of a dataset. Raises ValueError or OSError with a sentence."""
    return dataset.load()


@lru_cache(maxsize=16)
def prepare(settings: DataSettings) -> Prepared:
    """Load, divide and standardise.

    Raises:
        ValueError: no dataset is chosen, or too few rows are left in a part.
        OSError: the dataset cannot be read.
    """
    if settings.dataset is None:
        raise ValueError("No data is chosen. Choose a dataset in the Data panel.")
    data = load(settings.dataset)
    rows = np.arange(data.rows)
    if settings.test_share > 0:
        try:
            train_rows, test_rows = train_test_split(
                rows, test_size=settings.test_share, random_state=settings.random_state
            )
        except ValueError:
            raise ValueError(
                f"A test share of {settings.test_share:g} leaves no row for training or for testing: "
                f"there are {data.rows} rows. Use more rows or a smaller share."
            ) from None
    else:
        train_rows, test_rows = rows, rows[:0]
    inputs = data.inputs
    mean = scale = None
    if settings.standardise and np.issubdtype(inputs.dtype, np.floating):
        scaler = StandardScaler().fit(inputs[train_rows].reshape(len(train_rows), -1))
        mean, scale = scaler.mean_, scaler.scale_
    return Prepared(
        data=data,
        train_rows=train_rows,
        test_rows=test_rows,
        mean=mean,
        scale=scale,
        train_inputs=torch.from_numpy(_scaled(inputs[train_rows], mean, scale)),
        train_targets=_targets(data.targets[train_rows]),
        test_inputs=torch.from_numpy(_scaled(inputs[test_rows], mean, scale)),
        test_targets=_targets(data.targets[test_rows]),
    )


def _scaled(inputs: np.ndarray, mean: np.ndarray | None, scale: np.ndarray | None) -> np.ndarray:
    if np.issubdtype(inputs.dtype, np.integer):
        return np.ascontiguousarray(inputs, dtype=np.int64)
    if mean is not None and scale is not None:
        flat = inputs.reshape(len(inputs), -1)
        # The same two operations in the same order and precision as StandardScaler.transform.
        flat = flat - mean.astype(flat.dtype, copy=False)
        flat /= scale.astype(flat.dtype, copy=False)
        inputs = flat.reshape(inputs.shape)
    return np.ascontiguousarray(inputs, dtype=np.float32)


def _targets(targets: np.ndarray) -> torch.Tensor:
    wanted = np.int64 if np.issubdtype(targets.dtype, np.integer) else np.float32
    return torch.from_numpy(np.ascontiguousarray(targets, dtype=wanted))
