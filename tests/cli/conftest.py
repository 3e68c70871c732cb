"""Running the command line, and small projects to run it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import nnstudio.library
from engine.projects import iris
from nnstudio.__main__ import main
from nnstudio.core import storage


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def nnstudio(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs `nnstudio` with these words, in this process."""

    def run(*words: object) -> Result:
        capsys.readouterr()
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """An iris project that has not been trained."""
    path = tmp_path / "flowers.nnstudio"
    storage.write(path, iris(epochs=6, device="cpu"))
    return path


@pytest.fixture
def trained(flowers: Path, nnstudio: Callable[..., Result]) -> Path:
    """An iris project with weights."""
    assert nnstudio("train", flowers, "--epochs", 40).code == 0
    return flowers
