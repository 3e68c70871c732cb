"""Pictures that are damaged, mislabelled, enormous or not there: each is a sentence, or left out with a notice."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import nnstudio.library  # noqa: F401
from library.pictures import SHAPES, drawing, drawn_folder, photo
from nnstudio.core.data import Data
from nnstudio.library.datasets import _picture_folders
from nnstudio.library.datasets._pictures import _one
from nnstudio.library.datasets.image_folder import ImageFolder
from nnstudio.library.datasets.image_table import ImageTable


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return drawn_folder(tmp_path / "shapes")


def load(folder: Path, **settings: Any) -> Data:
    return ImageFolder(path=str(folder), **({"width": 8, "height": 8} | settings)).load()


def refusal(dataset: Any) -> str:
    with pytest.raises((ValueError, OSError)) as caught:
        dataset.load()
    words = str(caught.value)
    assert words.endswith(".") and "\n" not in words and len(words) < 600
    return words


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG whose head may say anything."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(picture: Image.Image, kind: str) -> bytes:
    """A picture as the bytes of its file."""
    held = io.BytesIO()
    picture.save(held, kind)
    return held.getvalue()


PNG, JPEG = saved(photo(), "PNG"), saved(photo(200, 200), "JPEG")
BROKEN = {
    "empty": (b"", "it is empty (0 bytes)"),
    "text": (b"not a picture", "its bytes are not those of a picture"),
    "program": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "its bytes are not those of a picture"),
    "half a PNG": (PNG[:-900], "truncated"),
    "half a JPEG": (JPEG[:-1500], "truncated"),
    "a head alone": (PNG[:30], "its bytes are not those of a picture"),
    "a bomb": (png(20_000, 20_000), "more than 89 million"),
    "a small bomb": (png(10_000, 10_000), "more than 89 million"),
    "no pixels": (png(0, 10), ""),
    "32 bits": (saved(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "its pixels have 32 bits"),
}


class TestBroken:
    @pytest.mark.parametrize("name", BROKEN)
    def test_a_file_is_named_and_can_be_left_out(self, folder: Path, name: str) -> None:
        content, fault = BROKEN[name]
        (folder / "cross" / "wrong.png").write_bytes(content)
        words = refusal(ImageFolder(path=str(folder)))
        assert words.startswith("cross/wrong.png cannot be read as a picture: ") and fault in words
        assert "or choose to skip broken files" in words
        data = load(folder, skip_broken=True)
        assert data.rows == 12 and data.class_names == SHAPES and "cross/wrong.png" not in data.names
        assert data.notices[0].startswith("1 file was left out: cross/wrong.png (") and fault in data.notices[0]

    def test_many_are_counted(self, folder: Path) -> None:
        for number in range(9):
            (folder / "cross" / f"wrong{number}.png").write_bytes(b"?")
        notice = load(folder, skip_broken=True).notices[0]
        assert notice.startswith("9 files were left out: cross/wrong0.png") and notice.endswith("and 6 more.")

    def test_a_class_that_is_left_empty_is_said(self, folder: Path) -> None:
        for file in (folder / "cross").iterdir():
            file.write_bytes(b"?")
        data = load(folder, skip_broken=True)
        assert data.rows == 8 and "No picture is left in a class: cross." in data.notices
        for file in folder.glob("*/*"):
            file.write_bytes(b"?")
        assert "None of the files can be read as a picture" in refusal(ImageFolder(path=str(folder), skip_broken=True))

    def test_what_is_no_file(self, folder: Path) -> None:
        (folder / "cross" / "gone.png").symlink_to(folder / "nowhere.png")
        assert "cross/gone.png cannot be read as a picture: No such file" in refusal(ImageFolder(path=str(folder)))
        (folder / "cross" / "gone.png").unlink()
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no pipes among its files")
        os.mkfifo(folder / "cross" / "pipe.png")  # to open it would wait for ever
        assert "pipe.png cannot be read as a picture: it is not a file" in refusal(ImageFolder(path=str(folder)))
        assert load(folder, skip_broken=True).rows == 12

    @given(place=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=6), jpeg=st.booleans())
    @settings(max_examples=150)
    @pytest.mark.filterwarnings("ignore")
    def test_bytes_changed_anywhere_are_read_or_a_fault_in_words(
        self, tmp_path_factory: pytest.TempPathFactory, place: int, change: bytes, jpeg: bool
    ) -> None:
        content = bytearray(JPEG if jpeg else PNG)
        place %= len(content)
        content[place : place + len(change)] = change
        file = tmp_path_factory.getbasetemp() / "changed.png"
        file.write_bytes(content)
        found = _one(file, {"width": 5, "height": 4}, threading.Event())
        if isinstance(found, str):
            assert found and "\n" not in found and not found.endswith(".")
        else:
            assert found[0].shape == (3, 4, 5) and found[0].dtype == np.uint8


class TestFolders:
    def test_those_without_classes_are_refused(self, tmp_path: Path) -> None:
        assert "has no pictures in folders" in refusal(ImageFolder(path=str(tmp_path)))
        drawing("cross", 0).save(tmp_path / "a.png")
        assert "has pictures, but no folders. Choose a folder" in refusal(ImageFolder(path=str(tmp_path)))
        assert "is not a folder" in refusal(ImageFolder(path=str(tmp_path / "a.png")))
        assert "No file is chosen" in refusal(ImageFolder())
        assert "cannot be read" in refusal(ImageFolder(path=str(tmp_path / "nowhere")))

    def test_an_empty_class_is_left_out_and_said(self, folder: Path) -> None:
        (folder / "triangle").mkdir()
        data = load(folder)
        assert data.class_names == SHAPES and data.notices == ("There is no picture in a folder: triangle.",)

    def test_pictures_beside_the_classes_are_said(self, folder: Path) -> None:
        drawing("cross", 0).save(folder / "beside.png")
        (folder / "readme.txt").write_text("about")
        assert load(folder).notices == ("Pictures beside the folders of the classes are not read: beside.png.",)

    def test_one_class_is_said(self, tmp_path: Path) -> None:
        notices = load(drawn_folder(tmp_path / "one", shapes=("cross",))).notices
        assert notices == ("There is one class alone, cross: there is nothing to tell apart.",)

    def test_the_same_bytes_in_two_classes_are_said(self, folder: Path) -> None:
        content = (folder / "circle" / "0000.png").read_bytes()
        (folder / "circle" / "again.png").write_bytes(content)
        assert load(folder).notices == ("1 picture is there twice: circle/0000.png and circle/again.png.",)
        (folder / "cross" / "again.png").write_bytes(content)
        (notice,) = load(folder).notices
        assert notice.startswith("1 picture is in two classes, of which at least one must be wrong: circle/0000.png")

    def test_the_same_bytes_in_two_parts_are_said(self, tmp_path: Path) -> None:
        for part in ("train", "test"):
            drawn_folder(tmp_path / "all" / part, each=2)
        (notice,) = load(tmp_path / "all").notices
        assert notice.startswith("6 pictures are in two parts") and notice.endswith("and 3 more.")

    def test_names_that_differ_in_capital_letters_are_said(self, folder: Path) -> None:
        drawing("cross", 70).save(folder / "cross" / "A.png")
        drawing("cross", 71).save(folder / "cross" / "a.png")
        if len(list((folder / "cross").iterdir())) < 6:
            pytest.skip("this file system takes them for one")
        assert (
            "capital letters alone; some systems take them for one: cross/A.png and cross/a.png."
            in load(folder).notices[0]
        )
        (folder / "Cross").mkdir()
        drawing("cross", 72).save(folder / "Cross" / "b.png")
        data = load(folder)
        assert data.classes == 4 and "Two classes differ in capital letters alone: Cross and cross." in data.notices

    def test_links_are_followed_but_not_in_circles(self, folder: Path, tmp_path: Path) -> None:
        drawn_folder(tmp_path / "elsewhere", each=2, shapes=("square",))
        (folder / "linked").symlink_to(tmp_path / "elsewhere" / "square", target_is_directory=True)
        (folder / "cross" / "linked.png").symlink_to(tmp_path / "elsewhere" / "square" / "0001.png")
        (folder / "circle").joinpath("round").symlink_to(folder, target_is_directory=True)
        (folder / "self").symlink_to(folder, target_is_directory=True)
        (folder / "above").symlink_to(tmp_path, target_is_directory=True)
        data = load(folder)
        assert data.class_names == ("circle", "cross", "linked", "square")
        assert np.bincount(data.targets).tolist() == [4, 5, 2, 4]

    def test_a_folder_that_may_not_be_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        walk = os.walk

        def refused(top: Any, onerror: Any = None, **_: Any) -> Any:
            onerror(PermissionError(13, "Permission denied", str(top)))
            return walk(top)

        monkeypatch.setattr(_picture_folders.os, "walk", refused)
        assert "The folder circle cannot be read: Permission denied" in refusal(ImageFolder(path=str(folder)))

    def test_names_in_bytes_that_are_no_text(self, folder: Path) -> None:
        odd = os.fsencode(folder) + b"/\xff\xfe"
        try:
            os.mkdir(odd)
        except OSError:
            pytest.skip("this file system has names of text alone")
        Path(os.fsdecode(odd), "x.png").write_bytes((folder / "cross" / "0000.png").read_bytes() + b"\0")
        data = load(folder)
        assert data.class_names[-1] == "\ufffd\ufffd" and data.names[-1].encode() and data.rows == 13


class TestTable:
    def write(self, folder: Path, text: str, name: str = "labels.csv") -> str:
        (folder / name).write_text(text, encoding="utf-8")
        return str(folder / name)

    def test_what_cannot_be_told_is_asked_for(self, folder: Path) -> None:
        assert "No column of labels.csv has names of pictures" in refusal(
            ImageTable(path=self.write(folder, "a,b\n1,2\n"))
        )
        path = self.write(folder, "file,a,b\ncross/0000.png,1,2\n")
        assert "Choose the one with the labels" in refusal(ImageTable(path=path))
        assert "no column called c; it has 'file', 'a', 'b'" in refusal(ImageTable(path=path, label_column="c"))
        assert "has no rows" in refusal(ImageTable(path=self.write(folder, "file,label\n")))
        assert "is empty" in refusal(ImageTable(path=self.write(folder, "")))

    def test_faults_name_the_line(self, folder: Path) -> None:
        first = "file,label\ncross/0000.png,a\n"
        for row, words in (
            ("cross/none.png,b\n", "cross/none.png (labels.csv, line 3) cannot be read as a picture: No such file"),
            (",b\n", "labels.csv, line 3: there is no file name in the column file"),
            ("cross/0001.png,\n", "labels.csv, line 3: there is no label in the column label"),
            ("cross,b\n", "cross (labels.csv, line 3) cannot be read as a picture: it is not a file"),
            ("cross/0001.png,b,c\n", "line 3"),
        ):
            assert words in refusal(ImageTable(path=self.write(folder, first + row)))
        data = ImageTable(path=self.write(folder, f"{first}none.png,b\ncross/0001.png,b\n"), skip_broken=True).load()
        assert data.rows == 2 and "none.png (No such file" in data.notices[0]

    def test_one_picture_with_two_labels_is_said(self, folder: Path) -> None:
        data = ImageTable(path=self.write(folder, "file,label\ncross/0000.png,a\ncross/0000.png,b\n")).load()
        assert "1 picture is there with two labels" in data.notices[-1]
