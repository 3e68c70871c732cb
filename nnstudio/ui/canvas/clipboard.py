"""Clipboard: layers as text, so that they can go to another window or into a letter. What comes back is not trusted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from nnstudio.core import storage
from nnstudio.core.graph import Graph

_MARK = "nnstudio_layers"
_FORMAT = 1
_LIMIT_CHARACTERS = 20_000_000
_LIMIT_NODES = 5_000


class ClipboardError(ValueError):
    """The text on the clipboard cannot be pasted; str() is one sentence."""


def to_text(graph: Graph, node_ids: Iterable[str]) -> str:
    """These nodes and the wires among them."""
    part = graph.remove(graph.nodes.keys() - set(node_ids))
    return json.dumps({_MARK: _FORMAT, "graph": storage.graph_to_json(part)}, indent=1, ensure_ascii=False)


def from_text(text: str) -> Graph:
    """What `to_text` wrote.

    Raises:
        ClipboardError: it is something else, or it is damaged.
    """
    if len(text) > _LIMIT_CHARACTERS:
        raise ClipboardError("The text on the clipboard is too long to be layers.")
    try:
        written: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise ClipboardError("There are no layers on the clipboard.") from None
    if not isinstance(written, dict) or _MARK not in written:
        raise ClipboardError("There are no layers on the clipboard.")
    if written[_MARK] != _FORMAT:
        raise ClipboardError("The layers on the clipboard come from a newer NN Studio.")
    try:
        graph = storage.graph_from_json(written.get("graph"))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise ClipboardError(f"The layers on the clipboard are damaged: {error}.") from None
    if not graph.nodes:
        raise ClipboardError("There are no layers on the clipboard.")
    if len(graph.nodes) > _LIMIT_NODES:
        raise ClipboardError(f"There are more than {_LIMIT_NODES:,} layers on the clipboard.")
    return graph
