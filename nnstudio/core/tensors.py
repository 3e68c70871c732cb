"""Tensors in an entry of a project file: safetensors, checked before and after they are read."""

from __future__ import annotations

import struct

import numpy as np
from safetensors.numpy import load as load_tensors

from nnstudio.core import json_text

_VALUES = 40_000_000
_HEADER = 100 << 20


def read_tensors(data: bytes, entry: str) -> dict[str, np.ndarray]:
    """Read safetensors, after checks that its own reader leaves out. Raises ValueError that names the entry."""
    if len(data) < 8:
        raise ValueError(f"{entry} is cut off")
    (length,) = struct.unpack("<Q", data[:8])
    if not 0 < length <= min(_HEADER, len(data) - 8):
        raise ValueError(f"{entry} has a header that does not fit into it")
    try:
        json_text.parse(data[8 : 8 + length], _VALUES)  # its own reader takes the last of two tensors with one name
        arrays: dict[str, np.ndarray] = load_tensors(data)
    except Exception as error:  # safetensors raises a class of its own, built on Exception
        raise ValueError(f"{entry}: {error}") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{entry}: {name[:60]!r} has numbers of the kind {array.dtype}")
    return arrays
