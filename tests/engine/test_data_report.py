"""What is planted in some rows is found, and nothing is found where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import registered
from nnstudio.engine import data_overview, data_pass
from nnstudio.engine.data import Part, Prepared, Scaling, prepare
from nnstudio.engine.data_overview import overview
from nnstudio.engine.data_report import Finding, report
from nnstudio.library.datasets.breast_cancer import BreastCancer
from nnstudio.library.datasets.iris import Iris

ROWS = 400


def parts(data: Data, test: np.ndarray | None = None, standardised: bool = True) -> Prepared:
    """Prepared rows; every fifth is for testing unless others are named."""
    test = np.arange(0, data.rows, 5) if test is None else test
    train = np.setdiff1d(np.arange(data.rows), test)
    size = int(np.prod(data.inputs.shape[1:]))
    scaling = Scaling(None, np.zeros(size), np.ones(size)) if standardised else Scaling()
    return Prepared(
        data, scaling, Part(data, scaling, train), Part(data, scaling, train[:0]), Part(data, scaling, test)
    )


def rows(seed: int = 0, columns: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(ROWS, columns))


def table(inputs: np.ndarray, classes: int = 2, **changes: object) -> Data:
    targets = np.random.default_rng(1).integers(0, classes, len(inputs))
    names = tuple(f"column {i}" for i in range(inputs.shape[1]))
    return Data(inputs, targets, "classification", names, tuple("abcdef"[:classes]), "kind", **changes)


def values(inputs: np.ndarray, targets: np.ndarray, names: tuple[str, ...] = ()) -> Data:
    names = names or tuple(f"column {i}" for i in range(inputs.shape[1]))
    return Data(inputs, targets.reshape(len(inputs), -1), "regression", names, (), "price")


def only(found: list[Finding], kind: str) -> Finding:
    (finding,) = [finding for finding in found if finding.kind == kind]
    return finding


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_said_of_iris(standardise, seed):
    assert report(prepare(DataSettings(Iris(), random_state=seed, standardise=standardise, validation_share=0.2))) == []


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, spec in registered(Dataset).items()
        if not issubclass(spec, FileDataset) and spec.category != "Logic gates"
    ],
)
def test_no_warning_on_what_comes_with_the_program(name):
    try:
        prepared = prepare(DataSettings(registered(Dataset)[name]()))
    except ValueError:
        return  # nothing is painted yet
    assert [finding.sentence for finding in report(prepared) if finding.severity != "note"] == []


def test_noise_has_nothing_to_look_at():
    assert report(parts(table(rows(), 3))) == []
    assert report(parts(values(rows(), rows(7, 1)))) == []


def test_a_column_that_is_the_target_of_a_regression():
    inputs = rows()
    target = inputs[:, 2] * 3 - 8 + 1e-3 * rows(3, 1)[:, 0]
    leak = only(report(parts(values(inputs, target))), "leak")
    assert leak.columns == (2,)
    assert (leak.remedy, leak.severity) == ("leave_out", "warning")
    assert "“column 2”" in leak.sentence and "price" in leak.sentence


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_a_column_that_is_the_class_under_other_numbers(classes):
    data = table(rows(), classes)
    code = np.random.default_rng(4).permutation(classes) * 7.0 - 3
    data.inputs[:, 1] = code[data.targets]
    assert only(report(parts(data)), "leak").columns == (1,)


def test_a_column_that_is_one_class_of_three():
    data = table(rows(), 3)
    data.inputs[:, 3] = data.targets == 1
    assert only(report(parts(data)), "leak").columns == (3,)


def test_a_column_that_goes_with_the_target_is_no_leak():
    inputs = rows()
    found = report(parts(values(inputs, inputs[:, 0] + 0.2 * rows(5, 1)[:, 0])))
    assert found == []


def test_the_only_column_may_be_the_whole_truth():
    inputs = rows(columns=1)
    assert report(parts(values(inputs, 2 * inputs + 1))) == []
    assert only(report(parts(values(inputs, inputs.copy()))), "leak").columns == (0,)


def test_rows_that_are_in_both_parts():
    inputs = rows()
    inputs[5:10] = inputs[201:206]
    test = np.arange(0, 80)
    found = only(report(parts(table(inputs), test)), "duplicates")
    assert found.rows == (5, 6, 7, 8, 9)
    assert found.sentence.startswith("5 of 80 test rows are also among the training rows.")
    assert found.severity == "warning"


def test_coarse_columns_repeat_and_that_is_only_noted():
    inputs = np.random.default_rng(0).integers(0, 3, (ROWS, 3)).astype(float)
    assert only(report(parts(table(inputs))), "duplicates").severity == "note"


def test_few_columns_with_few_values_meet_by_chance():
    random = np.random.default_rng(0)
    inputs = np.column_stack([random.integers(18, 80, ROWS), random.integers(0, 3, ROWS)]).astype(float)
    found = only(report(parts(table(inputs))), "duplicates")
    assert (found.severity, found.remedy) == ("note", "")
    assert "coarse" in found.sentence


def test_duplicates_among_pictures_and_tokens():
    random = np.random.default_rng(0)
    for inputs in (random.integers(0, 256, (ROWS, 1, 5, 7)).astype(np.uint8), random.integers(0, 90, (ROWS, 9))):
        inputs[0:3] = inputs[101:104]
        data = Data(inputs, random.integers(0, 2, ROWS), "classification", (), ("a", "b"))
        assert only(report(parts(data, np.arange(50))), "duplicates").rows == (0, 1, 2)


def test_the_hash_of_a_row_depends_on_the_order_and_not_on_the_sign_of_zero():
    inputs = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 2.0], [-0.0, 1.0, 2.0]])
    first, second, third = data_pass.pass_over(parts(table(inputs), np.array([1]))).hashes
    assert first != second
    assert first == third


def test_a_column_of_one_value():
    inputs = rows()
    inputs[:, 1] = 3.5
    inputs[:, 2] = np.nan
    found = report(parts(table(inputs, fill="mean")))
    assert only(found, "constant").columns == (1, 2)
    assert only(found, "constant").remedy == "leave_out"


@pytest.mark.parametrize("name", ["customer_id", "n"])
def test_a_column_that_numbers_the_rows(name):
    inputs = rows()
    order = np.random.default_rng(3).permutation(ROWS) if name == "customer_id" else np.arange(ROWS)
    inputs[:, 0] = 1000 + order
    data = values(inputs, rows(9, 1), (name, "a", "b", "c"))
    found = report(parts(data))
    assert only(found, "identifier").columns == (0,)
    assert name in only(found, "identifier").sentence


def test_whole_numbers_that_repeat_are_no_identifier():
    inputs = rows()
    inputs[:, 0] = np.arange(ROWS) // 2
    assert report(parts(values(inputs, rows(9, 1), ("id", "a", "b", "c")))) == []


def test_what_is_no_number_is_located():
    inputs = rows()
    inputs[3, 1], inputs[4, 2] = np.nan, np.inf
    found = report(parts(table(inputs)))
    missing, infinite = only(found, "missing"), only(found, "infinite")
    assert (missing.columns, infinite.columns) == ((1,), (2,))
    assert missing.severity == infinite.severity == "error"
    assert "1 value is missing in “column 1”" in missing.sentence
    assert [finding.kind for finding in report(parts(table(inputs, fill="mean")))] == ["infinite"]


def test_a_class_that_training_never_sees():
    data = table(rows(), 3)
    data.targets[data.targets == 2] = 0
    data.targets[:4] = 2
    found = only(report(parts(data, np.arange(80))), "missing_class")
    assert (found.severity, found.remedy) == ("warning", "stratify")
    assert "“c”" in found.sentence and "4 rows" in found.sentence
    found = only(report(parts(data, np.arange(300, 380))), "missing_class")
    assert found.severity == "note"


def test_a_rare_class_unless_it_is_weighted():
    data = table(rows())
    data.targets[:] = 0
    data.targets[1:400:40] = 1  # 10 of 400, none of them for testing
    prepared = parts(data)
    found = only(report(prepared), "imbalance")
    assert "31 times" in found.sentence
    assert found.remedy == "weigh_classes"
    assert "imbalance" not in {finding.kind for finding in report(prepared, weighted=True)}


def test_one_class_alone_is_an_error():
    data = table(rows())
    data.targets[:] = 1
    assert only(report(parts(data)), "one_class").severity == "error"


def test_scales_matter_unless_they_are_standardised():
    inputs = rows()
    inputs[:, 0] *= 5000
    found = only(report(parts(table(inputs), standardised=False)), "scales")
    assert found.columns[0] == 0
    assert found.remedy == "standardise"
    assert report(parts(table(inputs))) == []


def test_groups_and_times():
    groups, times = np.arange(ROWS) // 10, np.arange(ROWS, dtype=float)
    found = report(parts(table(rows(), groups=groups, times=times)))
    assert only(found, "groups").remedy == "by_group"
    assert "40 groups" in only(found, "groups").sentence
    assert only(found, "times").remedy == "by_time"
    assert report(parts(table(rows(), groups=groups, times=times), np.arange(320, 400))) == []


def test_a_last_batch_of_one_row_matters_to_batch_normalisation():
    prepared = parts(table(rows()))  # 320 for training
    assert only(report(prepared, batch_size=29, batch_norm=True), "last_batch").remedy == "batch_size"
    assert report(prepared, batch_size=29) == report(prepared, batch_size=32, batch_norm=True) == []


def test_much_data_is_sampled_and_that_is_said(monkeypatch):
    monkeypatch.setattr(data_pass, "MOST_NUMBERS", 1000)
    monkeypatch.setattr(data_pass, "_PIECE_NUMBERS", 100)
    inputs = rows()
    inputs[:, 1] = 1
    found = only(report(parts(table(inputs))), "constant")
    assert "in a sample" in found.sentence
    assert len(data_pass.pass_over(parts(table(inputs))).rows) == 250


def test_the_pass_agrees_with_numpy(monkeypatch):
    monkeypatch.setattr(data_pass, "_PIECE_NUMBERS", 100)
    inputs = rows()
    inputs[::7, 2] = np.nan
    inputs[5, 0] = -np.inf
    seen = data_pass.pass_over(parts(table(inputs)))
    finite = np.where(np.isfinite(inputs), inputs, np.nan)
    assert np.array_equal(seen.low, np.nanmin(finite, axis=0))
    assert np.array_equal(seen.high, np.nanmax(finite, axis=0))
    assert seen.missing.tolist() == np.isnan(inputs).sum(axis=0).tolist()
    assert seen.infinite.tolist() == np.isinf(inputs).sum(axis=0).tolist()
    assert len(np.unique(seen.hashes)) == ROWS
    assert seen.complete


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled), told_to(lambda share, words: False):
        report(prepare(DataSettings(BreastCancer())))


# -- the overview ------------------------------------------------------------------------------------------------------


def test_histograms_are_those_of_numpy():
    prepared = prepare(DataSettings(Iris(), validation_share=0.25))
    found = overview(prepared)
    assert [histogram.name for histogram in found.features] == list(prepared.data.feature_names)
    assert found.sampled == 0 and found.target is None
    for column, histogram in enumerate(found.features):
        for name in ("train", "validation", "test"):
            values = prepared.data.inputs[prepared.part(name).rows, column]
            expected = np.histogram(values, histogram.edges)[0] / len(values)
            assert np.allclose(histogram.shares[name], expected)
            assert histogram.shares[name].sum() == pytest.approx(1)
    for name, counted in found.counts.items():
        assert counted.tolist() == np.bincount(prepared.data.targets[prepared.part(name).rows], minlength=3).tolist()


def test_histograms_of_values_that_are_whole_missing_or_all_the_same():
    inputs = np.random.default_rng(0).integers(0, 5, (ROWS, 3)).astype(float)
    inputs[:, 1], inputs[:, 2] = 7, np.nan
    inputs[:100, 0] = np.nan
    whole, same, none = overview(parts(values(inputs, rows(1, 1)))).features
    assert whole.edges.tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]
    assert whole.missing == 0.25
    assert same.shares["train"].tolist() == [1.0]
    assert none.shares == {} and none.missing == 1.0 and none.tallest == 0.0


def test_an_overview_of_pictures_tokens_and_much_data(monkeypatch):
    random = np.random.default_rng(0)
    targets = random.integers(0, 2, ROWS)
    pictures = Data(
        random.integers(0, 256, (ROWS, 3, 4, 4)).astype(np.uint8), targets, "classification", (), ("a", "b")
    )
    found = overview(parts(pictures))
    assert [histogram.name for histogram in found.features] == ["red", "green", "blue"]
    assert found.features[0].edges[-1] <= 1
    tokens = random.integers(0, 9, (ROWS, 6))
    found = overview(parts(Data(tokens, tokens, "classification", (), tuple("abcdefghi"))))
    assert found.counts["train"].tolist() == np.bincount(tokens[np.arange(ROWS) % 5 > 0].ravel()).tolist()
    monkeypatch.setattr(data_overview, "SAMPLE", 50)
    found = overview(parts(table(rows())))
    assert found.sampled == 50
    assert sum(counted.sum() for counted in found.counts.values()) == ROWS
