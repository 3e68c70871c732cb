"""A module as a Program: it is run, and what it did is said in layers."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nnstudio.engine.importing import functions, leaves
from nnstudio.engine.importing.merge import Different, Merger, Tensor
from nnstudio.engine.importing.parts import alive
from nnstudio.engine.importing.program import End, ImportRefused, Program, fits_not
from nnstudio.engine.importing.record import Event, Recorder, Recording, Value, Weight
from nnstudio.engine.importing.translate import Refused, Translation
from nnstudio.library.layers.parameter import Parameter

SIZES = (2, 3)  # rows of the batch
_MOST_OPENED = 40
_OWN = (str(Path(torch.__file__).parent), str(Path(__file__).parent))


class _Opened(Exception):
    """A module that no layer stands for after all: it is to be looked into."""

    def __init__(self, module: nn.Module, sentence: str) -> None:
        self.module, self.sentence = module, sentence
        super().__init__(sentence)


def program_of(
    module: nn.Module,
    examples: tuple[torch.Tensor, ...],
    title: str,
    names: tuple[str, ...] = (),
    trainable: bool = True,
) -> tuple[Program, tuple[str, ...]]:
    """What a module computes, and sentences on what a person should know of it.

    `names` are those of the inputs; without them they are those of the parameters of its forward.

    Raises:
        ImportRefused: it does something that no drawing can say.
    """
    opened: dict[int, _Opened] = {}
    while True:
        try:
            return _Attempt(module, examples, title, names, trainable, frozenset(opened)).program()
        except _Opened as found:
            if id(found.module) in opened or len(opened) >= _MOST_OPENED:
                raise ImportRefused(found.sentence) from None
            opened[id(found.module)] = found
        except ImportRefused as refusal:
            if not opened:
                raise
            first = next(iter(opened.values()))
            raise ImportRefused(f"{first.sentence} ({refusal})") from None


@contextmanager
def as_it_was(module: nn.Module) -> Iterator[None]:
    """Afterwards the module's buffers, its modes and torch's random numbers are what they were."""
    modes = [(inner, inner.training) for inner in module.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            for inner, mode in modes:
                inner.training = mode
            with torch.no_grad():
                for buffer, before in buffers:
                    buffer.copy_(before)


def rows(examples: tuple[torch.Tensor, ...], count: int) -> tuple[torch.Tensor, ...]:
    """So many rows of these examples. Where there are fewer, rows are made of them whose numbers are moved on by one.

    That keeps what is special in the numbers, such as that they are numbers of words.
    """
    found = []
    for example in examples:
        have = example.shape[0]
        more = [example[row % have].flatten().roll(row // have).view(example.shape[1:]) for row in range(count)]
        found.append(torch.stack(more))
    return tuple(found)


class _Attempt:
    """One try, with some modules looked into that a layer seems to stand for."""

    def __init__(
        self,
        module: nn.Module,
        examples: tuple[torch.Tensor, ...],
        title: str,
        names: tuple[str, ...],
        trainable: bool,
        opened: frozenset[int],
    ) -> None:
        self.module, self.examples, self.title, self.names = module, examples, title, names
        self.trainable, self.opened = trainable, opened
        self.merger = Merger(SIZES)
        self.notices: list[str] = []

    def program(self) -> tuple[Program, tuple[str, ...]]:
        with as_it_was(self.module):
            first, second, training = self._recordings()
        try:
            events = self.merger.events(first, second, training)
        except Different as difference:
            self.notices.append(
                f"In training it does something else ({difference}); the drawing is what it does otherwise."
            )
            events = self.merger.events(first, second, None)
            training = None
        last = max((value.number for value in _values(first)), default=0)
        work = Translation(self.module, last)
        inputs = []
        for a, b, name in zip(first.inputs, second.inputs, self._input_names(), strict=True):
            tensor = Tensor(a.number, self.merger.type(a, b))
            work.wires[a.number] = tensor
            inputs.append(End(name, a.number, tensor.type))
        work.used = frozenset(
            value.number for event in events for value in _numbered([event.args, event.kwargs, first.output])
        )
        work.statistics = frozenset(training.statistics if training is not None else ())
        for event in events:
            self._translate(work, event)
        if events:
            work.begin(replace(events[-1], calls=(), learns=True))  # from here on nothing lies in a module
        outputs = self._outputs(work, first, second, training)
        program = self._with_used(Program(tuple(inputs), outputs, tuple(work.steps), self.title))
        self._note(program)
        return program, tuple(self.notices)

    # -- running -----------------------------------------------------------------------------------------------------

    def _recordings(self) -> tuple[Recording, Recording, Recording | None]:
        recorder = Recorder(self.module, lambda inner: id(inner) not in self.opened and leaves.is_leaf(inner))
        self.module.eval()
        first, second = (self._run(recorder, size) for size in SIZES)
        if not self.trainable:
            return first, second, None
        self.module.train()
        try:
            training = self._run(recorder, SIZES[0])
        except ImportRefused as refusal:
            self.notices.append(f"In training it cannot be drawn ({refusal}); the drawing is what it does otherwise.")
            training = None
        return first, second, training

    def _run(self, recorder: Recorder, size: int) -> Recording:
        torch.manual_seed(0)
        try:
            return recorder.run(rows(self.examples, size))
        except ImportRefused:
            raise
        except Exception as error:
            if fits_not(error):
                raise MemoryError from None
            raise ImportRefused(f"{_place_of(error)}: it does not take these inputs: {_words(error)}") from None

    # -- saying it in layers -----------------------------------------------------------------------------------------

    def _translate(self, work: Translation, event: Event) -> None:
        work.begin(event)
        try:
            if event.module is None:
                work.finish(functions.translate(work))
                return
            layer = leaves.layer_of(event.module)
            assert layer is not None
            work.finish(leaves.translate(work, layer))
        except Refused as refusal:
            sentence = f"{_place(event)}: {refusal}."
            if event.module is not None and type(event.module).forward is not nn.Module.forward:
                raise _Opened(event.module, sentence) from None
            raise ImportRefused(sentence) from None

    # -- ends --------------------------------------------------------------------------------------------------------

    def _input_names(self) -> list[str]:
        if self.names:
            return list(self.names)
        parameters = list(inspect.signature(self.module.forward).parameters.values())
        found = []
        for place in range(len(self.examples)):
            named = parameters[min(place, len(parameters) - 1)] if parameters else None
            plain = named is not None and named.kind is not inspect.Parameter.VAR_POSITIONAL
            found.append(named.name if named is not None and plain else f"input_{place + 1}")
        return ["input"] if found in (["x"], ["input_1"], ["X"], ["inputs"]) else found

    def _outputs(
        self, work: Translation, first: Recording, second: Recording, training: Recording | None
    ) -> tuple[End, ...]:
        one, other = dict(_named(first.output)), dict(_named(second.output))
        if training is not None and dict(_named(training.output)).keys() != one.keys():
            self.notices.append("In training it gives other outputs; the drawing is what it does otherwise.")
        if not one or one.keys() != other.keys():
            raise ImportRefused(f"{self.title}: its forward gives no tensor.")
        if set(one) == {"1"}:
            one, other = {"output": one["1"]}, {"output": other["1"]}
        found = []
        for name, value in one.items():
            try:
                if isinstance(value, Weight):
                    wire = work.wire(value)
                else:
                    wire = work.wire(self.merger.value(value, other[name], value))
            except Exception as error:
                raise ImportRefused(
                    f"{self.title}: its output {name} is not made by a layer: {str(error).rstrip('.')}."
                ) from None
            found.append(End(f"output_{name}" if name.isdigit() else name, wire.number, wire.type))
        return tuple(found)

    def _with_used(self, program: Program) -> Program:
        """The program without the inputs that nothing is computed with."""
        used = {value for step in alive(program) for value in step.inputs} | {end.value for end in program.outputs}
        kept = tuple(end for end in program.inputs if end.value in used)
        if not kept:
            raise ImportRefused(f"{self.title}: what it gives does not depend on what it takes.")
        if len(kept) < len(program.inputs):
            left = ", ".join(end.name for end in program.inputs if end not in kept)
            self.notices.append(f"Nothing is computed with its input {left}: left out.")
        return replace(program, inputs=kept)

    def _note(self, program: Program) -> None:
        """Say which parameters nothing is computed with, and which are frozen in a layer that learns."""
        steps = alive(program)
        used = {name for step in steps for name in step.parameters.values()}
        learned = {name for step in steps if not step.frozen for name in step.parameters.values()}
        left = [name for name, _ in self.module.named_parameters() if name not in used]
        if left:
            self.notices.append(f"Nothing is computed with {_some(left)}: left out.")
        fixed = [
            step.module or step.name for step in steps if isinstance(step.layer, Parameter) and not step.parameters
        ]
        if fixed:
            self.notices.append(f"{_some(fixed)} is fixed, and too large for a Constant: a Parameter that is frozen.")
        frozen = [name for name, one in self.module.named_parameters() if not one.requires_grad and name in learned]
        if frozen:
            self.notices.append(
                f"{_some(frozen)} will learn here and did not before: a drawing freezes whole layers, with their "
                "running statistics."
            )


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _values(recording: Recording) -> Iterator[Any]:
    yield from recording.inputs
    for event in recording.events:
        yield from _numbered(event.result)


def _numbered(result: Any) -> Iterator[Any]:
    if isinstance(result, (Tensor, Value)):
        yield result
    elif isinstance(result, (tuple, list)):
        for item in result:
            yield from _numbered(item)
    elif isinstance(result, dict):
        for item in result.values():
            yield from _numbered(item)


def _named(output: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors in what a module gives, each with a name: its key, or its place counted from 1."""
    if isinstance(output, dict):
        pairs = [(str(key), value) for key, value in output.items()]
    elif isinstance(output, (tuple, list)):
        pairs = [(str(place), value) for place, value in enumerate(output, start=1)]
    elif output is None:
        return
    else:
        yield before or "1", output
        return
    for key, value in pairs:
        yield from _named(value, f"{before}_{key}" if before else key)


# -- sentences ---------------------------------------------------------------------------------------------------------


def _place(event: Event) -> str:
    """Where an event is: the module that it lies in, the line, and what is called there."""
    home = event.calls[-1] if event.calls else None
    inside = f"{home.full_name} ({type(home.module).__name__}), " if home is not None and home.full_name else ""
    if event.module is None:
        return f"{inside}{event.where}, {event.whole}"
    return f"{inside}{event.where}, {event.module_name[1] or 'the module'} ({type(event.module).__name__})"


def _place_of(error: BaseException) -> str:
    """The file and the line of the model's code that an error came out of."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*_OWN, "<", sys.prefix))
    ]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "the model"


def _words(error: BaseException) -> str:
    first = (str(error).strip() or type(error).__name__).split("\n")[0][:300]
    return first if first.endswith(".") else f"{first}."
