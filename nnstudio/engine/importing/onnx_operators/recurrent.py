"""LSTM, GRU and RNN: one layer of torch for each operator, in one direction or in both."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnstudio.engine.importing.merge import Tensor
from nnstudio.engine.importing.onnx_merged import Steps
from nnstudio.engine.importing.onnx_operators.table import layer, operator
from nnstudio.engine.importing.onnx_values import Known
from nnstudio.engine.importing.translate import Refused

# Where ONNX has each gate that torch has, in the order of torch: i f g o, and r z n.
_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
_USUAL = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}


@operator("LSTM")
def _lstm(work: Any, x: Any, weight: Any, state: Any, bias: Any = None, lengths: Any = None, *more: Any) -> Any:
    hidden, cell, peephole = (*more, None, None, None)[:3]
    if peephole is not None and work.fixed(peephole).any():
        raise Refused("there is no layer for gates that look at the memory")
    _activations(work, "LSTM")
    return _recurrent(work, "LSTM", (x, weight, state, bias), lengths, [hidden, cell], {})


@operator("GRU")
def _gru(work: Any, x: Any, weight: Any, state: Any, bias: Any = None, lengths: Any = None, *more: Any) -> Any:
    if not work.attribute("linear_before_reset", 0):
        raise Refused("it resets the state before it is multiplied, where torch does so afterwards")
    _activations(work, "GRU")
    return _recurrent(work, "GRU", (x, weight, state, bias), lengths, [*more, None][:1], {})


@operator("RNN")
def _rnn(work: Any, x: Any, weight: Any, state: Any, bias: Any = None, lengths: Any = None, *more: Any) -> Any:
    found = [name.lower() for name in work.attribute("activations", ())]
    nonlinearity = "relu" if found and set(found) == {"relu"} else "tanh"
    if nonlinearity == "tanh":
        _activations(work, "RNN")
    return _recurrent(work, "RNN", (x, weight, state, bias), lengths, [*more, None][:1], {"nonlinearity": nonlinearity})


def _activations(work: Any, kind: str) -> None:
    found = [name.lower() for name in work.attribute("activations", ())]
    usual = _USUAL[kind]
    if found and found not in (usual, usual * 2):
        raise Refused(f"its functions are {', '.join(found)} in place of {', '.join(usual)}")


def _recurrent(
    work: Any, kind: str, main: tuple[Any, Any, Any, Any], lengths: Any, states: list[Any], settings: dict[str, Any]
) -> Any:
    x, weight, state, bias = main
    wire: Tensor = work.wire(x)
    direction = work.attribute("direction", "forward")
    if direction == "reverse" or work.attribute("layout", 0) or work.attribute("input_forget", 0):
        raise Refused("there is no layer for one direction backwards, for another layout, or for one gate less")
    if work.attribute("clip") is not None:
        raise Refused("there is no layer for a state that is cut off")
    if lengths is not None and not (work.fixed(lengths) == wire.type.shape[0]).all():
        raise Refused("its sequences end at different places")
    first, second = work.fixed(weight), work.fixed(state)
    both = work.fixed(bias)
    directions = 2 if direction == "bidirectional" else 1
    gates = _GATES[kind]
    size = second.shape[-1]
    if first.shape[:2] != (directions, len(gates) * size) or second.shape[:2] != first.shape[:2]:
        raise Refused(f"its weights have the shapes {list(first.shape)} and {list(second.shape)}")
    arrays: dict[str, Known] = {}
    for place in range(directions):
        end = "_l0" + "_reverse" * place
        arrays[f"weight_ih{end}"] = _ordered(first[place], gates, size)
        arrays[f"weight_hh{end}"] = _ordered(second[place], gates, size)
        if both is not None:
            halves = np.split(both[place], 2)
            arrays[f"bias_ih{end}"], arrays[f"bias_hh{end}"] = (_ordered(half, gates, size) for half in halves)
    given = [None if _is_zero(value) else value for value in states]
    if len(given) == 2 and (given[0] is None) != (given[1] is None):
        given = states
    source = _source(work, wire)
    settings |= {"hidden_size": size, "bias": both is not None, "bidirectional": directions == 2}
    found = layer(kind, batch_first=source is not wire, **settings)
    made = work.modules(found, source, *given, **arrays)
    return [Steps(made[0], directions), *made[1 : len(states) + 1]]


def _ordered(array: np.ndarray, gates: tuple[int, ...], size: int) -> Known:
    """The gates of an array in the order of torch."""
    return Known(np.concatenate([array[gate * size : (gate + 1) * size] for gate in gates]), None, "", True)


def _is_zero(value: Any) -> bool:
    return value is None or (isinstance(value, Known) and not value.first.any())


def _source(work: Any, wire: Tensor) -> Tensor:
    """The wire before a Transpose that only puts the batch where ONNX wants it."""
    maker = work.maker(wire)
    if maker is not None and type(maker.layer).__name__ == "Transpose" and wire.type.axes == 3:
        number = maker.inputs[0]
        kind = work.type_of(number)
        if kind.batch_first and wire.type.axis == 1:
            return Tensor(number, kind)
    return wire
