"""The network as an ONNX file, with the number of rows left open.

torch.onnx writes it; ONNX Runtime must compute the same from it before anything is given out. Weights keep their names
and their shapes (torch's own optimizer would melt batch norms into convolutions), and each operation says where in the
drawing it comes from.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.export.exported_program import exported, program_of
from nnstudio.engine.export.hierarchy import recorded, write_stacks
from nnstudio.engine.export.subject import Exported, Subject, subject
from nnstudio.engine.export.trial import as_far_as, difference, first_wrong, path_of, steps_of

LARGEST = 2_000_000_000  # bytes; one protobuf message holds no more than 2 GiB
_TIMES = 8  # how much farther than torch's own rounding another order of rounding may be
_FOLDED = 2**26  # numbers in one constant that is computed beforehand


def to_onnx(
    project: Project, checkpoint: Checkpoint | None = None, progress: Callable[[str], None] = lambda step: None
) -> Exported:
    """The content of an `.onnx` file that gives the same results in ONNX Runtime, for any number of rows.

    `progress` is told what is being done; whatever it raises ends the work.

    Raises:
        GraphError: the drawing has errors, or a node of it cannot be written as ONNX.
        ValueError, OSError: its data cannot be read, or it is too large.
    """
    progress("Reading the drawing")
    what = subject(project, checkpoint)
    weighs = sum(value.numel() * value.element_size() for value in what.network.state_dict().values())
    if weighs > LARGEST:
        raise ValueError(
            f"The weights take {weighs / 1e9:.1f} GB, and an ONNX file holds 2 GB: save them as safetensors."
        )
    progress("Recording what the network computes")
    program = exported(what)
    with contextlib.suppress(Exception):  # without it the file lacks what says where operations come from, no more
        module, paths = recorded(what.network)
        told = program_of(module, what.rows(3))
        write_stacks(told, what.network, paths)
        program = told
    progress("Writing it as ONNX")
    inputs = [end.name for end in what.inputs]
    content = _translated(what, program, _different(inputs), _different(what.outputs, inputs))
    progress("Comparing with ONNX Runtime")
    _check(what, content, progress)
    return Exported(content, what.notices)


# -- writing -----------------------------------------------------------------------------------------------------------


def content_of(program: torch.export.ExportedProgram, inputs: Sequence[str] = (), outputs: Sequence[str] = ()) -> bytes:
    """A program of torch.export as ONNX."""
    names = {"input_names": list(inputs) or None, "output_names": list(outputs) or None}
    with _quiet():
        made: Any = torch.onnx.export(program, dynamo=True, optimize=False, verbose=False, **names)  # type: ignore[arg-type]
        _tidy(made.model)
        proto = made.model_proto
    proto.producer_name = "NN Studio"
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _translated(what: Subject, program: Any, inputs: list[str], outputs: list[str]) -> bytes:
    try:
        return content_of(program, inputs, outputs)
    except Exception as error:  # torch.onnx refuses with many classes
        words = str(error)
    steps = steps_of(what.network)
    wrong = first_wrong(steps, lambda some: _works(what, some))
    raise what.problem(
        path_of(wrong if wrong is not None else steps[-1]),
        "cannot be written as ONNX: it has no operation for it.",
        words,
    )


def _works(what: Subject, steps: Sequence[fx.Node]) -> bool:
    try:
        content_of(program_of(as_far_as(what.network, steps), what.rows(3)))
    except Exception:
        return False
    return True


def _tidy(model: Any) -> None:
    """Compute beforehand what follows from constants alone, and leave out what is not used or names this computer."""
    from onnx_ir.passes import PassManager, Sequential, common
    from onnxscript.optimizer._constant_folding import FoldConstantsPass

    def fold(node: Any) -> bool | None:
        # A linear layer over several axes is written with its weight turned; the weight keeps its name and shape.
        return False if node.op_type == "Transpose" and not node.domain else None

    folding = FoldConstantsPass(
        shape_inference=False, input_size_limit=_FOLDED, output_size_limit=_FOLDED, should_fold=fold
    )
    passes = [PassManager([folding, common.IdentityEliminationPass(), common.RemoveUnusedNodesPass()], steps=2)]
    Sequential(*passes, common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0))(model)
    batch = next(
        (size.value for value in model.graph.inputs for size in value.shape or () if not isinstance(size, int)), None
    )
    values = [*model.graph.inputs, *(value for node in model.graph for value in node.outputs)]
    for value in values:
        value.metadata_props.clear()
        if value.shape is not None and batch:
            for axis, size in enumerate(value.shape):
                if not isinstance(size, int) and size.value:
                    value.shape[axis] = size.value.replace(batch, "batch")
    for node in model.graph:
        for name in ("pkg.torch.onnx.stack_trace", "pkg.torch.onnx.fx_node", "namespace"):
            node.metadata_props.pop(name, None)


# -- comparing ---------------------------------------------------------------------------------------------------------


def session(content: bytes) -> Any:
    """An ONNX Runtime session on the processor.

    Raises:
        Exception: one of many classes of ONNX Runtime, if it does not take the file.
    """
    import onnxruntime

    with contextlib.suppress(Exception):
        onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = max(1, torch.get_num_threads())
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run(opened: Any, rows: Sequence[torch.Tensor]) -> list[np.ndarray]:
    """What a session makes of rows; an input that the network does not use is absent in it."""
    names = [value.name for value in opened.get_inputs()]
    found: list[np.ndarray] = opened.run(None, {name: value.numpy() for name, value in zip(names, rows, strict=True)})
    return found


def _check(what: Subject, content: bytes, progress: Callable[[str], None]) -> None:
    steps = steps_of(what.network)
    try:
        opened = session(content)
        for rows in what.trials():
            progress("Comparing with ONNX Runtime")
            got = run(opened, rows)
            own = what.compute(rows)
            if any(difference(a, b) > 1 for a, b in zip(own, got, strict=True)) and not _rounded(what, rows, own, got):
                raise _Unlike(rows)
    except _Unlike as error:
        wrong = _first_unlike(what, steps, error.rows)
        raise what.problem(
            path_of(wrong), "cannot be written as ONNX: ONNX Runtime would compute something else."
        ) from None
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        words = str(error)
    else:
        return
    wrong_step = first_wrong(steps, lambda some: _runs(what, some))
    raise what.problem(
        path_of(wrong_step if wrong_step is not None else steps[-1]),
        "cannot be written as ONNX: ONNX Runtime does not take the operation.",
        words,
    )


def _rounded(
    what: Subject, rows: tuple[torch.Tensor, ...], own: Sequence[torch.Tensor], got: Sequence[np.ndarray]
) -> bool:
    """Whether the network itself is about as far from its results without rounding: deep ones add it up."""
    usual = what.rounding(rows)
    return bool(usual) and all(
        difference(a, b) <= 1
        or (a.is_floating_point() and float((a - torch.from_numpy(b)).abs().max()) <= _TIMES * float(error.max()))
        for a, b, error in zip(own, got, usual, strict=True)
    )


class _Unlike(Exception):
    def __init__(self, rows: tuple[torch.Tensor, ...]) -> None:
        super().__init__("another result")
        self.rows = rows


def _runs(what: Subject, steps: Sequence[fx.Node]) -> bool:
    try:
        module = as_far_as(what.network, steps)
        run(session(content_of(program_of(module, what.rows(3)))), what.rows(5))
    except Exception:
        return False
    return True


def _first_unlike(what: Subject, steps: list[fx.Node], rows: tuple[torch.Tensor, ...]) -> fx.Node:
    """The first drawn node whose value is another one."""
    try:
        module: nn.Module = as_far_as(what.network, steps)
        with torch.no_grad():
            expected = module(*rows)
        got = run(session(content_of(program_of(module, what.rows(3)))), rows)
        for step, own, other in zip(steps, expected, got, strict=True):
            if difference(own, other) > 1:
                return step
    except Exception:  # with every value an output it may be another program
        return steps[-1]
    return steps[-1]


# -- names and noise ---------------------------------------------------------------------------------------------------


def _different(names: Sequence[str], taken: Sequence[str] = ()) -> list[str]:
    found: list[str] = []
    for name in names:
        wish, number = name, 2
        while wish in found or wish in taken:
            wish, number = f"{name} {number}", number + 1
        found.append(wish)
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch.onnx and what it uses say on the way."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
