"""The batch size as a number, with the three usual choices under it."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton

from nnstudio.core.spec import Setting
from nnstudio.ui.forms.fields import TypedField
from nnstudio.ui.forms.number_box import NumberBox
from nnstudio.ui.forms.numbers import read_whole, short


class BatchField(TypedField):
    """Empty means all rows."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, NumberBox(setting.limits, whole=True), read=read_whole, write=short)
        self._mini = 16
        self.group = QButtonGroup(self)
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        for place, (words, tip) in enumerate(
            (
                ("Single row", "Each row makes a step of its own: many noisy steps."),
                ("Mini-batch", "Some rows together make a step: the usual choice."),
                ("Full batch", "All rows together make the one step of an epoch: the exact gradient."),
            )
        ):
            button = QToolButton()
            button.setText(words)
            button.setCheckable(True)
            button.setProperty("role", "choice")
            button.setAccessibleName(words)
            button.setToolTip(f"<p>{tip}</p>")
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(60)
            self.group.addButton(button, place)
            line.addWidget(button)
        self.rows.addLayout(line)
        self.group.idClicked.connect(self._chosen)

    def _chosen(self, place: int) -> None:
        self._forget_typing()
        self._offer((1, self._mini, None)[place])
        self._show(self.value)
        self.left.emit()

    def _show(self, value: int | None) -> None:
        super()._show(value)
        if value is not None and value > 1:
            self._mini = value
        self.group.button(2 if value is None else 0 if value == 1 else 1).setChecked(True)
