"""Status: the line under everything: how large the network is, what is wrong with it, which rows it sees, news."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QStatusBar, QToolButton, QWidget

from nnstudio.core.blocks import Block, every_node
from nnstudio.core.problems import Problem
from nnstudio.engine.data import PARTS
from nnstudio.ui import icons, theme
from nnstudio.ui.document import Document

_NEWS_SECONDS = 12


class Status(QStatusBar):
    """The status bar of the window. `problem_chosen` carries the Problem that the person wants to see."""

    problem_chosen = Signal(object)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._news = ""
        self.setSizeGripEnabled(False)
        self.network = QToolButton()
        self.network.setObjectName("status_network")
        self.network.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.network.clicked.connect(self._show_problems)
        self.rows = _Words("status_rows")
        self.news = _Words("status_news", right=True)
        self._old = QTimer(self, singleShot=True, interval=_NEWS_SECONDS * 1000)
        self._old.timeout.connect(self._forget)
        self.addWidget(self.network)
        self.addWidget(self.rows, 2)
        self.addWidget(self.news, 3)
        self.setContentsMargins(8, 0, 12, 0)
        document.checked.connect(self._renew_network)
        document.checked.connect(lambda _: self._renew_rows())
        document.loading.progressed.connect(self._renew_rows)
        self._renew_network()
        self._renew_rows()

    def tell(self, sentence: str) -> None:
        """Show news; they go by themselves."""
        self._news = sentence
        self.news.say(sentence)
        self._old.start()

    def explain(self, sentence: str) -> None:
        """Show what the entry under the pointer does; an empty sentence brings the news back."""
        self.news.say(sentence or self._news)

    def _forget(self) -> None:
        self._news = ""
        self.news.say("")

    def _renew_network(self) -> None:
        report = self._document.report
        drawn = (node for _, node in every_node(self._document.project.graph))
        layers = sum(not isinstance(node.layer, Block) and node.layer.role not in ("entry", "exit") for node in drawn)
        notes = sum(problem.severity == "note" for problem in report.problems)
        count = len(report.problems) - notes
        parts = [_count(layers, "layer"), _count(report.parameters, "parameter"), _count(count, "problem")]
        if report.errors:  # a total that leaves broken layers out would mislead
            parts.pop(1)
        if notes:
            parts.append(_count(notes, "note"))
        self.network.setText(f" {' · '.join(parts)}")
        self.network.setAccessibleName(" · ".join(parts))
        self.network.setToolTip(
            "\n".join(problem.message for problem in report.problems[:12]) or "The network can be trained."
        )
        name, color = ("circle-alert", "error") if report.errors else ("triangle-alert", "warning")
        if not count:
            name, color = "circle-check", "good"
        icons.attach(self.network, name, color)

    def _renew_rows(self) -> None:
        loading = self._document.loading
        if loading.state == "empty":
            self.rows.say("no data chosen")
            return
        if loading.state == "reading":
            share = "" if loading.share is None else f", {loading.share:.0%}"
            self.rows.say(f"{loading.words or 'Reading the data'}{share}")
            return
        try:
            prepared = self._document.prepared()
        except (ValueError, OSError) as error:
            self.rows.say(str(error))
            return
        counts = {name: len(prepared.part(name)) for name in PARTS}
        parts = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name != "validation")
        words = f"{sum(counts.values()):,} rows: {parts}"
        if words != self.rows.text():
            self.rows.say(words)

    def _show_problems(self) -> None:
        problems = self._document.report.problems
        if len(problems) == 1:
            self.problem_chosen.emit(problems[0])
        elif problems:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            for problem in problems[:20]:
                action = menu.addAction(_shortened(problem))
                action.setToolTip(problem.message)
                icons.attach(
                    action,
                    "circle-alert" if problem.severity == "error" else "triangle-alert",
                    problem.severity if problem.severity != "note" else "muted",
                )
                action.triggered.connect(lambda _=False, problem=problem: self.problem_chosen.emit(problem))
            menu.popup(self.network.mapToGlobal(self.network.rect().topLeft()) - QPoint(0, menu.sizeHint().height()))


def _shortened(problem: Problem) -> str:
    return problem.message if len(problem.message) <= 120 else f"{problem.message[:119]}…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class _Words(QWidget):
    """A line of text that never makes the window wider."""

    def __init__(self, name: str, right: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._right = right
        self._text = ""

    def text(self) -> str:
        return self._text

    def say(self, text: str) -> None:
        self._text = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(theme.current().color("muted"))
        text = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        side = Qt.AlignmentFlag.AlignRight if self._right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, text)
