"""Exported scripts in a process of their own, where there is no NN Studio."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nnstudio.core.project import Project
from nnstudio.engine.run import Run

# All scripts one after the other in one process, since torch takes long to import. After each, the bytes of its model.
_TOGETHER = """
import hashlib, sys, torch

def noted(original):
    def __init__(self, *arguments, **more):
        original(self, *arguments, **more)
        models.append(self)
    return __init__

threads = torch.get_num_threads()
for path in sys.argv[1:]:
    models = []
    torch.set_num_threads(threads)
    sys.argv = [path, "--json"]
    script = {"__name__": "script"}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), script)
    script["Network"].__init__ = noted(script["Network"].__init__)
    print("script", path, flush=True)
    script["main"]()
    (model,) = models
    content = b"".join(value.cpu().numpy().tobytes() for value in model.state_dict().values())
    print("weights", hashlib.sha256(content).hexdigest(), flush=True)
assert not [name for name in sys.modules if name.startswith("nnstudio")]
"""


def run_here(source: str, *words: str) -> dict[str, Any]:
    """Run a script in this process, as if these words stood behind its name; the names that it defines."""
    script: dict[str, Any] = {"__name__": "script"}
    exec(compile(source, "script.py", "exec"), script)
    threads, state, line = torch.get_num_threads(), torch.get_rng_state(), sys.argv
    sys.argv = ["script.py", *words]
    try:
        script["main"]()
    finally:
        sys.argv = line
        torch.set_num_threads(threads)
        torch.set_rng_state(state)
    return script


class Printed:
    """What a script said: a record for each epoch, and the last words; and the SHA-256 of its weights at the end."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.done: dict[str, Any] = {}
        self.weights = ""


def run_alone(folder: Path, *words: str, warnings: str = "error") -> str:
    """What Python prints in a process of its own, in another folder."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-W", warnings, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def printed_by_all(sources: Mapping[str, str], folder: Path, warnings: str = "error") -> dict[str, Printed]:
    """What each script prints; they stay in the folder."""
    paths = {str(folder / f"script_{place}.py"): name for place, name in enumerate(sources)}
    for path, name in paths.items():
        Path(path).write_text(sources[name], encoding="utf-8")
    found: dict[str, Printed] = {}
    for line in run_alone(folder, "-c", _TOGETHER, *paths, warnings=warnings).splitlines():
        if line.startswith("script "):
            script = found[paths[line.removeprefix("script ")]] = Printed()
        elif line.startswith("weights "):
            script.weights = line.removeprefix("weights ")
        else:
            said = json.loads(line)
            if "done" in said:
                script.done = said
            else:
                script.records.append(said)
    return found


def assert_the_same(project: Project, script: Printed) -> Run:
    """A Run of the project has the records of its script, and its weights at the end, to the last bit."""
    run = Run(project)
    shots = list(run.snapshots())
    assert [without_seconds(record) for record in script.records] == [
        without_seconds(dict(record)) for record in run.history.epochs
    ]
    assert script.weights == weights_of(run.network)
    assert (script.done["done"], script.done["steps"], script.done["epochs"]) == (True, run.step, run.epoch)
    assert script.done["parameters"] == sum(parameter.numel() for parameter in run.network.parameters())
    assert script.done.get("note", "") == shots[-1].note
    for part in ("train", "validation", "test"):
        assert script.done.get(part) == script.records[-1].get(part)
    return run


def assert_linted(folder: Path) -> None:
    """The scripts in the folder are as a careful person writes them."""
    rules = ["--isolated", "--line-length", "120", "--select", "E,F,W,I,UP,B,SIM,C4,RUF"]
    rules += ["--ignore", "RUF001,RUF059"]  # × in words; a vocabulary that is made together with the numbers
    command = [sys.executable, "-m", "ruff", "check", *rules, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def without_seconds(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "seconds"}


def weights_of(network: torch.nn.Module) -> str:
    content = b"".join(value.cpu().numpy().tobytes() for value in network.state_dict().values())
    return hashlib.sha256(content).hexdigest()
