"""Weights come whole or not at all, and never as other ones; the drawing opens without them."""

from __future__ import annotations

import json
import pickle
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.files import changed, contents, entries, tensors, zipped
from core.hostile import CHECKPOINT, GOOD, HUGE, PICTURE, PROJECT, RECORD, assert_unharmed, opened, watched
from nnstudio.core import storage
from nnstudio.core.storage import Stored

F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
TENSORS: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": b"1234567",
    "a header of no length": tensors({}, length=0),
    "a header of 2^63": tensors({}, length=2**63),
    "a header of 101 MB": tensors({}, length=101 << 20),
    "a header longer than the file": tensors({}, length=3),
    "a header that is no JSON": tensors(b"{"),
    "a header that is no text": tensors(b"\xff\xfe"),
    "a header that is a list": tensors([]),
    "a deep header": tensors(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "one name twice": tensors(b'{"w":%b,"w":%b}' % (json.dumps(F32).encode(), json.dumps(F32).encode()), bytes(4)),
    "trailing bytes": tensors({"w": F32}, bytes(5)),
    "too few bytes": tensors({"w": F32}, bytes(3)),
    "overlapping": tensors({"w": F32, "v": F32}, bytes(4)),
    "a hole": tensors({"w": F32 | {"data_offsets": [4, 8]}}, bytes(8)),
    "offsets that turn back": tensors({"w": F32 | {"data_offsets": [4, 0]}}, bytes(4)),
    "a shape that overflows": tensors({"w": F32 | {"shape": [2**62, 4]}}, bytes(4)),
    "a negative shape": tensors({"w": F32 | {"shape": [-1]}}, bytes(4)),
    "a shape of text": tensors({"w": F32 | {"shape": "1"}}, bytes(4)),
    "an unknown type": tensors({"w": F32 | {"dtype": "PICKLE"}}, bytes(4)),
    "complex numbers": tensors({"w": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
}


@pytest.mark.parametrize("case", TENSORS)
@pytest.mark.parametrize("entry", ["weights", "state"])
def test_broken_tensors_leave_the_drawing(path: Path, entry: str, case: str) -> None:
    found = opened(path, changed(GOOD, **{f"{entry}_safetensors": TENSORS[case]}))
    assert isinstance(found, Stored)
    assert found.checkpoint is None
    assert f"{entry}.safetensors" in found.notices[0]
    assert_unharmed(found)


def test_one_bit_in_the_weights_is_seen_and_the_drawing_opens(path: Path) -> None:
    data = bytearray(GOOD)
    place = GOOD.index(CHECKPOINT.weights["hidden.weight"].tobytes()) + 9
    data[place] ^= 16
    found = opened(path, bytes(data))
    assert_unharmed(found)
    assert isinstance(found, Stored)
    assert found.notices == (
        "The weights in bad.nnstudio were left out (weights.safetensors is damaged or absent); "
        "the drawing and the settings are intact.",
    )
    assert found.picture == PICTURE


@pytest.mark.parametrize("entry", ["checkpoint_json", "weights_safetensors", "state_safetensors"])
def test_weights_come_whole_or_not_at_all(path: Path, entry: str) -> None:
    found = opened(path, changed(GOOD, **{entry: None}))
    assert isinstance(found, Stored)
    assert found.checkpoint is None
    assert_unharmed(found)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("epoch", -1, "epoch is -1, not a count"),
        ("step", HUGE, "step is 1000"),
        ("batch", True, "batch is yes, not a count"),
        ("seconds", HUGE, "seconds is 1000"),
        ("seconds", [], "seconds is the list [], not a number"),
        ("names", [], "names is the list [], not an object"),
        ("names", {"n1": 3}, "names holds 3, not a text"),
        ("recipe", {"seed": None}, "recipe holds nothing, not a text"),
        ("schedule", 3, "schedule is 3, not an object"),
        ("pending_sums", {"accuracy": 1}, "pending_sums holds 1, not a list of numbers"),
        ("pending_sums", {"accuracy": ["1"]}, "pending_sums is the text '1', not a number"),
        ("history", {}, "history is a value of type dict, not a list"),
        ("history", [3], "history: a record is not made of"),
        ("history", [{**RECORD, "x": 1}], "history: a record is not made of"),
        ("history", [{**RECORD, "train": {"loss": "0,5"}}], "train is the text '0,5', not a number"),
        ("history", [{**RECORD, "test": None}], "test is nothing, not an object"),
        ("history", [{**RECORD, "lr": HUGE}], "lr is 1000"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_is_none_leaves_the_drawing(path: Path, key: str, value: Any, words: str) -> None:
    checkpoint = json.loads(contents(GOOD)["checkpoint.json"]) | {key: value}
    found = opened(path, changed(GOOD, checkpoint_json=checkpoint))
    assert isinstance(found, Stored)
    assert f"(checkpoint.json: {words}" in found.notices[0]
    assert_unharmed(found)


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    for length in range(0, len(GOOD), 7):
        assert isinstance(opened(path, GOOD[:length]), str), length


def damaged(rng: random.Random) -> bytes:
    """The good file with one bit turned, some bytes written over, or two blocks exchanged."""
    data = bytearray(GOOD)
    what = rng.randrange(3)
    if what == 0:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif what == 1:
        start, length = rng.randrange(len(data)), rng.randrange(1, 65)
        data[start : start + length] = rng.randbytes(length)[: len(data) - start]
    else:
        size = rng.randrange(1, 200)
        one, other = sorted(rng.sample(range(0, len(data) - size), 2))
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]
    return bytes(data)


def test_a_thousand_damaged_files_never_become_another_project(path: Path) -> None:
    rng = random.Random(20)
    outcomes = {"refused": 0, "left out": 0, "whole": 0}
    for number in range(1000):
        data = damaged(rng)
        found = opened(path, data)
        try:
            assert_unharmed(found)
        except AssertionError:
            print(f"damaged file {number}: {data.hex()}")
            raise
        outcomes["refused" if isinstance(found, str) else "left out" if found.notices else "whole"] += 1
    assert min(outcomes["refused"], outcomes["left out"]) > 100, outcomes


def test_a_project_that_was_saved_over_the_numbers_of_another_is_seen(path: Path) -> None:
    """The entries of two good files, mixed."""
    other = storage.to_bytes(replace(PROJECT, title="Other"), replace(CHECKPOINT, step=7), PICTURE)
    found, others = entries(GOOD), entries(other)
    for place, entry in enumerate(found[1:-1], start=1):
        mixed = zipped([*found[:place], others[place], *found[place + 1 :]])
        if others[place].content == entry.content:
            continue
        assert_unharmed(opened(path, mixed))


def test_the_oracle_hears() -> None:
    """What the tests above rely on: code that is run or files that are opened do not go unheard."""
    with pytest.raises(AssertionError, match=r"os\.system"), watched(Path("x")):
        __import__("os").system("true")
    with pytest.raises(AssertionError, match="compile"), watched(Path("x")):
        exec("1")
    with pytest.raises(AssertionError, match="open"), watched(Path("x")):
        open(__file__).close()
    with pytest.raises(AssertionError, match="pickle"), watched(Path("x")):
        pickle.loads(pickle.dumps(Path))
