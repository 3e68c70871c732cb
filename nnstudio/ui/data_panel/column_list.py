"""ColumnList: the columns of a table, what each is taken for, and a menu to correct that."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QMenu

from nnstudio.core.kinds import Dataset
from nnstudio.engine.data_overview import Histogram, Overview
from nnstudio.ui import theme
from nnstudio.ui.data_panel.column_roles import ROLES, explained, offered, role_of, with_role
from nnstudio.ui.data_panel.histograms import paint_histogram
from nnstudio.ui.data_panel.tiles import Tiles
from nnstudio.ui.document import Document
from nnstudio.ui.forms.field import sentence
from nnstudio.ui.forms.number_box import paint_chevron
from nnstudio.ui.loading import Errand

LINE = 46
MOST = 7.5  # lines that are seen without scrolling; the half one says that there are more
_CHIP = 120
# Settings that the list stands for.
TAKEN = frozenset({"target", "targets", "ignored", "categories", "numbers", "dates", "group_column", "time_column"})


class ColumnList(Tiles):
    """A line for each column. It is hidden for datasets that have no columns to ask about."""

    # there are other columns
    renewed = Signal()
    # a sentence: a column could not be taken so
    refused = Signal(str)

    def __init__(self, document: Document) -> None:
        super().__init__("Columns", least_width=4000, height=LINE, gap=0)
        self.setObjectName("columns")
        self.document = document
        self.columns: tuple[Any, ...] = ()  # of `inspect`: name, kind, becomes, distinct, missing, examples, problem
        self.rows = 0
        self.current = 0
        self._dataset: Dataset | None = None
        self._errand: Errand | None = None
        self._histograms: dict[str, Histogram] = {}
        self.viewport().setMouseTracking(True)
        self.hide()

    @property
    def taken(self) -> frozenset[str]:
        """The settings of the dataset that need no field of their own."""
        return TAKEN if hasattr(self._dataset, "inspect") else frozenset()

    @property
    def needed(self) -> frozenset[str]:
        """The settings that what is missing in these columns makes worth a look."""
        absent = any(column.missing for column in self.columns)
        return frozenset({"missing", "missing_categories", "missing_targets"}) if absent else frozenset()

    # -- what it shows ---------------------------------------------------------------------------------------------

    def renew(self, dataset: Dataset | None) -> None:
        """Show the columns of this one; they are looked at beside the window."""
        if dataset == self._dataset:
            return
        other = getattr(dataset, "path", "") != getattr(self._dataset, "path", "")
        self._dataset = dataset
        self._drop()
        inspect = getattr(dataset, "inspect", None)
        if inspect is None or not getattr(dataset, "path", ""):
            self._show((), 0)
            return
        if other:
            self._show((), 0)
            self.current = 0
        self._errand = errand = Errand(inspect)
        errand.finished.connect(self._ended)
        if errand.begin(patient=self.document.loading.state != "reading"):
            self._ended()

    def show_overview(self, overview: Overview | None) -> None:
        """Draw these histograms beside the columns."""
        found = overview.features if overview is not None else ()
        self._histograms = {histogram.name: histogram for histogram in found}
        if overview is not None and overview.target is not None:
            self._histograms[overview.target.name] = overview.target
        self.viewport().update()

    def _show(self, columns: tuple[Any, ...], rows: int) -> None:
        at = self.verticalScrollBar().value()
        self.columns, self.rows = columns, rows
        self.setVisible(bool(columns))
        self.setFixedHeight(math.ceil(LINE * min(max(len(columns), 1), MOST)))
        self.setAccessibleDescription(f"{len(columns):,} columns; Return on one says what it is taken for.")
        self.renew_tiles()
        self.verticalScrollBar().setValue(at)
        self.renewed.emit()

    def _drop(self) -> None:
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.finished.disconnect(self._ended)
            errand.stop()

    def _ended(self) -> None:
        errand = self._errand
        if errand is None or not errand.isFinished():
            return
        self._errand = None
        errand.finished.disconnect(self._ended)
        if errand.done:
            self._show(tuple(errand.result.columns), errand.result.rows)

    def count(self) -> int:
        return len(self.columns)

    def tip(self, number: int) -> str:
        return self._said(number)

    def _said(self, number: int) -> str:
        column = self.columns[number]
        parts = [f"{column.name}: {self.words(number)}", column.becomes, *self._facts(column)]
        return "\n".join(part for part in (*parts, column.problem) if part)

    def words(self, number: int) -> str:
        """What a column is taken for."""
        role = self.role(number)
        return ROLES[role] if role else str(self.columns[number].kind).capitalize()

    def role(self, number: int) -> str:
        """The role that a person gave it; empty where it is as guessed."""
        return role_of(self._dataset, self.columns[number].name, self.columns[-1].name)

    def _facts(self, column: Any) -> list[str]:
        facts = []
        if column.missing:
            share = column.missing / max(self.rows, 1)
            facts.append(f"{share:.0%} missing" if share >= 0.01 else f"{column.missing:,} missing")
        if column.distinct is not None:
            facts.append(f"{column.distinct:,} different")
        if column.examples:
            facts.append(", ".join(str(example) for example in column.examples))
        return facts

    # -- painting --------------------------------------------------------------------------------------------------

    def chip(self, number: int) -> QRectF:
        """Where the kind of a column stands, which opens the menu."""
        place = self.place_of(number)
        width = min(_CHIP, place.width() / 2.4)
        return QRectF(place.right() - width, place.top() + 4, width, 20)

    def paint_tile(self, painter: QPainter, number: int, place: QRectF) -> None:
        shown, column = theme.current(), self.columns[number]
        role = self.role(number)
        if number == self.current and self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(shown.color("selection"))
            painter.drawRoundedRect(place.adjusted(-4, 0, 4, 0), 4, 4)
        painter.setPen(QPen(shown.color("border"), 1))
        painter.drawLine(place.bottomLeft(), place.bottomRight())
        chip = self.chip(number)
        unused = column.kind in ("constant", "empty", "identifier") and not role
        faint = unused or role in ("ignored", "group_column", "time_column")
        font = self.font()
        font.setPixelSize(13)
        painter.setFont(font)
        name = QRectF(place.left(), place.top() + 4, chip.left() - place.left() - 8, 20)
        self.write(painter, name, column.name, "muted" if faint else "text", Qt.AlignmentFlag.AlignLeft)
        font.setPixelSize(11)
        painter.setFont(font)
        color = "error" if column.problem else "link" if role == "target" else "text"
        painter.setBrush(shown.color("surface"))
        painter.setPen(QPen(shown.color("error" if column.problem else "border"), 1))
        painter.drawRoundedRect(chip.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        self.write(painter, chip.adjusted(8, 0, -16, 0), self.words(number), color, Qt.AlignmentFlag.AlignLeft)
        paint_chevron(painter, QPointF(chip.right() - 9, chip.center().y()), up=False)
        foot = QRectF(place.left(), place.top() + 24, place.width(), 18)
        histogram = self._histograms.get(column.name)
        if histogram is not None and histogram.shares and role != "ignored":
            area = QRectF(chip.left(), foot.top() + 2, chip.width(), 15)
            paint_histogram(painter, histogram, area)
            foot.setRight(chip.left() - 8)
        words = _located(column) or " · ".join(self._facts(column))
        self.write(painter, foot, words, "error" if column.problem else "muted", Qt.AlignmentFlag.AlignLeft)

    # -- correcting ------------------------------------------------------------------------------------------------

    def menu(self, number: int) -> QMenu:
        """What a column may be taken for."""
        menu = QMenu(self)
        menu.setObjectName("column_kinds")
        menu.setToolTipsVisible(True)
        now = self.role(number)
        for role in offered(self._dataset):
            words = ROLES[role] if role else f"As guessed: {self.columns[number].kind}"
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(role == now)
            action.setToolTip(explained(role))
            action.setData(role)
            action.triggered.connect(lambda _=False, role=role: self.take(number, role))
            if role in ("", "dates", "ignored"):
                menu.addSeparator()
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def take(self, number: int, role: str) -> None:
        """Take a column for something else: one edit."""
        name = self.columns[number].name
        project = self.document.project
        try:
            dataset = with_role(project.data.dataset, name, role)
        except ValueError as error:
            self.refused.emit(sentence(error))
            return
        label = f"Take {name} for {ROLES[role].lower()}" if role else f"Take {name} as guessed"
        self.document.edit(label, project.with_data(dataset=dataset))

    def open_menu(self, number: int) -> None:
        """Ask what a column is."""
        place = self.chip(number).bottomLeft().toPoint() + QPoint(0, 2)
        self.menu(number).popup(self.viewport().mapToGlobal(place))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.tile_at(event.position())
        if number is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self.current = number
        self.viewport().update()
        if self.chip(number).adjusted(-4, -4, 4, 4).contains(event.position()):
            self.open_menu(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.tile_at(event.position())
        over = number is not None and self.chip(number).contains(event.position())
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second press on the name opens the menu too."""
        number = self.tile_at(event.position())
        if number is not None:
            self.open_menu(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        key = Qt.Key(event.key())
        if key in steps and self.columns:
            self.current = min(max(self.current + steps[key], 0), len(self.columns) - 1)
            bar, top = self.verticalScrollBar(), self.current * LINE
            bar.setValue(min(max(bar.value(), top + LINE - self.viewport().height()), top))
            self.setAccessibleDescription(self._said(self.current))
            self.viewport().update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.columns:
            self.open_menu(self.current)
        else:
            super().keyPressEvent(event)


def _located(column: Any) -> str:
    """What is wrong with a column, without its name and that of the file, which are seen already."""
    words: str = column.problem.rpartition(f"{column.name!r}: ")[2]
    return words[:1].upper() + words[1:]
