"""The palette: every registered layer, found by typing, dragged or chosen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

import nnstudio.library  # noqa: F401  registers the layers
from nnstudio.core.kinds import Layer
from nnstudio.core.spec import registered
from nnstudio.ui import shelf
from nnstudio.ui.palette import MIME_TYPE, Palette, offered


@pytest.fixture
def palette(qtbot):
    palette = Palette()
    qtbot.addWidget(palette)
    palette.resize(220, 700)
    palette.show()
    return palette


def item(palette: Palette, name: str):
    return next(item for item in palette._items() if item.text(0) == registered(Layer)[name].title)


def test_it_lists_every_registered_layer_but_the_ports_of_blocks(palette):
    ports = {"BlockInput", "BlockOutput"} & registered(Layer).keys()
    layers = [name for name in palette.listed() if not name.startswith("block:")]
    assert sorted(layers) == sorted(registered(Layer).keys() - ports)


def test_layers_are_under_their_category(palette):
    assert item(palette, "Linear").parent().text(0) == registered(Layer)["Linear"].category


def test_search_by_name_puts_the_best_first(palette, qtbot):
    qtbot.keyClicks(palette.search, "lin")
    assert "Linear" in palette.listed()
    assert "Dropout" not in palette.listed()
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen.args == ["Linear"]


def test_search_by_alias(palette, qtbot):
    layer = next(layer for layer in offered().values() if layer.aliases)
    qtbot.keyClicks(palette.search, layer.aliases[0])
    assert layer.__name__ in palette.listed()


def test_a_name_that_nothing_has_is_said(palette, qtbot):
    qtbot.keyClicks(palette.search, "no such layer")
    assert palette.listed() == []
    assert palette.nothing.isVisible()
    with qtbot.assertNotEmitted(palette.chosen):
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)
    assert set(palette.listed()) == offered().keys() | shelf.shelved().keys()


def test_the_arrows_move_while_the_field_has_the_focus(palette, qtbot):
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert chosen.args == [palette.listed()[1]]


def test_a_drag_carries_the_name(palette):
    data = palette.tree.mimeData([item(palette, "ReLU")])
    assert bytes(data.data(MIME_TYPE).data()).decode() == "ReLU"
    assert not palette.tree.mimeData([item(palette, "ReLU").parent()]).hasFormat(MIME_TYPE)


def test_enter_in_the_list_chooses(palette, qtbot):
    palette.tree.setCurrentItem(item(palette, "ReLU"))
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.tree, Qt.Key.Key_Return)
    assert chosen.args == ["ReLU"]


def test_the_tooltip_is_the_sentence_of_the_layer(palette):
    assert item(palette, "Linear").toolTip(0).startswith(registered(Layer)["Linear"].sentence())
