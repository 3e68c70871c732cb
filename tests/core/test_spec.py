"""A declaration is checked when the class is made, and everything else follows from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drawings import specs, values
from nnstudio.core.kinds import Dataset, Layer, Loss, Metric, Optimizer, Schedule
from nnstudio.core.spec import Spec, SpecError, UnknownSpec, describe, field, from_json, registered, to_json

KINDS = [Layer, Loss, Optimizer, Schedule, Dataset, Metric]


@pytest.fixture(autouse=True)
def same_registry() -> Iterator[None]:
    """Specs that a test declares are gone after it."""
    before = {kind: dict(members) for kind, members in Spec._registry.items()}
    yield
    Spec._registry.clear()
    Spec._registry.update(before)


def gadget(annotation: Any, default: Any = None, sentence: str = "What it does.", **limits: Any) -> type[Any]:
    """A Spec with one setting."""
    body = {"__annotations__": {"size": annotation}, "size": field(default, sentence, **limits), "__doc__": "A gadget."}
    return type(Spec)("Gadget", (Layer,), {**body, "__module__": __name__})


# -- declarations ------------------------------------------------------------------------------------------------------


def test_what_is_declared_is_there_to_be_picked() -> None:
    class Smooth(Layer, category="Test", aliases=("soft",)):
        """Makes it smooth.

        And a second paragraph.
        """

        width: int = field(3, "How wide.", minimum=1)
        loss: Loss | None  # an annotation alone is no setting
        del __annotations__["loss"]
        shape: ClassVar[int] = 4

    assert registered(Layer)["Smooth"] is Smooth
    assert list(registered(Layer)) == sorted(registered(Layer))
    assert Smooth.title == "Smooth"
    assert (Smooth.category, Smooth.aliases) == ("Test", ("soft",))
    assert Smooth.sentence() == "Makes it smooth."
    [setting] = Smooth.settings()
    assert (setting.name, setting.label, setting.default, setting.optional) == ("width", "Width", 3, False)
    assert Smooth() == Smooth(width=3)
    assert hash(Smooth()) == hash(Smooth(width=3))
    with pytest.raises(AttributeError):
        Smooth().width = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: gadget(int, 0, minimum=1), "size needs a whole number of at least 1, but got 0"),
        (lambda: gadget(int, 1.5), "size needs a whole number, but got 1.5"),
        (lambda: gadget(int, None), "but got nothing"),
        (lambda: gadget(str, "green", choices=("red", "blue")), "one of red, blue"),
        (lambda: gadget(int | None, "a"), "but got the text 'a'"),
        (lambda: gadget(tuple[int, ...], (0,), minimum=1), "of at least 1, but got 0"),
        (lambda: gadget(bool, 1), "but got 1"),
        (lambda: gadget(list[int], ()), "cannot have the type"),
        (lambda: gadget(dict | None), "cannot have the type"),
        (lambda: gadget(int | str, 1), "cannot have the type"),
        (lambda: gadget(tuple[str, str], ("a", "b")), "cannot have the type"),
        (lambda: gadget(tuple[str, ...], (1,)), "size needs a list of texts"),
        (lambda: gadget(tuple[str, ...], ("a",), choices=("b",)), "texts out of b, but got the text 'a'"),
        (lambda: gadget(tuple[str, ...], ("a",), minimum=1), "limits are for numbers"),
        (lambda: gadget(Any, 1), "cannot have the type"),
        (lambda: gadget(bytes, b""), "cannot have the type"),
        (lambda: gadget(Loss | None), "cannot have the type"),
        (lambda: gadget(int, 1, ""), "needs a sentence"),
        (lambda: gadget(int, 1, minimum=3, maximum=2), "minimum is above"),
        (lambda: gadget(int, 1, above_minimum=True), "no minimum"),
        (lambda: gadget(str, "a", minimum=1), "limits are for numbers"),
        (lambda: gadget(bool, True, maximum=1), "limits are for numbers"),
        (lambda: gadget(int, 1, choices=("1",)), "choices are"),
        (lambda: gadget(str, "a", choices=("a", "a")), "choices are"),
        (lambda: gadget(str, "a", choices=()), "choices are"),
    ],
)
def test_a_wrong_declaration_fails_when_it_is_made(declare: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words) as caught:
        declare()
    assert str(caught.value).startswith("Gadget.size: ")
    assert "Gadget" not in registered(Layer)


def test_a_spec_needs_a_docstring_a_kind_and_a_name_of_its_own() -> None:
    with pytest.raises(TypeError, match="Silent needs a docstring"):

        class Silent(Layer):
            pass

    with pytest.raises(TypeError, match="Stray belongs to no kind"):

        class Stray(Spec):
            """A thing."""

    with pytest.raises(TypeError, match="Colourful: layer declares no 'colour'"):

        class Colourful(Layer, colour="red"):
            """A thing."""

    with pytest.raises(TypeError, match="two kinds of layer are called Linear"):

        class Linear(Layer):
            """Another."""

    with pytest.raises(TypeError, match=r"Plain\.size must be declared with field"):

        class Plain(Layer):
            """A thing."""

            size: int = 3

    assert not {"Silent", "Stray", "Colourful", "Plain"} & registered(Layer).keys()


def test_a_kind_can_be_opened_and_its_base_shared() -> None:
    class Flavour(Spec, kind="flavour"):
        """How it tastes."""

        strength: ClassVar[int] = 0

    class Sweet(Flavour, abstract=True):
        """Has sugar."""

        sugar: float = field(1.0, "How much.", minimum=0)

    class Honey(Sweet, strength=3):
        """From bees."""

        sugar: float = field(2.0, "How much honey.", minimum=0)

    assert list(registered(Flavour)) == ["Honey"]
    assert Honey().sugar == 2.0
    assert Honey.strength == 3
    assert from_json(Flavour, to_json(Honey(sugar=5.0))) == Honey(sugar=5.0)


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "limits", "value", "words"),
    [
        (int, {"minimum": 1}, 0, "a whole number of at least 1, but got 0"),
        (int, {"minimum": 1, "maximum": 2**32 - 1}, 2**32, "from 1 to 4294967295, but got 4294967296"),
        (int, {}, True, "a whole number, but got yes"),
        (int, {}, 2.0, "a whole number, but got 2.0"),
        (int, {}, "3); import os #", "a whole number, but got the text '3); import os #'"),
        (int, {}, None, "but got nothing"),
        (int, {}, 10**400, "a whole number of at most 9,007,199,254,740,992, but got 1000"),
        (int | None, {"minimum": 1}, -1, "of at least 1, but got -1"),
        (float, {}, float("nan"), "a number, but got nan"),
        (float, {}, float("inf"), "a number, but got inf"),
        (float, {}, 10**400, "a number, but got 1000"),
        (float, {}, "0,5", "a number, but got the text '0,5'"),
        (float, {"minimum": 0, "above_minimum": True}, 0.0, "a number above 0, but got 0.0"),
        (float, {"minimum": 0, "maximum": 1, "above_minimum": True}, 2, "a number above 0 and at most 1, but got 2"),
        (float, {"maximum": 1}, 1.5, "a number of at most 1, but got 1.5"),
        (bool, {}, 1, "yes or no (true or false), but got 1"),
        (str, {"choices": ("a", "b")}, "c", "one of a, b, but got the text 'c'"),
        (str, {}, ["a"], "a text, but got the list ['a']"),
        (tuple[int, ...], {"minimum": 1}, [1, 0], "a whole number of at least 1, but got 0"),
        (tuple[int, ...], {}, 3, "whole numbers, but got 3"),
        (int | tuple[int, int], {}, [1, 2, 3], "2 whole numbers, but got the list [1, 2, 3]"),
        (int | tuple[int, int], {}, {}, "a whole number, but got a value of type dict"),
    ],
)
def test_an_impossible_value_is_refused_in_words(annotation: Any, limits: Any, value: Any, words: str) -> None:
    defaults = {str: limits.get("choices", ("a",))[0], float: 1.0, bool: True, tuple[int, ...]: (1,)}
    kind = gadget(annotation, defaults.get(annotation, 1), **limits)
    with pytest.raises(SpecError, match=re.escape(words)) as caught:
        kind(size=value)
    assert caught.value.setting == "size"
    assert str(caught.value) == f"size needs {caught.value.needed}, but got {caught.value.got}"
    assert len(caught.value.got) < 80
    with pytest.raises(SpecError, match=re.escape(words)):
        kind().with_(size=value)


def test_values_come_into_their_proper_type() -> None:
    assert repr(gadget(float, 1.0)(size=3).size) == "3.0"
    assert gadget(tuple[int, ...], ())(size=[3, 4]).size == (3, 4)
    assert gadget(int | tuple[int, int], 1)(size=[3, 4]).size == (3, 4)
    assert gadget(int | tuple[int, int] | None)(size=None).size is None
    assert gadget(tuple[int, ...] | None)(size=[1]).size == (1,)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@given(data=st.data())
def test_every_spec_comes_back_from_json(kind: type[Spec], data: st.DataObject) -> None:
    spec = data.draw(specs(kind))
    written = to_json(spec)
    again = from_json(kind, json.loads(json.dumps(written)))
    assert again == spec
    assert type(again) is type(spec)
    assert to_json(again) == written


@given(data=st.data())
def test_every_value_within_the_limits_is_taken(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*registered(Layer).values(), *registered(Dataset).values()]))
    for setting in kind.settings():
        value = data.draw(values(setting))
        assert setting.read(value) == value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@given(
    written=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("name"),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "settings", "p"]), inner),
    )
)
def test_nothing_else_comes_back_from_json(kind: type[Spec], written: Any) -> None:
    with pytest.raises((SpecError, UnknownSpec)):
        from_json(kind, written)


def test_unknown_names_are_said() -> None:
    with pytest.raises(UnknownSpec, match=r"there is no layer called 'os\.system'"):
        from_json(Layer, {"name": "os.system"})
    with pytest.raises(UnknownSpec, match="there is no loss called 'Linear'"):
        from_json(Loss, {"name": "Linear"})
    with pytest.raises(UnknownSpec) as long:
        from_json(Layer, {"name": "x" * 10**6})
    assert len(str(long.value)) < 200
    with pytest.raises(
        SpecError, match="settings needs only bias, out_features, but got the unknown setting 'widgets'"
    ):
        from_json(Layer, {"name": "Linear", "settings": {"widgets": 1}})
    with pytest.raises(SpecError, match=r"settings needs an object, but got the list \[1\]"):
        from_json(Layer, {"name": "Linear", "settings": [1]})
    with pytest.raises(UnknownSpec, match="there is no loss called 'x'"):
        from_json(Layer, {"name": "Output", "settings": {"loss": {"name": "x"}}})


@pytest.mark.parametrize("name", ["Missing", "Layer", "Joining", "Activation", "__class__", "torch.nn.Linear", ""])
def test_only_what_is_registered_can_be_named(name: str) -> None:
    with pytest.raises(UnknownSpec):
        from_json(Layer, {"name": name})


def test_values_are_described_in_a_few_words() -> None:
    for value, words in (
        (None, "nothing"), (True, "yes"), ("text", "the text 'text'"), (3, "3"), (1e400, "inf"), ([1], "the list [1]"),
        ((1, 2), "the list [1, 2]"), ({}, "a value of type dict"), (registered(Layer)["ReLU"](), "ReLU"),
    ):  # fmt: skip
        assert describe(value) == words
    for value in ("x" * 10**6, list(range(10**6)), 10**4000, "\u202e\x00" * 50):
        assert len(describe(value)) < 600
        assert describe(value).isprintable()
