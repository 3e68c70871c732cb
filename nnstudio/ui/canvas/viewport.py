"""Viewport: where the view stands over the drawing: panning, zooming, and the dots behind all."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPixmap, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView

from nnstudio.ui import theme

SMALLEST, LARGEST = 0.05, 4.0
_DOTS = 24.0
# Wide enough to be without an edge; the scroll bars count it in whole numbers also when it is magnified.
_WORLD = QRectF(-2e6, -2e6, 4e6, 4e6)
_MARGIN = 24.0


class Viewport(QGraphicsView):
    """A view without scroll bars that moves freely over a scene."""

    # the new scale
    zoomed = Signal(float)
    # another part of the drawing is seen
    moved = Signal()

    def __init__(self, scene: QGraphicsScene) -> None:
        super().__init__(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSceneRect(_WORLD)
        self._tile: tuple[tuple[str, int], QPixmap] | None = None

    @property
    def zoom(self) -> float:
        """Pixels on the screen for one of the drawing."""
        return self.transform().m11()

    def visible_area(self) -> QRectF:
        """The part of the drawing that is seen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def zoom_at(self, point: QPointF, factor: float) -> None:
        """Magnify, and keep what is under a point of the viewport where it is."""
        self._zoom_to(point, self.zoom * factor)

    def _zoom_to(self, point: QPointF, scale: float) -> None:
        scale = max(SMALLEST, min(LARGEST, scale))
        if scale == self.zoom:
            return
        below = self.drawing_at(point)
        self.setTransform(QTransform.fromScale(scale, scale))
        away = self._screen_at(below) - point
        self.pan(-away)
        self.zoomed.emit(scale)

    def zoom_in(self) -> None:
        self.zoom_at(QPointF(self.viewport().rect().center()), 1.25)

    def zoom_out(self) -> None:
        self.zoom_at(QPointF(self.viewport().rect().center()), 0.8)

    def zoom_reset(self) -> None:
        """Show the drawing at 100 %."""
        self._zoom_to(QPointF(self.viewport().rect().center()), 1.0)

    def pan(self, by: QPointF) -> None:
        """Move the drawing by pixels of the screen."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - round(by.x()))
        down.setValue(down.value() - round(by.y()))

    def show_area(self, area: QRectF, most: float = 1.0) -> None:
        """Show a part of the drawing whole and in the middle, magnified at most this much."""
        view = self.viewport().rect()
        scale = 1.0
        if not area.isEmpty():
            wide, tall = max(1.0, view.width() - 2 * _MARGIN), max(1.0, view.height() - 2 * _MARGIN)
            scale = max(SMALLEST, min(most, wide / area.width(), tall / area.height()))
        if scale != self.zoom:
            self.setTransform(QTransform.fromScale(scale, scale))
            self.zoomed.emit(scale)
        self.centerOn(area.center())

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.moved.emit()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The ground and its dots; fewer dots the farther away it is seen."""
        shown = theme.current()
        area = QRectF(rect)
        painter.fillRect(area, shown.color("canvas"))
        step = _DOTS
        while step * self.zoom < 14:
            step *= 2
        ratio = self.devicePixelRatioF()
        pixels = max(8, round(step * self.zoom * ratio))
        brush = QBrush(self._dots(shown, pixels, ratio))
        brush.setTransform(QTransform.fromScale(step / pixels, step / pixels))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, pixels != step * self.zoom * ratio)
        painter.setBrushOrigin(QPointF(-step / 2, -step / 2))
        painter.fillRect(area, brush)
        painter.restore()

    def _dots(self, shown: theme.Theme, pixels: int, ratio: float) -> QPixmap:
        """One dot in the middle of a square that is repeated."""
        key = (shown.name, pixels)
        if self._tile is None or self._tile[0] != key:
            tile = QPixmap(pixels, pixels)
            tile.fill(Qt.GlobalColor.transparent)
            painter = QPainter(tile)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shown.color("grid"))
            radius = (1.1 if self.zoom < 1.5 else 1.4) * ratio
            painter.drawEllipse(QPointF(pixels / 2, pixels / 2), radius, radius)
            painter.end()
            self._tile = (key, tile)
        return self._tile[1]

    def drawing_at(self, point: QPointF) -> QPointF:
        """The place in the drawing under a point of the viewport, exact to a part of a pixel."""
        inverted, _ = self.viewportTransform().inverted()
        return inverted.map(point)

    def _screen_at(self, place: QPointF) -> QPointF:
        return self.viewportTransform().map(place)
