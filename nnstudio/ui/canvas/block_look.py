"""What is painted on a node because of what it is: the drawing in a block, its repetitions, and the marks of a node."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph, Node
from nnstudio.ui import theme
from nnstudio.ui.canvas import geometry, lettering

_STEP = 4.0  # how far the card behind is moved
_MOST_BEHIND = 2
_CHIP = 15.0


def marks(node: Node) -> list[str]:
    """The words of the small labels on a node."""
    layer = node.layer
    found = [f"×{layer.repeat}"] if isinstance(layer, Block) and layer.repeat > 1 else []
    found += ["shared"] if node.shares or (isinstance(layer, Block) and layer.repeat > 1 and layer.shared) else []
    found += ["tied"] if node.ties else []
    found += ["frozen"] if node.frozen else []
    return found + (["left out"] if node.bypassed else [])


def paint_behind(painter: QPainter, node: Node, card: QRectF, edge: QPen) -> None:
    """The other repetitions of a block, as cards behind its own."""
    if not isinstance(node.layer, Block):
        return
    shown = theme.current()
    for number in range(min(node.layer.repeat - 1, _MOST_BEHIND), 0, -1):
        painter.setPen(edge)
        painter.setBrush(shown.color("raised"))
        away = _STEP * number
        painter.drawRoundedRect(card.translated(away, -away), geometry.RADIUS, geometry.RADIUS)


def paint_marks(painter: QPainter, words: Iterable[str], right: float, middle: float) -> None:
    """Small labels, the last one ending at `right`."""
    shown = theme.current()
    measure = lettering.metrics(lettering.SMALL).horizontalAdvance
    painter.setFont(lettering.font(lettering.SMALL))
    for word in reversed(list(words)):
        wide = measure(word) + 10
        chip = QRectF(right - wide, middle - _CHIP / 2, wide, _CHIP)
        painter.setPen(QPen(shown.color("border"), 1.0))
        painter.setBrush(shown.color("raised"))
        painter.drawRoundedRect(chip, _CHIP / 2, _CHIP / 2)
        painter.setPen(shown.color("text"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, word)
        right -= wide + 4


def marks_width(words: Iterable[str]) -> float:
    """How much room the labels take."""
    measure = lettering.metrics(lettering.SMALL).horizontalAdvance
    return sum(measure(word) + 14 for word in words)


def paint_bypass(painter: QPainter, card: QRectF) -> None:
    """The way through a node that is left out."""
    painter.setPen(QPen(theme.current().color("wire"), 2.0, Qt.PenStyle.DashLine))
    middle = geometry.port_at("input", 0).y()
    painter.drawLine(QPointF(card.left(), middle), QPointF(card.right(), middle))


def paint_inside(painter: QPainter, block: Block, place: QRectF) -> None:
    """The drawing in a block, small: a rectangle in the colour of its category for each node, and the wires."""
    shown = theme.current()
    quiet = QColor(shown.color("raised"))
    quiet.setAlpha(150)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(quiet)
    painter.drawRoundedRect(place, 4, 4)
    nodes, wires, bounds = _small(block.graph)
    if not nodes:
        return
    room = place.adjusted(8, 7, -8, -7)
    scale = min(room.width() / bounds.width(), room.height() / bounds.height(), 0.2)
    painter.save()
    painter.translate(room.center())
    painter.scale(scale, scale)
    painter.translate(-bounds.center())
    painter.setPen(QPen(shown.color("wire"), min(1.2 / scale, 20.0)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(wires)
    painter.setPen(Qt.PenStyle.NoPen)
    for node, category in nodes:
        painter.setBrush(shown.category(category))
        painter.drawRoundedRect(node, 18, 18)
    painter.restore()


@lru_cache(maxsize=500)
def _small(graph: Graph) -> tuple[list[tuple[QRectF, str]], QPainterPath, QRectF]:
    """The rectangles of a drawing with their categories, the wires, and all that they fill."""
    nodes = [(geometry.place(node), node.layer.category) for node in graph.nodes.values()]
    wires, bounds = QPainterPath(), QRectF()
    for edge in graph.edges:
        wires.addPath(geometry.wire(*geometry.ends(graph, edge)))
    for place, _ in nodes:
        bounds = bounds.united(place)
    return nodes, wires, bounds
