"""Form: one field for each setting, in the order of their declaration; and the field that picks a Spec."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnstudio.core.spec import Setting, Spec, SpecError, registered
from nnstudio.ui.forms.field import Field, sentence
from nnstudio.ui.forms.fields import (
    ChoiceBox,
    ToggleField,
    choice_field,
    mixed_field,
    number_field,
    pair_field,
    text_field,
    texts_field,
    three_way_field,
    whole_field,
    wholes_field,
)


def make_field(setting: Setting) -> Field:
    """The field that fits the type of a setting."""
    parts = [part for part in typing.get_args(setting.type) if part is not type(None)]
    wanted = setting.type
    if setting.optional:
        wanted = parts[0] if len(parts) == 1 else typing.Union[tuple(parts)]  # noqa: UP007
    if inspect.isclass(wanted) and issubclass(wanted, Spec):
        return SpecField(setting, wanted)
    if wanted is bool:
        return three_way_field(setting) if setting.optional else ToggleField(setting)
    if wanted is str:
        return choice_field(setting) if setting.limits.choices is not None else text_field(setting)
    if wanted is int:
        return whole_field(setting)
    if wanted is float:
        return number_field(setting)
    if wanted == tuple[str, ...]:
        return texts_field(setting)
    if wanted == tuple[int, ...]:
        return wholes_field(setting)
    if setting.alternatives == {int, tuple[int, int]}:
        return pair_field(setting)
    if typing.get_origin(wanted) in (tuple, typing.Union, types.UnionType):
        return mixed_field(setting)
    raise TypeError(f"{setting.name}: there is no field for {wanted!r}")


class Form(QWidget):
    """Fields under each other. It shows the values that `renew` gives it, and says what a person wants changed."""

    edited = Signal(str, object)
    left = Signal()

    def __init__(self, settings: Iterable[Setting] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(6)
        for setting in settings:
            self.add(make_field(setting))

    def add(self, field: Field) -> Field:
        """Put a field at the end."""
        self.fields[field.setting.name] = field
        field.edited.connect(self.edited)
        field.left.connect(self.left)
        self.rows.addWidget(field)
        return field

    def clear(self) -> None:
        """Have no fields."""
        for field in self.fields.values():
            self.rows.removeWidget(field)
            field.hide()
            field.deleteLater()
        self.fields = {}

    def renew(self, values: Mapping[str, Any]) -> None:
        """Show these values; fields that have them already stay as they are."""
        for name, field in self.fields.items():
            if name in values:
                field.renew(values[name])

    def refuse(self, name: str, error: ValueError) -> None:
        """Say at a field (or at the first one, where the name is none of theirs) what is wrong."""
        field = self.fields.get(name) or next(iter(self.fields.values()), None)
        if field is not None:
            field.refuse(sentence(error))

    def flush(self) -> None:
        """Offer everything that was typed and has not counted yet."""
        for field in self.fields.values():
            field.flush()


class SpecForm(Form):
    """The settings of one Spec. Another kind of Spec makes other fields."""

    def __init__(self, spec: Spec | None = None, parent: QWidget | None = None) -> None:
        super().__init__((), parent)
        self.spec_type: type[Spec] | None = None
        if spec is not None:
            self.renew_spec(spec)

    def renew_spec(self, spec: Spec | None) -> None:
        """Show the settings of this Spec; None shows nothing."""
        self.renew_type(type(spec) if spec is not None else None)
        if spec is not None:
            self.renew({setting.name: getattr(spec, setting.name) for setting in spec.settings()})

    def renew_type(self, found: type[Spec] | None) -> None:
        """Have the fields for this class of Spec."""
        if found is not self.spec_type:
            self.clear()
            self.spec_type = found
            for setting in found.settings() if found is not None else ():
                self.add(make_field(setting))
            self.setVisible(bool(self.fields))


class SpecField(Field):
    """Picks one Spec of a kind by its name and shows the settings of the chosen one below."""

    def __init__(self, setting: Setting, kind: type[Spec], none: str = "") -> None:
        """`none` are the words for no Spec at all; without them one must be chosen."""
        self.box = ChoiceBox()
        super().__init__(setting, self.box)
        self.kind = kind
        self.box.setPlaceholderText("Choose…")
        self._types = registered(kind)
        self._places = _fill(self.box, self._types, none=none or ("none" if setting.optional else ""))
        self.form = SpecForm()
        self.form.hide()
        self.rows.addWidget(self.form)
        self.box.activated.connect(self._activated)
        self.form.edited.connect(self._nested)
        self.form.left.connect(self.left)

    def flush(self) -> None:
        self.form.flush()

    def _proper(self, value: Any) -> Any:
        return value  # it was made as a Spec, which checks itself

    def _activated(self, place: int) -> None:
        name = self.box.itemData(place, Qt.ItemDataRole.UserRole)
        if name is None:
            self._show(self.value)
            return
        try:
            chosen = None if name == "" else self._types[name]()
            if chosen is not None and self.value is not None and type(chosen) is not type(self.value):
                chosen = carried(self.value, chosen)
            if type(chosen) is not type(self.value):
                self._offer(chosen)
        except ValueError as error:
            self.refuse(sentence(error))
        self._show(self.value)
        self.left.emit()

    def _nested(self, name: str, value: Any) -> None:
        try:
            changed = self.value.with_(**{name: value})
        except ValueError as error:
            self.form.refuse(name, error)
        else:
            self._offer(changed)

    def _show(self, value: Spec | None) -> None:
        name = type(value).__name__ if value is not None else ""
        self.box.setCurrentIndex(self._places.get(name, -1))
        self.box.setToolTip(f"<p>{type(value).sentence()}</p>" if value is not None else "")
        self.form.renew_spec(value)


def carried(before: Spec, after: Spec) -> Spec:
    """`after` with what the person had set in `before`: settings of the same name and type that were not at default."""
    for setting in before.settings():
        value = getattr(before, setting.name)
        if value == setting.default:
            continue
        match = next((other for other in after.settings() if other.name == setting.name), None)
        if match is None or match.type != setting.type:
            continue
        try:
            after = after.with_(**{setting.name: value})
        except (SpecError, ValueError):
            continue
    return after


def _fill(box: ChoiceBox, found: Mapping[str, type[Any]], *, none: str) -> dict[str, int]:
    """Fill a list with Specs under the headings of their categories; the place of each name."""
    model = QStandardItemModel(box)
    places: dict[str, int] = {}
    if none:
        model.appendRow(_item(none, "", ""))
        places[""] = 0
    groups: dict[str, list[str]] = {}
    for name, spec_type in found.items():
        groups.setdefault(getattr(spec_type, "category", ""), []).append(name)
    for group in groups:
        if len(groups) > 1:
            heading = QStandardItem(group)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            font = QFont(box.font())
            font.setBold(True)
            heading.setFont(font)
            model.appendRow(heading)
        for name in groups[group]:
            places[name] = model.rowCount()
            model.appendRow(_item(found[name].title or name, name, found[name].sentence()))
    box.setModel(model)
    box.setCurrentIndex(-1)
    return places


def _item(words: str, name: str, tip: str) -> QStandardItem:
    item = QStandardItem(words)
    item.setData(name, Qt.ItemDataRole.UserRole)
    item.setToolTip(f"<p>{tip}</p>" if tip else "")
    return item
