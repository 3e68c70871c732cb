"""Importing a Python file: it is code, so it is run only when a person agrees, and in a process of its own."""

from __future__ import annotations

import ast
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from nnstudio.core.data import TensorType
from nnstudio.engine.importing.program import ImportRefused

if TYPE_CHECKING:
    from nnstudio.engine.importing.imported import Imported

SECONDS = 600.0
LARGEST = 8 << 20  # bytes of source


def import_python(
    path: str | os.PathLike[str],
    class_name: str = "",
    arguments: Sequence[Any] | Mapping[str, Any] = (),
    inputs: Sequence[TensorType] = (),
    agreed: bool = False,
    *,
    name: str = "",
    seconds: float = SECONDS,
    memory: int | None = None,
    stop: Event | None = None,
) -> Imported:
    """The drawing of a class in a Python file, with the weights that it begins with.

    `arguments` are those of the class, plain values as JSON has them. `inputs` are the types of the inputs; where they
    are left out they are guessed from the first layer. Without `agreed` nothing is run.

    Raises:
        ImportRefused: one sentence on where and why it cannot be drawn.
    """
    file = Path(path)
    _check_source(file, class_name)
    if not agreed:
        raise ImportRefused(
            f"{file.name} is code, and to import it is to run it: it can do whatever you can do on this computer. "
            "Agree to that if you trust where it comes from (--agree)."
        )
    from nnstudio.engine.importing.child_process import import_in_child

    request = {
        "kind": "python",
        "class": class_name,
        "arguments": arguments if isinstance(arguments, Mapping) else list(arguments),
        "inputs": [{"shape": list(kind.shape), "dtype": kind.dtype} for kind in inputs],
        "name": name,
    }
    return import_in_child(file, request, seconds, memory, stop)


def regular_file(path: Path, largest: int) -> None:
    """Refuse what is no file, or is too large. Raises ImportRefused."""
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise ImportRefused(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise ImportRefused(f"{path.name} is not a file.")
    if found.st_size > largest:
        raise ImportRefused(f"{path.name} has {found.st_size:,} bytes; no more than {largest:,} are read.")
    if not found.st_size:
        raise ImportRefused(f"{path.name} is empty.")


def _check_source(path: Path, class_name: str) -> None:
    """What can be said without running it: whether it is Python, and whether it may have such a class."""
    regular_file(path, LARGEST)
    try:
        tree = ast.parse(path.read_bytes(), path.name)
    except SyntaxError as error:
        raise ImportRefused(f"{path.name}, line {error.lineno}: it is no Python ({error.msg}).") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ImportRefused(f"{path.name} is no Python file ({error}).") from None
    except OSError as error:
        raise ImportRefused(f"{path.name} cannot be read: {error.strerror or error}.") from None
    named = {node.name for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    plain = all(isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.Import, ast.Expr)) for node in tree.body)
    if class_name and plain and class_name not in named:
        listed = ", ".join(sorted(named)) or "nothing"
        raise ImportRefused(f"{path.name} has no {class_name}; it defines {listed}.")
