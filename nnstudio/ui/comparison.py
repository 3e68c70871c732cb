"""ComparisonDialog: classical models on the same rows, beside the network, with what chance could change."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnstudio.ui.beside import FILE, Beside
from nnstudio.ui.document import Document
from nnstudio.ui.panels import picture
from nnstudio.ui.panels.figures import figure

_MODELS = 5
_NAMES = {"accuracy": "Accuracy", "log_loss": "Log loss", "auc": "AUC", "r2": "R²", "mae": "MAE", "rmse": "RMSE"}
_INTRODUCTION = (
    "Classical models learn from the same training rows, scaled in the same way, and are judged on the same test rows. "
    "In brackets: between which figures 95 of 100 drawings of so many test rows would be."
)


class ComparisonDialog(QDialog):
    """`start` trains the models beside the window; each appears as soon as it is done."""

    # it is done, or could not be done, or was called off
    ended = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparison")
        self.setWindowTitle("Comparison with classical models")
        self.document = document
        self.beside = Beside(self)
        self.beside.said.connect(self._take)
        self.beside.finished.connect(self._done)
        self.beside.refused.connect(self._refused)
        self.rivals: list[dict[str, Any]] = []
        introduction = _words("What is compared", _INTRODUCTION)
        introduction.setProperty("role", "muted")
        self.table = QTableWidget()
        self.table.setObjectName("comparison_table")
        self.table.setAccessibleName("Models")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(30)
        self.verdict = _words("How they stand beside the network")
        self.verdict.setObjectName("verdict")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, _MODELS)
        self.status = _words("Status")
        self.status.setProperty("role", "muted")
        self.again = QPushButton("Compare again")
        self.again.setToolTip("Trains the models once more, beside the network as it is now.")
        self.again.clicked.connect(self.start)
        self.save = QPushButton("Save as CSV…")
        self.save.clicked.connect(self._ask_and_save)
        self.stop = QPushButton("Cancel")
        self.stop.setObjectName("cancel_comparison")
        self.stop.clicked.connect(self.cancel)
        self.shut = QPushButton("Close")
        self.shut.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self.status, 1)
        for button in (self.again, self.save, self.stop, self.shut):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        column.addWidget(introduction)
        column.addWidget(self.table, 1)
        column.addWidget(self.verdict)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self.resize(820, 460)
        self._renew()

    @property
    def busy(self) -> bool:
        return self.beside.busy

    def start(self) -> None:
        """Compare with what the document holds now."""
        if self.busy:
            return
        self.rivals = []
        self.verdict.setText("")
        self.status.setText("Training the models …")
        self._fill()
        self.beside.start(self.document, ["compare", FILE, "--json"])
        self._renew()

    def cancel(self) -> None:
        """End it now; what is known is kept."""
        if self.busy:
            self.beside.shut_down()
            self.status.setText("Called off.")
            self._renew()
            self.ended.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel()
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape closes it as its button does."""
        self.close()

    # -- what comes ------------------------------------------------------------------------------------------------

    def _take(self, line: str) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            return
        if not isinstance(record, dict):
            return
        if record.get("done"):
            rows = record["rows"]
            said = f"{rows['train']:,} training rows, {rows['test']:,} test rows."
            self.status.setText(said)
            self._say(tuple(record["notes"]))
        else:
            self.rivals.append(record)
            self.progress.setValue(len(self.rivals))
            self._fill()
            self._say()

    def _done(self) -> None:
        self._renew()
        self.ended.emit()

    def _refused(self, sentence: str) -> None:
        self.status.setText("")
        self.verdict.setText(sentence)
        self._renew()
        self.ended.emit()

    def _renew(self) -> None:
        busy = self.busy
        self.progress.setVisible(busy)
        if busy:
            self.progress.setValue(0)
        self.stop.setVisible(busy)
        self.again.setVisible(not busy)
        self.save.setVisible(not busy and bool(self.rivals))

    def _say(self, notes: tuple[str, ...] = ()) -> None:
        sentences = [
            f"{rival['name']}: {rival['sentence']}"
            if not rival["sentence"].startswith(rival["name"])
            else rival["sentence"]
            for rival in self.rivals
            if rival["sentence"]
        ]
        self.verdict.setText("\n".join((*sentences, *notes)))

    # -- the table -------------------------------------------------------------------------------------------------

    @property
    def _part(self) -> str:
        return "test" if any(rival["test"] for rival in self.rivals) else "train"

    def _keys(self) -> list[str]:
        return list(dict.fromkeys(key for rival in self.rivals for key in rival[self._part]))

    def _fill(self) -> None:
        keys, part = self._keys(), self._part
        heads = ["Model", *(f"{_NAMES[key]}, {part}" for key in keys)]
        if part == "test" and keys:
            heads.append(f"{_NAMES[keys[0]]}, train")
        heads.append("Seconds")
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.setRowCount(len(self.rivals))
        for row, rival in enumerate(self.rivals):
            cells = [rival["name"], *(_cell(key, rival[part].get(key)) for key in keys)]
            if part == "test" and keys:
                cells.append(_cell(keys[0], rival["train"].get(keys[0])))
            cells.append(f"{rival['seconds']:.2f}")
            for column, words in enumerate(cells):
                item = QTableWidgetItem(words)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(rival["sentence"])
                if rival["name"] == "Network":
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def numbers(self) -> dict[str, np.ndarray]:
        """What is saved: each figure with its interval."""
        columns: dict[str, list[Any]] = {"model": [rival["name"] for rival in self.rivals]}
        for key in dict.fromkeys(key for rival in self.rivals for key in rival["test"]):
            for place, end in enumerate(("", " low", " high")):
                values = [rival["test"].get(key, (None,) * 3)[place] for rival in self.rivals]
                columns[f"test {key}{end}"] = [math.nan if value is None else value for value in values]
        for key in dict.fromkeys(key for rival in self.rivals for key in rival["train"]):
            values = [rival["train"].get(key) for rival in self.rivals]
            columns[f"train {key}"] = [math.nan if value is None else value for value in values]
        columns["seconds"] = [rival["seconds"] for rival in self.rivals]
        return {name: np.array(values) for name, values in columns.items()}

    def _ask_and_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the comparison", "comparison.csv", "CSV (*.csv)")
        if not chosen:
            return
        path = Path(chosen)
        try:
            picture.write_csv(path if path.suffix else path.with_suffix(".csv"), self.numbers())
        except OSError as error:
            self.status.setText(f"{path.name} could not be written: {error.strerror}.")
        else:
            self.status.setText(f"Saved to {path.name}.")


def _cell(key: str, value: Any) -> str:
    if value is None:
        return "–"
    percent = key == "accuracy"
    if not isinstance(value, list):
        return figure(float(value), percent=percent)
    point, low, high = (math.nan if part is None else float(part) for part in value)
    words = figure(point, percent=percent)
    if math.isnan(low):
        return words
    return f"{words}  ({figure(low, percent=percent)} to {figure(high, percent=percent)})"


def _words(name: str, text: str = "") -> QLabel:
    label = QLabel(text)
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
