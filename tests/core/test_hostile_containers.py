"""A project file is a stranger's: what is not exactly of its form is refused before anything is unpacked."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.files import Entry, bent, changed, contents, entries, zipped
from core.hostile import GOOD, MEGABYTE, PICTURE, assert_unharmed, in_little_memory, opened
from nnstudio.core import storage
from nnstudio.core.storage import Stored


def test_the_good_file_is_good(path: Path) -> None:
    for data in (GOOD, zipped(entries(GOOD)), changed(GOOD, project_json=contents(GOOD)["project.json"])):
        found = opened(path, data)
        assert_unharmed(found)
        assert isinstance(found, Stored)
        assert found.checkpoint is not None
        assert found.picture == PICTURE


class Bomb:
    def __reduce__(self) -> Any:
        return eval, ("__import__('os').system('touch /tmp/canary')",)


def with_entry(name: str, content: bytes = b"x", **facts: Any) -> bytes:
    return zipped([*entries(GOOD), Entry(name, content, **facts)])


NAMES = [
    "x.pkl", "x.pt", "x.py", "x.pyc", "x.so", "x.dll", "sitecustomize.py", "../../x", "/abs", "C:\\x", "..\\x", "CON",
    "project.json.", "project.json ", "Project.json", "project.json/", "./project.json", "\u202ex", "a" * 300, "",
    "nested.zip", "data/", "project.json\x01",
]  # fmt: skip
NOT_A_PROJECT = "bad.nnstudio is not an NN Studio project."


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_that_no_project_has_is_refused_and_named(path: Path, name: str) -> None:
    sentence = opened(path, zipped([*entries(GOOD), Entry("data.safetensors", b""), Entry(name, b"x")]))
    assert isinstance(sentence, str)
    assert sentence == "bad.nnstudio is not a project: it holds 9 entries."
    sentence = opened(path, with_entry(name))
    known = name.encode().decode("cp437")  # the encoding of names in a zip that does not say another
    assert sentence == f"bad.nnstudio is not a project: it holds {known[:60]!r}, which no project has."
    assert [file.name for file in path.parent.iterdir()] == ["bad.nnstudio"]


CONTAINERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is not an NN Studio project"),
    "pickle": (lambda: pickle.dumps(Bomb()), "is not an NN Studio project"),
    "text": (lambda: b"<html>404</html>", "is not an NN Studio project"),
    "pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "is not an NN Studio project"),
    "zip": (lambda: zipped([Entry("data.pkl", pickle.dumps(Bomb()))]), "is not an NN Studio project"),
    "other mimetype": (lambda: bent(GOOD, "mimetype", content=b"application/x-other"), "is not an NN Studio project"),
    "longer mimetype": (lambda: bent(GOOD, "mimetype", content=storage.MIME_TYPE.encode() + b"!"), "is too large"),
    "mimetype later": (lambda: zipped(entries(GOOD)[::-1]), "is not an NN Studio project"),
    "only the beginning": (lambda: zipped(entries(GOOD)[:1]), "project.json is missing"),
    "no manifest": (lambda: zipped(entries(GOOD)[:-1]), "manifest.json is missing"),
    "no project": (lambda: changed(GOOD, project_json=None), "project.json is missing"),
    "before": (lambda: b"#!/bin/sh\nexit\n" + GOOD, "is not an NN Studio project"),
    "behind": (lambda: GOOD + b"x", "something was added behind it"),
    "behind, a second end": (lambda: GOOD + GOOD[-22:], "do not lie where"),
    "behind, a second archive": (lambda: GOOD + GOOD, "do not lie where"),
    "comment": (lambda: zipped(entries(GOOD), comment=b"hello"), "its end is missing"),
    "comment with an end in it": (lambda: zipped(entries(GOOD), comment=GOOD[-22:]), "do not lie where"),
    "between": (lambda: bent(GOOD, "project.json", before=b"MZ executable"), "something lies before project.json"),
    "before the directory": (lambda: zipped(entries(GOOD), before_directory=b"x" * 9), "something lies behind its"),
    "twice": (lambda: zipped([*entries(GOOD, picture_png=None), entries(GOOD)[1]]), "project.json is in it twice"),
    "other name": (lambda: bent(GOOD, "project.json", local_name="projact.json"), "is another entry than its"),
    "longer name": (lambda: bent(GOOD, "project.json", local_name="project.json.py"), "is another entry than"),
    "other size": (lambda: bent(GOOD, "project.json", local={"size": 3}), "is another entry than its directory says"),
    "other checksum": (lambda: bent(GOOD, "picture.png", local={"checksum": 3}), "is another entry than its directory"),
    "other method": (lambda: bent(GOOD, "picture.png", local={"method": 8}), "is another entry than its directory"),
    "encrypted": (lambda: bent(GOOD, "project.json", flags=1), "project.json is encrypted"),
    "strongly encrypted": (lambda: bent(GOOD, "project.json", flags=0x41), "project.json is encrypted"),
    "sizes later": (lambda: bent(GOOD, "project.json", flags=8), "project.json is encrypted, packed in an unknown way"),
    "bzip2": (lambda: bent(GOOD, "project.json", method=12), "packed in an unknown way"),
    "lzma": (lambda: bent(GOOD, "weights.safetensors", method=14), "packed in an unknown way"),
    "zstandard": (lambda: bent(GOOD, "weights.safetensors", method=93), "packed in an unknown way"),
    "link": (lambda: bent(GOOD, "picture.png", attributes=0o120777 << 16), "or no plain file"),
    "extra field": (lambda: bent(GOOD, "project.json", extra=b"UT\5\0\3abcd"), "is another entry than"),
    "size too small": (lambda: bent(GOOD, "project.json", size=10), "project.json is not what was saved"),
    "size too large": (lambda: bent(GOOD, "project.json", size=10**6), "project.json is not what was saved"),
    "packed size too small": (lambda: bent(GOOD, "project.json", packed_size=20), "something lies before"),
    "packed size too large": (lambda: bent(GOOD, "project.json", packed_size=10**6), "something lies before"),
    "size of four gigabytes": (lambda: bent(GOOD, "project.json", size=0xFFFFFFFE), "project.json is too large"),
    "sizes in a field that is not there": (lambda: bent(GOOD, "picture.png", size=0xFFFFFFFF), "bad.nnstudio is"),
    "wrong checksum": (lambda: bent(GOOD, "project.json", checksum=7), "project.json is not what was saved"),
    "broken manifest": (lambda: bent(GOOD, "manifest.json", checksum=7), "manifest.json is not what was saved"),
    "broken packing": (
        lambda: bent(GOOD, "project.json", content=b"\xff" * 50, packed=False, method=8, size=99),
        "project.json is not what was saved",
    ),
    "nested": (lambda: changed(GOOD, project_json=GOOD), "project.json cannot be read"),
    "a hundred thousand entries": (
        lambda: zipped([*entries(GOOD), *[Entry("x", b"")] * 100_000]),
        "bad.nnstudio is not a project: it holds",
    ),
    "a directory that lies about its length": (lambda: zipped(entries(GOOD), length=10), "do not lie where"),
    "a directory that lies about its place": (lambda: zipped(entries(GOOD), start=10), "do not lie where"),
    "a directory that lies about its count": (lambda: zipped(entries(GOOD), count=2), "and its end says 2"),
    "a directory of nothing": (lambda: zipped(entries(GOOD), count=0), "do not lie where"),
    "a directory elsewhere": (
        lambda: GOOD[:-22] + b"PK\6\7" + bytes(4) + (10**18).to_bytes(8, "little") + b"\1\0\0\0" + GOOD[-22:],
        "bad.nnstudio is",
    ),
    "a manifest of itself": (lambda: with_manifest({"manifest.json": "0" * 64}), "lists other entries than there are"),
    "a manifest of more": (lambda: with_manifest({"x.py": "0" * 64}), "lists other entries than there are"),
    "a manifest of less": (lambda: with_manifest({}, without="picture.png"), "lists other entries than there are"),
    "a manifest of another file": (lambda: with_manifest({"project.json": "0" * 64}), "project.json is not what was"),
    "a manifest of numbers": (lambda: with_manifest({"project.json": 3}), "project.json is not what was saved"),
    "a manifest that is a list": (lambda: bent(GOOD, "manifest.json", content=b"[]"), "lists other entries"),
    "a manifest that is no JSON": (lambda: bent(GOOD, "manifest.json", content=b"{"), "manifest.json cannot be read"),
}  # fmt: skip


def with_manifest(changes: dict[str, Any], without: str = "") -> bytes:
    found = entries(GOOD)
    sums = json.loads(found[-1].content)["sha256"] | changes
    sums.pop(without, None)
    return zipped([*found[:-1], replace(found[-1], content=json.dumps({"sha256": sums}).encode())])


def test_a_container_that_an_ordinary_zip_program_packed_opens(path: Path) -> None:
    """Another order of bytes, the same content: all entries packed, other attributes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(GOOD)) as written,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in written.namelist():
            archive.writestr(name, written.read(name))
    path.write_bytes(buffer.getvalue())
    stored = storage.read(path)
    assert stored.notices == () and storage.to_bytes(stored.project, stored.checkpoint, stored.picture) == GOOD


@pytest.mark.parametrize("case", CONTAINERS)
def test_a_container_in_another_form_is_refused(path: Path, case: str) -> None:
    make, words = CONTAINERS[case]
    sentence = opened(path, make())
    assert isinstance(sentence, str)
    assert words in sentence


def test_a_wrong_checksum_of_the_picture_leaves_it_out(path: Path) -> None:
    found = opened(path, bent(GOOD, "picture.png", checksum=7))
    assert isinstance(found, Stored)
    assert found.picture == b""
    assert_unharmed(found)


# -- too much ----------------------------------------------------------------------------------------------------------


def bomb(name: str, piece: bytes, count: int, size: int | None = None) -> bytes:
    """An entry that is a piece many times over, made without having it all at once."""
    packer = zlib.compressobj(9, wbits=-15)
    data, checksum = b"", 0
    for _ in range(count):
        data += packer.compress(piece)
        checksum = zlib.crc32(piece, checksum)
    data += packer.flush()
    told = Entry(name, data, method=8, checksum=checksum, size=len(piece) * count if size is None else size)
    return zipped([told if entry.name == name else entry for entry in entries(GOOD)])


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("project.json", 15, "project.json is too large (15,728,640 bytes)"),
        ("project.json", 200, "project.json is too large"),
        ("checkpoint.json", 400, "checkpoint.json is too large"),
        ("weights.safetensors", 400, "weights.safetensors is too large"),
        ("manifest.json", 1, "manifest.json is too large"),
    ],
)
def test_a_bomb_does_not_go_off(path: Path, name: str, count: int, words: str) -> None:
    data = bomb(name, b" " * MEGABYTE, count)
    assert len(data) < MEGABYTE
    with in_little_memory(20):
        sentence = opened(path, data)
    assert isinstance(sentence, str)
    assert words in sentence


def test_a_bomb_that_hides_its_size_does_not_go_off(path: Path) -> None:
    data = bomb("project.json", b" " * MEGABYTE, 200, size=10)
    with in_little_memory(20):
        sentence = opened(path, data)
    assert isinstance(sentence, str)
    assert "project.json is not what was saved" in sentence
