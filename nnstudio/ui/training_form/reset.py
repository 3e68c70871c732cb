"""Reset: the small button behind a field that is not at its default, which brings it back."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton

from nnstudio.core.spec import Spec
from nnstudio.ui import icons
from nnstudio.ui.forms import Field
from nnstudio.ui.forms.field import ROW_HEIGHT, label_text
from nnstudio.ui.forms.numbers import short


class Reset(QToolButton):
    """Takes no room away from the field when it is not seen: all fields of a form are equally wide."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self._field = field
        setting = field.setting
        words = f"Reset {label_text(setting).lower()} to {value_text(setting.default, getattr(setting, 'empty', ''))}"
        self.setObjectName(f"reset_{setting.name}")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setAutoRaise(True)
        self.setIconSize(QSize(14, 14))
        self.setFixedSize(22, ROW_HEIGHT)
        self.setProperty("role", "small")
        icons.attach(self, "rotate-ccw", "muted")
        kept = self.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.setSizePolicy(kept)
        first = field.rows.itemAt(0)
        row = first.layout() if first is not None else None
        assert isinstance(row, QHBoxLayout)
        row.addWidget(self, 0, Qt.AlignmentFlag.AlignTop)
        self.clicked.connect(self._clicked)
        self.hide()

    @property
    def differs(self) -> bool:
        """Whether the field is not at its default."""
        return bool(self._field.value != self._field.setting.default)

    def renew(self) -> None:
        """Be seen when there is something to bring back."""
        self.setVisible(self.differs)
        font = self._field.label.font()
        if font.bold() != self.differs:
            font.setBold(self.differs)
            self._field.label.setFont(font)

    def _clicked(self) -> None:
        self._field.editor.setFocus()  # before this button goes, and the focus with it
        self._field.edited.emit(self._field.setting.name, self._field.setting.default)
        self._field.left.emit()


def reset_of(field: Field) -> Reset:
    """The button of a field; made when it is asked for the first time."""
    found = field.findChild(Reset, f"reset_{field.setting.name}", Qt.FindChildOption.FindDirectChildrenOnly)
    return found if isinstance(found, Reset) else Reset(field)


def value_text(value: Any, empty: str = "") -> str:
    """A value of a setting in a word or two."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return empty or "none"
    if isinstance(value, Spec):
        return type(value).title or type(value).__name__
    return value if isinstance(value, str) else short(value)


def difference(field: Field) -> str:
    """`clip by norm 1`: a field that is not at its default, in the heading of its section."""
    words = label_text(field.setting).partition(" (")[0]
    words = words if words[:5] == "torch" or words[1:2].isupper() else words[:1].lower() + words[1:]
    return f"{words} {value_text(field.value, getattr(field.setting, 'empty', ''))}"
