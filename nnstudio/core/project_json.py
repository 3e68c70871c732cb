"""Project and Graph as plain JSON values, and back.

What comes back from a file is checked here piece by piece. A layer that cannot be made is kept as `Missing`; where a
list for notices is given, wires and nodes that lead nowhere are left out and said, and without it they are refused.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from nnstudio.core.blocks import DEEPEST, Block
from nnstudio.core.graph import Edge, Graph, Node, Titles, at, clean_title, default_title, id_order
from nnstudio.core.kinds import Augmentation, Dataset, Initializer, Layer, Missing, Optimizer, Schedule, Split
from nnstudio.core.project import DataSettings, ParameterGroup, Project, TrainingSettings
from nnstudio.core.spec import Spec, SpecError, UnknownSpec, describe, from_json, to_json

FORMAT = 1

_LIMIT_NODES = 20_000
_LIMIT_EDGES = 100_000
_LIMIT_CREATED = 10**12
_LIMIT_NAME = 200
_FINER = (
    "accumulate",
    "clip_norm",
    "clip_value",
    "decay_biases",
    "class_weights",
    "patience",
    "min_delta",
    "keep_best",
    "ema_decay",
    "precision",
    "compile",
    "captured",
)
_MARKS = ("frozen", "bypassed", "shares", "ties", "initial")


class NewerFormat(ValueError):
    """The project was written by a later version of the program."""


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
            **_beyond(data, "validation_share"),
            **({"split": to_json(data.split)} if data.split else {}),
            **({"augmentations": [to_json(item) for item in data.augmentations]} if data.augmentations else {}),
        },
        "training": {
            "optimizer": to_json(training.optimizer) if training.optimizer else None,
            "schedule": to_json(training.schedule) if training.schedule else None,
            "epochs": training.epochs,
            "batch_size": training.batch_size,
            "seed": training.seed,
            "device": training.device,
            **_beyond(training, *_FINER),
            **({"groups": [asdict(group) for group in training.groups]} if training.groups else {}),
        },
    }


def _beyond(settings: Any, *names: str) -> dict[str, Any]:
    """The settings that are not at their default: later versions added them, and most projects never touch them."""
    usual = type(settings)()
    return {name: value for name in names if (value := getattr(settings, name)) != getattr(usual, name)}


def project_from_json(written: Any, notices: list[str] | None = None) -> Project:
    """The project that `project_to_json` wrote.

    Raises:
        ValueError: something other than a layer's name or settings is wrong.
    """
    if not isinstance(written, dict):
        raise ValueError(f"it is {describe(written)}, not an object")
    version = written.get("format")
    if isinstance(version, int) and not isinstance(version, bool) and version > FORMAT:
        raise NewerFormat(f"format {describe(version)}; this one reads up to {FORMAT}")
    if version != FORMAT or isinstance(version, bool):
        raise ValueError(f"its format is {describe(version)}, not {FORMAT}")
    data, training = _settings(written, "data", DataSettings), _settings(written, "training", TrainingSettings)
    data["dataset"] = _spec(Dataset, data.get("dataset"), "data: dataset")
    training["optimizer"] = _spec(Optimizer, training.get("optimizer"), "training: optimizer")
    training["schedule"] = _spec(Schedule, training.get("schedule"), "training: schedule")
    data["split"] = _spec(Split, data.get("split"), "data: split")
    augmentations = _list(data, "augmentations", "data")
    data["augmentations"] = tuple(_spec(Augmentation, item, "data: augmentations") for item in augmentations)
    training["groups"] = tuple(map(_group, _list(training, "groups", "training")))
    project = Project(
        graph=graph_from_json(written.get("graph"), notices),
        data=DataSettings(**data),
        training=TrainingSettings(**training),
        title=_text(written, "title"),
        sentence=_text(written, "sentence"),
        notes=_text(written, "notes"),
    )
    if notices is not None:
        unknown = sorted(_unknown(written))
        if unknown:
            names = ", ".join(repr(name[:40]) for name in unknown[:3]) + (" and more" if len(unknown) > 3 else "")
            notices.append(f"What this version does not know was left out: {names}.")
    return project


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON values; also what the clipboard carries."""
    return {
        "created": graph.created,
        "nodes": [
            {"id": node.id, "title": node.title, "layer": _layer_to_json(node.layer), "position": list(node.position)}
            | _marks_to_json(node)
            for node in sorted(graph.nodes.values(), key=lambda node: id_order(node.id))
        ],
        "edges": [[edge.source, edge.source_port, edge.target, edge.target_port] for edge in sorted(graph.edges)],
    }


def graph_from_json(written: Any, notices: list[str] | None = None, depth: int = 0) -> Graph:
    """The graph that `graph_to_json` wrote; `depth` counts the blocks around it.

    Raises:
        ValueError: it is none, in a sentence that says where.
    """
    if not isinstance(written, dict) or not isinstance(written.get("nodes"), list):
        raise ValueError("graph: it has no list of nodes")
    items, wires, created = written["nodes"], written.get("edges", []), written.get("created", 0)
    if not isinstance(wires, list):
        raise ValueError("graph: its wires are not a list")
    if len(items) > _LIMIT_NODES or len(wires) > _LIMIT_EDGES:
        raise ValueError(f"graph: it has more than {_LIMIT_NODES:,} nodes or {_LIMIT_EDGES:,} wires")
    if isinstance(created, bool) or not isinstance(created, int) or not 0 <= created <= _LIMIT_CREATED:
        raise ValueError(f"graph: created is {describe(created)}, not a whole number from 0 to {_LIMIT_CREATED:,}")
    if depth > DEEPEST:
        raise ValueError(f"graph: more than {DEEPEST} blocks lie in each other")
    wrong: list[str] = []
    nodes = _without_strangers(_nodes(items, wrong, depth), wrong)
    edges = _edges(wires, nodes, wrong)
    if wrong:
        rest = f" and {len(wrong) - 1} more like it" if len(wrong) > 1 else ""
        if notices is None:
            raise ValueError(f"graph: {wrong[0]}{rest}")
        notices.append(f"In the drawing, {wrong[0]}{rest}; it was left out.")
    numbers = [int(node_id[1:]) for node_id in nodes if re.fullmatch(r"n\d{1,12}", node_id)]
    return Graph(_with_ports(nodes, edges), edges, max([created, *numbers]))


def _marks_to_json(node: Node) -> dict[str, Any]:
    """What is said of a node beside its layer; nothing for most nodes."""
    marks: dict[str, Any] = {name: True for name in ("frozen", "bypassed") if getattr(node, name)}
    if node.shares:
        marks["shares"] = node.shares
    if node.ties:
        marks["ties"] = [list(tie) for tie in node.ties]
    if node.initial:
        marks["initial"] = [[parameter, to_json(initializer)] for parameter, initializer in node.initial]
    return marks


def _marks(item: dict[str, Any], node_id: str) -> dict[str, Any]:
    """What `_marks_to_json` wrote. Raises ValueError with the place."""
    marks: dict[str, Any] = {}
    for name in ("frozen", "bypassed"):
        marks[name] = item.get(name, False)
        if not isinstance(marks[name], bool):
            raise ValueError(f"graph: node {node_id}: {name} is {describe(marks[name])}, not true or false")
    marks["shares"] = item.get("shares", "")
    if not isinstance(marks["shares"], str):
        raise ValueError(f"graph: node {node_id}: shares is {describe(marks['shares'])}, not the id of a node")
    ties, initial = item.get("ties", []), item.get("initial", [])
    if not isinstance(ties, list) or not all(
        isinstance(tie, list) and len(tie) == 3 and all(isinstance(part, str) for part in tie) for tie in ties
    ):
        raise ValueError(f"graph: node {node_id}: its ties are no lists of three texts")
    if not isinstance(initial, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in initial
    ):
        raise ValueError(f"graph: node {node_id}: its initial values are no lists of a name and an initializer")
    marks["ties"] = tuple(tuple(tie) for tie in ties)
    try:
        marks["initial"] = tuple((name, from_json(Initializer, found)) for name, found in initial)
    except ValueError as error:
        raise ValueError(f"graph: node {node_id}: {error}") from None
    return marks


def _without_strangers(nodes: dict[str, Node], wrong: list[str]) -> dict[str, Node]:
    """Leave out what nodes say of other nodes that are not there, or that share themselves."""
    for node in list(nodes.values()):
        owner = nodes.get(node.shares)
        if node.shares and (owner is None or owner.shares or owner is node or owner.layer != node.layer):
            wrong.append(f"{node.title} shares the weights of {node.shares[:40]!r}, which is no such layer")
            node = nodes[node.id] = replace(node, shares="")
        kept = tuple(tie for tie in node.ties if tie[1] in nodes)
        if len(kept) < len(node.ties):
            wrong.append(f"{node.title} has a parameter of a node that is not there")
            nodes[node.id] = replace(node, ties=kept)
    return nodes


def _nodes(items: list[Any], wrong: list[str], depth: int) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    titles = Titles()
    for place, item in enumerate(items, start=1):
        node = _node(item, place, depth)
        if node.id in nodes:
            wrong.append(f"node {place} ({node.title}) has the id {node.id} of another node")
            continue
        nodes[node.id] = replace(node, title=titles.take(node.title))
    return nodes


def _node(item: Any, place: int, depth: int) -> Node:
    if not isinstance(item, dict):
        raise ValueError(f"graph: node {place} is {describe(item)}, not an object")
    node_id, title, position = item.get("id"), item.get("title"), item.get("position", [0, 0])
    if not isinstance(node_id, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", node_id):
        raise ValueError(f"graph: node {place} has no proper id")
    if not isinstance(title, str):
        raise ValueError(f"graph: node {node_id} has no title")
    if (
        not isinstance(position, list)
        or len(position) != 2
        or any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in position)
    ):
        raise ValueError(f"graph: node {node_id} has no proper position")
    layer = _layer(item.get("layer"), node_id, depth)
    return Node(node_id, clean_title(title) or default_title(layer), layer, at(position), **_marks(item, node_id))


def block_to_json(block: Block) -> dict[str, Any]:
    """A block as plain JSON values: in a project, and as a file of its own in the library of blocks."""
    settings = {setting.name: getattr(block, setting.name) for setting in Block.settings()}
    return {"name": "Block", "settings": settings, "graph": graph_to_json(block.graph)}


def block_from_json(written: Any) -> Block:
    """The block that `block_to_json` wrote. Raises ValueError with the place."""
    if not isinstance(written, dict) or written.get("name") != "Block":
        raise ValueError(f"it is {describe(written)}, not a block")
    return _block(written, "it", 0)


def _block(written: dict[str, Any], node_id: str, depth: int) -> Block:
    settings = written.get("settings", {})
    known = {setting.name for setting in Block.settings()}
    if not isinstance(settings, dict) or not settings.keys() <= known:
        raise ValueError(f"graph: the settings of the block {node_id} are not {', '.join(sorted(known))}")
    try:
        block = Block(**settings)
    except SpecError as error:
        raise ValueError(f"graph: the block {node_id}: {error}") from None
    return replace(block, graph=graph_from_json(written.get("graph"), None, depth + 1))


def _layer(written: Any, node_id: str, depth: int) -> Layer:
    if isinstance(written, dict) and written.get("name") == "Block":
        return _block(written, node_id, depth)
    try:
        layer: Layer = from_json(Layer, written)
        return layer
    except (UnknownSpec, SpecError) as error:
        name = written.get("name") if isinstance(written, dict) else None
        if not isinstance(name, str) or len(name) > _LIMIT_NAME:
            raise ValueError(
                f"graph: the layer of node {node_id} is {describe(written)}, not an object with a name"
            ) from None
        kept = Missing(
            name=name,
            settings_text=json.dumps(written.get("settings", {}), ensure_ascii=False),
            reason=str(error),
        )
        if isinstance(error, UnknownSpec):
            return kept
        return replace(kept, needed=f"{error.setting} to be {error.needed}", got=error.got)


def _layer_to_json(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Missing):
        return {"name": layer.name, "settings": json.loads(layer.settings_text)}
    if isinstance(layer, Block):
        return block_to_json(layer)
    return to_json(layer)


def _edges(wires: list[Any], nodes: Mapping[str, Node], wrong: list[str]) -> tuple[Edge, ...]:
    found: dict[tuple[str, str], Edge] = {}
    inputs = {node_id: _names(node.layer, "input_ports") for node_id, node in nodes.items()}
    outputs = {node_id: _names(node.layer, "output_ports") for node_id, node in nodes.items()}
    for place, item in enumerate(wires, start=1):
        if not (isinstance(item, list) and len(item) == 4 and all(isinstance(part, str) for part in item)):
            raise ValueError(f"graph: wire {place} is {describe(item)}, not a list of four texts")
        edge = Edge(*item)
        for node_id, port, names in (
            (edge.source, edge.source_port, outputs.get(edge.source)),
            (edge.target, edge.target_port, inputs.get(edge.target)),
        ):
            if node_id not in nodes:
                wrong.append(f"wire {place} ends at a node {node_id[:40]!r} that is not there")
                break
            if names is not None and port not in names:
                wrong.append(f"wire {place} ends at {nodes[node_id].title}, which has no port called {port[:40]!r}")
                break
        else:
            if (edge.target, edge.target_port) in found:
                port = edge.target_port[:40]
                wrong.append(f"wire {place} is the second that ends at {nodes[edge.target].title}, input {port!r}")
            else:
                found[edge.target, edge.target_port] = edge
    return tuple(sorted(found.values()))


def _names(layer: Layer, side: str) -> set[str] | None:
    """The names of the ports; None where they are known from the wires alone."""
    return None if isinstance(layer, Missing) else {port.name for port in getattr(layer, side)}


def _with_ports(nodes: dict[str, Node], edges: tuple[Edge, ...]) -> dict[str, Node]:
    """Give layers that are missing the ports at which wires end."""
    inputs: dict[str, set[str]] = defaultdict(set)
    outputs: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        inputs[edge.target].add(edge.target_port)
        outputs[edge.source].add(edge.source_port)
    for node_id, node in nodes.items():
        if isinstance(node.layer, Missing):
            names = tuple(sorted(inputs[node_id])) or ("input",), tuple(sorted(outputs[node_id])) or ("output",)
            nodes[node_id] = replace(node, layer=replace(node.layer, input_names=names[0], output_names=names[1]))
    return nodes


def _settings(written: dict[str, Any], key: str, settings: type) -> dict[str, Any]:
    values = written.get(key, {})
    if not isinstance(values, dict):
        raise ValueError(f"{key} is {describe(values)}, not an object")
    known = {item.name for item in fields(settings)}
    for name in values:
        if name not in known:
            raise ValueError(f"{key} has no setting called {name[:40]!r}")
    return dict(values)


def _list(values: dict[str, Any], key: str, where: str) -> list[Any]:
    found = values.get(key, [])
    if not isinstance(found, list) or None in found:
        raise ValueError(f"{where}: {key} is {describe(found)}, not a list of objects")
    return found


def _group(written: Any) -> ParameterGroup:
    known = {item.name for item in fields(ParameterGroup)}
    if not isinstance(written, dict) or not set(written) <= known or not isinstance(written.get("nodes"), list):
        raise ValueError(f"training: groups: {describe(written)} is no group with nodes, lr_factor and weight_decay")
    try:
        return ParameterGroup(**written | {"nodes": tuple(written["nodes"])})
    except ValueError as error:
        raise ValueError(f"training: groups: {error}") from None


def _spec(kind: type[Spec], written: Any, where: str) -> Any:
    if written is None:
        return None
    try:
        return from_json(kind, written)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _text(written: dict[str, Any], key: str) -> str:
    value = written.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is {describe(value)}, not a text")
    return value


def _unknown(written: dict[str, Any]) -> set[str]:
    """Names in the project, its graph, nodes and layers that this version does not read."""

    def others(objects: Iterable[dict[str, Any]], *known: str) -> set[str]:
        return {name for item in objects for name in item if name not in known}

    found = others([written], "format", "title", "sentence", "notes", "graph", "data", "training")
    graphs = [written["graph"]]
    for graph in graphs:
        found |= others([graph], "created", "nodes", "edges")
        found |= others(graph["nodes"], "id", "title", "layer", "position", *_MARKS)
        found |= others((node["layer"] for node in graph["nodes"]), "name", "settings", "graph")
        graphs += [node["layer"]["graph"] for node in graph["nodes"] if node["layer"].get("name") == "Block"]
    return found
