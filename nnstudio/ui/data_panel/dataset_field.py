"""DatasetField: picks a dataset, with the settings that people need; the others are made when they are asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt

from nnstudio.core.spec import Setting, Spec
from nnstudio.ui.forms import SpecField, SpecForm, make_field
from nnstudio.ui.forms.fact import link

# Settings that have a place of their own in the panel.
ELSEWHERE = frozenset({"path", "sha256", "embedded", "points", "class_names"})
# Settings that hardly anybody needs: they are folded away while they are at their defaults.
FOLDED = frozenset(
    {
        *("date_order", "missing_categories", "missing_targets", "missing_indicator", "missing_words"),
        *("category_encoding", "sheet", "separator", "decimal", "header", "encoding", "axes", "whole_numbers"),
        *("background", "skip_broken", "targets_path", "every_step", "stride", "target_unit", "both", "labels"),
    }
)


class DatasetForm(SpecForm):
    """The settings of a dataset without those that are set elsewhere, and without rare ones at their defaults."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: frozenset[str] = ELSEWHERE
        self.needed: frozenset[str] = frozenset()
        self.opened = False
        self.folded = 0  # how many rare settings there are

    def renew_spec(self, spec: Spec | None) -> None:
        if spec is None:
            super().renew_spec(None)
            return
        same = type(spec) is self.spec_type
        shown, self.folded = [], 0
        for setting in spec.settings():
            name = setting.name
            if name in self.hidden:
                continue
            rare = name in FOLDED - self.needed and getattr(spec, name) == setting.default
            self.folded += rare
            # A field that is there stays: it may be the one that is being typed into.
            if self.opened or not rare or (same and name in self.fields):
                shown.append(setting)
        if not same or [setting.name for setting in shown] != list(self.fields):
            self.clear()
            self.spec_type = type(spec)
            for setting in shown:
                self.add(make_field(setting))
        self.renew({setting.name: getattr(spec, setting.name) for setting in shown})
        self.setVisible(bool(shown))


class DatasetField(SpecField):
    """A list of the datasets, and the form of the chosen one with a switch for its rare settings."""

    def __init__(self, setting: Setting, kind: type[Spec]) -> None:
        super().__init__(setting, kind)
        self.rows.removeWidget(self.form)
        self.form.deleteLater()
        self.dataset_form = DatasetForm()
        self.form = self.dataset_form
        self.form.edited.connect(self._nested)
        self.form.left.connect(self.left)
        self.form.hide()
        self.more = link("", "Shows settings that are hardly ever needed, or only the others.", self._toggle)
        self.more.hide()
        self.rows.addWidget(self.form)
        self.rows.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)

    def hide_also(self, names: frozenset[str], needed: frozenset[str] = frozenset()) -> None:
        """Leave these settings out of the form too, and never fold those away that are needed now."""
        form = self.dataset_form
        if (form.hidden, form.needed) != (ELSEWHERE | names, needed):
            form.hidden, form.needed = ELSEWHERE | names, needed
            self._show(self.value)

    def _toggle(self) -> None:
        self.dataset_form.opened = not self.dataset_form.opened
        if not self.dataset_form.opened:
            self.dataset_form.clear()
        self._show(self.value)

    def _show(self, value: Spec | None) -> None:
        super()._show(value)
        form = self.dataset_form
        self.more.setVisible(form.folded > 0 and value is not None)
        self.more.setText("Fewer settings" if form.opened else f"{form.folded} more settings")
