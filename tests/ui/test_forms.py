"""Forms: what is typed becomes the value that was meant, in every locale, and wrong input changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

import nnstudio.library  # noqa: F401  (registers every kind of Spec)
from nnstudio.core.kinds import Dataset, Initializer, Layer, Loss, Optimizer, Schedule
from nnstudio.core.spec import Limits, Setting, Spec, field, registered
from nnstudio.ui.forms import Form, SpecForm, make_field
from nnstudio.ui.forms.fields import TypedField
from nnstudio.ui.forms.form import carried
from nnstudio.ui.forms.number_box import stepped
from nnstudio.ui.forms.numbers import read_number, read_pair, read_whole, read_wholes, short


class _Kind(Spec, kind="form_test"):
    """A kind of thing for these tests alone."""


class _Inner(_Kind):
    """Holds one number."""

    beta: float = field(1.0, "Where the loss turns from square to straight.", minimum=0, above_minimum=True)


class _Other(_Kind):
    """Holds two numbers."""

    beta: float = field(0.5, "Where the loss turns from square to straight.", minimum=0, above_minimum=True)
    share: float = field(0.1, "A share.", minimum=0, maximum=1)


class _Everything(_Kind):
    """Has a setting of each type."""

    units: int = field(8, "How many units.", minimum=1, maximum=4096, logarithmic=True)
    lr: float = field(0.001, "How far one step goes.", minimum=0, above_minimum=True, logarithmic=True)
    bias: bool = field(True, "Whether a number is added.")
    mode: str = field("zeros", "How the border is filled.", choices=("zeros", "reflect"))
    words: str = field("", "Any text.")
    shape: tuple[int, ...] = field((8, 8), "The new shape.")
    kernel: int | tuple[int, int] = field(3, "How large the window is.", minimum=1)
    width: int | None = field(None, "How wide it is.", minimum=1)
    inner: _Kind = field(_Inner(), "Another thing.")


@pytest.fixture(autouse=True, scope="module")
def _forget_the_kind():
    yield
    Spec._registry.pop("form_test", None)


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


class _Holder:
    """Stands for the document: holds a Spec, applies edits and renews the form."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.edits: list[tuple[str, object]] = []
        self.form = SpecForm(spec)
        self.form.edited.connect(self.edit)

    def edit(self, name: str, value: object) -> None:
        self.edits.append((name, value))
        self.spec = self.spec.with_(**{name: value})
        self.form.renew_spec(self.spec)


@pytest.fixture
def holder(qtbot):
    found = _Holder(_Everything())
    qtbot.addWidget(found.form)
    found.form.show()
    return found


def _type(editor: QWidget, text: str, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    if end is not None:
        QTest.keyClick(editor, end)


# -- numbers as text ---------------------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_its_text(number):
    assert read_number(short(number)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-4", 1e-4), ("0,0001", 1e-4), ("0.0001", 1e-4), (" .5 ", 0.5), ("−2", -2.0), ("0,001", 1e-3), ("12,5", 12.5),
     ("1E3", 1000.0), ("٠٫٥", 0.5), ("5,", 5.0)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "abc", "1,000", "1.2.3", "nan", "inf", "1e999", "1_0", "0x10", "1,2,3", "--1", "2³"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match=r"\.$"):
        read_number(text)


def test_short_texts():
    assert [short(number) for number in (0.0001, 1e-8, 1.0, 16, 0.1 + 0.2, (8, 8), None)] == [
        "0.0001", "1e-8", "1", "16", "0.30000000000000004", "8, 8", "",
    ]  # fmt: skip


def test_whole_numbers_and_pairs():
    assert read_whole("1e3") == 1000
    assert read_wholes("8, 8") == read_wholes("[8 8]") == (8, 8)
    assert read_wholes("8") == (8,)
    assert read_pair("3") == 3
    assert read_pair("3 × 5") == read_pair("3x5") == read_pair("3, 5") == (3, 5)
    for text in ("1.5", "", "a", "1,000"):
        with pytest.raises(ValueError, match="whole number"):
            read_whole(text)
    for text in ("", "1, 2, 3", "a"):
        with pytest.raises(ValueError, match="size"):
            read_pair(text)


def test_steps():
    lr = Limits("", minimum=0, above_minimum=True, logarithmic=True)
    ladder = [0.001]
    for _ in range(4):
        ladder.append(stepped(ladder[-1], 1, lr, whole=False))
    assert ladder == [0.001, 0.002, 0.005, 0.01, 0.02]
    assert stepped(0.003, -1, lr, whole=False) == 0.002
    assert stepped(8, 1, Limits("", maximum=12, logarithmic=True), whole=True) == 12
    share = Limits("", minimum=0, maximum=1)
    assert stepped(0.1, 1, share, whole=False) == 0.15
    assert stepped(0.0, -1, share, whole=False) == 0.0
    assert stepped(0.98, 1, share, whole=False) == 1.0


# -- fields ------------------------------------------------------------------------------------------------------------


def test_a_number_typed_is_the_number_meant(holder, german):
    _type(holder.form.fields["lr"].editor, "0.0001")
    assert holder.spec.lr == 0.0001
    assert holder.form.fields["lr"].text == "0.0001"
    _type(holder.form.fields["lr"].editor, "0,0002")
    assert holder.spec.lr == 0.0002
    _type(holder.form.fields["lr"].editor, "1e-5")
    assert holder.spec.lr == 1e-5


@settings(max_examples=60, deadline=None)
@given(number=st.floats(min_value=1e-300, max_value=1e300))
def test_showing_a_number_and_leaving_the_field_changes_nothing(qapp, number):
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    try:
        shown = make_field(Setting("lr", float, 0.1, Limits("", minimum=0, logarithmic=True)))
        heard = []
        shown.edited.connect(lambda name, value: heard.append(value))
        shown.renew(number)
        shown._typed()
        shown.flush()
        assert heard == []
        assert float(shown.text) == number
        shown.deleteLater()
    finally:
        QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("units", "16", 16), ("shape", "4, 4, 4", (4, 4, 4)), ("kernel", "3 × 5", (3, 5)), ("kernel", "5", 5),
     ("width", "7", 7),
     ("words", "two words", "two words")],
)  # fmt: skip
def test_typed_fields_round_trip(holder, name, text, value):
    _type(holder.form.fields[name].editor, text)
    assert getattr(holder.spec, name) == value
    again = SpecForm(holder.spec)
    assert again.fields[name].text == text
    again.deleteLater()


@pytest.mark.parametrize(
    ("name", "text"),
    [("units", "0"), ("units", "many"), ("units", ""), ("units", "1.5"), ("lr", "0"), ("lr", "x"), ("shape", "a"),
     ("kernel", "0"), ("kernel", "1 2 3"), ("width", "-1")],
)  # fmt: skip
def test_wrong_text_says_why_and_leaves_the_value(holder, name, text):
    shown = holder.form.fields[name]
    _type(shown.editor, text or " ")
    assert holder.edits == []
    assert shown.refusal.endswith(".")
    assert "_" not in shown.refusal
    assert shown.editor.property("wrong") is True
    assert shown.message.isVisible()
    QTest.keyClick(shown.editor, Qt.Key.Key_Escape)
    assert shown.refusal == ""
    assert shown.text == make_text(holder.spec, name)


def make_text(spec: Spec, name: str) -> str:
    again = SpecForm(spec)
    return again.fields[name].text


def test_an_empty_optional_field_follows_the_data(holder):
    shown = holder.form.fields["width"]
    assert shown.text == ""
    assert shown.editor.lineEdit().placeholderText() == "from the data"
    _type(shown.editor, "7")
    assert holder.spec.width == 7
    shown.editor.selectAll()
    QTest.keyClick(shown.editor, Qt.Key.Key_Delete)
    QTest.keyClick(shown.editor, Qt.Key.Key_Return)
    assert holder.spec.width is None


def test_typing_counts_after_a_pause_and_keeps_the_cursor(holder, qtbot):
    editor = holder.form.fields["lr"].editor
    _type(editor, "1e-2", end=None)
    assert holder.edits == []
    qtbot.waitUntil(lambda: holder.spec.lr == 0.01)
    assert editor.text() == "1e-2"  # still as it was typed
    editor.lineEdit().setCursorPosition(1)
    holder.edit("units", 32)
    assert (editor.text(), editor.lineEdit().cursorPosition()) == ("1e-2", 1)
    holder.form.fields["units"].editor.setFocus()
    assert editor.text() == "0.01"


def test_a_shortcut_sees_what_was_typed(holder):
    editor = holder.form.fields["units"].editor
    _type(editor, "64", end=None)
    QTest.keyClick(editor, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert holder.spec.units == 64


def test_arrows_step_at_once(holder):
    editor = holder.form.fields["units"].editor
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert holder.spec.units == 16
    QTest.keyClick(editor, Qt.Key.Key_Down)
    QTest.keyClick(editor, Qt.Key.Key_Down)
    assert holder.spec.units == 4


def test_the_wheel_changes_only_the_field_with_the_focus(holder):
    for name in ("units", "mode"):
        editor = holder.form.fields[name].editor
        holder.form.fields["words"].editor.setFocus()
        _wheel(editor)
        assert holder.edits == []
    editor = holder.form.fields["units"].editor
    editor.setFocus()
    _wheel(editor)
    assert holder.spec.units == 16


def _wheel(editor: QWidget) -> None:
    place = QPointF(5, 5)
    event = QWheelEvent(
        place, editor.mapToGlobal(place), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(editor, event)


def test_check_box_and_choice(holder):
    box = holder.form.fields["bias"].editor
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert holder.spec.bias is False
    assert box.text() == "off"
    choice = holder.form.fields["mode"].editor
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert holder.spec.mode == "reflect"


def test_a_spec_inside_a_spec(holder):
    shown = holder.form.fields["inner"]
    assert shown.box.currentText() == "_Inner"
    _type(shown.form.fields["beta"].editor, "2.5")
    assert holder.spec.inner == _Inner(beta=2.5)
    shown.box.setCurrentIndex(shown._places["_Other"])
    shown.box.activated.emit(shown._places["_Other"])
    assert holder.spec.inner == _Other(beta=2.5)  # what the person had set stays
    assert list(shown.form.fields) == ["beta", "share"]
    holder.edit("inner", _Inner())
    assert list(shown.form.fields) == ["beta"]


def test_defaults_are_not_carried_to_another_spec():
    assert carried(_Inner(), _Other()) == _Other(beta=0.5)


def test_the_form_shows_the_value_whatever_was_there(holder):
    for spec in (_Everything(units=3, lr=1e-7, bias=False, mode="reflect", kernel=(1, 2), width=5), _Everything()):
        holder.form.renew_spec(spec)
        again = SpecForm(spec)
        assert _texts(holder.form) == _texts(again)
        again.deleteLater()


def _texts(form: Form) -> dict[str, str]:
    texts = {}
    for name, shown in form.fields.items():
        editor = shown.editor
        text = getattr(editor, "currentText", None) or editor.text
        texts[name] = text()
    return texts


def test_large_whole_numbers(qtbot):
    shown = make_field(Setting("random_state", int, 0, Limits("The seed.", 0, 2**32 - 1)))
    qtbot.addWidget(shown)
    heard = []
    shown.edited.connect(lambda name, value: heard.append(value))
    shown.renew(0)
    shown.show()
    _type(shown.editor, str(2**32 - 1))
    assert heard == [2**32 - 1]


def test_every_control_has_a_name_a_label_and_a_tooltip(holder):
    for name, shown in holder.form.fields.items():
        assert shown.editor.accessibleName(), name
        assert shown.editor.toolTip(), name
        assert shown.label.buddy() is shown.editor
        assert shown.editor.objectName() == f"setting_{name}"
    labels = [label for label in holder.form.findChildren(QLabel) if label.buddy() is not None]
    assert len({label.width() for label in labels}) == 1  # two columns, also for what is nested


ALL_SPECS = [
    spec for kind in (Layer, Initializer, Loss, Optimizer, Schedule, Dataset) for spec in registered(kind).values()
]


@pytest.mark.parametrize("spec", ALL_SPECS, ids=lambda spec: spec.__name__)
def test_every_setting_of_every_kind_can_be_seen_and_typed(qtbot, spec):
    """The form shows each default, and what it shows reads back as the same value."""
    made = spec()
    form = SpecForm(made)
    qtbot.addWidget(form)
    assert list(form.fields) == [setting.name for setting in spec.settings()]
    edits = []
    form.edited.connect(lambda name, value: edits.append((name, value)))
    for setting in spec.settings():
        field, value = form.fields[setting.name], getattr(made, setting.name)
        assert field.value == value
        if isinstance(field, TypedField) and setting.kind is None and str not in (setting.type,):
            text = field.text
            assert (text == "") == (value is None or value == ())
            if text:
                read = field._read(text)
                assert read == value and type(read) is type(value), (setting.name, text)
            if setting.type not in (str, tuple[str, ...]):
                with pytest.raises(ValueError, match="Needs"):
                    field._read("no such thing?")
    assert edits == []


@pytest.mark.parametrize(
    ("name", "setting", "typed", "value"),
    [
        ("Conv2d", "padding", "same", "same"),
        ("Conv2d", "padding", "1 × 2", (1, 2)),
        ("Conv2d", "padding", "3", 3),
        ("Conv3d", "kernel_size", "1, 2, 3", (1, 2, 3)),
        ("ZeroPad2d", "padding", "1 2 3 4", (1, 2, 3, 4)),
        ("MaskedFill", "value", "-inf", "-inf"),
        ("MaskedFill", "value", "-0.5", -0.5),
        ("UpsamplingNearest2d", "scale_factor", "2 × 1.5", (2.0, 1.5)),
    ],
)
def test_numbers_and_words_in_one_field(qtbot, name, setting, typed, value):
    form = SpecForm(registered(Layer)[name]())
    qtbot.addWidget(form)
    assert form.fields[setting]._read(typed) == value
    if setting == "padding" and name == "Conv2d":
        with pytest.raises(ValueError, match="a number or 2 numbers such as 1 × 2 or “same”"):
            form.fields[setting]._read("1 2 3")
