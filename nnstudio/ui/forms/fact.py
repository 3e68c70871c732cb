"""Rows, headings and cards that say something and cannot be edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from nnstudio.ui.forms.field import make_label


class Fact(QWidget):
    """A label and what is so, in the two columns of a form. `boxed` looks like a field that follows from elsewhere."""

    def __init__(self, label: str, text: str = "", *, boxed: bool = False, tip: str = "") -> None:
        super().__init__()
        self.label = make_label(label)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        if boxed:
            self.text.setProperty("role", "boxed")
        else:
            self.label.setMinimumHeight(20)
            self.text.setMinimumHeight(20)
        if tip:
            self.setToolTip(f"<p>{tip}</p>")
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show this, unless it is shown already."""
        if text != self.text.text():
            self.text.setText(text)
            self.text.setAccessibleName(f"{self.label.text()}: {text}")


class Facts(QWidget):
    """Facts under each other, renewed from pairs of label and text."""

    def __init__(self, *, boxed: bool = False) -> None:
        super().__init__()
        self._boxed = boxed
        self._facts: dict[str, Fact] = {}
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(6 if boxed else 2)

    def renew(self, facts: Iterable[tuple[str, str]]) -> None:
        """Show these; a label that stays keeps its row."""
        wanted = dict(facts)
        if list(wanted) != list(self._facts):
            for fact in self._facts.values():
                self._rows.removeWidget(fact)
                fact.hide()
                fact.deleteLater()
            self._facts = {label: Fact(label, boxed=self._boxed) for label in wanted}
            for fact in self._facts.values():
                self._rows.addWidget(fact)
        for label, text in wanted.items():
            self._facts[label].show_text(text)
        self.setVisible(bool(wanted))

    def texts(self) -> dict[str, str]:
        """What is shown, by label."""
        return {label: fact.text.text() for label, fact in self._facts.items()}


class Card(QFrame):
    """A notice: a bold line, some sentences, and what can be done about it."""

    def __init__(
        self, severity: str, title: str, text: str = "", actions: Iterable[tuple[str, str, Callable[[], None]]] = ()
    ) -> None:
        """Actions are a label, a tooltip and what a click does."""
        super().__init__()
        self.setProperty("role", "card")
        self.setProperty("severity", severity)
        self.setAccessibleName(f"{severity}: {title} {text}".strip())
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(2)
        for words, role in ((title, "card_title"), (text, "card_text")):
            if words:
                label = QLabel(words)
                label.setTextFormat(Qt.TextFormat.PlainText)  # names that others gave may look like markup
                label.setProperty("role", role)
                label.setWordWrap(True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                column.addWidget(label)
        self.buttons: list[QPushButton] = []
        for words, tip, act in actions:
            button = link(words, tip, act)
            self.buttons.append(button)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)


class Cards(QWidget):
    """Cards under each other."""

    def __init__(self) -> None:
        super().__init__()
        self._rows = column(self)
        self.cards: list[Card] = []
        self.hide()

    def show_cards(self, cards: Iterable[Card]) -> None:
        """Show these in place of those before."""
        for card in self.cards:
            self._rows.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = list(cards)
        for card in self.cards:
            self._rows.addWidget(card)
        self.setVisible(bool(self.cards))


def link(words: str, tip: str, act: Callable[[], None]) -> QPushButton:
    """A button that looks like a link."""
    button = QPushButton(words)
    button.setProperty("role", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setAccessibleName(words)
    button.setToolTip(f"<p>{tip}</p>" if tip else "")
    button.clicked.connect(lambda: act())
    return button


def heading(words: str, role: str = "group") -> QLabel:
    """A line above a group of rows, or another line of text with a role in the style sheet."""
    label = QLabel(words)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if role == "group":
        label.setContentsMargins(0, 8, 0, 0)
    return label


def column(parent: QWidget, *, margins: int = 0, spacing: int = 6) -> QVBoxLayout:
    """A layout that puts things under each other."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(margins, margins, margins, margins)
    layout.setSpacing(spacing)
    return layout
