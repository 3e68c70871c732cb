"""Wrong, truncated, hostile and unsupported files: a located sentence, bounded time and memory, and nothing else."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
import torch
from safetensors.torch import save
from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.project import Project
from nnstudio.engine.importing import ImportRefused, import_module, import_pt2, import_python, load_weights
from nnstudio.engine.importing.in_child.python_module import import_here

HEAD = "import os, sys, time\nimport torch\nfrom torch import nn\n"
MODEL = HEAD + "class Model(nn.Linear):\n    def __init__(self): super().__init__(4, 3)\n"


def refused(call: Callable[[], object]) -> str:
    """The one sentence with which it is refused."""
    with pytest.raises(ImportRefused) as found:
        call()
    sentence = str(found.value)
    assert "\n" not in sentence and sentence.endswith((".", ")")) and len(sentence) < 1000
    return sentence


def run(folder: Path, source: str, class_name: str = "Model", seconds: float = 60, memory: int | None = None) -> str:
    path = folder / "model.py"
    path.write_text(source)
    kind = (TensorType((4,)),)
    return refused(lambda: import_python(path, class_name, (), kind, True, seconds=seconds, memory=memory))


# -- Python files, without running them --------------------------------------------------------------------------------


def test_nothing_is_run_before_a_person_agrees(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n{MODEL}")
    assert "Agree to that" in refused(lambda: import_python(path, "Model"))
    assert not (tmp_path / "ran").exists()
    archive = tmp_path / "model.pt2"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x", "y")
    assert "Agree to that" in refused(lambda: import_pt2(archive))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"def broken(:\n", "model.py, line 1: it is no Python"),
        (b"\x00\x01\x02", "model.py"),
        (b"", "is empty"),
        (b"class Other: pass\n", "has no Model; it defines Other"),
        (b"(" * 100_000, "model.py"),
        (b"# " + b"x" * (9 << 20), "are read"),
    ],
)
def test_what_is_no_python_or_has_no_such_class_is_said_at_once(source: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_bytes(source)
    assert words in refused(lambda: import_python(path, "Model", agreed=True))


def test_what_is_no_file_is_refused(tmp_path: Path, project: Project) -> None:
    for call in (import_python, import_pt2, lambda path: load_weights(project, path)):
        assert "No such file" in refused(lambda call=call: call(tmp_path / "absent.pt"))
        assert "is not a file" in refused(lambda call=call: call(tmp_path))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pt")
        assert "is not a file" in refused(lambda: load_weights(project, tmp_path / "pipe.pt"))


# -- Python files that are run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"{HEAD}import not_there_at_all\nModel = 1\n", "model.py, line 4: it fails with ModuleNotFoundError"),
        (f"{HEAD}\nModel = lambda: 7\n", "gives no torch.nn.Module but int"),
        (f"{HEAD}\nModel = 7\n", "Model is no torch.nn.Module"),
        (f"{HEAD}class Model(nn.Module):\n    def __init__(self, n): pass\n", "It takes Model(n)"),
        (f"{HEAD}class Model(nn.Module):\n    def forward(self, x): return x[0]\n", "model.py, line 5"),
        (f"{HEAD}class Model(nn.Module):\n    def forward(self, x): return len(x)\n", "gives no tensor"),
    ],
    ids=["missing import", "no module", "number", "arguments", "one row", "no tensor"],
)
def test_a_file_that_is_no_network_is_refused_with_its_place(source: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(source)
    sentence = refused(lambda: import_here(path, "Model", (), (TensorType((4,)),), ""))
    assert words in sentence and "odel" in sentence


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (f"{MODEL}sys.exit(0)\n", "ends the program (SystemExit)"),
        (f"{MODEL}os._exit(3)\n", "with code 3"),
        (
            f"{MODEL}for name in ('answer.json', 'drawing.nnstudio'):\n"
            "    open(os.path.join(os.path.dirname(sys.argv[1]), name), 'w').write('garbage')\nos._exit(0)\n",
            "cannot be read",
        ),
        (
            f"{MODEL}folder = os.path.dirname(sys.argv[1])\n"
            "open(os.path.join(folder, 'answer.json'), 'w').write('{\"notices\": []}')\n"
            "open(os.path.join(folder, 'drawing.nnstudio'), 'w').write('garbage')\nos._exit(0)\n",
            "came back damaged",
        ),
    ],
    ids=["exit", "hard exit", "forged answer", "forged drawing"],
)
def test_a_file_that_misbehaves_is_refused(source: str, words: str, tmp_path: Path) -> None:
    sentence = run(tmp_path, source)
    assert words in sentence and "model.py" in sentence


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    assert "was not done after 0.2 seconds" in run(tmp_path, f"{MODEL}while True: pass\n", seconds=0.2)


@pytest.mark.skipif(os.name != "posix", reason="children of a child are found by their process group")
def test_an_endless_loop_is_ended_with_what_it_has_started(tmp_path: Path) -> None:
    pid, path = tmp_path / "pid", tmp_path / "model.py"
    path.write_text(
        f"{HEAD}import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(pid)!r} + '_', 'w').write(str(child.pid))\nos.rename({str(pid)!r} + '_', {str(pid)!r})\n"
        "while True: print('garbage' * 1000)\nclass Model(nn.Module): pass\n"
    )

    class WhenItRuns(Event):
        def is_set(self) -> bool:
            return pid.exists()

    stop = WhenItRuns()
    assert "was stopped" in refused(lambda: import_python(path, "Model", (), (TensorType((4,)),), True, stop=stop))
    state = Path(f"/proc/{pid.read_text()}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


@pytest.mark.skipif(not Path("/proc").exists(), reason="this system sets no limit to a process's memory")
def test_a_file_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    source = f"{MODEL}rows = []\nwhile True: rows.append(torch.empty(1 << 26))\n"
    assert "needs more memory" in run(tmp_path, source, memory=2 << 30)


def test_inputs_that_cannot_be_guessed_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(f"{HEAD}class Model(nn.Module):\n    def forward(self, left, right): return left + right\n")
    sentence = refused(lambda: import_python(path, "Model", agreed=True))
    assert "left, right" in sentence and "--input 3x32x32" in sentence


# -- .pt2 --------------------------------------------------------------------------------------------------------------


def test_a_pt2_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(b"PK\x03\x04 and nothing else")
    assert "is no file of torch.export" in refused(lambda: import_pt2(path, agreed=True))
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive_format", "pt2")
    assert "is no file of torch.export" in refused(lambda: import_pt2(path, agreed=True))


# -- weights -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project() -> Project:
    torch.manual_seed(0)
    return import_module(nn.Sequential(nn.Linear(4, 3)), (torch.randn(2, 4),), "net").project


def written(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        save({"weight": torch.ones(2, 2)})[:-3],
        struct.pack("<Q", 1 << 60) + b"{}",
        written(b"[" * 5000),
        written(b"[]"),
        written({"a": entry([2], 0, 8)}),
        written({"a": entry([2], 0, 800)}, bytes(8)),
        written({"a": entry([1 << 40, 1 << 40], 0, 8)}, bytes(8)),
        written({"a": entry([-1], 0, 8)}, bytes(8)),
        written({"a": entry([2], 8, 0)}, bytes(8)),
        written({"a": entry([2], 0, 8, "F4_X")}, bytes(8)),
        written({"a": entry([True], 0, 4)}, bytes(8)),
        written({"a": 7}, bytes(8)),
        written({"a": {"dtype": [], "shape": "no", "data_offsets": None}}),
        written(b'{"a": 1, "a": 2}'),
    ],
)
def test_safetensors_that_are_damaged_or_lie_are_refused(content: bytes, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    assert "w.safetensors" in refused(lambda: load_weights(project, path))


class Hostile:
    """What pickle would run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_with_code_in_it_is_refused_and_not_run(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save({"0.weight": Hostile(tmp_path / "ran")}, path)
    assert "w.pt holds more than tensors" in refused(lambda: load_weights(project, path))
    path.write_bytes(pickle.dumps({"0.weight": Hostile(tmp_path / "ran")}))
    assert "w.pt" in refused(lambda: load_weights(project, path))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["truncated", "module", "numbers", "expanded"])
def test_files_of_torch_that_hold_no_state_dict_are_refused(kind: str, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    things = {"module": nn.Linear(4, 3), "numbers": [1, 2, 3]}
    expanded = {"0.weight": torch.zeros(1).expand(1 << 40, 3), "0.bias": torch.zeros(3)}
    torch.save(things.get(kind, expanded if kind == "expanded" else nn.Linear(4, 3).state_dict()), path)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:-300])
    words = {
        "module": "save model.state_dict()",
        "numbers": "no tensors by name",
        "expanded": "larger than its numbers",
    }
    assert words.get(kind, "is no file of torch.save") in refused(lambda: load_weights(project, path))


def test_weights_of_another_network_are_refused_with_the_names_of_both(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(save({"other.weight": torch.ones(7, 7)}))
    sentence = refused(lambda: load_weights(project, path))
    assert "'other.weight'" in sentence and "weight'" in sentence.partition("drawing with")[2]
