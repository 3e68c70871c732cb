"""What stands between the columns of a text file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

SEPARATORS = {"tab": "\t", "semicolon": ";", "bar": "|", "comma": ",", "space": " "}
SAMPLE_ROWS = 50


def guessed(sample: str, path: Path) -> str:
    """The character that divides the rows of a sample into the same number of columns, more than one."""
    if path.suffix.lower() == ".tsv" and "\t" in sample.split("\n")[0]:
        return "\t"
    best, most = ",", 0.0
    for name in ("tab", "semicolon", "bar", "comma"):
        try:
            rows = csv.reader(io.StringIO(sample, newline=""), delimiter=SEPARATORS[name])
            widths = [len(cells) for _, cells in zip(range(SAMPLE_ROWS), rows, strict=False) if any(cells)]
        except csv.Error:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        # Agreement counts, not the number of columns: a comma may also be in numbers and in texts.
        agreement = widths.count(usual) / max(len(widths), 1)
        if usual > 1 and agreement > most:
            best, most = SEPARATORS[name], agreement
    return best
