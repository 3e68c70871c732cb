"""Sketch: a Picture painted into a node."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from nnstudio.ui import theme
from nnstudio.ui.canvas.pictures import Picture

_GAP = 4.0
# Cells at least this large on the node are kept apart by a line.
_APART = 5.0


class Sketch:
    """A picture with all that can be made ready before it is painted."""

    def __init__(self, picture: Picture, place: QRectF) -> None:
        self.picture = picture
        self._place = place
        self._made_for = ""
        self._tiles: list[tuple[QRectF, QImage, list[QLineF]]] = []
        self._bars: tuple[list[QRectF], list[QRectF]] = ([], [])
        self._curve = QPolygonF()
        self._clouds: list[tuple[QColor, QPolygonF]] = []
        self._zero: float | None = None

    def paint(self, painter: QPainter) -> None:
        shown = theme.current()
        if self._made_for != shown.name:
            self._make(shown)
            self._made_for = shown.name
        painter.save()
        if self._tiles:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.setPen(QPen(shown.color("surface"), 1.0))
            for place, image, lines in self._tiles:
                painter.drawImage(place, image)
                painter.drawLines(lines)
        elif self.picture.kind == "histogram":
            painter.setPen(Qt.PenStyle.NoPen)
            for bars, name in zip(self._bars, ("negative", "positive"), strict=True):
                painter.setBrush(shown.color(name))
                painter.drawRects(bars)
            if self._zero is not None:
                painter.setPen(QPen(shown.color("muted"), 1.0))
                bottom = self._place.bottom()
                painter.drawLine(QPointF(self._zero, bottom - 3), QPointF(self._zero, bottom + 2))
        elif self.picture.kind == "curve":
            painter.setPen(QPen(shown.color("train"), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(self._curve)
        for color, cloud in self._clouds:
            painter.setPen(QPen(color, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(cloud)
        painter.restore()

    def _make(self, shown: theme.Theme) -> None:
        {
            "heat": self._make_heat,
            "images": self._make_images,
            "histogram": self._make_histogram,
            "points": self._make_points,
            "curve": self._make_curve,
        }[self.picture.kind](shown)

    def _make_heat(self, shown: theme.Theme) -> None:
        colors = theme.diverging(shown, 255)
        cells = colors[self.picture.values.astype(np.int16) + 127]
        if cells.ndim == 3:
            self._tiles = [(self._place, _image(cells), _between(self._place, cells.shape[0], cells.shape[1]))]
        else:
            self._tiles = [
                (place, _image(tile), []) for place, tile in zip(_grid(self._place, cells.shape), cells, strict=True)
            ]

    def _make_images(self, shown: theme.Theme) -> None:
        values: np.ndarray = self.picture.values
        if values.ndim == 3:
            # Ink on the paper of the theme: what is dark in a light window is light in a dark one.
            paper, ink = (_rgb(shown.color(name)) for name in ("raised", "text"))
            share = values[..., None].astype(np.float32) / 255
            values = (paper + (ink - paper) * share).round().astype(np.uint8)
        opaque = np.full((*values.shape[:3], 1), 255, np.uint8)
        cells = np.concatenate([values, opaque], axis=3)
        self._tiles = [
            (place, _image(tile), []) for place, tile in zip(_grid(self._place, cells.shape), cells, strict=True)
        ]

    def _make_histogram(self, shown: theme.Theme) -> None:
        picture, place = self.picture, self._place
        count = len(picture.values)
        step = place.width() / count
        middles = picture.low + (np.arange(count) + 0.5) / count * (picture.high - picture.low)
        bars: tuple[list[QRectF], list[QRectF]] = ([], [])
        for index, (value, middle) in enumerate(zip(picture.values.tolist(), middles.tolist(), strict=True)):
            if value > 0:
                tall = max(1.5, value * place.height())
                bar = QRectF(place.left() + index * step + 0.5, place.bottom() - tall, step - 1.0, tall)
                bars[middle >= 0].append(bar)
        self._bars = bars
        self._zero = None
        if picture.low < 0 < picture.high:
            self._zero = place.left() - picture.low / (picture.high - picture.low) * place.width()

    def _make_points(self, shown: theme.Theme) -> None:
        place = self._place.adjusted(2, 2, -2, -2)
        x = place.left() + self.picture.values[:, 0] * place.width()
        y = place.bottom() - self.picture.values[:, 1] * place.height()
        count = int(self.picture.groups.max()) + 1 if len(self.picture.groups) else 1
        colors = theme.class_colors(shown, count)
        self._clouds = []
        for group in range(count):
            chosen = self.picture.groups == group
            points = zip(x[chosen].tolist(), y[chosen].tolist(), strict=True)
            self._clouds.append((colors[group], QPolygonF([QPointF(a, b) for a, b in points])))

    def _make_curve(self, shown: theme.Theme) -> None:
        values = self.picture.values.tolist()
        place = self._place.adjusted(1, 2, -1, -1)
        step = place.width() / max(1, len(values) - 1)
        heights = [place.bottom() - value * place.height() for value in values]
        self._curve = QPolygonF([QPointF(place.left() + i * step, y) for i, y in enumerate(heights)])
        if len(values) == 1:
            self._curve.append(QPointF(place.right(), heights[0]))


def _rgb(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], np.float32)


def _image(cells: np.ndarray) -> QImage:
    cells = np.ascontiguousarray(cells)
    image = QImage(cells.data, cells.shape[1], cells.shape[0], cells.strides[0], QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy: the array may go


def _between(place: QRectF, rows: int, columns: int) -> list[QLineF]:
    """The lines between cells, where these are large enough."""
    lines: list[QLineF] = []
    wide, tall = place.width() / max(1, columns), place.height() / max(1, rows)
    if wide >= _APART and tall >= _APART:
        for column in range(1, columns):
            x = place.left() + column * wide
            lines.append(QLineF(x, place.top(), x, place.bottom()))
        for row in range(1, rows):
            y = place.top() + row * tall
            lines.append(QLineF(place.left(), y, place.right(), y))
    return lines


def _grid(place: QRectF, shape: tuple[int, ...]) -> list[QRectF]:
    """Places for tiles of one size, as large as they can be in the rectangle."""
    count, rows, columns = shape[:3]
    best, across = 0.0, 1
    for tried in range(1, count + 1):
        down = math.ceil(count / tried)
        wide = (place.width() - _GAP * (tried - 1)) / (tried * columns)
        scale = min(wide, (place.height() - _GAP * (down - 1)) / (down * rows))
        if scale > best:
            best, across = scale, tried
    wide, tall = columns * best, rows * best
    down = math.ceil(count / across)
    left = place.center().x() - (across * wide + (across - 1) * _GAP) / 2
    top = place.center().y() - (down * tall + (down - 1) * _GAP) / 2
    corners = ((left + (i % across) * (wide + _GAP), top + (i // across) * (tall + _GAP)) for i in range(count))
    return [QRectF(x, y, wide, tall) for x, y in corners]
