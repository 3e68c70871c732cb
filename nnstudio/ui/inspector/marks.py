"""Marks: what the inspector lets a person say of a node beside its settings: whether it learns, takes part, and how its
parameters begin or whose they are."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph, Node, id_order
from nnstudio.core.kinds import Initializer, Missing, Shape
from nnstudio.core.spec import Limits, Setting
from nnstudio.engine.compiler import NodeReport
from nnstudio.engine.evaluate import evaluate
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import Facts, column, heading
from nnstudio.ui.forms.fields import ChoiceField
from nnstudio.ui.forms.form import make_field

_FROZEN = Setting("frozen", bool, False, Limits("Whether its weights stay as they are while the others learn."))
_LEFT_OUT = Setting("bypassed", bool, False, Limits("Whether it is left out, as if it were a wire."))


class Marks(QWidget):
    """Frozen, left out, first values, ties; for a block, a button that goes in."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.node_id = ""
        self._made_for: Any = None
        rows = column(self)
        self.enter = QPushButton("Go into the block")
        self.enter.setObjectName("enter_block")
        self.enter.setToolTip("Shows the drawing in it.  Ctrl+Down")
        self.enter.clicked.connect(self._enter)
        rows.addWidget(self.enter, 0, Qt.AlignmentFlag.AlignLeft)
        self.heading = heading("In the network")
        rows.addWidget(self.heading)
        self.form = Form([_FROZEN, _LEFT_OUT])
        self.form.edited.connect(self._mark)
        rows.addWidget(self.form)
        self.facts = Facts()
        rows.addWidget(self.facts)
        self.own_weights = QPushButton("Let it have its own weights")
        self.own_weights.setObjectName("own_weights")
        self.own_weights.clicked.connect(self._unshare)
        rows.addWidget(self.own_weights, 0, Qt.AlignmentFlag.AlignLeft)
        self.parameters_heading = heading("First values of its parameters")
        self.initial = Form()
        self.ties_heading = heading("Whose its parameters are")
        self.ties = Form()
        for part in (self.parameters_heading, self.initial, self.ties_heading, self.ties):
            rows.addWidget(part)

    def flush(self) -> None:
        """Offer what was typed and has not counted yet."""
        self.initial.flush()

    def renew(self, node_id: str) -> None:
        """Show what is said of this node."""
        self.node_id = node_id
        node = self.document.graph.nodes[node_id]
        layer = node.layer.role == "layer"
        self.setVisible(layer)
        self.enter.setVisible(isinstance(node.layer, Block))
        if not layer:
            return
        shapes = parameters_of(node, self.document.report_of(node_id))
        has_weights = bool(shapes) or isinstance(node.layer, Block)
        self.form.fields["frozen"].setVisible(has_weights)
        self.form.renew({"frozen": node.frozen, "bypassed": node.bypassed})
        users = [i for i in self.document.graph.sharing(node_id) if i != node_id]
        titles = ", ".join(self.document.graph.nodes[i].title for i in users)
        self.facts.renew([("Shares weights with", titles)] if users else [])
        self.own_weights.setVisible(bool(node.shares))
        self._show_parameters(node, {} if node.shares else shapes)

    def _show_parameters(self, node: Node, shapes: dict[str, Shape]) -> None:
        others = tie_choices(self.document.graph, self.document, node, shapes)
        made_for = (node.id, tuple(shapes.items()), tuple((name, tuple(found)) for name, found in others.items()))
        if made_for != self._made_for:
            self._made_for = made_for
            self._refill(shapes, others)
        self.initial.renew({name: dict(node.initial).get(name) for name in shapes})
        tied = {name: (other, its) for name, other, its in node.ties}
        self.ties.renew({name: tied.get(name) for name in shapes})
        self.parameters_heading.setVisible(bool(shapes))
        self.ties_heading.setVisible(bool(self.ties.fields))

    def _refill(self, shapes: dict[str, Shape], others: dict[str, list[tuple[Any, str, str]]]) -> None:
        for form in (self.initial, self.ties):
            for field in form.fields.values():
                form.rows.removeWidget(field)
                field.hide()
                field.deleteLater()
            form.fields = {}
        for name, shape in shapes.items():
            size = " × ".join(map(str, shape)) or "1"
            words = f"How the first values of {name} ({size}) are drawn; in torch's own way unless it is said."
            field = self.initial.add(make_field(Setting(name, Initializer | None, None, Limits(words))))  # type: ignore[arg-type]
            field.edited.disconnect(self.initial.edited)
            field.edited.connect(self._initialise)
            field.show()  # a layout would show it only when it is done with all else
            if len(others[name]) > 1:
                tie = ChoiceField(Setting(name, str, None, Limits(f"Whose {name} it uses.")), others[name])
                tie._proper = lambda value: value  # type: ignore[method-assign]  # pairs, not text
                self.ties.add(tie)
                tie.edited.disconnect(self.ties.edited)
                tie.edited.connect(self._tie)
                tie.show()

    # -- edits -----------------------------------------------------------------------------------------------------

    def _mark(self, name: str, value: bool) -> None:
        graph, title = self.document.graph, self.document.graph.nodes[self.node_id].title
        if name == "frozen":
            self.document.edit_graph(
                f"{'Freeze' if value else 'Unfreeze'} {title}", graph.freeze([self.node_id], value)
            )
        else:
            words = f"{'Leave out' if value else 'Put back'} {title}"
            self.document.edit_graph(words, graph.bypass([self.node_id], value))

    def _initialise(self, name: str, value: Initializer | None) -> None:
        title = self.document.graph.nodes[self.node_id].title
        changed = self.document.graph.initialise(self.node_id, name, value)
        self.document.edit_graph(f"First values of {name} of {title}", changed, merge=f"{self.node_id}.{name}.first")

    def _tie(self, name: str, value: tuple[str, str] | None) -> None:
        graph, title = self.document.graph, self.document.graph.nodes[self.node_id].title
        changed = graph.untie(self.node_id, name) if value is None else graph.tie(self.node_id, name, *value)
        self.document.edit_graph(f"{'Untie' if value is None else 'Tie'} {name} of {title}", changed)

    def _unshare(self) -> None:
        title = self.document.graph.nodes[self.node_id].title
        self.document.edit_graph(f"Let {title} have its own weights", self.document.graph.unshare(self.node_id))

    def _enter(self) -> None:
        self.document.enter((*self.document.inside, self.node_id))


def parameters_of(node: Node, report: NodeReport) -> dict[str, Shape]:
    """The shapes of the parameters of a layer by name; nothing for a block, or where they are not known."""
    optional = [port.optional for port in node.layer.input_ports]
    unknown = any(kind is None and not free for kind, free in zip(report.inputs, optional, strict=False))
    if isinstance(node.layer, (Block, Missing)) or len(report.inputs) != len(optional) or unknown:
        return {}
    return dict(evaluate(node.layer, report.inputs).parameters)


def tie_choices(
    graph: Graph, document: Document, node: Node, shapes: dict[str, Shape]
) -> dict[str, list[tuple[Any, str, str]]]:
    """For each parameter those of other nodes that it could be, with its own first."""
    found: dict[str, list[tuple[Any, str, str]]] = {name: [(None, "its own", "")] for name in shapes}
    for other in sorted(graph.nodes.values(), key=lambda other: id_order(other.id)):
        if other.id == node.id or other.shares or other.layer.role != "layer":
            continue
        for its, shape in parameters_of(other, document.report_of(other.id)).items():
            for name, mine in shapes.items():
                if mine == shape and (graph.held_by(other.id, its) or ("", ""))[0] != node.id:
                    found[name].append(((other.id, its), f"{its} of {other.title}", ""))
    return found
