"""Kernels: whether torch.compile can make them on this machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path


def why_not_compile(device: str = "cpu") -> str:
    """Why torch.compile cannot work here, in one sentence; empty where it can."""
    if device == "cuda" and importlib.util.find_spec("triton") is None:
        return "torch.compile needs the package triton for this GPU, which is not installed."
    usual = "cl" if sys.platform == "win32" else "clang++" if sys.platform == "darwin" else "g++"
    wanted = os.environ.get("CXX", "") or usual
    if shutil.which(wanted) is None:
        return f"torch.compile needs a C++ compiler, and none was found here ({wanted}). Install one, or leave it off."
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "torch.compile needs the headers of Python, which are not installed here. Install them, or leave it off."
    return ""
