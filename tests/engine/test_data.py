"""Rows are divided and scaled as a plain script does it with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from engine.projects import dataset
from nnstudio.core.project import DataSettings
from nnstudio.engine.data import load, prepare


@pytest.mark.parametrize(("name", "source"), [("Iris", load_iris), ("Diabetes", load_diabetes)])
@pytest.mark.parametrize(("share", "state"), [(0.2, 42), (0.35, 7)])
def test_a_table_is_what_scikit_learn_makes_of_it(name: str, source, share: float, state: int) -> None:
    prepared = prepare(DataSettings(dataset(name), test_share=share, random_state=state))
    X = source(return_X_y=True)[0]
    targets = prepared.data.targets
    train_X, test_X, train_y, test_y = train_test_split(X, targets, test_size=share, random_state=state)
    scaler = StandardScaler().fit(train_X)
    assert np.array_equal(prepared.train_inputs.numpy(), scaler.transform(train_X).astype(np.float32))
    assert np.array_equal(prepared.test_inputs.numpy(), scaler.transform(test_X).astype(np.float32))
    assert np.array_equal(prepared.train_targets.numpy(), train_y.astype(prepared.train_targets.numpy().dtype))
    assert np.array_equal(prepared.test_targets.numpy(), test_y.astype(prepared.test_targets.numpy().dtype))
    assert np.array_equal(prepared.mean, scaler.mean_) and np.array_equal(prepared.scale, scaler.scale_)
    assert np.array_equal(prepared.scaled(test_X), scaler.transform(test_X).astype(np.float32))
    assert np.array_equal(prepared.data.inputs[prepared.test_rows], test_X)


def test_the_test_part_has_no_say_in_the_scale() -> None:
    """The mean over all rows is another one."""
    prepared = prepare(DataSettings(dataset("Iris")))
    np.testing.assert_allclose(prepared.train_inputs.mean(0), 0, atol=1e-6)
    assert np.abs(prepared.test_inputs.numpy().mean(0)).max() > 0.01


def test_images_are_scaled_pixel_by_pixel_and_a_pixel_that_never_changes_stays_finite() -> None:
    prepared = prepare(DataSettings(dataset("Digits")))
    images = load_digits().images
    assert images[:, 0, 0].std() == 0
    assert prepared.train_inputs.shape[1:] == prepared.input_type.shape
    assert torch.isfinite(prepared.train_inputs).all() and torch.isfinite(prepared.test_inputs).all()
    flat = prepared.data.inputs[prepared.train_rows].reshape(len(prepared.train_rows), -1)
    expected = StandardScaler().fit_transform(flat).reshape(prepared.train_inputs.shape).astype(np.float32)
    assert np.array_equal(prepared.train_inputs.numpy(), expected)


def test_types() -> None:
    classes, values = prepare(DataSettings(dataset("Iris"))), prepare(DataSettings(dataset("Diabetes")))
    assert classes.train_targets.dtype == torch.int64 and classes.train_targets.dim() == 1
    assert values.train_targets.dtype == torch.float32 and values.train_targets.shape[1:] == (1,)
    assert classes.train_inputs.dtype == values.test_inputs.dtype == torch.float32


def test_without_a_test_part_all_rows_train_in_their_order() -> None:
    prepared = prepare(DataSettings(dataset("XOR"), test_share=0.0, standardise=False))
    assert prepared.train_rows.tolist() == list(range(prepared.data.rows))
    assert len(prepared.test_rows) == len(prepared.test_inputs) == len(prepared.test_targets) == 0
    assert prepared.test_inputs.shape[1:] == prepared.train_inputs.shape[1:]
    assert prepared.mean is None and prepared.scale is None
    assert np.array_equal(prepared.train_inputs.numpy(), prepared.data.inputs.astype(np.float32))


def test_every_row_is_in_one_part() -> None:
    prepared = prepare(DataSettings(dataset("Wine"), test_share=0.3))
    assert sorted([*prepared.train_rows, *prepared.test_rows]) == list(range(prepared.data.rows))


def test_too_few_rows_are_said_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"^A test share of 0.9 leaves no row for training .* there are 4 rows"):
        prepare(DataSettings(dataset("XOR"), test_share=0.9, random_state=0))
    with pytest.raises(ValueError, match=r"^No data is chosen"):
        prepare(DataSettings())


def test_equal_settings_are_loaded_once() -> None:
    assert load(dataset("Spirals", seed=3)) is load(dataset("Spirals", seed=3))
    assert prepare(DataSettings(dataset("Iris"))) is prepare(DataSettings(dataset("Iris")))
    assert not np.array_equal(load(dataset("Spirals", seed=3)).inputs, load(dataset("Spirals", seed=4)).inputs)
