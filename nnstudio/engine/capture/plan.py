"""A recorded graph as lines of a script, with a place in memory for every intermediate result.

A result is one of these:
  - fixed: a tensor that is there before the script runs and stays where it is: a parameter, a place that a kernel
    writes its result into (torch's `out=` form), a view of such a place, a constant;
  - local: a new tensor that a kernel without such a form returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from nnstudio.engine.capture.trace import NotCaptured

_aten = torch.ops.aten

# Kernels whose result depends on the sizes of their arguments alone, and how a place with it is made anew when a later
# kernel changes it.
_BLANK = {
    _aten.empty_like.default: "",
    _aten.empty.memory_format: "",
    _aten.new_empty.default: "",
    _aten.new_empty_strided.default: "",
    _aten.zeros_like.default: ".zero_()",
    _aten.zeros.default: ".zero_()",
    _aten.new_zeros.default: ".zero_()",
    _aten.ones_like.default: ".fill_(1)",
    _aten.ones.default: ".fill_(1)",
    _aten.new_ones.default: ".fill_(1)",
}
# What a kernel is made of, where only that has a form that writes where it is told: relu(x) is clamp_min(x, 0).
_MADE_OF = {_aten.relu.default: (_aten.clamp_min.default, (0,))}
_COPIES = (_aten.clone.default, _aten._to_copy.default)
# Nothing of what it gives back is new, although its schema does not say so.
_SAME = (_aten.detach.default, _aten.lift_fresh_copy.default, _aten.alias.default)


@dataclass
class Plan:
    """Lines of a script, and the tensors that they name: `t3` is the fourth of `fixed`.

    Attributes:
        lines: statements, without indentation.
        fixed: tensors that are there before.
    """

    lines: list[str] = field(default_factory=list)
    fixed: list[Tensor] = field(default_factory=list)

    def name(self, place: int | str) -> str:
        """What the lines call it."""
        return f"t{place}" if isinstance(place, int) else place

    def add(self, tensor: Tensor) -> int:
        """Take in a tensor that stays where it is; its number."""
        self.fixed.append(tensor)
        return len(self.fixed) - 1


class Planner:
    """Reads one graph and writes its lines into a plan."""

    def __init__(self, plan: Plan, graph: fx.GraphModule, prefix: str) -> None:
        self._plan, self._module, self._prefix = plan, graph, prefix
        self._places: dict[fx.Node, int | str | tuple[Any, ...]] = {}
        self._changed = _changed(graph.graph)
        self._locals = 0

    def write(self, given: Sequence[Tensor | str]) -> list[int | str]:
        """Write the lines for these arguments (a tensor that stays, or the name of a local); where the results are.

        Raises:
            NotCaptured: a kernel has an argument that a script cannot hold.
        """
        waiting = list(given)
        for node in self._module.graph.nodes:
            if node.op == "placeholder":
                argument = waiting.pop(0)
                self._places[node] = argument if isinstance(argument, str) else self._plan.add(argument)
            elif node.op == "get_attr":
                self._places[node] = self._plan.add(getattr(self._module, str(node.target)))
            elif node.op == "call_function":
                self._call(node)
            elif node.op == "output":
                results = torch.utils._pytree.tree_leaves(node.args[0])
                return [self._single(result) for result in results]
        raise NotCaptured("its step cannot be recorded: it gives nothing back")

    # -- one kernel ------------------------------------------------------------------------------------------------

    def _call(self, node: fx.Node) -> None:
        operator = node.target
        if getattr(operator, "__name__", "") == "getitem" and not isinstance(operator, torch._ops.OpOverload):
            parts = self._places[node.args[0]]  # type: ignore[index]
            assert isinstance(parts, tuple)
            self._places[node] = parts[node.args[1]]  # type: ignore[index]
            return
        if not isinstance(operator, torch._ops.OpOverload):
            raise NotCaptured(f"its step calls {operator}, which is no kernel of torch")
        inputs = list(node.all_input_nodes)
        still = all(isinstance(self._places[argument], int) for argument in inputs)
        writes = [a for a in operator._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
        views = any(r.alias_info is not None for r in operator._schema.returns) or operator in _SAME
        if operator in _BLANK:
            self._blank(node, operator)
        elif operator is _aten.full_like.default and not self._changed[node]:
            place = self._room(node.meta["val"])
            self._plan.fixed[place].fill_(node.args[1])  # type: ignore[arg-type]
            self._places[node] = place
        elif writes:
            self._in_place(node, operator)
        elif views and still:
            value = operator(*self._values(node.args), **self._values(node.kwargs))
            if isinstance(value, (list, tuple)):
                self._places[node] = tuple(self._plan.add(part) for part in value)
            else:
                self._places[node] = self._plan.add(value)
        elif operator in _SAME:
            self._places[node] = self._places[inputs[0]]
        elif views:
            self._new(node, operator)
        elif operator in _COPIES and isinstance(node.meta["val"], Tensor):
            place = self._room(node.meta["val"])
            self._plan.lines.append(f"t{place}.copy_({self._name(inputs[0])})")
            self._places[node] = place
        elif not inputs and torch.Tag.nondeterministic_seeded not in operator.tags and not self._changed[node]:
            # Made of numbers alone: the same in every step.
            self._places[node] = self._plan.add(operator(*node.args, **node.kwargs))
        elif self._is_times_one(node, operator):
            self._places[node] = self._places[node.args[0]]  # type: ignore[index]
        else:
            self._into_place(node, operator)

    def _blank(self, node: fx.Node, operator: Any) -> None:
        """A place that is filled with nothing, zeros or ones: made once, and again only where it is written over."""
        place = self._room(node.meta["val"])
        with torch.no_grad():
            if _BLANK[operator] == ".fill_(1)":
                self._plan.fixed[place].fill_(1)
            else:
                self._plan.fixed[place].zero_()
        self._places[node] = place
        if self._changed[node] and _BLANK[operator]:
            self._plan.lines.append(f"t{place}{_BLANK[operator]}")

    def _in_place(self, node: fx.Node, operator: Any) -> None:
        call = self._written(operator, node.args, node.kwargs)
        self._plan.lines.append(call)
        target = node.args[0]
        if not isinstance(target, fx.Node) or not operator._schema.arguments[0].alias_info:
            raise NotCaptured(f"its step calls {operator}, which changes more than one tensor")
        self._places[node] = self._places[target]

    def _is_times_one(self, node: fx.Node, operator: Any) -> bool:
        """A product with ones of the same shape and kind, as every gradient begins with: x · 1 is x to the last bit."""
        if operator is not _aten.mul.Tensor or not all(isinstance(a, fx.Node) for a in node.args):
            return False
        other: Any = node.args[1]
        same = node.meta["val"].shape == node.args[0].meta["val"].shape  # type: ignore[union-attr]
        ones = other.target is _aten.ones_like.default and not self._changed[other]
        return bool(same and ones and node.meta["val"].dtype == node.args[0].meta["val"].dtype)  # type: ignore[union-attr]

    def _into_place(self, node: fx.Node, operator: Any) -> None:
        """A kernel in its `out=` form where it has one of its own, else as it is."""
        made_of, more = _MADE_OF.get(operator, (operator, ()))
        found = _out_form(made_of)
        value = node.meta["val"]
        values = [value] if isinstance(value, Tensor) else list(value) if isinstance(value, (list, tuple)) else []
        if found is None or not all(isinstance(part, Tensor) for part in values):
            self._new(node, operator)
            return
        places = [self._room(part) for part in values]
        outs = {name: _Raw(f"t{place}") for name, place in zip(_out_names(found), places, strict=True)}
        self._plan.lines.append(self._written(found, (*node.args, *more), {**node.kwargs, **outs}))
        self._places[node] = places[0] if isinstance(value, Tensor) else tuple(places)

    def _new(self, node: fx.Node, operator: Any) -> None:
        call = self._written(operator, node.args, node.kwargs)
        value = node.meta["val"]
        if isinstance(value, (list, tuple)):
            if any(item.type.kind() == "ListType" for item in operator._schema.returns):
                name = self._local()
                self._plan.lines.append(f"{name} = {call}")
                self._places[node] = tuple(f"{name}[{place}]" for place in range(len(value)))
            else:
                names = tuple(self._local() for _ in value)
                self._plan.lines.append(f"{', '.join(names)} = {call}")
                self._places[node] = names
        elif isinstance(value, Tensor):
            name = self._local()
            self._plan.lines.append(f"{name} = {call}")
            self._places[node] = name
        else:
            raise NotCaptured(f"its step calls {operator}, which gives back no tensor")

    # -- places and names ------------------------------------------------------------------------------------------

    def _room(self, like: Tensor) -> int:
        return self._plan.add(torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=like.device))

    def _local(self) -> str:
        self._locals += 1
        return f"{self._prefix}{self._locals}"

    def _single(self, node: Any) -> int | str:
        place = self._places[node]
        assert not isinstance(place, tuple)
        return place

    def _name(self, node: fx.Node) -> str:
        return self._plan.name(self._single(node))

    def _values(self, written: Any) -> Any:
        """Arguments with the fixed tensors in place of the nodes."""
        return fx.node.map_arg(written, lambda node: self._plan.fixed[self._places[node]])  # type: ignore[index]

    def _written(self, operator: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        namespace, name = operator._schema.name.split("::")
        parts = [self._argument(value) for value in args]
        parts += [f"{key}={self._argument(value)}" for key, value in kwargs.items()]
        return f"torch.ops.{namespace}.{name}({', '.join(parts)})"

    def _argument(self, value: Any) -> str:
        if isinstance(value, _Raw):
            return value.text
        if isinstance(value, fx.Node):
            return self._name(value)
        if isinstance(value, (list, tuple)):
            return f"[{', '.join(map(self._argument, value))}]"
        if value is None or isinstance(value, (bool, int)):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if abs(value) < float("inf") else f'float("{value}")'
        if isinstance(value, str):
            return repr(value)
        if isinstance(value, torch.dtype):
            return str(_DTYPES[value])
        if isinstance(value, torch.layout) and value is torch.strided:
            return "0"
        if isinstance(value, torch.memory_format):
            return str(_FORMATS[value])
        if isinstance(value, torch.device) and value.type == "cpu":
            return 'torch.device("cpu")'
        raise NotCaptured(f"its step has an argument that a script cannot hold: {value}")


@dataclass(frozen=True)
class _Raw:
    text: str


# The numbers that torch's scripts have for them.
_DTYPES = {
    torch.uint8: 0,
    torch.int8: 1,
    torch.int16: 2,
    torch.int32: 3,
    torch.int64: 4,
    torch.float16: 5,
    torch.float32: 6,
    torch.float64: 7,
    torch.bool: 11,
    torch.bfloat16: 15,
}
_FORMATS = {torch.contiguous_format: 0, torch.preserve_format: 1, torch.channels_last: 2, torch.channels_last_3d: 3}


def _changed(graph: fx.Graph) -> dict[fx.Node, bool]:
    """Whether a later kernel writes into what a node gives, or into a view of it."""
    root: dict[fx.Node, fx.Node] = {}
    found: dict[fx.Node, bool] = {}
    for node in graph.nodes:
        root[node] = node
        found[node] = False
        if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
            if node.op == "call_function" and isinstance(node.args[0], fx.Node):
                root[node] = root[node.args[0]]
            continue
        schema = node.target._schema
        for place, argument in enumerate(schema.arguments):
            if argument.alias_info is None or place >= len(node.args) or not isinstance(node.args[place], fx.Node):
                continue
            source = root[node.args[place]]
            if argument.alias_info.is_write:
                found[source] = True
            root[node] = source
        if node.target in _SAME and isinstance(node.args[0], fx.Node):
            root[node] = root[node.args[0]]
    return {node: found[root[node]] for node in graph.nodes}


def _out_form(operator: Any) -> Any:
    """The overload that writes its results where it is told, if the processor has a kernel of its own for it.

    Others would compute into new memory and copy. A loss reduces within its place, and makes it larger for that.
    """
    schema = operator._schema
    if schema.name.endswith("_loss"):
        return None
    wanted = [(argument.name, str(argument.type)) for argument in schema.arguments]
    packet = operator._overloadpacket
    for name in packet.overloads():
        found = getattr(packet, name)
        arguments = found._schema.arguments
        outs = [argument for argument in arguments if argument.alias_info is not None and argument.alias_info.is_write]
        rest = [(argument.name, str(argument.type)) for argument in arguments if argument not in outs]
        if len(outs) == len(schema.returns) and all(out.is_out for out in outs) and rest == wanted:
            full = f"{found._schema.name}.{found._schema.overload_name}"
            if torch._C._dispatch_has_kernel_for_dispatch_key(full, "CPU"):
                return found
    return None


def _out_names(operator: Any) -> list[str]:
    return [argument.name for argument in operator._schema.arguments if argument.is_out]
