"""The module in a `.pt2` of torch.export. torch reads it with pickle as a last resort."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from nnstudio.engine.importing.imported import Imported
from nnstudio.engine.importing.module import import_module
from nnstudio.engine.importing.program import ImportRefused

_DYNAMIC = 'export it with a dynamic batch: torch.export.export(model, inputs, dynamic_shapes=({0: Dim("batch")},)).'


def import_exported(path: Path, name: str) -> Imported:
    """The drawing of an exported program.

    Raises:
        ImportRefused: it cannot be drawn.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what torch does with its own files
        return _import(path, name)


def _import(path: Path, name: str) -> Imported:
    try:
        program = torch.export.load(path)
    except Exception as error:
        raise ImportRefused(f"{path.name} is no file of torch.export, or a damaged one ({_first(error)}).") from None
    examples, names = _examples(program, path.name)
    try:
        module = torch.export.unflatten(program)
    except Exception as error:
        raise ImportRefused(f"{path.name}: its modules cannot be told apart ({_first(error)}).") from None
    module.check_input_constraints = False
    try:
        return import_module(module, examples, name or path.stem, names, trainable=False)
    except ImportRefused as refusal:
        if _batch_is_fixed(program):
            rows = examples[0].shape[0]
            raise ImportRefused(f"{path.name} was exported for batches of {rows}: {_DYNAMIC} ({refusal})") from None
        raise


def _first(error: Exception) -> str:
    """The first line of an error."""
    return (str(error).strip() or type(error).__name__).split("\n")[0][:200]


def _examples(program: Any, name: str) -> tuple[tuple[torch.Tensor, ...], tuple[str, ...]]:
    """The inputs that it was exported with, or ones like them where the file does not hold any."""
    found, names = [], []
    placeholders = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    for spec in program.graph_signature.input_specs:
        if spec.kind.name != "USER_INPUT":
            continue
        value = placeholders[spec.arg.name].meta.get("val") if spec.arg.name in placeholders else None
        if not isinstance(value, torch.Tensor):
            raise ImportRefused(f"{name}: its input {spec.arg.name} is no tensor; a drawing takes tensors alone.")
        names.append(spec.arg.name)
        found.append(value)
    given = program.example_inputs[0] if program.example_inputs else ()
    if len(given) == len(found) and all(isinstance(one, torch.Tensor) for one in given):
        return tuple(given), tuple(names)
    generator = torch.Generator().manual_seed(0)
    return tuple(_example(value, generator) for value in found), tuple(names)


def _example(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    sizes = [size if isinstance(size, int) else _size(size) for size in like.shape]
    if like.dtype.is_floating_point:
        return torch.randn(sizes, generator=generator).to(like.dtype)
    return torch.randint(2, sizes, generator=generator).to(like.dtype)


def _size(symbol: Any) -> int:
    """A size that was left open, as large as it was when it was exported."""
    hint = getattr(symbol.node, "hint", None)
    return hint if isinstance(hint, int) else 3


def _batch_is_fixed(program: Any) -> bool:
    values = [node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"]
    return not any(
        not isinstance(size, int) for value in values for size in getattr(value, "shape", ()) if value is not None
    )
