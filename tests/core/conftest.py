"""Places for files that nobody should have made."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.hostile import GOOD
from nnstudio.core import storage


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is imported at first use is imported, before anybody looks at what is imported."""
    path = tmp_path_factory.mktemp("warm") / "good.nnstudio"
    path.write_bytes(GOOD)
    storage.read(path)
    storage.read_picture(path)


@pytest.fixture
def path(tmp_path: Path, warm: None) -> Path:
    """Where a bad file goes."""
    return tmp_path / "bad.nnstudio"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, warm: None) -> Path:
    """Where the files of many examples go, one over the other."""
    return tmp_path_factory.mktemp("projects")
