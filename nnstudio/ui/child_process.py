"""Commands of the program in a process of their own, beside the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QProcessEnvironment

import nnstudio


def command(words: list[str]) -> tuple[str, list[str]]:
    """What is started for `nnstudio WORDS`: this Python, or the frozen program itself."""
    if getattr(sys, "frozen", False):
        return sys.executable, words
    return sys.executable, ["-m", "nnstudio", *words]


def environment() -> QProcessEnvironment:
    """The environment of the window, in which the program is found as the window found it."""
    found = QProcessEnvironment.systemEnvironment()
    home = str(Path(nnstudio.__file__).resolve().parent.parent)
    paths = [home, *filter(None, found.value("PYTHONPATH", "").split(os.pathsep))]
    found.insert("PYTHONPATH", os.pathsep.join(paths))
    found.insert("PYTHONIOENCODING", "utf-8")
    return found


def last_sentence(complaints: str, otherwise: str) -> str:
    """The last line that a command complained with, without the name of the program before it."""
    last = complaints.strip().split("\n")[-1].removeprefix("nnstudio: ").strip()
    return last or otherwise
