"""Sizes: which axes of the inputs may have any size, and what every size in the network is then.

The network is run once on tensors without numbers whose sizes are symbols (torch's own symbolic shapes, those of
torch.export). Each node says with it what it needs: where a layer was made for one size, that symbol becomes a number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import sympy
import torch
from torch import fx
from torch._dispatch.python import enable_python_dispatcher
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.utils._sympy.functions import FloorDiv

from nnstudio.core.blocks import boundary
from nnstudio.core.data import TensorType
from nnstudio.engine.network import Network

# What the axes of a row are called, by their number.
_NAMES = {1: ("F",), 2: ("T", "F"), 3: ("C", "H", "W"), 4: ("C", "D", "H", "W")}
_BATCH = 7  # rows of the run: 0 and 1 are cases of their own in torch
_WINDOW = 129  # how far above an axis's own size others are tried


@dataclass(frozen=True)
class Axis:
    """One axis of an Input.

    Attributes:
        node: the id of the Input; place: which of the axes of a row, from 0.
        name: what it is called in the sizes; size: what it is now.
        fixed_by: the path of the node that needs this very size; empty where there are others.
        least, most: the least and the greatest size that it can have while the other axes are as they are; None where
            there is no greatest one. A size that leaves one number of an axis somewhere inside is a case of its own
            for torch, and is not promised.
        multiple: what it must be a multiple of; 1 where it may be anything from `least` on.
        some: whether only some sizes will do, of which no such rule was found.
        same_as: the name of the axis whose size it must have, where there is such a one.
    """

    node: str
    place: int
    name: str
    size: int
    fixed_by: str = ""
    least: int = 1
    most: int | None = None
    multiple: int = 1
    some: bool = False
    same_as: str = ""

    @property
    def free(self) -> bool:
        return not self.fixed_by

    def words(self, title: str = "") -> str:
        """What it may be, in words; `title` is that of the node by which it is fixed."""
        if self.fixed_by:
            return f"only {self.size}" + (f", because of {title}" if title else "")
        if self.same_as:
            return f"as {self.same_as}"
        if self.some:
            return f"only some sizes, among them {self.size}"
        kind = f"any multiple of {self.multiple}" if self.multiple > 1 else "any size"
        if self.most is not None:
            return f"{kind} from {self.least} to {self.most}"
        return f"{kind} from {self.least} on" if self.least > self.multiple else kind


@dataclass(frozen=True)
class Sizes:
    """What can be said for every size of the inputs.

    Attributes:
        axes: those of all Inputs, without the batch.
        nodes: by path, the sizes of what leaves a node, the batch among them: ("B", "64", "(H - 1)//2").
        refused: the path of a node that does not work unless all sizes are known, and torch's words; else both empty.
    """

    axes: tuple[Axis, ...] = ()
    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: tuple[str, str] = ("", "")

    def text(self, path: str) -> str:
        """The sizes at a node as they are written elsewhere: [B, 64, H, W]."""
        return f"[{', '.join(self.nodes[path])}]" if path in self.nodes else ""


def free_sizes(network: Network, types: tuple[TensorType, ...]) -> Sizes:
    """The sizes of a network whose Inputs get rows of these types, in the order of its arguments."""
    inputs = [node.id for node in boundary(network.drawing, "input")]
    mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    was_training = network.training
    try:
        with _quiet(), torch.no_grad():
            tensors = [_symbolic(mode, kind) for kind in types]
            with mode, enable_python_dispatcher():  # without it, torch resizes images of known sizes alone
                return _Walk(network.eval(), mode.shape_env, tensors, types, inputs).sizes()
    finally:
        network.train(was_training)


def _symbolic(mode: FakeTensorMode, kind: TensorType) -> torch.Tensor:
    sizes = kind.sizes(_BATCH)
    axes = [DimDynamic.DYNAMIC if size > 1 else DimDynamic.STATIC for size in sizes]
    tensor = torch.empty(sizes, dtype=getattr(torch, kind.dtype))
    found: torch.Tensor = mode.from_tensor(tensor, symbolic_context=StatelessSymbolicContext(dynamic_sizes=axes))
    return found


class _Walk:
    """The run through the network, and what each node made known."""

    def __init__(
        self,
        network: Network,
        shapes: Any,
        tensors: list[torch.Tensor],
        types: tuple[TensorType, ...],
        inputs: list[str],
    ) -> None:
        self.network, self.shapes, self.tensors = network, shapes, tensors
        self.last = inputs[0] if inputs else ""
        self.axes: dict[sympy.Symbol, Axis] = {}
        self.rest: list[Axis] = []  # those of size 1, which torch takes for something else than a size
        self.names: dict[sympy.Symbol, str] = {}
        self.blame: dict[sympy.Symbol, str] = {}  # the path of the first node that needs something of it
        self.seen = 0  # how many of torch's guards were looked at
        for node_id, tensor, kind in zip(inputs, tensors, types, strict=True):
            self._name(node_id, tensor, kind)

    def _name(self, node_id: str, tensor: torch.Tensor, kind: TensorType) -> None:
        count = len(kind.shape)
        wanted = _NAMES.get(count, tuple(f"N{place + 1}" for place in range(count)))
        if isinstance(tensor.shape[0], torch.SymInt):
            self.names[tensor.shape[0].node.expr] = "B"
            torch._check(tensor.shape[0] == self.tensors[0].shape[0])  # the rows of all inputs belong together
        for place, size in enumerate(tensor.shape[1:]):
            name, number = wanted[place], 2
            while name in self.names.values():
                name, number = f"{wanted[place]}{number}", number + 1
            axis = Axis(node_id, place, name, kind.shape[place])
            if isinstance(size, torch.SymInt):
                self.names[size.node.expr], self.axes[size.node.expr] = name, axis
            else:
                self.rest.append(replace(axis, fixed_by=node_id))

    def sizes(self) -> Sizes:
        values: dict[str, torch.Tensor] = {}
        refused = ("", "")
        paths: dict[str, list[str]] = {}
        for path, name in self.network.places.items():
            paths.setdefault(name, []).append(path)

        def note(node: fx.Node, value: Any) -> None:
            here = paths.get(node.name, [])
            self.last = str(node.meta.get("node", self.last))
            if isinstance(value, torch.Tensor):
                values.update(dict.fromkeys(here, value))
            self._look()

        try:
            _Run(self.network, note).run(*self.tensors)
        except Exception as error:  # torch says it with many classes
            refused = (self.last, str(error).strip().split("\n")[0])
        nodes = {path: tuple(map(self._text, value.shape)) for path, value in values.items()}
        axes = [*self.rest, *(self._judged(symbol) for symbol in self.axes)]
        places = {node.id: place for place, node in enumerate(boundary(self.network.drawing, "input"))}
        axes.sort(key=lambda axis: (places[axis.node], axis.place))
        return Sizes(tuple(axes), nodes, refused)

    def _look(self) -> None:
        """What the node that was just computed needs of the sizes."""
        guards = self.shapes.guards
        for guard in guards[self.seen :]:
            if isinstance(guard.expr, sympy.Eq):
                for symbol in guard.expr.free_symbols:
                    self.blame.setdefault(symbol, self.last)
        self.seen = len(guards)

    def _judged(self, symbol: sympy.Symbol) -> Axis:
        """The axis with what all nodes together need of it."""
        axis, now = self.axes[symbol], self.shapes.replace(symbol)
        if now.is_number:
            return replace(axis, fixed_by=self.blame.get(symbol, axis.node))
        if now in self.names and now != symbol:
            return replace(axis, same_as=self.names[now])
        fitting = self._fitting(symbol, axis.size)
        others = [size for size in fitting if size != axis.size]
        if not others:
            return replace(axis, fixed_by=self.blame.get(symbol, axis.node))
        low, high = fitting[0], fitting[-1]
        for multiple in (1, *sorted({size - low for size in fitting[1:3]})):
            if fitting == [size for size in range(low, high + 1) if size % multiple == 0] and low % multiple == 0:
                most = None if high > axis.size + _WINDOW - 1 - multiple else high
                return replace(axis, least=1 if low <= 2 else low, most=most, multiple=multiple)
        return replace(axis, least=low, some=True)

    def _fitting(self, symbol: sympy.Symbol, size: int) -> list[int]:
        """The sizes that an axis can have while the others are as they are, among those near its own."""
        values = {other: self.axes[other].size if other in self.axes else _BATCH for other in self.names}
        conditions = set()
        for guard in self.shapes.guards:
            if isinstance(guard.expr, sympy.Ne) or symbol not in guard.expr.free_symbols:
                continue  # that a size is not 1 is torch's own affair
            known = {other: values[other] for other in guard.expr.free_symbols if other != symbol and other in values}
            conditions.add(self.shapes.replace(guard.expr).xreplace(known))
        known_range = self.shapes.var_to_range.get(symbol)
        first = max(2, int(known_range.lower)) if known_range is not None else 2
        return [
            number
            for number in range(min(first, size), size + _WINDOW)
            if all(condition.xreplace({symbol: sympy.Integer(number)}) == sympy.true for condition in conditions)
        ]

    def _text(self, size: Any) -> str:
        if isinstance(size, int):
            return str(size)
        return written(self.shapes.simplify(self.shapes.replace(size.node.expr)), self.names)


class _Run(fx.Interpreter):
    """The forward, value by value, so that it is known which one is made."""

    def __init__(self, network: Network, note: Callable[[fx.Node, Any], None]) -> None:
        super().__init__(network, graph=network.code_graph)
        self.note = note

    def run_node(self, node: fx.Node) -> Any:
        value = super().run_node(node)
        self.note(node, value)
        return value


def written(expression: Any, names: Mapping[Any, str]) -> str:
    """A size as a person writes it: (H - 1)//2 for ((H - 3)//2) + 1."""
    return _words(_merged(sympy.factor(expression)), names)[0]


def _merged(expression: Any) -> Any:
    """The same with fewer steps: a//b + c is (a + b c)//b, and (a//b)//c is a//(b c), for whole b and c above 0."""
    if not expression.args:
        return expression
    parts = [_merged(part) for part in expression.args]
    if isinstance(expression, FloorDiv):
        base, divisor = parts
        if isinstance(base, FloorDiv) and base.args[1].is_Integer and divisor.is_Integer:
            base, divisor = base.args[0], base.args[1] * divisor
        return FloorDiv(base, divisor)
    if isinstance(expression, sympy.Add):
        divided = [part for part in parts if isinstance(part, FloorDiv) and part.args[1].is_Integer]
        rest = [part for part in parts if part not in divided]
        if len(divided) == 1 and all(part.is_Integer for part in rest):
            base, divisor = divided[0].args
            whole = FloorDiv(base + divisor * sum(rest), divisor)
            return _merged(whole) if isinstance(whole, FloorDiv) and rest else expression.func(*parts)
    return expression.func(*parts)


def _words(expression: Any, names: Mapping[Any, str]) -> tuple[str, int]:
    """The text, and how tightly it holds together: 0 a sum, 1 a product, 2 a name or a number."""
    if expression in names:
        return names[expression], 2
    if expression.is_Integer:
        return str(expression), 2 if expression >= 0 else 0

    def inside(part: Any, tight: int) -> str:
        words, own = _words(part, names)
        return words if own >= tight else f"({words})"

    if isinstance(expression, FloorDiv):
        return f"{inside(expression.args[0], 1)}//{inside(expression.args[1], 2)}", 1
    if isinstance(expression, sympy.Add):
        terms = sorted(expression.args, key=lambda term: (term.is_number, str(term)))
        words = inside(terms[0], 0)
        for term in terms[1:]:
            negative = term.could_extract_minus_sign()
            words += f" - {inside(-term, 1)}" if negative else f" + {inside(term, 1)}"
        return words, 0
    if isinstance(expression, sympy.Mul):
        numbers = sorted(expression.args, key=lambda part: (not part.is_number, str(part)))
        quotients = [isinstance(part, FloorDiv) for part in numbers]
        return "*".join(
            inside(part, 2 if quotient else 1) for part, quotient in zip(numbers, quotients, strict=True)
        ), 1
    if isinstance(expression, (sympy.Max, sympy.Min)):
        return (
            f"{type(expression).__name__.lower()}({', '.join(_words(part, names)[0] for part in expression.args)})",
            2,
        )
    return str(expression.xreplace({symbol: sympy.Symbol(name) for symbol, name in names.items()})), 0


@contextmanager
def _quiet() -> Iterator[None]:
    """torch logs each symbol that becomes a number; here that is a result, not news."""
    logger = logging.getLogger("torch")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
