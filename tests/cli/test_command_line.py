"""Every wrong use is one sentence, an exit code, and nothing changed on disk."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import nnstudio as package
from engine.projects import iris
from nnstudio.core import container, storage
from nnstudio.core.project import DataSettings

ROOT = Path(package.__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def rewritten(path: Path, change) -> None:
    """The project file again, with its project.json changed as text and all sums right."""
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    entries["project.json"] = change(entries["project.json"].decode()).encode()
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in entries.items() if name != "manifest.json"}
    entries["manifest.json"] = json.dumps({"sha256": sums}).encode()
    path.write_bytes(container.pack(entries))


def broken(path: Path) -> Path:
    path.write_bytes(b"this is no project")
    return path


def truncated(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-200])
    return path


def flipped(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    return path


def unknown_layer(path: Path) -> Path:
    rewritten(path, lambda text: text.replace('"ReLU"', '"Wobble"'))
    return path


def impossible_size(path: Path) -> Path:
    rewritten(path, lambda text: text.replace('"out_features": 32', '"out_features": 0'))
    return path


def missing(path: Path) -> Path:
    path.unlink()
    return path


def folder(path: Path) -> Path:
    path.unlink()
    path.mkdir()
    return path


BAD_FILES = [
    (broken, 2, "is not an NN Studio project"),
    (truncated, 2, "damaged"),
    (flipped, 2, "damaged"),
    (missing, 2, "cannot be read: No such file"),
    (folder, 2, "is not a file"),
    (unknown_layer, 1, "relu: there is no layer called 'Wobble'"),
    (impossible_size, 1, "linear"),
]


READING = [
    ("check", "{}"),
    ("check", "{}", "--json"),
    ("train", "{}", "--json"),
    ("evaluate", "{}"),
    ("predict", "{}", "--input", "rows.csv"),
    ("export", "{}", "--to", "python", "out.py"),
]


@pytest.mark.parametrize("words", READING, ids=" ".join)
@pytest.mark.parametrize(("spoil", "code", "expected"), BAD_FILES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_bad_file(nnstudio, flowers, monkeypatch, tmp_path, words, spoil, code, expected) -> None:
    monkeypatch.chdir(tmp_path)
    path = spoil(flowers)
    before = path.read_bytes() if path.is_file() else None
    listed = sorted(os.listdir(tmp_path))
    result = nnstudio(*[word.format(path) for word in words])
    assert result.code == code
    if code == 2 or words[0] in ("check", "train", "export"):
        assert expected in result.sentence
    else:  # there are no weights either, which is said first
        assert "no weights" in result.sentence
    assert (path.read_bytes() if path.is_file() else None) == before
    assert sorted(os.listdir(tmp_path)) == listed


WRONG_USE = [
    ("train", "{}", "--epochs", "0"),
    ("train", "{}", "--epochs", "many"),
    ("train", "{}", "--seed", "-1"),
    ("train", "{}", "--device", "abacus"),
    ("train",),
    ("train", "{}", "--out", "no/such/folder/f"),
    ("train", "{}", "--out", "."),
    ("trian", "{}"),
    ("{}", "{}"),
    ("no such file",),
    ("--wrong",),
    ("new", "iris", "{}"),
    ("new", "no-such-example", "f"),
    ("new", "iris", "no/such/folder/f"),
    ("export", "{}", "--to", "fortran", "out.f"),
    ("export", "{}", "--to", "python", "{}"),
    ("export", "{}", "--to", "python", "no/such/folder/out.py"),
    ("predict", "{}"),
    ("predict", "{}", "--input", "rows.csv", "--output", "{}"),
]


@pytest.mark.parametrize("words", WRONG_USE, ids=" ".join)
def test_wrong_use(nnstudio, flowers, monkeypatch, tmp_path, words) -> None:
    monkeypatch.chdir(tmp_path)
    before = flowers.read_bytes()
    result = nnstudio(*[word.format(flowers) for word in words])
    assert result.code == 2
    assert result.sentence.startswith("nnstudio: ")
    assert result.out == ""
    assert flowers.read_bytes() == before
    assert os.listdir(tmp_path) == [flowers.name]


def test_wrong_use_names_the_help_of_the_command(nnstudio, flowers) -> None:
    assert "nnstudio predict --help" in nnstudio("predict", flowers).sentence
    assert nnstudio("check", "--help").out.startswith("usage: nnstudio check ")


def test_an_unknown_layer_says_what_is_needed_and_how_to_mend_it(nnstudio, flowers) -> None:
    result = nnstudio("check", unknown_layer(flowers), "--json")
    problem = json.loads(result.out)["problems"][0]
    assert (problem["node"], problem["got"]) == ("relu", "Wobble")
    assert problem["needed"] and problem["fix"]


def test_a_project_packed_by_another_program_opens(nnstudio, flowers) -> None:
    with zipfile.ZipFile(flowers) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(flowers, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    assert nnstudio("check", flowers).code == 0
    assert nnstudio("train", flowers, "--epochs", 1).code == 0


def test_a_part_that_is_not_known_is_said_and_the_weights_are_used(nnstudio, trained, tmp_path) -> None:
    """Only training in place would lose it for good."""
    expected = nnstudio("evaluate", trained, "--json").out
    rewritten(trained, lambda text: text.replace('"title"', '"trusted": true, "title"', 1))
    before = trained.read_bytes()
    result = nnstudio("evaluate", trained, "--json")
    assert result.code == 0 and result.out == expected and "'trusted'" in result.sentence
    assert nnstudio("train", trained).code == 2
    assert trained.read_bytes() == before
    assert nnstudio("train", trained, "--out", tmp_path / "out", "--epochs", 41).code == 0
    assert json.loads(nnstudio("evaluate", tmp_path / "out", "--json").out)["epoch"] == 41


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="for root nothing is read-only")
def test_what_is_read_only_is_said_before_the_training(nnstudio, flowers) -> None:
    flowers.chmod(0o444)
    result = nnstudio("train", flowers)
    assert result.code == 2 and result.out == "" and "read-only" in result.sentence


def test_a_device_is_said_before_the_training(nnstudio, flowers) -> None:
    result = nnstudio("train", flowers, "--out", os.devnull)
    assert result.code == 2 and result.out == "" and "not a file" in result.sentence


def test_a_command_that_is_misspelt_gets_a_hint(nnstudio) -> None:
    assert "Did you mean examples?" in nnstudio("exampels").sentence
    assert "Did you mean iris?" in nnstudio("new", "irsi", "f").sentence


def test_a_traceback_only_with_debug(nnstudio, tmp_path) -> None:
    path = broken(tmp_path / "f")
    assert "Traceback" not in nnstudio("check", path).err
    assert "Traceback" in nnstudio("--debug", "check", path).err
    assert "Traceback" in nnstudio("check", path, "--debug").err


def test_a_device_that_is_not_there_is_wrong_use(nnstudio, flowers) -> None:
    if torch.backends.mps.is_available():
        pytest.skip("this computer has both")
    result = nnstudio("train", flowers, "--device", "mps")
    assert result.code == 2
    assert "mps cannot be used" in result.sentence


def test_a_failure_inside_is_a_sentence_too(nnstudio, flowers, monkeypatch) -> None:
    monkeypatch.setattr("nnstudio.cli.check.check", lambda project: 1 / 0)
    result = nnstudio("check", flowers)
    assert result.code == 1
    assert "ZeroDivisionError" in result.sentence and "--debug" in result.sentence


def test_a_file_or_nothing_opens_the_window(nnstudio, flowers, monkeypatch) -> None:
    opened = []
    monkeypatch.setattr("nnstudio.ui.application.open_window", lambda path: opened.append(path) or 0)
    assert nnstudio().code == nnstudio(flowers).code == nnstudio("--debug", flowers).code == 0
    assert opened == [None, str(flowers), str(flowers)]


def test_version_and_help(nnstudio) -> None:
    assert nnstudio("--version").out.strip() == f"nnstudio {package.__version__}"
    helped = nnstudio("--help")
    assert helped.code == 0
    for name in ("examples", "new", "check", "train", "lr-range", "evaluate", "predict", "export"):
        assert name in helped.out


def test_examples_are_listed_in_order(nnstudio) -> None:
    listed = json.loads(nnstudio("examples", "--json").out)["examples"]
    names = [example["name"] for example in listed]
    assert names[0] == "single-neuron" and "iris" in names and len(names) == 15
    assert all(example["title"] and example["sentence"].endswith(".") for example in listed)
    assert len(nnstudio("examples").out.splitlines()) == 15


def test_new_takes_the_name_as_it_is_and_replaces_only_with_force(nnstudio, tmp_path) -> None:
    path = tmp_path / "f"
    assert nnstudio("new", "iris", path).code == 0
    project = storage.read(path).project
    assert project.title == "Iris"
    before = path.read_bytes()
    assert nnstudio("new", "xor", path).code == 2
    assert path.read_bytes() == before
    assert nnstudio("new", "xor", path, "--force").code == 0
    assert storage.read(path).project.title != "Iris"


def test_check_describes_every_node(nnstudio, flowers) -> None:
    result = nnstudio("check", flowers, "--json")
    assert result.code == 0 and len(result.out.splitlines()) == 1
    said = json.loads(result.out)
    assert said["parameters"] == 739
    assert said["problems"] == []
    assert said["nodes"][1] == {"title": "linear", "layer": "Linear", "output_shape": [None, 32], "parameters": 160}
    text = nnstudio("check", flowers).out
    assert "739 parameters" in text and "4 → 32" in text and "no problems" in text


def test_check_names_the_node_the_need_and_the_remedy(nnstudio, flowers) -> None:
    project = storage.read(flowers).project
    titles = {node.title: node_id for node_id, node in project.graph.nodes.items()}
    graph = project.graph.disconnect(project.graph.into(titles["relu"]))
    storage.write(flowers, project.with_graph(graph))
    result = nnstudio("check", flowers, "--json")
    assert result.code == 1
    problem = next(p for p in json.loads(result.out)["problems"] if p["severity"] == "error")
    assert set(problem) == {"severity", "node", "port", "message", "needed", "got", "fix"}
    assert (problem["node"], problem["port"]) == ("relu", "input")
    assert problem["needed"] and problem["got"] and problem["fix"]
    assert "relu gets nothing" in result.sentence


def test_no_data_is_a_problem_of_the_project(nnstudio, flowers) -> None:
    storage.write(flowers, replace(iris(), data=DataSettings(None)))
    out = flowers.parent / "o.py"
    for words in (("check", flowers), ("train", flowers), ("export", flowers, "--to", "python", out)):
        result = nnstudio(*words)
        assert result.code == 1 and "No data is chosen" in result.sentence
    assert not out.exists()


def test_commands_never_import_qt_and_examples_not_even_torch(tmp_path, flowers) -> None:
    script = """
import sys
from nnstudio.__main__ import main
path, out = sys.argv[1:]
imported = lambda *names: [name for name in names if name in sys.modules]
assert main(["examples"]) == 0
assert not imported("torch", "sklearn", "nnstudio.library", "PySide6", "pyqtgraph")
for words in (["check"], ["train", "--epochs", "1"], ["evaluate"], ["export", "--to", "python", out]):
    words.insert(1, path)
    assert main(words) == 0
    assert not imported("PySide6", "PySide6.QtCore", "shiboken6", "pyqtgraph", "nnstudio.ui")
"""
    command = [sys.executable, "-c", script, str(flowers), str(tmp_path / "o.py")]
    subprocess.run(command, check=True, env=ENVIRONMENT, capture_output=True)


def started(*words: object) -> subprocess.Popen[str]:
    """`nnstudio` in a process of its own."""
    command = [sys.executable, "-m", "nnstudio", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True)


def test_a_reader_that_goes_away_ends_it_quietly(flowers) -> None:
    command = ("train", flowers, "--json", "--epochs", 100_000)
    with started(*command) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["epoch"] == 1
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
    stored = storage.read(flowers)  # what was learned until then is kept
    assert stored.checkpoint is not None and stored.checkpoint.epoch >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals of this kind")
def test_ctrl_c_saves_what_was_learned_and_goes_on_exactly(flowers, nnstudio) -> None:
    command = ("train", flowers, "--json", "--epochs", 2000)
    with started(*command) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    assert err.count("\n") == 1 and "saved" in err
    stored = storage.read(flowers)
    assert stored.checkpoint is not None
    stopped = stored.checkpoint.epoch
    assert 1 <= stopped < 2000 and stored.project.training.epochs == 2000
    last = json.loads(nnstudio("train", flowers, "--json").out.splitlines()[-1])
    assert last["done"] and last["epochs"] == 2000


def test_check_says_what_follows_from_sizes_that_are_left_open(nnstudio, tmp_path) -> None:
    path = tmp_path / "digits.nnstudio"
    assert nnstudio("new", "digits-cnn", path).code == 0
    out = nnstudio("check", path, "--sizes").out
    assert "[B, 16, H//2, W//2]" in out
    assert "input, H: any size from 8 to 11" in out
    found = json.loads(nnstudio("check", path, "--sizes", "--json").out)["sizes"]
    assert found["outputs"]["flatten"] == ["B", "16*(H//4)*(W//4)"]
    assert [axis["free"] for axis in found["axes"]] == [False, True, True]
    assert "sizes" not in json.loads(nnstudio("check", path, "--json").out)
