"""Collapse: two Linear layers in a row as the one layer that they are together, and the card that shows its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnstudio.core.graph import Graph
from nnstudio.engine.network import Network
from nnstudio.ui import theme
from nnstudio.ui.forms.fact import column, heading

MOST = 4  # rows and columns whose numbers are written out; of a larger matrix the first ones
_CELL, _HEAD, _GAP = 24, 18, 8
_TINT = 0.34  # how much of its colour a cell takes at most, so that the number on it is read


@dataclass(frozen=True, eq=False)
class Collapse:
    """The layer that two nodes are together.

    Attributes:
        first, second: the ids of the nodes.
        rows, columns: the outputs and the inputs of that layer.
        weight, bias: the first numbers of W' [at most MOST, at most MOST] and of b' [at most MOST].
    """

    first: str
    second: str
    rows: int
    columns: int
    weight: np.ndarray
    bias: np.ndarray


def collapse_at(network: Network, drawing: Graph, node_id: str, before: str = "") -> Collapse | None:
    """The collapse that this node takes part in: as the second layer, else as the first.

    `drawing` is the one that holds the node, `before` what its path begins with.
    """
    pair = pair_at(drawing, node_id)
    if pair is None:
        return None
    first, second = network.module_of(before + pair[0]), network.module_of(before + pair[1])
    if not isinstance(first, torch.nn.Linear) or not isinstance(second, torch.nn.Linear):
        return None
    with torch.no_grad():  # only what is shown: the product of two large matrices would hold the training up
        upper = second.weight[:MOST]
        weight = upper @ first.weight[:, :MOST]
        bias = torch.zeros_like(weight[:, 0])
        if first.bias is not None:
            bias = bias + upper @ first.bias
        if second.bias is not None:
            bias = bias + second.bias[:MOST]
    numbers = weight.float().cpu().numpy(), bias.float().cpu().numpy()
    return Collapse(*pair, second.out_features, first.in_features, *numbers)


def pair_at(drawing: Graph, node_id: str) -> tuple[str, str] | None:
    """The two nodes that collapse, this one among them; None when there is something between, or a branch."""
    for edge in (*drawing.into(node_id), *drawing.out_of(node_id)):
        layers = (drawing.nodes[edge.source].layer, drawing.nodes[edge.target].layer)
        if all(type(layer).__name__ == "Linear" for layer in layers) and len(drawing.out_of(edge.source)) == 1:
            return edge.source, edge.target
    return None


class CollapseCard(QWidget):
    """What the two layers are called, and the numbers of the one that they are."""

    def __init__(self) -> None:
        super().__init__()
        rows = column(self)
        self.sentence = heading("", "muted")
        self.numbers = Numbers()
        for part in (heading("As one layer"), self.sentence, self.numbers):
            rows.addWidget(part)
        self.hide()

    def renew(self, found: Collapse | None, drawing: Graph) -> None:
        """Show this, if the two layers still follow each other in the drawing."""
        shown = found if found is not None and pair_at(drawing, found.second) == (found.first, found.second) else None
        if shown is not None:
            names = f"{drawing.nodes[shown.first].title} and {drawing.nodes[shown.second].title}"
            size = f"W' is {shown.rows} × {shown.columns}"
            self.sentence.setText(f"{names} compute what one Linear layer would, y = x W'ᵀ + b'. {size}.")
            self.numbers.renew(shown)
        self.setVisible(shown is not None)


class Numbers(QWidget):
    """W' and b' as numbers; a cell is the more orange or blue, the farther its number is from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Collapse | None = None
        self.setAccessibleName("The weights and biases of the one layer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def renew(self, shown: Collapse) -> None:
        """Show these numbers."""
        self._shown = shown
        rows = "; ".join(" ".join(map(figure, row)) for row in shown.weight)
        self.setAccessibleDescription(f"W': {rows}. b': {' '.join(map(figure, shown.bias))}.")
        self.setFixedHeight(_HEAD + _CELL * (len(shown.weight) + self._goes_on[0]))
        self.update()

    @property
    def _goes_on(self) -> tuple[bool, bool]:
        """Whether there are more rows, more columns than those that are shown."""
        shown = self._shown
        return (False, False) if shown is None else (shown.rows > MOST, shown.columns > MOST)

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._shown is None:
            return
        painter, colors = QPainter(self), theme.current()
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        weight, bias = self._shown.weight, self._shown.bias[:, None]
        more_rows, more_columns = self._goes_on
        dots = 16.0 if more_columns else 0.0
        wide = min(64.0, (self.width() - _GAP - dots) / (weight.shape[1] + 1))
        right = wide * weight.shape[1] + dots + _GAP
        painter.setPen(colors.color("muted"))
        middle = Qt.AlignmentFlag.AlignCenter
        for left, width, words in ((0.0, wide * weight.shape[1], "W'"), (right, wide, "b'")):
            painter.drawText(QRectF(left, 0, width, _HEAD - 2), middle, words)
            if more_rows:
                painter.drawText(QRectF(left, _HEAD + _CELL * len(weight), width, _CELL), middle, "⋮")
        if more_columns:
            painter.drawText(QRectF(right - _GAP - dots, _HEAD, dots, _CELL * len(weight)), middle, "…")
        _paint_cells(painter, QPointF(0, _HEAD), wide, weight)
        _paint_cells(painter, QPointF(right, _HEAD), wide, bias)
        painter.end()


def _paint_cells(painter: QPainter, corner: QPointF, wide: float, numbers: np.ndarray) -> None:
    colors = theme.current()
    sizes = np.abs(numbers[np.isfinite(numbers)])
    largest = float(sizes.max(initial=0.0)) or 1.0
    for (row, place), number in np.ndenumerate(numbers):
        cell = QRectF(corner.x() + place * wide, corner.y() + row * _CELL, wide - 1, _CELL - 1)
        color = QColor(colors.color("positive" if number > 0 else "negative"))
        color.setAlphaF(_TINT * abs(float(number)) / largest if np.isfinite(number) else 0.0)
        painter.fillRect(cell, colors.color("surface"))
        painter.fillRect(cell, color)
        painter.setPen(colors.color("text"))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, figure(number))


def figure(number: float) -> str:
    """Two figures, with a real minus sign."""
    return f"{number:.2g}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
