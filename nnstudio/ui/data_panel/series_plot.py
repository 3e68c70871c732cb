"""SeriesPage: rows that are stretches of time: one stretch after the other, with what is to be predicted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared
from nnstudio.ui.data_panel.rows_model import target_text
from nnstudio.ui.data_panel.share_field import Slider
from nnstudio.ui.forms.fact import heading
from nnstudio.ui.panels.plot import Plot

_COLORS = ("train", "test", "convolution", "normalisation", "regularisation", "combine", "sequence", "shape")


def is_series(data: Data) -> bool:
    """Whether each row is a stretch of a series."""
    return data.inputs.ndim == 3 and data.times is not None and np.issubdtype(data.inputs.dtype, np.floating)


class SeriesPage(QWidget):
    """A plot of one window, and a slider over all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._prepared: Prepared | None = None
        self.plot = Plot("step", "value")
        self.plot.setAccessibleName("One window of the series")
        self.plot.file_name = "window"
        self.curves = [self.plot.curve(color) for color in _COLORS]
        self.slider = Slider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Which window")
        self.slider.setObjectName("window_slider")
        self.slider.valueChanged.connect(lambda _: self._show())
        self.caption = heading("", "muted")
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.slider, 1)
        line.addWidget(self.caption, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.plot, 1)
        column.addLayout(line)

    def renew(self, prepared: Prepared) -> str:
        """Show the windows of these rows; the words for under them."""
        self._prepared = prepared
        data = prepared.data
        channels = data.inputs.shape[2]
        self.plot.name("step", "as the network sees it" if channels > 1 else (*data.feature_names, "value")[0])
        self.slider.setRange(0, max(0, data.rows - 1))
        self._show()
        more = f", the first {len(_COLORS)} of {channels} columns" if channels > len(_COLORS) else ""
        return f"{data.rows:,} windows of {data.inputs.shape[1]:,} steps{more}."

    def _show(self) -> None:
        prepared = self._prepared
        if prepared is None:
            return
        data, row = prepared.data, self.slider.value()
        window = steps_of(prepared, row)[0]
        xs = np.arange(len(window), dtype=float)
        for channel, curve in enumerate(self.curves):
            there = channel < window.shape[1]
            curve.show_points(xs if there else xs[:0], window[:, channel] if there else xs[:0])
        seen = window[np.isfinite(window)]
        if len(seen):
            room = 0.06 * float(np.ptp(seen)) or 0.5
            self.plot.bounds(0.0, float(max(len(window) - 1, 1)), float(seen.min()) - room, float(seen.max()) + room)
        part = "test" if row in prepared.test_rows else "validation" if row in prepared.validation_rows else "train"
        self.caption.setText(f"window {row:,}, {part}")
        names = list(zip(data.feature_names, _COLORS, strict=False)) if window.shape[1] > 1 else []
        self.plot.show_lines([*names, (f"{data.target_name}: {target_text(data, row)}", "text")])


def steps_of(prepared: Prepared, row: int = 0) -> np.ndarray:
    """One row as [1, steps, columns]; several columns on the scale of the network, so that all of them are seen."""
    window = np.asarray(prepared.data.inputs[row : row + 1])
    return (prepared.scaled(window) if window.shape[2] > 1 else window).astype(float)
