"""The module that a Python file makes. This runs the file."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.example_inputs import examples_of, types_for
from nnstudio.engine.importing.imported import Imported
from nnstudio.engine.importing.module import import_module
from nnstudio.engine.importing.program import ImportRefused, fits_not

_HOW = "say it with --input, once for each, such as --input 3x32x32 or --input 16:int64 (without the batch)."


def import_here(path: Path, class_name: str, arguments: Any, inputs: Sequence[TensorType], name: str) -> Imported:
    """The drawing of a class in a Python file.

    Raises:
        ImportRefused: it cannot be drawn.
    """
    torch.manual_seed(0)
    module = module_of(path, class_name, arguments)
    title = name or class_name or type(module).__name__
    types = tuple(inputs) or types_for(module, f"{path.name}: {title}", _HOW)
    imported = import_module(module, examples_of(module, types), title)
    if inputs:
        return imported
    notice = f"It was taken to have rows {types[0].text}; if that is wrong, {_HOW}"
    return type(imported)(imported.project, imported.checkpoint, (notice, *imported.notices))


def module_of(path: Path, class_name: str, arguments: Sequence[Any] | Mapping[str, Any]) -> nn.Module:
    """Run the file, and make the module of this class (or with this function) with these arguments.

    Raises:
        ImportRefused: the file or the class fails, or gives no module.
    """
    made = _find(_run(path), path, class_name)
    called = _called(class_name or made.__name__, arguments)
    try:
        found = made(**arguments) if isinstance(arguments, Mapping) else made(*arguments)
    except Exception as error:
        if fits_not(error):
            raise MemoryError from None
        hint = ""
        if isinstance(error, TypeError) and "argument" in str(error):
            hint = f" It takes {made.__name__}{_signature(made)}: give the arguments as JSON."
        raise ImportRefused(f"{place(path, error)}: {called} fails with {words(error)}{hint}") from None
    if not isinstance(found, nn.Module):
        raise ImportRefused(f"{path.name}: {called} gives no torch.nn.Module but {type(found).__name__}.")
    return found


def _run(path: Path) -> Any:
    name = (
        path.stem if path.stem.isidentifier() and path.stem not in sys.modules else f"imported_{abs(hash(path.stem))}"
    )
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportRefused(f"{path.name} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        if fits_not(error):
            raise MemoryError from None
        hint = ""
        if isinstance(error, ModuleNotFoundError):
            hint = " What the file imports must be installed where NN Studio is."
        raise ImportRefused(f"{place(path, error)}: it fails with {words(error)}{hint}") from None
    return module


def _find(module: Any, path: Path, class_name: str) -> Any:
    own = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == module.__name__
    ]
    if not class_name:
        if len(own) != 1:
            found = f"defines {', '.join(own)}" if own else "defines no torch.nn.Module"
            raise ImportRefused(f"{path.name} {found}: say which is meant, as in {path.name}:{(own or ['Model'])[-1]}.")
        class_name = own[0]
    made = getattr(module, class_name, None)
    if made is None:
        raise ImportRefused(f"{path.name} has no {class_name}; it defines {', '.join(own) or 'no torch.nn.Module'}.")
    if not callable(made) or (isinstance(made, type) and not issubclass(made, nn.Module)):
        raise ImportRefused(f"{path.name}: {class_name} is no torch.nn.Module, and no function that makes one.")
    return made


def _signature(made: Any) -> str:
    try:
        return str(inspect.signature(made))[:200]
    except (TypeError, ValueError):
        return "(…)"


def _called(name: str, arguments: Sequence[Any] | Mapping[str, Any]) -> str:
    if isinstance(arguments, Mapping):
        inside = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    else:
        inside = ", ".join(map(repr, arguments))
    return f"{name}({inside[:80]})"


def place(path: Path, error: BaseException) -> str:
    """The file and the line that an error came out of, as far as it is in the folder of the file."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).parent == path.parent:
            return f"{Path(frame.filename).name}, line {frame.lineno}"
    return path.name


def words(error: BaseException) -> str:
    """The class and the first line of an error."""
    first = (str(error).strip().split("\n") or [""])[0][:300]
    return f"{type(error).__name__}: {first}".rstrip(". :") + "."
