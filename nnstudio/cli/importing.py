"""`nnstudio import`: what others wrote as a project, and weights from a file into one."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say, say_json, table
from nnstudio.cli.refusal import GOOD, Refusal
from nnstudio.core import json_text
from nnstudio.core.blocks import every_node
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.data import TensorType
from nnstudio.core.storage import SUFFIX
from nnstudio.engine.importing import (
    Imported,
    ImportRefused,
    WeightRow,
    import_onnx,
    import_pt2,
    import_python,
    load_weights,
)
from nnstudio.engine.importing.example_inputs import parse
from nnstudio.engine.importing.weights import SUFFIXES, summary

_ROWS = 40  # of the table, unless all are asked for as JSON


def run(line: Namespace) -> int:
    """Import, and write the project, whole or not at all."""
    file, class_name = _file_and_class(line.file)
    out = _place(line, file)
    try:
        imported = _imported(line, file, class_name)
        rows: tuple[WeightRow, ...] = ()
        if line.weights:
            checkpoint, rows = load_weights(imported.project, line.weights)
            imported = replace(imported, checkpoint=checkpoint)
    except ImportRefused as refusal:
        raise Refusal(str(refusal)) from refusal
    project_file.write(out, imported.project, imported.checkpoint)
    if line.json:
        say_json(_report(out, imported, rows))
        return GOOD
    for notice in imported.notices:
        complain(notice)
    if rows:
        _say_table(rows)
    nodes, numbers = _counts(imported)
    say(f"{out}: {nodes:,} nodes, {numbers:,} numbers in its weights")
    return GOOD


def _file_and_class(text: str) -> tuple[Path, str]:
    """`model.py:Net` as a file and a class."""
    found = re.fullmatch(r"(.+\.py):(\w+)", text, re.DOTALL)
    return (Path(found[1]), found[2]) if found else (Path(text), "")


def _place(line: Namespace, file: Path) -> Path:
    """Where the project goes."""
    if line.output is None and file.suffix == SUFFIX:
        raise Refusal(f"{file} stays as it is: say with -o which file gets the drawing with its weights.")
    out = Path(line.output) if line.output is not None else Path(f"{file.stem}{SUFFIX}")
    project_file.check_place(out, str(file), *filter(None, [line.weights]))
    if out.exists() and not line.force:
        raise Refusal(f"{out} is there already; with --force it is replaced, with -o another one is written.")
    return out


def _imported(line: Namespace, file: Path, class_name: str) -> Imported:
    """What FILE is as a project. Raises ImportRefused and Refusal."""
    suffix = file.suffix.lower()
    inputs = tuple(map(_input, line.input))
    if suffix == ".py":
        return import_python(file, class_name, _arguments(line.arguments), inputs, line.agree)
    for given, name in ((line.arguments, "--arguments"), (line.input, "--input")):
        if given:
            raise Refusal(f"{name} is said of a Python file; {file.name} has it in itself.")
    if suffix == ".pt2":
        return import_pt2(file, line.agree)
    if suffix == ".onnx":
        found: Imported = import_onnx(file)
        return found
    if suffix == SUFFIX:
        if not line.weights:
            raise Refusal(f"{file} is a project already; with --weights FILE it gets weights.")
        stored = project_file.read(str(file))
        for notice in stored.notices:
            complain(notice)
        return Imported(stored.project, Checkpoint({}, {}))  # which gets its weights next
    if suffix in SUFFIXES:
        raise Refusal(
            f"{file.name} holds weights and no drawing: nnstudio import PROJECT{SUFFIX} --weights {file.name} -o OUT"
        )
    raise Refusal(f"{file.name} is of no kind that is imported: .onnx, .pt2, .py, or a project with --weights.")


def _input(text: str) -> TensorType:
    try:
        return parse(text)
    except ValueError as error:
        raise Refusal(f"--input {error}.") from None


def _arguments(text: str | None) -> Any:
    """The arguments of the class: an object or a list."""
    if text is None:
        return ()
    try:
        found = json_text.parse(text.encode("utf-8", "replace"))
    except ValueError as error:
        raise Refusal(f"--arguments: {error}.") from None
    if not isinstance(found, (dict, list)):
        raise Refusal(f'--arguments needs an object such as {{"depth": 3}} or a list such as [3], but got {text[:40]}.')
    return found


def _counts(imported: Imported) -> tuple[int, int]:
    """How many nodes there are, and how many numbers in the weights."""
    return sum(1 for _ in every_node(imported.project.graph)), sum(a.size for a in imported.checkpoint.weights.values())


def _say_table(rows: tuple[WeightRow, ...]) -> None:
    """What became of each tensor: what did not fit first."""
    ordered = sorted(rows, key=lambda row: row.fitted)
    lines = [("in the file", "shape", "in the drawing", "")]
    lines += [
        (row.name or "–", "×".join(map(str, row.shape)) or "one number", row.node or "–", row.why)
        for row in ordered[:_ROWS]
    ]
    for text in table(lines):
        say(text)
    if len(ordered) > _ROWS:
        say(f"and {len(ordered) - _ROWS:,} more (all of them with --json)")
    say(summary(rows))


def _report(out: Path, imported: Imported, rows: tuple[WeightRow, ...]) -> dict[str, Any]:
    nodes, numbers = _counts(imported)
    written = [
        {"name": row.name, "shape": list(row.shape), "node": row.node, "target": row.target, "why": row.why}
        for row in rows
    ]
    return {
        "file": str(out),
        "nodes": nodes,
        "numbers": numbers,
        "notices": list(imported.notices),
        "weights": written,
    }
