"""Report: what is known of a drawing before it is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.problems import Problem, errors


@dataclass(frozen=True)
class NodeReport:
    """What is known of one node: the type at each input and output port (None: not known), and its own parameters.

    The Output has what it receives as its output.
    """

    inputs: tuple[TensorType | None, ...] = ()
    outputs: tuple[TensorType | None, ...] = ()
    parameters: int = 0
    summary: str = ""

    @property
    def output(self) -> TensorType | None:
        """The type at the first output port."""
        return self.outputs[0] if self.outputs else None


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Attributes:
        nodes: by path: `n3`, and `n3/n5` for the node n5 in the block n3.
        problems: all of them, the errors first; each names the path of its node.
        parameters: how many numbers the network has that are trained or frozen, each counted once.
        orders: by the path of a block with a slash behind it (empty: the whole drawing) the ids of the nodes that lead
            to an output, in the order of computation.
        trainable: how many of the parameters are not frozen.
    """

    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    parameters: int = 0
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trainable: int = 0

    @property
    def order(self) -> tuple[str, ...]:
        """The ids of the outermost nodes that lead to an Output, in the order of computation."""
        return self.orders.get("", ())

    @property
    def errors(self) -> list[Problem]:
        return errors(self.problems)

    @property
    def ready(self) -> bool:
        """Whether the project can be trained."""
        return not self.errors

    def at(self, path: str) -> list[Problem]:
        """The problems at one node."""
        return self._by_node.get(path, [])

    def within(self, path: str) -> list[Problem]:
        """The problems at one node and at those in it."""
        inside = f"{path}/"
        return [problem for problem in self.problems if problem.node == path or (problem.node or "").startswith(inside)]

    def level(self, inside: Iterable[str]) -> Report:
        """The same for the drawing in a block, as if it were all there is: with ids in place of paths.

        What is wrong in a block of it is wrong with that block; what concerns no node is left out inside.
        """
        before = "".join(f"{block}/" for block in inside)
        problems = []
        for problem in self.problems:
            if problem.node is None:
                problems += [] if before else [problem]
            elif problem.node.startswith(before):
                problems.append(replace(problem, node=problem.node[len(before) :].partition("/")[0]))
        return Report(
            _below(self.nodes, before), tuple(problems), self.parameters, _below(self.orders, before), self.trainable
        )

    @cached_property
    def _by_node(self) -> dict[str | None, list[Problem]]:
        found: dict[str | None, list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(problem.node, []).append(problem)
        return found


def _below(values: Mapping[str, Any], before: str) -> Mapping[str, Any]:
    """What is kept under paths that begin so, under the rest of them."""
    if not before:
        return values
    return {path[len(before) :]: value for path, value in values.items() if path.startswith(before)}


class GraphError(ValueError):
    """A drawing that cannot be compiled; `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems[0].message if problems else "The drawing cannot be compiled.")
