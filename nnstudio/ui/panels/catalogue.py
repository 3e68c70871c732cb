"""All live views, found by walking this folder: a new one is one new file."""

from __future__ import annotations

import importlib
import pkgutil

from nnstudio.ui import panels
from nnstudio.ui.panels.panel import Panel


def find() -> list[type[Panel]]:
    """The panels in the order in which they stand beside each other."""
    found = {}
    for module in pkgutil.iter_modules(panels.__path__):
        if module.name == __name__.rpartition(".")[2]:
            continue
        for item in vars(importlib.import_module(f"{panels.__name__}.{module.name}")).values():
            if isinstance(item, type) and issubclass(item, Panel) and item.key:
                found[item.key] = item
    return sorted(found.values(), key=lambda panel: (panel.order, panel.key))


PANELS: list[type[Panel]] = find()
