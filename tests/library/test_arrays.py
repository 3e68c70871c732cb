"""NPY and NPZ files: what is read, what is guessed, what is refused and in which words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnstudio.library  # noqa: F401
from library.scripts import assert_the_same
from nnstudio.core.data import Data
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.core.sources import fingerprint, hold
from nnstudio.core.spec import registered
from nnstudio.library.datasets import _array_files, _arrays
from nnstudio.library.datasets.array_file import ArrayFile

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.standard_normal((30, 4))
LABELS = np.arange(30) % 3
PICTURES = RANDOM.integers(0, 256, (30, 6, 5), dtype=np.uint8)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("NNSTUDIO_CACHE", str(place))
    return place


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    def saved(name: str = "data.npz", packed: bool = False, **arrays: Any) -> str:
        place = tmp_path / name
        if name.endswith(".npy"):
            np.save(place, *arrays.values())
        else:
            (np.savez_compressed if packed else np.savez)(place, **arrays)
        return str(place)

    return saved


def load(path: str, **settings: Any) -> Data:
    return ArrayFile(path=path, **settings).load()


def refusal(path: str, **settings: Any) -> str:
    with pytest.raises((ValueError, OSError)) as caught:
        load(path, **settings)
    words = str(caught.value)
    assert words.endswith(".") and "\n" not in words and len(words) < 500
    return words


def test_it_is_offered_for_its_files() -> None:
    from nnstudio.core.kinds import Dataset

    assert registered(Dataset)["ArrayFile"] is ArrayFile and ArrayFile.suffixes == (".npz", ".npy")


class TestNames:
    @pytest.mark.parametrize(
        ("inputs", "targets"),
        [
            ("x", "y"),
            ("X", "Y"),
            ("inputs", "targets"),
            ("data", "target"),
            ("images", "labels"),
            ("features", "label"),
        ],
    )
    def test_the_usual_ones_are_found(self, save: Callable[..., str], inputs: str, targets: str) -> None:
        data = load(save(**{targets: LABELS, "other": np.zeros(3), inputs: TABLE}))
        assert np.array_equal(data.inputs, TABLE) and np.array_equal(data.targets, LABELS)
        assert data.class_names == ("0", "1", "2") and data.target_name == targets
        assert any(f"{inputs} as inputs and {targets} as targets" in notice for notice in data.notices)
        assert data.feature_names == ("x1", "x2", "x3", "x4") and data.parts is None

    @pytest.mark.parametrize("names", [("{1}_{0}", "val"), ("{0}_{1}", "validation"), ("{0}_{1}", "valid")])
    def test_parts_are_found(self, save: Callable[..., str], names: tuple[str, str]) -> None:
        pattern, validation = names
        arrays = {
            pattern.format(base, part): array[rows]
            for part, rows in (("test", slice(25, 30)), ("train", slice(0, 20)), (validation, slice(20, 25)))
            for base, array in (("images", PICTURES), ("labels", LABELS))
        }
        data = load(save(**arrays))
        assert np.array_equal(data.inputs[:, 0], PICTURES) and np.array_equal(data.targets, LABELS)
        assert data.parts is not None and data.parts.tolist() == [0] * 20 + [1] * 5 + [2] * 5

    def test_two_arrays_of_any_name_are_told_apart_by_their_shapes(self, save: Callable[..., str]) -> None:
        data = load(save(b=TABLE, a=LABELS))
        assert np.array_equal(data.inputs, TABLE) and data.target_name == "a"
        species = np.array(["cat", "dog", "eel"])[LABELS]
        assert load(save(a=species, b=TABLE[:, 0])).class_names == ("cat", "dog", "eel")

    def test_what_cannot_be_guessed_is_asked_for(self, save: Callable[..., str]) -> None:
        path = save(a=TABLE, b=TABLE, c=LABELS)
        assert "has a (30, 4), b (30, 4), c (30,). Choose which" in refusal(path)
        data = load(path, inputs="b", targets="c")
        assert np.array_equal(data.inputs, TABLE) and data.notices == ()
        assert "no array called d; it has a" in refusal(path, inputs="d")
        assert load(save(x_train=TABLE, y_train=LABELS, x_test=TABLE), inputs="x_train").target_name == "y_train"
        assert load(save(x=TABLE, labels=LABELS, y=TABLE), targets="labels").classes == 3
        assert "Choose which" in refusal(save(train_x_test=TABLE, y=LABELS, test_z=TABLE))

    def test_a_table_whose_last_column_is_the_target(self, save: Callable[..., str]) -> None:
        table = np.column_stack([TABLE, LABELS])
        for path in (save("table.npy", a=table), save(only=table)):
            data = load(path)
            assert np.array_equal(data.inputs, TABLE) and np.array_equal(data.targets, LABELS)
            assert "The last column" in data.notices[0] and "taken as classes" in data.notices[1]
            assert load(path, task="regression").targets.shape == (30, 1)
        assert "its last column cannot be the target" in refusal(save("pictures.npy", a=PICTURES))

    def test_targets_in_a_second_file(self, save: Callable[..., str]) -> None:
        inputs, targets = save("x.npy", a=PICTURES), save("y.npy", a=LABELS)
        data = load(inputs, targets_path=targets)
        assert data.inputs.shape == (30, 1, 6, 5) and np.array_equal(data.targets, LABELS)
        assert "is not in" in refusal(inputs, targets_path=targets + "x")
        assert "several arrays" in refusal(inputs, targets_path=save(x=TABLE, y=LABELS))
        assert "x.npy has 30 rows, but short.npy has 29" in refusal(
            inputs, targets_path=save("short.npy", a=LABELS[:29])
        )


class TestNumbers:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("<f2", "float32"),
            ("<f4", "float32"),
            (">f4", "float32"),
            ("<f8", "float64"),
            (">f8", "float64"),
            (">f2", "float32"),
            ("g", "float64"),
            ("?", "float32"),
            ("i1", "float32"),
            (">i2", "float32"),
            ("<u2", "float32"),
            ("<i4", "float64"),
            (">i8", "float64"),
            ("<u8", "float64"),
            ("u1", "uint8"),
        ],
    )
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_of_each_type(self, save: Callable[..., str], given: str, kept: str, order: Any) -> None:
        x = np.asarray(np.abs(TABLE) * 20, dtype=given, order=order)
        for path, settings in (
            (save(x=x, y=LABELS), {}),
            (save(x=x, y=LABELS, packed=True), {}),
            (save("x.npy", x=x), {"targets_path": save("y.npy", y=LABELS)}),
        ):
            data = load(path, **settings)
            assert data.inputs.dtype == np.dtype(kept) and data.inputs.dtype.isnative
            assert np.array_equal(data.inputs, x.astype(kept))

    def test_those_that_no_network_takes_are_refused(self, save: Callable[..., str]) -> None:
        assert "complex numbers" in refusal(save(x=TABLE + 1j, y=LABELS))
        assert "holds texts" in refusal(save(x=TABLE.astype("U8"), y=LABELS))
        assert "table with named columns" in refusal(save(x=np.zeros(30, [("a", "f4")]), y=LABELS))
        with pytest.warns(UserWarning, match="format 3.0"):
            named = save(x=np.zeros(30, [("名", "f4")]), y=LABELS)
        assert "table with named columns" in refusal(named)
        assert "datetime64" in refusal(save(x=TABLE.astype("M8[s]"), y=LABELS))
        assert "single number" in refusal(save(x=np.float32(1), y=LABELS))
        assert "has no rows" in refusal(save(x=TABLE[:0], y=LABELS[:0]))
        assert "are empty" in refusal(save(x=TABLE[:, :0], y=LABELS))

    def test_python_objects_are_not_read(self, save: Callable[..., str]) -> None:
        for path in (save(x=np.array([{}] * 30), y=LABELS), save("x.npy", x=np.array([[1, {}]]))):
            assert "holds Python objects, which are not read, because that could run a program" in refusal(path)

    @pytest.mark.parametrize(
        ("wrong", "word"), [(np.nan, "not-a-number"), (np.inf, "infinity"), (-np.inf, "-infinity")]
    )
    def test_places_without_a_number_are_named(self, save: Callable[..., str], wrong: float, word: str) -> None:
        x = TABLE.copy()
        x[17, 2] = wrong
        assert f"Row 18, column 3 of x in data.npz is {word}. Fill" in refusal(save(x=x, y=LABELS))
        y = TABLE[:, 0].copy()
        y[4] = wrong
        assert f"Row 5 of y in data.npz is {word}" in refusal(save(x=TABLE, y=y))

    def test_a_number_in_a_later_piece_is_named_by_its_row(
        self, save: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_array_files, "PIECE", 100)
        x = TABLE.astype(np.float32)
        x[29, 0] = np.nan
        assert "Row 30, column 1 of x" in refusal(save(x=x, y=LABELS))

    def test_numbers_that_are_too_large_are_named(self, save: Callable[..., str]) -> None:
        x = TABLE.copy()
        x[3, 1] = -1e308
        assert "Row 4 of x in data.npz has -1e+308, beyond the 3.403e+38" in refusal(save(x=x, y=LABELS))
        large = np.arange(60).reshape(30, 2) + 2**53
        notices = load(save(x=large, y=LABELS)).notices
        assert any("Row 1 of x in data.npz has a whole number beyond 2^53" in notice for notice in notices)

    def test_tokens_stay_whole(self, save: Callable[..., str]) -> None:
        tokens = RANDOM.integers(0, 50, (30, 8), dtype=np.int32)
        path = save(x=tokens, y=LABELS)
        assert load(path).input_type.dtype == "float32"
        data = load(path, whole_numbers="tokens")
        assert data.inputs.dtype == np.int64 and data.input_type.dtype == "int64"
        assert load(save(x=PICTURES, y=LABELS), whole_numbers="tokens").inputs.dtype == np.int64
        tokens[2, 0] = -1
        assert "Row 3 of x in data.npz has the token -1" in refusal(save(x=tokens, y=LABELS), whole_numbers="tokens")


class TestTargets:
    @pytest.mark.parametrize(
        ("given", "names"),
        [
            (LABELS + 1, ("1", "2", "3")),
            (LABELS - 1, ("-1", "0", "1")),
            (LABELS * 10, ("0", "10", "20")),
            (LABELS.astype("f4"), ("0", "1", "2")),
            (LABELS == 1, ("no", "yes")),
            (LABELS.astype(">u2"), ("0", "1", "2")),
            (LABELS[:, None], ("0", "1", "2")),
            (np.eye(3)[LABELS], ("0", "1", "2")),
            (np.eye(3, dtype=bool)[LABELS], ("0", "1", "2")),
            (np.array(["é", "b", "a"])[LABELS], ("a", "b", "é")),
            (np.array(["é".encode(), b"b", b"\xff"])[LABELS], ("b", "é", "\ufffd")),
            (LABELS + 2**53, ("9007199254740992", "9007199254740993", "9007199254740994")),
        ],
    )
    def test_classes_of_any_kind(self, save: Callable[..., str], tmp_path: Path, given: Any, names: Any) -> None:
        path = save(x=TABLE, y=given)
        data = load(path)
        assert data.task == "classification" and data.class_names == names
        assert data.targets.dtype == np.int64 and data.targets.shape == (30,)
        assert len(set(zip(LABELS.tolist(), data.targets.tolist(), strict=True))) == 3, "one class stays one class"

    def test_values(self, save: Callable[..., str]) -> None:
        for y in (TABLE[:, 0], TABLE[:, :2], np.arange(30) * 7):
            data = load(save(x=TABLE, y=y))
            assert data.task == "regression" and data.targets.dtype == np.float64
            assert np.array_equal(data.targets, y.reshape(30, -1)) and data.class_names == ()
        assert "30 different whole numbers: they are taken as values" in load(save(x=TABLE, y=np.arange(30))).notices[1]
        assert load(save(x=TABLE, y=np.arange(30)), task="classification").classes == 30
        assert load(save(x=TABLE, y=LABELS), task="regression").targets.shape == (30, 1)
        assert "holds texts, which are no values" in refusal(save(x=TABLE, y=np.array(["a"] * 30)), task="regression")
        assert "2^53" in load(save(x=TABLE, y=np.arange(30) + 2**60), task="regression").notices[-1]

    @pytest.mark.parametrize(
        ("different", "rows", "task"),
        [(20, 30, "classification"), (21, 30, "regression"), (50, 500, "classification"), (51, 500, "regression")],
    )
    def test_whole_numbers_are_classes_where_they_repeat(
        self, save: Callable[..., str], different: int, rows: int, task: str
    ) -> None:
        data = load(save(x=np.zeros((rows, 2)), y=np.arange(rows) % different))
        assert data.task == task

    def test_a_class_for_each_place(self, save: Callable[..., str]) -> None:
        data = load(save(x=PICTURES, y=PICTURES // 100))
        assert data.task == "classification" and data.targets.shape == (30, 6, 5) and data.classes == 3

    def test_one_class_is_said(self, save: Callable[..., str]) -> None:
        assert "All rows in y in data.npz have the same class, 1" in load(save(x=TABLE, y=LABELS * 0 + 1)).notices[-1]

    def test_other_numbers_than_0_to_k_are_said(self, save: Callable[..., str]) -> None:
        notices = load(save(x=TABLE, y=LABELS + 1)).notices
        assert "The classes in y in data.npz are numbered 1, 2, 3; the network counts them from 0." in notices


class TestAxes:
    @pytest.mark.parametrize(
        ("shape", "dtype", "expected"),
        [
            ((30, 6, 5), np.uint8, (1, 6, 5)),
            ((30, 6, 5), np.float32, (6, 5)),
            ((30, 6, 5, 3), np.uint8, (3, 6, 5)),
            ((30, 6, 5, 1), np.float32, (1, 6, 5)),
            ((30, 3, 6, 5), np.uint8, (3, 6, 5)),
            ((30, 3, 5, 3), np.uint8, (3, 5, 3)),
            ((30, 6, 5, 7), np.uint8, (6, 5, 7)),
            ((30,), np.float32, (1,)),
            ((30, 40), np.uint8, (40,)),
        ],
    )
    def test_are_guessed(self, save: Callable[..., str], shape: Any, dtype: Any, expected: Any) -> None:
        x = (RANDOM.random(shape) * 200).astype(dtype)
        data = load(save(x=x, y=LABELS))
        assert data.inputs.shape[1:] == expected
        assert np.array_equal(np.sort(data.inputs.reshape(30, -1)), np.sort(x.reshape(30, -1)))

    def test_are_chosen(self, save: Callable[..., str]) -> None:
        path = save(x=PICTURES, y=LABELS)
        assert load(path, axes="as they are").inputs.shape == (30, 6, 5)
        assert "for 4 axes, rows included" in refusal(path, axes="channels last")
        assert load(save(x=PICTURES[..., None], y=LABELS), axes="channels last").inputs.shape == (30, 1, 6, 5)
        assert load(save(x=TABLE.reshape(30, 2, 2), y=LABELS), axes="no channels").inputs.shape == (30, 1, 2, 2)

    def test_parts_of_different_shapes_are_refused(self, save: Callable[..., str]) -> None:
        words = refusal(save(x_train=TABLE, y_train=LABELS, x_test=TABLE[:, :3], y_test=LABELS))
        assert "x_train (30, 4), x_test (30, 3)" in words


def test_the_written_source_makes_the_same_arrays(save: Callable[..., str], tmp_path: Path) -> None:
    parts = {"x_train": PICTURES[:20], "y_train": LABELS[:20] + 1, "x_test": PICTURES[20:], "y_test": LABELS[20:] + 1}
    assert_the_same(
        [
            ArrayFile(path=save("a.npz", x=TABLE, y=LABELS)),
            ArrayFile(path=save("b.npz", **parts)),
            ArrayFile(path=save("c.npz", x=PICTURES[..., None].astype(">f2"), y=np.array([b"a", b"b"])[LABELS % 2])),
            ArrayFile(path=save("d.npy", x=np.column_stack([TABLE, LABELS]))),
            ArrayFile(path=save("e.npy", x=TABLE > 0), targets_path=save("f.npy", y=TABLE.astype(np.float32))),
            ArrayFile(path=save("g.npz", x=np.asfortranarray(TABLE), y=np.eye(3)[LABELS])),
            ArrayFile(path=save("h.npz", x=LABELS, y=PICTURES // 100), whole_numbers="tokens"),
            ArrayFile(path=save("i.npz", only=np.column_stack([TABLE, TABLE[:, 0]]))),
        ],
        tmp_path,
    )


class TestLarge:
    @pytest.fixture(autouse=True)
    def small_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 500)
        monkeypatch.setattr(_array_files, "PIECE", 200)

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_an_npy_file_is_mapped_where_it_is(self, save: Callable[..., str], cache: Path, order: Any) -> None:
        x = np.array(TABLE, order=order)
        data = load(save("x.npy", x=x), targets_path=save("y.npy", y=LABELS))
        assert isinstance(data.inputs, np.memmap) and np.array_equal(data.inputs, TABLE) and not cache.exists()
        table = load(save("table.npy", x=x), task="regression")
        assert isinstance(table.inputs, np.memmap) and table.inputs.shape == (30, 3)
        x[20, 1] = np.nan
        assert "Row 21, column 2 of x.npy" in refusal(save("x.npy", x=x), targets_path=save("y.npy", y=LABELS))

    def test_what_must_be_changed_is_written_to_the_cache_once(
        self, save: Callable[..., str], cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        large = np.arange(120).reshape(30, 4) + 2**53
        path = save(x=large, y=LABELS, packed=True)
        first = load(path)
        assert isinstance(first.inputs, np.memmap) and np.array_equal(first.inputs, large.astype(float))
        assert sorted(file.suffix for file in (cache / "arrays").iterdir()) == [".json", ".npy"]
        monkeypatch.setattr(_arrays, "_written", None)  # it is not written again
        second = load(path)
        assert np.array_equal(second.inputs, first.inputs) and second.notices == first.notices
        assert any("2^53" in notice for notice in second.notices), "what was learnt while reading is kept too"

    def test_a_damaged_or_changed_cache_is_made_anew(self, save: Callable[..., str], cache: Path) -> None:
        path = save(x=TABLE.astype(">f8"), y=LABELS)
        before = np.array(load(path).inputs)
        kept = next((cache / "arrays").glob("*.npy"))
        for content in (b"", kept.read_bytes()[:-1], b"nonsense"):
            kept.unlink()
            kept.write_bytes(content)
            assert np.array_equal(load(path).inputs, before)
        for content in ("[1]", '{"rows": 3, "facts": {}}', "{", ""):
            next((cache / "arrays").glob("*.json")).write_text(content)
            assert np.array_equal(load(path).inputs, before)
        save(x=(TABLE + 1).astype(">f8"), y=LABELS)
        assert np.array_equal(load(path).inputs, TABLE + 1)

    def test_the_oldest_make_room(
        self, save: Callable[..., str], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_arrays, "LARGEST_CACHE", 3000)
        for number in range(8):
            load(save(f"{number}.npz", x=(TABLE + number).astype(">f8"), y=LABELS))
        assert len(list((cache / "arrays").glob("*.npy"))) == 2 and len(list((cache / "arrays").iterdir())) == 4
        monkeypatch.setattr(_arrays, "_written", None)
        for number in (6, 7):  # the newest are still there
            assert np.array_equal(load(str(tmp_path / f"{number}.npz")).inputs, TABLE + number)

    def test_too_little_room_is_a_sentence(self, save: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_arrays, "_SPARE", 1 << 60)
        assert "needs room for 960 bytes, but only" in refusal(save(x=TABLE.astype(">f8"), y=LABELS))

    def test_it_can_be_cancelled_and_leaves_nothing_behind(self, save: Callable[..., str], cache: Path) -> None:
        path = save(x=TABLE.astype(">f8"), y=LABELS)
        shares: list[float | None] = []

        def listener(share: float | None, words: str) -> bool:
            shares.append(share)
            return len(shares) < 6

        with told_to(listener), pytest.raises(Cancelled):
            load(path)
        assert len(shares) == 6 and not list((cache / "arrays").iterdir())
        assert np.array_equal(load(path).inputs, TABLE)


class TestHostile:
    def write(self, path: Path, content: bytes) -> str:
        path.write_bytes(content)
        return str(path)

    def npy(self, header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
        text = header.encode()
        return b"\x93NUMPY" + version + len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little") + text + body

    def test_what_is_no_array(self, tmp_path: Path) -> None:
        assert "is empty" in refusal(self.write(tmp_path / "a.npy", b""))
        assert "does not begin as an NPY or NPZ" in refusal(self.write(tmp_path / "b.npy", b"\x80\x04K\x01."))
        assert "is damaged" in refusal(self.write(tmp_path / "c.npz", b"PK\x03\x04" + b"\0" * 40))
        with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
            archive.writestr("readme.txt", "no arrays")
        assert "holds no arrays" in refusal(str(tmp_path / "d.npz"))
        assert "No file is chosen" in refusal("")
        assert "cannot be read" in refusal(str(tmp_path / "absent.npz"))

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 4)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 4)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 4)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': 8}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 2000 + ")}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 3000 + ",)}",
            "{'descr': 'hello', 'fortran_order': False, 'shape': (4,)}",
            "{'descr': '|V0', 'fortran_order': False, 'shape': (4,)}",
            "{'descr': '<U0', 'fortran_order': False, 'shape': (4,)}",
            "__import__('os').abort()",
            "{" * 5000,
            "[" * 200,
            "",
        ],
    )
    def test_heads_that_lie(self, tmp_path: Path, header: str) -> None:
        content = self.npy(header, b"\0" * 16)
        refusal(self.write(tmp_path / "a.npy", content))
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("x.npy", content)
            archive.writestr("y.npy", content)
        assert "x in a.npz" in refusal(str(tmp_path / "a.npz"))
        refusal(self.write(tmp_path / "b.npy", self.npy(header, b"\0" * 16, b"\x02\x00")))
        refusal(self.write(tmp_path / "c.npy", self.npy(header, b"\0" * 16, b"\x09\x00")))

    def test_more_than_the_head_says(self, save: Callable[..., str]) -> None:
        path = Path(save("x.npy", x=TABLE))
        path.write_bytes(path.read_bytes() + b"\0")
        assert "needs 960 bytes, but it has 961" in refusal(str(path))

    def test_every_way_to_cut_a_file_off_is_a_sentence(self, save: Callable[..., str], tmp_path: Path) -> None:
        for path, settings in (
            (save(x=TABLE[:4], y=LABELS[:4], packed=True), {}),
            (save("x.npy", x=np.column_stack([TABLE, LABELS])[:4]), {}),
        ):
            content = Path(path).read_bytes()
            for length in range(0, len(content), 7):
                refusal(self.write(tmp_path / f"cut{Path(path).suffix}", content[:length]), **settings)

    def test_changed_bytes_are_found_by_the_check_sum(self, save: Callable[..., str]) -> None:
        for packed in (False, True):
            path = save(x=TABLE, y=LABELS, packed=packed)
            content = bytearray(Path(path).read_bytes())
            content[300] ^= 0xFF
            Path(path).write_bytes(content)
            words = refusal(path)
            assert "data.npz" in words

    def test_an_archive_that_needs_a_password(self, tmp_path: Path) -> None:
        held = io.BytesIO()
        np.save(held, TABLE)
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("x.npy", held.getvalue())
        content = bytearray((tmp_path / "a.npz").read_bytes())
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
        assert "cannot be unpacked" in refusal(self.write(tmp_path / "a.npz", bytes(content)))

    def test_a_changed_file_is_noticed_and_an_embedded_one_is_read(self, save: Callable[..., str]) -> None:
        path = save(x=TABLE, y=LABELS)
        sha256 = fingerprint(Path(path))
        assert load(path, sha256=sha256).rows == 30
        content = Path(path).read_bytes()
        save(x=TABLE + 1, y=LABELS)
        assert "has changed since it was chosen" in refusal(path, sha256=sha256)
        Path(path).unlink()
        assert hold(content) == sha256
        assert np.array_equal(load(path, sha256=sha256, embedded=True).inputs, TABLE)
