"""Loss and metrics: the curves of training, validation and test, epoch by epoch, over the loss of every single step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout

import nnstudio.library  # noqa: F401  (registers the metrics)
from nnstudio.core.kinds import Metric
from nnstudio.core.spec import registered
from nnstudio.engine.run import Snapshot
from nnstudio.ui.curves import Columns, Pyramid, Smooth
from nnstudio.ui.document import Document
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import FramedPanel, MoreButton, Segments
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line

PARTS = ("train", "validation", "test")
# Points of one curve at most: two for each of these.
BUCKETS = 400


class LossPanel(FramedPanel):
    """Curves per epoch of each part, the loss of every step under them, and the learning rate below."""

    key = "loss"
    title = "Loss and metrics"
    short_title = "Loss"
    sentence = (
        "How the loss of the training and the test rows falls, epoch by epoch. Press Train (Ctrl+Return) to begin."
    )
    order: ClassVar[int] = 1

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.plot = Plot("epoch", "loss")
        self.plot.setAccessibleName("Loss and metrics by epoch")
        self.plot.may_be_logarithmic = True
        self.plot.file_name = "loss"
        self.plot.readout = self._readout
        self.plot.table = self._table
        self.plot.extra_actions = self._extra_actions
        self.lr_plot = Plot("", "learning rate")
        self.lr_plot.setAccessibleName("Learning rate by epoch")
        self.lr_plot.file_name = "learning-rate"
        self.lr_plot.setFixedHeight(84)
        self.lr_plot.show_axes(x=False)
        self.lr_plot.setMouseEnabled(x=False, y=True)  # its epochs are those of the plot above
        self.lr_plot.readout = self._lr_readout
        self.lr_plot.hide()
        self._steps_curve = self.plot.curve("train", width=1.0, opacity=0.22)
        self._raw = {part: self.plot.curve(part, width=1.0, opacity=0.35) for part in PARTS}
        self._curves = {part: self.plot.curve(part, width=1.8) for part in reversed(PARTS)}
        self._lr_curve = self.lr_plot.curve("muted", width=1.5)

        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot, 1)
        column.addWidget(self.lr_plot)

        self.segments = Segments("Figure")
        self.segments.offer([("loss", "Loss")])
        self.segments.chosen.connect(lambda _: self._show_figure())
        self.log_button = QToolButton()
        self.log_button.setText("Log")
        self.log_button.setCheckable(True)
        self.log_button.setObjectName("log_scale")
        self.log_button.setToolTip("Show powers of ten: small late losses become visible beside large early ones")
        self.log_button.toggled.connect(self.plot.set_logarithmic)
        self.plot.logarithmic_changed.connect(self._logarithmic_changed)
        self.header.add(self.segments)
        self.header.add(self.log_button, gap=6)
        self.header.add(MoreButton(self.plot.fill_menu))

        self.smooth = False
        self._columns = Columns()
        self._steps = Pyramid()
        self._figures: dict[tuple[str, str], Pyramid] = {}
        self._averages: dict[tuple[str, str], tuple[Smooth, Pyramid]] = {}
        self._batches = 1
        self._seen: tuple[Any, ...] = ()
        self._drawing = False
        self.plot.ranged.connect(self._ranged)
        self.clear()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def draw(self, reading: Any, snapshot: Snapshot) -> None:
        history = snapshot.history
        generation = self._columns.generation
        renewed = self._columns.follow(history.epochs)
        if self._columns.generation != generation:
            self._figures, self._averages = {}, {}
        renewed |= self._steps.follow(history.step_losses)
        if snapshot.batches != self._batches:
            self._batches, renewed = snapshot.batches, True
        if not renewed and self.shows_content:
            return
        if len(self._steps) == 0 and len(self._columns) == 0:
            self.clear()
            return
        self._offer_figures()
        self.show_content()
        self._redraw(fit=True)

    def clear(self) -> None:
        self._columns, self._steps, self._figures, self._averages = Columns(), Pyramid(), {}, {}
        self.show_empty()

    # -- drawing ---------------------------------------------------------------------------------------------------

    @property
    def figure(self) -> str:
        """The figure that is shown: loss, accuracy, …"""
        return self.segments.choice or "loss"

    @property
    def _metric(self) -> Metric | None:
        return _metrics().get(self.figure)

    @property
    def _percent(self) -> bool:
        return self._metric is not None and self._metric.percent

    def _offer_figures(self) -> None:
        named = _metrics()
        keys = list(dict.fromkeys(["loss", *self._columns.figures()]))
        self.segments.offer([(key, named[key].title if key in named else key.capitalize()) for key in keys])

    def _show_figure(self) -> None:
        metric = self._metric
        self.log_button.setVisible(metric is None)
        self.plot.may_be_logarithmic = metric is None
        self.plot.set_logarithmic(self.log_button.isChecked() and metric is None)
        self.plot.axis("left").percent = self._percent
        title = metric.title if metric is not None else "loss"
        title = title.lower() if title[1:].islower() else title  # accuracy, but MAE
        self.plot.name("epoch", f"{title} (%)" if self._percent else title)
        self.plot.fit()
        if self.shows_content:
            self._redraw(fit=True)

    def _logarithmic_changed(self, on: bool) -> None:
        if self.figure == "loss":
            self.log_button.setChecked(on)
        if self.shows_content:
            self._redraw(fit=True)

    def _ranged(self) -> None:
        if self.shows_content and not self._drawing:
            self._redraw(fit=False)

    def _redraw(self, *, fit: bool) -> None:
        self._drawing = True
        if fit:
            self._fit()
        x0, x1, _, _ = self.plot.visible_range()
        buckets = min(BUCKETS, max(self.plot.columns // 2, 50))
        epochs = self._columns.column("", "epoch")
        begin, end = (int(np.searchsorted(epochs, x)) for x in (x0, x1))
        begin, end = max(begin - 1, 0), min(end + 2, len(epochs))
        for part in PARTS:
            raw, curve = self._raw[part], self._curves[part]
            pyramid = self._pyramid(part)
            places, values = pyramid.thinned(begin, end, buckets)
            xs = np.interp(places, np.arange(len(epochs)), epochs) if len(epochs) else places
            smoothed = self._smoothed(part)
            (curve if smoothed is None else raw).show_points(xs, values)
            raw.setVisible(smoothed is not None)
            if smoothed is not None:
                places, values = smoothed.thinned(begin, end, buckets)
                curve.show_points(np.interp(places, np.arange(len(epochs)), epochs), values)
        self._draw_steps(x0, x1, buckets)
        if not self.lr_plot.isHidden():
            self._draw_lr()
        self._drawing = False
        self.plot.show_lines(self._lines(len(self._columns) - 1))

    def _draw_steps(self, x0: float, x1: float, buckets: int) -> None:
        shown = self.figure == "loss"
        self._steps_curve.setVisible(shown)
        if not shown:
            return
        first, last = self._columns.step_at(np.array([x0, x1]), self._batches).clip(0, len(self._steps)).astype(int)
        places, values = self._steps.thinned(first - 1, last + 2, buckets)
        self._steps_curve.show_points(self._epoch_at(places + 1), values)
        if len(self._columns) < 2:  # no curve of epochs yet: the mean of the steps is all there is
            places, values = self._steps.means(0, len(self._steps), 60)
            self._curves["train"].show_points(self._epoch_at(places + 1), values)

    def _draw_lr(self) -> None:
        epochs, rates = self._columns.column("", "epoch"), self._columns.column("", "lr")
        chosen = np.unique(np.linspace(0, len(epochs) - 1, min(BUCKETS, len(epochs))).astype(int))
        self._lr_curve.show_points(epochs[chosen], rates[chosen])
        drawable = rates[np.isfinite(rates)]
        if len(drawable):
            x0, x1, _, _ = self.plot.visible_range()
            self.lr_plot.bounds(x0, x1, 0.0, 1.1 * float(drawable.max()) or 1.0)

    def _fit(self) -> None:
        """The range that holds the curves: the single steps may stick out above."""
        extents = [self._pyramid(part).extent() for part in PARTS]
        low = min((e[0] for e in extents if math.isfinite(e[0])), default=math.nan)
        high = max((e[1] for e in extents if math.isfinite(e[1])), default=math.nan)
        if self.figure == "loss":
            least, most = self._steps.extent()
            if not math.isfinite(low):
                low, high = least, most
            elif math.isfinite(least) and (len(self._columns) < 2 or self.plot.logarithmic):
                low, high = min(low, least), max(high, most)
        if not math.isfinite(low):
            low, high = 0.0, 1.0
        end = float(self._epoch_at(np.array([len(self._steps)]))[0])
        epochs = self._columns.column("", "epoch")
        if len(epochs):
            end = max(end, float(epochs[-1]))
        if self.plot.logarithmic:
            low = max(low, high * 1e-12)
        elif self._percent:
            low, high = max(0.0, math.floor(10 * low - 0.2) / 10), 1.0
        elif self._rises:
            low, high = max(low, -1.0) - 0.05, max(high, 1.0)
        else:
            low = 0.0 if 0 <= low < 0.6 * high else low - 0.05 * (high - low)
            high += 0.05 * (high - low)
        end = _steady(end, self.plot.visible_range()[1])
        # A little room, so that the marks of the ends are inside.
        room = 0.0 if self.plot.logarithmic else 0.01 * (high - low)
        self.plot.bounds(-0.006 * end, end, low - room, high + room)

    @property
    def _rises(self) -> bool:
        return self._metric is not None and self._metric.higher_is_better

    def _pyramid(self, part: str) -> Pyramid:
        pyramid = self._figures.setdefault((part, self.figure), Pyramid())
        pyramid.follow(self._columns.column(part, self.figure))
        return pyramid

    def _smoothed(self, part: str) -> Pyramid | None:
        if not self.smooth or len(self._columns) < 3:
            return None
        smooth, pyramid = self._averages.setdefault((part, self.figure), (Smooth(), Pyramid()))
        pyramid.follow(smooth.follow(self._columns.column(part, self.figure)))
        return pyramid

    def _epoch_at(self, steps: np.ndarray) -> np.ndarray:
        return self._columns.epoch_at(steps, self._batches)

    # -- words, menu, numbers --------------------------------------------------------------------------------------

    def _lines(self, place: int) -> list[Line]:
        lines: list[Line] = []
        for part in PARTS:
            values = self._columns.column(part, self.figure)
            if 0 <= place < len(values):
                lines.append((f"{part} {figure(float(values[place]), percent=self._percent)}", part))
        if not lines and self.figure == "loss" and len(self._steps):
            lines.append((f"step {len(self._steps):,}: {figure(float(self._steps.series[-1]))}", "train"))
        return lines

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        epochs = self._columns.column("", "epoch")
        if not len(epochs) or x < 0 or x > epochs[-1] + 1:
            return None
        place = int(np.clip(np.searchsorted(epochs, x - 0.5), 0, len(epochs) - 1))
        return [(f"epoch {epochs[place]:,.0f}", "text"), *self._lines(place)]

    def _lr_readout(self, x: float, y: float) -> Sequence[Line] | None:
        epochs, rates = self._columns.column("", "epoch"), self._columns.column("", "lr")
        if not len(epochs):
            return None
        place = int(np.clip(np.searchsorted(epochs, x - 0.5), 0, len(epochs) - 1))
        return [(f"epoch {epochs[place]:,.0f}: {figure(float(rates[place]))}", "text")]

    def _extra_actions(self, menu: QMenu) -> None:
        smooth = menu.addAction("Smooth over epochs")
        smooth.setCheckable(True)
        smooth.setChecked(self.smooth)
        smooth.toggled.connect(self.set_smooth)
        rate = menu.addAction("Learning rate below")
        rate.setCheckable(True)
        rate.setChecked(not self.lr_plot.isHidden())
        rate.toggled.connect(self.show_lr)

    def set_smooth(self, on: bool) -> None:
        """Draw a moving average over the epochs, with the raw curves faint under it."""
        self.smooth = on
        if self.shows_content:
            self._redraw(fit=False)

    def show_lr(self, shown: bool) -> None:
        """Draw the learning rate below."""
        for plot in (self.plot, self.lr_plot):  # so that one epoch stands under the other
            plot.axis("left").setWidth(58 if shown else None)
        self.lr_plot.setVisible(shown)
        if self.shows_content:
            self._redraw(fit=True)

    def _table(self) -> Mapping[str, np.ndarray]:
        """All epochs with all figures, and beside them all steps."""
        table = {name: self._columns.column("", name) for name in ("epoch", "step", "lr")}
        for key in self._columns.figures():
            for part in PARTS:
                values = self._columns.column(part, key)
                if len(values):
                    table[f"{part} {key}"] = values
        steps = np.arange(1, len(self._steps) + 1)
        return table | {"every step": steps, "loss of the step": self._steps.series}


def _metrics() -> dict[str, Metric]:
    return {kind.key: kind() for kind in registered(Metric).values()}


def _steady(end: float, now: float) -> float:
    """The right end of the axis: it moves in jumps of a fiftieth, as new marks at each picture cost time."""
    end = max(end, 1e-3)
    return now if end <= now <= 1.03 * end else 1.02 * end
