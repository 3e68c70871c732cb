"""Weights from a file onto a drawing: by name and shape, with a table of what fitted."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import torch

from nnstudio.core.blocks import title_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.compiler import GraphError, compile_network
from nnstudio.engine.data import load
from nnstudio.engine.importing import safetensors_file
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.python_file import regular_file
from nnstudio.engine.importing.safetensors_file import LARGEST, Stored
from nnstudio.engine.network import Network

SECONDS = 600.0
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_PREFIXES = (
    "module.",
    "model.",
    "_orig_mod.",
    "state_dict.",
    "network.",
    "net.",
    "backbone.",
    "encoder.",
    "transformer.",
)


@dataclass(frozen=True)
class WeightRow:
    """What became of one tensor.

    Attributes:
        name: its name in the file; empty for a parameter of the drawing that got nothing.
        shape: its shape, in the file or else in the drawing.
        node: the titles on the way to the node that it went into; empty where it went nowhere.
        target: the name of the parameter in the drawing that it went into, or that is called like it.
        why: why it went nowhere, or what else is to be said; empty where it fitted by its name.
    """

    name: str
    shape: tuple[int, ...]
    node: str = ""
    target: str = ""
    why: str = ""

    @property
    def fitted(self) -> bool:
        """Whether the drawing has it now."""
        return bool(self.name and self.node)


@dataclass(frozen=True, eq=False)
class _Place:
    """A tensor of the drawing: the path of its node, and its name there."""

    path: str
    key: str
    tensor: torch.Tensor


def load_weights(
    project: Project,
    path: str | os.PathLike[str],
    *,
    seconds: float = SECONDS,
    memory: int | None = None,
    stop: Event | None = None,
) -> tuple[Checkpoint, tuple[WeightRow, ...]]:
    """The weights in a safetensors file or a state_dict (.pt, .pth) for a drawing, and what became of each.

    What a node does not get from the file has the values that it would begin with.

    Raises:
        ImportRefused: one sentence on why the file cannot be read, or why nothing of it fits.
    """
    file = Path(path)
    network = _network(project, file.name)
    stored = _read(file, seconds, memory, stop)
    places = {
        network.names_by_node()[node] + key: _Place(node, key, tensor)
        for node, state in network.states_by_node().items()
        for key, tensor in state.items()
    }
    pairs, notes, unlike = _matched(stored, places, file.suffix.lower() != SUFFIXES[0])
    if not pairs:
        raise ImportRefused(
            f"{file.name}: none of its {len(stored):,} tensors fits the drawing by name and shape; it begins with "
            f"{next(iter(stored), 'nothing')!r}, and the drawing with {next(iter(places), 'nothing')!r}."
        )
    rows = []
    for name, entry in stored.items():
        target = pairs.get(name, "")
        node = title_at(project.graph, places[target].path) if target else ""
        rows.append(WeightRow(name, entry.shape, node, target or unlike.get(name, ""), notes.get(name, "")))
    taken = {*pairs.values(), *unlike.values()}
    for target, place in places.items():
        if target not in taken:
            node = title_at(project.graph, place.path)
            shape = tuple(place.tensor.shape)
            rows.append(WeightRow("", shape, node, target, "the file has nothing for it; it begins as if untrained"))
    weights = {name: place.tensor.detach().numpy().copy() for name, place in places.items()}
    for name, target in pairs.items():
        weights[target] = stored[name].array(weights[target].dtype)
    return Checkpoint(names=network.names_by_node(), weights=weights), tuple(rows)


def _network(project: Project, name: str) -> Network:
    try:
        kind = load(project.data.dataset).input_type if project.data.dataset is not None else None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(project.training.seed)
            return compile_network(project.graph, kind)
    except (GraphError, ValueError, OSError) as error:
        raise ImportRefused(f"{name} needs a drawing that is in order to be put into: {error}") from None


def _read(path: Path, seconds: float, memory: int | None, stop: Event | None) -> dict[str, Stored]:
    """The tensors in a file. What torch.save wrote is read by a process of its own, since it is pickle inside."""
    regular_file(path, LARGEST)
    if path.suffix.lower() == ".safetensors":
        return safetensors_file.read(path)
    from nnstudio.engine.importing.child_process import tensors_in_child

    return tensors_in_child(path, seconds, memory, stop)


# -- what goes where ---------------------------------------------------------------------------------------------------


def _matched(
    stored: Mapping[str, Stored], places: Mapping[str, _Place], ordered: bool
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """By name in the file: the name in the drawing, what is to be said, and the name that it has in vain."""
    short = _stripped(stored, _Names(places))
    pairs: dict[str, str] = {}
    notes: dict[str, str] = {}
    unlike: dict[str, str] = {}
    for name, entry in stored.items():
        target = short[name]
        place = places.get(target)
        if place is None:
            notes[name] = "the drawing has nothing of this name"
        elif (sentence := _unlike(entry, place.tensor)) is not None:
            notes[name] = sentence
            unlike[name] = target
        elif target in pairs.values():
            notes[name] = f"{target} has been given its values already"
        else:
            pairs[name] = target
    if not pairs and not unlike:  # a drawing with other names
        for name, target in _by_shape(stored, places, ordered).items():
            pairs[name] = target
            notes[name] = "by its shape and its place in the order"
    return pairs, notes, unlike


class _Names:
    """The names in the drawing, also as others write them: "layers.0.Wa" is found for "layers_0.wa"."""

    def __init__(self, places: Mapping[str, _Place]) -> None:
        self._known = set(places)
        count = Counter(map(_plain, places))
        self._plain = {_plain(name): name for name in places if count[_plain(name)] == 1}

    def find(self, name: str) -> str | None:
        """The name in the drawing for that of a tensor."""
        return name if name in self._known else self._plain.get(_plain(name))


def _plain(name: str) -> str:
    return name.replace(".", "_").lower()


def _stripped(stored: Mapping[str, Stored], names: _Names) -> dict[str, str]:
    """The names without what a wrapper has put before them: as much is taken away as makes most of them fit."""

    def fitting(short: Mapping[str, str]) -> int:
        return sum(names.find(name) is not None for name in short.values())

    best = {name: name for name in stored}
    current = best
    for _ in range(3):
        options = []
        for prefix in _PREFIXES:
            if any(short.startswith(prefix) for short in current.values()):
                options.append({name: short.removeprefix(prefix) for name, short in current.items()})
        if not options:
            break
        current = max(options, key=fitting)
        best = max(best, current, key=fitting)
    return {name: names.find(short) or short for name, short in best.items()}


def _unlike(entry: Stored, tensor: torch.Tensor) -> str | None:
    """Why an entry of the file is no value for a tensor of the drawing."""
    if entry.shape != tuple(tensor.shape):
        return f"the drawing has the shape {list(tensor.shape)} there"
    if entry.fraction != tensor.is_floating_point():
        return f"its numbers are {entry.kind}, and the drawing has {str(tensor.dtype).removeprefix('torch.')}"
    return None


def _by_shape(stored: Mapping[str, Stored], places: Mapping[str, _Place], ordered: bool) -> dict[str, str]:
    """Where all goes by kind and shape alone; empty where anything is left over.

    Several of one kind and shape go in in order, if the file is in the order of the network (a state_dict is).
    """
    theirs: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    ours: dict[tuple[str, tuple[int, ...]], list[str]] = defaultdict(list)
    for name, entry in stored.items():
        theirs[name.rpartition(".")[2], entry.shape].append(name)
    for target, place in places.items():
        ours[target.rpartition(".")[2], tuple(place.tensor.shape)].append(target)
    found: dict[str, str] = {}
    for kind, names in theirs.items():
        if len(names) == len(ours.get(kind, ())) and (ordered or len(names) == 1):
            found.update(zip(names, ours[kind], strict=True))
    fits = all(_unlike(stored[name], places[target].tensor) is None for name, target in found.items())
    return found if fits and len(found) == len(stored) else {}


def summary(rows: tuple[WeightRow, ...]) -> str:
    """One sentence on a table."""
    given = sum(row.fitted for row in rows)
    left = sum(bool(row.name) and not row.fitted for row in rows)
    bare = sum(not row.name for row in rows)
    parts = [f"{given:,} of {given + left:,} tensors of the file fitted"]
    if bare:
        parts.append(f"{bare:,} of the drawing got nothing")
    return ", ".join(parts) + "."
