"""The tensors of a file that torch.save wrote, read by torch with weights_only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nnstudio.engine.importing.program import ImportRefused, fits_not

_HOMES = ("state_dict", "model_state_dict", "model", "module", "weights", "params", "net", "network", "ema")
_MOST = 100_000
_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16)
_SMALL = (torch.int8, torch.uint8, torch.bool)


def tensors_of(path: Path) -> dict[str, torch.Tensor]:
    """The state_dict in a file.

    Raises:
        ImportRefused: there is none, or more than tensors.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        if fits_not(error):
            raise MemoryError from None
        if "weights_only" in str(error).lower():  # so torch says that there is more than tensors in it
            raise ImportRefused(
                f"{path.name} holds more than tensors (a whole module, or code), which is not read: save "
                "model.state_dict() in place of the model."
            ) from None
        raise ImportRefused(f"{path.name} is no file of torch.save, or a damaged one.") from None
    state = _state(found)
    if not state:
        raise ImportRefused(f"{path.name} has no state_dict in it: no tensors by name.")
    if len(state) > _MOST:
        raise ImportRefused(f"{path.name} has {len(state):,} tensors; no more than {_MOST:,} are read.")
    return {name: _plain(path.name, name, tensor) for name, tensor in state.items()}


def _state(found: Any) -> dict[str, torch.Tensor]:
    """The tensors by name in what was read: at once, or under a usual name."""
    if not isinstance(found, Mapping):
        return {}
    for home in _HOMES:
        inner = found.get(home)
        if isinstance(inner, Mapping) and (state := _tensors(inner)):
            return state
    return _tensors(found)


def _tensors(found: Mapping[Any, Any]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, torch.Tensor)}


def _plain(file: str, name: str, tensor: torch.Tensor) -> torch.Tensor:
    shown = repr(name[:80])
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.dtype not in (*_DTYPES, *_SMALL):
        raise ImportRefused(
            f"{file}: {shown} is a tensor of a kind ({tensor.dtype}, {tensor.layout}) that is not read."
        )
    if tensor.is_meta or tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise ImportRefused(f"{file}: {shown} says that it is larger than its numbers in the file.")
    return tensor.detach().clone(memory_format=torch.contiguous_format)
