"""The project file: one zip of JSON and safetensors, read as data and never as code.

Format 1 holds, in this order:

    mimetype               stored, first, so that systems know the file without its ending
    project.json           what the person decided
    checkpoint.json        where the training stands, and its records; absent before the first training
    weights.safetensors    the state_dict, under the names that the network's modules have
    state.safetensors      optimizer, random state, step losses
    picture.png            the window when it was saved, for the gallery
    manifest.json          SHA-256 of every other entry

Nothing is unpacked to disk. A file is refused whole when it is not exactly of this kind; when only the numbers are
damaged, the drawing opens without them and the damage is said. Writing replaces the old file in one step.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.graph import Edge, Graph, Node, id_order
from nnstudio.core.kinds import Dataset, Layer, Missing, Optimizer, Schedule
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import SpecError, UnknownSpec, describe, from_json, to_json

FORMAT = 1
MIME_TYPE = "application/x-nnstudio-project"
SUFFIX = ".nnstudio"

_ENTRIES = {
    "mimetype": 256,
    "project.json": 64 << 20,
    "checkpoint.json": 512 << 20,
    "weights.safetensors": 8 << 30,
    "state.safetensors": 24 << 30,
    "picture.png": 32 << 20,
    "manifest.json": 1 << 16,
}
_LIMIT_DEPTH = 64
_LIMIT_NODES = 100_000
_CHECKPOINT_ENTRIES = ("checkpoint.json", "weights.safetensors", "state.safetensors")


class StorageError(Exception):
    """A project file that cannot be read or written: one sentence that names the file, the place and the reason."""


@dataclass(frozen=True, eq=False)
class Stored:
    """What a project file holds. `notices` are sentences on parts that were damaged and left out."""

    project: Project
    checkpoint: Checkpoint | None = None
    picture: bytes = b""
    notices: tuple[str, ...] = ()


# -- reading -----------------------------------------------------------------------------------------------------------


def read(path: str | os.PathLike[str]) -> Stored:
    """Read a project file.

    Raises:
        StorageError: it cannot be read, is not a project, or is damaged where the drawing is.
    """
    path = Path(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise StorageError(f"{path.name} is not a file.")
        with open(path, "rb") as file:
            entries = _entries(path.name, file)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be read: {error.strerror or error}.") from None
    damaged = _damaged(path.name, entries)
    if "project.json" in damaged:
        raise StorageError(f"{path.name} is damaged: project.json is not what was saved.")
    project = project_from_json(_parse(path.name, "project.json", entries["project.json"]), path.name)
    notices = []
    checkpoint = None
    if "checkpoint.json" in entries or "weights.safetensors" in entries:
        broken = [name for name in _CHECKPOINT_ENTRIES if name in damaged or name not in entries]
        try:
            if broken:
                raise ValueError(f"{broken[0]} is damaged or absent")
            checkpoint = _checkpoint(path.name, entries)
        except (ValueError, KeyError, TypeError, StorageError) as error:
            notices.append(f"The weights in {path.name} were left out ({error}); the drawing and the settings are intact.")
    return Stored(project, checkpoint, b"" if "picture.png" in damaged else entries.get("picture.png", b""), tuple(notices))


def read_picture(path: str | os.PathLike[str]) -> bytes:
    """Only the picture, for the gallery; empty when there is none or the file cannot be read."""
    try:
        with open(path, "rb") as file:
            return _entries(Path(path).name, file, only=("picture.png",)).get("picture.png", b"")
    except (OSError, StorageError):
        return b""


def _entries(name: str, file: Any, only: tuple[str, ...] | None = None) -> dict[str, bytes]:
    head = file.read(30 + len("mimetype") + len(MIME_TYPE))
    if head[:4] != b"PK\x03\x04" or head[30:38] != b"mimetype" or head[38:] != MIME_TYPE.encode():
        raise StorageError(f"{name} is not an NN Studio project.")
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 22))
    tail = file.read(22)
    if tail[:4] != b"PK\x05\x06" or tail[20:22] != b"\0\0":
        raise StorageError(f"{name} is damaged: its end is missing, or something was added behind it.")
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            _check_container(name, infos)
            entries = {}
            for info in infos:
                if only is not None and info.filename not in only:
                    continue
                with archive.open(info) as entry:
                    data = entry.read(_ENTRIES[info.filename] + 1)
                if len(data) > _ENTRIES[info.filename]:
                    raise StorageError(f"{name} is not a project: {info.filename} is too large.")
                entries[info.filename] = data
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, struct.error, RuntimeError, EOFError) as error:
        raise StorageError(f"{name} is damaged: {error}.") from None
    except (OSError, ValueError, OverflowError, zlib.error) as error:
        raise StorageError(f"{name} is damaged: {error}.") from None
    return entries


def _check_container(name: str, infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > len(_ENTRIES):
        raise StorageError(f"{name} is not a project: it holds {len(infos)} entries.")
    seen = set()
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.filename not in _ENTRIES:
            raise StorageError(f"{name} is not a project: it holds {info.filename[:60]!r}, which no project has.")
        if info.filename in seen:
            raise StorageError(f"{name} is damaged: {info.filename} is in it twice.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise StorageError(f"{name} is not a project: {info.filename} is encrypted or packed in an unknown way.")
        if info.file_size > _ENTRIES[info.filename] or info.file_size > 1100 * max(info.compress_size, 1):
            raise StorageError(f"{name} is not a project: {info.filename} is too large.")
        if info.header_offset < end:
            raise StorageError(f"{name} is damaged: {info.filename} overlaps another entry.")
        end = info.header_offset + 30 + len(info.filename) + info.compress_size
        seen.add(info.filename)
    for needed in ("mimetype", "project.json", "manifest.json"):
        if needed not in seen:
            raise StorageError(f"{name} is damaged: {needed} is missing.")


def _damaged(name: str, entries: Mapping[str, bytes]) -> set[str]:
    """The entries whose content is not what the manifest says."""
    manifest = _parse(name, "manifest.json", entries["manifest.json"])
    sums = manifest.get("sha256") if isinstance(manifest, dict) else None
    if not isinstance(sums, dict):
        raise StorageError(f"{name} is damaged: manifest.json lists nothing.")
    listed = set(sums) - {"manifest.json"}
    present = set(entries) - {"manifest.json"}
    if listed - present - set(_CHECKPOINT_ENTRIES):
        raise StorageError(f"{name} is damaged: {sorted(listed - present)[0]} is missing.")
    return {entry for entry in present if sums.get(entry) != hashlib.sha256(entries[entry]).hexdigest()} | (listed - present)


def _parse(name: str, entry: str, data: bytes) -> Any:
    depth = deepest = 0
    in_text = False
    for part in re.finditer(rb'\\.|["\[\]{}]', data):
        mark = part.group()
        if mark == b'"':
            in_text = not in_text
        elif not in_text and mark in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > _LIMIT_DEPTH:
                raise StorageError(f"{name} is not a project: {entry} is nested too deeply.")
        elif not in_text and mark in b"]}":
            depth -= 1
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{name} is damaged: {entry} is not valid JSON ({error}).") from None


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def project_from_json(written: Any, name: str = "project.json") -> Project:
    """The project that `project_to_json` wrote. A layer that cannot be made is kept as `Missing`.

    Raises:
        StorageError: something other than a layer's name or settings is wrong.
    """
    try:
        if not isinstance(written, dict):
            raise ValueError("it is not an object")
        version = written.get("format")
        if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
            raise StorageError(
                f"{name} was saved by a newer NN Studio (format {version}; this one reads up to {FORMAT}). "
                "It was left untouched; open it with the newer program."
            )
        if version != FORMAT or isinstance(version, bool):
            raise ValueError(f"its format is {describe(version)}, not {FORMAT}")
        data = _object(written, "data")
        training = _object(written, "training")
        return Project(
            graph=graph_from_json(written.get("graph")),
            data=DataSettings(
                dataset=_spec(Dataset, data.pop("dataset", None), "data: dataset"), **_known(DataSettings, data, "data")
            ),
            training=TrainingSettings(
                optimizer=_spec(Optimizer, training.pop("optimizer", None), "training: optimizer"),
                schedule=_spec(Schedule, training.pop("schedule", None), "training: schedule"),
                **_known(TrainingSettings, training, "training"),
            ),
            title=_text(written, "title"),
            sentence=_text(written, "sentence"),
            notes=_text(written, "notes"),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(f"{name} cannot be opened: {error}.") from None


def graph_from_json(written: Any) -> Graph:
    """The graph that `graph_to_json` wrote. Raises ValueError with a located sentence."""
    if not isinstance(written, dict) or not isinstance(written.get("nodes"), list):
        raise ValueError("graph: it has no list of nodes")
    edges = written.get("edges", [])
    if not isinstance(edges, list) or len(written["nodes"]) > _LIMIT_NODES or len(edges) > 10 * _LIMIT_NODES:
        raise ValueError("graph: its wires are not a list, or it is larger than this program opens")
    nodes: dict[str, Node] = {}
    titles: set[str] = set()
    for place, item in enumerate(written["nodes"], start=1):
        node = _node(item, place)
        if node.id in nodes:
            raise ValueError(f"graph: two nodes have the id {node.id}")
        if node.title in titles:
            node = replace(node, title=Graph(nodes).free_title(node.title))
        titles.add(node.title)
        nodes[node.id] = node
    found: dict[tuple[str, str], Edge] = {}
    for place, item in enumerate(edges, start=1):
        if not (isinstance(item, list) and len(item) == 4 and all(isinstance(part, str) for part in item)):
            raise ValueError(f"graph: wire {place} is not a list of four texts")
        edge = Edge(*item)
        for node_id in (edge.source, edge.target):
            if node_id not in nodes:
                raise ValueError(f"graph: wire {place} ends at a node {node_id[:40]!r} that is not there")
        _check_port(nodes[edge.source], edge.source_port, "output", place)
        _check_port(nodes[edge.target], edge.target_port, "input", place)
        if (edge.target, edge.target_port) in found:
            raise ValueError(f"graph: two wires end at {nodes[edge.target].title}, input {edge.target_port}")
        found[edge.target, edge.target_port] = edge
    for node_id, node in nodes.items():
        if isinstance(node.layer, Missing):  # its ports are known from its wires alone
            inputs = tuple(sorted({edge.target_port for edge in found.values() if edge.target == node_id}))
            outputs = tuple(sorted({edge.source_port for edge in found.values() if edge.source == node_id}))
            layer = replace(node.layer, input_names=inputs or ("input",), output_names=outputs or ("output",))
            nodes[node_id] = replace(node, layer=layer)
    created = written.get("created", 0)
    numbers = [int(node_id[1:]) for node_id in nodes if re.fullmatch(r"n\d{1,9}", node_id)]
    if not isinstance(created, int) or isinstance(created, bool):
        raise ValueError("graph: created is not a whole number")
    return Graph(nodes, tuple(sorted(found.values())), max([created, *numbers]))


def _node(item: Any, place: int) -> Node:
    if not isinstance(item, dict):
        raise ValueError(f"graph: node {place} is not an object")
    node_id, title, position = item.get("id"), item.get("title"), item.get("position", [0, 0])
    if not isinstance(node_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", node_id):
        raise ValueError(f"graph: node {place} has no proper id")
    if not isinstance(title, str) or not title.strip():
        raise ValueError(f"graph: node {node_id} has no title")
    if not (
        isinstance(position, list)
        and len(position) == 2
        and all(isinstance(n, (int, float)) and not isinstance(n, bool) and abs(n) < 1e9 for n in position)
    ):
        raise ValueError(f"graph: {title[:40]} has no proper position")
    return Node(node_id, " ".join(title.split())[:80], _layer(item.get("layer")), (float(position[0]), float(position[1])))


def _layer(written: Any) -> Layer:
    try:
        layer: Layer = from_json(Layer, written)
        return layer
    except (UnknownSpec, SpecError) as error:
        if not isinstance(written, dict) or not isinstance(written.get("name"), str):
            raise ValueError(f"graph: a layer is {describe(written)}, not an object with a name") from None
        name, settings = written["name"][:80], json.dumps(written.get("settings", {}), sort_keys=True)
        if isinstance(error, UnknownSpec):
            return Missing(name=name, settings_text=settings, reason=str(error))
        return Missing(
            name=name, settings_text=settings, reason=str(error), needed=f"{error.setting} to be {error.needed}", got=error.got
        )


def _check_port(node: Node, port: str, side: str, place: int) -> None:
    ports = node.layer.input_ports if side == "input" else node.layer.output_ports
    if not isinstance(node.layer, Missing) and port not in {p.name for p in ports}:
        raise ValueError(f"graph: wire {place} ends at {node.title}, which has no {side} called {port[:40]!r}")


def _object(written: dict[str, Any], key: str) -> dict[str, Any]:
    value = written.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} is {describe(value)}, not an object")
    return dict(value)


def _known(settings: type, values: dict[str, Any], where: str) -> dict[str, Any]:
    allowed = set(settings.__dataclass_fields__)  # type: ignore[attr-defined]
    for key in values:
        if key not in allowed:
            raise ValueError(f"{where} has no setting called {key[:40]!r}")
    return values


def _text(written: dict[str, Any], key: str) -> str:
    value = written.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is {describe(value)}, not a text")
    return value


def _spec(kind: type, written: Any, where: str) -> Any:
    if written is None:
        return None
    try:
        return from_json(kind, written)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _checkpoint(name: str, entries: Mapping[str, bytes]) -> Checkpoint:
    written = _parse(name, "checkpoint.json", entries["checkpoint.json"])
    if not isinstance(written, dict):
        raise ValueError("checkpoint.json is not an object")
    weights = _tensors(entries["weights.safetensors"], "weights.safetensors")
    state = _tensors(entries["state.safetensors"], "state.safetensors")
    records = written["history"]
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ValueError("its records are not a list of objects")
    counts = {key: written[key] for key in ("epoch", "batch", "step")}
    if any(isinstance(count, bool) or not isinstance(count, int) or count < 0 for count in counts.values()):
        raise ValueError("its position is not made of whole numbers")
    for key in ("names", "optimizer_options", "recipe", "pending_sums"):
        if not isinstance(written[key], dict):
            raise ValueError(f"{key} is not an object")
    empty = np.zeros(0, np.float32)
    return Checkpoint(
        names=written["names"],
        weights=weights,
        optimizer={key[len("optimizer|") :]: value for key, value in state.items() if key.startswith("optimizer|")},
        optimizer_options=written["optimizer_options"],
        schedule=written["schedule"],
        random_state=state.get("random_state", np.zeros(0, np.uint8)),
        device_random_state=state.get("device_random_state", np.zeros(0, np.uint8)),
        **counts,
        seconds=float(written.get("seconds", 0.0)),
        pending_losses=state.get("pending_losses", empty),
        pending_outputs=state.get("pending_outputs", empty),
        pending_sums=written["pending_sums"],
        history=History(tuple(records), state.get("step_losses", empty)),
        recipe=written["recipe"],
    )


def _tensors(data: bytes, entry: str) -> dict[str, np.ndarray]:
    """Read safetensors, after checks that its own reader leaves out. Raises ValueError."""
    if len(data) < 8:
        raise ValueError(f"{entry} is cut off")
    (length,) = struct.unpack("<Q", data[:8])
    if not 0 < length <= min(100 << 20, len(data) - 8):
        raise ValueError(f"{entry} has a header that does not fit into it")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(f"{entry} names a tensor twice")
        return dict(pairs)

    try:
        json.loads(data[8 : 8 + length].decode("utf-8"), object_pairs_hook=once)
        return dict(load_tensors(data))
    except RecursionError:
        raise ValueError(f"{entry} is nested too deeply") from None
    except Exception as error:  # safetensors raises its own class, built on Exception
        raise ValueError(f"{entry}: {error}") from None


# -- writing -----------------------------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], project: Project, checkpoint: Checkpoint | None = None, picture: bytes = b"") -> None:
    """Write a project file in one atomic replacement: afterwards there is the new file, or the old one untouched.

    Raises:
        StorageError: the place cannot be written to.
    """
    path = Path(path)
    data = to_bytes(project, checkpoint, picture)
    try:
        replace_file(path, data)
    except OSError as error:
        raise StorageError(f"{path.name} could not be saved: {error.strerror or error}. Nothing was changed.") from None


def to_bytes(project: Project, checkpoint: Checkpoint | None = None, picture: bytes = b"") -> bytes:
    """The project file as bytes. Equal values give equal bytes."""
    entries = {"mimetype": MIME_TYPE.encode(), "project.json": _dump(project_to_json(project))}
    if checkpoint is not None:
        entries["checkpoint.json"] = _dump(_checkpoint_to_json(checkpoint))
        entries["weights.safetensors"] = save_tensors({k: np.asarray(v, order="C") for k, v in checkpoint.weights.items()})
        entries["state.safetensors"] = save_tensors(_state(checkpoint))
    if picture:
        entries["picture.png"] = picture
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in entries.items()}
    entries["manifest.json"] = _dump({"sha256": sums})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            packed = name.endswith(".json")  # numbers hardly shrink, and storing them keeps saving quick
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def replace_file(path: Path, data: bytes) -> None:
    """Put these bytes in place of the file, all or nothing; links are followed and the mode is kept."""
    target = Path(os.path.realpath(path))
    mode = stat.S_IMODE(os.stat(target).st_mode) if target.exists() else None
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is None:
            mask = os.umask(0)
            os.umask(mask)
            mode = 0o666 & ~mask
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if hasattr(os, "O_DIRECTORY"):
        with suppress(OSError):
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def project_to_json(project: Project) -> dict[str, Any]:
    """The project as plain JSON values."""
    data, training = project.data, project.training
    return {
        "format": FORMAT,
        "title": project.title,
        "sentence": project.sentence,
        "notes": project.notes,
        "graph": graph_to_json(project.graph),
        "data": {
            "dataset": to_json(data.dataset) if data.dataset else None,
            "test_share": data.test_share,
            "random_state": data.random_state,
            "standardise": data.standardise,
        },
        "training": {
            "optimizer": to_json(training.optimizer) if training.optimizer else None,
            "schedule": to_json(training.schedule) if training.schedule else None,
            "epochs": training.epochs,
            "batch_size": training.batch_size,
            "seed": training.seed,
            "device": training.device,
        },
    }


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON values; also what the clipboard carries."""
    return {
        "created": graph.created,
        "nodes": [
            {"id": node.id, "title": node.title, "layer": _layer_to_json(node.layer), "position": list(node.position)}
            for node in sorted(graph.nodes.values(), key=lambda node: id_order(node.id))
        ],
        "edges": [[edge.source, edge.source_port, edge.target, edge.target_port] for edge in sorted(graph.edges)],
    }


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Missing):
        return {"name": layer.name, "settings": json.loads(layer.settings_text)}
    return to_json(layer)


def _checkpoint_to_json(checkpoint: Checkpoint) -> dict[str, Any]:
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
        "history": [dict(record) for record in checkpoint.history.epochs],
    }


def _state(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    state = {f"optimizer|{name}": array for name, array in checkpoint.optimizer.items()}
    state["random_state"] = checkpoint.random_state
    state["device_random_state"] = checkpoint.device_random_state
    state["pending_losses"] = checkpoint.pending_losses
    state["pending_outputs"] = checkpoint.pending_outputs
    state["step_losses"] = checkpoint.history.step_losses
    return {name: np.asarray(array, order="C") for name, array in state.items()}


def _dump(value: Any) -> bytes:
    return (json.dumps(finite(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def finite(value: Any) -> Any:
    """The same JSON value with null in place of what JSON has no number for (not-a-number, infinity)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value
