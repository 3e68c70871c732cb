"""ClassCurvesPanel: what the ROC curve and the precision-recall curve have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QMenu, QVBoxLayout

from nnstudio.engine.class_figures import Curve as ClassCurve
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels.evaluated import EvaluatedPanel, Judged
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Corner, Curve, Line
from nnstudio.ui.theme import Theme

# Classes beyond the first few are told apart by dashes as well as by colour.
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_NAMED = 4


class ClassCurvesPanel(EvaluatedPanel):
    """A curve for each class, in a square from 0 to 1."""

    instead = "Open Residuals in View, Panels."
    file_name: ClassVar[str] = "curves"
    x_name: ClassVar[str] = ""
    y_name: ClassVar[str] = ""
    area_name: ClassVar[str] = ""
    corner: ClassVar[Corner] = "bottom right"

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.plot = Plot(self.x_name, self.y_name)
        self.plot.setAccessibleName(self.title)
        self.plot.file_name = self.file_name
        self.plot.readout = self._readout
        self.plot.table = self.table
        self.plot.bounds(-0.01, 1.01, -0.01, 1.02)
        self.chance = self.plot.curve("muted", width=1.0, dashes=Qt.PenStyle.DashLine)
        self._lines: list[Curve] = []
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.clear()

    def show_chance(self, curves: Sequence[ClassCurve]) -> None:
        """Draw what a network would reach that knows nothing."""
        raise NotImplementedError

    def show_judged(self, judged: Judged) -> None:
        curves: Sequence[ClassCurve] = judged.figures
        if not curves:
            self.judged = None
            self.show_empty(
                f"All {judged.evaluation.size_in_words} are of one class, so there is no curve. Choose another part."
            )
            return
        classes = judged.evaluation.classes
        while len(self._lines) < len(curves):
            self._lines.append(self.plot.curve("train", width=1.8))
        for line, curve in zip(self._lines, curves, strict=False):
            line.color = partial(_color_of, number=curve.number, classes=classes)
            line.dashes = _DASHES[(curve.number // 4) % len(_DASHES)] if classes > 4 else _DASHES[0]
            line.restyle()
            line.show_points(curve.xs, curve.ys)
            line.show()
        for line in self._lines[len(curves) :]:
            line.hide()
        self.show_chance(curves)
        self.plot.show_lines(self._legend(curves, classes), self.corner)
        areas = ", ".join(f"{curve.name} {figure(curve.area)}" for curve in curves)
        self.plot.setAccessibleDescription(f"{self.area_name}: {areas}.")

    def words(self, judged: Judged) -> tuple[str, str]:
        curves: Sequence[ClassCurve] = judged.figures
        mean = figure(float(np.mean([curve.area for curve in curves])))
        short = f"{self.area_name} {mean}"
        return f"{short}{' on average' if len(curves) > 1 else ''} · {judged.evaluation.size_in_words}", short

    def fill_menu(self, menu: QMenu) -> None:
        self.plot.fill_menu(menu)

    def table(self) -> Mapping[str, np.ndarray]:
        """All points of all curves."""
        if self.judged is None:
            return {}
        curves: Sequence[ClassCurve] = self.judged.figures
        return {
            "class": np.concatenate([np.full(len(curve.xs), curve.name) for curve in curves]),
            self.x_name: np.concatenate([curve.xs for curve in curves]),
            self.y_name: np.concatenate([curve.ys for curve in curves]),
            "threshold": np.concatenate([curve.thresholds for curve in curves]),
        }

    def _legend(self, curves: Sequence[ClassCurve], classes: int) -> list[Line]:
        worst = sorted(curves, key=lambda curve: curve.area)[:_NAMED]
        lines: list[Line] = []
        if len(curves) > _NAMED:
            lines.append((f"the {_NAMED} lowest of {len(curves)}", "muted"))
        for curve in worst:
            color: Callable[[Theme], QColor] = partial(_color_of, number=curve.number, classes=classes)
            lines.append((f"{curve.name} {figure(curve.area)}", color))
        return lines

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        judged = self.judged
        if judged is None or not (-0.05 <= x <= 1.05 and -0.05 <= y <= 1.05):
            return None
        curves: Sequence[ClassCurve] = judged.figures
        found: tuple[float, ClassCurve, int] | None = None
        for curve in curves:
            place = int(np.argmin((curve.xs - x) ** 2 + (curve.ys - y) ** 2))
            far = float((curve.xs[place] - x) ** 2 + (curve.ys[place] - y) ** 2)
            if found is None or far < found[0]:
                found = far, curve, place
        if found is None:
            return None
        _, curve, place = found
        color = partial(_color_of, number=curve.number, classes=judged.evaluation.classes)
        threshold = float(curve.thresholds[place])
        at = f"from a score of {figure(threshold)} on" if np.isfinite(threshold) else "called so: no row"
        return [
            (f"{curve.name} against the others", color),
            (at, "text"),
            (f"{self.y_name.lower()} {figure(float(curve.ys[place]), percent=True)}", "text"),
            (f"{self.x_name.lower()} {figure(float(curve.xs[place]), percent=True)}", "text"),
        ]


def _color_of(shown: Theme, number: int, classes: int) -> QColor:
    return theme.class_colors(shown, classes)[number]
