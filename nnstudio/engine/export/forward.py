"""The forward of a network as straight lines, from the same torch.fx graph that it runs.

    x = self.relu_1(x)
    hidden_2 = self.hidden_2(x)
    x = x + hidden_2

A value that is used only by the next step keeps the name of what went in; where the drawing branches, the values are
called after their nodes.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Mapping
from functools import cache
from typing import Any

from torch import fx

from nnstudio.engine.export.expressions import Inexpressible, literal, path_of

_OPERATORS = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.matmul: "@",
    operator.pow: "**",
    operator.gt: ">",
    operator.ge: ">=",
    operator.lt: "<",
    operator.le: "<=",
    operator.eq: "==",
    operator.ne: "!=",
    operator.and_: "&",
    operator.or_: "|",
    operator.xor: "^",
}
_TUPLES = ("split", "chunk", "unbind", "topk", "max", "min", "sort")  # methods that give a tuple
_SIGNS = {operator.neg: "-", operator.invert: "~"}


def forward_lines(graph: fx.Graph, names: Mapping[str, str]) -> list[str]:
    """The statements of `forward`. `names` gives the name of a drawn node's value, by the node's path."""
    nodes = _used(graph)
    place = {node: number for number, node in enumerate(nodes)}
    inlined = {node for node in nodes if _is_step_inside(node)}
    variables: dict[fx.Node, str] = {}
    lines: list[str] = []
    for node in nodes:
        if node in inlined or node in variables or _is_taken_apart_above(node):
            continue
        if node.op == "placeholder":
            variables[node] = str(node.target)
            continue
        if node.op == "output":
            lines.append(_return(node, variables, lines))
            continue
        if "loop" in node.meta:
            lines += _loop(node, variables, names, place, inlined)
            continue
        dying = [given for given in _needed(node, inlined) if _last_use(given, place, inlined) <= place[node]]
        if _pieces(node):
            made = expression(node, variables)
            used = [piece for piece in _leaves(node) if piece in place]
            for piece in used:
                alone = dying and len(used) == 1
                variables[piece] = variables[dying[0]] if alone else _piece_name(piece, names)
            lines.append(f"{_pattern(node, variables)} = {made}")
            continue
        name = variables[dying[0]] if dying else _name(node, names)
        lines.append(f"{name} = {expression(node, variables)}")
        variables[node] = name
    return lines


def _loop(
    node: fx.Node,
    variables: dict[fx.Node, str],
    names: Mapping[str, str],
    place: Mapping[fx.Node, int],
    inlined: set[fx.Node],
) -> list[str]:
    """A block that is done several times: what it gives goes in again, and the rest stays as it is."""
    pieces = _pieces(node) or [node]
    arguments = [variables[given] for given in node.args]  # type: ignore[index]
    lines = []
    for number, piece in enumerate(pieces):
        given = node.args[number]
        dies = _last_use(given, place, inlined) <= place[node]  # type: ignore[arg-type]
        if not dies or arguments.count(arguments[number]) > 1:
            name = _piece_name(piece, names) if len(pieces) > 1 else _name(node, names)
            lines.append(f"{name} = {arguments[number]}")
            arguments[number] = name
        variables[piece] = arguments[number]
    carried = ", ".join(arguments[: len(pieces)])
    times = node.meta["loop"]
    taken = {*names.values(), *variables.values()}
    part = next((word for word in ("block", "layer", "step") if word not in taken), "block_")
    while part in taken:
        part += "_"
    head = f"for _ in range({times}):" if times else f"for {part} in self{_way(str(node.target))}:"
    called = f"self{_way(str(node.target))}" if times else part
    return [*lines, head, f"    {carried} = {called}({', '.join(arguments)})"]


def _way(target: str) -> str:
    """From self to a module: .conv, or [0] in a list."""
    return "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in target.split("."))


def _return(node: fx.Node, variables: Mapping[fx.Node, str], lines: list[str]) -> str:
    """The last statement. What the one before it computes is returned at once, where that is all."""
    result = node.args[0]
    if isinstance(result, (tuple, list)):
        return f"return {', '.join(_value(part, variables) for part in result)}"
    assert isinstance(result, fx.Node)
    if result in variables and lines and lines[-1].startswith(f"{variables[result]} = "):
        return f"return {lines.pop().removeprefix(f'{variables[result]} = ')}"
    return f"return {_value(result, variables)}"


def _value(node: Any, variables: Mapping[fx.Node, str]) -> str:
    return variables[node] if node in variables else expression(node, variables)


def expression(node: fx.Node, variables: Mapping[fx.Node, str]) -> str:
    """The source of one value from the variables that it needs; steps that have no variable are written inside."""

    def written(value: Any) -> str:
        if isinstance(value, fx.Node):
            return variables[value] if value in variables else expression(value, variables)
        if isinstance(value, (tuple, list)):
            inside = ", ".join(map(written, value))
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
        if isinstance(value, slice):
            start, stop, step = ("" if p is None else written(p) for p in (value.start, value.stop, value.step))
            return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
        return "..." if value is ... else literal(value)

    def part(value: Any) -> str:
        """As an operand or before a dot: compound expressions in brackets."""
        compound = isinstance(value, fx.Node) and value not in variables and _is_compound(value)
        return f"({written(value)})" if compound or (isinstance(value, (int, float)) and value < 0) else written(value)

    left_out = _defaults(node.target) if node.op == "call_function" else {}
    keywords = [
        f"{name}={written(value)}"
        for name, value in node.kwargs.items()
        if not _is_same(value, left_out.get(name, node))
    ]
    if node.op == "call_module":
        return f"self{_way(str(node.target))}({', '.join([*map(written, node.args), *keywords])})"
    if node.op == "get_attr":
        return f"self{_way(str(node.target))}"
    if node.op == "call_method":
        return f"{part(node.args[0])}.{node.target}({', '.join([*map(written, node.args[1:]), *keywords])})"
    if node.op != "call_function":
        raise Inexpressible(f"a step of the kind {node.op}")
    if node.target in _OPERATORS and not keywords:
        left, right = node.args
        return f"{part(left)} {_OPERATORS[node.target]} {part(right)}"
    if node.target in _SIGNS:
        return f"{_SIGNS[node.target]}{part(node.args[0])}"
    if node.target is operator.getitem:
        chosen = node.args[1]
        inside = ", ".join(map(written, chosen)) if isinstance(chosen, tuple) else written(chosen)
        return f"{part(node.args[0])}[{inside}]"
    if node.target is getattr:
        return f"{part(node.args[0])}.{node.args[1]}"
    path = path_of(node.target)
    if path is None:
        raise Inexpressible(f"the function {getattr(node.target, '__name__', node.target)}")
    return f"{path}({', '.join([*map(written, node.args), *keywords])})"


def _used(graph: fx.Graph) -> list[fx.Node]:
    """What leads to the result, in the order of computation."""
    used: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op in ("output", "placeholder") or used.intersection(node.users):
            used.add(node)
    return [node for node in graph.nodes if node in used]


def _name(node: fx.Node, names: Mapping[str, str]) -> str:
    name = names.get(node.meta.get("node", ""))
    if name is None:
        name = node.name
        while name in names.values():
            name += "_"
    return name


def _pieces(node: fx.Node) -> list[fx.Node]:
    """What takes a tuple apart, in order, where it is taken apart whole; empty for a value that is no tuple.

    A piece may be a tuple itself, such as the two states of an LSTM; what leaves a drawn node is a tensor.
    """
    if "node" in node.meta or "port" in node.meta:
        return []
    if not (
        node.op == "call_module" or (node.op == "call_method" and node.target in _TUPLES) or _is_taken_apart_above(node)
    ):
        return []
    taken = {user.args[1]: user for user in node.users if user.target is operator.getitem and _is_number(user.args[1])}
    if len(taken) < max(2, len(node.users)) or set(taken) != set(range(len(taken))):
        return []
    return [taken[number] for number in range(len(taken))]


def _is_taken_apart_above(node: fx.Node) -> bool:
    """Whether it gets its name where the tuple that it is in is taken apart."""
    whole = node.args[0] if node.target is operator.getitem else None
    return isinstance(whole, fx.Node) and node in _pieces(whole)


def _leaves(node: fx.Node) -> list[fx.Node]:
    """The pieces, and those of the pieces that are tuples instead of these."""
    return [leaf for piece in _pieces(node) for leaf in (_leaves(piece) if _pieces(piece) else [piece])]


def _pattern(node: fx.Node, variables: Mapping[fx.Node, str]) -> str:
    """What stands to the left: `output, (_, cell)`."""
    parts = []
    for piece in _pieces(node):
        inside = any(leaf in variables for leaf in _leaves(piece))
        parts.append(f"({_pattern(piece, variables)})" if inside else variables.get(piece, "_"))
    return ", ".join(parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _piece_name(piece: fx.Node, names: Mapping[str, str]) -> str:
    """A name from those of the node and of the port, or of the node and a letter."""
    whole = piece.args[0]
    while isinstance(whole, fx.Node) and _is_taken_apart_above(whole):
        whole = whole.args[0]
    assert isinstance(whole, fx.Node)
    pieces = _leaves(whole)
    number = pieces.index(piece)
    letter = chr(ord("a") + number) if number < 26 else str(number)
    name = f"{names.get(pieces[0].meta.get('node', ''), 'part')}_{piece.meta.get('port') or letter}"
    while name in names.values():
        name += "_"
    return name


def _is_step_inside(node: fx.Node) -> bool:
    """Whether it needs no name: a parameter, or a step towards the value of a drawn node, used once."""
    if node.op == "get_attr":
        return True
    if _pieces(node) or "loop" in node.meta or _is_taken_apart_above(node):
        return False
    return node.op.startswith("call_") and "node" not in node.meta and len(node.users) == 1 and not _returned(node)


def _returned(node: fx.Node) -> bool:
    return any(user.op == "output" for user in node.users)


def _needed(node: fx.Node, inlined: set[fx.Node]) -> list[fx.Node]:
    """The named values that go into a node, those inside inlined steps too."""
    found: list[fx.Node] = []
    for given in node.all_input_nodes:
        found.extend(_needed(given, inlined) if given in inlined else [given])
    return found


def _last_use(node: fx.Node, place: Mapping[fx.Node, int], inlined: set[fx.Node]) -> int:
    last = -1
    for user in node.users:
        if user in inlined:
            last = max(last, _last_use(user, place, inlined))
        elif user in place:
            last = max(last, place[user])
    return last


def _is_compound(node: fx.Node) -> bool:
    return node.op == "call_function" and (node.target in _OPERATORS or node.target in _SIGNS)


@cache
def _defaults(function: Any) -> Mapping[str, Any]:
    """The defaults of a function's arguments; torch.fx notes them even where nobody gave them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a function of C
        return {}
    return {parameter.name: parameter.default for parameter in parameters}


def _is_same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and not isinstance(value, fx.Node) and bool(value == default)
