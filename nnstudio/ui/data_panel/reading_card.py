"""ReadingCard: how far the reading of the data is, why it ended, and what can be done now."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout

from nnstudio.ui.forms.fact import link
from nnstudio.ui.forms.style import set_property

_STEPS = 1000


class ReadingCard(QFrame):
    """One of: a progress bar with words and Cancel; a sentence with what to do; nothing at all (hidden)."""

    def __init__(self, cancel: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("reading_card")
        self.setProperty("role", "card")
        rows = QVBoxLayout(self)
        rows.setContentsMargins(10, 8, 10, 8)
        rows.setSpacing(6)
        self.title = QLabel()
        self.title.setProperty("role", "card_title")
        self.title.setWordWrap(True)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.text = QLabel()
        self.text.setProperty("role", "card_text")
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in (self.title, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the data is read")
        self.cancel = QPushButton("Cancel")
        self.cancel.setObjectName("cancel_reading")
        self.cancel.setAccessibleName("Cancel reading the data")
        self.cancel.setToolTip("Stops reading. What was chosen stays chosen and can be read again.")
        self.cancel.clicked.connect(lambda: cancel())
        self._links = QVBoxLayout()
        self._links.setSpacing(2)
        self._buttons: list[QPushButton] = []
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.bar, 1)
        line.addWidget(self.cancel)
        for part in (self.title, self.text):
            rows.addWidget(part)
        rows.addLayout(line)
        rows.addLayout(self._links)
        self.hide()

    def show_progress(self, share: float | None, words: str) -> None:
        """Something is being read."""
        self._renew("note", words, "")
        busy = 0 if share is None else _STEPS
        if self.bar.maximum() != busy:
            self.bar.setRange(0, busy)
        if share is not None:
            self.bar.setValue(round(share * _STEPS))
        self.setAccessibleName(words if share is None else f"{words}, {share:.0%}")
        for part in (self.bar, self.cancel):
            part.show()

    def show_sentence(
        self, severity: str, title: str, text: str, actions: list[tuple[str, str, Callable[[], None]]]
    ) -> None:
        """Nothing is being read; say why."""
        self._renew(severity, title, text)
        self.setAccessibleName(f"{title} {text}".strip())
        for part in (self.bar, self.cancel):
            part.hide()
        for words, tip, act in actions:
            button = link(words, tip, act)
            self._buttons.append(button)
            self._links.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    @property
    def buttons(self) -> list[QPushButton]:
        """What can be done now."""
        return list(self._buttons)

    def _renew(self, severity: str, title: str, text: str) -> None:
        for button in self._buttons:
            self._links.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        set_property(self, "severity", severity)
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.show()
