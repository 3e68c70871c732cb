"""Marks: what the inspector lets a person say of a node beside its settings: whether it learns, whether it takes part,
and whose weights it uses."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from nnstudio.core.blocks import Block
from nnstudio.core.spec import Limits, Setting
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import Facts, column, heading
from nnstudio.ui.forms.fields import ChoiceField
from nnstudio.ui.weights import has_weights, owners_of_weights

FROZEN = Setting("frozen", bool, False, Limits("Whether its weights stay as they are while the others learn."))
BYPASSED = Setting("bypassed", bool, False, Limits("Whether it is left out, as if it were a wire."))
_WEIGHTS = Setting("weights", str, "", Limits("Whose weights it uses. Two layers may share one set of weights."))


class Marks(QWidget):
    """Frozen, bypassed, whose weights; for a block, a button that goes in."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.node_id = ""
        rows = column(self)
        self.enter = QPushButton("Go into the block")
        self.enter.setObjectName("enter_block")
        self.enter.setToolTip("Shows the drawing in it.  Ctrl+Down")
        self.enter.clicked.connect(self._enter)
        rows.addWidget(self.enter, 0, Qt.AlignmentFlag.AlignLeft)
        rows.addWidget(heading("In the network"))
        self.form = Form([FROZEN, BYPASSED])
        self.form.add(ChoiceField(_WEIGHTS, []))
        self.form.edited.connect(self._mark)
        rows.addWidget(self.form)
        self.facts = Facts()
        rows.addWidget(self.facts)

    def renew(self, node_id: str) -> None:
        """Show what is said of this node."""
        self.node_id = node_id
        graph, node = self.document.graph, self.document.graph.nodes[node_id]
        layer = node.layer.role == "layer"
        self.setVisible(layer)
        self.enter.setVisible(isinstance(node.layer, Block))
        if not layer:
            return
        weights = has_weights(self.document, node)
        owners = owners_of_weights(self.document, node) if weights else []
        choices = [("", "its own", ""), *((i, f"those of {graph.nodes[i].title}", "") for i in owners)]
        field = self.form.fields["weights"]
        assert isinstance(field, ChoiceField)
        field.offer(choices)
        field.setVisible(len(choices) > 1)
        self.form.fields["frozen"].setVisible(weights)
        self.form.renew({"frozen": node.frozen, "bypassed": node.bypassed, "weights": node.shares})
        users = [graph.nodes[i].title for i in graph.sharing(node_id) if i != node_id]
        self.facts.renew([("Also used by", ", ".join(users))] if users and not node.shares else [])

    def _mark(self, name: str, value: bool | str) -> None:
        graph, title = self.document.graph, self.document.graph.nodes[self.node_id].title
        if name == "frozen":
            words, changed = "Freeze" if value else "Unfreeze", graph.freeze([self.node_id], bool(value))
            self.document.edit_graph(f"{words} {title}", changed)
        elif name == "bypassed":
            words, changed = "Bypass" if value else "Put back in", graph.bypass([self.node_id], bool(value))
            self.document.edit_graph(f"{words} {title}", changed)
        elif value:
            owner = graph.nodes[str(value)].title
            self.document.edit_graph(f"Share the weights of {owner}", graph.share(self.node_id, str(value)))
        else:
            self.document.edit_graph(f"Let {title} have its own weights", graph.unshare(self.node_id))

    def _enter(self) -> None:
        self.document.enter((*self.document.inside, self.node_id))
