"""Files of data in the project file: carried whole, checked when they come back, and named from its folder on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

import nnstudio.library  # noqa: F401
from core.files import Entry, bent, changed, contents, entries, tensors, zipped
from core.hostile import GOOD, PICTURE, in_little_memory, opened
from nnstudio.core import embedded, sources, storage
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import Spec, field, registered
from nnstudio.core.storage import Stored

TEXT = "To be, or not to be, that is the question.\n" * 40


@pytest.fixture(autouse=True)
def nothing_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has just been started, with a cache of its own."""
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "_held", {})
    monkeypatch.setattr(sources, "_known", {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work" / "texts").mkdir(parents=True)
    (tmp_path / "work" / "texts" / "hamlet.txt").write_text(TEXT)
    return tmp_path / "work"


def sum_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def text(path: Path | str, **settings: Any) -> FileDataset:
    made: FileDataset = registered(Dataset)["TextCharacters"](path=str(path), context=8, **settings)
    return made


def project_of(dataset: Dataset) -> Project:
    return Project(data=DataSettings(dataset), title="Hamlet")


def kept(folder: Path) -> Project:
    """A project that keeps a copy of the text."""
    return project_of(text(folder / "texts" / "hamlet.txt", sha256=sum_of(TEXT.encode()), embedded=True))


def restarted() -> None:
    sources._held.clear()
    sources._known.clear()


# -- there and back ----------------------------------------------------------------------------------------------------


def test_the_project_is_all_that_is_needed(folder: Path, tmp_path: Path) -> None:
    before = kept(folder).data.dataset.load()  # type: ignore[union-attr]
    assert storage.write(folder / "a.nnstudio", kept(folder)) == ()
    shutil.copy(folder / "a.nnstudio", tmp_path / "mailed.nnstudio")
    shutil.rmtree(folder)
    restarted()
    stored = storage.read(tmp_path / "mailed.nnstudio")
    assert stored.notices == ()
    data = stored.project.data.dataset.load()  # type: ignore[union-attr]
    assert np.array_equal(data.inputs, before.inputs) and data.vocabulary == before.vocabulary
    # What was opened is saved again with the bytes that it brought.
    assert storage.write(tmp_path / "again.nnstudio", stored.project) == ()
    carried = load_tensors(contents((tmp_path / "again.nnstudio").read_bytes())[embedded.ENTRY])
    assert {name: value.tobytes() for name, value in carried.items()} == {sum_of(TEXT.encode()): TEXT.encode()}


def test_what_was_saved_once_is_kept_when_the_file_is_deleted(folder: Path) -> None:
    storage.write(folder / "a.nnstudio", kept(folder))
    (folder / "texts" / "hamlet.txt").unlink()
    assert storage.write(folder / "b.nnstudio", kept(folder)) == ()
    assert (folder / "a.nnstudio").read_bytes() == (folder / "b.nnstudio").read_bytes()


def test_equal_projects_are_equal_bytes(folder: Path) -> None:
    first = storage.to_bytes(kept(folder))
    restarted()
    assert storage.to_bytes(kept(folder)) == first
    names = list(contents(first))
    assert names == ["mimetype", "project.json", "data.safetensors", "manifest.json"]


def test_nothing_is_carried_unless_it_is_asked_for(folder: Path) -> None:
    plain = project_of(text(folder / "texts" / "hamlet.txt"))
    assert embedded.ENTRY not in contents(storage.to_bytes(plain))
    storage.write(folder / "a.nnstudio", plain)
    assert storage.read(folder / "a.nnstudio").project == plain


def test_the_sum_is_written_where_it_was_not_known(folder: Path) -> None:
    project = project_of(text(folder / "texts" / "hamlet.txt", embedded=True))
    storage.write(folder / "a.nnstudio", project)
    found = storage.read(folder / "a.nnstudio").project.data.dataset
    assert found == project.data.dataset.with_(sha256=sum_of(TEXT.encode()))  # type: ignore[union-attr]


class Pair(Dataset, abstract=True):
    """Two datasets in one, as a Spec of the future may have them."""

    first: Dataset = field(text(""), "One.")
    second: Dataset = field(text(""), "The other.")

    def load(self) -> Data:
        return self.first.load()


@pytest.fixture
def pairs() -> Iterator[None]:
    Spec._registry["dataset"]["Pair"] = Pair
    yield
    del Spec._registry["dataset"]["Pair"]


def test_datasets_inside_others_are_carried_once_for_each_content(folder: Path, pairs: None) -> None:
    (folder / "other.txt").write_text("another text")
    same = text(folder / "texts" / "hamlet.txt", embedded=True, lower_case=True)
    inner = Pair(first=text(folder / "other.txt", embedded=True), second=same)
    project = project_of(Pair(first=same, second=inner))
    assert len(list(embedded.files_of(project))) == 3
    storage.write(folder / "a.nnstudio", project)
    carried = load_tensors(contents((folder / "a.nnstudio").read_bytes())[embedded.ENTRY])
    assert sorted(carried) == sorted([sum_of(b"another text"), sum_of(TEXT.encode())])
    (folder / "other.txt").unlink()
    restarted()
    found = storage.read(folder / "a.nnstudio").project.data.dataset
    assert isinstance(found, Pair) and isinstance(found.second, Pair)
    assert found.second.first.located().read_bytes() == b"another text"  # type: ignore[attr-defined]


# -- what cannot be carried --------------------------------------------------------------------------------------------


def refusals(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[FileDataset, str]]:
    monkeypatch.setattr(embedded, "LARGEST_EMBEDDED", 1 << 20)
    (folder / "large.txt").write_bytes(bytes((1 << 20) + 1))
    hamlet = folder / "texts" / "hamlet.txt"
    return {
        "a folder": (text(folder / "texts"), "texts cannot be kept in the project: it is a folder, and only single"),
        "too large": (text(folder / "large.txt"), "large.txt cannot be kept in the project: it is larger than 1 MB"),
        "not there": (text(folder / "gone.txt"), "gone.txt cannot be kept in the project: gone.txt cannot be read in"),
        "changed": (text(hamlet, sha256="0" * 64), "hamlet.txt cannot be kept in the project: hamlet.txt has changed"),
        "none": (text(""), "the data cannot be kept in the project: No file is chosen"),
    }


@pytest.mark.parametrize("case", ["a folder", "too large", "not there", "changed", "none"])
def test_the_project_is_saved_without_what_cannot_be_carried(
    folder: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    dataset, words = refusals(folder, monkeypatch)[case]
    dataset = dataset.with_(embedded=True)
    (sentence,) = storage.write(folder / "a.nnstudio", project_of(dataset))
    assert sentence.startswith(words) and sentence.endswith(".") and not sentence.endswith("..")
    assert embedded.why_not(dataset) == sentence
    stored = storage.read(folder / "a.nnstudio")
    assert stored.project == project_of(dataset)
    missing = ["that a.nnstudio should hold is missing" in notice for notice in stored.notices]
    assert missing == ([True] if dataset.sha256 else [])


def test_all_files_together_have_a_limit(folder: Path, monkeypatch: pytest.MonkeyPatch, pairs: None) -> None:
    monkeypatch.setattr(embedded, "LARGEST_TOGETHER", len(TEXT) + 5)
    (folder / "other.txt").write_text("another text")
    dataset = Pair(
        first=text(folder / "texts" / "hamlet.txt", embedded=True), second=text(folder / "other.txt", embedded=True)
    )
    (sentence,) = storage.write(folder / "a.nnstudio", project_of(dataset))
    assert sentence.startswith("other.txt cannot be kept in the project: the files of one project may have")
    assert list(load_tensors(contents((folder / "a.nnstudio").read_bytes())[embedded.ENTRY])) == [sum_of(TEXT.encode())]


def test_what_can_be_carried_is_not_complained_of(folder: Path) -> None:
    assert embedded.why_not(text(folder / "texts" / "hamlet.txt")) == ""


# -- files that nobody should have made --------------------------------------------------------------------------------


NAME = sum_of(TEXT.encode())
BYTES = np.frombuffer(TEXT.encode(), np.uint8)


@pytest.fixture
def good(folder: Path) -> bytes:
    data = storage.to_bytes(kept(folder))
    (folder / "texts" / "hamlet.txt").unlink()
    restarted()
    return data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bad.nnstudio"


TENSORS: dict[str, tuple[bytes, str]] = {
    "other bytes under the name": (save_tensors({NAME: BYTES[::-1].copy()}), "is not what was saved, and was left out"),
    "one byte less": (save_tensors({NAME: BYTES[:-1].copy()}), "is not what was saved, and was left out"),
    "numbers": (save_tensors({NAME: np.zeros(3, np.float32)}), "is not made of bytes, and was left out"),
    "a picture": (save_tensors({NAME: BYTES[:1700].reshape(17, 100)}), "is not made of bytes, and was left out"),
    "nothing": (save_tensors({}), "is missing"),
    "no tensors": (b"x", "data.safetensors is cut off"),
    "a header of 2^63": (tensors({}, length=2**63), "has a header that does not fit into it"),
    "a header that is no JSON": (tensors(b"{"), "(data.safetensors: "),
    "one name twice": (tensors(b'{"a":1,"a":2}'), "(data.safetensors: "),
    "a shape that overflows": (
        tensors({NAME: {"dtype": "U8", "shape": [2**62, 4], "data_offsets": [0, 4]}}, bytes(4)), "(data.safetensors: "
    ),
    "more bytes than are there": (
        tensors({NAME: {"dtype": "U8", "shape": [1 << 30], "data_offsets": [0, 1 << 30]}}, bytes(4)),
        "(data.safetensors: ",
    ),
    "trailing bytes": (save_tensors({NAME: BYTES}) + b"x", "(data.safetensors: "),
}  # fmt: skip


@pytest.mark.parametrize("case", TENSORS)
def test_wrong_data_is_left_out_and_said(path: Path, good: bytes, case: str) -> None:
    entry, words = TENSORS[case]
    found = opened(path, changed(good, data_safetensors=entry))
    assert isinstance(found, Stored)
    assert found.project.title == "Hamlet" and len(found.notices) == 1
    assert words in found.notices[0] and found.notices[0].endswith(".") and found.notices[0].isprintable()
    assert sources._held == {}
    with pytest.raises(ValueError, match=r"hamlet\.txt cannot be read"):
        found.project.data.dataset.load()  # type: ignore[union-attr]


def test_tensors_that_the_drawing_does_not_use_are_left_out(path: Path, good: bytes) -> None:
    extra = {NAME: BYTES, sum_of(b"more"): np.frombuffer(b"more", np.uint8), "../../x": BYTES[:3].copy()}
    found = opened(path, changed(good, data_safetensors=save_tensors(extra)))
    assert isinstance(found, Stored)
    assert found.notices == ("bad.nnstudio carries data that its drawing does not use; it was left out (2 files).",)
    assert list(sources._held) == [NAME]


@pytest.mark.parametrize("sha256", ["", "../../x", "0" * 64, NAME.upper(), "٠" * 64])
def test_a_sum_that_is_none_holds_nothing(path: Path, good: bytes, sha256: str) -> None:
    project = json.loads(contents(good)["project.json"])
    project["data"]["dataset"]["settings"]["sha256"] = sha256
    entry = save_tensors({sha256: BYTES}) if sha256 else contents(good)[embedded.ENTRY]
    found = opened(path, changed(good, project_json=project, data_safetensors=entry))
    assert isinstance(found, Stored)
    assert found.notices and sources._held == {}


def test_a_file_that_is_too_large_is_not_held(path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LARGEST_EMBEDDED", len(TEXT) - 1)
    found = opened(path, good)
    assert isinstance(found, Stored)
    assert "is larger than 0 MB, and was left out" in found.notices[0] and sources._held == {}


def test_an_entry_that_is_too_large_is_refused_before_it_is_read(path: Path, good: bytes) -> None:
    with in_little_memory():
        sentence = opened(path, bent(good, embedded.ENTRY, size=300 << 20, packed_size=300 << 20))
    assert sentence == "bad.nnstudio is not a project: data.safetensors is too large (314,572,800 bytes)."


def test_an_entry_whose_own_header_lies_is_refused(path: Path, good: bytes) -> None:
    sentence = opened(path, bent(good, embedded.ENTRY, local={"size": 10}))
    assert sentence == "bad.nnstudio is damaged: data.safetensors is another entry than its directory says."


def test_a_turned_bit_in_the_data_leaves_the_rest(path: Path, good: bytes) -> None:
    data = bytearray(good)
    data[data.index(TEXT.encode()) + 9] ^= 16
    found = opened(path, bytes(data))
    assert isinstance(found, Stored)
    assert found.notices == (
        "The data in bad.nnstudio was left out (data.safetensors is damaged); the drawing and the settings are intact.",
    )


def test_data_in_a_project_that_wants_none_is_left_out(path: Path) -> None:
    project = contents(GOOD)
    project[embedded.ENTRY] = save_tensors({NAME: BYTES})
    project["manifest.json"] = json.dumps(
        {"sha256": {name: sum_of(content) for name, content in project.items() if name != "manifest.json"}}
    ).encode()
    found = opened(path, zipped([Entry(name, content) for name, content in project.items()]))
    assert isinstance(found, Stored)
    assert found.picture == PICTURE and found.checkpoint is not None
    assert found.notices == ("bad.nnstudio carries data that its drawing does not use; it was left out (1 file).",)


def test_a_manifest_that_does_not_list_the_data_is_refused(path: Path, good: bytes) -> None:
    listed = entries(good)
    manifest = json.loads(listed[-1].content)
    del manifest["sha256"][embedded.ENTRY]
    listed[-1] = replace(listed[-1], content=json.dumps(manifest).encode())
    assert opened(path, zipped(listed)) == (
        "bad.nnstudio is damaged: manifest.json lists other entries than there are."
    )


# -- paths -------------------------------------------------------------------------------------------------------------


def written_path(file: Path) -> str:
    path: str = json.loads(contents(file.read_bytes())["project.json"])["data"]["dataset"]["settings"]["path"]
    return path


def test_a_folder_with_the_project_and_its_data_can_be_moved(folder: Path, tmp_path: Path) -> None:
    project = project_of(text(folder / "texts" / "hamlet.txt"))
    storage.write(folder / "a.nnstudio", project)
    assert written_path(folder / "a.nnstudio") == "texts/hamlet.txt"
    assert storage.read(folder / "a.nnstudio").project == project
    folder.rename(tmp_path / "moved")
    dataset = storage.read(tmp_path / "moved" / "a.nnstudio").project.data.dataset
    assert isinstance(dataset, FileDataset)
    assert dataset.path == str(tmp_path / "moved" / "texts" / "hamlet.txt") and dataset.load().rows


def test_a_file_elsewhere_keeps_its_whole_path(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "workshop").mkdir()  # begins like the folder, and is another
    (tmp_path / "workshop" / "b.txt").write_text(TEXT)
    for place in (tmp_path / "workshop" / "b.txt", folder / ".." / "c.txt"):
        storage.write(folder / "a.nnstudio", project_of(text(place)))
        assert written_path(folder / "a.nnstudio") == os.path.abspath(place)
        found = storage.read(folder / "a.nnstudio").project.data.dataset
        assert isinstance(found, FileDataset) and found.path == os.path.abspath(place)


def test_a_path_from_where_the_program_stands_is_made_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "texts")
    storage.write("../a.nnstudio", project_of(text("hamlet.txt")))
    assert written_path(folder / "a.nnstudio") == "texts/hamlet.txt"
    monkeypatch.chdir(folder.parent)
    dataset = storage.read("work/a.nnstudio").project.data.dataset
    assert isinstance(dataset, FileDataset) and dataset.path == str(folder / "texts" / "hamlet.txt")


@pytest.mark.skipif(os.name == "nt", reason="the paths of another system are meant")
@pytest.mark.parametrize("path", ["C:\\texts\\hamlet.txt", "\\\\host\\share\\hamlet.txt"])
def test_a_path_of_another_system_stays_as_it_is(folder: Path, path: str) -> None:
    project = project_of(text(path))
    storage.write(folder / "a.nnstudio", project)
    assert storage.read(folder / "a.nnstudio").project == project
    storage.write(folder.parent / "b.nnstudio", storage.read(folder / "a.nnstudio").project)
    assert written_path(folder.parent / "b.nnstudio") == path


@pytest.mark.parametrize(
    "wild", ["../../../../../../etc/passwd", "a\0b", "x" * 100_000, "..//" * 50, "\u202etxt.a", "~"]
)
def test_any_path_can_be_opened_and_nothing_is_touched(path: Path, folder: Path, wild: str) -> None:
    storage.write(folder / "a.nnstudio", project_of(text(folder / "texts" / "hamlet.txt")))
    written = json.loads(contents((folder / "a.nnstudio").read_bytes())["project.json"])
    written["data"]["dataset"]["settings"]["path"] = wild
    found = opened(path, changed((folder / "a.nnstudio").read_bytes(), project_json=written))
    assert isinstance(found, Stored)
    dataset = found.project.data.dataset
    assert isinstance(dataset, FileDataset)
    assert dataset.path == os.path.normpath(os.path.join(path.parent, wild))
    assert PurePosixPath(dataset.path).is_absolute() or os.name == "nt"
