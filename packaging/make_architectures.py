"""Writes resources/architectures: the architectures of the gallery, drawn from the references among the tests.

    python packaging/make_architectures.py [NAME ...]

Each reference is made in its full size, imported as any person's module is, and its drawing is written without weights.
`index.json` holds what the gallery shows of each: title, sentence, family, parameters and its outermost nodes. A test
compares the index with the files, and the files with the references.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import nnstudio.library  # noqa: E402, F401  (registers the layers)
from nnstudio.core.blocks import Block  # noqa: E402
from nnstudio.core.graph import Graph  # noqa: E402
from nnstudio.core.storage import project_from_json, project_to_json  # noqa: E402
from nnstudio.engine.importing import ImportRefused  # noqa: E402
from nnstudio.engine.importing.imported import drawn as drawing_of  # noqa: E402
from nnstudio.engine.importing.module_program import program_of  # noqa: E402
from reference import REFERENCES, Reference, examples, module  # type: ignore[import-not-found]  # noqa: E402

FOLDER = ROOT / "resources" / "architectures"


def drawn(reference: Reference) -> dict[str, Any]:
    """The project of a reference in its full size, as JSON, without weights.

    Raises:
        ImportRefused: it cannot be drawn.
    """
    full = module(reference, seed=1, small=False)
    rows = examples(reference, 2, seed=2, small=False)
    # Whether the drawing does the same is what the tests of the import try, on the small versions.
    program, _ = program_of(full, rows, reference.title)
    written: dict[str, Any] = project_to_json(drawing_of(program).imported().project)
    return {**written, "sentence": sentence(reference)}


def sentence(reference: Reference) -> str:
    """What the gallery says under the title."""
    return f"{reference.parameters:,} parameters. {reference.sentence}"


def entry(reference: Reference, graph: Graph) -> dict[str, Any]:
    """What the index holds: enough for a card, with a picture of the outermost nodes."""
    nodes = [
        {
            "id": node.id,
            "position": list(node.position),
            "layer": {"name": "Block" if isinstance(node.layer, Block) else type(node.layer).__name__},
        }
        for node in graph.nodes.values()
    ]
    edges = [[edge.source, edge.source_port, edge.target, edge.target_port] for edge in graph.edges]
    return {
        "name": reference.name,
        "title": reference.title,
        "sentence": sentence(reference),
        "family": reference.family,
        "parameters": reference.parameters,
        "graph": {"nodes": nodes, "edges": edges},
    }


def text_of(value: Any) -> str:
    """JSON without a space too many: there are many of these files, and nobody edits them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries, refused = [], 0
    for reference in REFERENCES:
        path = FOLDER / f"{reference.name}.json"
        if not wanted or reference.name in wanted:
            began = time.perf_counter()
            try:
                path.write_text(text_of(drawn(reference)), encoding="utf-8")
            except ImportRefused as error:
                refused += 1
                print(f"{reference.name}: not drawn: {error}", flush=True)
                continue
            size = path.stat().st_size / 1000
            print(f"{reference.name}: {size:.0f} kB, {time.perf_counter() - began:.1f} s", flush=True)
        if path.is_file():
            project = project_from_json(json.loads(path.read_text(encoding="utf-8")))
            entries.append(entry(reference, project.graph))
    (FOLDER / "index.json").write_text(text_of(entries), encoding="utf-8")
    print(f"{len(entries)} architectures, {refused} that cannot be drawn")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
