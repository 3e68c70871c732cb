"""Whether a drawing does what the original does: both are run on the same rows, forwards and backwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nnstudio.engine.importing.imported import Drawn
from nnstudio.engine.importing.module_program import SIZES, as_it_was, rows
from nnstudio.engine.importing.program import ImportRefused

_ROUNDING = 1e-4  # of the largest number of a tensor: what another order of additions may change
_RANDOM = (nn.modules.dropout._DropoutNd, nn.RReLU, nn.FractionalMaxPool2d, nn.FractionalMaxPool3d)

_OTHER_NUMBERS = "In training it draws its random numbers in another order than the original."


@dataclass(frozen=True)
class _Ran:
    """What came out of one run, and the gradients by the names that the original has for the parameters."""

    outputs: list[torch.Tensor]
    gradients: dict[str, torch.Tensor]


def verify(
    module: nn.Module, drawn: Drawn, examples: tuple[torch.Tensor, ...], places: tuple[int, ...], training: bool
) -> list[str]:
    """Run both in evaluation and, if wanted, in training. `places` are those of the inputs that the drawing has.

    Returns:
        Sentences on what is equal but for rounding, or in another order of random numbers.

    Raises:
        ImportRefused: the drawing does something else.
    """
    names = _first_names(module)
    originals = {name: names.get(original, original) for name, original in drawn.assembled.originals.items()}
    frozen = [names[name] for name, parameter in module.named_parameters() if not parameter.requires_grad]

    def unlike(mode: bool, size: int, backwards: bool) -> tuple[str, ...]:
        inputs = dict(enumerate(rows(examples, size)))
        there = _run(module, inputs, mode, names, backwards)
        here = _run(drawn.network, {place: inputs[place] for place in places}, mode, originals, backwards)
        for name in frozen:  # in a layer that learns, as a notice says
            here.gradients.pop(name, None)
        return tuple(_compare(here, there, mode and _random(module), drawn.graph_title))

    with as_it_was(module), as_it_was(drawn.network):
        notices = list(unlike(False, SIZES[1], backwards=False))
        if training:
            notices += unlike(True, SIZES[0], backwards=True)
        if not training or _OTHER_NUMBERS in notices:
            notices += unlike(False, SIZES[0], backwards=True)
        else:
            notices += unlike(False, SIZES[0], backwards=False)
    return list(dict.fromkeys(notices))


def _first_names(module: nn.Module) -> dict[str, str]:
    """For every name of a parameter the first name that its tensor has."""
    first: dict[int, str] = {}
    named = list(module.named_parameters(remove_duplicate=False))
    for name, parameter in named:
        first.setdefault(id(parameter), name)
    return {name: first[id(parameter)] for name, parameter in named}


def _random(module: nn.Module) -> bool:
    return any(isinstance(inner, _RANDOM) or getattr(inner, "dropout", 0) for inner in module.modules())


def _run(
    module: nn.Module, inputs: Mapping[int, torch.Tensor], training: bool, names: Mapping[str, str], backwards: bool
) -> _Ran:
    """The outputs, and if wanted the gradients of a sum that weighs each number of them differently."""
    given = {place: one.clone().requires_grad_(one.is_floating_point()) for place, one in inputs.items()}
    torch.manual_seed(1)
    with torch.enable_grad():
        outputs = list(_tensors(module.train(training)(*given.values())))
        if not backwards:
            return _Ran([output.detach() for output in outputs], {})
        total = torch.zeros(())
        for output in outputs:
            if output.is_floating_point() and output.requires_grad:
                weights = torch.cos(torch.arange(output.numel(), dtype=torch.float32)).view(output.shape)
                total = total + (output * weights).sum()
    every = {f"input {place + 1}": one for place, one in given.items() if one.requires_grad}
    every |= {names.get(name, name): value for name, value in module.named_parameters() if value.requires_grad}
    gradients: dict[str, torch.Tensor] = {}
    if total.requires_grad and every:
        found = torch.autograd.grad(total, list(every.values()), allow_unused=True)
        gradients = {name: one for name, one in zip(every, found, strict=True) if one is not None}
    return _Ran([output.detach() for output in outputs], gradients)


def _tensors(found: Any) -> Iterator[torch.Tensor]:
    """The tensors in what a module gives, in order."""
    if isinstance(found, torch.Tensor):
        yield found
    elif isinstance(found, Mapping):
        for item in found.values():
            yield from _tensors(item)
    elif hasattr(found, "__dataclass_fields__"):
        for name in found.__dataclass_fields__:
            yield from _tensors(getattr(found, name))
    elif isinstance(found, (tuple, list)):
        for item in found:
            yield from _tensors(item)


def _compare(here: _Ran, there: _Ran, random: bool, title: str) -> Iterator[str]:
    """Sentences on what is not equal bit for bit but means the same."""
    shapes = [[(tuple(one.shape), one.dtype) for one in ran.outputs] for ran in (here, there)]
    if shapes[0] != shapes[1]:
        raise ImportRefused(f"{title}: the drawing of it gives {_shapes(here)}, the original {_shapes(there)}.")
    pairs = [
        (f"output {place}", one, other)
        for place, (one, other) in enumerate(zip(here.outputs, there.outputs, strict=True), start=1)
    ]
    outputs_equal = all(map(_equal, here.outputs, there.outputs))
    missing = sorted(here.gradients.keys() ^ there.gradients.keys())
    zero = [name for name in missing if not (here.gradients | there.gradients)[name].any()]
    if len(zero) < len(missing) and not random:
        raise ImportRefused(f"{title}: {missing[0]} is learned in the original or in the drawing, but not in both.")
    pairs += [
        (f"the gradient of {name}", one, there.gradients[name])
        for name, one in here.gradients.items()
        if name in there.gradients
    ]
    unlike = [(name, one, other) for name, one, other in pairs if not _equal(one, other)]
    if not unlike:
        return
    if random and not outputs_equal:
        yield _OTHER_NUMBERS
        return
    for name, one, other in unlike:
        if not _close(one, other):
            raise ImportRefused(
                f"{title}: the drawing of it was made and does not do the same: {name} differs by up to "
                f"{_distance(one, other):.3g}. It was thrown away."
            )
    what = "gradients" if outputs_equal else "outputs"
    yield f"Its {what} are those of the original but for rounding ({unlike[0][0]} and {len(unlike) - 1} more)."


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return torch.equal(one, other) or bool(((one == other) | (one.isnan() & other.isnan())).all())


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape or not one.is_floating_point():
        return False
    return torch.allclose(one, other, rtol=0, atol=_ROUNDING * max(1e-6, float(other.abs().max())), equal_nan=True)


def _distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.double() - other.double()).abs().max()) if one.shape == other.shape else float("inf")


def _shapes(ran: _Ran) -> str:
    return " and ".join(str(list(one.shape)) for one in ran.outputs) or "nothing"
