"""What is saved comes back; and a save is done whole or not at all."""

from __future__ import annotations

import builtins
import errno
import io
import json
import math
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.drawings import checkpoints, graphs, layer, projects, same
from core.files import changed, contents
from nnstudio.core import container, replacement, storage
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.graph import Graph, module_names
from nnstudio.core.kinds import Dataset, Loss, Missing
from nnstudio.core.project import DataSettings, ParameterGroup, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.core.storage import StorageError, finite, project_from_json, project_to_json


def saved(tmp_path: Path, *what: Any) -> Path:
    path = tmp_path / "mine.nnstudio"
    storage.write(path, *what)
    return path


# -- there and back ----------------------------------------------------------------------------------------------------


@given(project=projects())
def test_a_project_comes_back_and_is_saved_again_byte_for_byte(folder: Path, project: Project) -> None:
    path = saved(folder, project)
    first = path.read_bytes()
    stored = storage.read(path)
    assert stored.project == project
    assert stored.notices == ()
    assert stored.checkpoint is None
    assert stored.picture == b""
    storage.write(path, stored.project)
    assert path.read_bytes() == first


@given(checkpoint=checkpoints(), picture=st.binary(max_size=20))
def test_a_checkpoint_comes_back_bit_for_bit(folder: Path, checkpoint: Checkpoint, picture: bytes) -> None:
    path = saved(folder, Project(), checkpoint, picture)
    stored = storage.read(path)
    assert stored.notices == ()
    assert same(checkpoint, stored.checkpoint)
    assert stored.picture == storage.read_picture(path) == picture
    assert storage.to_bytes(stored.project, stored.checkpoint, stored.picture) == path.read_bytes()


@given(graph=graphs())
def test_the_order_of_nodes_and_wires_does_not_reach_the_file(graph: Graph) -> None:
    shuffled = Graph(dict(reversed(graph.nodes.items())), graph.edges[::-1], graph.created)
    assert storage.to_bytes(Project(shuffled)) == storage.to_bytes(Project(graph))


def test_a_loss_that_was_no_number_comes_back_as_one() -> None:
    record = {"epoch": 1, "step": 2, "train": {"loss": math.inf}, "test": {"loss": math.nan}, "lr": 0.1, "seconds": 0.5}
    losses = np.array([math.nan, 1, -math.inf], np.float32)
    data = storage.to_bytes(Project(), Checkpoint({}, {}, history=History((record,), losses)))
    assert json.loads(contents(data)["checkpoint.json"])["history"][0]["train"] == {"loss": None}


def test_arrays_in_any_layout_are_kept(tmp_path: Path) -> None:
    matrix = np.arange(12, dtype=np.float32).reshape(3, 4)
    weights = {
        "turned": matrix.T,
        "every_second": matrix[:, ::2],
        "one": np.array(3.0, np.float32),
        "none": np.zeros((0, 4)),
    }
    stored = storage.read(saved(tmp_path, Project(), Checkpoint({}, weights))).checkpoint
    assert stored is not None
    assert same(dict(stored.weights), weights)


def test_finite_puts_null_where_json_has_no_number() -> None:
    value = {"a": [math.nan, 1.5, (math.inf, -0.0)], "b": {"c": -math.inf}, "d": "nan", "e": 3}
    assert finite(value) == {"a": [None, 1.5, [None, 0.0]], "b": {"c": None}, "d": "nan", "e": 3}


def test_the_file_is_what_the_documentation_says(tmp_path: Path) -> None:
    path = saved(tmp_path, Project(), Checkpoint({}, {}), b"\x89PNG")
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [name for name in container.ENTRIES if name != "data.safetensors"]
        assert archive.testzip() is None
        assert archive.read("mimetype").decode() == storage.MIME_TYPE
    head = path.read_bytes()[:80]
    assert head[30:38] == b"mimetype"
    assert head[38:].startswith(storage.MIME_TYPE.encode())


def test_a_file_of_more_than_two_gigabytes_has_the_same_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What such a file looks like, with the border moved down."""
    checkpoint = Checkpoint({}, {"w": np.arange(2000, dtype=np.float32)})
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 3000)
    path = saved(tmp_path, Project(), checkpoint)
    assert b"PK\x06\x07" in path.read_bytes()
    stored = storage.read(path)
    assert stored.notices == ()
    assert same(checkpoint, stored.checkpoint)


def test_the_first_format_opens_for_ever() -> None:
    stored = storage.read(Path(__file__).with_name("format_1.nnstudio"))
    project, checkpoint = stored.project, stored.checkpoint
    assert stored.notices == ()
    assert checkpoint is not None
    assert module_names(project.graph) == {"n1": "input", "n2": "hidden", "n3": "tanh", "n4": "linear", "n6": "output"}
    assert [edge.source for edge in project.graph.edges] == ["n1", "n2", "n3", "n4"]
    assert project.graph.nodes["n2"].layer == layer("Linear", out_features=3)
    assert project.graph.nodes["n6"].layer.loss == registered(Loss)["BCEWithLogitsLoss"]()
    assert project.data == DataSettings(registered(Dataset)["Spirals"](samples=40), 0.25, 7, False)
    assert (project.training.epochs, project.training.batch_size, project.title) == (3, 10, "Spirals")
    assert checkpoint.weights["hidden.weight"].shape == (3, 2)
    assert (checkpoint.epoch, len(checkpoint.history.epochs), len(checkpoint.history.step_losses)) == (3, 3, 9)
    assert stored.picture.startswith(b"\x89PNG")


# -- layers that this program does not have ----------------------------------------------------------------------------


def newer(settings: str = '{"zeta": 1, "alpha": [1e-07, 2.5, null, {"ß": "數"}], "size": 1.0}') -> dict[str, Any]:
    """A drawing from a later version, with a layer that is not known here."""
    graph, first = Graph().add(layer("Input"))
    graph, second = graph.add(layer("Add"), title="strange")
    graph, third = graph.add(layer("Output"))
    graph = graph.wire(first, second, "b").wire(second, third)
    written = project_to_json(Project(graph))
    written["graph"]["nodes"][1]["layer"] = {"name": "Quux3d", "settings": json.loads(settings)}
    return written


def test_an_unknown_layer_is_kept_as_it_was_written(tmp_path: Path) -> None:
    data = changed(
        storage.to_bytes(Project()), project_json=json.dumps(newer(), indent=1, ensure_ascii=False).encode() + b"\n"
    )
    path = tmp_path / "newer.nnstudio"
    path.write_bytes(data)
    stored = storage.read(path)
    strange = stored.project.graph.nodes["n2"].layer
    assert isinstance(strange, Missing)
    assert strange.name == "Quux3d"
    assert strange.reason == "there is no layer called 'Quux3d' in this version of NN Studio"
    assert [port.name for port in strange.input_ports] == ["b"]
    assert len(stored.project.graph.edges) == 2
    assert stored.notices == ()
    storage.write(path, stored.project)
    assert contents(path.read_bytes())["project.json"] == contents(data)["project.json"]


@pytest.mark.parametrize(
    ("settings", "needed", "got"),
    [
        ({"out_features": 0}, "out_features to be a whole number of at least 1", "0"),
        (
            {"out_features": "3); import os #"},
            "out_features to be a whole number of at least 1",
            "the text '3); import os #'",
        ),
        ({"out_features": True}, "out_features to be a whole number of at least 1", "yes"),
        (
            {"out_features": 10**30},
            "out_features to be a whole number of at most 9,007,199,254,740,992",
            "1" + "0" * 30,
        ),
        ({"bias": None}, "bias to be yes or no (true or false)", "nothing"),
        ({"widgets": 1}, "settings to be only bias, out_features", "the unknown setting 'widgets'"),
        ([1], "settings to be an object", "the list [1]"),
    ],
)
def test_an_impossible_setting_is_kept_and_said(settings: Any, needed: str, got: str) -> None:
    graph, _ = Graph().add(layer("Linear"))
    written = project_to_json(Project(graph))
    written["graph"]["nodes"][0]["layer"]["settings"] = settings
    project = project_from_json(written)
    wrong = project.graph.nodes["n1"].layer
    assert isinstance(wrong, Missing)
    assert (wrong.needed, wrong.got) == (needed, got)
    assert project_to_json(project) == written


def test_a_loss_that_is_not_known_leaves_the_drawing_whole() -> None:
    graph, _ = Graph().add(layer("Output"))
    written = project_to_json(Project(graph))
    written["graph"]["nodes"][0]["layer"]["settings"]["loss"]["name"] = "FocalLoss"
    wrong = project_from_json(written).graph.nodes["n1"].layer
    assert isinstance(wrong, Missing)
    assert wrong.reason == "there is no loss called 'FocalLoss' in this version of NN Studio"


# -- writing -----------------------------------------------------------------------------------------------------------


class Full(io.FileIO):
    """A file on a disk that is full."""

    def write(self, data: Any) -> int:
        super().write(bytes(data)[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full(path: Any, mode: str = "r", *arguments: Any) -> Any:
    return Full(path, mode.replace("b", "")) if "x" in mode else builtins.open(path, mode, *arguments)


def refusing(*arguments: Any) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture(params=["open", "write", "fsync", "replace", "interrupt"])
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    def stopped(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if request.param in ("open", "write"):
            patch.setattr(replacement, "open", refusing if request.param == "open" else full, raising=False)
        elif request.param == "interrupt":
            patch.setattr(os, "fsync", stopped)
        else:
            patch.setattr(os, request.param, refusing)
        yield request.param


def test_a_save_that_fails_changes_nothing(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "mine.nnstudio"
    path.write_bytes(b"the old project")
    with pytest.raises((StorageError, KeyboardInterrupt)) as caught:
        storage.write(path, Project(title="new"))
    reason = os.strerror(errno.ENOSPC if fault == "write" else errno.EIO)
    if fault != "interrupt":  # a person who presses Ctrl+C gets what a person who presses Ctrl+C expects
        assert str(caught.value) == f"mine.nnstudio could not be saved in {tmp_path}: {reason}. Nothing was changed."
    assert path.read_bytes() == b"the old project"
    assert os.listdir(tmp_path) == ["mine.nnstudio"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_disk_that_is_full_changes_nothing(tmp_path: Path) -> None:
    """With a real limit on the size of files, at every length."""
    import resource

    old, new = storage.to_bytes(Project(title="old")), Project(title="new " * 50)
    path = tmp_path / "mine.nnstudio"
    path.write_bytes(old)
    length = len(storage.to_bytes(new))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in range(0, length, max(1, length // 20)):
        failed = False
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            storage.write(path, new)
        except StorageError:
            failed = True
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert failed
        assert path.read_bytes() == old
        assert os.listdir(tmp_path) == ["mine.nnstudio"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and modes")
def test_links_and_modes_are_kept(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    target, link = tmp_path / "shelf" / "real.nnstudio", tmp_path / "link.nnstudio"
    storage.write(target, Project())
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask
    target.chmod(0o640)
    link.symlink_to(target)
    for number in range(3):
        storage.write(link, Project(title=str(number)))
    assert link.is_symlink()
    assert storage.read(target).project.title == "2"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert time.time() - target.stat().st_mtime < 60
    link.unlink()
    link.symlink_to("shelf/later.nnstudio")
    storage.write(link, Project(title="later"))
    assert storage.read(tmp_path / "shelf" / "later.nnstudio").project.title == "later"
    assert sorted(os.listdir(tmp_path / "shelf")) == ["later.nnstudio", "real.nnstudio"]


@pytest.mark.parametrize(
    "name", ["a" * 246 + ".nnstudio", "数" * 82 + ".nnst", "\u202egnp\n.nnstudio", "-rf ~.nnstudio", "a?*.x"]
)
def test_any_name_that_the_system_takes_will_do(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("this system does not take the name")
    storage.write(path, Project(title="mine"))
    assert storage.read(path).project.title == "mine"
    path.write_bytes(b"no project")
    with pytest.raises(StorageError) as caught:
        storage.read(path)
    assert str(caught.value).isprintable()
    assert str(caught.value).endswith("is not an NN Studio project.")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("nowhere/mine.nnstudio", "No such file or directory"),
        ("folder", "it is a folder or a device, not a file"),
        ("file/mine.nnstudio", "Not a directory"),
        ("nul\0.nnstudio", "embedded null byte"),
        ("a" * 300, "File name too long"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=words) as caught:
        storage.write(tmp_path / place, Project())
    assert str(caught.value).endswith(". Nothing was changed.")
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null")
def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(StorageError, match="a folder or a device"):
        storage.write("/dev/null", Project())
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_is_read_only_stays_as_it_is(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    path = saved(shelf, Project(title="old"))
    before = path.read_bytes()
    if what == "file":  # the superuser may write even then, so what the system would say is said for it
        monkeypatch.setattr(os, "access", lambda target, mode: Path(target) != path.resolve())
    elif os.geteuid() == 0:
        pytest.skip("nothing is read-only for the superuser")
    else:
        shelf.chmod(0o500)
    with pytest.raises(StorageError, match=r"could not be saved in .*shelf: (the file is read-only|Permission denied)"):
        storage.write(path, Project(title="new"))
    shelf.chmod(0o700)
    assert path.read_bytes() == before
    assert os.listdir(shelf) == ["mine.nnstudio"]


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = saved(tmp_path, Project(title="old"))
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"its project\.json would be too large"):
        storage.write(path, Project(notes="x" * (17 << 20)))
    assert path.read_bytes() == before


def test_half_a_character_does_not_stop_a_save(tmp_path: Path) -> None:
    graph, _ = Graph().add(layer("ReLU"), title="half \ud83d")
    stored = storage.read(saved(tmp_path, Project(graph, notes="half \ud83d")))
    assert stored.project.notes == "half ?"
    assert stored.project.graph == graph


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_program_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    code = """
import sys
from nnstudio.core import storage
from nnstudio.core.project import Project
projects = [Project(title=title, notes=title * 30000) for title in ("one", "two")]
print("ready", flush=True)
while True:
    for project in projects:
        storage.write(sys.argv[1], project)
"""
    path = saved(tmp_path, Project(title="one", notes="one" * 30000))
    for moment in range(6):
        program = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        with program:
            assert program.stdout is not None
            program.stdout.readline()
            time.sleep(0.005 + 0.0037 * moment)  # the moment of the kill is what is tried here
            program.send_signal(signal.SIGKILL)
        stored = storage.read(path)
        assert stored.project.title in ("one", "two")
        assert stored.project.notes == stored.project.title * 30000


# -- speed -------------------------------------------------------------------------------------------------------------


def test_a_large_drawing_and_a_long_history_are_saved_and_read_at_once(tmp_path: Path) -> None:
    graph, last = Graph(), None
    for _ in range(2000):
        graph, node = graph.add(layer("Linear"))
        graph = graph.wire(last, node) if last else graph
        last = node
    figures = {"loss": 0.123456789, "accuracy": 0.5}
    records = [
        {"epoch": n, "step": n, "train": figures, "test": figures, "lr": 0.001, "seconds": n / 3} for n in range(20_000)
    ]
    checkpoint = Checkpoint({}, {}, history=History(tuple(records), np.zeros(10**6, np.float32)))
    start = time.perf_counter()
    path = saved(tmp_path, Project(graph), checkpoint)
    stored = storage.read(path)
    assert time.perf_counter() - start < 5
    assert stored.project.graph == graph
    assert stored.checkpoint is not None
    assert same(stored.checkpoint.history, checkpoint.history)


def test_a_picture_is_read_without_the_rest(tmp_path: Path) -> None:
    path = saved(tmp_path, Project(), Checkpoint({}, {"w": np.zeros(1 << 22, np.float32)}), b"\x89PNG")
    start = time.perf_counter()
    assert storage.read_picture(path) == b"\x89PNG"
    assert time.perf_counter() - start < 0.1
    assert storage.read_picture(tmp_path / "absent") == b""
    assert storage.read_picture(tmp_path) == b""


def test_a_pipe_does_not_make_the_gallery_wait(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes")
    os.mkfifo(tmp_path / "pipe.nnstudio")
    assert storage.read_picture(tmp_path / "pipe.nnstudio") == b""
    with pytest.raises(StorageError, match="is not a file"):
        storage.read(tmp_path / "pipe.nnstudio")


def test_every_setting_of_data_and_training_comes_back() -> None:
    usual = TrainingSettings()
    other: dict[str, Any] = {
        "epochs": 7, "batch_size": 3, "seed": 9, "device": "cpu", "accumulate": 4, "clip_norm": 1.5, "clip_value": 0.5,
        "groups": (ParameterGroup(("n1", "n2/n3"), 0.1, 0.0), ParameterGroup(("n4",))), "decay_biases": False,
        "class_weights": True, "patience": 5, "min_delta": 0.01, "keep_best": True, "ema_decay": 0.99,
        "precision": "bfloat16", "compile": True, "captured": False,
    }  # fmt: skip
    assert set(other) == {item.name for item in fields(TrainingSettings)} - {"optimizer", "schedule"}
    assert all(value != getattr(usual, name) for name, value in other.items())
    data = DataSettings(test_share=0.3, random_state=1, standardise=False, validation_share=0.25)
    project = Project(data=data, training=TrainingSettings(**other))
    assert project_from_json(json.loads(json.dumps(project_to_json(project)))) == project


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"training": {"groups": {}}}, "groups is"),
        ({"training": {"groups": [{"lr_factor": 1}]}}, "is no group"),
        ({"training": {"groups": [{"nodes": [1]}]}}, "nodes needs a list of str values"),
        ({"training": {"groups": [{"nodes": ["n1"], "lr_factor": -1}]}}, "lr_factor needs a number from 0"),
        ({"training": {"clip_norm": 0}}, "clip_norm needs a number from"),
        ({"training": {"precision": "float8"}}, "precision needs one of float32, bfloat16, float16"),
        ({"data": {"augmentations": [None]}}, "augmentations is"),
        ({"data": {"split": {"name": "Odd"}}}, "no split called 'Odd'"),
    ],
)
def test_a_wrong_finer_setting_is_named(written: dict[str, Any], words: str) -> None:
    whole = project_to_json(Project())
    for part, settings in written.items():
        whole[part] |= settings
    with pytest.raises(StorageError, match=words):
        project_from_json(whole)
