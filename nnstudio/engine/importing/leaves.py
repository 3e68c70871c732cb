"""Modules of torch that a layer stands for: which these are, and what a call of one becomes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import nn

from nnstudio.core.kinds import Layer
from nnstudio.core.spec import SpecError, registered
from nnstudio.engine.importing.merge import Held, Tensor
from nnstudio.engine.importing.translate import Refused, Translation, array


@cache
def layers() -> dict[type, tuple[type[Layer], ...]]:
    """The layers that stand for each class of module."""
    found: dict[type, list[type[Layer]]] = {}
    for layer in registered(Layer).values():
        if layer.torch_class is not None:
            found.setdefault(layer.torch_class, []).append(layer)
    return {cls: tuple(several) for cls, several in found.items()}


def known_class(module: nn.Module) -> type | None:
    """The class of torch that a module is, also by inheritance as long as that changes nothing."""
    for cls in type(module).__mro__:
        if cls in layers():
            return cls
        if set(vars(cls)) - _HARMLESS:
            return None
    return None


_HARMLESS = frozenset(
    """__module__ __doc__ __init__ __annotations__ __firstlineno__ __static_attributes__ __parameters__ __orig_bases__
    __constants__ extra_repr reset_parameters __qualname__ __annotate_func__ __annotations_cache__ __classdictcell__
    __type_params__ _version""".split()  # noqa: SIM905
)


def layer_of(module: nn.Module) -> Layer | None:
    """The layer whose module is like this one; None where there is none, and the module is to be looked into."""
    cls = known_class(module)
    if cls is None or _has_hooks(module):
        return None
    for kind in layers()[cls]:
        try:
            return kind.from_module(module)
        except (SpecError, AttributeError, TypeError, ValueError):
            continue
    return None


def is_leaf(module: nn.Module) -> bool:
    """Whether a call of this module is one node."""
    return layer_of(module) is not None


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def translate(work: Translation, layer: Layer) -> Any:
    """The step for a call of a module, and its outputs in the order of the tensors in the module's result."""
    event = work.event
    module = event.module
    assert module is not None
    layer = _as_called(layer, module, event.args, event.kwargs)
    inputs = _inputs(layer, module, event.args, event.kwargs)
    wires = [None if given is None else work.wire(given) for given in inputs]
    shapes = [None if wire is None else wire.type.shape for wire in wires]
    _compare(layer, module, shapes)
    name, full_name = event.module_name
    parameters = dict(module.named_parameters())
    weights = {key: array(value) for key, value in module.state_dict().items()}
    outputs = work.add(
        layer,
        *wires,
        name=name,
        module=full_name,
        weights=weights,
        parameters={key: _first_name(work, value, f"{full_name}.{key}") for key, value in parameters.items()},
        frozen=_is_frozen(module, parameters) and not work.learns_statistics(module),
    )
    return _outputs(layer, outputs, event.result)


def _is_frozen(module: nn.Module, parameters: Mapping[str, nn.Parameter]) -> bool:
    return bool(parameters) and not any(value.requires_grad for value in parameters.values())


def _as_called(layer: Layer, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Layer:
    """The layer with the settings that torch takes with each call, such as need_weights or output_size."""
    signature = inspect.signature(type(module).forward)
    chosen = {setting.name for setting in layer.settings()} & signature.parameters.keys()
    if not chosen:
        return layer
    bound = signature.bind(module, *args, **kwargs)
    bound.apply_defaults()
    said = {name: bound.arguments[name] for name in chosen}
    if isinstance(said.get("output_size"), tuple):  # which may say those of the rows and the channels too
        said["output_size"] = said["output_size"][-_axes(module) :]
    try:
        return layer.with_(**said)
    except SpecError as error:
        raise Refused(str(error)) from None


def _axes(module: nn.Module) -> int:
    """How many axes an image or a series has that a module is for: 2 of MaxUnpool2d."""
    digits = [letter for letter in type(module).__name__ if letter.isdigit()]
    return int(digits[-1]) if digits else 8


def _first_name(work: Translation, parameter: nn.Parameter, name: str) -> str:
    """The name that one tensor has wherever it is used."""
    return work.names.get(id(parameter), name)


def _compare(layer: Layer, module: nn.Module, shapes: list[Any]) -> None:
    """Refuse a layer that would not build such a module again."""
    with torch.device("meta"):
        rebuilt = layer.build(*shapes)
    if not isinstance(rebuilt, nn.Module):
        raise Refused(f"the layer {type(layer).__name__} has no module")
    same_state = _shapes(rebuilt) == _shapes(module)
    if not same_state or _settings(rebuilt) != _settings(module):
        raise Refused(f"{module!r} has settings that the layer {type(layer).__name__} does not have")


def _shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def _settings(module: nn.Module) -> Any:
    """What a module does, as plain attributes; that it works in place changes no result."""
    found = {}
    for name, value in vars(module).items():
        if name.startswith("_") or name in ("training", "inplace", "device", "dtype"):
            continue
        if isinstance(value, (bool, int, float, str, tuple, list, type(None), torch.Size)):
            found[name] = _plain(value)
    return found, [(name, _settings(child)) for name, child in module.named_children()]


def _plain(value: Any) -> Any:
    """(2, 2) as 2, and a list as a tuple: both say the same."""
    if isinstance(value, (tuple, list)):
        value = tuple(map(_plain, value))
        return value[0] if value and len(set(map(repr, value))) == 1 else value
    return value


def _inputs(layer: Layer, module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
    """What is wired to each input port: the arguments of the module's forward, in order or by the ports' names."""
    try:
        bound = inspect.signature(type(module).forward).bind(module, *args, **kwargs).arguments
    except TypeError:
        bound = {f"input_{place}": argument for place, argument in enumerate((*args, *kwargs.values()))}
    given = [(name, value) for name, value in list(bound.items())[1:] if value is not None]
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        given = given[:1] if _is_zero(given[1:]) else given
    if any(name.endswith("mask") for name, _ in given):
        given = [(name, value) for name, value in given if not name.endswith("is_causal")]  # the mask says it
    ports = [port.name for port in layer.input_ports]
    settings = {setting.name for setting in layer.settings()}
    found: dict[str, Any] = {}
    for name, value in _flat(given):
        free = [port for port in ports if port not in found]
        port = name if name in free else _SAME.get(name, "")
        if port not in free:
            if name in settings:
                continue  # the layer has it by now
            if not isinstance(value, Tensor) and not hasattr(value, "tensor"):
                if value in (False, _usual(module, name)) or hasattr(layer, name):
                    continue
                raise Refused(
                    f"{type(module).__name__} is called with {name}={value!r:.40}, which a layer does not have"
                )
            if not free:
                raise Refused(f"{type(module).__name__} is called with {name}, for which the layer has no input")
            port = free[0]
        found[port] = value
    return [found.get(port) for port in ports]


def _is_zero(given: list[tuple[str, Any]]) -> bool:
    """Whether these are states of zeros, from which a recurrent layer begins by itself."""
    states = [value for _, value in _flat(given)]
    return bool(states) and all(isinstance(state, Held) and not state.tensor.any() for state in states)


# Names that an input of a layer has, where torch calls it otherwise.
_SAME = {
    "key_padding_mask": "padding_mask",
    "src_key_padding_mask": "padding_mask",
    "attn_mask": "mask",
    "src_mask": "mask",
}


def _usual(module: nn.Module, name: str) -> Any:
    """The default of an argument of a module's forward."""
    parameter = inspect.signature(type(module).forward).parameters.get(name)
    return None if parameter is None else parameter.default


def _flat(given: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Tuples of tensors, such as the two states of an LSTM, one by one."""
    found = []
    for name, value in given:
        if isinstance(value, tuple) and any(isinstance(item, Tensor) or hasattr(item, "tensor") for item in value):
            found += [(f"{name}_{place}", item) for place, item in enumerate(value)]
        else:
            found.append((name, value))
    return found


def _outputs(layer: Layer, made: list[Tensor], result: Any) -> list[Tensor | None]:
    """The outputs of the layer in the order of the tensors in the result of the module."""
    return list(made)
