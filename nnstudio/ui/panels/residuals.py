"""Residuals: predicted numbers over true ones, and how what is missing between them spreads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu

from nnstudio.engine import value_figures
from nnstudio.engine.evaluation import Evaluation
from nnstudio.engine.value_figures import QUANTILES, Residuals
from nnstudio.ui.document import Document
from nnstudio.ui.panels.evaluated import EvaluatedPanel, Judged
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import Segments
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line

# From this width on there is room for both pictures.
BOTH = 480
BINS = 30


class ResidualsPanel(EvaluatedPanel):
    """Predicted over true, and the histogram of truth minus prediction."""

    key = "residuals"
    title = "Residuals"
    sentence = (
        "For numbers: what was predicted over what is true, and how the differences spread. "
        "On the broken line the prediction is right."
    )
    instead = "Open Confusion matrix in View, Panels."
    task = "regression"
    order: ClassVar[int] = 24

    def __init__(self, document: Document) -> None:
        self.views = Segments("View")
        self.views.offer([("scatter", "Points"), ("histogram", "Bars")])
        super().__init__(document, self.views)
        self._output = 0
        self.scatter = Plot("True", "Predicted")
        self.scatter.setAccessibleName("Predicted over true")
        self.scatter.file_name = "predicted-over-true"
        self.scatter.hairline = False
        self.scatter.readout = self._point_readout
        self.scatter.table = self.table
        self.ideal = self.scatter.curve("muted", width=1.0, dashes=Qt.PenStyle.DashLine)
        self.points = self.scatter.points("train", size=6)
        self.histogram = Plot("True minus predicted", "Rows")
        self.histogram.setAccessibleName("Histogram of the residuals")
        self.histogram.file_name = "residuals"
        self.histogram.readout = self._bar_readout
        self.histogram.table = self.table
        self.histogram.axis("left").whole = True
        self.bars = self.histogram.bars("train")
        self.zero = self.histogram.curve("muted", width=1.0, dashes=Qt.PenStyle.DashLine)
        row = QHBoxLayout(self.content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.scatter, 1)
        row.addWidget(self.histogram, 1)
        self.views.chosen.connect(lambda _: self._arrange())
        self._edges, self._counts = np.zeros(0), np.zeros(0)
        self._both = False
        self._arrange()
        self.clear()

    @staticmethod
    def work_out(found: Evaluation) -> Mapping[str, float]:
        return value_figures.summary(found)

    def show_judged(self, judged: Judged) -> None:
        self._output = min(self._output, judged.evaluation.targets.shape[1] - 1)
        found = self._residuals()
        assert found is not None
        values = np.concatenate([found.targets, found.predictions])
        low, high = float(values.min()), float(values.max())
        room = 0.04 * (high - low) or 0.5
        self.ideal.show_points(np.array([low - room, high + room]), np.array([low - room, high + room]))
        self.points.show_points(found.targets, found.predictions)
        self.scatter.name(f"True {judged.evaluation.target_name}", "Predicted")
        self.scatter.bounds(low - room, high + room, low - room, high + room)
        figures: Mapping[str, float] = judged.figures
        lines: list[Line] = [(f"R² {figure(figures['r2'])}", "text")] if "r2" in figures else []
        lines += [(f"MAE {figure(figures['mae'])}", "text"), (f"RMSE {figure(figures['rmse'])}", "muted")]
        self.scatter.show_lines(lines, "top left")
        reach = float(np.abs(found.values).max()) or 0.5
        self._counts, self._edges = np.histogram(found.values, bins=BINS, range=(-reach, reach))
        self.bars.show_bars(self._edges, self._counts)
        top = float(self._counts.max()) * 1.3
        self.zero.show_points(np.zeros(2), np.array([0.0, top]))
        self.histogram.bounds(-1.02 * reach, 1.02 * reach, 0, top)
        low_end, middle, high_end = (figure(float(found.quantiles[place])) for place in (0, 2, 4))
        self.histogram.show_lines([(f"middle {middle}", "text"), (f"90 % from {low_end} to {high_end}", "muted")])
        for plot in (self.scatter, self.histogram):
            plot.setAccessibleDescription(", ".join(words for words, _ in lines))

    def words(self, judged: Judged) -> tuple[str, str]:
        figures: Mapping[str, float] = judged.figures
        name, key = ("R²", "r2") if "r2" in figures else ("MAE", "mae")
        return f"{name} {figure(figures[key])} · {judged.evaluation.size_in_words}", f"{name} {figure(figures[key])}"

    def fill_menu(self, menu: QMenu) -> None:
        outputs = self.judged.evaluation.targets.shape[1] if self.judged is not None else 1
        if outputs > 1:
            below = menu.addMenu("Output")
            for number in range(min(outputs, 40)):
                action = below.addAction(f"Output {number + 1}")
                action.setCheckable(True)
                action.setChecked(number == self._output)
                action.triggered.connect(lambda _=False, number=number: self._choose_output(number))
        if self._both:
            self.scatter.fill_menu(menu.addMenu("Scatter"))
            self.histogram.fill_menu(menu.addMenu("Histogram"))
        else:
            (self.histogram if self.scatter.isHidden() else self.scatter).fill_menu(menu)

    def table(self) -> Mapping[str, np.ndarray]:
        """Each row with its truth, prediction and residual, and the quantiles of the residuals."""
        found = self._residuals()
        if found is None:
            return {}
        return {
            "row": found.rows,
            "true": found.targets,
            "predicted": found.predictions,
            "residual": found.values,
            "share of the rows": np.array(QUANTILES),
            "residual below": found.quantiles,
        }

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._both != (event.size().width() >= BOTH):
            self._arrange()

    def _residuals(self) -> Residuals | None:
        return None if self.judged is None else value_figures.residuals(self.judged.evaluation, self._output)

    def _choose_output(self, number: int) -> None:
        self._output = number
        if self.judged is not None:
            self.show_judged(self.judged)

    def _arrange(self) -> None:
        self._both = both = self.width() >= BOTH
        self.views.setVisible(not both)
        self.scatter.setVisible(both or self.views.choice == "scatter")
        self.histogram.setVisible(both or self.views.choice == "histogram")

    def _point_readout(self, x: float, y: float) -> Sequence[Line] | None:
        found = self._residuals()
        if found is None:
            return None
        x0, x1, y0, y1 = self.scatter.visible_range()
        far = ((found.targets - x) / (x1 - x0)) ** 2 + ((found.predictions - y) / (y1 - y0)) ** 2
        place = int(far.argmin())
        if far[place] > 0.002:
            return None
        return [
            (f"row {int(found.rows[place]):,}", "muted"),
            (f"true {figure(float(found.targets[place]))}", "text"),
            (f"predicted {figure(float(found.predictions[place]))}", "train"),
        ]

    def _bar_readout(self, x: float, y: float) -> Sequence[Line] | None:
        if len(self._edges) < 2 or not self._edges[0] <= x <= self._edges[-1]:
            return None
        place = min(int(np.searchsorted(self._edges, x, side="right")) - 1, len(self._counts) - 1)
        span = f"from {figure(float(self._edges[place]))} to {figure(float(self._edges[place + 1]))}"
        return [(span, "muted"), (f"{int(self._counts[place]):,} rows", "text")]
