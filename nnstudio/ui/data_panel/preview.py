"""Preview: what the rows look like: points in the plane, a curve, a table, or images."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTableView, QVBoxLayout, QWidget

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.data_panel.rows_model import RowsModel
from nnstudio.ui.forms.fact import heading
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line
from nnstudio.ui.theme import Theme

MOST_POINTS = 4000  # points that are drawn; more would only cover each other
HEIGHT = 260


class Preview(QWidget):
    """Shows some rows in the way that suits them."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = "Preview"
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.pages = QStackedWidget()
        self.plot = RowsPlot()
        self.table = RowsTable()
        self.images = ImageGrid()
        for page in (self.plot, self.table, self.images):
            self.pages.addWidget(page)
        rows.addWidget(self.pages)
        self.caption = heading("", "muted")
        rows.addWidget(self.caption)

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        data = prepared.data
        images = images_of(data)
        if images is not None:
            self.heading, words = "Images", self.images.renew(data, images)
            self.pages.setCurrentWidget(self.images)
        elif data.inputs.ndim == 2 and data.inputs.shape[1] in (1, 2):
            self.heading, words = "Points", self.plot.renew(prepared)
            self.pages.setCurrentWidget(self.plot)
        else:
            self.heading, words = "Table", ""
            self.table.renew(prepared)
            self.pages.setCurrentWidget(self.table)
        self.pages.setFixedHeight(self.images.height_for(self.width()) if images is not None else HEIGHT)
        self.caption.setText(words)
        self.caption.setVisible(bool(words))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.pages.currentWidget() is self.images:
            self.pages.setFixedHeight(self.images.height_for(self.width()))


def images_of(data: Data) -> np.ndarray | None:
    """The rows as pictures, float [rows, height, width] or [rows, height, width, 3]; None where they are none."""
    inputs = data.inputs
    if inputs.ndim == 4 and inputs.shape[1] in (1, 3):
        return inputs[:, 0] if inputs.shape[1] == 1 else np.moveaxis(inputs, 1, -1)
    if inputs.ndim == 3 and min(inputs.shape[1:]) > 1:
        return inputs
    side = math.isqrt(inputs.shape[1]) if inputs.ndim == 2 else 0
    if side > 3 and side * side == inputs.shape[1] and all("pixel" in name.lower() for name in data.feature_names):
        return inputs.reshape(-1, side, side) if data.feature_names else None
    return None


class RowsPlot(Plot):
    """Points over one or two features; the rows for testing have an edge."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Plot of the rows")
        self.train = self.points("train", size=7)
        self.test = self.points("train", size=8, outline="text", outline_width=1.6)
        self.file_name = "rows"
        self.hairline = False

    def renew(self, prepared: Prepared) -> str:
        """Show these rows; the words for under the plot."""
        data = prepared.data
        plane = data.inputs.shape[1] == 2
        names = data.feature_names or ("x1", "x2")
        xs = data.inputs[:, 0].astype(float)
        ys = (data.inputs[:, 1] if plane else data.targets if data.classes else data.targets[:, 0]).astype(float)
        self.name(names[0], names[1] if plane else data.target_name)
        for rows, points in ((prepared.train_rows, self.train), (prepared.test_rows, self.test)):
            shown = rows[:: max(1, math.ceil(len(rows) / MOST_POINTS))]
            points.show_points(xs[shown], ys[shown], _colors(data, shown, plane))
        finite = np.isfinite(xs) & np.isfinite(ys)
        if finite.any():
            self.bounds(*_with_room(xs[finite]), *_with_room(ys[finite]))
        self.fit()
        self.table = lambda: {names[0]: xs, (names[1] if plane else data.target_name): ys}
        classes = data.class_names

        def readout(x: float, y: float) -> list[Line] | None:
            left, right, bottom, top = self.visible_range()
            far = ((xs - x) / max(right - left, 1e-12)) ** 2 + ((ys - y) / max(top - bottom, 1e-12)) ** 2
            if not len(far) or not np.isfinite(far).any() or np.nanmin(far) > 0.002:
                return None
            row = int(np.nanargmin(far))
            part = "test" if row in prepared.test_rows else "train"
            target = classes[int(data.targets[row])] if classes else f"{float(data.targets[row, 0]):.4g}"
            return [(f"row {row}, {part}", "text"), (f"{data.target_name}: {target}", "muted")]

        self.readout = readout
        return "Points with an edge are rows for testing." if len(prepared.test_rows) else ""


def _with_room(values: np.ndarray) -> tuple[float, float]:
    """The range of some numbers and a little more."""
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _colors(data: Data, rows: np.ndarray, plane: bool) -> Callable[[Theme], list[QColor]] | None:
    """One colour a point: its class, or for values in the plane from negative to positive."""
    targets = data.targets[rows]
    if data.classes:
        return lambda shown: [theme.class_colors(shown, data.classes)[int(target)] for target in targets]
    if not plane:
        return None
    largest = float(np.abs(data.targets).max()) or 1.0
    places = np.clip((targets[:, 0] / largest + 1) / 2 * 255, 0, 255).astype(int)

    def by_value(shown: Theme) -> list[QColor]:
        table = theme.diverging(shown)
        return [QColor(*table[place].tolist()) for place in places]

    return by_value


class RowsTable(QTableView):
    """All rows as a table; only what is seen is ever written out."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rows_table")
        self.setAccessibleName("Table of the rows")
        self.setModel(RowsModel())
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setDefaultSectionSize(24)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        model = self.model()
        assert isinstance(model, RowsModel)
        model.renew(prepared)
        metrics = self.fontMetrics()
        for section in range(min(model.columnCount(), 64)):
            words = metrics.horizontalAdvance(str(model.headerData(section, Qt.Orientation.Horizontal)))
            cells = [metrics.horizontalAdvance(model.text(row, section)) for row in range(min(model.rowCount(), 20))]
            self.setColumnWidth(section, min(max([words, *cells]) + 24, 180))


class ImageGrid(QWidget):
    """The first images of each class, in turn."""

    CELL, GAP, FOOT = 44, 6, 16

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Images")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._images: list[tuple[QImage, str]] = []

    def renew(self, data: Data, images: np.ndarray) -> str:
        """Show some of these images; the words for under them."""
        order = np.arange(len(images))
        if data.classes:  # one of each class, then the next of each
            ranks = np.zeros(len(images), int)
            for number in range(data.classes):
                here = np.flatnonzero(data.targets == number)
                ranks[here] = np.arange(len(here))
            order = np.lexsort((data.targets, ranks))
        chosen = order[: min(len(order), 40)]
        low, high = float(images[chosen].min()), float(images[chosen].max())
        self._images = []
        for row in chosen:
            levels = np.ascontiguousarray((images[row] - low) / max(high - low, 1e-12) * 255, np.uint8)
            height, width = levels.shape[:2]
            kind = QImage.Format.Format_RGB888 if levels.ndim == 3 else QImage.Format.Format_Grayscale8
            image = QImage(levels.tobytes(), width, height, levels.strides[0], kind).copy()
            label = data.class_names[int(data.targets[row])] if data.classes else f"{data.targets[row, 0]:.3g}"
            self._images.append((image, label))
        self.setAccessibleDescription(f"{len(self._images)} images: " + ", ".join(label for _, label in self._images))
        self.update()
        size = " × ".join(map(str, images.shape[1:3]))
        return f"{len(self._images)} of {len(images):,} images of {size} pixels."

    def _columns(self, width: int) -> int:
        return max(1, (width + self.GAP) // (self.CELL + self.GAP))

    def height_for(self, width: int) -> int:
        """How high it must be for all its images at this width."""
        lines = -(-len(self._images) // self._columns(width))
        return max(lines, 1) * (self.CELL + self.FOOT + self.GAP)

    def sizeHint(self) -> QSize:
        return QSize(200, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        columns = self._columns(self.width())
        pitch = (self.width() + self.GAP) / columns
        side = pitch - self.GAP
        side = min(side, self.CELL + 8)
        for place, (image, label) in enumerate(self._images):
            left, top = place % columns * pitch, place // columns * (self.CELL + self.FOOT + self.GAP)
            size = min(side, float(self.CELL))
            painter.drawImage(QRectF(left, top, size, size), image)
            painter.setPen(theme.current().color("border"))
            painter.drawRect(QRectF(left, top, size, size))
            painter.setPen(theme.current().color("muted"))
            words = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, int(size))
            painter.drawText(QRectF(left, top + size, size, self.FOOT), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
