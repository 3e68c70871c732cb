"""Weights: the matrix of a layer, and how its values have spread over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu

from nnstudio.core.graph import id_order
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui.document import Document
from nnstudio.ui.panels.distributions import Spread, Weights, weigh
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import FramedPanel, MoreButton, Segments
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line
from nnstudio.ui.panels.ridges import HEIGHT, ColorBar, Ridges

# Ridges drawn, and readings kept to choose them from.
RIDGES = 16
KEPT = 64
# From this width on there is room for both.
BOTH = 520


class WeightsPanel(FramedPanel):
    """The weights of the selected layer, else of the first that has any."""

    key = "weights"
    title = "Weights"
    sentence = (
        "The weights of the selected layer: the matrix itself, and how its values spread while it learns. "
        "Select a layer that has weights, such as Linear."
    )
    order: ClassVar[int] = 3

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.matrix_plot = Plot("input", "unit")
        self.matrix_plot.setAccessibleName("Matrix of weights")
        self.matrix_plot.file_name = "weights"
        self.matrix_plot.hairline = False
        self.matrix_plot.readout = self._matrix_readout
        self.matrix_plot.table = self._matrix_table
        self.matrix_plot.invertY(True)
        for side in ("left", "bottom"):
            self.matrix_plot.axis(side).whole = True
        self.matrix_plot.axis("left").setGrid(False)
        self._cells = self.matrix_plot.cells()
        self._bar = ColorBar(self.matrix_plot)
        self.time_plot = Plot("weight", "step")
        self.time_plot.setAccessibleName("Distribution of the weights over time")
        self.time_plot.file_name = "weights-over-time"
        self.time_plot.readout = self._time_readout
        self.time_plot.table = self._time_table
        self.time_plot.axis("left").setGrid(False)
        self._ridges = Ridges()
        self.time_plot.addItem(self._ridges)
        self.matrix_plot.restyled.connect(self._bar.update)
        self.time_plot.restyled.connect(self._restyled)

        row = QHBoxLayout(self.content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.time_plot, 1)
        row.addWidget(self.matrix_plot, 1)
        self.segments = Segments("View")
        self.segments.offer([("time", "Over time"), ("matrix", "Matrix")])
        self.segments.chosen.connect(lambda _: self._arrange())
        self.header.add(self.segments)
        self.header.add(MoreButton(self._fill_menu))
        self._history: dict[str, tuple[tuple[int, ...], list[Spread]]] = {}
        self._newest: Weights | None = None
        self._both = False
        self._arrange()
        self.clear()

    def request(self) -> Callable[[Run], Weights | None]:
        chosen = sorted(self.document.selection, key=id_order)
        return partial(weigh, wanted=[self.document.path_of(node_id) for node_id in chosen])

    def draw(self, reading: Weights | None, snapshot: Snapshot) -> None:
        if reading is None:
            self.show_empty("This network has no layer with weights. Drag a Linear layer onto the canvas.")
            return
        newest = self._newest
        if newest is not None and self.shows_content and newest.step == reading.step:
            same = (newest.node_id, newest.title) == (reading.node_id, reading.title)
            if same and np.array_equal(newest.values, reading.values, equal_nan=True):
                return
        self._newest = reading
        self._keep(reading)
        self.show_content()
        self._redraw()

    def clear(self) -> None:
        self._history, self._newest = {}, None
        self.show_empty()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _keep(self, reading: Weights) -> None:
        """Readings from the whole training, evenly spread: when there are too many, every second one goes."""
        shape, history = self._history.get(reading.node_id, (reading.shape, []))
        if shape != reading.shape or (history and reading.step < history[-1].step):
            history = []
        self._history[reading.node_id] = (reading.shape, history)
        if history and reading.step == history[-1].step:
            history[-1] = reading.spread
            return
        history.append(reading.spread)
        if len(history) > KEPT:
            spread = (history[-1].step - history[0].step) / (KEPT // 2)
            kept = [history[0]]
            for item in history[1:-1]:
                if item.step - kept[-1].step >= spread:
                    kept.append(item)
            history[:] = [*kept, history[-1]]

    def _redraw(self) -> None:
        reading = self._newest
        if reading is None:
            return
        shape = " × ".join(map(str, reading.shape))
        self.header.show_status(f"{reading.title} · {shape}", reading.title)
        if not self.matrix_plot.isHidden():
            self._draw_matrix(reading)
        if not self.time_plot.isHidden():
            self._draw_time(reading)

    def _draw_matrix(self, reading: Weights) -> None:
        rows, columns = reading.values.shape
        width, height = columns * reading.every[1], rows * reading.every[0]
        self._cells.show_cells(reading.indices(), -0.5, -0.5, width - 0.5, height - 0.5)
        self._bar.show_limit(reading.limit)
        self.matrix_plot.bounds(-0.5, width - 0.5, -0.5, height - 0.5)
        self.matrix_plot.say()

    def _draw_time(self, reading: Weights) -> None:
        shown = self._shown()
        self._ridges.show_ridges([(item.places, item.density) for item in shown])
        reach = max((float(np.abs(item.places).max()) for item in shown if len(item.places)), default=1.0)
        unit = 10.0 ** np.floor(np.log10(max(reach, 1e-12))) / 4
        reach = float(np.ceil(reach / unit) * unit)  # in jumps, so that the axis rests
        count = len(shown)
        last = -(count - 1)
        self.time_plot.bounds(-reach, reach, last - 0.4, HEIGHT + 0.2 + 0.12 * count)
        marks = sorted({0, (count - 1) // 2, count - 1}) if count >= 5 else range(count)
        self.time_plot.axis("left").setTicks([[(-place, f"{shown[place].step:,}") for place in marks]])
        shape = " × ".join(map(str, reading.shape))
        lines: list[Line] = [(f"{reading.title}, {shape}", "muted")]
        if reading.not_finite:
            lines.append((f"{reading.not_finite:,} of the weights are not numbers", "error"))
        self.time_plot.show_lines(lines, "top left")

    def _shown(self) -> list[Spread]:
        """The ridges: the first reading, the newest, and evenly chosen ones between."""
        reading = self._newest
        _, history = self._history.get(reading.node_id, ((), [])) if reading is not None else ((), [])
        if len(history) <= RIDGES:
            return list(history)
        steps = np.array([item.step for item in history])
        wanted = np.linspace(steps[0], steps[-1], RIDGES)
        places = np.unique(np.abs(steps[None, :] - wanted[:, None]).argmin(axis=1))
        return [history[place] for place in places]

    def _arrange(self) -> None:
        self._both = both = self.width() >= BOTH
        self.segments.setVisible(not both)
        self.time_plot.setVisible(both or self.segments.choice == "time")
        self.matrix_plot.setVisible(both or self.segments.choice == "matrix")
        if self.shows_content:
            self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._both != (event.size().width() >= BOTH):
            self._arrange()

    def _restyled(self) -> None:
        self._ridges.restyle()

    # -- words, menu, numbers --------------------------------------------------------------------------------------

    def _fill_menu(self, menu: QMenu) -> None:
        if self.time_plot.isHidden() or self.matrix_plot.isHidden():
            (self.matrix_plot if self.time_plot.isHidden() else self.time_plot).fill_menu(menu)
            return
        self.time_plot.fill_menu(menu.addMenu("Over time"))
        self.matrix_plot.fill_menu(menu.addMenu("Matrix"))

    def _matrix_readout(self, x: float, y: float) -> Sequence[Line] | None:
        reading = self._newest
        if reading is None:
            return None
        row, column = round(y) // reading.every[0], round(x) // reading.every[1]
        if not (0 <= row < reading.values.shape[0] and 0 <= column < reading.values.shape[1]):
            return None
        value = float(reading.values[row, column])
        place = f"unit {row * reading.every[0]}, input {column * reading.every[1]}"
        return [(place, "text"), (figure(value), "positive" if value > 0 else "negative" if value < 0 else "text")]

    def _time_readout(self, x: float, y: float) -> Sequence[Line] | None:
        shown = self._shown()
        place = int(np.clip(round(-y), 0, len(shown) - 1)) if shown else -1
        if place < 0:
            return None
        item = shown[place]
        spread = f"mean {figure(item.mean)} ± {figure(item.deviation)}"
        return [(f"step {item.step:,}, weight {figure(x)}", "text"), (spread, "muted")]

    def _matrix_table(self) -> Mapping[str, np.ndarray]:
        reading = self._newest
        if reading is None:
            return {}
        rows = np.arange(len(reading.values)) * reading.every[0]
        return {"unit": rows, **{f"input {n * reading.every[1]}": column for n, column in enumerate(reading.values.T)}}

    def _time_table(self) -> Mapping[str, np.ndarray]:
        shown = self._shown()
        return {
            "step": np.repeat([item.step for item in shown], [len(item.places) for item in shown]),
            "weight": np.concatenate([item.places for item in shown]) if shown else np.zeros(0),
            "density": np.concatenate([item.density for item in shown]) if shown else np.zeros(0),
        }
