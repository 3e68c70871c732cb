"""Recording: what an nn.Module does with tensors, event by event, while it is run.

Nothing is analysed symbolically: the module is run, torch tells of each function before it is called, and the calls of
modules are listened to. Which events these are, and between which values, is what `translate` goes on with.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from nnstudio.engine.importing.program import ImportRefused
from nnstudio.engine.importing.torch_functions import ANEW, LOOKING, PARTS, RANDOM, WITHOUT, function_name

MOST_EVENTS = 200_000


@dataclass(frozen=True)
class Value:
    """A tensor that depends on the inputs or on parameters."""

    number: int
    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True, eq=False)
class Weight:
    """A parameter of the module, by its full name, used outside the module that it belongs to."""

    name: str
    tensor: nn.Parameter


@dataclass(frozen=True, eq=False)
class Fixed:
    """A tensor that is always the same.

    `name` is the full name of the buffer that it is, `origin` that of the buffer that it is a part of; or empty.
    """

    tensor: torch.Tensor
    name: str = ""
    origin: str = ""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a module that is looked into."""

    number: int
    module: nn.Module
    name: str
    full_name: str
    arguments: tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class Event:
    """One call of a function, or of a module that a layer stands for.

    Attributes:
        name: the function without its home and its in-place underscore: "relu", "__getitem__"; empty for a module.
        module: the module that was called.
        module_name: its name in the module that calls it, and its full name.
        args, kwargs: what it was called with; tensors as Value, Weight or Fixed.
        result: what it gave, with Values for tensors.
        calls: the calls that it lies in, the outermost first.
        where: file and line.
        whole: the name of the function with its home.
        learns: whether a gradient passes here.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: Any
    calls: tuple[Call, ...]
    where: str
    module: nn.Module | None = None
    module_name: tuple[str, str] = ("", "")
    whole: str = ""
    learns: bool = True


@dataclass
class Recording:
    """The events of one run, the values that came in, and what came out (a tensor, or tensors in lists and dicts).

    `statistics` holds the ids of modules that took the statistics of the batch into their running ones.
    """

    statistics: set[int] = field(default_factory=set)
    inputs: list[Value] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    output: Any = None


class Recorder:
    """Runs a module and takes down what happens. `is_leaf` says which modules are one event and not looked into."""

    def __init__(self, module: nn.Module, is_leaf: Callable[[nn.Module], bool]) -> None:
        self.root = module
        self.is_leaf = is_leaf
        self.names = _all_names(module)
        self.parameters = {id(parameter): name for name, parameter in module.named_parameters(remove_duplicate=True)}
        self.parameter_names: dict[int, list[str]] = {}
        for name, parameter in module.named_parameters(remove_duplicate=False):
            self.parameter_names.setdefault(id(parameter), []).append(name)
        self.buffers = {id(buffer): name for name, buffer in module.named_buffers(remove_duplicate=False)}

    def run(self, inputs: tuple[torch.Tensor, ...]) -> Recording:
        """Run the module on these inputs.

        Raises:
            ImportRefused: something happened that no drawing can say.
        """
        return _Run(self, inputs).recording()


class _Run(TorchFunctionMode):
    """One run."""

    def __init__(self, recorder: Recorder, inputs: tuple[torch.Tensor, ...]) -> None:
        super().__init__()
        self.recorder = recorder
        self.given = inputs
        self.taken = Recording()
        self.numbers = 0
        self.calls: list[Call] = []
        self.call_numbers = 0
        self.quiet = False
        self.known: dict[int, tuple[Value, int]] = {}  # by id: the value, and the version it had then
        self.kept: list[torch.Tensor] = []  # so that no id is given out a second time
        self.fixed: dict[tuple[int, int], Fixed] = {}
        self.origins: dict[int, str] = {}  # by id: the buffer that a tensor is a part of
        self.stale = False  # whether what was taken down last holds a tensor that was changed behind its back

    def recording(self) -> Recording:
        for tensor in self.given:
            self.taken.inputs.append(self._bind(tensor))
        with self._listening(), self:
            output = self.recorder.root(*self.given)
        self.taken.output = self._outcome(output)
        return self.taken

    # -- modules -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _listening(self) -> Iterator[None]:
        plain = nn.Module.__call__

        def listen(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self.quiet:
                return plain(module, *args, **kwargs)
            return self._module(plain, module, args, kwargs)

        nn.Module.__call__ = listen  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            nn.Module.__call__ = plain  # type: ignore[method-assign]

    def _module(self, plain: Any, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name, full_name = self._name_of(module)
        if isinstance(module, torch.jit.ScriptModule):
            raise ImportRefused(
                f"{_where()}, {full_name or 'the model'}: it is TorchScript, which cannot be looked into."
            )
        if self.recorder.is_leaf(module):
            with self._quietly():
                taken = self._taken(args), self._taken(kwargs)
                result = self._apart(plain, (module, *args), kwargs)
                if self._depends((taken, list(module.parameters()))):
                    learns = torch.is_grad_enabled()
                    where, names = _where(), (name, full_name)
                    event = Event("", *taken, None, tuple(self.calls), where, module, names, learns=learns)
                    self._add(event, result)
                    if module.training and getattr(module, "running_mean", None) is not None:
                        self.taken.statistics.add(id(module))
            return result
        if module is self.recorder.root and not self.calls:
            return plain(module, *args, **kwargs)
        self.call_numbers += 1
        with self._quietly():
            arguments = self._arguments(module, args, kwargs)
        self.calls.append(Call(self.call_numbers, module, name, full_name, arguments))
        result = plain(module, *args, **kwargs)
        self.calls.pop()
        return result

    def _arguments(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[str, int], ...]:
        """The values that a module is called with, by the names of the parameters of its forward."""
        try:
            bound = inspect.signature(module.forward).bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            bound = {f"input_{place}": arg for place, arg in enumerate((*args, *kwargs.values()), start=1)}
        found = []
        for name, argument in bound.items():
            tensors = list(_tensors(argument))
            for place, tensor in enumerate(tensors, start=1):
                if id(tensor) in self.known:
                    number = self.known[id(tensor)][0].number
                    found.append((name if len(tensors) == 1 else f"{name}_{place}", number))
        return tuple(found)

    def _name_of(self, module: nn.Module) -> tuple[str, str]:
        """The name of a module in the one that calls it, and its full name; empty where it is not in the whole."""
        names = self.recorder.names.get(id(module), [])
        home = self.calls[-1].module if self.calls else self.recorder.root
        best = ""
        for before in self.recorder.names.get(id(home), [""]):
            start = f"{before}." if before else ""
            inside = [name[len(start) :] for name in names if name.startswith(start) and name != before]
            best = min([*inside, *([best] if best else [])], key=lambda name: name.count("."), default="")
        return best or (names[0] if names else ""), names[0] if names else ""

    # -- functions ---------------------------------------------------------------------------------------------------

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.quiet:
            return func(*args, **kwargs)
        name, whole = function_name(func)
        every = [*_tensors(args), *_tensors(kwargs)]
        depends = any(id(tensor) in self.known or id(tensor) in self.recorder.parameters for tensor in every)
        if name in LOOKING and any(id(tensor) in self.known for tensor in every):
            raise ImportRefused(
                f"{_where()}: Python looks at the numbers in a tensor ({whole}); what a drawing computes cannot depend "
                "on them."
            )
        if name in RANDOM:
            raise ImportRefused(f"{_where()}: {whole} draws random numbers, for which there is no layer.")
        if name == "__iter__" and depends:
            return iter(torch.unbind(*args))
        if not depends or name in WITHOUT or name in ANEW:
            result = func(*args, **kwargs)
            if name in PARTS and isinstance(result, torch.Tensor):
                self._note_origin(args[0], result)
            return result
        with self._quietly():
            taken = self._taken(args), self._taken(kwargs)
            result = self._apart(func, args, kwargs) if "dropout" in name else func(*args, **kwargs)
            made = args[0] if name == "__setitem__" else result
            if any(True for _ in _tensors(made)):
                calls, learns = tuple(self.calls), torch.is_grad_enabled()
                self._add(Event(name, *taken, None, calls, _where(), whole=whole, learns=learns), made)
        return result

    def _apart(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call; as a tensor of its own where it is the one that was given, untouched.

        So does a dropout in evaluation: but what is done with its result afterwards is not done with what it was given.
        """
        before = [(tensor, tensor._version) for tensor in _tensors((*args, kwargs))]
        result = func(*args, **kwargs)
        if any(result is tensor and tensor._version == version for tensor, version in before):
            return result.view_as(result)
        return result

    def _note_origin(self, whole: Any, part: torch.Tensor) -> None:
        """Remember which buffer a tensor is a part of: it is called like it."""
        origin = self.recorder.buffers.get(id(whole)) or self.origins.get(id(whole))
        if origin is not None:
            self.origins[id(part)] = origin
            self.kept.append(part)

    # -- values ------------------------------------------------------------------------------------------------------

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """What torch does in here is no part of the recording."""
        self.quiet, self.stale = True, False
        try:
            yield
        finally:
            self.quiet = False

    def _add(self, event: Event, result: Any) -> None:
        if self.stale:
            raise ImportRefused(
                f"{event.where}: a tensor is used that was written to in place through another view of it; make a copy "
                "of it (clone) before."
            )
        if len(self.taken.events) >= MOST_EVENTS:
            raise ImportRefused(f"it does more than {MOST_EVENTS:,} steps, which is more than a drawing holds.")
        self.taken.events.append(replace(event, result=self._bound(result)))

    def _bind(self, tensor: torch.Tensor) -> Value:
        self.numbers += 1
        value = Value(self.numbers, tuple(tensor.shape), tensor.dtype)
        self.known[id(tensor)] = (value, tensor._version)
        self.kept.append(tensor)
        return value

    def _bound(self, result: Any) -> Any:
        """What a function gave, with new Values for its tensors."""
        if isinstance(result, torch.Tensor):
            return self._bind(result)
        if isinstance(result, (list, tuple)):
            return tuple(self._bound(item) for item in result)
        if isinstance(result, Mapping):
            return {key: self._bound(item) for key, item in result.items()}
        return result

    def _depends(self, taken: Any) -> bool:
        if isinstance(taken, (Value, Weight, nn.Parameter)):
            return True
        if isinstance(taken, Mapping):
            return any(map(self._depends, taken.values()))
        return isinstance(taken, (list, tuple)) and any(map(self._depends, taken))

    def _taken(self, argument: Any) -> Any:
        """What a function is called with, with Value, Weight or Fixed for each tensor."""
        if isinstance(argument, torch.Tensor):
            return self._tensor(argument)
        if isinstance(argument, torch.Size):
            return tuple(argument)
        if isinstance(argument, (list, tuple)):
            return tuple(self._taken(item) for item in argument)
        if isinstance(argument, Mapping):
            return {key: self._taken(item) for key, item in argument.items()}
        if isinstance(argument, slice):
            return slice(*(self._taken(part) for part in (argument.start, argument.stop, argument.step)))
        return argument

    def _tensor(self, tensor: torch.Tensor) -> Value | Weight | Fixed:
        if id(tensor) in self.known:
            value, version = self.known[id(tensor)]
            self.stale = self.stale or tensor._version != version
            return value
        name = self.recorder.parameters.get(id(tensor))
        if name is not None and isinstance(tensor, nn.Parameter):
            return Weight(name, tensor)
        key = (id(tensor), tensor._version)
        if key not in self.fixed:
            self.kept.append(tensor)
            name, origin = self.recorder.buffers.get(id(tensor), ""), self.origins.get(id(tensor), "")
            self.fixed[key] = Fixed(tensor.detach().clone(), name, origin or name)
        return self.fixed[key]

    def _outcome(self, output: Any) -> Any:
        """What the whole gave, as it is, with a Value for each tensor."""
        if isinstance(output, torch.Tensor):
            return self._tensor(output)
        if isinstance(output, Mapping):
            return {str(key): self._outcome(item) for key, item in output.items()}
        if isinstance(output, (list, tuple)):
            names = getattr(output, "_fields", None)
            if names:
                return {name: self._outcome(item) for name, item in zip(names, output, strict=True)}
            return tuple(self._outcome(item) for item in output)
        if hasattr(output, "__dataclass_fields__"):
            return {name: self._outcome(getattr(output, name)) for name in output.__dataclass_fields__}
        return None


def _tensors(argument: Any) -> Iterator[torch.Tensor]:
    if isinstance(argument, torch.Tensor):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for item in argument:
            yield from _tensors(item)
    elif isinstance(argument, Mapping):
        for item in argument.values():
            yield from _tensors(item)
    elif isinstance(argument, slice):
        yield from _tensors((argument.start, argument.stop, argument.step))


def _all_names(module: nn.Module) -> dict[int, list[str]]:
    """The full names of all modules by id; a module may have several."""
    found: dict[int, list[str]] = {}
    for name, inner in module.named_modules(remove_duplicate=False):
        found.setdefault(id(inner), []).append(name)
    return found


_OWN = (str(Path(torch.__file__).parent), str(Path(__file__).parent))


def _where() -> str:
    """The file and the line of the model's code that is being run."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OWN) and not file.startswith("<"):
            return f"{Path(file).name}, line {frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return "the model"
