"""Banner: one sentence over the drawing that wants an answer, and a button for it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from nnstudio.ui import icons, theme


class Banner(QFrame):
    """Hidden until it has something to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self.about = ""  # what the sentence is about, so that only its own cause takes it away
        self._severe = False
        self._do: Callable[[], None] | None = None
        self._icon = QToolButton()
        self._icon.setEnabled(True)
        self._icon.setFocusPolicy(self._icon.focusPolicy().NoFocus)
        self._icon.setAccessibleName("Notice")
        self._icon.setStyleSheet("border: none; background: transparent; padding: 0;")
        self._icon.setIconSize(QSize(18, 18))
        self._label = QLabel()
        self._label.setObjectName("banner_text")
        self._label.setWordWrap(True)
        self.button = QPushButton()
        self.button.setObjectName("banner_button")
        self.button.clicked.connect(self._answer)
        self._close = QToolButton()
        self._close.setObjectName("banner_close")
        self._close.setAccessibleName("Close this notice")
        self._close.setToolTip("Close this notice")
        icons.attach(self._close, "x", "muted")
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._label, 1)
        row.addWidget(self.button)
        row.addWidget(self._close)
        self.hide()

    def say(
        self, about: str, sentence: str, button: str = "", do: Callable[[], None] | None = None, severe: bool = False
    ) -> None:
        """Show a sentence, in place of the one before."""
        self.about, self._severe, self._do = about, severe, do
        self._label.setText(sentence)
        self.setAccessibleName(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._colour()
        self.show()

    def take_back(self, about: str) -> None:
        """Hide the sentence if it is about this."""
        if self.about == about:
            self.hide()

    def sentence(self) -> str:
        """What it says; empty when it is hidden."""
        return "" if self.isHidden() else self._label.text()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    def _answer(self) -> None:
        self.hide()
        if self._do is not None:
            self._do()

    def _colour(self) -> None:
        shown = theme.current()
        edge = shown.error if self._severe else shown.warning
        sheet = (
            f"#banner {{ background: {shown.warning_surface}; border: none; border-bottom: 1px solid {edge}; }}"
            f"#banner_text {{ color: {shown.text}; }}"
        )
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
            icons.attach(self._icon, "circle-alert" if self._severe else "info", "error" if self._severe else "warning")
