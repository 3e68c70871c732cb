"""A project file is a stranger's: it is read as data, refused in one sentence, and never taken for another one."""

from __future__ import annotations

import io
import json
import pickle
import random
import re
import sys
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.drawings import layer
from core.files import Entry, bent, changed, contents, entries, tensors, zipped
from core.test_storage import same
from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Missing
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.storage import StorageError, Stored

RECORD = {"epoch": 1, "step": 4, "train": {"loss": 0.5}, "test": {}, "lr": 0.1, "seconds": 0.25}


def good() -> tuple[Project, Checkpoint, bytes]:
    graph, a = Graph().add(layer("Input"))
    graph, b = graph.add(layer("Linear", out_features=3), title="Hidden")
    graph, c = graph.add(layer("Output"))
    project = Project(graph.wire(a, b).wire(b, c), DataSettings(standardise=False), title="Good", notes="[[{" * 50)
    weights = {"hidden.weight": np.arange(6, dtype=np.float32).reshape(3, 2), "hidden.bias": np.zeros(3, np.float32)}
    checkpoint = Checkpoint(
        names={"n2": "hidden"},
        weights=weights,
        optimizer={"hidden.bias|exp_avg": np.ones(3, np.float32)},
        optimizer_options={"lr": 0.1, "base_lr": 0.1},
        random_state=np.arange(16, dtype=np.uint8),
        epoch=1,
        batch=2,
        step=6,
        pending_losses=np.array([0.5, 0.25], np.float32),
        pending_sums={"accuracy": [1.0, 2.0]},
        history=History((RECORD,), np.array([1, 0.5], np.float32)),
        recipe={"seed": "0"},
    )
    return project, checkpoint, b"\x89PNG picture"


PROJECT, CHECKPOINT, PICTURE = good()
GOOD = storage.to_bytes(PROJECT, CHECKPOINT, PICTURE)

# -- the oracle: what Python itself is asked to do while a file is read ------------------------------------------------

_FORBIDDEN = re.compile(
    r"exec|compile|import|open|pickle|marshal|socket|subprocess|os\.(?!scandir)|ctypes|shutil|tempfile|ftplib|urllib|cpython\."
)
_watch: dict[str, Any] = {"on": False, "seen": []}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch["on"] and _FORBIDDEN.match(event):
        _watch["seen"].append((event, arguments))


sys.addaudithook(_hook)  # there is no way to take it away again, so it has a switch


@contextmanager
def watched(path: Path) -> Iterator[None]:
    """Nothing is run, imported or opened but the file itself; and it does not take long."""
    _watch["seen"].clear()
    _watch["on"] = True
    start = time.perf_counter()
    try:
        yield
    finally:
        _watch["on"] = False
    took = time.perf_counter() - start
    others = [(event, arguments) for event, arguments in _watch["seen"] if (event, arguments[0]) != ("open", str(path))]
    assert others == []
    assert took < 5


def opened(path: Path, data: bytes) -> Stored | str:
    """What a file of these bytes holds, or the sentence with which it is refused."""
    path.write_bytes(data)
    try:
        with watched(path):
            return storage.read(path)
    except StorageError as error:
        sentence = str(error)
    assert sentence.startswith(path.name), sentence
    assert sentence.endswith("."), sentence
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert storage.read_picture(path) in (b"", PICTURE)
    assert "Traceback" not in sentence
    return sentence


@pytest.fixture
def path(tmp_path: Path) -> Path:
    storage.read_picture(tmp_path)  # whatever is imported at first use is imported
    good = tmp_path / "good.nnstudio"
    good.write_bytes(GOOD)
    storage.read(good)
    good.unlink()
    return tmp_path / "bad.nnstudio"


def assert_unharmed(found: Stored | str) -> None:
    """Either refused, or what was saved, or the drawing as it was saved with a notice on what was left out."""
    if isinstance(found, str):
        return
    assert found.project == PROJECT
    assert found.picture in (b"", PICTURE)
    if found.checkpoint is None:
        assert len(found.notices) == 1
        assert found.notices[0].startswith("The weights in bad.nnstudio were left out (")
        assert found.notices[0].endswith("); the drawing and the settings are intact.")
    else:
        assert found.notices == ()
        assert same(CHECKPOINT, found.checkpoint)


def test_the_good_file_is_good(path: Path) -> None:
    for data in (GOOD, zipped(entries(GOOD)), changed(GOOD, project_json=contents(GOOD)["project.json"])):
        found = opened(path, data)
        assert_unharmed(found)
        assert isinstance(found, Stored)
        assert found.checkpoint is not None
        assert found.picture == PICTURE


# -- containers --------------------------------------------------------------------------------------------------------


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
    sentence = opened(path, with_entry(name))
    assert isinstance(sentence, str)
    assert sentence == "bad.nnstudio is not a project: it holds 8 entries."
    few = zipped([*entries(GOOD, picture_png=None), Entry(name, b"x")])
    sentence = opened(path, few)
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

MEGABYTE = 1 << 20


@contextmanager
def in_little_memory(megabytes: int = 200) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MEGABYTE
    finally:
        tracemalloc.stop()


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


def filled(piece: bytes, megabytes: int = 7, opening: bytes = b"[", closing: bytes = b"0]") -> bytes:
    return changed(GOOD, project_json=opening + piece * (megabytes * MEGABYTE // len(piece)) + closing)


JSON = {
    "deep": (lambda: filled(b"[", 1, b"", b"]" * MEGABYTE), "it is nested too deeply"),
    "deep objects": (lambda: changed(GOOD, project_json=b'{"a":' * 10**5 + b"1" + b"}" * 10**5), "nested too deeply"),
    "deep settings": (
        lambda: changed(GOOD, project_json=contents(GOOD)["project.json"].replace(b"3", b"[" * 65 + b"]" * 65, 1)),
        "it is nested too deeply",
    ),
    "wide": (lambda: filled(b"[]," + b" " * 3 + b"\n" * 2), "it holds more than 1,000,000 values"),
    "wide objects": (lambda: filled(b'{"%s":0},' % b"a" * 1), "it holds more than 1,000,000 values"),
    "numbers": (lambda: filled(b"1.5,"), "it holds more than 1,000,000 values"),
    "brackets in a text": (lambda: filled(b"[{", 7, b'"', b'"'), "it is the text"),
    "quotes in a text": (lambda: filled(b'\\"', 7, b'"', b'"'), "it is the text"),
    "backslashes in a text": (lambda: filled(b"\\\\", 7, b'"', b'"'), "it is the text"),
    "an open text": (lambda: filled(b'\\"', 7, b'"', b""), "not valid JSON (Unterminated string"),
    "a long number": (lambda: filled(b"1", 1, b"", b""), "is not valid JSON (Exceeds the limit"),
    "not text": (lambda: changed(GOOD, project_json=b"\xff\xfe{}"), "is not valid JSON ('utf-8' codec"),
    "nothing": (lambda: changed(GOOD, project_json=b""), "is not valid JSON"),
    "not a number": (lambda: changed(GOOD, project_json=b'{"format": NaN}'), "NaN is not a number"),
    "infinity": (lambda: changed(GOOD, project_json=b'{"format": -Infinity}'), "-Infinity is not a number"),
    "a number too large": (lambda: changed(GOOD, project_json=b'{"format": 1e999}'), "1e999 is too large a number"),
    "named twice": (lambda: changed(GOOD, project_json=b'{"format": 1, "format": 1}'), "something is named twice"),
    "half a character": (lambda: changed(GOOD, project_json=b'{"title": "\\ud800"}'), "not valid JSON ('utf-8' codec"),
    "two values": (lambda: changed(GOOD, project_json=b"{} {}"), "is not valid JSON (Extra data"),
}  # fmt: skip


@pytest.mark.parametrize("case", JSON)
def test_json_that_is_too_much_is_refused(path: Path, case: str) -> None:
    make, words = JSON[case]
    data = make()
    with in_little_memory():
        sentence = opened(path, data)
    assert isinstance(sentence, str)
    assert words in sentence


def test_text_of_any_kind_is_no_structure(path: Path) -> None:
    """Brackets, quotes and backslashes in a text do not count, wherever the pieces are cut in which it is measured."""
    rng = random.Random(0)
    for _ in range(20):
        notes = "".join(rng.choices('\\"[]{},:\n\u2028a', k=rng.choice([3, 100, 5000])))
        project = replace(PROJECT, notes=notes * rng.choice([1, 1, 1, 300]))
        found = opened(path, storage.to_bytes(project))
        assert isinstance(found, Stored)
        assert found.project == project


# -- drawings that make no sense ---------------------------------------------------------------------------------------


def written(**changes: Any) -> dict[str, Any]:
    return storage.project_to_json(PROJECT) | changes


def drawn(**changes: Any) -> dict[str, Any]:
    return written(graph=written()["graph"] | changes)


NODE = {"id": "n1", "title": "a", "layer": {"name": "ReLU", "settings": {}}, "position": [0, 0]}
HUGE = 10**4000
DRAWINGS: list[tuple[Any, str]] = [
    (b"null", "it is nothing, not an object"),
    ([], "it is the list [], not an object"),
    ({}, "its format is nothing, not 1"),
    (written(format=True), "its format is yes, not 1"),
    (written(format="1"), "its format is the text '1', not 1"),
    (written(format=0), "its format is 0, not 1"),
    (written(format=HUGE), "was saved by a newer NN Studio (format 1000"),
    (written(format=2), "was saved by a newer NN Studio (format 2; this one reads up to 1)"),
    (written(graph=None), "graph: it has no list of nodes"),
    (written(graph={"nodes": {}}), "graph: it has no list of nodes"),
    (written(title=3), "title is 3, not a text"),
    (written(notes=["x"] * 1000), "notes is the list ['x', 'x', "),
    (written(data=[]), "data is the list [], not an object"),
    (written(data={"trusted": True}), "data has no setting called 'trusted'"),
    (written(data={"dataset": {"name": "os.system"}}), "data: dataset: there is no dataset called 'os.system'"),
    (written(data={"dataset": "/etc/passwd"}), "data: dataset: dataset needs an object"),
    (written(data={"dataset": {"name": "Iris", "settings": {"x": 1}}}), "data: dataset: settings needs only"),
    (written(data={"test_share": HUGE}), "test_share needs a number from 0 to 0.9, but got 1000"),
    (written(data={"test_share": "0,2"}), "test_share needs a number from 0 to 0.9, but got the text '0,2'"),
    (written(data={"random_state": -1}), "random_state needs a whole number from 0 to 4294967295, but got -1"),
    (written(data={"standardise": 1}), "standardise needs yes or no"),
    (written(training={"epochs": 1.5}), "epochs needs a whole number from 1 to 10000000, but got 1.5"),
    (written(training={"epochs": HUGE}), "epochs needs a whole number"),
    (written(training={"batch_size": 0}), "batch_size needs a whole number"),
    (written(training={"device": ["cpu"]}), "device needs one of auto, cpu, cuda, mps, but got the list ['cpu']"),
    (written(training={"device": "cuda:0"}), "device needs one of auto"),
    (written(training={"optimizer": {"name": "Adam", "settings": {"lr": HUGE}}}), "training: optimizer: lr needs"),
    (written(training={"schedule": 1}), "training: schedule: schedule needs"),
    (drawn(nodes=[1]), "graph: node 1 is 1, not an object"),
    (drawn(nodes=[NODE | {"id": 1}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n1\n"}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n" * 65}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n１"}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"title": None}]), "graph: node n1 has no title"),
    (drawn(nodes=[NODE | {"position": [0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": ["0", "0"]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": [True, 0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": [None, 0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"layer": None}]), "graph: the layer of node n1 is nothing, not an object with a name"),
    (drawn(nodes=[NODE | {"layer": {"name": 3}}]), "graph: the layer of node n1 is a value of type dict"),
    (drawn(nodes=[NODE | {"layer": {"name": "x" * 201}}]), "graph: the layer of node n1 is"),
    (drawn(edges={}), "graph: its wires are not a list"),
    (
        drawn(edges=[["n1", "output", "n2"]]),
        "graph: wire 1 is the list ['n1', 'output', 'n2'], not a list of four texts",
    ),
    (drawn(edges=[[1, 2, 3, 4]]), "graph: wire 1 is the list [1, 2, 3, 4], not a list of four texts"),
    (drawn(edges=["abcd"]), "graph: wire 1 is the text 'abcd', not a list of four texts"),
    (drawn(created=-1), "graph: created is -1, not a whole number"),
    (drawn(created=HUGE), "graph: created is 1000"),
    (drawn(created="3"), "graph: created is the text '3', not a whole number"),
    (drawn(nodes=[NODE | {"id": f"n{i}"} for i in range(20_001)]), "graph: it has more than 20,000 nodes"),
]


@pytest.mark.parametrize(("project", "words"), DRAWINGS, ids=range(len(DRAWINGS)))
def test_what_is_no_project_is_refused_in_words(path: Path, project: Any, words: str) -> None:
    sentence = opened(path, changed(GOOD, project_json=project))
    assert isinstance(sentence, str)
    assert words in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes": [*written()["graph"]["nodes"], NODE]}, "node 4 (a) has the id n1 of another node"),
        ({"edges": [["n1", "output", "n9", "input"]]}, "wire 1 ends at a node 'n9' that is not there"),
        ({"edges": [["n9", "output", "n1", "input"]]}, "wire 1 ends at a node 'n9' that is not there"),
        ({"edges": [["n1", "side", "n2", "input"]]}, "wire 1 ends at input, which has no port called 'side'"),
        ({"edges": [["n1", "output", "n2", "side"]]}, "wire 1 ends at Hidden, which has no port called 'side'"),
        (
            {"edges": [["n1", "output", "n2", "input"], ["n2", "output", "n2", "input"]]},
            "wire 2 is the second that ends at Hidden, input 'input'",
        ),
        (
            {"edges": [["n1", "output", "n9", "input"]] * 3},
            "wire 1 ends at a node 'n9' that is not there and 2 more like it",
        ),
    ],
)
def test_what_leads_nowhere_is_left_out_and_said(path: Path, changes: dict[str, Any], words: str) -> None:
    found = opened(path, changed(GOOD, project_json=drawn(**changes)))
    assert isinstance(found, Stored)
    assert found.notices == (f"In the drawing, {words}; it was left out.",)
    assert list(found.project.graph.nodes.values()) == list(PROJECT.graph.nodes.values())
    with pytest.raises(ValueError, match=re.escape(words)):  # the clipboard, where nobody reads notices
        storage.graph_from_json(written()["graph"] | changes)


def test_a_circle_opens_for_the_canvas_to_show(path: Path) -> None:
    wires = [["n2", "output", "n2", "input"]]
    found = opened(path, changed(GOOD, project_json=drawn(edges=wires)))
    assert isinstance(found, Stored)
    assert found.project.graph.edges == (Edge("n2", "output", "n2", "input"),)
    assert found.project.graph.cycle() == ["n2"]


def test_hints_that_a_file_may_be_trusted_are_left_out_and_said(path: Path) -> None:
    node = NODE | {"layer": NODE["layer"] | {"sys.path": "/tmp"}, "plugin": "x"}  # type: ignore[operator]
    project = drawn(nodes=[node], edges=[]) | {"trusted": True, "safe_mode": False}
    found = opened(path, changed(GOOD, project_json=project))
    assert isinstance(found, Stored)
    assert found.notices == (
        "What this version does not know was left out: 'plugin', 'safe_mode', 'sys.path' and more.",
    )


@pytest.mark.parametrize(
    "name", ["os.system", "torch.hub.load", "__import__", "builtins.eval", "Missing", "../Linear", "\u202e\x00", ""]
)
def test_a_layer_by_any_other_name_is_an_inert_placeholder(path: Path, name: str) -> None:
    node = NODE | {"layer": {"name": name, "settings": {"__class__": "x", "args": ["rm -rf /"]}}, "title": name}
    found = opened(path, changed(GOOD, project_json=drawn(nodes=[node], edges=[])))
    assert isinstance(found, Stored)
    kept = found.project.graph.nodes["n1"]
    assert isinstance(kept.layer, Missing)
    assert kept.layer.name == name
    assert kept.layer.reason.isprintable()
    assert kept.title.isprintable()
    assert storage.project_to_json(found.project)["graph"]["nodes"][0]["layer"] == node["layer"]


def test_ids_of_any_form_are_kept_and_never_used_again(path: Path) -> None:
    ids = ["n7", "n007", "a", "n999999999999", "N8", "-", "n8x"]
    project = drawn(nodes=[NODE | {"id": node_id} for node_id in ids], edges=[], created=3)
    found = opened(path, changed(GOOD, project_json=project))
    assert isinstance(found, Stored)
    assert list(found.project.graph.nodes) == ids
    assert len({node.title for node in found.project.graph.nodes.values()}) == len(ids)
    graph, node = found.project.graph.add(layer("ReLU"))
    assert node.id == "n1000000000000"
    assert len(graph.nodes) == len(ids) + 1


@pytest.mark.parametrize("title", ["same", "数", "x_2", "a" * 90])
def test_twenty_thousand_nodes_of_one_title_open_at_once(path: Path, title: str) -> None:
    nodes = [
        {"id": f"n{i}", "title": title, "layer": {"name": "Quux" if i % 2 else "ReLU", "settings": {}}}
        for i in range(20_000)
    ]
    wires = [[f"n{i}", "output", f"n{i + 1}", "input"] for i in range(19_999)]
    data = changed(GOOD, project_json=drawn(nodes=nodes, edges=wires))
    found = opened(path, data)
    assert isinstance(found, Stored)
    assert len({node.title for node in found.project.graph.nodes.values()}) == 20_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [place for key, item in items for place in places(item, (*way, key))]


@settings(max_examples=200)
@given(data=st.data(), entry=st.sampled_from(["project.json", "checkpoint.json"]))
def test_anything_in_any_place_is_a_sentence_a_notice_or_a_setting(data: st.DataObject, entry: str) -> None:
    """With a manifest that is right: nothing but the checks of each value stands in the way."""
    value = json.loads(contents(GOOD)[entry])
    *way, last = data.draw(st.sampled_from(places(value)))
    holder = value
    for key in way:
        holder = holder[key]
    if data.draw(st.booleans()) or isinstance(holder, list):
        holder[last] = data.draw(json_values)
    else:
        del holder[last]
    folder: Path = _folder
    path = folder / "bad.nnstudio"
    found = opened(path, changed(GOOD, **{entry.replace(".", "_"): json.dumps(value).encode()}))
    if isinstance(found, str):
        assert entry == "project.json"
        return
    assert all(notice.isprintable() for notice in found.notices)
    again = storage.to_bytes(found.project, found.checkpoint)
    path.write_bytes(again)
    stored = storage.read(path)
    assert stored.notices == ()
    assert stored.project == found.project
    assert same(found.checkpoint, stored.checkpoint)
    if entry == "checkpoint.json":
        assert found.project == PROJECT
        assert (found.checkpoint is None) == bool(found.notices)


_folder = Path()


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _folder
    _folder = tmp_path_factory.mktemp("hostile")
    (_folder / "warm.nnstudio").write_bytes(GOOD)
    storage.read(_folder / "warm.nnstudio")


# -- numbers -----------------------------------------------------------------------------------------------------------

F32 = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
TENSORS: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": b"1234567",
    "a header of no length": tensors({}, length=0),
    "a header of 2^63": tensors({}, length=2**63),
    "a header of 101 MB": tensors({}, length=101 << 20),
    "a header longer than the file": tensors({}, length=3),
    "a header that is no JSON": tensors(b"{"),
    "a header that is no text": tensors(b"\xff\xfe"),
    "a header that is a list": tensors([]),
    "a deep header": tensors(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "one name twice": tensors(b'{"w":%b,"w":%b}' % (json.dumps(F32).encode(), json.dumps(F32).encode()), bytes(4)),
    "trailing bytes": tensors({"w": F32}, bytes(5)),
    "too few bytes": tensors({"w": F32}, bytes(3)),
    "overlapping": tensors({"w": F32, "v": F32}, bytes(4)),
    "a hole": tensors({"w": F32 | {"data_offsets": [4, 8]}}, bytes(8)),
    "offsets that turn back": tensors({"w": F32 | {"data_offsets": [4, 0]}}, bytes(4)),
    "a shape that overflows": tensors({"w": F32 | {"shape": [2**62, 4]}}, bytes(4)),
    "a negative shape": tensors({"w": F32 | {"shape": [-1]}}, bytes(4)),
    "a shape of text": tensors({"w": F32 | {"shape": "1"}}, bytes(4)),
    "an unknown type": tensors({"w": F32 | {"dtype": "PICKLE"}}, bytes(4)),
    "complex numbers": tensors({"w": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
}


@pytest.mark.parametrize("case", TENSORS)
@pytest.mark.parametrize("entry", ["weights", "state"])
def test_broken_tensors_leave_the_drawing(path: Path, entry: str, case: str) -> None:
    found = opened(path, changed(GOOD, **{f"{entry}_safetensors": TENSORS[case]}))
    assert isinstance(found, Stored)
    assert found.checkpoint is None
    assert f"{entry}.safetensors" in found.notices[0]
    assert_unharmed(found)


def test_one_bit_in_the_weights_is_seen_and_the_drawing_opens(path: Path) -> None:
    data = bytearray(GOOD)
    place = GOOD.index(CHECKPOINT.weights["hidden.weight"].tobytes()) + 9
    data[place] ^= 16
    found = opened(path, bytes(data))
    assert_unharmed(found)
    assert isinstance(found, Stored)
    assert found.notices == (
        "The weights in bad.nnstudio were left out (weights.safetensors is damaged or absent); "
        "the drawing and the settings are intact.",
    )
    assert found.picture == PICTURE


@pytest.mark.parametrize("entry", ["checkpoint_json", "weights_safetensors", "state_safetensors"])
def test_weights_come_whole_or_not_at_all(path: Path, entry: str) -> None:
    found = opened(path, changed(GOOD, **{entry: None}))
    assert isinstance(found, Stored)
    assert found.checkpoint is None
    assert_unharmed(found)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("epoch", -1, "epoch is -1, not a count"),
        ("step", HUGE, "step is 1000"),
        ("batch", True, "batch is yes, not a count"),
        ("seconds", HUGE, "seconds is 1000"),
        ("seconds", [], "seconds is the list [], not a number"),
        ("names", [], "names is the list [], not an object"),
        ("names", {"n1": 3}, "names holds 3, not a text"),
        ("recipe", {"seed": None}, "recipe holds nothing, not a text"),
        ("schedule", 3, "schedule is 3, not an object"),
        ("pending_sums", {"accuracy": 1}, "pending_sums holds 1, not a list of numbers"),
        ("pending_sums", {"accuracy": ["1"]}, "pending_sums is the text '1', not a number"),
        ("history", {}, "history is a value of type dict, not a list"),
        ("history", [3], "history: a record is not made of"),
        ("history", [{**RECORD, "x": 1}], "history: a record is not made of"),
        ("history", [{**RECORD, "train": {"loss": "0,5"}}], "train is the text '0,5', not a number"),
        ("history", [{**RECORD, "test": None}], "test is nothing, not an object"),
        ("history", [{**RECORD, "lr": HUGE}], "lr is 1000"),
    ],
)  # fmt: skip
def test_a_checkpoint_that_is_none_leaves_the_drawing(path: Path, key: str, value: Any, words: str) -> None:
    checkpoint = json.loads(contents(GOOD)["checkpoint.json"]) | {key: value}
    found = opened(path, changed(GOOD, checkpoint_json=checkpoint))
    assert isinstance(found, Stored)
    assert f"(checkpoint.json: {words}" in found.notices[0]
    assert_unharmed(found)


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_file_that_was_cut_off_is_refused(path: Path) -> None:
    for length in range(0, len(GOOD), 7):
        assert isinstance(opened(path, GOOD[:length]), str), length


def damaged(rng: random.Random) -> bytes:
    """The good file with one bit turned, some bytes written over, or two blocks exchanged."""
    data = bytearray(GOOD)
    what = rng.randrange(3)
    if what == 0:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif what == 1:
        start, length = rng.randrange(len(data)), rng.randrange(1, 65)
        data[start : start + length] = rng.randbytes(length)[: len(data) - start]
    else:
        size = rng.randrange(1, 200)
        one, other = sorted(rng.sample(range(0, len(data) - size), 2))
        data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]
    return bytes(data)


def test_a_thousand_damaged_files_never_become_another_project(path: Path) -> None:
    rng = random.Random(20)
    outcomes = {"refused": 0, "left out": 0, "whole": 0}
    for number in range(1000):
        data = damaged(rng)
        found = opened(path, data)
        try:
            assert_unharmed(found)
        except AssertionError:
            print(f"damaged file {number}: {data.hex()}")
            raise
        outcomes["refused" if isinstance(found, str) else "left out" if found.notices else "whole"] += 1
    assert min(outcomes["refused"], outcomes["left out"]) > 100, outcomes


def test_a_project_that_was_saved_over_the_numbers_of_another_is_seen(path: Path) -> None:
    """The entries of two good files, mixed."""
    other = storage.to_bytes(replace(PROJECT, title="Other"), replace(CHECKPOINT, step=7), PICTURE)
    found, others = entries(GOOD), entries(other)
    for place, entry in enumerate(found[1:-1], start=1):
        mixed = zipped([*found[:place], others[place], *found[place + 1 :]])
        if others[place].content == entry.content:
            continue
        assert_unharmed(opened(path, mixed))


def test_the_oracle_hears() -> None:
    """What the tests above rely on: code that is run or files that are opened do not go unheard."""
    with pytest.raises(AssertionError, match=r"os\.system"), watched(Path("x")):
        __import__("os").system("true")
    with pytest.raises(AssertionError, match="compile"), watched(Path("x")):
        exec("1")
    with pytest.raises(AssertionError, match="open"), watched(Path("x")):
        open(__file__).close()
    with pytest.raises(AssertionError, match="pickle"), watched(Path("x")):
        pickle.loads(pickle.dumps(Path))
