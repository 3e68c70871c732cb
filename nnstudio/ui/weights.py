"""Whose weights: which parameters a drawn node has, and which other nodes could lend it theirs."""

from __future__ import annotations

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Node, id_order
from nnstudio.core.kinds import Missing, Shape
from nnstudio.engine.compiler import NodeReport
from nnstudio.engine.evaluate import evaluate
from nnstudio.ui.document import Document

# A parameter of another node: the id of the node, and what it is called there.
Owner = tuple[str, str]


def has_weights(document: Document, node: Node) -> bool:
    """Whether a layer has weights, as far as it is known."""
    return isinstance(node.layer, Block) or bool(parameters_of(node, document.report_of(node.id)))


def owners_of_weights(document: Document, node: Node) -> list[str]:
    """The nodes whose weights this one could use: of the same kind, and fit for what comes in here."""
    inputs = document.report_of(node.id).inputs
    found = []
    for other in sorted(document.graph.nodes.values(), key=lambda other: id_order(other.id)):
        if other.id == node.id or other.shares or type(other.layer) is not type(node.layer):
            continue
        if other.id == node.shares:
            found.append(other.id)
        elif isinstance(node.layer, Block):
            if isinstance(other.layer, Block) and other.layer.name == node.layer.name:
                found.append(other.id)
        elif not isinstance(node.layer, Missing):
            theirs = parameters_of(other, document.report_of(other.id))
            here = all(kind is not None for kind in inputs) and evaluate(other.layer, inputs).parameters
            if theirs and dict(here or {}) == theirs:
                found.append(other.id)
    return found


def parameters_of(node: Node, report: NodeReport) -> dict[str, Shape]:
    """The shapes of the parameters of a layer by name; nothing for a block, or where they are not known."""
    optional = [port.optional for port in node.layer.input_ports]
    unknown = any(kind is None and not free for kind, free in zip(report.inputs, optional, strict=False))
    if isinstance(node.layer, (Block, Missing)) or len(report.inputs) != len(optional) or unknown:
        return {}
    return dict(evaluate(node.layer, report.inputs).parameters)


def owners_for(document: Document, node: Node, shapes: dict[str, Shape]) -> dict[str, list[tuple[Owner, str]]]:
    """For each parameter those of other nodes that it could be: of the same shape, and not its own by another way."""
    graph = document.graph
    found: dict[str, list[tuple[Owner, str]]] = {name: [] for name in shapes}
    for other in sorted(graph.nodes.values(), key=lambda other: id_order(other.id)) if shapes else ():
        if other.id == node.id or other.shares or other.layer.role != "layer":
            continue
        for its, shape in parameters_of(other, document.report_of(other.id)).items():
            for name, mine in shapes.items():
                if mine == shape and (graph.held_by(other.id, its) or ("", ""))[0] != node.id:
                    found[name].append(((other.id, its), f"{its} of {other.title}"))
    return found
