"""Preview: what the rows look like, in ways that suit them: points, a table, histograms, images, text, a painting."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.engine.data import Prepared
from nnstudio.engine.data_overview import Overview
from nnstudio.ui.data_panel.histograms import Histograms
from nnstudio.ui.data_panel.image_grid import ImageGrid, ImagesPage, picture_size
from nnstudio.ui.data_panel.painting_page import PaintingPage, paintable
from nnstudio.ui.data_panel.rows_plot import RowsPlot
from nnstudio.ui.data_panel.rows_table import RowsPage, RowsTable
from nnstudio.ui.data_panel.segments import Segments
from nnstudio.ui.data_panel.series_plot import SeriesPage, is_series
from nnstudio.ui.data_panel.token_rows import TokenRows
from nnstudio.ui.forms.fact import heading

_WORDS = {
    "painting": "Paint",
    "points": "Points",
    "images": "Images",
    "text": "Text",
    "series": "Series",
    "rows": "Rows",
    "histograms": "Histograms",
    "target": "Target",
}


class Preview(QWidget):
    """Shows some rows. Only the way that is seen is made."""

    # what was painted, the dataset after it
    painted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._prepared: Prepared | None = None
        self._overview: Overview | None = None
        self._dataset: Dataset | None = None
        self._made: dict[str, object] = {}
        self._room = (360, 900)
        self._asked = ""  # what the person chose; kept from one dataset to the next where it suits both
        self.plot = RowsPlot()
        self.table = RowsTable()
        self.images = ImageGrid()
        self.histograms = Histograms()
        self.target = Histograms()
        self.text = TokenRows()
        self.rows_page = RowsPage(self.table)
        self.images_page = ImagesPage(self.images)
        self.series_page = SeriesPage()
        self.painting_page = PaintingPage()
        self.painting_page.edited.connect(self.painted)
        self._pages: dict[str, QWidget] = {
            "painting": self.painting_page,
            "points": self.plot,
            "images": self.images_page,
            "text": self.text,
            "series": self.series_page,
            "rows": self.rows_page,
            "histograms": self.histograms,
            "target": self.target,
        }
        self.pages = QStackedWidget()
        self.pages.setMinimumWidth(200)  # not that of the widest page, which may not be seen at all
        for page in self._pages.values():
            self.pages.addWidget(page)
        self.switch = Segments("Preview")
        self.switch.chosen.connect(self.show_page)
        self.caption = heading("", "muted")
        line = QHBoxLayout()
        line.addWidget(self.switch)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(self.pages, 1)
        column.addWidget(self.caption)

    def renew(self, dataset: Dataset | None, prepared: Prepared | None, overview: Overview | None) -> None:
        """Show these rows; without any, a painting can still be painted on."""
        self._dataset, self._prepared, self._overview = dataset, prepared, overview
        self._made = {}
        ways = ways_of(dataset, prepared.data if prepared is not None else None)
        self.switch.offer([(way, _WORDS[way]) for way in ways])
        if ways:
            self.show_page(self._asked if self._asked in ways else ways[0], chosen=False)

    def show_page(self, way: str, *, chosen: bool = True) -> None:
        """Show the rows in this way."""
        if chosen:
            self._asked = way
        self.switch.choose(way)
        self.pages.setCurrentWidget(self._pages[way])
        self.fit(*self._room)
        key: object = self._overview if way in ("histograms", "target") else self._prepared
        key = self._dataset if way == "painting" else key
        if way not in self._made or self._made[way] is not key:
            self._made[way] = key
            self.caption.setText(self._make(way))
        self.caption.setVisible(bool(self.caption.text()) and way != "painting")

    @property
    def way(self) -> str:
        """How the rows are shown now."""
        return self.switch.key

    def fit(self, width: int, height: int) -> None:
        """Be as high as suits a panel of this size."""
        self._room = (width, height)
        width -= 24
        painting = min(width + 110, 620)
        wanted = painting if self.way == "painting" else min(round(0.8 * width), 560)
        self.pages.setFixedHeight(max(260, min(wanted, max(height - 120, 260))))

    def renew_colors(self) -> None:
        """The theme is another one."""
        if paintable(self._dataset):
            self.painting_page.renew_colors()

    def _make(self, way: str) -> str:
        """Give a page its numbers; the words for under it."""
        prepared, found = self._prepared, self._overview
        if way == "painting":
            assert self._dataset is not None
            self.painting_page.renew(self._dataset)
            return ""
        if prepared is None:
            return ""
        if way == "points":
            return self.plot.renew(prepared)
        if way == "images":
            self.images_page.renew(prepared)
        elif way == "text":
            self.text.renew(prepared)
            rows, tokens = prepared.data.inputs.shape[:2]
            return f"{rows:,} rows of {tokens:,} tokens out of {len(prepared.data.vocabulary):,}."
        elif way == "series":
            return self.series_page.renew(prepared)
        elif way == "rows":
            self.rows_page.renew(prepared)
            shown, columns = self.table.rows.rowCount(), self.table.rows.columnCount() - 2
            if columns < prepared.data.input_type.size:
                return f"The first {columns} of {prepared.data.input_type.size:,} columns."
            return "" if shown == prepared.data.rows else f"The first {shown:,} of {prepared.data.rows:,} rows."
        elif found is None:
            return "Counting…"
        elif way == "histograms":
            self.histograms.renew(found.features)
            return parts_words(prepared, found.sampled)
        elif way == "target" and found.target is not None:
            self.target.renew([found.target])
            return parts_words(prepared, found.sampled)
        return ""


def ways_of(dataset: Dataset | None, data: Data | None) -> list[str]:
    """The ways in which these rows can be shown, the best first."""
    ways = ["painting"] if paintable(dataset) else []
    if data is None:
        return ways
    tokens = np.issubdtype(data.inputs.dtype, np.integer) and data.inputs.dtype != np.uint8
    if picture_size(data) is not None and not is_series(data):
        ways.append("images")
    elif is_series(data):
        ways.append("series")
    elif tokens and data.vocabulary:
        ways.append("text")
    elif data.inputs.ndim == 2 and data.inputs.shape[1] in (1, 2) and not ways:
        ways.append("points")
    return [*ways, "rows", "histograms", *([] if data.classes else ["target"])]


def parts_words(prepared: Prepared, sampled: int) -> str:
    """How the parts are told apart in histograms."""
    others = [name for name in ("validation", "test") if len(prepared.part(name))]  # type: ignore[arg-type]
    words = "Columns are the training rows" + (f", lines those for {' and '.join(others)}." if others else ".")
    return words + (f" Of {sampled:,} rows." if sampled else "")
