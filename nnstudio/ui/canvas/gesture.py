"""Gesture: one press, move, release on the canvas; what is decided ends in one `document.edit`.

A gesture knows no widget. It is given points of the drawing and shows on the scene what would happen; `cancel` takes
that back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QGraphicsRectItem

from nnstudio.core.graph import Position
from nnstudio.ui import theme
from nnstudio.ui.canvas import geometry
from nnstudio.ui.canvas.scene import Scene

# Pixels on the screen that the pointer may shake before a click becomes a drag.
STILL = 4.0
_OVERLAY = 50.0


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is: in the drawing, and on the screen. `scale`: pixels of the screen for one of the drawing."""

    place: QPointF
    screen: QPointF = field(default_factory=QPointF)
    scale: float = 1.0
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    @property
    def adding(self) -> bool:
        """Whether the selection is to be added to."""
        both = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
        return bool(self.modifiers & both)


class Gesture:
    """The base of all gestures."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.document = scene.document

    def press(self, pointer: Pointer) -> None:
        """The button went down here."""

    def move(self, pointer: Pointer) -> None:
        """The pointer is here now, the button still down."""

    def release(self, pointer: Pointer) -> None:
        """The button went up here: what was shown is decided."""

    def cancel(self) -> None:
        """Nothing of this is to happen."""


class MoveNodes(Gesture):
    """Takes the selected nodes along; they keep to the grid and to the edges of their neighbours."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, scene: Scene, node_id: str) -> None:
        super().__init__(scene)
        self.node_id = node_id
        self._start = QPointF()
        self._screen = QPointF()
        self._places: dict[str, Position] = {}
        self._was_selected = False
        self._moving = False
        self._guides: QGraphicsPathItem | None = None

    def press(self, pointer: Pointer) -> None:
        chosen = self.document.selection
        self._was_selected = self.node_id in chosen
        if not self._was_selected:
            self.document.select(chosen | {self.node_id} if pointer.adding else {self.node_id})
        if not pointer.adding:
            self.scene.select_edges(())
        self._start, self._screen = pointer.place, pointer.screen

    def move(self, pointer: Pointer) -> None:
        if not self._moving and (pointer.screen - self._screen).manhattanLength() < STILL:
            return
        self._moving = True
        graph = self.document.graph
        chosen = self.document.selection | {self.node_id}
        away = pointer.place - self._start
        free = bool(pointer.modifiers & Qt.KeyboardModifier.AltModifier)
        wish = QPointF(*graph.nodes[self.node_id].position) + away
        if not free:
            wish = self._lined_up(wish, chosen, pointer.scale)
        away = wish - QPointF(*graph.nodes[self.node_id].position)
        self._places = {}
        for node_id in chosen:
            x, y = graph.nodes[node_id].position
            self._places[node_id] = (x + away.x(), y + away.y())
        self.scene.show_places(self._places)

    def release(self, pointer: Pointer) -> None:
        self._hide_guides()
        if not self._moving:
            self._click(pointer)
            return
        graph = self.document.graph
        if len(self._places) == 1:
            label = f"Move {graph.nodes[self.node_id].title}"
        else:
            label = f"Move {len(self._places)} layers"
        self.document.edit_graph(label, graph.move(self._places))
        self.scene.show_as_decided()

    def cancel(self) -> None:
        self._hide_guides()
        self.scene.show_as_decided()

    def _click(self, pointer: Pointer) -> None:
        """A press without a drag chooses one of several, or takes one out."""
        if self._was_selected:
            chosen = self.document.selection
            self.document.select(chosen - {self.node_id} if pointer.adding else {self.node_id})

    def _lined_up(self, wish: QPointF, chosen: frozenset[str], scale: float) -> QPointF:
        """On the grid, or level with a node nearby; a line shows with which."""
        x, y = geometry.snapped(wish)
        reach = 6.0 / scale
        near = QRectF(wish.x() - 1200, wish.y() - 800, 2400 + geometry.WIDTH, 1600 + geometry.HEIGHT)
        others = [self.scene.nodes[node_id].card() for node_id in self.scene.nodes_in(near) if node_id not in chosen]
        column = min(others, key=lambda card: abs(card.left() - wish.x()), default=None)
        row = min(others, key=lambda card: abs(card.top() - wish.y()), default=None)
        path = QPainterPath()
        if column is not None and abs(column.left() - wish.x()) <= reach:
            x = column.left()
            tops, bottoms = sorted((column.top(), y)), sorted((column.bottom(), y + geometry.HEIGHT))
            path.moveTo(x, tops[0] - 16)
            path.lineTo(x, bottoms[1] + 16)
        if row is not None and abs(row.top() - wish.y()) <= reach:
            y = row.top()
            lefts, rights = sorted((row.left(), x)), sorted((row.right(), x + geometry.WIDTH))
            path.moveTo(lefts[0] - 16, y)
            path.lineTo(rights[1] + 16, y)
        self._show_guides(path)
        return QPointF(x, y)

    def _show_guides(self, path: QPainterPath) -> None:
        if self._guides is None:
            self._guides = QGraphicsPathItem()
            self._guides.setZValue(_OVERLAY)
            pen = QPen(theme.current().color("accent"), 1.0)
            pen.setCosmetic(True)
            self._guides.setPen(pen)
            self.scene.addItem(self._guides)
        self._guides.setPath(path)

    def _hide_guides(self) -> None:
        if self._guides is not None:
            self.scene.removeItem(self._guides)
            self._guides = None


class SelectArea(Gesture):
    """Selects what a rectangle touches."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._start = QPointF()
        self._screen = QPointF()
        self._before: frozenset[str] = frozenset()
        self._kept: frozenset[str] = frozenset()
        self._band: QGraphicsRectItem | None = None

    def press(self, pointer: Pointer) -> None:
        self._start, self._screen = pointer.place, pointer.screen
        self._before = self.document.selection
        self._kept = self._before if pointer.adding else frozenset()
        if not pointer.adding:
            self.scene.select_edges(())

    def move(self, pointer: Pointer) -> None:
        if self._band is None:
            if (pointer.screen - self._screen).manhattanLength() < STILL:
                return
            self._band = QGraphicsRectItem()
            self._band.setZValue(_OVERLAY)
            color = theme.current().color("accent")
            pen = QPen(color, 1.0)
            pen.setCosmetic(True)
            self._band.setPen(pen)
            color.setAlpha(28)
            self._band.setBrush(color)
            self.scene.addItem(self._band)
        area = QRectF(self._start, pointer.place).normalized()
        self._band.setRect(area)
        self.document.select(self._kept | set(self.scene.nodes_in(area)))

    def release(self, pointer: Pointer) -> None:
        if self._band is None:
            self.document.select(self._kept)
        self._hide()

    def cancel(self) -> None:
        self.document.select(self._before)
        self._hide()

    def _hide(self) -> None:
        if self._band is not None:
            self.scene.removeItem(self._band)
            self._band = None
