"""The page of the inspector for one node."""

from __future__ import annotations

from functools import lru_cache

import torch
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Node
from nnstudio.core.kinds import Layer, Missing
from nnstudio.core.spec import Limits, Setting, registered
from nnstudio.engine.compiler import NodeReport
from nnstudio.engine.run import Snapshot
from nnstudio.ui import theme
from nnstudio.ui.canvas.face import layer_name
from nnstudio.ui.document import Document
from nnstudio.ui.forms import Form, SpecForm
from nnstudio.ui.forms.fact import Card, Cards, Facts, column, heading
from nnstudio.ui.forms.fields import text_field
from nnstudio.ui.forms.sketch import Histogram
from nnstudio.ui.inspector.collapse import CollapseCard
from nnstudio.ui.inspector.look import Look
from nnstudio.ui.inspector.marks import Marks
from nnstudio.ui.inspector.parameters import Parameters
from nnstudio.ui.inspector.ports import Ports
from nnstudio.ui.inspector.problem_cards import ProblemCards

_NAME = Setting("name", str, "", Limits("The name of this layer in the drawing, in plots and in exported source."))


class NodePage(QWidget):
    """One node: name, settings, what follows from the wires, what it computes, how it is doing, what is wrong."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.node_id = ""
        self._look: Look | None = None
        rows = column(self, margins=12)
        self.header = NodeHeader()
        rows.addWidget(self.header)
        self.sentence = heading("", "muted")
        rows.addWidget(self.sentence)
        self.problems = ProblemCards(document)
        rows.addWidget(self.problems)
        self.name = Form()
        self.name.add(text_field(_NAME, at_end=True))
        self.name.edited.connect(self._rename)
        self.follows = Facts(boxed=True)
        self.form = SpecForm()
        self.form.edited.connect(self._configure)
        self.form.left.connect(document.end_merge)
        for settings in (self.name, self.follows, self.form):
            rows.addWidget(settings)
        self.ports = Ports(document)
        self.marks = Marks(document)
        self.first_values = Parameters(document)
        for said in (self.ports, self.marks, self.first_values):
            rows.addWidget(said)
        self.computes_heading = heading("What it computes")
        self.formula = heading("", "formula")
        self.parameters = heading("", "muted")
        for words in (self.computes_heading, self.formula, self.parameters):
            rows.addWidget(words)
        self.now_heading = heading("Now")
        self.now = Facts()
        self.histogram_heading = heading("Weights")
        self.histogram = Histogram("Histogram")
        for state in (self.now_heading, self.now, self.histogram_heading, self.histogram):
            rows.addWidget(state)
        self.collapse = CollapseCard()
        rows.addWidget(self.collapse)
        self.hints = Cards()
        rows.addWidget(self.hints)
        self._hint_words = ""
        rows.addStretch(1)

    # -- the document ----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Offer what was typed and has not counted yet."""
        self.name.flush()
        self.form.flush()
        self.first_values.form.flush()

    def renew(self, node_id: str) -> None:
        """Show this node as the document holds it now."""
        if node_id != self.node_id:
            self.node_id, self._look = node_id, None
        node = self.document.graph.nodes[node_id]
        report = self.document.here.nodes.get(node_id, NodeReport())
        layer = node.layer
        self.header.renew(node)
        about = layer.about if isinstance(layer, Block) else ""
        self.sentence.setText(about or (type(layer).sentence() if not isinstance(layer, Missing) else ""))
        self.sentence.setVisible(bool(self.sentence.text()))
        self.name.renew({"name": node.title})
        self.form.renew_spec(None if isinstance(layer, Missing) else layer)
        if isinstance(layer, Block):
            self._call_name_class()
        for said in (self.ports, self.marks, self.first_values):
            said.renew(node_id)
        self.follows.renew(self._following(node, report))
        self.formula.setText(layer.formula)
        self.formula.setVisible(bool(layer.formula))
        self.parameters.setText(size_text(layer, report))
        self.parameters.setVisible(bool(self.parameters.text()))
        self.computes_heading.setVisible(bool(layer.formula or self.parameters.text()))
        self._renew_now()

    def renew_problems(self) -> None:
        """Show what is wrong with the node."""
        self.problems.renew(self.document.report.within(self.document.path_of(self.node_id)))

    def _following(self, node: Node, report: NodeReport) -> list[tuple[str, str]]:
        """Sizes that nobody types: the arguments that follow from the wires."""
        if isinstance(node.layer, Missing) or not report.inputs or any(kind is None for kind in report.inputs):
            return []
        shapes = tuple(kind.shape for kind in report.inputs if kind is not None)
        try:
            arguments = node.layer.arguments(*shapes)
        except (ValueError, TypeError, IndexError):
            return []  # the check says at the node that these inputs do not fit
        own = {setting.name for setting in node.layer.settings()}
        graph = self.document.graph
        sources = [graph.nodes[edge.source].title for edge in graph.into(node.id)]
        origin = f"from {sources[0]}" if len(sources) == 1 else "from the wires"
        found = []
        for name, value in arguments.items():
            if name in own or isinstance(value, bool) or not isinstance(value, (int, tuple, list, torch.Size)):
                continue
            text = " × ".join(map(str, value)) if not isinstance(value, int) else str(value)
            words = name.replace("_", " ")
            found.append((words[:1].upper() + words[1:], f"{text}  ({origin})"))
        return found

    def _call_name_class(self) -> None:
        """A block has a name of its own beside that of its node."""
        field = self.form.fields["name"]
        field.label.setText("Class")
        field.editor.setAccessibleName("Class")

    def _configure(self, name: str, value: object) -> None:
        graph = self.document.graph
        try:
            changed = graph.configure(self.node_id, **{name: value})
        except ValueError as error:
            self.form.refuse(name, error)
            return
        label = f"Set {name.replace('_', ' ')} of {graph.nodes[self.node_id].title}"
        self.document.edit_graph(label, changed, merge=f"{self.node_id}.{name}")

    def _rename(self, name: str, title: str) -> None:
        graph = self.document.graph
        if not title.split():
            self.name.refuse("name", ValueError("Needs a name, but got nothing."))
            return
        changed = graph.rename(self.node_id, title)
        self.document.edit_graph(f"Rename {graph.nodes[self.node_id].title}", changed)
        self.name.renew({"name": self.document.graph.nodes[self.node_id].title})

    # -- the training ----------------------------------------------------------------------------------------------

    def draw(self, look: Look, snapshot: Snapshot) -> None:
        """Show how the node is doing."""
        if look.node != self.document.path_of(self.node_id):
            return
        self._look = look
        words = f"Now, at step {snapshot.step:,}" if snapshot.step else "Now, before training"
        self.now_heading.setText(words)
        self._renew_now()

    def clear(self) -> None:
        """No training: nothing is known but the shapes."""
        self._look = None
        self._renew_now()

    def _renew_now(self) -> None:
        report = self.document.here.nodes.get(self.node_id, NodeReport())
        facts = []
        if report.output is not None:
            facts.append(("Output shape", report.output.text.replace("[B", "[batch", 1)))
        if report.parameters:
            facts.append(("Parameters", f"{report.parameters:,}"))
        look = self._look
        if look is not None and look.weight_norm is not None:
            facts.append(("Weight norm", _figure(look.weight_norm)))
        if look is not None and look.gradient_norm is not None:
            facts.append(("Gradient norm", _figure(look.gradient_norm)))
        if look is not None and look.units and look.relu == self.document.path_of(self.node_id):
            facts.append(("Dead units", f"{look.dead} of {look.units}"))
        if look is None:
            self.now_heading.setText("Now")
        self.now.renew(facts)
        self.now_heading.setVisible(bool(facts))
        shown = look is not None and len(look.counts) > 0
        self.histogram_heading.setVisible(shown)
        self.histogram.setVisible(shown)
        if shown and look is not None:
            self.histogram_heading.setText(look.what)
            self.histogram.setAccessibleName(f"Histogram of the {look.what.lower()}")
            self.histogram.renew(look.counts, look.edges)
        self.collapse.renew(look.collapse if look is not None else None, self.document.graph)
        self._renew_hints(look)

    def _renew_hints(self, look: Look | None) -> None:
        words = ""
        graph = self.document.graph
        if look is not None and look.dead and look.relu.rpartition("/")[2] in graph.nodes:
            where = "" if look.relu == self.document.path_of(self.node_id) else " after this layer"
            verb = "is" if look.dead == 1 else "are"
            words = f"{look.dead} of {look.units} ReLU units{where} {verb} dead"
        if words == self._hint_words:
            return
        self._hint_words = words
        cards = []
        if words and look is not None:
            rows = "every training row" if look.all_rows else f"all of {look.rows:,} training rows"
            they = "It outputs" if look.dead == 1 else "They output"
            text = f"{they} 0 for {rows}. Try LeakyReLU or a lower learning rate."
            relu = look.relu.rpartition("/")[2]
            actions = []
            if "LeakyReLU" in registered(Layer):
                tip = "A unit that is never silent learns again."
                actions.append(("Replace with LeakyReLU", tip, lambda: self._leaky(relu)))
            cards.append(Card("warning", words, text, actions))
        self.hints.show_cards(cards)

    def _leaky(self, relu: str) -> None:
        graph = self.document.graph
        if relu in graph.nodes:
            title = graph.nodes[relu].title
            changed = graph.set_layer(relu, registered(Layer)["LeakyReLU"]())
            self.document.edit_graph(f"Replace {title} with LeakyReLU", changed)


class NodeHeader(QWidget):
    """The category's colour, the layer and the name of the node."""

    def __init__(self) -> None:
        super().__init__()
        self.swatch = Swatch()
        self.layer = QLabel()
        self.layer.setProperty("role", "title")
        self.title = QLabel()
        self.title.setProperty("role", "muted")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.swatch)
        row.addWidget(self.layer)
        row.addWidget(self.title, 1)

    def renew(self, node: Node) -> None:
        """Show this node."""
        self.layer.setText(layer_name(node))
        self.title.setText(node.title)
        self.swatch.category = node.layer.category
        self.swatch.setToolTip(node.layer.category)
        self.swatch.update()


class Swatch(QWidget):
    """A small square in the colour of a category."""

    category = "Other"

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(12, 12)

    def sizeHint(self) -> QSize:
        return QSize(12, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.current().color("border"))
        painter.setPen(theme.current().category(self.category))
        painter.setBrush(theme.current().category(self.category))
        painter.drawRoundedRect(QRectF(0.5, 0.5, 11, 11), 3, 3)
        painter.end()


def size_text(layer: Layer, report: NodeReport) -> str:
    """The shapes of the parameters: "W is 8 × 2, b is 8: 24 parameters."."""
    if not report.parameters or not report.inputs or any(kind is None for kind in report.inputs):
        return ""
    shapes = parameter_shapes(layer, tuple(kind.shape for kind in report.inputs if kind is not None))
    if not shapes:
        return ""
    letters = {"weight": "W", "bias": "b"}
    parts = []
    for name, shape in shapes:
        letter = letters.get(name, "")
        known = letter if letter and letter in layer.formula else name
        parts.append(f"{known} is {' × '.join(map(str, shape)) or '1'}")
    noun = "parameter" if report.parameters == 1 else "parameters"
    return f"{', '.join(parts)}: {report.parameters:,} {noun}."


@lru_cache(maxsize=512)
def parameter_shapes(layer: Layer, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and shape of each parameter of the layer for inputs of these shapes; nothing is allocated."""
    try:
        with torch.device("meta"), torch.no_grad():
            module = layer.build(*shapes)
    except (ValueError, TypeError, RuntimeError, IndexError):
        return ()
    if module is None:
        return ()
    return tuple((name, tuple(parameter.shape)) for name, parameter in module.named_parameters())


def _figure(number: float) -> str:
    """Three figures, without an exponent where a person does not need it."""
    return f"{number:,.3g}" if 1e-4 <= abs(number) < 1e6 or number == 0 else f"{number:.2e}"
