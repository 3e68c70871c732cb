"""Face: the texts of a node, made from its layer, its report and its picture."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from nnstudio.core.blocks import Block, every_node
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Edge, Graph, Node
from nnstudio.core.kinds import Missing
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import NodeReport
from nnstudio.ui.canvas import block_look, geometry, lettering
from nnstudio.ui.canvas.geometry import Side
from nnstudio.ui.canvas.pictures import Picture

_RANK = {"error": 0, "warning": 1, "note": 2}
_LINES = {"error": 6, "warning": 5, "note": 5}


@dataclass(frozen=True)
class Face:
    """What is written on a node, cut to fit.

    Attributes:
        name: the layer; of where a value comes into a block or leaves it, the name of the port. whole: that, uncut.
        title: the person's name for it, empty when it says nothing more.
        summary: its few most important settings. shape: of the output. amount: parameters, or the picture's caption.
        severity: of the worst problem, or empty. sentence: that problem, line by line.
        alarm: whether `amount` tells of something wrong.
    """

    name: str
    whole: str = ""
    title: str = ""
    summary: str = ""
    shape: str = ""
    amount: str = ""
    alarm: bool = False
    severity: str = ""
    sentence: tuple[str, ...] = ()


def face(node: Node, report: NodeReport, problems: list[Problem], picture: Picture | None, used: bool = False) -> Face:
    """The texts for a node as it is now. `used` says that another node uses weights of this one."""
    width = geometry.PICTURE.width()
    end = node.layer.role in ("entry", "exit")
    severity = min((problem.severity for problem in problems), key=_RANK.__getitem__, default="")
    room = width - 18 if severity else width
    whole = node.title if end else layer_name(node)
    name = lettering.elided(whole, lettering.NAME, room)
    left = room - lettering.metrics(lettering.NAME).horizontalAdvance(name) - 8
    title = node.title if _tells_more(node) and not end else ""
    shape, amounts, alarm = _foot(node, report, picture)
    first = lettering.metrics(lettering.SMALL).horizontalAdvance(shape)
    marks = block_look.marks(node, used)
    return Face(
        name=name,
        whole=whole,
        title=lettering.elided(title, lettering.SMALL, left) if title and left > 28 else "",
        summary=lettering.elided(_summary(node, report), lettering.SUMMARY, width - block_look.marks_width(marks)),
        shape=lettering.elided(shape, lettering.SMALL, width),
        amount=_fitting(amounts, width - first - 8),
        alarm=alarm,
        severity=severity,
        sentence=_sentence(node, problems, severity),
    )


def layer_name(node: Node) -> str:
    """The layer as the palette calls it."""
    return node.layer.name if isinstance(node.layer, (Missing, Block)) else node.layer.title


def _summary(node: Node, report: NodeReport) -> str:
    """The settings in a few words; of a block, how many layers are in it."""
    if node.layer.role in ("entry", "exit"):
        may = ", optional" if getattr(node.layer, "optional", False) else ""
        return f"{node.layer.title}{may}"
    if not isinstance(node.layer, Block):
        return report.summary
    inner = [other.layer for _, other in every_node(node.layer.graph)]
    count = sum(not isinstance(layer, Block) and layer.role == "layer" for layer in inner)
    return f"{count} layer" if count == 1 else f"{count} layers"


def tooltip(node: Node, report: NodeReport, problems: list[Problem], picture: Picture | None) -> str:
    """The whole story of a node as safe rich text: every word of the person's is escaped."""
    lines = [f"<b>{escape(layer_name(node))}</b> {escape(node.title)}"]
    if isinstance(node.layer, Block):
        lines.append(escape(node.layer.about))
        lines.append(escape(", ".join((_summary(node, report), *block_look.marks(node)))))
        lines.append("Double-click to go in.")
    elif isinstance(node.layer, Missing):
        lines.append(escape(node.layer.reason))
    else:
        lines.append(escape(node.layer.sentence()))
        if node.layer.formula:
            lines.append(escape(node.layer.formula))
    if report.output is not None and node.layer.output_ports:
        parameters = f", {report.parameters:,} parameters" if report.parameters else ""
        lines.append(f"Output {escape(report.output.text)}{parameters}")
    if picture is not None and picture.sentence:
        lines.append(escape(picture.sentence))
    lines += [f"<b>{problem.severity.capitalize()}:</b> {escape(problem.message)}" for problem in problems]
    return _rich(lines)


def port_tooltip(node: Node, report: NodeReport, port: tuple[Side, str]) -> str:
    """What goes in or out at a port, as safe rich text."""
    side, name = port
    known = node.layer.input_ports if side == "input" else node.layer.output_ports
    index = next((index for index, item in enumerate(known) if item.name == name), 0)
    kinds = report.inputs if side == "input" else report.outputs
    kind = kinds[index] if index < len(kinds) else None
    sentence = known[index].sentence if index < len(known) else ""
    called = known[index].words if index < len(known) else name
    what = called if called == side else f"{side} {called}"
    if index < len(known) and known[index].optional:
        what += " (may be left open)"
    shape = kind.text if kind is not None else ""
    lines = [f"<b>{escape(node.title)}</b> {escape(what)}", escape(shape), escape(sentence)]
    return _rich(lines)


def edge_tooltip(graph: Graph, edge: Edge, carried: TensorType | None) -> str:
    """What a wire carries, as safe rich text."""
    names = f"{escape(graph.nodes[edge.source].title)} → {escape(graph.nodes[edge.target].title)}"
    return _rich([f"<b>{names}</b>", escape(carried.text if carried is not None else "")])


def short(number: int) -> str:
    """A number in as few characters as can be: 24, 1.17k, 11.7M."""
    if number < 1000:
        return str(number)
    for limit, divisor, unit in ((1e6, 1e3, "k"), (1e9, 1e6, "M"), (1e12, 1e9, "G")):
        if number < limit * 0.9995:
            return f"{number / divisor:.3g}{unit}"
    return f"{number:.2g}"


def _rich(lines: list[str]) -> str:
    return "<qt>" + "".join(f"<p style='margin:2px'>{line}</p>" for line in lines if line) + "</qt>"


def _tells_more(node: Node) -> bool:
    return node.title.replace("_", "").lower() != layer_name(node).replace(" ", "").lower()


def _fitting(wishes: tuple[str, ...], width: float) -> str:
    """The first of some texts that fits."""
    measure = lettering.metrics(lettering.SMALL).horizontalAdvance
    return next((text for text in wishes if measure(text) <= width), "")


def _foot(node: Node, report: NodeReport, picture: Picture | None) -> tuple[str, tuple[str, ...], bool]:
    """What stands at the left, what may stand at the right (the best first), and whether that is something wrong."""
    caption = picture.caption if picture is not None else ""
    alarm = picture is not None and picture.alarm
    shape = report.output.text if report.output is not None else ""
    if not node.layer.output_ports:
        return caption or shape, (), False
    if caption and alarm:
        return shape, (caption,), True
    if report.parameters:
        number, word = report.parameters, "param" if report.parameters == 1 else "params"
        return shape, (f"{number:,} {word}", f"{short(number)} {word}", f"{number:,}", short(number)), False
    return shape, (caption,), False


def _sentence(node: Node, problems: list[Problem], severity: str) -> tuple[str, ...]:
    if not severity:
        return ()
    message = next(problem.message for problem in problems if problem.severity == severity)
    # The node itself is named by where the sentence stands.
    for start in (f"{node.title}: ", f"{node.title} "):
        if message.startswith(start):
            message = message[len(start) :]
            message = message[:1].upper() + message[1:]
            break
    more = sum(1 for problem in problems if problem.severity != "note") - 1
    if more > 0 and severity != "note":
        message += f" And {more} more."
    return tuple(lettering.wrapped(message, lettering.SMALL, geometry.WIDTH - 4, _LINES[severity]))
