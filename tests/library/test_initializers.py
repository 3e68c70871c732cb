"""Initialisations: the values of torch.nn.init with the same seed, and the shapes that they cannot fill."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nnstudio.library  # noqa: F401
from nnstudio.core.kinds import Initializer
from nnstudio.core.spec import SpecError, from_json, registered, to_json

EVERY = registered(Initializer)

# name, settings, shape, the line that a person writes
CASES: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
    ("Uniform", {"a": -0.5, "b": 0.25}, (3, 4), "uniform_(w, -0.5, 0.25)"),
    ("Normal", {"mean": 1.0, "std": 0.02}, (5,), "normal_(w, 1.0, 0.02)"),
    ("TruncNormal", {"std": 0.02, "a": -0.04, "b": 0.04}, (6, 7), "trunc_normal_(w, std=0.02, a=-0.04, b=0.04)"),
    ("Constant", {"val": 0.3}, (3,), "constant_(w, 0.3)"),
    ("Ones", {}, (3,), "ones_(w)"),
    ("Zeros", {}, (3, 2), "zeros_(w)"),
    ("Eye", {}, (3, 5), "eye_(w)"),
    ("Dirac", {"groups": 2}, (4, 2, 3, 3), "dirac_(w, groups=2)"),
    ("XavierUniform", {"gain": 1.5}, (3, 5), "xavier_uniform_(w, gain=1.5)"),
    ("XavierNormal", {}, (3, 5, 3, 3), "xavier_normal_(w)"),
    ("KaimingUniform", {"a": 5**0.5}, (3, 5), "kaiming_uniform_(w, a=5 ** 0.5)"),
    (
        "KaimingNormal",
        {"mode": "fan_out", "nonlinearity": "relu"},
        (8, 5, 3, 3),
        "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
    ),
    ("Orthogonal", {"gain": 2.0}, (6, 4), "orthogonal_(w, gain=2.0)"),
    ("Sparse", {"sparsity": 0.3, "std": 0.1}, (10, 4), "sparse_(w, sparsity=0.3, std=0.1)"),
]


@pytest.mark.parametrize(("name", "chosen", "shape", "code"), CASES)
def test_values_are_those_of_torch_bit_for_bit(name: str, chosen: dict, shape: tuple[int, ...], code: str) -> None:
    ours, theirs = torch.full(shape, 7.0), torch.full(shape, 7.0)
    initializer = EVERY[name](**chosen)
    assert list(initializer.check(shape)) == []
    torch.manual_seed(5)
    initializer.apply(ours)
    torch.manual_seed(5)
    eval(f"init.{code}", {"init": nn.init, "w": theirs})
    assert torch.equal(ours, theirs)


def test_all_of_torch_is_there() -> None:
    """Every function of torch.nn.init that fills a tensor by itself is an initialisation, and is tested above."""
    functions = {name for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")}
    assert {kind.torch_function.__name__ for kind in EVERY.values()} == functions
    assert {name for name, *_ in CASES} == set(EVERY)


@pytest.mark.parametrize("kind", EVERY.values(), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_shape_is_refused_exactly_where_torch_refuses_it(kind: type[Initializer], data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 4), max_size=6)))
    initializer = kind(groups=data.draw(st.integers(1, 3))) if kind.__name__ == "Dirac" else kind()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns where it does nothing
        try:
            initializer.apply(torch.empty(shape))
            taken = True
        except (ValueError, RuntimeError):
            taken = False
    assert (list(initializer.check(shape)) == []) == taken


@pytest.mark.parametrize("kind", EVERY.values(), ids=lambda kind: kind.__name__)
def test_each_is_explained_and_survives_json(kind: type[Initializer]) -> None:
    assert kind.sentence().endswith(".") and kind.formula and kind.aliases
    assert kind.reference == f"torch.nn.init.{kind.torch_function.__name__}"
    assert from_json(Initializer, to_json(kind())) == kind()


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [("Eye", (3,), "2 axes"), ("Dirac", (3, 3), "3 to 5 axes"), ("XavierNormal", (3,), "at least 2 axes")],
)
def test_sentences(name: str, shape: tuple[int, ...], words: str) -> None:
    (complaint,) = EVERY[name]().check(shape)
    assert complaint.needed == words and "×".join(map(str, shape)) in complaint.got and complaint.fix


def test_limits_in_the_wrong_order() -> None:
    with pytest.raises(SpecError, match="at least a"):
        EVERY["Uniform"](a=2.0)
    with pytest.raises(SpecError, match="above a"):
        EVERY["TruncNormal"](a=2.0)
