"""`nnstudio examples`: what can be made with `nnstudio new`."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from nnstudio.cli.output import say, say_json, table
from nnstudio.cli.refusal import GOOD
from nnstudio.paths import resources


def run(line: Namespace) -> int:
    """List the examples in the order in which they teach."""
    found = examples()
    if line.json:
        listed = [{"name": name, "title": item["title"], "sentence": item["sentence"]} for name, item in found.items()]
        say_json({"examples": listed})
        return GOOD
    for text in table([(name, str(item["sentence"])) for name, item in found.items()]):
        say(text)
    return GOOD


def examples() -> dict[str, dict[str, Any]]:
    """The JSON of the projects that come with the program, by name."""
    files = (resources() / "examples").glob("*.json")
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    return dict(sorted(read.items(), key=lambda item: (item[1].get("order", 0), item[0])))
