"""Miniature: a small picture of a drawing, made from its JSON alone, while the layers themselves are still loading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPen

from nnstudio.ui import theme

_BLOCK = (150.0, 118.0)
_LARGEST = 0.5

# The colour of a layer by its name. The library knows better, but it needs torch, and this must be shown before that.
_CATEGORIES = {
    r"Input|Output": "input_output",
    r"Linear|Embedding": "dense",
    r"Conv|Pool": "convolution",
    r"Norm": "normalisation",
    r"LSTM|GRU|RNN|Attention|Transformer": "sequence",
    r"Add|Multiply|Concatenate": "combine",
    r"Dropout": "regularisation",
    r"Flatten|Reshape": "shape",
    r"^Block$": "blocks",
}


def draw(painter: QPainter, place: QRectF, written: Mapping[str, Any]) -> None:
    """Paint the drawing of a project (its JSON) into a rectangle: coloured blocks and wires on the canvas."""
    shown = theme.current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(place, shown.color("canvas"))
    _dots(painter, place)
    blocks, wires = _parts(written)
    if blocks:
        bounds = QRectF()
        for block, _ in blocks.values():
            bounds = bounds.united(block)
        scale = min((place.width() - 32) / bounds.width(), (place.height() - 32) / bounds.height(), _LARGEST)
        painter.translate(place.center())
        painter.scale(scale, scale)
        painter.translate(-bounds.center())
        # long rows are small: thicker wires and rounder blocks keep them readable
        pen = QPen(shown.color("wire"), min(10.0, 1.5 / scale))
        for source, target in wires:
            _wire(painter, pen, blocks[source][0], blocks[target][0])
        for block, color in blocks.values():
            _block(painter, block, color)
    painter.restore()


def _parts(written: Mapping[str, Any]) -> tuple[dict[str, tuple[QRectF, QColor]], list[tuple[str, str]]]:
    graph = written.get("graph", {})
    shown = theme.current()
    blocks: dict[str, tuple[QRectF, QColor]] = {}
    for node in graph.get("nodes", []):
        x, y = node.get("position", (0, 0))
        name = node.get("layer", {}).get("name", "")
        category = next((color for names, color in _CATEGORIES.items() if re.search(names, name)), "activation")
        blocks[node["id"]] = (QRectF(x, y, *_BLOCK), shown.color(category))
    wires = [(source, target) for source, _, target, _ in graph.get("edges", []) if {source, target} <= blocks.keys()]
    return blocks, wires


def _dots(painter: QPainter, place: QRectF) -> None:
    painter.setPen(QPen(theme.current().color("grid"), 1.2))
    x = place.left() + 8
    while x < place.right():
        y = place.top() + 8
        while y < place.bottom():
            painter.drawPoint(QPointF(x, y))
            y += 12
        x += 12


def _wire(painter: QPainter, pen: QPen, source: QRectF, target: QRectF) -> None:
    start = QPointF(source.right(), source.center().y())
    end = QPointF(target.left(), target.center().y())
    bend = max(40.0, abs(end.x() - start.x()) / 2)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _block(painter: QPainter, block: QRectF, color: QColor) -> None:
    shade = QLinearGradient(block.topLeft(), block.bottomLeft())
    shade.setColorAt(0.0, color.lighter(108))
    shade.setColorAt(1.0, color)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawRoundedRect(block, 20, 20)
    light = QColor("#ffffff")
    light.setAlpha(150)
    painter.setBrush(light)
    painter.drawRoundedRect(QRectF(block.left() + 22, block.top() + 26, block.width() * 0.5, 14), 7, 7)
    light.setAlpha(70)
    painter.setBrush(light)
    painter.drawRoundedRect(QRectF(block.left() + 22, block.top() + 54, block.width() - 44, 42), 8, 8)
