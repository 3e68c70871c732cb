"""What every test runs under: no screen, one thread of arithmetic, and nothing of the person's own settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

# Before Qt and torch are imported, and for the processes that tests start.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["OMP_NUM_THREADS"] = "1"  # the number of threads is part of the arithmetic
os.environ["MKL_NUM_THREADS"] = "1"
os.environ.pop("QT_SCALE_FACTOR", None)
os.environ["LC_ALL"] = "C.UTF-8"

import hypothesis
import pytest

# The same examples each time, and few of them: a failure here is a failure everywhere. `--hypothesis-profile=default`
# looks further.
hypothesis.settings.register_profile(
    "ci", max_examples=25, derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Settings of the window go to a folder of this session, here and in processes that tests start."""
    from PySide6.QtCore import QSettings

    folder = str(tmp_path_factory.mktemp("settings"))
    os.environ["XDG_CONFIG_HOME"] = folder
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for format_ in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(format_, QSettings.Scope.UserScope, folder)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The window gives torch more threads; no test hands them on to the next."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)
