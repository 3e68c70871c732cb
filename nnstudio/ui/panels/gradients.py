"""Gradient norm by layer: which layers learn, and which get no signal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout

from nnstudio.core.blocks import title_at
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import FramedPanel, MoreButton
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Curve, Line
from nnstudio.ui.theme import Theme

# Readings kept. When they are full, every second one of the older half goes.
READINGS = 400
# Points of all curves together, and curves that can be told apart.
POINTS = 2400
CURVES = 40
# Names in the corner; the others are told by the cursor.
NAMES = 6


@dataclass(frozen=True, eq=False)
class Norms:
    """The norm of the gradient of each layer that has parameters, in the order of the network: of the last batch."""

    step: int
    node_ids: tuple[str, ...]
    titles: tuple[str, ...]
    norms: np.ndarray


def measure(run: Run) -> Norms:
    """From the gradients that the last step left behind; empty before the first."""
    network = run.network
    gradients: list[torch.Tensor] = []
    owners: list[int] = []
    node_ids: list[str] = []
    for node_id, module in network.modules_by_node():
        own = [p.grad for p in module.parameters() if p.grad is not None]
        if own:
            owners.extend([len(node_ids)] * len(own))
            gradients.extend(own)
            node_ids.append(node_id)
    norms = np.zeros(len(node_ids))
    if gradients:
        with torch.inference_mode():
            squares = torch.stack(torch._foreach_norm(gradients)).double().square().cpu().numpy()
        np.add.at(norms, owners, squares)
    titles = tuple(title_at(run.project.graph, node_id) for node_id in node_ids)
    return Norms(run.step, tuple(node_ids), titles, np.sqrt(norms))


class GradientsPanel(FramedPanel):
    """One curve for each layer with parameters, on a logarithmic scale, over the last steps."""

    key = "gradients"
    title = "Gradient norm by layer"
    sentence = (
        "How strong the signal is that each layer learns from: curves that sink to the bottom learn no more, "
        "curves that shoot up are about to break. Press Train (Ctrl+Return) to begin."
    )
    order: ClassVar[int] = 4

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.plot = Plot("step", "gradient norm")
        self.plot.setAccessibleName("Gradient norm by layer and step")
        self.plot.file_name = "gradient-norms"
        self.plot.may_be_logarithmic = True
        self.plot.axis("bottom").whole = True
        self.plot.set_logarithmic(True)
        self.plot.logarithmic_changed.connect(lambda _: self._redraw())
        self.plot.readout = self._readout
        self.plot.table = self._table
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.header.add(MoreButton(self.plot.fill_menu))
        self._curves: list[Curve] = []
        self._ends = self.plot.points("accent", size=6.0)
        self._ends.setZValue(10)
        self._node_ids: tuple[str, ...] = ()
        self._titles: tuple[str, ...] = ()
        self._steps: list[int] = []
        self._norms: list[np.ndarray] = []
        document.selected.connect(lambda _: self._emphasise())
        self.clear()

    def request(self) -> Callable[[Run], Norms]:
        return measure

    def draw(self, reading: Norms, snapshot: Snapshot) -> None:
        if not reading.node_ids:
            if not self._steps:
                self.show_empty("This network has no layer with weights." if snapshot.step else "")
            return
        if reading.node_ids != self._node_ids or (self._steps and reading.step < self._steps[-1]):
            self._begin(reading)
        elif self._steps and reading.step == self._steps[-1] and reading.titles == self._titles:
            return
        self._titles = reading.titles
        self._steps.append(reading.step)
        self._norms.append(reading.norms)
        if len(self._steps) > READINGS:
            # The older half at half the density: the past stays in sight and the present stays sharp.
            half = READINGS // 2
            self._steps[:half] = self._steps[:half:2]
            self._norms[:half] = self._norms[:half:2]
        self.show_content()
        self._redraw()

    def clear(self) -> None:
        self._steps, self._norms, self._node_ids = [], [], ()
        self.show_empty()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _begin(self, reading: Norms) -> None:
        self._steps, self._norms = [], []
        self._node_ids, self._titles = reading.node_ids, reading.titles
        wanted = min(len(reading.node_ids), CURVES)
        for curve in self._curves[wanted:]:
            self.plot.remove(curve)
        del self._curves[wanted:]
        for number in range(len(self._curves), wanted):
            self._curves.append(self.plot.curve(_color(number), width=1.5))
        self._emphasise()
        self.plot.fit()

    def _redraw(self) -> None:
        if not self._steps:
            return
        steps, norms = np.array(self._steps, float), np.stack(self._norms)
        every = max(1, math.ceil(len(steps) * len(self._curves) / POINTS))
        # Counted from the newest, so that the end of the curve is always there.
        chosen = np.union1d(0, np.arange(len(steps) - 1, -1, -every))
        for curve, values in zip(self._curves, norms.T, strict=False):
            curve.show_points(steps[chosen], values[chosen])
        self._ends.setVisible(len(steps) == 1)
        if len(steps) == 1:  # no line yet
            with np.errstate(divide="ignore"):
                ends = np.log10(norms[0]) if self.plot.logarithmic else norms[0]
            self._ends.show_points(np.full(len(ends), steps[0]), ends, _colors(len(ends)))
        drawable = norms[np.isfinite(norms) & (norms > 0)]
        if len(drawable):
            low, high = float(drawable.min()), float(drawable.max())
            if self.plot.logarithmic:
                low = max(low, high * 1e-12)
                low, high = 10.0 ** math.floor(2 * math.log10(low) - 0.1), 10.0 ** math.ceil(2 * math.log10(high) + 0.1)
                low, high = math.sqrt(low), math.sqrt(high)  # to the next half power, so that the axis rests
            else:
                low, high = 0.0, 1.05 * high
            if len(steps) == 1:
                self.plot.bounds(steps[0] - 5, steps[0] + 5, low, high)
            else:
                self.plot.bounds(steps[0], _end(steps), low, high)
        self.header.show_status(f"steps {self._steps[0]:,} to {self._steps[-1]:,}", f"step {self._steps[-1]:,}")
        many = len(self._titles) > NAMES
        self.plot.show_lines([(f"{len(self._titles)} layers", "muted")] if many else self._lines(len(steps) - 1))

    def _emphasise(self) -> None:
        chosen = {self.document.path_of(node_id) for node_id in self.document.selection}
        for curve, node_id in zip(self._curves, self._node_ids, strict=False):
            curve.emphasise(3.0 if node_id in chosen else 1.5)

    # -- words and numbers -----------------------------------------------------------------------------------------

    def _lines(self, place: int) -> list[Line]:
        norms = self._norms[place]
        titles = enumerate(self._titles)
        return [(f"{_short(title)} {figure(float(norms[number]))}", _color(number)) for number, title in titles]

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        if not self._steps or not self._steps[0] <= x <= _end(np.array(self._steps, float)):
            return None
        place = int(np.argmin(np.abs(np.array(self._steps) - x)))
        lines: list[Line] = [(f"step {self._steps[place]:,}", "text")]
        if len(self._titles) <= NAMES:
            return lines + self._lines(place)
        norms = self._norms[place][: len(self._curves)]
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithmic = self.plot.logarithmic
            distance = np.abs(np.log10(norms) - math.log10(max(y, 1e-300)) if logarithmic else norms - y)
        nearest = np.argsort(np.nan_to_num(distance, nan=np.inf))[:3]
        for number in nearest:
            lines.append((f"{_short(self._titles[number])} {figure(float(norms[number]))}", _color(int(number))))
        return lines

    def _table(self) -> Mapping[str, np.ndarray]:
        if not self._steps:
            return {}
        norms = np.stack(self._norms)
        return {"step": np.array(self._steps), **{title: norms[:, n] for n, title in enumerate(self._titles)}}


def _color(number: int) -> Callable[[Theme], QColor]:
    def color(shown: Theme) -> QColor:
        own: Any = (shown.color("accent"), shown.color("convolution"), shown.color("activation"))
        more = theme.class_colors(shown, 10)[3:]
        return [*own, *more][number % 10]

    return color


def _colors(count: int) -> Callable[[Theme], list[QColor]]:
    return lambda shown: [_color(number)(shown) for number in range(count)]


def _end(steps: np.ndarray) -> float:
    """The right end of the axis: it moves in jumps, as new marks at each picture cost time."""
    span = max(float(steps[-1] - steps[0]), 10.0)
    jump = 10.0 ** math.floor(math.log10(span)) / 5
    return float(steps[0]) + math.ceil(span / jump) * jump


def _short(title: str) -> str:
    return title if len(title) <= 22 else f"{title[:21]}…"
