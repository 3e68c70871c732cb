"""Importing an nn.Module that is there already."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter

from nnstudio.engine.importing.imported import Imported, drawn
from nnstudio.engine.importing.module_program import program_of
from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.verification import verify

_DTYPES = (torch.float32, torch.int64, torch.bool)


def import_module(
    module: nn.Module,
    examples: tuple[torch.Tensor, ...],
    name: str = "",
    input_names: tuple[str, ...] = (),
    trainable: bool = True,
) -> Imported:
    """The drawing of a module, with its weights.

    It is run on the examples (one tensor for each input, the rows of a batch first), drawn, and the drawing is run
    beside it: what is given back does the same. Without `trainable` it is not run in training: an exported program has
    only what is done otherwise.

    Raises:
        ImportRefused: one sentence on where the module does what a drawing cannot say.
    """
    title = name or type(module).__name__
    _check(module, examples, title)
    with torch.random.fork_rng(devices=[]):
        program, notices = program_of(module, examples, title, input_names, trainable)
        found = drawn(program)
        same_in_training = trainable and not any(notice.startswith("In training") for notice in notices)
        places = tuple(end.value - 1 for end in program.inputs)  # the first values of a recording are its inputs
        notices += tuple(verify(module, found, examples, places, same_in_training))
    return found.imported(notices)


def _every_tensor(module: nn.Module) -> Iterator[torch.Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _check(module: nn.Module, examples: tuple[torch.Tensor, ...], title: str) -> None:
    if not isinstance(module, nn.Module):
        raise ImportRefused(f"{title}: it is no torch.nn.Module but {type(module).__name__}.")
    if not examples:
        raise ImportRefused(f"{title}: it needs an example of each input to be run on, and there is none.")
    for place, example in enumerate(examples, start=1):
        if example.dim() < 1 or not example.numel():
            raise ImportRefused(f"{title}: input {place} has no rows: the first axis of an example is the batch.")
        if example.dtype not in _DTYPES:
            kind = str(example.dtype).removeprefix("torch.")
            raise ImportRefused(f"{title}: input {place} is {kind}; a drawing knows float32, int64 and bool.")
    if any(isinstance(one, (UninitializedParameter, UninitializedBuffer)) for one in _every_tensor(module)):
        with torch.no_grad():  # a lazy module finds its sizes when it is run for the first time
            module(*examples)
    for kind, tensors in (("parameter", module.named_parameters()), ("buffer", module.named_buffers())):
        for name, tensor in tensors:
            if tensor.device.type != "cpu":
                raise ImportRefused(f"{title}: the {kind} {name} is on {tensor.device}; bring the module to the CPU.")
            if kind == "parameter" and tensor.dtype != torch.float32:
                found = str(tensor.dtype).removeprefix("torch.")
                raise ImportRefused(f"{title}: the parameter {name} is {found}; a drawing learns in float32: .float().")
