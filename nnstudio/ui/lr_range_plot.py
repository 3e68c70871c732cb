"""RangePlot: the loss over the learning rates of a range test, and a marker that picks one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal

from nnstudio.engine.lr_range import Point
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line, shade


class RangePlot(Plot):
    """The rates stand as powers of ten. A click sets the marker; it can be dragged, too."""

    # the person has picked this rate
    picked = Signal(float)

    def __init__(self) -> None:
        super().__init__("learning rate", "loss")
        self.setAccessibleName("Loss by learning rate")
        self.file_name = "learning-rate-range"
        self.readout = self._readout
        self.table = self._table
        self.axis("bottom").setLogMode(True)
        self._raw = self.curve("train", width=1.0, opacity=0.35)
        self._smoothed = self.curve("train", width=1.8)
        self._dots = self.points("accent", size=8)
        self._marker = pg.InfiniteLine(0.0, angle=90, movable=True)
        self._marker.setZValue(800)
        self._marker.hide()
        self._marker.sigDragged.connect(lambda line: self._pick(line.value()))
        self.addItem(self._marker)
        self.scene().sigMouseClicked.connect(self._clicked)
        self.restyled.connect(self._restyle_marker)
        self._restyle_marker()
        self._logs = np.zeros(0)
        self._losses = np.zeros((0, 2))

    def show_range(self, low: float, high: float) -> None:
        """Begin anew, between these rates."""
        self._low, self._high = math.log10(low), math.log10(high)
        self.show_test([])
        self.mark(None)
        self.show_suggestions([])

    def show_test(self, points: Sequence[Point]) -> None:
        """Show the points that there are so far."""
        self._logs = np.log10([point.lr for point in points]) if points else np.zeros(0)
        self._losses = np.array([(point.loss, point.smoothed) for point in points]).reshape(-1, 2)
        self._raw.show_points(self._logs, self._losses[:, 0])
        self._smoothed.show_points(self._logs, self._losses[:, 1])
        low, high = 0.0, 1.0
        if len(points):
            smoothed = self._losses[:, 1]
            # What flies away at the end may leave the picture: what comes before it is looked at.
            low, high = float(self._losses.min()), float(smoothed.max())
            if smoothed[0] > 0:
                high = min(high, 2 * float(smoothed[0]))
            room = 0.06 * (high - low) or 0.1
            low, high = low - room, high + room
        self.bounds(self._low, self._high, low, high)

    def show_suggestions(self, rates: Sequence[float]) -> None:
        """Dots on the curve at these rates."""
        places = np.log10(rates) if len(rates) else np.zeros(0)
        heights = np.interp(places, self._logs, self._losses[:, 1]) if len(self._logs) else places
        self._dots.show_points(places, heights)

    def mark(self, rate: float | None) -> None:
        """Put the marker on this rate; None takes it away."""
        self._marker.setVisible(rate is not None)
        if rate is not None and rate > 0:
            self._marker.setValue(math.log10(rate))

    @property
    def marked(self) -> float | None:
        """The rate that the marker is on."""
        return 10.0 ** float(self._marker.value()) if self._marker.isVisible() else None

    def _clicked(self, event: Any) -> None:
        view = self.plotItem.vb
        if event.button() == Qt.MouseButton.LeftButton and view.sceneBoundingRect().contains(event.scenePos()):
            self._pick(view.mapSceneToView(QPointF(event.scenePos())).x())

    def _pick(self, place: float) -> None:
        if self._marker.isVisible():
            self.picked.emit(10.0 ** min(max(place, self._low), self._high))

    def _restyle_marker(self) -> None:
        self._marker.setPen(pg.mkPen(shade("text"), width=1.5, style=Qt.PenStyle.DashLine))
        self._marker.setHoverPen(pg.mkPen(shade("accent"), width=3))

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        if not len(self._logs):
            return None
        place = int(np.abs(self._logs - x).argmin())
        loss, smoothed = self._losses[place]
        return [
            (f"rate {figure(10.0 ** float(self._logs[place]))}", "text"),
            (f"loss {figure(float(loss))}", "train"),
            (f"smoothed {figure(float(smoothed))}", "train"),
        ]

    def _table(self) -> Mapping[str, np.ndarray]:
        return {"lr": 10.0**self._logs, "loss": self._losses[:, 0], "smoothed": self._losses[:, 1]}
