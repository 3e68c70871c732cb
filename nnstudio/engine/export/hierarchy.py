"""Where in the drawing each operation of an exported program comes from, written as other programs read it.

torch notes for each operation the modules that were being called. A drawing's blocks are no such calls, and neither are
its operations, so the program is recorded while every drawn node is called as a module, and the notes are then put in
the words of the drawing: `encoder`, `encoder.0`, `encoder.0.sum`.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn

from nnstudio.core.blocks import Block
from nnstudio.core.graph import module_names
from nnstudio.engine.network import Network

_CALLS = ("call_function", "call_method", "call_module")
_MARK = "drawn_at_"

Stack = list[tuple[str, str]]


def recorded(network: Network) -> tuple[nn.Module, dict[str, str]]:
    """The network as a module whose calls name the drawn nodes, and the path of each such name."""
    owners = _owners(network.code_graph)
    marks = {path: f"{_MARK}{number}" for number, path in enumerate(dict.fromkeys(owners.values()))}
    copied = copy.copy(network)
    copied._modules = dict(network._modules)
    for mark in marks.values():
        copied.add_module(mark, _Mark())

    def forward(self: nn.Module, *rows: torch.Tensor) -> Any:
        return _Recorder(self, network.code_graph, {node: marks[path] for node, path in owners.items()}).run(*rows)

    names = ["self", *(str(node.target) for node in network.code_graph.nodes if node.op == "placeholder")]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    forward.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    copied.__class__ = type("Network", (Network,), {"forward": forward})
    return copied, {mark: path for path, mark in marks.items()}


def write_stacks(program: torch.export.ExportedProgram, network: Network, paths: dict[str, str]) -> None:
    """Replace the notes in a program that was made from a recorded network."""
    stacks: dict[str, Stack] = {}
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of this computer
        calls = [name for name, _ in (node.meta.get("nn_module_stack") or {}).values()]
        path = next((paths[name] for name in calls if name in paths), None)
        if path is None:
            continue
        if path not in stacks:
            stacks[path] = stack_of(network, path)
        node.meta["nn_module_stack"] = {
            f"L{place}_{name}": (name, kind) for place, (name, kind) in enumerate(stacks[path])
        }


def stack_of(network: Network, path: str) -> Stack:
    """The modules around a drawn node, and the node itself: (full name, class), the whole first."""
    graph, prefix = network.drawing, ""
    stack: Stack = [("", "nnstudio.Network")]
    for part in path.split("/"):
        node_id, _, number = part.partition("#")
        node = graph.nodes[node_id]
        name = f"{prefix}{module_names(graph, inside=bool(prefix))[node.shares or node_id]}"
        layer = node.layer
        if isinstance(layer, Block):
            again = ""
            if layer.repeat > 1 and not layer.shared:
                name += f".{number or 0}"
            elif number:
                again = f"@{number}"
            stack.append((name + again, f"nnstudio.blocks.{layer.name}"))
            graph, prefix = layer.graph, f"{name}."
        else:
            made = type(layer).torch_class
            stack.append(
                (name, f"{made.__module__}.{made.__qualname__}" if made else f"nnstudio.{type(layer).__name__}")
            )
    return stack


class _Mark(nn.Module):
    """Stands for a drawn node while the network is recorded."""

    work: Callable[[], Any]

    def forward(self) -> Any:
        return self.work()


class _Recorder(fx.Interpreter):
    """Runs the forward, each operation inside the call of the mark of its node."""

    def __init__(self, module: Any, graph: fx.Graph, marks: dict[fx.Node, str]) -> None:
        super().__init__(module, garbage_collect_values=False, graph=graph)
        self._marks = marks

    def run_node(self, n: fx.Node) -> Any:
        run = super().run_node
        if n not in self._marks:
            return run(n)
        mark = self.module.get_submodule(self._marks[n])
        assert isinstance(mark, _Mark)
        mark.work = lambda: run(n)
        return mark()


def _owners(graph: fx.Graph) -> dict[fx.Node, str]:
    """The path of the drawn node to which each operation belongs.

    Only the values of nodes are marked: what leads to one and is not marked itself belongs to it, and what is taken out
    of several values belongs to where they were made.
    """
    owners: dict[fx.Node, str] = {}
    waiting: list[fx.Node] = []
    for node in graph.nodes:
        if node.op not in _CALLS:
            continue
        waiting.append(node)
        if "node" in node.meta:
            owners |= dict.fromkeys(waiting, node.meta["node"])
            waiting = []
    for node in graph.nodes:
        if node.op in _CALLS and "node" not in node.meta and node.all_input_nodes:
            source = node.all_input_nodes[0]
            if len(source.users) > 1 and "node" not in source.meta and source in owners:
                owners[node] = owners[source]
    return owners
