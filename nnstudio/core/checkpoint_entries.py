"""A Checkpoint as the entries of a project file, and back.

What is decided or counted is JSON, what is computed is safetensors. Everything that comes back is checked, so that
those who go on from it find the types that `Checkpoint` promises.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from safetensors.numpy import save as save_tensors

from nnstudio.core import json_text
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.spec import describe
from nnstudio.core.tensors import read_tensors

ENTRIES = ("checkpoint.json", "weights.safetensors", "state.safetensors")

# What a training has only with some of its settings, as arrays by name.
_MORE = ("gradients", "average", "best")

_VALUES = 40_000_000
_LARGEST = 2**53
T = TypeVar("T")


def to_entries(checkpoint: Checkpoint) -> dict[str, bytes]:
    """The three entries that hold a checkpoint."""
    state = {f"optimizer|{name}": array for name, array in checkpoint.optimizer.items()}
    for kind in _MORE:
        state |= {f"{kind}|{name}": array for name, array in getattr(checkpoint, kind).items()}
    state["random_state"] = checkpoint.random_state
    state["device_random_state"] = checkpoint.device_random_state
    state["pending_losses"] = checkpoint.pending_losses
    state["pending_outputs"] = checkpoint.pending_outputs
    state["step_losses"] = checkpoint.history.step_losses
    return {
        "checkpoint.json": json_text.dump(to_plain(checkpoint), indent=None),
        "weights.safetensors": save_tensors(_laid_out(checkpoint.weights)),
        "state.safetensors": save_tensors(_laid_out(state)),
    }


def to_plain(checkpoint: Checkpoint) -> dict[str, Any]:
    """What JSON can say of it: all but the arrays."""
    return {
        "names": dict(checkpoint.names),
        "optimizer_options": dict(checkpoint.optimizer_options),
        "schedule": checkpoint.schedule,
        "epoch": checkpoint.epoch,
        "batch": checkpoint.batch,
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "pending_sums": dict(checkpoint.pending_sums),
        "recipe": dict(checkpoint.recipe),
        **({"watch": dict(checkpoint.watch)} if checkpoint.watch else {}),
        "history": [dict(record) for record in checkpoint.history.epochs],
    }


def from_entries(entries: Mapping[str, bytes]) -> Checkpoint:
    """The checkpoint that `to_entries` wrote.

    Raises:
        ValueError: it is none.
    """
    try:
        plain = from_plain(json_text.parse(entries["checkpoint.json"], _VALUES))
    except ValueError as error:
        raise ValueError(f"checkpoint.json: {error}") from None
    weights = read_tensors(entries["weights.safetensors"], "weights.safetensors")
    state = read_tensors(entries["state.safetensors"], "state.safetensors")
    return replace(
        plain,
        weights=weights,
        optimizer=_named(state, "optimizer"),
        random_state=_array(state, "random_state", "uint8", 1),
        device_random_state=_array(state, "device_random_state", "uint8", 1),
        pending_losses=_array(state, "pending_losses", "float32", 1),
        pending_outputs=_array(state, "pending_outputs", "float32", None),
        gradients=_named(state, "gradients"),
        average=_named(state, "average"),
        best=_named(state, "best"),
        history=History(plain.history.epochs, _array(state, "step_losses", "float32", 1)),
    )


def from_plain(written: Any) -> Checkpoint:
    """What `to_plain` said, without arrays.

    Raises:
        ValueError: it is of another form.
    """
    if not isinstance(written, dict):
        raise ValueError("it is not an object")
    records = written.get("history")
    if not isinstance(records, list):
        raise ValueError(f"history is {describe(records)}, not a list")
    counts = {key: _count(written.get(key), key) for key in ("epoch", "batch", "step")}
    return Checkpoint(
        names=_object(written, "names", _text),
        weights={},
        optimizer_options=_object(written, "optimizer_options", _anything),
        schedule=_object(written, "schedule", _anything) if written.get("schedule") is not None else None,
        epoch=counts["epoch"],
        batch=counts["batch"],
        step=counts["step"],
        seconds=_number(written.get("seconds"), "seconds"),
        pending_sums=_object(written, "pending_sums", _list_of_numbers),
        watch=_object(written, "watch", _number) if "watch" in written else {},
        history=History(tuple(_record(record) for record in records)),
        recipe=_object(written, "recipe", _text),
    )


# -- tensors -----------------------------------------------------------------------------------------------------------


def _laid_out(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}


def _named(arrays: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """The arrays of one kind, by the names that they have there."""
    return {name[len(kind) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{kind}|")}


def _array(arrays: Mapping[str, np.ndarray], name: str, dtype: str, axes: int | None) -> np.ndarray:
    array = arrays.get(name)
    if array is None or array.dtype != dtype or (axes is not None and array.ndim != axes):
        got = "absent" if array is None else f"{array.dtype} with {array.ndim} axes"
        raise ValueError(f"state.safetensors: {name} is {got}, not {dtype}")
    return array


# -- plain values ------------------------------------------------------------------------------------------------------


def _record(record: Any) -> dict[str, Any]:
    """What was measured after an epoch. A figure that was not a number is null in the file."""
    needed = {"epoch", "step", "train", "test", "lr", "seconds"}
    if not isinstance(record, dict) or record.keys() - {"validation"} != needed:
        raise ValueError("history: a record is not made of epoch, step, train, test, lr and seconds")
    return {
        "epoch": _count(record["epoch"], "epoch"),
        "step": _count(record["step"], "step"),
        "train": _object(record, "train", _number),
        "test": _object(record, "test", _number),
        "lr": _number(record["lr"], "lr"),
        **({"validation": _object(record, "validation", _number)} if "validation" in record else {}),
        "seconds": _number(record["seconds"], "seconds"),
    }


def _object(written: dict[str, Any], key: str, read: Callable[[Any, str], T]) -> dict[str, T]:
    value = written.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"{key} is {describe(value)}, not an object")
    return {name: read(item, key) for name, item in value.items()}


def _anything(value: Any, where: str) -> Any:
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} holds {describe(value)}, not a text")
    return value


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{where} is {describe(value)}, not a count")
    return value


def _number(value: Any, where: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > sys.float_info.max:
        raise ValueError(f"{where} is {describe(value)}, not a number")
    return float(value)


def _list_of_numbers(value: Any, where: str) -> list[float]:
    if not isinstance(value, list):
        raise ValueError(f"{where} holds {describe(value)}, not a list of numbers")
    return [_number(item, where) for item in value]
