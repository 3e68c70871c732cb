"""The examples that come with the program, as the JSON of their projects."""

from __future__ import annotations

import json
from typing import Any

from nnstudio.paths import resources


def example_json(name: str) -> dict[str, Any]:
    """The project of one example, as `project_from_json` takes it."""
    written: dict[str, Any] = json.loads((resources() / "examples" / f"{name}.json").read_text("utf-8"))
    return written
