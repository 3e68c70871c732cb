"""Sequences and painted points as data: rows as a second implementation makes them, and sentences for what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnstudio.library  # noqa: F401
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset, Split
from nnstudio.core.spec import SpecError, registered

DATASETS = registered(Dataset)


def ran(dataset: Dataset) -> dict[str, Any]:
    """What the written source defines."""
    names: dict[str, Any] = {}
    exec(compile(dataset.source(), "source", "exec"), names)
    return names


def assert_written_as_loaded(dataset: Dataset) -> Data:
    data, names = dataset.load(), ran(dataset)
    assert np.array_equal(names["X"], data.inputs) and np.array_equal(names["y"], data.targets)
    assert names["X"].dtype == data.inputs.dtype and names["y"].dtype == data.targets.dtype
    for fact in ("times", "groups"):
        assert (getattr(data, fact) is None) == (fact not in names) or getattr(data, fact) is None
        if getattr(data, fact) is not None:
            assert np.array_equal(names[fact], getattr(data, fact))
    return data


# -- characters of a text ----------------------------------------------------------------------------------------------


def text(path: Path, content: str | bytes, **settings: Any) -> Dataset:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    made: Dataset = DATASETS["TextCharacters"](path=str(path), **settings)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a text.txt"


WORDS = "A rose is a rose\nis a rose.\tÄ \U0001f600!"


@pytest.mark.parametrize("stride", [None, 1, 3, 7, 30])
@pytest.mark.parametrize("lower_case", [False, True])
def test_each_row_is_followed_by_itself_one_place_on(file: Path, stride: int | None, lower_case: bool) -> None:
    data = assert_written_as_loaded(text(file, WORDS, context=5, stride=stride, lower_case=lower_case))
    words = WORDS.lower() if lower_case else WORDS
    assert data.vocabulary == tuple(sorted(set(words)))
    assert data.inputs.dtype == data.targets.dtype == np.int64
    starts = range(0, len(words) - 5, stride or 5)
    assert data.rows == len(starts)
    for row, start in enumerate(starts):
        assert "".join(data.vocabulary[token] for token in data.inputs[row]) == words[start : start + 5]
        assert "".join(data.vocabulary[token] for token in data.targets[row]) == words[start + 1 : start + 6]


def test_characters_have_names_that_can_be_read(file: Path) -> None:
    data = text(file, "a b\nc\td\u00a0e\u0301\x1b" * 9, context=3).load()
    names = dict(zip(data.vocabulary, data.class_names, strict=True))
    assert names[" "] == "space" and names["\n"] == "newline" and names["\t"] == "tab" and names["a"] == "a"
    assert names["\u0301"] == "combining acute accent" and names["\x1b"] == "U+001B"
    assert names["\u00a0"] == "no-break space" and len(set(data.class_names)) == data.classes
    assert data.input_type.dtype == "int64" and data.input_type.shape == (3,) and data.target_name == "next character"


def test_rows_of_a_text_are_a_view_of_it(file: Path) -> None:
    data = text(file, "abcdefghij" * 2000, context=500, stride=1).load()
    assert np.shares_memory(data.inputs[0], data.inputs[1]) and np.shares_memory(data.inputs, data.targets)
    assert "Neighbouring rows overlap" in data.notices[0]
    assert text(file, "abcdefghij" * 2000, context=500).load().notices == ()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("auto", WORDS.encode()),
        ("auto", b"\xef\xbb\xbf" + WORDS.encode()),
        ("utf-8", b"\xef\xbb\xbf" + WORDS.encode()),
        ("auto", WORDS.encode("utf-16")),
        ("auto", b"\xfe\xff" + WORDS.encode("utf-16-be")),
        ("auto", WORDS.encode("utf-32")),
        ("utf-16", WORDS.encode("utf-16")),
        ("utf-8", WORDS.replace("\n", "\r\n").encode()),
        ("auto", WORDS.replace("\n", "\r").encode()),
    ],
)
def test_the_same_text_in_any_encoding_is_the_same_rows(file: Path, encoding: str, content: bytes) -> None:
    data = assert_written_as_loaded(text(file, content, context=4, encoding=encoding))
    assert data.vocabulary == tuple(sorted(set(WORDS))) and data.notices == ()


@pytest.mark.parametrize(
    ("content", "name"), [("na\xefve caf\xe9".encode("cp1252"), "cp1252"), (b"a\x81b\xe9cd", "latin-1")]
)
def test_old_encodings_are_guessed_and_said(file: Path, content: bytes, name: str) -> None:
    data = assert_written_as_loaded(text(file, content, context=3))
    assert "\xe9" in data.vocabulary
    assert data.notices == (
        f"a text.txt is not in UTF-8 and was read as {name}. If letters look wrong, choose its encoding.",
    )


@pytest.mark.parametrize(
    ("content", "settings", "words"),
    [
        (b"", {}, "a text.txt is empty. Choose a file with text in it."),
        (b"\xef\xbb\xbf", {}, "a text.txt is empty."),
        (b"abc", {}, "has 3 characters, but a row of 64 needs at least 65. Choose a shorter context or a longer text."),
        (b"aaaaaaaa", {"context": 4}, "holds one kind of character only (a), so there is nothing to predict."),
        (b"        ", {"context": 4}, "holds one kind of character only (space), so"),
        (b"aAaAaAaA", {"context": 4, "lower_case": True}, "one kind of character only (a)"),
        (
            b"abcd\0efgh",
            {"context": 4},
            "holds null bytes (the first is character 4): it is no text file, or it is in U",
        ),
        ("abcdefgh".encode("utf-16-le"), {"context": 4}, "holds null bytes (the first is character 1)"),
        (b"caf\xe9!", {"context": 4, "encoding": "utf-8"}, "is not utf-8 text: byte 3 does not fit. Choose another en"),
        (b"abc", {"context": 4, "encoding": "utf-16"}, "is not utf-16 text: byte 2 does not fit."),
    ],
)
def test_what_is_no_text_is_a_sentence(file: Path, content: bytes, settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=r"^a text\.txt .*\.$") as caught:
        text(file, content, **settings).load()
    assert words in str(caught.value)


def test_a_folder_and_a_file_that_is_too_large_are_no_text(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        DATASETS["TextCharacters"](path=str(file.parent)).load()
    monkeypatch.setattr("nnstudio.library.datasets._text.LARGEST", 10)
    with pytest.raises(ValueError, match="text of at most 0 MB can be read"):
        text(file, "abcdefghijk").load()


@given(
    length=st.integers(40, 300),
    context=st.integers(1, 12),
    stride=st.integers(1, 15),
    share=st.sampled_from([0.1, 0.3, 0.5]),
)
def test_by_time_no_character_is_predicted_on_both_sides(
    tmp_path_factory: pytest.TempPathFactory, length: int, context: int, stride: int, share: float
) -> None:
    file = tmp_path_factory.mktemp("texts") / "a.txt"
    data = text(file, "abcde" * 60, context=context, stride=stride).load()
    kept, aside = registered(Split)["TimeSplit"]().divide(data, np.arange(data.rows), share, 0)
    places = [set((data.times[row] + 1 + np.arange(context)).tolist()) for row in range(data.rows)]
    trained, tested = (set().union(*(places[row] for row in rows)) for rows in (kept, aside))
    assert not trained & tested and max(trained) < min(tested)
    assert aside.max() == data.rows - 1, "the end of the text is what is tested"


# -- painted -----------------------------------------------------------------------------------------------------------


@given(
    points=st.lists(
        st.tuples(st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 2)).map(lambda p: (p[0], p[1], float(p[2]))),
        min_size=1,
        max_size=50,
    )
)
def test_painted_points_are_the_rows(points: list[tuple[float, float, float]]) -> None:
    flat = tuple(number for point in points for number in point)
    data = assert_written_as_loaded(DATASETS["PaintedPoints"](points=flat, class_names=("red", "green", "blue")))
    assert data.inputs.tolist() == [[x, y] for x, y, _ in points]
    assert data.targets.tolist() == [int(number) for *_, number in points]
    assert data.class_names == ("red", "green", "blue") and data.feature_names == ("x1", "x2")


@given(points=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=50))
def test_a_painted_curve_is_the_rows(points: list[tuple[float, float]]) -> None:
    data = assert_written_as_loaded(
        DATASETS["PaintedCurve"](points=tuple(number for point in points for number in point))
    )
    assert data.inputs.tolist() == [[x] for x, _ in points] and data.targets.tolist() == [[y] for _, y in points]
    assert data.task == "regression"


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        (
            "PaintedPoints",
            {"points": (1.0, 2.0)},
            "points needs 3 numbers for each point (x, y and the number of the cl",
        ),
        ("PaintedPoints", {"points": (1.0, 2.0, 0.5)}, "whole class numbers from 0 to 1, but got the class number 0.5"),
        ("PaintedPoints", {"points": (1.0, 2.0, 2.0)}, "whole class numbers from 0 to 1, but got the class number 2"),
        ("PaintedPoints", {"points": (1.0, 2.0, -1.0)}, "whole class numbers from 0 to 1, but got the class number -1"),
        ("PaintedPoints", {"class_names": ("a", "a")}, "class_names needs at least two different names, but got a, a"),
        ("PaintedPoints", {"points": (0.0,) * 60_003}, "at most 20,000 points, but got 20,001"),
        ("PaintedCurve", {"points": (1.0, 2.0, 3.0)}, "points needs 2 numbers for each point (x and its value), but g"),
        ("PaintedCurve", {"points": (0.0,) * 40_002}, "at most 20,000 points, but got 20,001"),
    ],
)
def test_what_cannot_be_painted_is_a_sentence(name: str, settings: dict, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        DATASETS[name](**settings)
    assert words in str(caught.value)


def test_an_empty_canvas_is_said() -> None:
    for name, words in (("PaintedPoints", "No points are painted."), ("PaintedCurve", "No curve is painted.")):
        dataset = DATASETS[name](points=())
        with pytest.raises(ValueError, match=words):
            dataset.load()
        assert len(ran(dataset)["X"]) == 0
