"""Formats: what a project can be exported to, by name. The command line and the window offer these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.export.subject import Exported

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        name: the word for it on the command line.
        title: what people read; `sentence` says who takes such a file.
        suffix: what its name ends with, with the dot.
        write: makes the file of a project and, where there is one, its checkpoint; it tells the last argument what it
            is doing, and ends with whatever that raises.
        weights: whether the weights are in the file.
    """

    name: str
    title: str
    sentence: str
    suffix: str
    write: Callable[[Project, Checkpoint | None, Progress], Exported]
    weights: bool = True


def _python(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.python import to_python

    progress("Writing the source")
    return Exported(to_python(project).encode("utf-8"))


def _torchrun(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.python import to_python

    progress("Writing the source")
    return Exported(to_python(project, together=True).encode("utf-8"))


def _module(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.module import to_module_source

    progress("Writing the source")
    return Exported(to_module_source(project).encode("utf-8"))


def _onnx(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.onnx_file import to_onnx

    return to_onnx(project, checkpoint, progress)


def _exported_program(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.exported_program import to_exported_program

    return to_exported_program(project, checkpoint, progress)


def _weights(project: Project, checkpoint: Checkpoint | None, progress: Progress) -> Exported:
    from nnstudio.engine.export.weights import to_safetensors

    return to_safetensors(project, checkpoint, progress)


FORMATS = {
    found.name: found
    for found in (
        Format("python", "Python script", "One file that trains the network; it needs torch.", ".py", _python, False),
        Format(
            "torchrun", "Script for torchrun", "The same for several processes or computers.", ".py", _torchrun, False
        ),
        Format("module", "Python module", "The network alone, as classes of torch.", ".py", _module, False),
        Format("onnx", "ONNX", "For ONNX Runtime and what is built on it; any number of rows.", ".onnx", _onnx),
        Format("pt2", "Exported program", "For torch.export.load; any number of rows.", ".pt2", _exported_program),
        Format("safetensors", "Weights", "The state_dict alone, for safetensors.", ".safetensors", _weights),
    )
}
