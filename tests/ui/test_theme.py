"""The colours: words can be read on everything that they stand on, in both themes."""

from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor

import nnstudio.library  # noqa: F401  registers the layers
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import registered
from nnstudio.ui import theme
from nnstudio.ui.contrast import READABLE, contrast, readable
from nnstudio.ui.forms import style
from nnstudio.ui.theme import DARK, LIGHT

WORDS = ("text", "muted", "link", "error", "warning", "good")
GROUNDS = ("window", "canvas", "surface", "raised", "selection", "warning_surface")


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("words", WORDS)
def test_words_can_be_read(shown, words, ground):
    assert contrast(shown.color(words), shown.color(ground)) >= READABLE


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
def test_words_on_the_accent_can_be_read(shown):
    assert contrast(shown.color("accent_text"), shown.color("accent")) >= READABLE


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
def test_what_is_not_text_is_seen(shown):
    for name in ("accent", "positive", "negative", "train", "validation", "test", "wire"):
        assert contrast(shown.color(name), shown.color("window")) >= 2.9, name


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
def test_the_name_of_a_curve_can_be_read_and_keeps_its_hue(shown):
    colors = [shown.color("train"), shown.color("validation"), shown.color("test"), *theme.class_colors(shown, 10)]
    for color in colors:
        words = readable(color, shown)
        assert contrast(words, shown.color("window")) >= READABLE
        if color.hslSaturation() > 100:
            assert abs((words.hslHue() - color.hslHue() + 180) % 360 - 180) < 30


def test_a_color_that_can_be_read_stays():
    assert readable(LIGHT.color("text"), LIGHT) == LIGHT.color("text")
    assert readable(DARK.color("train"), DARK) == DARK.color("train")


def test_contrast_is_that_of_wcag():
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.478, abs=0.01)


def test_the_style_sheets_write_in_these_colors_only():
    for sheet in (theme._SHEET, style._SHEET):
        written = set(re.findall(r"(?<![-a-z])color: ([^;]+);", sheet))
        assert written <= {f"@{name}" for name in (*WORDS, "accent_text")}


def test_every_category_of_layers_has_a_color():
    assert {layer.category for layer in registered(Layer).values()} <= theme.CATEGORY_COLORS.keys()
