"""What torch writes into an ONNX file beside the network: modules around each operation, and what is learned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def scopes_of(node: Any) -> tuple[tuple[str, str], ...]:
    """The modules around an operation, as torch writes them: in notes, or in the name ("/encoder/fc/MatMul")."""
    notes = {entry.key: entry.value for entry in node.metadata_props}
    names = _texts(notes.get("pkg.torch.onnx.name_scopes", ""))
    classes = _texts(notes.get("pkg.torch.onnx.class_hierarchy", ""))
    if len(names) == len(classes) > 1 and names[0] == "":
        return tuple(zip(names[1:-1], classes[1:-1], strict=True))[:40]
    parts = node.name.split("/")
    if len(parts) > 2 and not parts[0]:
        found: list[tuple[str, str]] = []
        before = full = ""
        for part in parts[1:-1][:40]:
            own = part.removeprefix(f"{before}.") if before else part
            full = f"{full}.{own}" if full else own
            before = part
            found.append((full, ""))
        return tuple(found)
    return ()


def _texts(text: str) -> list[str]:
    """The texts in `['', 'encoder', 'encoder.0']`."""
    if len(text) > 20_000 or not (text.startswith("['") and text.endswith("']")):
        return []
    return text[2:-2].split("', '")


SIGNATURE = "pkg.torch.export.ExportedProgram.graph_signature"


def listed_as(graph: Any, kind: str) -> Iterable[str]:
    """The names of arrays that torch says are parameters, or buffers."""
    for entry in graph.metadata_props:
        if entry.key == SIGNATURE:
            for line in entry.value[:5_000_000].split("\n"):
                _, found, target = line.partition(f": {kind} target='")
                if found:
                    yield target.partition("'")[0]
