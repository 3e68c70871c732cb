"""Shards: a checkpoint that all processes of a training write together, as a folder.

    folder/step-000000001200/checkpoint.json         what is decided or counted, and the hash of each other file
                             shard-00001-….safetensors  the tensors of the first process, or its parts of them
                             shard-00002-….safetensors  those of the second

torch.distributed.checkpoint writes and reads the tensors, in its safetensors form, and brings the parts together for
another number of processes. Its usual form has an index that is unpickled, which runs whatever a file says; so it is
not used. All processes must see the folder under the same name.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor
from torch.distributed.checkpoint import HuggingFaceStorageWriter

from nnstudio.core import checkpoint_entries, json_text
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.sources import fingerprint
from nnstudio.engine.distributed.parts import Kind, Parts
from nnstudio.engine.distributed.world import World
from nnstudio.engine.run import Run

INDEX = "checkpoint.json"
# Complete checkpoints that are kept in a folder.
KEPT = 2

_FORMAT = 1
_NAME = re.compile(r"step-\d{12}")
_SHARD = re.compile(r"shard-\d{5}-model-\d{5}-of-\d{5}\.safetensors")
_LARGEST_INDEX = 512 << 20
_VALUES = 40_000_000
# The tensors of a checkpoint by what they are of, beside single ones.
_KINDS = ("weights", "optimizer", "gradients", "average", "best")
_SINGLE = {"pending_losses": np.float32, "pending_outputs": np.float32, "step_losses": np.float32}
_STATES = ("random_state", "device_random_state")


class ShardsError(ValueError):
    """A folder that is no checkpoint, or a damaged one; one sentence."""


@dataclass(frozen=True, eq=False)
class Found:
    """A checkpoint in a folder.

    Attributes:
        checkpoint: as from a project file. Its arrays are read when they are asked for, one at a time.
        processes: how many wrote it.
    """

    place: Path
    checkpoint: Checkpoint
    processes: int
    _arrays: Parts

    def give_random_state(self, run: Run, world: World | None) -> None:
        """Go on with what each process drew from, where there are as many of them as there were."""
        rank, size = (0, 1) if world is None else (world.rank, world.size)
        if run.continuation == "exact" and size == self.processes:
            own, of_device = (_bytes_of(self._arrays.get(f"{name}|{rank}")) for name in _STATES)
            if len(own) == len(run._random_state):
                run._random_state = torch.from_numpy(own)
            if len(of_device) == len(run._device_random_state):
                run._device_random_state = torch.from_numpy(of_device)


# -- writing -----------------------------------------------------------------------------------------------------------


def save(run: Run, folder: Path, world: World | None = None) -> Path:
    """Write a checkpoint of where the Run stands, all processes together; the folder that it is in.

    It is there as a whole or not at all, and older ones but the last are removed.

    Raises:
        ShardsError: it cannot be written.
    """
    place = folder / f"step-{run.step:012d}"
    first, rank, size = (True, 0, 1) if world is None else (world.first, world.rank, world.size)
    draft = folder / f".{place.name}.draft"
    wrong = ""
    if first:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove(draft)
        except OSError as error:
            wrong = f"{folder} cannot be written: {error.strerror or error}."
    _agree(wrong, world)
    taken = run.checkpoint(lambda tensor: tensor.detach())
    tensors: dict[str, Tensor] = {}
    for kind in _KINDS:
        tensors |= {f"{kind}|{name}": value for name, value in getattr(taken, kind).items()}
    tensors |= {f"{name}|{rank}": getattr(taken, name) for name in _STATES}
    for name, value in (
        ("pending_losses", taken.pending_losses),
        ("pending_outputs", taken.pending_outputs),
        ("step_losses", taken.history.step_losses),
    ):
        tensors[name] = torch.as_tensor(value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is a single process
            dcp.save(
                _apart(tensors),
                storage_writer=HuggingFaceStorageWriter(str(draft), save_distributed=True),
                no_dist=world is None,
            )
        mine = [draft / name for name in sorted(os.listdir(draft)) if name.startswith(f"shard-{rank + 1:05d}-")]
        said = json.dumps({path.name: [path.stat().st_size, fingerprint(path)] for path in mine})
    except OSError as error:
        wrong, said = f"{folder} cannot be written: {error.strerror or error}.", "{}"
    except dcp.CheckpointException as error:
        wrong, said = f"{folder} cannot be written: {_cause(error)}.", "{}"
    everyone = [said] if world is None else world.everyone(said)
    _agree(wrong, world)
    if first:
        files: dict[str, Any] = {}
        for part in everyone:
            files |= json.loads(part)
        index = {"format": _FORMAT, "processes": size, "files": files, **checkpoint_entries.to_plain(taken)}
        try:
            with open(draft / INDEX, "wb") as file:
                file.write(json_text.dump(index, indent=None))
                file.flush()
                os.fsync(file.fileno())
            _remove(place)
            os.rename(draft, place)
            for old in _complete(folder)[KEPT:]:
                _remove(old)
        except OSError as error:
            wrong = f"{folder} cannot be written: {error.strerror or error}."
    _agree(wrong, world)
    return place


def _agree(wrong: str, world: World | None) -> None:
    """Raise in all processes what is wrong in one."""
    said = [wrong] if world is None else world.everyone(wrong)
    if any(said):
        raise ShardsError(next(part for part in said if part))


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors takes them: none empty, each with its own memory (tied weights have the same)."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        if not tensor.numel():
            continue
        tensor = tensor.contiguous()
        local = tensor.to_local() if hasattr(tensor, "to_local") else tensor
        pointer = local.untyped_storage().data_ptr()
        if pointer in seen:
            tensor = tensor.clone()
        seen.add(pointer)
        found[name] = tensor
    return found


def _remove(place: Path) -> None:
    """Remove a checkpoint, and nothing else that may lie there. It stops being one first."""
    if not place.is_dir() or place.is_symlink():
        return
    for name in sorted(os.listdir(place), key=lambda name: name != INDEX):
        if name == INDEX or _SHARD.fullmatch(name):
            os.unlink(place / name)
    os.rmdir(place)


def _cause(error: dcp.CheckpointException) -> str:
    """What went wrong first, of all processes."""
    for failure in error.failures.values():
        reason = failure[0]
        return str(getattr(reason, "strerror", None) or reason).split("\n")[0].rstrip(".")
    return str(error).split("\n")[0].rstrip(".")


# -- reading -----------------------------------------------------------------------------------------------------------


def newest(folder: Path) -> Path | None:
    """The newest complete checkpoint in a folder; None where there is none."""
    return next(iter(_complete(folder)), None)


def _complete(folder: Path) -> list[Path]:
    """All of them, the newest first."""
    try:
        names = sorted((name for name in os.listdir(folder) if _NAME.fullmatch(name)), reverse=True)
    except OSError:
        return []
    return [folder / name for name in names if (folder / name / INDEX).is_file()]


def read(place: Path, world: World | None = None) -> Found:
    """A checkpoint in a folder, for any number of processes.

    Raises:
        ShardsError: it is damaged, or none.
    """
    rank, size = (0, 1) if world is None else (world.rank, world.size)
    wrong = ""
    try:
        written = _index(place)
        files = _files(written, place)
        for name in sorted(files)[rank::size]:  # each process looks at some of them
            if fingerprint(place / name) != files[name][1]:
                raise ValueError(f"{name} is not what was saved")
        plain = checkpoint_entries.from_plain(written)
        arrays = Parts(place)
    except Exception as error:  # safetensors and torch raise what they like about a file that is none
        if isinstance(error, MemoryError):
            raise
        words = getattr(error, "strerror", None) or str(error).split("\n")[0]
        wrong = f"{place} is no checkpoint that can be read: {words.rstrip('.')}. Remove that folder, and train again."
    _agree(wrong, world)
    single = {name: arrays.single(name, wanted) for name, wanted in _SINGLE.items()}
    checkpoint = replace(
        plain,
        weights=Kind(arrays, "weights"),
        optimizer=Kind(arrays, "optimizer"),
        gradients=Kind(arrays, "gradients"),
        average=Kind(arrays, "average"),
        best=Kind(arrays, "best"),
        random_state=_bytes_of(arrays.get("random_state|0")),
        device_random_state=_bytes_of(arrays.get("device_random_state|0")),
        pending_losses=single["pending_losses"],
        pending_outputs=single["pending_outputs"],
        history=History(plain.history.epochs, single["step_losses"]),
    )
    return Found(place, checkpoint, int(written["processes"]), arrays)


def _index(place: Path) -> dict[str, Any]:
    with open(place / INDEX, "rb") as file:
        data = file.read(_LARGEST_INDEX + 1)
    if len(data) > _LARGEST_INDEX:
        raise ValueError(f"{INDEX} is too large")
    written = json_text.parse(data, _VALUES)
    if not isinstance(written, dict) or not isinstance(written.get("processes"), int):
        raise ValueError(f"{INDEX} is not that of a checkpoint")
    if written.get("format") != _FORMAT:
        raise ValueError(f"its format is {str(written.get('format'))[:20]}, and this version reads {_FORMAT}")
    return written


def _files(written: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """The files that belong to it, (bytes, SHA-256) by name: these and no others, and each as long as it was."""
    files = written.get("files")
    if not isinstance(files, dict) or not all(_SHARD.fullmatch(name) for name in files):
        raise ValueError(f"{INDEX} does not name its files")
    there = {name for name in os.listdir(place) if name.endswith(".safetensors")}
    if there != files.keys():
        missing = sorted(files.keys() - there)
        raise ValueError(
            f"{missing[0]} is missing" if missing else f"{sorted(there - files.keys())[0]} is not part of it"
        )
    for name, entry in files.items():
        if not isinstance(entry, list) or len(entry) != 2 or (place / name).stat().st_size != entry[0]:
            raise ValueError(f"{name} has another length than it had")
    return files


def _bytes_of(array: np.ndarray | None) -> np.ndarray:
    """A random state; an empty one where none was kept."""
    return array if array is not None and array.dtype == np.uint8 and array.ndim == 1 else np.zeros(0, np.uint8)
