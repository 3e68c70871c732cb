"""Shelf: the blocks that can be picked: those that come with the program, and those that the person kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QStandardPaths

from nnstudio.core.block_files import read_blocks, write_block
from nnstudio.core.blocks import Block
from nnstudio.paths import resources

_MARK = "block:"
_found: dict[str, Shelved] | None = None


@dataclass(frozen=True, eq=False)
class Shelved:
    """A block to pick. `key` stands for it in drags and lists; `own` says that the person kept it."""

    key: str
    block: Block
    path: Path
    own: bool

    def match(self, typed: str) -> int | None:
        """How well it answers to what was typed: 1 is best, behind a layer of that name; None is not at all."""
        typed = typed.strip().lower()
        name = self.block.name.lower()
        if name.startswith(typed):
            return 1
        words = typed.split()
        if all(word in name or word in f"{self.path.stem} block" for word in words):
            return 2
        return 3 if len(typed) > 3 and all(word in self.block.about.lower() for word in words) else None

    @property
    def tooltip(self) -> str:
        """What is said of it."""
        return f"{self.block.name}: {self.block.about}" if self.block.about else self.block.name


def shelved() -> dict[str, Shelved]:
    """All blocks by their keys; files that cannot be read are left out."""
    global _found
    if _found is None:
        _found = {}
        for own, folder in ((False, resources() / "blocks"), (True, own_folder())):
            for path, block in read_blocks(folder)[0]:
                key = f"{_MARK}{'own/' if own else ''}{path.stem}"
                _found[key] = Shelved(key, block, path, own)
    return _found


def keep(block: Block) -> Path:
    """Put a block on the shelf. Raises OSError."""
    path = write_block(own_folder(), block)
    look_again()
    return path


def throw_away(key: str) -> None:
    """Delete one of the person's own blocks. Raises OSError."""
    found = shelved()[key]
    if found.own:
        found.path.unlink()
        look_again()


def look_again() -> None:
    """Read the folders anew when they are next asked for."""
    global _found
    _found = None


def own_folder() -> Path:
    """Where the person's blocks are."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)) / "blocks"
