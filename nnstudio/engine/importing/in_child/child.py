"""What the child process does: it runs code that came from elsewhere, and leaves a drawing behind as data.

It is started by `child_process` with the path of a request. Beside that it writes `answer.json` and, if all went well,
a project or, of a file of torch.save, tensors. It is a process of its own and not a prison: what the code does to files
and over the network, it does. That is why a person is asked before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LARGEST_FILE = 9 << 30


def main(argv: Sequence[str]) -> int:
    """Do what the request says."""
    request = Path(argv[0]).resolve()
    asked = json.loads(request.read_text("utf-8"))
    _limit(asked["memory"])
    from nnstudio.engine.importing.child_process import ANSWER

    answer = _answer(asked, request.parent)
    (request.parent / ANSWER).write_text(json.dumps(answer), "utf-8")
    os._exit(0)  # threads and exit handlers of the code that was run are not waited for


def _limit(memory: int | None) -> None:
    """Set limits where the system has them."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    wanted = [(resource.RLIMIT_FSIZE, _LARGEST_FILE), (resource.RLIMIT_CORE, 0)]
    if memory is not None:
        wanted.append((resource.RLIMIT_DATA, memory))
    for kind, most in wanted:
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (OSError, ValueError):  # this system does not let itself be limited so
            continue


def _answer(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    from nnstudio.core import storage
    from nnstudio.engine.importing.child_process import DRAWING, TENSORS
    from nnstudio.engine.importing.program import ImportRefused, fits_not

    name = Path(asked["path"]).name
    try:
        if asked["kind"] == "weights":
            return {"notices": _tensors(Path(asked["path"]), folder / TENSORS)}
        import nnstudio.library  # noqa: F401  (the layers)

        imported = _import(asked)
        storage.write(folder / DRAWING, imported.project, imported.checkpoint)
        return {"notices": list(imported.notices)}
    except ImportRefused as refusal:
        return {"refused": str(refusal)}
    except (SystemExit, KeyboardInterrupt) as ended:
        return {"refused": f"{name} ends the program ({type(ended).__name__}) in place of making a module."}
    except BaseException as error:  # whatever the code raises is its own affair, and is said
        if fits_not(error):
            return {"refused": f"{name}: it needs more memory than it is given."}
        first = (str(error).strip() or "no words").split("\n")[0][:300]
        return {"refused": f"{name}: {type(error).__name__}: {first}"}


def _tensors(path: Path, place: Path) -> list[str]:
    """Write the tensors of a file of torch.save; their names in the order of the file."""
    from safetensors.torch import save_file

    from nnstudio.engine.importing.in_child.state_dict import tensors_of

    found = tensors_of(path)
    save_file(found, place)
    return list(found)


def _import(asked: dict[str, Any]) -> Any:
    from nnstudio.core.data import TensorType

    path = Path(asked["path"])
    if asked["kind"] == "pt2":
        from nnstudio.engine.importing.in_child.exported_module import import_exported

        return import_exported(path, asked["name"])
    from nnstudio.engine.importing.in_child.python_module import import_here

    types = tuple(TensorType(tuple(kind["shape"]), kind["dtype"]) for kind in asked["inputs"])
    return import_here(path, asked["class"], asked["arguments"], types, asked["name"])
