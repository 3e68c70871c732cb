"""TokenRows: rows of tokens, each token in a field of its own, with what follows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontDatabase, QPainter

from nnstudio.core.data import Data
from nnstudio.engine.data import Prepared
from nnstudio.ui import theme
from nnstudio.ui.data_panel.tiles import Tiles

_MOST = 200  # tokens of a row that are written out
_SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}


class TokenRows(Tiles):
    """A tile for each row: its tokens, then what is to be predicted."""

    def __init__(self) -> None:
        super().__init__("Text", least_width=4000, height=86, gap=8)
        self.setObjectName("token_rows")
        self._data: Data | None = None
        self._parts = np.zeros(0, np.int8)

    def renew(self, prepared: Prepared) -> None:
        """Show these rows."""
        self._data = prepared.data
        self._parts = np.zeros(prepared.data.rows, np.int8)
        self._parts[prepared.validation_rows], self._parts[prepared.test_rows] = 1, 2
        self.setAccessibleDescription(f"{prepared.data.rows:,} rows of {prepared.data.inputs.shape[1]:,} tokens")
        self.renew_tiles()

    def count(self) -> int:
        return 0 if self._data is None else self._data.rows

    def tip(self, number: int) -> str:
        return "".join(self._words(number)[:_MOST])

    def _words(self, row: int) -> list[str]:
        assert self._data is not None
        vocabulary = self._data.vocabulary
        numbers = np.asarray(self._data.inputs[row]).ravel()[:_MOST].tolist()
        return [vocabulary[number] if number < len(vocabulary) else str(number) for number in numbers]

    def _target(self, row: int) -> str:
        """What comes after the last token, or the class of the row."""
        assert self._data is not None
        target = np.asarray(self._data.targets[row]).ravel()
        if not self._data.classes:
            return f"{target[-1]:.4g}"
        counted = target[target >= 0]  # a place below 0 has no class: it does not count
        return self._data.class_names[int(counted[-1])] if len(counted) else "–"

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        assert self._data is not None
        shown = theme.current()
        part = ("train", "validation", "test")[self._parts[number]]
        head = QRectF(place.left(), place.top(), place.width(), 16)
        self.write(painter, head, f"row {number:,} · {part}", "muted", Qt.AlignmentFlag.AlignLeft)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(12)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        x, y, line = place.left(), place.top() + 18, 20.0
        words = self._words(number)
        end = place.right() - 4
        for index, word in enumerate([*words, f"→ {_SIGNS.get(self._target(number), self._target(number))}"]):
            sign = _SIGNS.get(word, word)
            width = max(metrics.horizontalAdvance(sign) + 2, 9.0)
            if x + width > end:
                x, y = place.left(), y + line
                if y + line > place.bottom():
                    self.write(painter, QRectF(end - 14, y - line, 18, line), "…", "muted", Qt.AlignmentFlag.AlignLeft)
                    break
            field = QRectF(x, y, width, line - 3)
            target = index == len(words)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shown.color("selection" if target else "raised" if index % 2 else "surface"))
            painter.drawRoundedRect(field, 2, 2)
            painter.setPen(shown.color("link" if target else "muted" if word in _SIGNS else "text"))
            painter.drawText(field, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, sign)
            x += width
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
