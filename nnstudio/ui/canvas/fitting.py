"""Fitting: which ports, and which layers, can take what a wire carries."""

from __future__ import annotations

from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import NodeReport, Report
from nnstudio.ui.canvas.geometry import Side
from nnstudio.ui.canvas.placing import leads_to

Ports = frozenset[tuple[Side, str]]
# A port of a node: the end of a wire.
End = tuple[str, Side, str]


def takes(layer: Layer, types: tuple[TensorType | None, ...]) -> bool:
    """Whether a layer has nothing against these inputs. What is not known is taken to fit."""
    if any(kind is None and not port.optional for kind, port in zip(types, layer.input_ports, strict=True)):
        return True
    complaints: list[Complaint] = list(layer.check(*types))  # type: ignore[arg-type]
    return all(complaint.severity != "error" for complaint in complaints)


def ports_for(graph: Graph, report: Report, end: End, without: Edge | None = None) -> dict[str, Ports]:
    """For every node the ports that can take the other end of a wire. `without` is a wire that is being moved."""
    node_id, side, name = end
    if without is not None:
        graph = graph.disconnect([without])
    circle = leads_to(graph, node_id, backwards=side == "output")
    found: dict[str, Ports] = {}
    for other_id, other in graph.nodes.items():
        if other_id in circle:
            continue
        if side == "output":
            names = [port.name for port in other.layer.input_ports]
            kind = carried(graph, report, end)
            found[other_id] = frozenset(("input", port) for port in names if _fits(graph, report, kind, other_id, port))
        else:
            kinds = {p.name: carried(graph, report, (other_id, "output", p.name)) for p in other.layer.output_ports}
            found[other_id] = frozenset(
                ("output", port) for port, kind in kinds.items() if _fits(graph, report, kind, node_id, name)
            )
    return {other_id: ports for other_id, ports in found.items() if ports}


def layers_for(graph: Graph, report: Report, end: End) -> set[str]:
    """The names of the layers that fit to the loose end of a wire."""
    side = end[1]
    found = set()
    kind = carried(graph, report, end)
    for layer_name, made in registered(Layer).items():
        layer: Layer = made()
        kinds = tuple(None if port.optional and place else kind for place, port in enumerate(layer.input_ports))
        if side == "output" and kinds and takes(layer, kinds):
            found.add(layer_name)
        if side == "input" and layer.output_ports:
            found.add(layer_name)
    return found


def carried(graph: Graph, report: Report, end: End) -> TensorType | None:
    """What flows at one end of a wire, if it is known."""
    node_id, side, name = end
    if side == "input" or node_id not in graph.nodes:
        return None
    names = [port.name for port in graph.nodes[node_id].layer.output_ports]
    known = report.nodes.get(node_id, NodeReport()).outputs
    place = names.index(name) if name in names else 0
    return known[place] if place < len(known) else None


def _fits(graph: Graph, report: Report, kind: TensorType | None, target_id: str, port: str) -> bool:
    layer = graph.nodes[target_id].layer
    known = report.nodes.get(target_id, NodeReport()).inputs
    names = [item.name for item in layer.input_ports]
    types = [kind if name == port else known[index] if index < len(known) else None for index, name in enumerate(names)]
    return takes(layer, tuple(types))
