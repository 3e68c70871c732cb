"""Groups: the table of the layers that are trained with a rate or weight decay of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from nnstudio.core.blocks import title_at
from nnstudio.core.graph import Graph, id_order
from nnstudio.core.project import ParameterGroup
from nnstudio.ui import icons
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import column, heading, link
from nnstudio.ui.forms.field import ROW_HEIGHT
from nnstudio.ui.forms.fields import TypedField, number_field
from nnstudio.ui.training_form.layer_tree import LayerTree
from nnstudio.ui.training_form.settings import GROUP_DECAY, LR_FACTOR, Named

_FIELD_WIDTH = 70


class Groups(QWidget):
    """Shows the groups of the document's project, and says what a person wants them to be."""

    # words for the edit, the groups, a key of edits that become one step of undo
    edited = Signal(str, object, str)
    left = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.groups: tuple[ParameterGroup, ...] = ()
        self.rows: list[_Row] = []
        self.setObjectName("parameter_groups")
        self.title = heading("Parameter groups")
        self.nothing = heading("All layers are trained with the same rate and weight decay.", "muted")
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(6)
        self.grid.setVerticalSpacing(4)
        self.grid.setColumnStretch(0, 1)
        self.heads = [QLabel(words) for words in ("Layers", LR_FACTOR.words, GROUP_DECAY.words)]
        for place, head in enumerate(self.heads):
            head.setProperty("role", "muted")
            self.grid.addWidget(head, 0, place)
        self.choose = link("Choose layers…", "Makes a group of the layers that you check in a list.", self._choose_new)
        self.add = link("Add the selected layers", "", self._add_selected)
        self.add.setObjectName("group_selected")
        self.choose.setObjectName("group_choose")
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(16)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.add)
        buttons.addStretch(1)
        rows = column(self)
        rows.addWidget(self.title)
        rows.addWidget(self.nothing)
        rows.addLayout(self.grid)
        rows.addLayout(buttons)
        document.selected.connect(lambda _: self.renew_selection())
        self.renew()

    def renew(self) -> None:
        """Show the groups as they are now."""
        self.groups = self.document.project.training.groups
        while len(self.rows) > len(self.groups):
            self.rows.pop().discard(self.grid)
        while len(self.rows) < len(self.groups):
            self.rows.append(_Row(self, len(self.rows)))
        graph = self.document.project.graph
        usual = getattr(self.document.project.training.optimizer, "weight_decay", None)
        for row, group in zip(self.rows, self.groups, strict=True):
            row.renew(group, titles(graph, group), usual)
        for head in self.heads:
            head.setVisible(bool(self.groups))
        self.nothing.setVisible(not self.groups)
        self.renew_selection()

    def renew_selection(self) -> None:
        """Whether the selected layers can be made a group."""
        found = self._selected()
        self.add.setEnabled(bool(found))
        names = ", ".join(title_at(self.document.project.graph, path) for path in found)
        words = f"Makes a group of {names}." if found else "Select layers with weights in the drawing first."
        self.add.setToolTip(f"<p>{words}</p>")
        self.add.setAccessibleDescription(words)

    # -- what a person wants ---------------------------------------------------------------------------------------

    def change(self, place: int, **values: Any) -> None:
        """Give a group other values."""
        groups = list(self.groups)
        groups[place] = replace(groups[place], **values)
        name = next(iter(values)).replace("_", " ")
        self.edited.emit(f"Set {name} of a group", tuple(groups), f"groups.{place}.{name}")

    def remove(self, place: int) -> None:
        """Train these layers as all others."""
        groups = self.groups[:place] + self.groups[place + 1 :]
        self.edited.emit("Remove a parameter group", groups, "")

    def choose_layers(self, place: int | None = None) -> LayerTree:
        """Let the person check the layers of a group; None makes a new one."""
        own = self.groups[place].nodes if place is not None else ()
        elsewhere = {
            path: f"group {number}"
            for number, group in enumerate(self.groups, start=1)
            if number - 1 != place
            for path in group.nodes
        }
        tree = LayerTree(self.document.project.graph, self.document.report, own, elsewhere, self.window())
        tree.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tree.accepted.connect(lambda: self._take(place, tree.paths))
        tree.open()
        return tree

    def _choose_new(self) -> None:
        self.choose_layers()

    def _add_selected(self) -> None:
        self._take(None, self._selected())

    def _take(self, place: int | None, paths: tuple[str, ...]) -> None:
        """The group at this place (or a new one) has these layers, and no other group has them."""
        if place is None and not paths:
            return
        groups = [
            group if number == place else replace(group, nodes=tuple(p for p in group.nodes if p not in paths))
            for number, group in enumerate(self.groups)
        ]
        if place is None:
            groups.append(ParameterGroup(paths))
        else:
            groups[place] = replace(groups[place], nodes=paths)
        words = "Add a parameter group" if place is None else "Choose the layers of a group"
        self.edited.emit(words, tuple(group for group in groups if group.nodes), "")

    def _selected(self) -> tuple[str, ...]:
        report, document = self.document.report, self.document
        paths = [document.path_of(node) for node in sorted(document.selection, key=id_order)]
        return tuple(path for path in paths if path in report.nodes and report.nodes[path].parameters)


class _Row:
    """The widgets of one group in the grid."""

    def __init__(self, table: Groups, place: int) -> None:
        number = f"of group {place + 1}"
        self.layers = Elided()
        self.layers.setObjectName(f"group_layers_{place}")
        self.layers.clicked.connect(lambda: table.choose_layers(place))
        self.factor = _field(LR_FACTOR, f"Learning rate factor {number}")
        self.decay = _field(GROUP_DECAY, f"Weight decay {number}")
        for field in (self.factor, self.decay):
            field.edited.connect(lambda name, value: table.change(place, **{name: value}))
            field.left.connect(table.left)
        self.gone = QToolButton()
        self.gone.setAutoRaise(True)
        self.gone.setFixedSize(22, ROW_HEIGHT)
        self.gone.setProperty("role", "small")
        self.gone.setIconSize(QSize(14, 14))
        icons.attach(self.gone, "x", "muted")
        self.gone.setObjectName(f"group_remove_{place}")
        self.gone.setAccessibleName(f"Remove group {place + 1}")
        self.gone.setToolTip("Train these layers as all others")
        self.gone.clicked.connect(lambda: table.remove(place))
        self.widgets = (self.layers, self.factor, self.decay, self.gone)
        for at, widget in enumerate(self.widgets):
            table.grid.addWidget(widget, place + 1, at, Qt.AlignmentFlag.AlignTop)
        self._place = place

    def renew(self, group: ParameterGroup, words: str, usual: float | None) -> None:
        self.layers.show_text(words)
        self.layers.setAccessibleName(f"Layers of group {self._place + 1}: {words}")
        self.factor.renew(group.lr_factor)
        self.decay.renew(group.weight_decay)
        self.decay.set_placeholder("" if usual is None else f"{usual:g}")
        self.decay.setEnabled(usual is not None)

    def discard(self, grid: QGridLayout) -> None:
        for widget in self.widgets:
            grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()


class Elided(QPushButton):
    """A button whose words end in dots where there is no room; all of them are in its tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROW_HEIGHT)
        self.setMinimumWidth(60)
        self._words = ""

    def show_text(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self.setToolTip(f"<p>{words}</p>")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - 20
        option.text = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)  # type: ignore[attr-defined]
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


def titles(graph: Graph, group: ParameterGroup) -> str:
    """The layers of a group by their titles."""
    found = []
    for path in group.nodes:
        try:
            found.append(title_at(graph, path))
        except KeyError:
            found.append("a layer that is gone")
    return ", ".join(dict.fromkeys(found)) or "no layers"


def _field(setting: Named, name: str) -> TypedField:
    field = number_field(setting)
    field.label.hide()
    field.editor.setAccessibleName(name)
    field.setFixedWidth(_FIELD_WIDTH)
    return field
