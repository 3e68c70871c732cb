"""The network as a `.pt2` file: a program of torch.export, with the number of rows left open.

Such a file holds JSON and raw numbers. The example inputs that torch would add are left out: they are its only pickle.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import fx, nn

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.export.subject import Exported, Subject, subject
from nnstudio.engine.export.trial import as_far_as, difference, first_wrong, path_of, steps_of


def to_exported_program(
    project: Project, checkpoint: Checkpoint | None = None, progress: Callable[[str], None] = lambda step: None
) -> Exported:
    """The content of a `.pt2` file whose program computes what the network computes.

    It is the same to the last bit, but for layers that torch takes apart for it (LSTM, TransformerEncoder), which it
    then rounds in another order. `progress` is told what is being done; whatever it raises ends the work.

    Raises:
        GraphError: the drawing has errors, or a node of it cannot be exported.
        ValueError, OSError: its data cannot be read.
    """
    progress("Reading the drawing")
    what = subject(project, checkpoint)
    progress("Recording what the network computes")
    program = exported(what)
    progress("Comparing with the network")
    _check(what, program)
    progress("Writing the program")
    program.example_inputs = None
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of this computer
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return Exported(buffer.getvalue(), what.notices)


def exported(what: Subject) -> torch.export.ExportedProgram:
    """The program of a whole network.

    Raises:
        GraphError: a node that torch.export does not take; it is named.
    """
    try:
        return program_of(what.network, what.rows(3))
    except Exception as error:  # torch refuses with many classes, and a drawn layer may raise anything
        words = str(error)
    wrong = first_wrong(steps_of(what.network), lambda steps: _works(what, steps))
    path = path_of(wrong) if wrong is not None else path_of(steps_of(what.network)[-1])
    raise what.problem(path, "cannot be exported: torch.export has no form of it for any number of rows.", words)


def program_of(module: nn.Module, rows: tuple[torch.Tensor, ...]) -> torch.export.ExportedProgram:
    """The program of a module for any number of rows."""
    batch = torch.export.Dim("batch", min=1)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        return torch.export.export(module, rows, dynamic_shapes=tuple({0: batch} for _ in rows))


def _works(what: Subject, steps: Sequence[fx.Node]) -> bool:
    try:
        program_of(as_far_as(what.network, steps), what.rows(3))
    except Exception:
        return False
    return True


def _check(what: Subject, program: torch.export.ExportedProgram) -> None:
    module = program.module()
    for rows in what.trials():
        given = module(*rows)
        results = given if isinstance(given, tuple) else (given,)
        for title, expected, got in zip(what.outputs, what.compute(rows), results, strict=True):
            if difference(expected, got.detach().numpy()) > 1:
                path = path_of(steps_of(what.network)[-1])
                raise what.problem(path, f"cannot be exported: {title} would not be the same.")
