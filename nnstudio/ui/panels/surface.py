"""Decision surface: what the network says everywhere, with the rows on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout

from nnstudio.engine.data import Prepared
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui import theme
from nnstudio.ui.document import Document
from nnstudio.ui.panels.figures import figure
from nnstudio.ui.panels.framed import FramedPanel, MoreButton
from nnstudio.ui.panels.grid import Look, levels, look
from nnstudio.ui.panels.plot import Plot
from nnstudio.ui.panels.plot_items import Line, Points
from nnstudio.ui.theme import Theme

# More rows than these would hide the surface.
MOST_TRAIN, MOST_TEST = 1000, 500
# How much of the full colour the surface has, so that the points stand out on it.
STRENGTH = 0.62
SYMBOLS = ("o", "s", "t", "d", "p", "h", "star", "t1", "t2", "t3")


def measure(run: Run) -> Look:
    """Fine when nothing trains (then it is measured in the window's own thread), coarser between two steps."""
    return look(run, resting=threading.current_thread() is threading.main_thread())


class SurfacePanel(FramedPanel):
    """The output over two features as colours, or over one feature as a curve."""

    key = "surface"
    title = "Decision surface"
    sentence = (
        "What the network answers for every possible input, with the rows on it. "
        "It is drawn for data with one or two features; points with a strong outline are test rows."
    )
    order: ClassVar[int] = 2

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.plot = Plot()
        self.plot.setAccessibleName("Decision surface")
        self.plot.file_name = "decision-surface"
        self.plot.hairline = False
        self.plot.readout = self._readout
        self.plot.table = self._table
        self._classes = 1
        self._cells = self.plot.cells(self._table_of_colors, smooth=True)
        self._cells.setZValue(-10)
        self._curve = self.plot.curve("text", width=2.0)
        self._curve.setZValue(10)
        self._train = self.plot.points("train", size=6.5, outline="window", outline_width=0.8)
        self._test = self.plot.points("train", size=7.5, outline="text", outline_width=1.4)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.header.add(MoreButton(self.plot.fill_menu))
        self._look: Look | None = None
        self._rows_of: tuple[Prepared, str] | None = None
        self.clear()

    def request(self) -> Callable[[Run], Look]:
        return measure

    def draw(self, reading: Look, snapshot: Snapshot) -> None:
        if reading.kind == "none":
            self._look = None
            self.show_empty(reading.sentence)
            return
        if reading is self._look:
            return
        self._look = reading
        self.show_content()
        self._show_rows(reading)
        if reading.kind == "surface":
            self._draw_surface(reading)
        else:
            self._draw_function(reading)
        self.header.show_status(*self._status(reading, snapshot))
        self.plot.say()

    def clear(self) -> None:
        self._look = None
        self.show_empty()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _draw_surface(self, reading: Look) -> None:
        assert reading.values is not None
        if reading.classes != self._classes:
            self._classes = reading.classes
            self._cells.restyle()
        x0, x1, y0, y1 = reading.extent
        self._cells.show_cells(reading.values, x0, y0, x1, y1)
        self.plot.bounds(x0, x1, y0, y1)

    def _draw_function(self, reading: Look) -> None:
        assert reading.values is not None
        x0, x1, _, _ = reading.extent
        values = reading.values[:, -1] if reading.prepared.data.task == "classification" else reading.values[:, 0]
        self._curve.show_points(np.linspace(x0, x1, len(values)), values)
        targets = reading.prepared.data.targets
        low, high = float(targets.min()), float(targets.max())
        room = 0.15 * (high - low) or 0.5
        self.plot.bounds(x0, x1, low - room, high + room)

    def _show_rows(self, reading: Look) -> None:
        """The rows change only with the data."""
        rows_of = (reading.prepared, reading.kind)
        if self._rows_of is not None and self._rows_of[0] is rows_of[0] and self._rows_of[1] == rows_of[1]:
            return
        self._rows_of = rows_of
        data = reading.prepared.data
        surface = reading.kind == "surface"
        self._cells.setVisible(surface)
        self._curve.setVisible(not surface)
        names = (*data.feature_names, "x", "y") if data.feature_names else ("x", "y")
        classification = data.task == "classification"
        answer = f"probability of {data.class_names[-1]}" if classification and data.classes <= 2 else data.target_name
        self.plot.name(names[0], names[1] if surface else answer)
        self.plot.axis("left").setGrid(False if surface else 255)
        for points, rows, most in (
            (self._train, reading.prepared.train_rows, MOST_TRAIN),
            (self._test, reading.prepared.test_rows, MOST_TEST),
        ):
            self._place(points, data.inputs[rows], data.targets[rows], most, surface, data.classes)
        self.plot.fit()

    def _place(
        self, points: Points, inputs: np.ndarray, targets: np.ndarray, most: int, surface: bool, classes: int
    ) -> None:
        every = max(1, -(-len(inputs) // most))
        inputs, targets = inputs[::every], targets[::every]
        if classes:
            numbers = targets.astype(int)
            symbols: Any = [SYMBOLS[number % len(SYMBOLS)] for number in numbers] if classes > 2 else "o"
            ys = inputs[:, 1] if surface else numbers.astype(float)
            points.show_points(inputs[:, 0], ys, _colors_of(numbers, classes), symbols)
        elif surface:
            points.show_points(inputs[:, 0], inputs[:, 1], _colors_between(targets[:, 0]))
        else:
            part = "test" if points is self._test else "train"
            points.show_points(inputs[:, 0], targets[:, 0], _all_in(part, len(inputs)))

    def _table_of_colors(self, shown: Theme) -> np.ndarray:
        return _softened(shown) if self._classes == 1 else _class_table(shown, self._classes)

    # -- words -----------------------------------------------------------------------------------------------------

    def _status(self, reading: Look, snapshot: Snapshot) -> tuple[str, str]:
        """(words, fewer words) for the header."""
        if not reading.finite:
            return "the output is not a number", "not a number"
        records = snapshot.history.epochs
        if not records:
            return "before training", "untrained"
        if not reading.trained:
            return "changed since it was trained", "changed"
        for part in ("test", "train"):
            figures = records[-1].get(part) or {}
            for key, words in (("accuracy", "accuracy"), ("r2", "R²"), ("loss", "loss")):
                if figures.get(key) is not None:
                    value = figure(float(figures[key]), percent=key == "accuracy")
                    return f"{part} {words} {value}", f"{part} {value}"
        return "", ""

    def _readout(self, x: float, y: float) -> Sequence[Line] | None:
        reading = self._look
        if reading is None or reading.values is None:
            return None
        data = reading.prepared.data
        x0, x1, y0, y1 = reading.extent
        if not x0 <= x <= x1 or (reading.kind == "surface" and not y0 <= y <= y1):
            return None
        names = (*data.feature_names, "x", "y")
        across = min(int((x - x0) / (x1 - x0) * reading.values.shape[-1 if reading.kind == "surface" else 0]), 10**6)
        if reading.kind == "function":
            row = reading.values[min(across, len(reading.values) - 1)]
            return [(f"{names[0]} {figure(x)}", "text"), (f"output {figure(float(row[-1]))}", "text")]
        rows, columns = reading.values.shape
        up = min(int((y - y0) / (y1 - y0) * rows), rows - 1)
        index = int(reading.values[up, min(across, columns - 1)])
        place = f"{names[0]} {figure(x)}, {names[1]} {figure(y)}"
        return [(place, "text"), (self._answer(index, reading), "text")]

    def _answer(self, index: int, reading: Look) -> str:
        data = reading.prepared.data
        if reading.classes > 1:
            count = levels(reading.classes)
            winner, place = divmod(index, count)
            sure = (place / (count - 1) * (reading.classes - 1) + 1) / reading.classes
            return f"{_class_name(data.class_names, winner)} {figure(sure, percent=True)}"
        value = reading.low + index / 255 * (reading.high - reading.low)
        if data.task == "regression":
            return f"{data.target_name} {figure(value)}"
        likelier = int(value >= 0.5)
        return f"{_class_name(data.class_names, likelier)} {figure(max(value, 1 - value), percent=True)}"

    def _table(self) -> Mapping[str, np.ndarray]:
        reading = self._look
        if reading is None or reading.values is None:
            return {}
        names = (*reading.prepared.data.feature_names, "x", "y")
        x0, x1, y0, y1 = reading.extent
        if reading.kind == "function":
            outputs = {f"output {number + 1}": column for number, column in enumerate(reading.values.T)}
            return {names[0]: np.linspace(x0, x1, len(reading.values)), **outputs}
        rows, columns = reading.values.shape
        x, y = np.meshgrid(
            x0 + (np.arange(columns) + 0.5) / columns * (x1 - x0), y0 + (np.arange(rows) + 0.5) / rows * (y1 - y0)
        )
        table = {names[0]: x.ravel(), names[1]: y.ravel()}
        indices = reading.values.ravel()
        if reading.classes == 1:
            return table | {"output": reading.low + indices / 255 * (reading.high - reading.low)}
        count = levels(reading.classes)
        sure = (indices % count / (count - 1) * (reading.classes - 1) + 1) / reading.classes
        return table | {"class": indices // count, "probability": sure}


def _class_name(names: Sequence[str], number: int) -> str:
    return names[number] if number < len(names) else f"class {number}"


def _colors_of(numbers: np.ndarray, classes: int) -> Callable[[Theme], list[QColor]]:
    def colors(shown: Theme) -> list[QColor]:
        own = [color.darker(115) if shown.name == "light" else color for color in theme.class_colors(shown, classes)]
        return [own[number % len(own)] for number in numbers]

    return colors


def _all_in(name: str, count: int) -> Callable[[Theme], list[QColor]]:
    return lambda shown: [shown.color(name)] * count


def _colors_between(values: np.ndarray) -> Callable[[Theme], list[QColor]]:
    """Colours of values between negative and positive."""
    if not len(values):
        return lambda shown: []
    low, high = float(values.min()), float(values.max())
    middle = 0.0 if low < 0 < high else (low + high) / 2
    reach = max(high - middle, middle - low) or 1.0
    places = np.clip((values - middle) / reach * 127.5 + 127.5, 0, 255).astype(int)

    def colors(shown: Theme) -> list[QColor]:
        table = theme.diverging(shown)
        return [QColor(*map(int, table[place])) for place in places]

    return colors


def _softened(shown: Theme) -> np.ndarray:
    """From negative over neutral to positive, with less of each colour."""
    table = theme.diverging(shown).astype(float)
    return np.rint(table[128] + STRENGTH * (table - table[128])).astype(np.uint8)


def _class_table(shown: Theme, classes: int) -> np.ndarray:
    """For each class the way from neutral to its colour."""
    count = levels(classes)
    neutral = np.array(shown.color("neutral").getRgb(), float)
    table = np.tile(neutral, (256, 1))
    way = np.linspace(0.12, STRENGTH + 0.1, count)[:, None]
    for number, color in enumerate(theme.class_colors(shown, classes)):
        table[number * count : (number + 1) * count] = neutral + way * (np.array(color.getRgb(), float) - neutral)
    return np.rint(table).astype(np.uint8)
