"""The part of the style sheet that forms, cards and facts need beside the program's own."""

from __future__ import annotations

from dataclasses import fields

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from nnstudio.ui import theme

_SHEET = """
QAbstractSpinBox { background: @surface; color: @text; border: 1px solid @border; border-radius: 6px;
    padding: 0; min-height: 28px; max-height: 28px;
    selection-background-color: @accent; selection-color: @accent_text; }
QAbstractSpinBox:focus { border-color: @accent; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 20px; height: 14px;
    border: none; background: transparent; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: 20px; height: 14px;
    border: none; background: transparent; }
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; height: 0; }
QComboBox::down-arrow { image: none; width: 0; height: 0; }
QCheckBox { spacing: 6px; min-height: 30px; color: @text; }
QAbstractSpinBox[wrong="true"], QLineEdit[wrong="true"], QComboBox[wrong="true"] { border-color: @error; }
QLabel[role="wrong"] { color: @error; font-size: 12px; }
QLabel[role="heading"] { color: @text; }
QLabel[role="title"] { color: @text; font-weight: 600; font-size: 14px; }
QLabel[role="formula"] { color: @text; font-size: 14px;
    font-family: "Cambria Math", "STIX Two Text", "DejaVu Serif", serif; }
QLabel[role="boxed"] { background: @raised; color: @muted; border: 1px solid @border; border-radius: 6px;
    padding: 4px 8px; min-height: 20px; }
QFrame[role="card"] { background: @raised; border: 1px solid @border; border-radius: 8px; }
QFrame[role="card"][severity="warning"] { background: @warning_surface; border-color: @soft_warning; }
QFrame[role="card"][severity="error"] { background: @faint_error; border-color: @soft_error; }
QFrame[role="card"] QLabel { background: transparent; border: none; color: @text; }
QFrame[role="card"] QLabel[role="card_title"] { font-weight: 600; }
QFrame[role="card"][severity="error"] QLabel[role="card_title"] { color: @error; }
QPushButton[role="link"] { background: transparent; border: none; border-radius: 4px; color: @link; padding: 2px 0;
    text-align: left; }
QPushButton[role="link"]:hover { background: @selection; }
QPushButton[role="link"]:focus { background: @selection; }
QPushButton[role="link"]:disabled { color: @muted; }
QHeaderView { background: @window; }
QHeaderView::section { padding: 4px; }
QTableView { alternate-background-color: @raised; }
QTableView QTableCornerButton::section { background: @window; border: none; border-bottom: 1px solid @border; }
QToolButton[role="small"] { padding: 0; }
QToolButton[role="segment"] { padding: 4px 8px; font-size: 12px; color: @muted; }
QToolButton[role="segment"]:checked { color: @text; background: @selection; }
QToolButton[role="choice"] { border: 1px solid @border; border-radius: 6px; padding: 4px 2px; color: @text; }
QToolButton[role="choice"]:checked { background: @selection; border-color: @accent; }
"""


def sheet() -> str:
    """The rules in the colours of the theme that is shown now."""
    found = theme.current()
    text = _SHEET
    for name, alpha in (("soft_warning", 0.45), ("soft_error", 0.6), ("faint_error", 0.08)):
        color = found.color(name.partition("_")[2])
        text = text.replace(f"@{name}", f"rgba({color.red()}, {color.green()}, {color.blue()}, {alpha})")
    for item in sorted(fields(found), key=lambda item: -len(item.name)):
        text = text.replace(f"@{item.name}", str(getattr(found, item.name)))
    return text


class Styled(QWidget):
    """A widget whose children have these looks, in every theme."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(sheet())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.styleSheet() != sheet():
            self.setStyleSheet(sheet())
            self.renew_colors()

    def renew_colors(self) -> None:
        """Called after the theme has changed, for what holds colours of its own."""


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet asks for, and let it look again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()
