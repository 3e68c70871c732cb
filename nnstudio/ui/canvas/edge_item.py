"""EdgeItem: one wire."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from nnstudio.core.graph import Edge
from nnstudio.ui import theme
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.node_item import FARTHEST

_MARGIN = 6.0


class EdgeItem(QGraphicsItem):
    """A curve from an output to an input."""

    def __init__(self, edge: Edge, start: QPointF, end: QPointF) -> None:
        super().__init__()
        self.edge = edge
        self.start, self.end = start, end
        self.selected = False
        self.hovered = False
        self.wrong = False
        self.taken = False  # its end is in a person's hand: another curve is shown
        self._path = geometry.wire(start, end)
        self._bounds = self._path.controlPointRect()
        self.setZValue(0.0)

    def lead(self, start: QPointF, end: QPointF) -> None:
        """Run between these points from now on."""
        if (start, end) != (self.start, self.end):
            self.prepareGeometryChange()
            self.start, self.end = start, end
            self._path = geometry.wire(start, end)
            self._bounds = self._path.controlPointRect()

    def show_state(
        self,
        *,
        selected: bool | None = None,
        hovered: bool | None = None,
        wrong: bool | None = None,
        taken: bool | None = None,
    ) -> None:
        """Change how it looks; what is None stays."""
        before = (self.selected, self.hovered, self.wrong, self.taken)
        self.selected = self.selected if selected is None else selected
        self.hovered = self.hovered if hovered is None else hovered
        self.wrong = self.wrong if wrong is None else wrong
        self.taken = self.taken if taken is None else taken
        if before != (self.selected, self.hovered, self.wrong, self.taken):
            self.setZValue(0.5 if self.selected or self.hovered else 0.0)
            self.update()

    def distance(self, point: QPointF) -> float:
        """How far a point of the drawing is from the curve."""
        return geometry.distance_to_wire(self.start, self.end, point)

    def description(self) -> tuple[Any, ...]:
        return (self.start.x(), self.start.y()), (self.end.x(), self.end.y()), self.wrong

    def boundingRect(self) -> QRectF:
        return self._bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.boundingRect())
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: Any = None) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        shown = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(wire_pen(shown, scale, self.selected, self.hovered, self.wrong, self.taken))
        if scale < FARTHEST:
            painter.drawLine(self.start, self.end)
        else:
            painter.drawPath(self._path)


def wire_pen(
    shown: theme.Theme, scale: float, selected: bool, hovered: bool, wrong: bool = False, faint: bool = False
) -> QPen:
    """How a wire is drawn; it does not get thinner than a person can see."""
    name = "accent" if selected or hovered else "error" if wrong else "wire"
    color = QColor(shown.color(name))
    if faint:
        color.setAlpha(60)
    width = 2.75 if selected else 2.25 if hovered else 1.75
    pen = QPen(color, min(12.0, max(width, 1.2 / max(scale, 1e-3))))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    if wrong and not (selected or hovered):
        pen.setStyle(Qt.PenStyle.DashLine)  # not by colour alone
    return pen
