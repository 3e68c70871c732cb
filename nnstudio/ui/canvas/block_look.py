"""What is painted on a node because of what it is: the drawing in a block, its repetitions, and the marks of a node."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph, Node
from nnstudio.ui import icons, theme
from nnstudio.ui.canvas import geometry, lettering

_STEP = 5.0  # how far the card behind is moved
_MOST_BEHIND = 2
_CHIP = 16.0
_GAP = 3.0
_ICON = 11.0
# The marks that are drawn and not written.
_ICONS = {"frozen": "snowflake", "shared": "link-2", "tied": "link-2", "bypassed": "route-off"}


def marks(node: Node, used: bool = False) -> list[str]:
    """The words for the small marks on a node. `used` says that another node uses weights of this one."""
    layer = node.layer
    found = [f"×{layer.repeat}"] if isinstance(layer, Block) and layer.repeat > 1 else []
    same = isinstance(layer, Block) and layer.repeat > 1 and layer.shared
    found += ["shared"] if node.shares or used or same else []
    found += ["tied"] if node.ties and not used else []
    found += ["frozen"] if node.frozen else []
    return found + (["bypassed"] if node.bypassed else [])


def paint_behind(painter: QPainter, node: Node, card: QRectF, radius: float = geometry.RADIUS) -> None:
    """The other repetitions of a block, as cards behind its own."""
    if not isinstance(node.layer, Block):
        return
    shown = theme.current()
    painter.setPen(QPen(shown.color("surface"), 1.0))
    for number in range(min(node.layer.repeat - 1, _MOST_BEHIND), 0, -1):
        color = QColor(shown.category(node.layer.category))
        color.setAlpha(170 if number == 1 else 95)
        painter.setBrush(color)
        away = _STEP * number
        painter.drawRoundedRect(card.translated(away, -away), radius, radius)


def paint_marks(painter: QPainter, words: Iterable[str], right: float, middle: float, unit: float = 1.0) -> None:
    """Small marks, the last one ending at `right`; `unit` is how much larger than usual they are."""
    shown = theme.current()
    painter.save()
    painter.translate(right, middle)
    painter.scale(unit, unit)
    painter.setFont(lettering.font(lettering.SMALL))
    right = 0.0
    for word in reversed(list(words)):
        wide = _chip_width(word)
        chip = QRectF(right - wide, -_CHIP / 2, wide, _CHIP)
        painter.setPen(QPen(shown.color("border"), 1.0))
        painter.setBrush(shown.color("raised"))
        painter.drawRoundedRect(chip, _CHIP / 2, _CHIP / 2)
        if word in _ICONS:
            place = QRectF(0, 0, _ICON, _ICON)
            place.moveCenter(chip.center())
            icons.paint(painter, _ICONS[word], place)
        else:
            painter.setPen(shown.color("text"))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, word)
        right -= wide + _GAP
    painter.restore()


def marks_width(words: Iterable[str]) -> float:
    """How much room the marks take beside a text."""
    widths = [_chip_width(word) + _GAP for word in words]
    return sum(widths) + (4.0 if widths else 0.0)


def _chip_width(word: str) -> float:
    if word in _ICONS:
        return _CHIP
    return max(_CHIP, lettering.metrics(lettering.SMALL).horizontalAdvance(word) + 10)


def paint_port_names(painter: QPainter, names: Iterable[tuple[bool, str, QPointF]], room: float) -> None:
    """What ports are called, beside them on the card: whether it is an input, the name, and where the port is."""
    shown = theme.current()
    ground = QColor(shown.color("surface"))
    ground.setAlpha(225)
    painter.setFont(lettering.font(lettering.SMALL))
    measure = lettering.metrics(lettering.SMALL).horizontalAdvance
    for entry, name, port in names:
        text = lettering.elided(name, lettering.SMALL, room)
        wide = measure(text) + 8
        left = port.x() + 8 if entry else port.x() - 8 - wide
        place = QRectF(left, port.y() - 8, wide, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(place, 4, 4)
        painter.setPen(shown.color("muted"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def paint_bypass(painter: QPainter, card: QRectF) -> None:
    """The way through a node that is bypassed."""
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
