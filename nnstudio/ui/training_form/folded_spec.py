"""FoldedSpec: picks a Spec, and shows those of its settings that everybody sets, or that are not at their default."""

from __future__ import annotations

from typing import Any

from nnstudio.core.spec import Setting, Spec
from nnstudio.ui.forms import SpecField
from nnstudio.ui.forms.fact import link
from nnstudio.ui.forms.fields import TypedField
from nnstudio.ui.training_form.reset import reset_of

# Settings that are always seen: these, and the first ones up to this many.
_CHIEF = ("lr", "momentum", "weight_decay")
_FIRST = 2
_BY_DEFAULT = "usual"  # what an empty field means


class FoldedSpec(SpecField):
    """The others come with a click on "5 more settings"."""

    def __init__(self, setting: Setting, kind: type[Spec], *, first: int = _FIRST) -> None:
        super().__init__(setting, kind)
        self._first = first
        self._all = False
        self.more = link("", "Settings that are at their default.", self._turn)
        self.more.setObjectName(f"more_{setting.name}")
        self.more.hide()
        self.rows.addWidget(self.more)

    def unfold(self, shown: bool = True) -> None:
        """Show all settings, or only those that matter."""
        self._all = shown
        self._fold()

    def _turn(self) -> None:
        self.unfold(not self._all)

    def _show(self, value: Any) -> None:
        super()._show(value)
        self._fold()

    def _fold(self) -> None:
        folded = 0
        for place, (name, field) in enumerate(self.form.fields.items()):
            reset = reset_of(field)
            reset.renew()
            seldom = name not in _CHIEF and place >= self._first and not reset.differs
            # A field that is being edited stays, though it is at its default for a moment.
            field.setVisible(self._all or not seldom or field.editor.hasFocus())
            folded += seldom
            if isinstance(field, TypedField) and field.setting.optional:
                field.set_placeholder(_BY_DEFAULT)
        words = "Fewer settings" if self._all else f"{folded} more {'setting' if folded == 1 else 'settings'}"
        self.more.setText(words)
        self.more.setAccessibleName(f"{words} of the {self.setting.name}")
        self.more.setVisible(folded > 0)
