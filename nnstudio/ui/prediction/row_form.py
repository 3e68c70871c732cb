"""RowForm: a row of a table, filled in by hand: a slider for each number, a list for each category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QScrollArea, QSizePolicy, QSlider

from nnstudio.core.spec import Limits
from nnstudio.engine.data import Prepared
from nnstudio.ui.forms.fields import ChoiceBox
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.numbers import short
from nnstudio.ui.forms.style import Styled, set_property

MOST_FIELDS = 200
_SAMPLE = 20_000
_STEPS = 1000


@dataclass(frozen=True)
class Feature:
    """One thing that a person says of a row.

    Attributes:
        name: in words. places: which numbers of the row it makes.
        words: the categories, one for each place; empty for a number.
        low, high, mean: of the training rows. whole: whether all of them are whole numbers.
    """

    name: str
    places: tuple[int, ...]
    words: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 1.0
    mean: float = 0.0
    whole: bool = False


def features_of(prepared: Prepared) -> tuple[Feature, ...]:
    """The fields of the form: columns called "colour = red", "colour = blue" are one field of categories."""
    data = prepared.data
    rows = prepared.train_rows
    if len(rows) > _SAMPLE:
        rows = rows[np.linspace(0, len(rows) - 1, _SAMPLE).astype(np.int64)]
    sample = np.asarray(data.inputs[np.sort(rows)], np.float64).reshape(len(rows), -1)
    names = data.feature_names or tuple(f"x{place + 1}" for place in range(sample.shape[1]))
    groups: dict[str, list[tuple[int, str]]] = {}
    for place, name in enumerate(names):
        column, equals, word = name.partition(" = ")
        if equals and _is_switch(sample[:, place]):
            groups.setdefault(column, []).append((place, word))
    found: list[Feature] = []
    taken: set[int] = set()
    for place, name in enumerate(names):
        if place in taken:
            continue
        group = groups.get(name.partition(" = ")[0], []) if " = " in name else []
        if len(group) > 1 and place in dict(group):
            taken.update(dict(group))
            places, words = zip(*group, strict=True)
            often = sample[:, list(places)].mean(axis=0)
            usual = float(places[int(np.nan_to_num(often).argmax())])
            found.append(Feature(name.partition(" = ")[0], tuple(places), tuple(words), mean=usual))
        else:
            found.append(_number(name, place, sample[:, place]))
    return tuple(found)


def _is_switch(values: np.ndarray) -> bool:
    return bool(np.isin(values[np.isfinite(values)], (0.0, 1.0)).all())


def _number(name: str, place: int, values: np.ndarray) -> Feature:
    values = values[np.isfinite(values)]
    if not len(values):
        return Feature(name, (place,))
    low, high, mean = float(values.min()), float(values.max()), float(values.mean())
    whole = bool((values == np.round(values)).all()) and abs(high) < 2**31 and abs(low) < 2**31
    return Feature(name, (place,), (), low, high, round(mean) if whole else float(f"{mean:.4g}"), whole)


class RowForm(QScrollArea):
    """`changed` comes for every edit; `row` is the row as it would be in the data."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("A row by hand")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._prepared: Prepared | None = None
        self.features: tuple[Feature, ...] = ()
        self._hidden = np.zeros(0)  # the row that was filled in last
        self._written: dict[str, str] = {}  # how its numbers were shown
        self.boxes: dict[str, NumberBox] = {}
        self.sliders: dict[str, QSlider] = {}
        self.lists: dict[str, QComboBox] = {}

    def set_data(self, prepared: Prepared) -> None:
        """Make the fields for these data; each begins at the mean of the training rows."""
        self._prepared = prepared
        self.features = features_of(prepared)
        self.boxes, self.sliders, self.lists, self._written = {}, {}, {}, {}
        page = Styled()
        grid = QGridLayout(page)
        grid.setContentsMargins(8, 4, 8, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for line, feature in enumerate(self.features[:MOST_FIELDS]):
            label = _Name(feature.name)
            grid.addWidget(label, line, 0)
            if feature.words:
                grid.addWidget(self._list(feature), line, 1, 1, 2)
            else:
                slider, box = self._slider(feature), self._box(feature)
                grid.addWidget(slider, line, 1)
                grid.addWidget(box, line, 2)
                label.setBuddy(box)
        grid.setRowStretch(len(self.features[:MOST_FIELDS]), 1)
        self.setWidget(page)
        self.reset()

    def reset(self) -> None:
        """All fields at the mean of the training rows, categories at the most frequent."""
        values = np.zeros(self._size)
        for feature in self.features:
            if feature.words:
                values[int(feature.mean)] = 1.0
            else:
                values[feature.places[0]] = feature.mean
        self.show_row(values)

    def show_row(self, row: Sequence[float] | np.ndarray) -> None:
        """Fill in the numbers of a row."""
        values = np.array(row, np.float64).reshape(-1)
        self._hidden = values
        for feature in self.features[:MOST_FIELDS]:
            if feature.words:
                chosen = values[list(feature.places)]
                self.lists[feature.name].setCurrentIndex(int(chosen.argmax()) if chosen.any() else -1)
            else:
                value = float(values[feature.places[0]])
                self._write(feature, value)
                self._place(feature, value)
        self._mark()
        self.changed.emit()

    def row(self) -> np.ndarray | None:
        """The row [*shape]; None while a field holds no number."""
        if self._prepared is None:
            return None
        values = np.array(self._hidden)  # what was not changed keeps all its digits
        for feature in self.features[:MOST_FIELDS]:
            if feature.words:
                values[list(feature.places)] = 0.0
                index = self.lists[feature.name].currentIndex()
                if index >= 0:
                    values[feature.places[index]] = 1.0
            else:
                if self.boxes[feature.name].text() == self._written.get(feature.name):
                    continue
                number = self.boxes[feature.name].number()
                blank = not self.boxes[feature.name].text().strip() and bool(self._prepared.data.fill)
                if number is None and not blank:
                    return None
                values[feature.places[0]] = np.nan if number is None else number
        inputs = self._prepared.data.inputs
        return values.astype(inputs.dtype).reshape(inputs.shape[1:])

    def _write(self, feature: Feature, value: float) -> None:
        """Show a number of the row, with few digits."""
        shown = float(f"{value:.4g}")
        text = short(int(shown) if shown.is_integer() and abs(shown) < 2**53 else shown) if np.isfinite(value) else ""
        self._written[feature.name] = text
        box = self.boxes[feature.name]
        box.set_text(text)
        box.lineEdit().setCursorPosition(0)

    # -- fields ----------------------------------------------------------------------------------------------------

    @property
    def _size(self) -> int:
        return self._prepared.input_type.size if self._prepared is not None else 0

    def _list(self, feature: Feature) -> QComboBox:
        box = ChoiceBox()
        box.setAccessibleName(feature.name)
        box.addItems(list(feature.words))
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.activated.connect(lambda _: self.changed.emit())
        self.lists[feature.name] = box
        return box

    def _box(self, feature: Feature) -> NumberBox:
        words = f"From {short(feature.low)} to {short(feature.high)} in the training rows."
        limits = Limits(words, feature.low, feature.high) if feature.high > feature.low else Limits(words)
        box = NumberBox(limits, whole=False)
        box.setAccessibleName(feature.name)
        box.setToolTip(f"{limits.sentence} Their mean is {short(feature.mean)}.")
        box.setFixedWidth(92)

        def typed() -> None:
            number = box.number()
            if number is not None:
                self._place(feature, float(number))
            self._mark()
            self.changed.emit()

        box.typed.connect(typed)
        box.stepped.connect(typed)
        self.boxes[feature.name] = box
        return box

    def _slider(self, feature: Feature) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(f"{feature.name}, slider")
        slider.setToolTip(f"From {short(feature.low)} to {short(feature.high)}, as in the training rows.")
        slider.setMinimumWidth(24)
        slider.setRange(0, int(feature.high - feature.low) if _steps_are_whole(feature) else _STEPS)
        slider.setEnabled(feature.high > feature.low)
        slider.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

        def moved(place: int) -> None:
            share = place / max(slider.maximum(), 1)
            value = feature.low + share * (feature.high - feature.low)
            shown = round(value) if feature.whole else float(f"{value:.4g}")
            self.boxes[feature.name].set_text(short(shown))
            self._mark()
            self.changed.emit()

        slider.valueChanged.connect(moved)
        self.sliders[feature.name] = slider
        return slider

    def _place(self, feature: Feature, value: float) -> None:
        """Put the slider where a number is, without a signal."""
        slider = self.sliders[feature.name]
        span = feature.high - feature.low
        share = (value - feature.low) / span if span and np.isfinite(value) else 0.0
        slider.blockSignals(True)
        slider.setValue(round(float(np.clip(share, 0, 1)) * slider.maximum()))
        slider.blockSignals(False)

    def _mark(self) -> None:
        """Show which fields hold no number."""
        fillable = self._prepared is not None and bool(self._prepared.data.fill)
        for box in self.boxes.values():
            blank = fillable and not box.text().strip()
            set_property(box, "wrong", box.number() is None and not blank)


class _Name(QLabel):
    """The name of a field, cut where there is no room for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setToolTip(name)
        self.setMinimumWidth(min(self.fontMetrics().horizontalAdvance(name) + 4, 64))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()


def _steps_are_whole(feature: Feature) -> bool:
    return feature.whole and feature.high - feature.low <= _STEPS
