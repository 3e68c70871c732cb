"""Ports: what the inspector says of the ports of a node that has several, or that is a block."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from nnstudio.core.blocks import Block
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Facts, column, heading


class Ports(QWidget):
    """What each port is called, what flows there, and where from or where to."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        rows = column(self)
        self._headings = heading("Inputs"), heading("Outputs")
        self.inputs, self.outputs = Facts(), Facts()
        for words, facts in zip(self._headings, (self.inputs, self.outputs), strict=True):
            rows.addWidget(words)
            rows.addWidget(facts)

    def renew(self, node_id: str) -> None:
        """Show the ports of this node."""
        graph, report = self.document.graph, self.document.report_of(node_id)
        layer = graph.nodes[node_id].layer
        several = len(layer.input_ports) > 1 or len(layer.output_ports) > 1 or isinstance(layer, Block)
        self.setVisible(several)
        if not several:
            return
        sources = {edge.target_port: graph.nodes[edge.source].title for edge in graph.into(node_id)}
        into = [
            (
                port.words,
                _words(_at(report.inputs, place), "from", [sources[port.name]])
                if port.name in sources
                else _unwired(port),
            )
            for place, port in enumerate(layer.input_ports)
        ]
        targets: dict[str, list[str]] = {}
        for edge in graph.out_of(node_id):
            targets.setdefault(edge.source_port, []).append(graph.nodes[edge.target].title)
        out = [
            (port.words, _words(_at(report.outputs, place), "to", targets.get(port.name, [])))
            for place, port in enumerate(layer.output_ports)
        ]
        self.inputs.renew(into)
        self.outputs.renew(out)
        self._headings[0].setVisible(bool(into))
        self._headings[1].setVisible(bool(out))


def _at(types: tuple[TensorType | None, ...], place: int) -> TensorType | None:
    return types[place] if place < len(types) else None


def _words(kind: TensorType | None, way: str, others: list[str]) -> str:
    shape = kind.text.replace("[B", "[batch", 1) if kind is not None else ""
    where = f"{way} {', '.join(others)}" if others else "not used"
    return f"{shape}  {where}".strip()


def _unwired(port: Port) -> str:
    return "may be left open" if port.optional else "needs a wire"
