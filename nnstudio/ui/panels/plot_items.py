"""What a Plot is made of: axes, curves, points, bars, coloured cells, and the words in its corner.

All colours are given as a field of the Theme or as a function of it, so that each thing can be shown again when the
theme changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsItem, QWidget

from nnstudio.ui import theme
from nnstudio.ui.contrast import readable
from nnstudio.ui.curves import finite
from nnstudio.ui.panels.figures import power, tick
from nnstudio.ui.theme import Theme

Color = str | Callable[[Theme], QColor]
# One colour for each of many points.
Colors = Callable[[Theme], Sequence[QColor]]
# A line in the corner of a plot: its words and their colour.
Line = tuple[str, Color]

# Smooth edges cost too much for more points than these.
SMOOTH_POINTS = 1200


def shade(color: Color, opacity: float = 1.0) -> QColor:
    """A colour in the theme that is shown now."""
    shown = theme.current()
    result = QColor(getattr(shown, color) if isinstance(color, str) else color(shown))
    result.setAlphaF(opacity)
    return result


def small_font(widget: QWidget) -> Any:
    """The font of the words inside a plot."""
    font = widget.font()
    font.setPixelSize(11)
    return font


class Axis(pg.AxisItem):
    """An axis with few, plain marks: no prefixes, no line, a grid where it is wanted."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=0)
        self.enableAutoSIPrefix(False)
        self.whole = False  # only whole numbers get a mark
        self.percent = False  # 1 is written as 100
        below = orientation == "bottom"
        self.setStyle(maxTickLevel=0, maxTextLevel=0, tickTextOffset=3 if below else 6, tickAlpha=255)
        self.setStyle(hideOverlappingLabels=10 if below else False)  # as many pixels as there are beside the plot

    def updateAutoSIPrefix(self) -> None:
        """Nothing: without prefixes the name of the axis does not depend on its range."""

    def setTextHeight(self, height: float) -> None:
        """Room for one row of numbers, and one for the name below."""
        self.setHeight(height + 4 + (height if self.label.isVisible() else 0))

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[Any, list[float]]]:
        low, high = min(minVal, maxVal), max(minVal, maxVal)
        span = high - low
        if span <= 0 or not math.isfinite(span):
            return []
        if self.logMode:
            return [(None, self._powers(low, high, size))]
        rough = span / max(size / (56 if self.orientation == "bottom" else 36), 2.0)
        unit = 10.0 ** math.floor(math.log10(rough))
        spacing = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
        if self.whole:
            spacing = max(spacing, 1.0)
        first, last = math.ceil(low / spacing - 1e-6), math.floor(high / spacing + 1e-6)
        return [(spacing, [number * spacing for number in range(first, last + 1)])]

    def _powers(self, low: float, high: float, size: float) -> list[float]:
        """Powers of ten; others between them where there is room."""
        room = size / (high - low)  # pixels of one power of ten
        if self.orientation == "bottom":
            room /= 2  # words are wider than high
        every = max(1, math.ceil(30 / room))
        factors: Sequence[int] = (1, 2, 5) if room > 110 else (1, 3) if room > 60 else (1,)
        first, last = math.floor(low), math.ceil(high)
        if room > 400:  # less than a power of ten is seen
            factors = range(1, 10)
        marks = [power + math.log10(f) for power in range(first, last + 1) if power % every == 0 for f in factors]
        return [mark for mark in marks if low <= mark <= high]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [power(value) if abs(value - round(value)) < 1e-6 else f"{10.0**value:.3g}" for value in values]
        factor = 100.0 if self.percent else 1.0
        return [tick(value * factor, spacing * factor) for value in values]

    def boundingRect(self) -> QRectF:
        """Room for the numbers at both ends, which stick out."""
        return super().boundingRect().adjusted(-8, -8, 8, 8) if self.grid is not False else super().boundingRect()

    def restyle(self, font: Any, grid: bool) -> None:
        self.setTickFont(font)
        self.setPen(pg.mkPen(None))
        self.setTextPen(pg.mkPen(shade("muted")))
        self.setTickPen(pg.mkPen(shade("border") if grid else None))
        if self.labelText:
            self.setLabel(self.labelText, **{"color": theme.current().muted, "font-size": "11px"})
        if self.orientation == "bottom":
            self.setTextHeight(QFontMetricsF(font).height())


class View(pg.ViewBox):
    """The area inside the axes: drag pans, the wheel zooms, the right button is left to the menu of the plot."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.disableAutoRange()
        # Beyond these, the arithmetic of the axes breaks down.
        self.setLimits(xMin=-1e18, xMax=1e18, yMin=-1e60, yMax=1e60, minXRange=1e-9, minYRange=1e-9)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        if ev.button() == Qt.MouseButton.RightButton:
            ev.ignore()
        else:
            super().mouseDragEvent(ev, axis)

    def keyPressEvent(self, ev: Any) -> None:
        ev.ignore()


class Curve(pg.PlotCurveItem):
    """A line through points. Gaps stay gaps. `logarithmic` is set by its plot."""

    def __init__(
        self,
        color: Color,
        width: float = 1.5,
        opacity: float = 1.0,
        fill: float = 0.0,
        dashes: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> None:
        super().__init__(skipFiniteCheck=True)
        self.color, self.width, self.opacity_, self.filled, self.dashes = color, width, opacity, fill, dashes
        self.logarithmic = False
        self.xs = self.ys = np.zeros(0)
        self.restyle()

    def show_points(self, xs: np.ndarray, ys: np.ndarray) -> None:
        self.xs, self.ys = np.asarray(xs, np.float64), finite(ys)
        self.show_again()

    def show_again(self) -> None:
        ys = self.ys
        if self.logarithmic:
            ys = np.log10(np.where(ys > 0, ys, np.nan))
        gaps = np.isnan(ys)
        if gaps.all():
            self.setData([], [])
            return
        connect = "finite" if gaps.any() else "all"
        self.setData(self.xs, ys, connect=connect, antialias=len(ys) <= SMOOTH_POINTS, skipFiniteCheck=not gaps.any())

    def emphasise(self, width: float) -> None:
        if width != self.width:
            self.width = width
            self.restyle()

    def restyle(self) -> None:
        self.setPen(pg.mkPen(shade(self.color, self.opacity_), width=self.width, style=self.dashes))
        if self.filled:
            self.setFillLevel(0.0)
            self.setBrush(pg.mkBrush(shade(self.color, self.filled)))


class Points(pg.ScatterPlotItem):
    """Dots. Colours and symbols may differ from dot to dot."""

    def __init__(self, color: Color, size: float = 7.0, outline: Color = "window", outline_width: float = 1.0) -> None:
        super().__init__(pxMode=True, useCache=True)
        self.color, self.dot_size, self.outline, self.outline_width = color, size, outline, outline_width
        self._given: tuple[np.ndarray, np.ndarray, Colors | None, Sequence[str] | str] | None = None

    def show_points(
        self,
        xs: np.ndarray,
        ys: np.ndarray,
        colors: Colors | None = None,
        symbols: Sequence[str] | str = "o",
    ) -> None:
        """`colors`: one colour a dot, as a function of the theme; None is the colour of all."""
        self._given = (finite(xs), finite(ys), colors, symbols)
        self.restyle()

    def restyle(self) -> None:
        if self._given is None:
            return
        xs, ys, colors, symbols = self._given
        present = np.isfinite(xs) & np.isfinite(ys)
        brush: Any = pg.mkBrush(shade(self.color))
        if colors is not None:
            made: dict[str, Any] = {}
            chosen = colors(theme.current())
            brush = [made.setdefault(c.name(), pg.mkBrush(c)) for c, here in zip(chosen, present, strict=True) if here]
        symbol: Any = symbols
        if not isinstance(symbols, str):
            symbol = [own for own, here in zip(symbols, present, strict=True) if here]
        self.setData(
            x=xs[present],
            y=ys[present],
            brush=brush,
            symbol=symbol,
            size=self.dot_size,
            pen=pg.mkPen(shade(self.outline), width=self.outline_width),
        )


class Bars(pg.BarGraphItem):
    """Columns that stand on zero."""

    def __init__(self, color: Color) -> None:
        super().__init__(x0=[0.0], x1=[0.0], height=[0.0])
        self.color = color
        self.restyle()

    def show_bars(self, edges: np.ndarray, heights: np.ndarray) -> None:
        """`edges` has one number more than `heights`."""
        gap = 0.06 * float(np.min(np.diff(edges))) if len(edges) > 1 else 0.0
        self.setOpts(x0=edges[:-1] + gap, x1=edges[1:] - gap, height=np.nan_to_num(finite(heights)))

    def restyle(self) -> None:
        self.setOpts(pen=pg.mkPen(None), brush=pg.mkBrush(shade(self.color)))


class Cells(pg.ImageItem):
    """A picture of uint8 indices into a table of colours, which follows the theme."""

    def __init__(self, table: Callable[[Theme], np.ndarray], smooth: bool = False) -> None:
        super().__init__(axisOrder="row-major")
        self.table, self.smooth = table, smooth
        self.restyle()

    def show_cells(self, indices: np.ndarray, left: float, bottom: float, right: float, top: float) -> None:
        """Row 0 is at `bottom`, column 0 at `left`; `bottom` may be above `top`."""
        self.setImage(indices, autoLevels=False, autoDownsample=False)
        self.setRect(QRectF(left, bottom, right - left, top - bottom))

    def restyle(self) -> None:
        self.setLookupTable(self.table(theme.current()))

    def paint(self, p: QPainter, *args: Any) -> None:
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
        super().paint(p, *args)


Corner = Literal["top right", "bottom right", "top left", "bottom left"]


class Words(QGraphicsItem):
    """A few short lines in a corner of the area: the last values, or those under the cursor."""

    def __init__(self, view: View, font: Any) -> None:
        super().__init__(view)
        self.setZValue(1000)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.corner: Corner = "top right"
        self.font = font
        self._view = view
        self._lines: tuple[Line, ...] = ()
        self._size = (0.0, 0.0)
        self._step = 16.0

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def show_lines(self, lines: Sequence[Line]) -> None:
        lines = tuple(lines)
        if lines == self._lines:
            return
        self.prepareGeometryChange()
        self._lines = lines
        metrics = QFontMetricsF(self.font)
        width = max((metrics.horizontalAdvance(words) for words, _ in lines), default=0.0)
        self._step = math.ceil(metrics.height()) + 1.0
        self._size = (math.ceil(width) + 8.0, len(lines) * self._step + 4.0 if lines else 0.0)
        self.place()
        self.update()

    def place(self) -> None:
        area = self._view.rect()
        width, height = self._size
        x = area.right() - width - 2 if "right" in self.corner else area.left() + 2
        y = area.top() + 2 if "top" in self.corner else area.bottom() - height - 2
        self.setPos(QPointF(round(x), round(y)))

    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, *self._size)

    def paint(self, painter: QPainter, *_: Any) -> None:
        if not self._lines:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade("window", 0.78))
        painter.drawRoundedRect(self.boundingRect(), 4, 4)
        painter.setFont(self.font)
        side = Qt.AlignmentFlag.AlignRight if "right" in self.corner else Qt.AlignmentFlag.AlignLeft
        for place, (words, color) in enumerate(self._lines):
            painter.setPen(readable(shade(color), theme.current()))
            row = QRectF(4, 2 + place * self._step, self._size[0] - 8, self._step)
            painter.drawText(row, int(side | Qt.AlignmentFlag.AlignVCenter), words)
