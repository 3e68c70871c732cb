"""Which dataset reads a file or a folder, judged by its name alone."""

from __future__ import annotations

from pathlib import Path

from nnstudio.core.kinds import Dataset
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import registered


def readers() -> list[type[FileDataset]]:
    """The datasets that read files."""
    return [kind for kind in registered(Dataset).values() if issubclass(kind, FileDataset)]


def fitting(path: Path) -> list[type[FileDataset]]:
    """The datasets that read such a file or folder, the closest first."""
    if path.is_dir():
        return sorted((kind for kind in readers() if not kind.suffixes), key=lambda kind: not kind.usual)
    name = path.name.lower()
    found = []
    for kind in readers():
        # MNIST's own files end in "-idx3-ubyte", without a dot.
        matches = [suffix for suffix in kind.suffixes if name.endswith((suffix.lower(), f"-{suffix.lower()[1:]}"))]
        if matches:
            place = kind.suffixes.index(max(matches, key=len))
            found.append(((-max(map(len, matches)), not kind.usual, place, kind.__name__), kind))
    return [kind for _, kind in sorted(found, key=lambda one: one[0])]


def no_fit(path: Path) -> str:
    """Why nothing reads it, and what would be read."""
    suffixes = sorted({suffix for kind in readers() for suffix in kind.suffixes})
    shown = ", ".join(suffixes)
    if path.is_dir():
        return f"{path.name} is a folder, and nothing here reads folders. Choose a file ({shown})."
    kind = f"{path.suffix} files are" if path.suffix else "files without an ending are"
    return f"{path.name} is not read: {kind} none of {shown}. Choose such a file, or a folder of images."
