"""Parameters: for each parameter of a node how its first values are drawn, or whose parameter it is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QWidget

from nnstudio.core.kinds import Initializer, Shape
from nnstudio.core.spec import Limits, Setting
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form
from nnstudio.ui.forms.fact import column, heading
from nnstudio.ui.forms.form import SpecField
from nnstudio.ui.weights import Owner, owners_for, parameters_of


class Parameters(QWidget):
    """A row for each parameter."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.node_id = ""
        self._shapes: dict[str, Shape] = {}
        rows = column(self)
        rows.addWidget(heading("First values of its parameters"))
        self.form = Form()
        self.form.edited.connect(self._decide)
        self.form.left.connect(document.end_merge)
        rows.addWidget(self.form)

    def renew(self, node_id: str) -> None:
        """Show the parameters of a node; nothing where they are not known, or are all another's."""
        node = self.document.graph.nodes[node_id]
        shapes = {} if node.shares else parameters_of(node, self.document.report_of(node_id))
        self.setVisible(bool(shapes))
        if (node_id, shapes) != (self.node_id, self._shapes):
            self.node_id, self._shapes = node_id, shapes
            self.form.clear()
            for name, shape in shapes.items():
                self.form.add(ParameterField(name, shape)).show()  # a layout would do it only when all else is done
        drawn, tied = dict(node.initial), {name: (other, its) for name, other, its in node.ties}
        owners = owners_for(self.document, node, shapes)
        for name, field in self.form.fields.items():
            assert isinstance(field, ParameterField)
            field.offer_owners(owners[name])
            field.renew(tied.get(name, drawn.get(name)))

    def _decide(self, name: str, value: Initializer | Owner | None) -> None:
        graph, node = self.document.graph, self.document.graph.nodes[self.node_id]
        tied = any(tie[0] == name for tie in node.ties)
        if isinstance(value, tuple):
            changed = graph.initialise(node.id, name, None).tie(node.id, name, *value)
            self.document.edit_graph(f"Tie {name} of {node.title}", changed)
        elif tied:
            changed = graph.untie(node.id, name).initialise(node.id, name, value)
            self.document.edit_graph(f"Untie {name} of {node.title}", changed)
        else:
            changed = graph.initialise(node.id, name, value)
            label = f"First values of {name} of {node.title}"
            self.document.edit_graph(label, changed, merge=f"{node.id}.{name}.first")


class ParameterField(SpecField):
    """Where the values of one parameter come from: torch's own way, an Initializer, or a parameter of another node."""

    def __init__(self, name: str, shape: Shape) -> None:
        size = " × ".join(map(str, shape)) or "one number"
        words = f"How the first values of {name} ({size}) are drawn, or which parameter of another layer it is."
        super().__init__(Setting(name, Initializer, None, Limits(words)), Initializer, none="torch's own way")
        self._owners: list[tuple[Owner, str]] = []
        self._rows_of_kinds = self._model().rowCount()

    def offer_owners(self, owners: list[tuple[Owner, str]]) -> None:
        """Let the person choose among these parameters of other nodes, each with its words."""
        if owners == self._owners:
            return
        self._owners = owners
        model = self._model()
        model.removeRows(self._rows_of_kinds, model.rowCount() - self._rows_of_kinds)
        if owners:
            title = QStandardItem("The very same as")
            title.setFlags(Qt.ItemFlag.NoItemFlags)
            font = QFont(self.box.font())
            font.setBold(True)
            title.setFont(font)
            model.appendRow(title)
        for _, words in owners:
            model.appendRow(QStandardItem(words))
        if self._renewed:
            self._show(self.value)

    def _model(self) -> QStandardItemModel:
        model = self.box.model()
        assert isinstance(model, QStandardItemModel)
        return model

    def _activated(self, place: int) -> None:
        owner = place - self._rows_of_kinds - 1
        if owner < 0:
            super()._activated(place)
        else:
            self._offer(self._owners[owner][0])
            self._show(self.value)
            self.left.emit()

    def _show(self, value: Any) -> None:
        if not isinstance(value, tuple):
            super()._show(value)
            return
        places = [place for place, (owner, _) in enumerate(self._owners) if owner == value]
        self.box.setCurrentIndex(self._rows_of_kinds + 1 + places[0] if places else -1)
        self.box.setToolTip("<p>The two are one parameter: what one learns, the other has learned.</p>")
        self.form.renew_spec(None)
