"""A share as a number with a slider beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider

from nnstudio.core.spec import Setting
from nnstudio.ui.forms.fields import TypedField
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.numbers import read_number, short


class Slider(QSlider):
    """A slider that a scrolling wheel does not move."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ShareField(TypedField):
    """A number from 0 to the setting's maximum; the slider goes in hundredths, the number as fine as one types."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, NumberBox(setting.limits, whole=False), read=read_number, write=short)
        self.slider = Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(100 * (setting.limits.maximum or 1)))
        self.slider.setSingleStep(1)
        self.slider.setPageStep(5)
        self.slider.setAccessibleName(f"{setting.label}, slider")
        self.slider.setToolTip(self.editor.toolTip())
        self.slider.setMinimumWidth(40)
        self.editor.setFixedWidth(68)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.column.removeWidget(self.editor)
        line.addWidget(self.slider, 1)
        line.addWidget(self.editor)
        self.note = QLabel()
        self.note.setProperty("role", "muted")
        self.note.hide()
        self.column.insertLayout(0, line)
        self.column.insertWidget(1, self.note)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self.left)

    def show_note(self, words: str) -> None:
        """What the share comes to, beside it."""
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.editor.setAccessibleDescription(words)

    def _slid(self, hundredths: int) -> None:
        if self.value is not None and hundredths != round(100 * self.value):
            self._forget_typing()
            self._offer(hundredths / 100)

    def _show(self, value: float) -> None:
        super()._show(value)
        self.slider.setValue(round(100 * value))
