"""Things to pick: every module in these folders is imported, and its Specs register themselves."""

from __future__ import annotations

import importlib
import pkgutil

FOLDERS = (
    "losses",
    "layers",
    "initializers",
    "optimizers",
    "schedules",
    "datasets",
    "splits",
    "augmentations",
    "metrics",
)

for _folder in FOLDERS:
    _package = importlib.import_module(f"{__name__}.{_folder}")
    for _module in sorted(module.name for module in pkgutil.iter_modules(_package.__path__)):
        importlib.import_module(f"{_package.__name__}.{_module}")
