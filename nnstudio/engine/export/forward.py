"""The forward of a network as straight lines, from the same torch.fx graph that it runs.

    x = self.relu_1(x)
    hidden_2 = self.hidden_2(x)
    x = x + hidden_2

A value that is used only by the next step keeps the name of what went in; where the drawing branches, the values are
called after their nodes.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
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
}


def forward_lines(graph: fx.Graph, names: Mapping[str, str]) -> list[str]:
    """The statements of `forward(self, x)`. `names` gives the name of a drawn node's value, by node id."""
    nodes = _used(graph)
    place = {node: number for number, node in enumerate(nodes)}
    inlined = {node for node in nodes if _is_step_inside(node)}
    variables: dict[fx.Node, str] = {}
    lines: list[str] = []
    for node in nodes:
        if node.op == "placeholder":
            variables[node] = "x"
            continue
        if node.op == "output":
            result = node.args[0]
            assert isinstance(result, fx.Node)
            last, value = variables[result], lines[-1] if lines else ""
            if value.startswith(f"{last} = "):
                lines[-1] = f"return {value.removeprefix(f'{last} = ')}"
            else:
                lines.append(f"return {last}")
            continue
        if node in inlined:
            continue
        dying = [given for given in _needed(node, inlined) if _last_use(given, place, inlined) <= place[node]]
        name = variables[dying[0]] if dying else _name(node, names)
        lines.append(f"{name} = {expression(node, variables)}")
        variables[node] = name
    return lines


def expression(node: fx.Node, variables: Mapping[fx.Node, str]) -> str:
    """The source of one value from the variables that it needs; steps that have no variable are written inside."""

    def written(value: Any) -> str:
        if isinstance(value, fx.Node):
            return variables[value] if value in variables else expression(value, variables)
        if isinstance(value, (tuple, list)):
            inside = ", ".join(map(written, value))
            return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
        if isinstance(value, slice):
            return _slice(value)
        return literal(value)

    def part(value: Any) -> str:
        """As an operand or before a dot: compound expressions in brackets."""
        compound = isinstance(value, fx.Node) and value not in variables and value.target in _OPERATORS
        return f"({written(value)})" if compound or (isinstance(value, (int, float)) and value < 0) else written(value)

    keywords = [f"{name}={written(value)}" for name, value in node.kwargs.items()]
    if node.op == "call_module":
        return f"self.{node.target}({', '.join([*map(written, node.args), *keywords])})"
    if node.op == "get_attr":
        return f"self.{node.target}"
    if node.op == "call_method":
        return f"{part(node.args[0])}.{node.target}({', '.join([*map(written, node.args[1:]), *keywords])})"
    if node.op != "call_function":
        raise Inexpressible(f"a step of the kind {node.op}")
    if node.target in _OPERATORS and not keywords:
        left, right = node.args
        return f"{part(left)} {_OPERATORS[node.target]} {part(right)}"
    if node.target is operator.neg:
        return f"-{part(node.args[0])}"
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


def _is_step_inside(node: fx.Node) -> bool:
    """Whether it is only a step towards the value of a drawn node, used once: then it needs no name."""
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


def _slice(value: slice) -> str:
    start, stop, step = ("" if part is None else literal(part) for part in (value.start, value.stop, value.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
