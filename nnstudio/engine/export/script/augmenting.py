"""Augmenting: the functions that change a batch at random, and their calls."""

from __future__ import annotations

import re

from nnstudio.engine.export.fragments import take_apart
from nnstudio.engine.export.script.facts import Facts


class Augmenting:
    """What a script does to the inputs of a batch before a step.

    Attributes:
        imports: what its functions import. definitions: the functions.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.imports: list[str] = []
        found: dict[str, str] = {}  # name → source
        self._called: list[str] = []
        for augmentation in facts.project.data.augmentations:
            piece = take_apart(augmentation.source())
            self.imports += piece.imports
            source = piece.definitions[-1]
            wish = name = source.removeprefix("def ").partition("(")[0]
            number = 2
            while found.get(name, source) != source:  # the same function with other settings
                name, number = f"{wish}_{number}", number + 1
                source = re.sub(r"^def \w+", f"def {name}", piece.definitions[-1])
            found[name] = source
            self._called.append(name)
        self.definitions = list(found.values())

    def changed(self, rows: str, number: str) -> list[str]:
        """The statements that make `x`, the changed rows of the batch with this number."""
        if not self._called:
            return []
        pictures = self._facts.pictures_scaled
        drawn = f"((SEED * 1_000_003 + epoch - 1) * 1_000_003{number}) % 2**63"
        lines = [f"draws = torch.Generator().manual_seed({drawn})"]
        if pictures:
            lines.append(f"x = {rows} * scale + mean  # pictures are changed as they are seen")
        given = "x" if pictures else rows
        for name in self._called:
            lines.append(f"x = {name}({given}, draws)")
            given = "x"
        return lines + (["x = (x - mean) / scale"] if pictures else [])
