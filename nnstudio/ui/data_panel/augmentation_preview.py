"""AugmentationPreview: the same eight rows as they are, and as three epochs would see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from nnstudio.core.kinds import Augmentation
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.data_panel.image_grid import to_image
from nnstudio.ui.forms.fact import heading, link

ROWS, DRAWS = 8, 3
_LABEL, _GAP = 54, 4


class AugmentationPreview(QWidget):
    """A grid: one column for each row of the data, one line for each draw, the original above."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("augmentation_preview")
        self._prepared: Prepared | None = None
        self._augmentations: tuple[Augmentation, ...] = ()
        self._originals: torch.Tensor | None = None
        self.seed = 0
        self.draws: list[np.ndarray] = []  # the original, then each draw: [rows, *shape]
        self.refusal = ""
        self.grid = _Grid(self)
        self.caption = heading("", "muted")
        self.again = link("Draw again", "Shows what other epochs would see.", self.draw_again)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addWidget(self.grid)
        rows.addWidget(self.caption)
        rows.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def possible(self) -> bool:
        """Whether there are rows that can be drawn."""
        return self._originals is not None

    def renew_rows(self, prepared: Prepared | None) -> None:
        """Show rows of these data."""
        if prepared is self._prepared:
            return
        self._prepared = prepared
        self._originals = None
        if prepared is not None and np.issubdtype(prepared.data.inputs.dtype, np.number):
            data = prepared.data
            rows = prepared.train_rows[:2000]
            if data.classes and data.targets.ndim == 1:  # one of each class first
                targets = np.asarray(data.targets[rows])
                ranks = np.zeros(len(rows), np.int64)
                for number in np.unique(targets):
                    ranks[targets == number] = np.arange(int((targets == number).sum()))
                rows = rows[np.lexsort((targets, ranks))]
            rows = rows[:ROWS]
            made = prepared.scaled(np.asarray(data.inputs[rows]))
            self._originals = torch.from_numpy(made) if made.dtype == np.float32 else None
        self._draw()

    def renew(self, augmentations: Sequence[Augmentation]) -> None:
        """Change them so."""
        if tuple(augmentations) != self._augmentations:
            self._augmentations = tuple(augmentations)
            self._draw()

    def draw_again(self) -> None:
        """Show three other draws."""
        self.seed += 1
        self._draw()

    def _draw(self) -> None:
        """Draw with a generator of its own, so that no training is changed by looking."""
        self.draws, self.refusal = [], ""
        if self._originals is not None and self._augmentations:
            generator = torch.Generator().manual_seed(self.seed)
            self.draws = [self._originals.numpy()]
            try:
                for _ in range(DRAWS):
                    rows = self._originals.clone()
                    for augmentation in self._augmentations:
                        rows = augmentation.apply(rows, generator)
                    self.draws.append(rows.numpy())
            except (ValueError, RuntimeError, TypeError) as error:
                self.draws = []
                self.refusal = f"These rows cannot be changed so: {str(error).splitlines()[0].rstrip('.')}."
        self.caption.setText(self.refusal or "The same rows as they are, and as three epochs see them.")
        self.grid.show_draws()


class _Grid(QWidget):
    """The pictures, or curves where the rows are none."""

    def __init__(self, owner: AugmentationPreview) -> None:
        super().__init__()
        self._owner = owner
        self._images: list[list[QImage]] = []
        self.setAccessibleName("Rows before and after augmentation")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_draws(self) -> None:
        draws = self._owner.draws
        self._images = []
        if draws and draws[0].ndim == 4 and draws[0].shape[1] in (1, 3):
            low, high = float(draws[0].min()), float(draws[0].max())
            for rows in draws:
                shown = rows[:, 0] if rows.shape[1] == 1 else np.moveaxis(rows, 1, -1)
                self._images.append([to_image(row, low, high) for row in shown])
        self.updateGeometry()
        self.update()

    def _side(self) -> float:
        return min((self.width() - _LABEL) / ROWS - _GAP, 56.0)

    def sizeHint(self) -> QSize:
        return QSize(280, self.heightForWidth(self.width()))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        side = min((width - _LABEL) / ROWS - _GAP, 56.0)
        return max(1, round(len(self._owner.draws) * (max(side, 8.0) + _GAP)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, shown = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        side = self._side()
        for line, rows in enumerate(self._owner.draws):
            top = line * (side + _GAP)
            painter.setPen(shown.color("muted"))
            words = "original" if line == 0 else f"draw {line}"
            painter.drawText(QRectF(0, top, _LABEL - 6, side), Qt.AlignmentFlag.AlignVCenter, words)
            for place in range(len(rows)):
                area = QRectF(_LABEL + place * (side + _GAP), top, side, side)
                if self._images:
                    painter.drawImage(area, self._images[line][place])
                else:
                    self._paint_numbers(painter, rows[place], self._owner.draws[0][place], area)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(shown.color("border"), 1))
                painter.drawRect(area)
        painter.end()

    def _paint_numbers(self, painter: QPainter, row: np.ndarray, original: np.ndarray, area: QRectF) -> None:
        """The numbers of a row as a line, on the scale of the original."""
        values, scale = row.reshape(-1)[:200], original.reshape(-1)[:200]
        low, high = float(np.nanmin(scale)), float(np.nanmax(scale))
        xs = area.left() + 2 + np.arange(len(values)) / max(len(values) - 1, 1) * (area.width() - 4)
        ys = area.bottom() - 3 - np.clip((values - low) / max(high - low, 1e-9), 0, 1) * (area.height() - 6)
        painter.setPen(QPen(theme.current().color("train"), 1.2))
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, ys, strict=True) if np.isfinite(y)]))
