"""ImageGrid: the images of a dataset, class by class or all in turn; only those in sight are made."""

from __future__ import annotations

import math
from collections import OrderedDict

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.data_panel.rows_model import target_text
from nnstudio.ui.data_panel.tiles import Tiles
from nnstudio.ui.forms.fact import heading
from nnstudio.ui.forms.fields import ChoiceBox

_KEPT = 600  # images that are kept made
_IN_TURN = 200_000  # rows, up to which one of each class comes first, then the next of each
_SAMPLE = 64  # images whose range is that of all


class ImageGrid(Tiles):
    """The images of some rows."""

    def __init__(self) -> None:
        super().__init__("Images", least_width=44, height=16, gap=6, square=True)
        self.setObjectName("image_grid")
        self._data: Data | None = None
        self._rows = np.zeros(0, np.int64)
        self._parts = np.zeros(0, np.int8)
        self._range = (0.0, 1.0)
        self._made: OrderedDict[int, QImage] = OrderedDict()

    def renew(self, prepared: Prepared, rows: np.ndarray) -> None:
        """Show the images of these rows."""
        data = prepared.data
        if data is not self._data:
            self._made.clear()
            self._data = data
            chosen = np.linspace(0, data.rows - 1, min(data.rows, _SAMPLE)).astype(int)
            sample = pictures(data, chosen)
            finite = sample[np.isfinite(sample)]
            low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
            self._range = (0.0, 255.0) if data.inputs.dtype == np.uint8 else (low, high)
        self._parts = np.zeros(data.rows, np.int8)
        self._parts[prepared.validation_rows], self._parts[prepared.test_rows] = 1, 2
        self._rows = rows
        self.setAccessibleDescription(f"{len(rows):,} images")
        self.renew_tiles()

    def count(self) -> int:
        return len(self._rows)

    def row_at(self, number: int) -> int:
        """The row of a tile."""
        return int(self._rows[number])

    def tip(self, number: int) -> str:
        assert self._data is not None
        row = self.row_at(number)
        part = ("train", "validation", "test")[self._parts[row]]
        name = f"{self._data.names[row]}\n" if row < len(self._data.names) else ""
        return f"{name}row {row:,}, {part}\n{self._data.target_name}: {target_text(self._data, row)}"

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        assert self._data is not None
        row = self.row_at(number)
        side = place.width()
        image = self._image(row)
        shown = QRectF(place.left(), place.top(), side, side)
        scale = min(side / max(image.width(), 1), side / max(image.height(), 1))
        size = QRectF(0, 0, image.width() * scale, image.height() * scale)
        size.moveCenter(shown.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        painter.drawImage(size, image)
        painter.setPen(theme.current().color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(size)
        foot = QRectF(place.left(), place.top() + side, side, place.height() - side)
        self.write(painter, foot, target_text(self._data, row), "muted", Qt.AlignmentFlag.AlignHCenter)

    def _image(self, row: int) -> QImage:
        found = self._made.get(row)
        if found is None:
            assert self._data is not None
            found = to_image(pictures(self._data, np.array([row]))[0], *self._range)
            self._made[row] = found
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return found


class ImagesPage(QWidget):
    """The grid under a list of the classes."""

    def __init__(self, grid: ImageGrid) -> None:
        super().__init__()
        self.grid = grid
        self._prepared: Prepared | None = None
        self.box = ChoiceBox()
        self.box.setObjectName("image_class")
        self.box.setAccessibleName("Which class is shown")
        self.box.activated.connect(lambda _: self._show_rows())
        self.caption = heading("", "muted")
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.box, 1)
        line.addWidget(self.caption, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(grid, 1)

    def renew(self, prepared: Prepared) -> None:
        """Show the images of these rows."""
        self._prepared = prepared
        names = ["All classes", *prepared.data.class_names] if _labelled(prepared.data) else []
        if [self.box.itemText(i) for i in range(self.box.count())] != names:
            self.box.clear()
            self.box.addItems(names)
        self.box.setVisible(bool(names))
        self._show_rows()

    def _show_rows(self) -> None:
        prepared = self._prepared
        if prepared is None:
            return
        data = prepared.data
        chosen = self.box.currentIndex() - 1 if _labelled(data) else -1
        rows = np.flatnonzero(np.asarray(data.targets) == chosen) if chosen >= 0 else _in_turn(data)
        self.grid.renew(prepared, rows)
        size = " × ".join(map(str, picture_size(data) or ()))
        self.caption.setText(f"{len(rows):,} images, {size}")


def _labelled(data: Data) -> bool:
    return data.classes > 0 and data.targets.ndim == 1


def _in_turn(data: Data) -> np.ndarray:
    """All rows: one of each class, then the next of each."""
    if not _labelled(data) or data.rows > _IN_TURN:
        return np.arange(data.rows)
    targets = np.asarray(data.targets)
    ranks = np.zeros(data.rows, np.int64)
    for number in range(data.classes):
        here = np.flatnonzero(targets == number)
        ranks[here] = np.arange(len(here))
    return np.lexsort((targets, ranks))


def picture_size(data: Data) -> tuple[int, int] | None:
    """Height and width of the rows as pictures; None where they are none."""
    shape = data.inputs.shape[1:]
    if len(shape) == 3 and shape[0] in (1, 3):
        return shape[1], shape[2]
    if len(shape) == 2 and min(shape) > 1:
        return shape[0], shape[1]
    side = math.isqrt(shape[0]) if len(shape) == 1 else 0
    pixels = bool(data.feature_names) and all("pixel" in name.lower() for name in data.feature_names)
    return (side, side) if side > 3 and side * side == shape[0] and pixels else None


def pictures(data: Data, rows: np.ndarray) -> np.ndarray:
    """Some rows as pictures: [rows, height, width] or [rows, height, width, 3]."""
    size = picture_size(data)
    assert size is not None
    inputs = np.asarray(data.inputs[rows])
    if inputs.ndim == 4:
        return inputs[:, 0] if inputs.shape[1] == 1 else np.moveaxis(inputs, 1, -1)
    return inputs.reshape(-1, *size)


def to_image(picture: np.ndarray, low: float, high: float) -> QImage:
    """A picture of numbers, the lowest as black and the highest as white."""
    share = (np.nan_to_num(picture.astype(np.float32)) - low) / max(high - low, 1e-12)
    levels = np.ascontiguousarray(np.clip(share, 0, 1) * 255, np.uint8)
    height, width = levels.shape[:2]
    kind = QImage.Format.Format_RGB888 if levels.ndim == 3 else QImage.Format.Format_Grayscale8
    return QImage(levels.tobytes(), width, height, levels.strides[0], kind).copy()
