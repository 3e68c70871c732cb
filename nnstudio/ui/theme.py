"""Theme: the colours of the program, light and dark, and how they reach Qt.

Every widget asks `current()` when it paints. `apply` sets palette and style sheet of the application; widgets that
hold colours of their own (plots, pictures) renew them in `changeEvent` when `QEvent.Type.PaletteChange` comes.
Positive is orange and negative is blue everywhere: weights, surfaces, gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb by what they are for."""

    name: str
    window: str  # toolbar, docks
    canvas: str  # behind the nodes
    grid: str  # dots on the canvas
    surface: str  # nodes, cards, inputs
    raised: str  # buttons, hovered rows
    border: str
    text: str
    muted: str  # secondary text
    link: str  # words that can be clicked
    accent: str
    accent_text: str  # on the accent
    selection: str  # behind a selected row
    wire: str
    positive: str
    negative: str
    neutral: str  # the middle between positive and negative
    train: str  # curve of the training part
    validation: str  # curve of the validation part
    test: str  # curve of the test part
    error: str
    warning: str
    warning_surface: str
    good: str
    # one colour a category of layers
    input_output: str
    dense: str
    activation: str
    convolution: str
    normalisation: str
    sequence: str
    combine: str
    regularisation: str
    shape: str
    blocks: str

    def color(self, name: str) -> QColor:
        """One colour by its field name."""
        return QColor(getattr(self, name))

    def category(self, category: str) -> QColor:
        """The colour of a category of layers."""
        return QColor(getattr(self, CATEGORY_COLORS.get(category, "input_output")))


CATEGORY_COLORS = {
    "Input and output": "input_output",
    "Dense": "dense",
    "Activation": "activation",
    "Convolution": "convolution",
    "Pooling": "convolution",
    "Padding and resizing": "convolution",
    "Normalisation": "normalisation",
    "Sequence": "sequence",
    "Attention": "sequence",
    "Combine": "combine",
    "Mathematics": "combine",
    "Constants and parameters": "input_output",
    "Regularisation": "regularisation",
    "Shape": "shape",
    "Blocks": "blocks",
}

LIGHT = Theme(
    name="light",
    window="#ffffff",
    canvas="#f4f5f8",
    grid="#d7dae1",
    surface="#ffffff",
    raised="#eef1f6",
    border="#dfe3ea",
    text="#1b2130",
    muted="#5d6677",
    link="#265fd8",
    accent="#2f6bed",
    accent_text="#ffffff",
    selection="#e6efff",
    wire="#8791a5",
    positive="#e07b00",
    negative="#2f6bed",
    neutral="#ffffff",
    train="#2f6bed",
    validation="#0f9d8a",
    test="#d97706",
    error="#c62828",
    warning="#9a5b00",
    warning_surface="#fff6e3",
    good="#1b7a43",
    input_output="#596377",
    dense="#2f6bed",
    activation="#d97706",
    convolution="#0f9d8a",
    normalisation="#7c5cd6",
    sequence="#b4530f",
    combine="#4d8f35",
    regularisation="#b0317f",
    shape="#6b7a90",
    blocks="#22667a",
)

DARK = Theme(
    name="dark",
    window="#1b1f27",
    canvas="#13161c",
    grid="#2a303b",
    surface="#232833",
    raised="#2d3442",
    border="#363e4d",
    text="#e8ebf2",
    muted="#a3adbf",
    link="#7da7ff",
    accent="#4c86ff",
    accent_text="#0b1020",
    selection="#263a63",
    wire="#77839a",
    positive="#ff9d2e",
    negative="#5b94ff",
    neutral="#1f242e",
    train="#6ea1ff",
    validation="#35c9b2",
    test="#ffab4a",
    error="#ff8178",
    warning="#f2b84b",
    warning_surface="#3a301b",
    good="#5fce8d",
    input_output="#8b96ab",
    dense="#5b94ff",
    activation="#ffab4a",
    convolution="#35c9b2",
    normalisation="#a48bff",
    sequence="#e58a4b",
    combine="#86c96a",
    regularisation="#e274b8",
    shape="#97a6bd",
    blocks="#4fb3cc",
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
_current = LIGHT


def current() -> Theme:
    """The theme that is shown now."""
    return _current


def system_theme() -> Theme:
    """What the desktop asks for."""
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def apply(application: QApplication, theme: Theme) -> None:
    """Show the whole application in a theme."""
    global _current
    _current = theme
    application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    application.setStyleSheet(style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, name in {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "raised",
        role.Text: "text",
        role.Button: "surface",
        role.ButtonText: "text",
        role.BrightText: "error",
        role.ToolTipBase: "surface",
        role.ToolTipText: "text",
        role.PlaceholderText: "muted",
        role.Highlight: "accent",
        role.HighlightedText: "accent_text",
        role.Link: "link",
        role.Light: "raised",
        role.Midlight: "border",
        role.Mid: "border",
        role.Dark: "border",
        role.Shadow: "border",
        role.Accent: "accent",
    }.items():
        palette.setColor(target, theme.color(name))
    muted = theme.color("muted")
    muted.setAlpha(150)
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, muted)
    return palette


def diverging(theme: Theme, levels: int = 256) -> np.ndarray:
    """Colours from negative over neutral to positive as uint8 [levels, 4] (red, green, blue, alpha)."""
    ends = [_rgb(theme.negative), _rgb(theme.neutral), _rgb(theme.positive)]
    place = np.linspace(0.0, 2.0, levels)
    table = np.stack([np.interp(place, [0, 1, 2], [end[i] for end in ends]) for i in range(3)], axis=1)
    return np.concatenate([table, np.full((levels, 1), 255.0)], axis=1).round().astype(np.uint8)


def class_colors(theme: Theme, classes: int) -> list[QColor]:
    """Colours for classes that colour-blind people tell apart too (after Okabe and Ito); two are blue and orange."""
    two = [theme.negative, theme.positive]
    more = [*two, "#009e73", "#cc79a7", "#56b4e9", "#b59f00", "#d55e00", "#7c5cd6", "#8c8c8c", "#7a5230"]
    chosen = two if classes <= 2 else [more[i % len(more)] for i in range(classes)]
    return [QColor(color) for color in chosen]


def _rgb(color: str) -> tuple[int, int, int]:
    value = QColor(color)
    return value.red(), value.green(), value.blue()


def style_sheet(theme: Theme) -> str:
    """The style sheet: flat, on a 4-pixel grid."""
    sheet = _SHEET
    for item in fields(theme):
        sheet = sheet.replace(f"@{item.name};", f"{getattr(theme, item.name)};")
    return sheet


_SHEET = """
QWidget { font-size: 13px; }
QToolTip { background: @surface; color: @text; border: 1px solid @border; padding: 6px; }
QMainWindow, QDialog { background: @window; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMainWindow::separator { background: @border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QPushButton, QToolButton[framed="true"] {
    background: @surface; color: @text; border: 1px solid @border; border-radius: 6px; padding: 6px 12px; }
QPushButton:hover, QToolButton[framed="true"]:hover { background: @raised; }
QPushButton:focus, QToolButton[framed="true"]:focus { border-color: @accent; }
QPushButton:pressed { background: @border; }
QPushButton:disabled { color: @muted; }
QPushButton[primary="true"] { background: @accent; color: @accent_text; border-color: @accent; font-weight: 600; }
QPushButton[primary="true"]:disabled { background: @raised; color: @muted; border-color: @border; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px 8px; }
QToolButton:hover { background: @raised; }
QToolButton:checked { background: @selection; }
QToolButton:focus { border-color: @accent; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit {
    background: @surface; color: @text; border: 1px solid @border; border-radius: 6px; padding: 4px 8px;
    min-height: 20px; selection-background-color: @accent; selection-color: @accent_text; }
QLineEdit, QPlainTextEdit { placeholder-text-color: @muted; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus { border-color: @accent; }
QLineEdit:read-only, QLineEdit:disabled { background: @raised; color: @muted; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: @surface; border: 1px solid @border; selection-background-color: @selection;
    selection-color: @text; }
QMenu { background: @surface; border: 1px solid @border; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; }
QMenu::icon { padding-left: 10px; }
QMenu::item:selected { background: @selection; color: @text; }
QMenu::item:disabled { color: @muted; }
QMenu::separator { height: 1px; background: @border; margin: 4px 8px; }
QMenuBar { background: @window; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; }
QMenuBar::item:selected { background: @raised; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @border; border-radius: 4px; min-height: 24px; min-width: 24px; margin: 1px; }
QScrollBar::handle:hover { background: @muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QTreeView, QListView, QTableView { background: @window; border: none; outline: 0; }
QTreeView::item, QListView::item { padding: 4px; border-radius: 4px; }
QTreeView::item:hover, QListView::item:hover { background: @raised; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: @selection; color: @text; }
QHeaderView::section { background: @window; color: @muted; border: none; border-bottom: 1px solid @border;
    padding: 4px 8px; }
QTabBar::tab { background: transparent; color: @muted; padding: 6px 12px; border: none; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabWidget::pane { border: none; }
QProgressBar { background: @raised; border: none; border-radius: 3px; max-height: 6px; text-align: center; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QStatusBar { background: @window; color: @muted; border-top: 1px solid @border; }
QStatusBar::item { border: none; }
QDockWidget { color: @text; }
QDockWidget::title { background: @window; padding: 6px 10px; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="muted"] { color: @muted; }
QLabel[role="group"] { color: @muted; font-weight: 600; font-size: 11px; }
QScrollArea { background: transparent; border: none; }
QSlider::groove:horizontal { height: 4px; background: @border; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; margin: -5px 0; border-radius: 7px; background: @accent; }
"""
