"""Parts: tensors that lie in several safetensors files, each process's part in one, read one tensor at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint import HuggingFaceStorageReader, Metadata
from torch.distributed.checkpoint.metadata import TensorStorageMetadata


class _Reader(HuggingFaceStorageReader):
    """Torch's reader of parts in safetensors, which looks at what there is only once."""

    _known: Metadata | None = None

    def read_metadata(self) -> Metadata:
        if self._known is None:
            self._known = super().read_metadata()
        return self._known


class Parts:
    """The tensors of a checkpoint as arrays, each read when it is asked for, from as many parts as it has."""

    def __init__(self, place: Path) -> None:
        self._reader = _Reader(str(place))
        known = self._reader.read_metadata().state_dict_metadata
        self.sizes: dict[str, tuple[torch.Size, torch.dtype]] = {}
        for name, entry in known.items():
            if not isinstance(entry, TensorStorageMetadata) or min(entry.size, default=0) < 0:
                raise ValueError(f"{name[:60]!r} is no tensor")
            if sum(chunk.sizes.numel() for chunk in entry.chunks) != entry.size.numel():
                raise ValueError(f"a part of {name[:60]!r} is missing")
            self.sizes[name] = entry.size, entry.properties.dtype

    def get(self, name: str) -> np.ndarray | None:
        """The array of this name; None when there is none."""
        if name not in self.sizes:
            return None
        size, dtype = self.sizes[name]
        tensor = torch.empty(size, dtype=dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is a single process
            dcp.load({name: tensor}, storage_reader=self._reader, no_dist=True)
        return tensor.numpy()

    def single(self, name: str, wanted: Any) -> np.ndarray:
        """One that may be absent, which means empty."""
        found = self.get(name)
        return np.zeros(0, wanted) if found is None else found.astype(wanted, copy=False)


class Kind(Mapping[str, np.ndarray]):
    """The arrays of one kind, by the names that they have in a checkpoint."""

    def __init__(self, arrays: Parts, kind: str) -> None:
        self._arrays, self._prefix = arrays, f"{kind}|"
        self._names = [name[len(self._prefix) :] for name in arrays.sizes if name.startswith(self._prefix)]

    def __getitem__(self, name: str) -> np.ndarray:
        found = self._arrays.get(self._prefix + name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return f"{self._prefix}{name}" in self._arrays.sizes

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
