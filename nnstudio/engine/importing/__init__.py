"""What comes in from elsewhere as a drawing with its weights: modules, Python files, .pt2, ONNX, weights.

Names are found when they are asked for, so that one importer does not wait for what another needs.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "Imported": "imported",
    "ImportRefused": "program",
    "import_module": "module",
    "import_onnx": "onnx_file",
    "import_pt2": "exported_program",
    "import_python": "python_file",
    "WeightRow": "weights",
    "load_weights": "weights",
}

__all__ = [
    "ImportRefused",
    "Imported",
    "WeightRow",
    "import_module",
    "import_onnx",
    "import_pt2",
    "import_python",
    "load_weights",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
