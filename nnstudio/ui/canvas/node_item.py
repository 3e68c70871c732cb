"""NodeItem: one node, painted in one go; its ports are part of it."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Node
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import NodeReport
from nnstudio.ui import theme
from nnstudio.ui.canvas import block_look, face, geometry, lettering
from nnstudio.ui.canvas.face import Face
from nnstudio.ui.canvas.geometry import Side
from nnstudio.ui.canvas.pictures import Picture
from nnstudio.ui.canvas.sketch import Sketch
from nnstudio.ui.contrast import contrast

# Below this scale a node is a coloured block with its name; below the second not even that.
FAR = 0.45
FARTHEST = 0.22
# Below this one its few words are larger than the rest, so that they can still be read.
SMALL = 0.74
_MARGIN = 12.0
_LINE = 15.0
_BADGE = 8.0
_SIGNS = {"error": "!", "warning": "!", "note": "i"}
_Style = Qt.PenStyle
_COLORS = {"error": "error", "warning": "warning", "note": "muted"}


class NodeItem(QGraphicsItem):
    """Shows a node, its report and its picture. It changes nothing: the scene tells it what to show."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node
        self.report = NodeReport()
        self.problems: list[Problem] = []
        self.picture: Picture | None = None
        self.selected = False
        self.hovered = False
        self.lit = False  # it uses the weights of the node under the pointer, or the other way round
        self.used = False  # another node uses weights of this one
        self.port: tuple[Side, str] | None = None  # under the pointer
        # While a wire is drawn: the ports that can take it; None when none is drawn.
        self.offers: frozenset[tuple[Side, str]] | None = None
        self._sketch: Sketch | None = None
        self._face = Face("")
        self._card = geometry.card(node.layer)
        self._ports = geometry.ports(node.layer)
        self._optional = _optional(node)
        self._marks = block_look.marks(node)
        self.setPos(*node.position)
        self._renew()

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def face(self) -> Face:
        return self._face

    def show_node(self, node: Node) -> None:
        if node.layer != self.node.layer:
            self.prepareGeometryChange()
            self._card = geometry.card(node.layer)
            self._ports = geometry.ports(node.layer)
            self._optional = _optional(node)
        self.node = node
        self._marks = block_look.marks(node, self.used)
        self.setPos(*node.position)
        self._renew()

    def show_report(self, report: NodeReport, problems: list[Problem]) -> None:
        if report != self.report or problems != self.problems:
            self.report, self.problems = report, problems
            self._renew()

    def show_picture(self, picture: Picture | None) -> bool:
        """Show another picture; False when it looks just like the one that is there."""
        if picture is None:
            if self.picture is None:
                return False
        elif picture.same(self.picture):
            return False
        self.picture = picture
        self._sketch = Sketch(picture, geometry.PICTURE) if picture is not None else None
        written = self._face
        self._renew(repaint=False)
        if self._face == written:
            self.update(geometry.PICTURE.adjusted(-2, -2, 2, 2))
        else:
            self.update()
        return True

    def show_selected(self, selected: bool) -> None:
        if selected != self.selected:
            self.selected = selected
            self.setZValue(self._height_over_others())
            self.update()

    def show_hover(self, hovered: bool, port: tuple[Side, str] | None = None) -> None:
        if (hovered, port) != (self.hovered, self.port):
            self.hovered, self.port = hovered, port
            self.setZValue(self._height_over_others())
            self.update()

    def show_lit(self, lit: bool) -> None:
        if lit != self.lit:
            self.lit = lit
            self.update()

    def show_used(self, used: bool) -> None:
        """Whether another node uses weights of this one."""
        if used != self.used:
            self.used = used
            self._marks = block_look.marks(self.node, used)
            self._renew()

    def show_offers(self, offers: frozenset[tuple[Side, str]] | None) -> None:
        if offers != self.offers:
            self.offers = offers
            self.update()

    def renew_look(self) -> None:
        """Write the texts anew: the font changed, so they may be cut elsewhere."""
        self._renew()

    def tooltip(self) -> str:
        return face.tooltip(self.node, self.report, self.problems, self.picture)

    def port_at(self, point: QPointF) -> tuple[Side, str] | None:
        """The port within reach of a point of the drawing."""
        here = point - self.pos()
        best, found = geometry.PORT_REACH, None
        for side, name, middle in self._ports:
            away = math.hypot(here.x() - middle.x(), here.y() - middle.y())
            if away <= best:
                best, found = away, (side, name)
        return found

    def card(self) -> QRectF:
        """Its rectangle in the drawing, without ports and sentence."""
        return self._card.translated(self.pos())

    def description(self) -> tuple[Any, ...]:
        """All that can be seen of it but its picture, as a plain value."""
        written = self._face
        return (
            (self.pos().x(), self.pos().y()),
            (written.name, self.node.title, written.title, written.summary),
            (written.shape, self.report.parameters),
            tuple((side, name, middle.x(), middle.y()) for side, name, middle in self._ports),
            (written.severity, written.sentence),
            tuple(self._marks),
            self.selected,
        )

    def _renew(self, repaint: bool = True) -> None:
        written = face.face(self.node, self.report, self.problems, self.picture, self.used)
        if len(written.sentence) != len(self._face.sentence):
            self.prepareGeometryChange()
        self._face = written
        if repaint:
            self.setZValue(self._height_over_others())
            self.update()

    def _height_over_others(self) -> float:
        return 1.0 + 0.5 * bool(self._face.severity) + self.selected + 2.0 * self.hovered

    # -- painting --------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        sentence = self._sentence_place().height() + 6 if self._face.sentence else 0.0
        return self._card.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN + sentence)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self._card)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: Any = None) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        shown = theme.current()
        refused = self.offers is not None and not self.offers
        if refused:
            painter.setOpacity(0.45)
        if scale < FAR:
            self._paint_block(painter, shown, scale)
            return
        block_look.paint_behind(painter, self.node, self._card)
        if self.node.bypassed and not refused:
            painter.setOpacity(0.55)
        self._paint_card(painter, shown)
        if scale < SMALL:
            self._paint_few_texts(painter, shown, scale)
        else:
            self._paint_texts(painter, shown)
        self._paint_picture(painter, shown)
        if self.node.bypassed:
            painter.setOpacity(0.45 if refused else 1.0)
            block_look.paint_bypass(painter, self._card)
        self._paint_ports(painter, shown)
        if scale >= SMALL:
            self._paint_port_names(painter)
            block_look.paint_marks(painter, self._marks, geometry.PICTURE.right(), 39.5)
        else:
            unit, right, top = 0.9 / scale, geometry.PICTURE.right() - 3, geometry.PICTURE.top() + 3
            block_look.paint_marks(painter, self._marks, right, top + 8 * unit, unit)
        if self._face.severity:
            self._paint_problem(painter, shown)

    def _edge(self, shown: theme.Theme) -> QPen:
        severity = self._face.severity
        if self.selected:
            return QPen(shown.color("accent"), 2.0)
        if self.lit:
            return QPen(shown.color("accent"), 2.0, Qt.PenStyle.DashLine)
        if severity == "error":
            return QPen(shown.color("error"), 1.75)
        if severity == "warning":
            return QPen(shown.color("warning"), 1.25)
        return QPen(shown.color("muted" if self.hovered else "border"), 1.0)

    def _paint_card(self, painter: QPainter, shown: theme.Theme) -> None:
        card = self._card
        painter.setPen(Qt.PenStyle.NoPen)
        strength = 22 if shown.name == "light" else 80
        raised = 1.6 if self.hovered or self.selected else 1.0
        for spread, down, share in ((2.5, 3.0, 0.4), (0.75, 1.5, 0.75)):
            painter.setBrush(QColor(20, 28, 48, min(255, round(strength * share * raised))))
            painter.drawRoundedRect(card.adjusted(-spread, 0, spread, spread + down), 10, 10)
        if self.selected:
            halo = shown.color("accent")
            halo.setAlpha(45)
            painter.setBrush(halo)
            painter.drawRoundedRect(card.adjusted(-4, -4, 4, 4), geometry.RADIUS + 4, geometry.RADIUS + 4)
        painter.setBrush(shown.color("surface"))
        painter.setPen(self._edge(shown))
        painter.drawRoundedRect(card, geometry.RADIUS, geometry.RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown.category(self.node.layer.category))
        painter.drawPath(_BAR)

    def _paint_texts(self, painter: QPainter, shown: theme.Theme) -> None:
        written = self._face
        left, right = geometry.PICTURE.left(), geometry.PICTURE.right()
        painter.setFont(lettering.font(lettering.NAME))
        painter.setPen(shown.color("text"))
        painter.drawText(QPointF(left, 27.0), written.name)
        painter.setPen(shown.color("muted"))
        painter.setFont(lettering.font(lettering.SUMMARY))
        painter.drawText(QPointF(left, 43.0), written.summary)
        painter.setFont(lettering.font(lettering.SMALL))
        measure = lettering.metrics(lettering.SMALL).horizontalAdvance
        if written.title:
            end = right - 18 if written.severity else right
            painter.drawText(QPointF(end - measure(written.title), 27.0), written.title)
        foot = self._card.bottom() - 14.0
        painter.drawText(QPointF(left, foot), written.shape)
        if written.amount:
            painter.setPen(shown.color("warning" if written.alarm else "muted"))
            painter.drawText(QPointF(right - measure(written.amount), foot), written.amount)

    def _paint_few_texts(self, painter: QPainter, shown: theme.Theme, scale: float) -> None:
        """Only the layer and the shape, as large as they stay readable."""
        written = self._face
        left, right = geometry.PICTURE.left(), geometry.PICTURE.right()
        name, foot = (min(24, round(11.5 / scale)), True), (min(19, round(9.5 / scale)), False)
        room = right - left - (18 if written.severity else 0)
        painter.setFont(lettering.font(name))
        painter.setPen(shown.color("text"))
        painter.drawText(QPointF(left, 36.0), lettering.elided(written.whole, name, room))
        painter.setFont(lettering.font(foot))
        alarmed = written.alarm and bool(written.amount)
        painter.setPen(shown.color("warning" if alarmed else "muted"))
        words = written.amount if alarmed else written.shape
        low, measure = self._card.bottom() - 11.0, lettering.metrics(foot).horizontalAdvance
        painter.drawText(QPointF(left, low), lettering.elided(words, foot, right - left))
        if written.title and measure(words) + measure(written.title) + 10 <= right - left:
            painter.drawText(QPointF(right - measure(written.title), low), written.title)

    def _paint_picture(self, painter: QPainter, shown: theme.Theme) -> None:
        if isinstance(self.node.layer, Block):
            block_look.paint_inside(painter, self.node.layer, geometry.PICTURE)
            return
        if self._sketch is not None:
            self._sketch.paint(painter)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        quiet = shown.color("raised")
        quiet.setAlpha(150)
        painter.setBrush(quiet)
        painter.drawRoundedRect(geometry.PICTURE, 4, 4)

    def _paint_ports(self, painter: QPainter, shown: theme.Theme) -> None:
        radius = geometry.PORT / 2 - 0.75
        for side, name, middle in self._ports:
            offered = self.offers is not None and (side, name) in self.offers
            pointed = self.port == (side, name)
            lit = offered or (pointed and self.offers is None)
            painter.setBrush(shown.color("accent" if pointed and (lit or self.offers is None) else "surface"))
            color = shown.color("accent" if lit else "wire")
            if self.offers is not None and not offered:
                color.setAlpha(90)
            dotted = (side, name) in self._optional and not lit
            painter.setPen(QPen(color, 1.75 if lit else 1.5, _Style.DotLine if dotted else _Style.SolidLine))
            grown = 1.5 if lit else 0.0
            painter.drawEllipse(middle, radius + grown, radius + grown)

    def _paint_port_names(self, painter: QPainter) -> None:
        """The names of several ports: always where there are many, else when somebody looks."""
        layer, looked_at = self.node.layer, self.hovered or self.selected or self.offers is not None
        names = []
        sides = (layer.input_ports, layer.output_ports)
        for known, entry in zip(sides, (True, False), strict=True):
            if len(known) > 2 or (len(known) == 2 and (looked_at or isinstance(layer, Block))):
                side: Side = "input" if entry else "output"
                names += [(entry, port.words, geometry.port_at(side, place)) for place, port in enumerate(known)]
        both = len(layer.input_ports) > 1 and len(layer.output_ports) > 1
        block_look.paint_port_names(painter, names, 52.0 if both else 96.0)

    def _paint_problem(self, painter: QPainter, shown: theme.Theme) -> None:
        severity = self._face.severity
        color = shown.color(_COLORS[severity])
        middle = QPointF(self._card.right() - 16.0, 22.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        if severity == "warning":
            top = middle - QPointF(0.0, _BADGE)
            painter.drawPolygon(
                QPolygonF([top, middle + QPointF(_BADGE, _BADGE - 1.5), middle + QPointF(-_BADGE, _BADGE - 1.5)])
            )
        else:
            painter.drawEllipse(middle, _BADGE - 1, _BADGE - 1)
        painter.setPen(shown.color("surface"))
        painter.setFont(lettering.font((11, True)))
        box = QRectF(middle.x() - _BADGE, middle.y() - _BADGE, 2 * _BADGE, 2 * _BADGE)
        box.translate(0, 1 if severity == "warning" else 0)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _SIGNS[severity])
        self._paint_sentence(painter, shown, color)

    def _paint_sentence(self, painter: QPainter, shown: theme.Theme, color: QColor) -> None:
        place = self._sentence_place()
        warning = self._face.severity == "warning"
        painter.setBrush(shown.color("warning_surface" if warning else "surface"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(place, 6, 6)
        tint = QColor(color)
        if not warning:
            tint.setAlpha(24)
            painter.setBrush(tint)
        tint.setAlpha(70)
        painter.setPen(QPen(tint, 1.0))
        painter.drawRoundedRect(place, 6, 6)
        painter.setFont(lettering.font(lettering.SMALL))
        painter.setPen(color)
        for index, line in enumerate(self._face.sentence):
            painter.drawText(QPointF(place.left() + 6, place.top() + 14.5 + _LINE * index), line)

    def _sentence_place(self) -> QRectF:
        tall = _LINE * len(self._face.sentence) + 8
        return QRectF(self._card.left() - 4, self._card.bottom() + 6, self._card.width() + 8, tall)

    def _paint_block(self, painter: QPainter, shown: theme.Theme, scale: float) -> None:
        """From far away: a block in the colour of the category, with the name as large as it fits."""
        color = shown.category(self.node.layer.category)
        severity = self._face.severity
        block_look.paint_behind(painter, self.node, self._card, 2 * geometry.RADIUS)
        edge = "accent" if self.selected or self.lit else _COLORS[severity] if severity in ("error", "warning") else ""
        if scale < FARTHEST:
            if edge:
                wide = 3.0 / scale
                painter.fillRect(self._card.adjusted(-wide, -wide, wide, wide), shown.color(edge))
            painter.fillRect(self._card, color)
            return
        painter.setPen(QPen(shown.color(edge), 3.0 / scale) if edge else Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(self._card, 2 * geometry.RADIUS, 2 * geometry.RADIUS)
        if self.node.bypassed:
            painter.setOpacity(0.55)
        size = min(38, round(11 / scale))
        painter.setFont(lettering.font((size, True)))
        painter.setPen(max(QColor("#ffffff"), QColor("#10141c"), key=lambda ink: contrast(ink, color)))
        lines = lettering.broken(self._face.whole, (size, True), self._card.width() - 10, max(1, round(116 / size)))
        painter.drawText(self._card, Qt.AlignmentFlag.AlignCenter, "\n".join(lines))
        painter.setOpacity(1.0)
        block_look.paint_marks(painter, self._marks, self._card.right() + 6, self._card.top(), 0.8 / scale)


def _optional(node: Node) -> set[tuple[Side, str]]:
    """The ports that may be left without a wire."""
    return {("input", port.name) for port in node.layer.input_ports if port.optional}


def _bar() -> QPainterPath:
    """The coloured bar along the upper edge, round where the card is."""
    radius = geometry.RADIUS
    path = QPainterPath(QPointF(0.0, geometry.BAR))
    path.lineTo(0.0, radius)
    path.arcTo(QRectF(0.0, 0.0, 2 * radius, 2 * radius), 180, -90)
    path.arcTo(QRectF(geometry.WIDTH - 2 * radius, 0.0, 2 * radius, 2 * radius), 90, -90)
    path.lineTo(geometry.WIDTH, geometry.BAR)
    path.closeSubpath()
    return path


_BAR = _bar()
