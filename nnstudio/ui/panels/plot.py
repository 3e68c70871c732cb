"""Plot: the one kind of plot of the program, on pyqtgraph.

It is made once and then only given new numbers. It follows the theme, says the values under the cursor, zooms with the
wheel, fits with a double click, and saves itself as PNG, SVG or CSV. It never looks for a range by itself: whoever
shows numbers says which range holds them, so that nothing that is not finite ever reaches an axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QKeyEvent, QKeySequence, QMouseEvent, QPen
from PySide6.QtWidgets import QFileDialog, QGraphicsLineItem, QMenu, QMessageBox, QWidget

from nnstudio.ui import theme
from nnstudio.ui.panels import picture
from nnstudio.ui.panels.plot_items import (
    Axis,
    Bars,
    Cells,
    Color,
    Corner,
    Curve,
    Line,
    Points,
    View,
    Words,
    shade,
    small_font,
)
from nnstudio.ui.theme import Theme

Item = Curve | Points | Bars | Cells
# What is under the cursor at x and y, or None where there is nothing to say.
Readout = Callable[[float, float], Sequence[Line] | None]
Table = Mapping[str, np.ndarray]


class Plot(pg.PlotWidget):
    """Axes with a grid, and the things drawn in them.

    Attributes:
        readout: what to say for a place under the cursor; None says nothing.
        table: the numbers that are saved as CSV: all of them, not only those drawn.
        file_name: proposed when it is saved.
        hairline: whether a line goes with the cursor.
    """

    # the visible range is another one
    ranged = Signal()
    # the theme is another one
    restyled = Signal()
    logarithmic_changed = Signal(bool)

    def __init__(self, x_name: str = "", y_name: str = "", parent: QWidget | None = None) -> None:
        self._things: list[Item] = []
        self._view = View()
        self._axes = {side: Axis(side) for side in ("left", "bottom")}
        super().__init__(parent=parent, viewBox=self._view, axisItems=self._axes)
        for axis in self._axes.values():
            axis.setZValue(-1000)  # the grid lies under the curves
        self.setMenuEnabled(False)
        self._drop_menu()
        self.hideButtons()
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(80, 60)
        self.plotItem.layout.setContentsMargins(7, 4, 16, 4)
        self.font_ = small_font(self)
        self.words = Words(self._view, self.font_)
        self.readout: Readout | None = None
        self.table: Callable[[], Table] | None = None
        self.file_name = "plot"
        self.hairline = True
        self.may_be_logarithmic = False
        self.logarithmic = False
        self.extra_actions: Callable[[QMenu], None] | None = None
        self._lines: tuple[Line, ...] = ()
        self._bounds = (0.0, 1.0, 0.0, 1.0)
        self._following = True
        self._cursor: QPointF | None = None
        self._hair = QGraphicsLineItem(self._view)
        self._hair.setZValue(900)
        self._hair.hide()
        self._view.sigRangeChanged.connect(self._ranged)
        self._view.sigRangeChangedManually.connect(self._moved_by_hand)
        self._view.sigResized.connect(lambda _: self._resized())
        self.name(x_name, y_name)
        self.restyle()
        self._apply_bounds()

    def _drop_menu(self) -> None:
        """pyqtgraph makes a menu for each plot, which nobody opens here and which would outlive the plot."""
        unused, self.plotItem.ctrlMenu = self.plotItem.ctrlMenu, None
        unused.deleteLater()

    # -- things to draw --------------------------------------------------------------------------------------------

    def curve(
        self,
        color: Color,
        *,
        width: float = 1.5,
        opacity: float = 1.0,
        fill: float = 0.0,
        dashes: Qt.PenStyle = Qt.PenStyle.SolidLine,
    ) -> Curve:
        """A line; `show_points(xs, ys)` gives it numbers. `fill` is the opacity of the area down to 0."""
        return self._added(Curve(color, width, opacity, fill, dashes))

    def points(
        self, color: Color, *, size: float = 7.0, outline: Color = "window", outline_width: float = 1.0
    ) -> Points:
        """Dots; `show_points(xs, ys, colors, symbols)` gives them places."""
        return self._added(Points(color, size, outline, outline_width))

    def bars(self, color: Color) -> Bars:
        """Columns; `show_bars(edges, heights)` gives them sizes."""
        return self._added(Bars(color))

    def cells(self, table: Callable[[Theme], np.ndarray] = theme.diverging, *, smooth: bool = False) -> Cells:
        """Coloured cells; `show_cells(indices, left, bottom, right, top)` gives them values."""
        return self._added(Cells(table, smooth))

    def remove(self, item: Item) -> None:
        """Take a thing away for good."""
        self._things.remove(item)
        self.removeItem(item)

    def _added(self, item: Any) -> Any:
        if isinstance(item, Curve):
            item.logarithmic = self.logarithmic
        self._things.append(item)
        self.addItem(item)
        return item

    # -- axes and range --------------------------------------------------------------------------------------------

    def name(self, x_name: str, y_name: str) -> None:
        """What the axes are called, with units; an empty name takes no room."""
        for side, name in (("bottom", x_name), ("left", y_name)):
            axis = self._axes[side]
            if name == axis.labelText and name:
                continue
            axis.setLabel(name or None, **{"color": theme.current().muted, "font-size": "11px"})
            axis.showLabel(bool(name))
        self._axes["bottom"].setTextHeight(QFontMetricsF(self.font_).height())

    def show_axes(self, *, x: bool = True, y: bool = True) -> None:
        self._axes["bottom"].setVisible(x)
        self._axes["left"].setVisible(y)

    def axis(self, side: str) -> Axis:
        """ "left" or "bottom"."""
        return self._axes[side]

    def bounds(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """The range that holds all that is drawn; shown at once unless the person has zoomed in."""
        if not all(map(math.isfinite, (x0, x1, y0, y1))):
            return
        if (x0, x1, y0, y1) != self._bounds:
            self._bounds = (x0, x1, y0, y1)
            if self._following:
                self._apply_bounds()

    def fit(self) -> None:
        """Show all of it, and keep showing all of it."""
        self._following = True
        self._apply_bounds()

    def visible_range(self) -> tuple[float, float, float, float]:
        """x0, x1, y0, y1 of what is seen; y as a power of ten on a logarithmic axis."""
        (x0, x1), (y0, y1) = self._view.viewRange()
        return x0, x1, y0, y1

    @property
    def columns(self) -> int:
        """Pixels from left to right inside the axes."""
        return max(1, int(self._view.width()))

    def set_logarithmic(self, on: bool) -> None:
        """Show y as powers of ten; what is not above zero is a gap."""
        if on == self.logarithmic:
            return
        self.logarithmic = on
        self._axes["left"].setLogMode(on)
        for thing in self._things:
            if isinstance(thing, Curve):
                thing.logarithmic = on
                thing.show_again()
        self.fit()
        self.logarithmic_changed.emit(on)

    def _apply_bounds(self) -> None:
        x0, x1, y0, y1 = self._bounds
        if self.logarithmic:
            top = math.log10(y1) if y1 > 0 else 0.0
            y0, y1 = (math.log10(y0) if y0 > 0 else top - 3.0), top
            y0, y1 = y0 - 0.04 * (y1 - y0), y1 + 0.04 * (y1 - y0)
        if x1 == x0:
            x0, x1 = x0 - 0.5, x1 + 0.5
        if y1 == y0:
            room = abs(y0) * 0.1 or 0.5
            y0, y1 = y0 - room, y1 + room
        self._view.setRange(xRange=(x0, x1), yRange=(y0, y1), padding=0, disableAutoRange=True)

    def _moved_by_hand(self, *_: Any) -> None:
        self._following = False

    def _ranged(self, *_: Any) -> None:
        self.ranged.emit()
        self.say()

    def _resized(self) -> None:
        self.words.place()
        self.ranged.emit()

    # -- words -----------------------------------------------------------------------------------------------------

    def show_lines(self, lines: Sequence[Line], corner: Corner | None = None) -> None:
        """The words in a corner while the cursor is elsewhere; without a corner, where they hide the least."""
        self._lines = tuple(lines)
        self.say()
        if corner is None:
            corner = self._free_corner()
        if corner != self.words.corner:
            self.words.corner = corner
            self.words.place()

    def _free_corner(self) -> Corner:
        """The corner with the fewest points of curves. Words that stand well stay where they are."""
        x0, x1, y0, y1 = self.visible_range()
        area, size = self._view.rect(), self.words.boundingRect()
        if area.width() < 1 or area.height() < 1:
            return self.words.corner
        wide = (x1 - x0) * (size.width() + 8) / area.width()
        high = (y1 - y0) * (size.height() + 8) / area.height()
        curves = [thing for thing in self._things if isinstance(thing, Curve)]
        drawn = [curve.getData() for curve in curves if curve.isVisible() and curve.width > 1]
        # The same number of places of each curve, however few points it has.
        places = np.linspace(x0, x1, 48)
        lines = [np.interp(places, x, y, np.nan, np.nan) for x, y in drawn if x is not None and len(x)]
        if not lines:
            return self.words.corner
        xs, ys = np.tile(places, len(lines)), np.concatenate(lines)
        right, left = xs > x1 - wide, xs < x0 + wide
        top, bottom = ys > y1 - high, ys < y0 + high
        hidden: dict[Corner, int] = {
            "top right": int((top & right).sum()),
            "bottom right": int((bottom & right).sum()),
            "top left": int((top & left).sum()),
            "bottom left": int((bottom & left).sum()),
        }
        best = min(hidden, key=lambda corner: hidden[corner])
        return best if hidden[self.words.corner] > 2 * hidden[best] else self.words.corner

    def say(self) -> None:
        """Renew the words: those for the place under the cursor, or the usual ones."""
        lines: Sequence[Line] | None = None
        if self._cursor is not None and self.readout is not None and self._view.rect().contains(self._cursor):
            place = self._view.mapToView(self._cursor)
            y = place.y()
            if self.logarithmic:
                y = 10.0**y if abs(y) < 300 else 0.0
            lines = self.readout(place.x(), y)
        self._hair.setVisible(bool(lines) and self.hairline)
        if lines and self.hairline and self._cursor is not None:
            x = round(self._cursor.x()) + 0.5
            self._hair.setLine(x, 0, x, self._view.rect().height())
        self.words.show_lines(lines or self._lines)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._cursor = self._view.mapFromScene(self.mapToScene(event.position().toPoint()))
        self.say()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor = None
        self.say()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}
        x0, x1, y0, y1 = self.visible_range()
        if event.key() in steps:
            right, up = steps[Qt.Key(event.key())]
            self._view.translateBy(x=0.1 * right * (x1 - x0), y=0.1 * up * (y1 - y0))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._view.scaleBy((0.8, 0.8))
        elif event.key() == Qt.Key.Key_Minus:
            self._view.scaleBy((1.25, 1.25))
        elif event.key() in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.fit()
            return
        else:
            event.ignore()
            return
        self._following = False

    # -- theme -----------------------------------------------------------------------------------------------------

    def close(self) -> bool:
        """Hide it, as closing any other widget does; pyqtgraph would take it to pieces."""
        return bool(QWidget.close(self))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_hair"):
            self.restyle()
            self.restyled.emit()

    def restyle(self) -> None:
        """Take the colours of the theme that is shown now."""
        self.setBackground(shade("window"))
        self._axes["left"].restyle(self.font_, True)
        self._axes["left"].setGrid(255)
        self._axes["bottom"].restyle(self.font_, False)
        self._hair.setPen(QPen(shade("muted", 0.6), 1))
        for thing in self._things:
            thing.restyle()
        self.words.update()

    # -- menu and files --------------------------------------------------------------------------------------------

    def menu(self) -> QMenu:
        """Fit, log scale, and the ways to save."""
        menu = QMenu(self)
        self.fill_menu(menu)
        return menu

    def fill_menu(self, menu: QMenu) -> None:
        fit = menu.addAction("Fit to the numbers", self.fit)
        fit.setShortcut(QKeySequence(Qt.Key.Key_Home))
        fit.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        if self.may_be_logarithmic:
            action = menu.addAction("Log scale")
            action.setCheckable(True)
            action.setChecked(self.logarithmic)
            action.toggled.connect(self.set_logarithmic)
        if self.extra_actions is not None:
            self.extra_actions(menu)
        menu.addSeparator()
        menu.addAction("Save as PNG…", lambda: self.ask_and_save("png"))
        menu.addAction("Save as SVG…", lambda: self.ask_and_save("svg"))
        if self.table is not None:
            menu.addAction("Save numbers as CSV…", lambda: self.ask_and_save("csv"))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())
        event.accept()

    def ask_and_save(self, kind: str) -> None:
        """Ask where to, and save there."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save the plot", f"{self.file_name}.{kind}", f"{kind.upper()} (*.{kind})"
        )
        if not chosen:
            return
        path = Path(chosen)
        try:
            self.save(path if path.suffix else path.with_suffix(f".{kind}"))
        except OSError as error:
            QMessageBox.warning(self, "The plot was not saved", f"{path.name} could not be written: {error.strerror}.")

    def save(self, path: Path) -> None:
        """Write a PNG, SVG or CSV file, by the ending of its name. Raises OSError."""
        if path.suffix.lower() == ".csv":
            picture.write_csv(path, self.table() if self.table is not None else {})
        elif path.suffix.lower() == ".svg":
            picture.write_svg(path, self, shade("window"))
        else:
            picture.write_png(path, self, shade("window"))
