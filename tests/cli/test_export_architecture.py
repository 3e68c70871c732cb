"""An architecture of the gallery as a module of its own, by the command line."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from nnstudio.core import storage
from nnstudio.paths import resources


@pytest.mark.parametrize(("name", "parameters"), [("lenet5", 61_706), ("resnet18", 11_689_512)])
def test_a_project_without_data_is_written_as_a_module(name: str, parameters: int, nnstudio, tmp_path: Path) -> None:
    written = json.loads((resources() / "architectures" / f"{name}.json").read_text("utf-8"))
    project, out = tmp_path / "project.nnstudio", tmp_path / f"{name}.py"
    storage.write(project, storage.project_from_json(written))
    result = nnstudio("export", project, "--to", "module", out)
    assert result.code == 0 and "import Network from it" in result.out
    found = importlib.util.spec_from_file_location(name, out)
    assert found is not None and found.loader is not None
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    assert sum(parameter.numel() for parameter in made.Network().parameters()) == parameters
