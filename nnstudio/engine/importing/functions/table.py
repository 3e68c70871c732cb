"""The table itself, and what its entries have in common.

An entry takes the Translation and the arguments of the function, as torch names them; tensors among them are Tensor
(a value), Weight (a parameter) or Held (a constant). It gives the wires of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import SpecError, registered
from nnstudio.engine.importing.merge import Batch, Held, InTraining, Tensor
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused, Translation

Entry = Callable[..., Any]
T = TypeVar("T", bound=Entry)

_TABLE: dict[str, Entry] = {}


def entry(*names: str) -> Callable[[T], T]:
    """Put a function into the table under these names."""

    def put(function: T) -> T:
        for name in names:
            assert name not in _TABLE, name
            _TABLE[name] = function
        return function

    return put


def translate(work: Translation) -> Any:
    """The steps for the function of the event that the work is at, and the wires of its result."""
    event = work.event
    found = _TABLE.get(event.name)
    if found is None:
        raise Refused(f"{event.whole} is a function for which there is no layer")
    try:
        return found(work, *event.args, **event.kwargs)
    except TypeError as error:
        if "argument" not in str(error) and "Batch" not in str(error):
            raise
        raise Refused(f"{event.whole} is called in a way for which there is no layer") from None
    except SpecError as error:
        raise Refused(f"{event.whole}: {error}") from None


def layer(name: str, **settings: Any) -> Layer:
    """A layer by its name. Raises Refused where there is none, or no such setting."""
    kind = registered(Layer).get(name)
    if kind is None:
        raise Refused(f"there is no layer {name}")
    known = {setting.name: setting for setting in kind.settings()}
    for key, value in list(settings.items()):
        if isinstance(value, InTraining):
            raise Refused(f"{key} is {value.training} in training and {value.otherwise} otherwise")
        if isinstance(value, Batch):
            raise Refused(f"{key} depends on the size of the batch")
        if key not in known:
            if value is None or value is False:
                del settings[key]
                continue
            raise Refused(f"the layer {name} has no {key}, which is {value!r:.40}")
        if isinstance(value, tuple) and value and len(set(value)) == 1 and int in known[key].alternatives:
            settings[key] = value[0]
    found: Layer = kind(**settings)
    return found


def number(argument: Any) -> float | None:
    """An argument as a number, also where it is a constant tensor without axes; None where it is none."""
    if isinstance(argument, Held) and argument.tensor.dim() == 0:
        argument = argument.tensor.item()
    if isinstance(argument, bool) or not isinstance(argument, (int, float)):
        return None
    return argument


def is_tensor(argument: Any) -> bool:
    """Whether an argument is a tensor of any sort."""
    return isinstance(argument, (Tensor, Weight, Held))


def sizes_of(kind: TensorType) -> tuple[int | None, ...]:
    """The sizes of all axes; None for that of the batch."""
    if not kind.rows:
        return kind.shape
    return (*kind.shape[: kind.axis], None, *kind.shape[kind.axis :])


def axis_of(work: Translation, axis: Any, kind: TensorType) -> int:
    """An axis counted from the front."""
    if not isinstance(axis, int) or isinstance(axis, bool) or not -kind.axes <= axis < kind.axes:
        raise Refused(f"it needs one axis of {kind.text}, and gets {axis!r:.40}")
    return axis % kind.axes


def together(args: Iterable[Any]) -> tuple[Any, ...]:
    """`view(2, 3)` and `view((2, 3))` say the same."""
    found = tuple(args)
    return found[0] if len(found) == 1 and isinstance(found[0], tuple) else found


def settled(value: Any) -> Any:
    """A value that is the same in training and otherwise. Raises Refused."""
    if isinstance(value, InTraining):
        raise Refused(f"a setting is {value.training!r:.40} in training and {value.otherwise!r:.40} otherwise")
    return value
