"""The field for the device, and what is said under it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from nnstudio.engine.device import DeviceReport
from nnstudio.ui.forms.fields import ChoiceField
from nnstudio.ui.training_form.settings import DEVICE


def device_field(reports: list[DeviceReport]) -> ChoiceField:
    """The devices; those that cannot be used are shown with their reason and cannot be chosen."""
    best = next(report for report in reports if report.usable)
    choices = [("auto", f"Auto ({best.name})", f"The best that can be used: {best.sentence}")]
    for report in sorted(reports, key=lambda report: not report.usable):
        words = report.name if report.usable else f"{report.name} (cannot be used)"
        choices.append((report.name, words, report.sentence))
    field = ChoiceField(DEVICE, choices)
    for place, (name, _, _) in enumerate(choices):
        if any(report.name == name and not report.usable for report in reports):
            field.box.setItemData(place, Qt.ItemFlag.NoItemFlags.value, Qt.ItemDataRole.UserRole - 1)
    return field


def notes(chosen: str, reports: list[DeviceReport]) -> list[str]:
    """What is worth knowing of the devices: those that cannot be used, and the one that will be."""
    found = []
    for report in reports:
        first = chosen == "auto" and report is next(r for r in reports if r.usable)
        if not report.usable or report.name == chosen or first:
            found.append(f"{report.name}: {report.sentence}")
    return found


def refusal(chosen: str, reports: list[DeviceReport]) -> str:
    """Why the chosen device cannot be used; empty when it can."""
    unusable = next((report for report in reports if report.name == chosen and not report.usable), None)
    return "" if unusable is None else f"{chosen} cannot be used here. {unusable.sentence}"
