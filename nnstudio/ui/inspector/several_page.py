"""The page of the inspector for several nodes."""

from __future__ import annotations

from collections import Counter

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from nnstudio.core.graph import id_order
from nnstudio.core.kinds import Missing
from nnstudio.core.spec import Spec
from nnstudio.ui.document import Document
from nnstudio.ui.forms import SpecForm
from nnstudio.ui.forms.fact import Facts, column, heading
from nnstudio.ui.forms.fields import DIFFERENT, FOLLOWS, TypedField


class SeveralPage(QWidget):
    """How many, which, what can be done with all of them; and their settings where they are of one kind."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.node_ids: list[str] = []
        rows = column(self, margins=12)
        self.title = heading("", "title")
        self.kinds = Facts()
        rows.addWidget(self.title)
        rows.addWidget(self.kinds)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        self.duplicate = QPushButton("Duplicate")
        self.delete = QPushButton("Delete")
        for button, tip, act in (
            (self.duplicate, "Copies of these layers and of the wires between them.", self._duplicate),
            (self.delete, "Remove these layers and their wires.", self._delete),
        ):
            button.setToolTip(f"<p>{tip}</p>")
            button.clicked.connect(act)
            buttons.addWidget(button)
        rows.addLayout(buttons)
        self.form_heading = heading("Settings of all of them")
        self.form = SpecForm()
        self.form.edited.connect(self._configure)
        self.form.left.connect(document.end_merge)
        rows.addWidget(self.form_heading)
        rows.addWidget(self.form)
        rows.addStretch(1)

    def flush(self) -> None:
        self.form.flush()

    def renew(self, node_ids: frozenset[str]) -> None:
        """Show these nodes as the document holds them now."""
        graph, report = self.document.graph, self.document.here
        self.node_ids = sorted(node_ids, key=id_order)
        layers = [graph.nodes[node_id].layer for node_id in self.node_ids]
        self.title.setText(f"{len(layers)} layers")
        counts = Counter(type(layer).title or "Missing" for layer in layers)
        facts = [(name, f"{count}") for name, count in counts.most_common()]
        parameters = sum(report.nodes[i].parameters for i in self.node_ids if i in report.nodes)
        self.kinds.renew([*facts, ("Parameters", f"{parameters:,}")])
        same = len(counts) == 1 and not isinstance(layers[0], Missing)
        self.form.renew_type(type(layers[0]) if same else None)
        self.form_heading.setVisible(same and bool(self.form.fields))
        for name, field in self.form.fields.items():
            values = {getattr(layer, name) for layer in layers}
            if isinstance(field, TypedField):
                follows = FOLLOWS if field.setting.optional else ""
                field.set_placeholder(follows if len(values) == 1 else DIFFERENT)
            field.renew(values.pop() if len(values) == 1 else None)

    def _configure(self, name: str, value: object) -> None:
        graph = self.document.graph
        try:
            for node_id in self.node_ids:
                layer = graph.nodes[node_id].layer
                if isinstance(value, Spec) and getattr(layer, name) == value:
                    continue
                graph = graph.configure(node_id, **{name: value})
        except ValueError as error:
            self.form.refuse(name, error)
            return
        words = f"Set {name.replace('_', ' ')} of {len(self.node_ids)} layers"
        self.document.edit_graph(words, graph, merge=f"{','.join(self.node_ids)}.{name}")

    def _duplicate(self) -> None:
        graph, copies = self.document.graph.duplicate(self.node_ids)
        self.document.edit_graph(f"Duplicate {len(copies)} layers", graph)
        self.document.select(copies)

    def _delete(self) -> None:
        count = len(self.node_ids)
        self.document.edit_graph(f"Delete {count} layers", self.document.graph.remove(self.node_ids))
