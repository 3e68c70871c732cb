"""Geometry: where the parts of a node and the bends of a wire are, in pixels at 100 %.

A node's position is its upper left corner. The first port of each side sits at half the height of an ordinary node,
so that a chain of nodes at one height has straight wires whatever else hangs on them.
"""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from nnstudio.core.graph import Edge, Graph, Node, Position
from nnstudio.core.kinds import Layer
from nnstudio.core.layout import COLUMN, GRID, HEIGHT, PORT_STEP, ROW, WIDTH, height

__all__ = ["COLUMN", "GRID", "HEIGHT", "PORT_STEP", "ROW", "WIDTH", "height"]  # for those who place nodes

Side = Literal["input", "output"]

RADIUS = 8.0
BAR = 8.0
PORT = 12.0
PORT_REACH = 10.0
WIRE_REACH = 7.0

PICTURE = QRectF(10.0, 50.0, WIDTH - 20.0, 62.0)
FOOT = QRectF(10.0, 116.0, WIDTH - 20.0, 18.0)


def card(layer: Layer) -> QRectF:
    """The rectangle of a node, seen from its position."""
    return QRectF(0.0, 0.0, WIDTH, height(layer))


def place(node: Node) -> QRectF:
    """The rectangle of a node in the drawing."""
    return card(node.layer).translated(*node.position)


def port_at(side: Side, index: int) -> QPointF:
    """The middle of a port, seen from the node's position."""
    return QPointF(0.0 if side == "input" else WIDTH, HEIGHT / 2 + PORT_STEP * index)


def ports(layer: Layer) -> list[tuple[Side, str, QPointF]]:
    """Every port of a node with its place, seen from the node's position."""
    found: list[tuple[Side, str, QPointF]] = []
    found += [("input", port.name, port_at("input", index)) for index, port in enumerate(layer.input_ports)]
    found += [("output", port.name, port_at("output", index)) for index, port in enumerate(layer.output_ports)]
    return found


def port_in_drawing(node: Node, side: Side, name: str) -> QPointF:
    """The middle of a named port in the drawing; of the first place when the node has no such port."""
    known = node.layer.input_ports if side == "input" else node.layer.output_ports
    index = next((index for index, port in enumerate(known) if port.name == name), 0)
    return QPointF(*node.position) + port_at(side, index)


def ends(graph: Graph, edge: Edge) -> tuple[QPointF, QPointF]:
    """Where a wire starts and where it ends in the drawing."""
    source = port_in_drawing(graph.nodes[edge.source], "output", edge.source_port)
    return source, port_in_drawing(graph.nodes[edge.target], "input", edge.target_port)


def wire(start: QPointF, end: QPointF) -> QPainterPath:
    """The curve of a wire: it leaves to the right and arrives from the left."""
    path = QPainterPath(start)
    for _, first, second, last in _curves(start, end):
        path.cubicTo(first, second, last)
    return path


def distance_to_wire(start: QPointF, end: QPointF, point: QPointF) -> float:
    """How far a point is from the curve of a wire."""
    nearest = math.inf
    for begin, first, second, last in _curves(start, end):
        before = begin
        for step in range(1, 25):
            t = step / 24
            s = 1.0 - t
            here = begin * s**3 + first * (3 * s * s * t) + second * (3 * s * t * t) + last * t**3
            nearest = min(nearest, _distance_to_line(before, here, point))
            before = here
    return nearest


def snapped(position: QPointF) -> Position:
    """The nearest place on the grid."""
    return math.floor(position.x() / GRID + 0.5) * GRID, math.floor(position.y() / GRID + 0.5) * GRID


def _curves(start: QPointF, end: QPointF) -> list[tuple[QPointF, QPointF, QPointF, QPointF]]:
    """The Bézier curves of a wire: one, or three where it has to come back: it runs between the rows of nodes."""
    along, across = end.x() - start.x(), end.y() - start.y()
    if along >= -PORT:
        bend = max(along / 2, min(48.0, abs(across) / 2 + 8.0))
        return [(start, start + QPointF(bend, 0.0), end - QPointF(bend, 0.0), end)]
    level = (start.y() + end.y()) / 2
    if abs(across) < HEIGHT:
        level = max(start.y(), end.y()) + HEIGHT / 2 + 24.0
    turn = QPointF(32.0, 0.0)
    first, second = QPointF(start.x(), level), QPointF(end.x(), level)
    third = (second - first) / 3
    return [
        (start, start + turn, first + turn, first),
        (first, first + third, second - third, second),
        (second, second - turn, end - turn, end),
    ]


def _distance_to_line(start: QPointF, end: QPointF, point: QPointF) -> float:
    line = end - start
    length = QPointF.dotProduct(line, line)
    t = 0.0 if length == 0 else max(0.0, min(1.0, QPointF.dotProduct(point - start, line) / length))
    away = point - (start + line * t)
    return math.hypot(away.x(), away.y())
