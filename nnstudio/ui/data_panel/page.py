"""Page: the two sides of the data panel: what is set, and what is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from nnstudio.ui.forms.fact import column
from nnstudio.ui.forms.style import Styled

WIDE = 720  # pixels, from which on they stand side by side


class Page(Styled):
    """Settings and preview, under each other or side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.settings, self.looks = QWidget(), QWidget()
        self.setting_rows, self.look_rows = column(self.settings, spacing=8), column(self.looks, spacing=8)
        self.sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self.sides.setContentsMargins(12, 12, 12, 12)
        self.sides.setSpacing(8)
        self.sides.addWidget(self.settings)
        self.sides.addWidget(self.looks)
        self.sides.addStretch(1)
        for side in (self.settings, self.looks):
            side.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
            self.sides.setAlignment(side, Qt.AlignmentFlag.AlignTop)
        self.wide = False
        self._news: tuple[QWidget, ...] = ()
        self._after: QWidget | None = None

    def set_wide(self, wide: bool) -> None:
        """Have the preview beside the settings."""
        if wide != self.wide:
            self.wide = wide
            self.sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
            self.sides.setSpacing(24 if wide else 8)
            self.sides.setStretch(0, 2 if wide else 0)
            self.sides.setStretch(1, 3 if wide else 0)
            self.sides.setStretch(2, 0 if wide else 1)
            self.settings.setMaximumWidth(440 if wide else 16_777_215)
            self._place_news()

    def take_news(self, news: Sequence[QWidget], after: QWidget) -> None:
        """These are seen first: above the preview, or where there is one column only, below what was chosen."""
        self._news, self._after = tuple(news), after
        self._place_news()

    def _place_news(self) -> None:
        place = 0 if self.wide or self._after is None else self.setting_rows.indexOf(self._after) + 1
        rows = self.look_rows if self.wide else self.setting_rows
        for number, part in enumerate(self._news):
            for other in (self.look_rows, self.setting_rows):
                other.removeWidget(part)
            rows.insertWidget(place + number, part)
