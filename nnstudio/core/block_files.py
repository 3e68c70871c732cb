"""Blocks as files of their own: those that come with the program, and those that a person keeps."""

from __future__ import annotations

import re
from pathlib import Path

from nnstudio.core.blocks import Block
from nnstudio.core.json_text import dump, parse
from nnstudio.core.project_json import block_from_json, block_to_json
from nnstudio.core.replacement import replace_file

_LARGEST = 16 << 20  # bytes


def read_block(path: Path) -> Block:
    """The block in a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: there is no block in it, in a sentence.
    """
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} has more than {_LARGEST >> 20} MB, which no drawing has")
    try:
        return block_from_json(parse(path.read_bytes()))
    except ValueError as error:
        raise ValueError(f"{path.name} holds no block that can be read: {error}") from None


def read_blocks(folder: Path) -> tuple[list[tuple[Path, Block]], list[str]]:
    """The blocks in a folder by their names, and a sentence for each file that cannot be read."""
    found: list[tuple[Path, Block]] = []
    wrong: list[str] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            found.append((path, read_block(path)))
        except (OSError, ValueError) as error:
            wrong.append(str(error))
    found.sort(key=lambda pair: pair[1].name.lower())
    return found, wrong


def write_block(folder: Path, block: Block) -> Path:
    """Keep a block in a folder under its name; one of the same name is replaced. The path of its file.

    Raises:
        OSError: it cannot be written; a file that was there is untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"\W+", "-", block.name).strip("-").lower() or "block"
    if re.fullmatch(r"con|prn|aux|nul|(com|lpt)\d", stem):  # names that Windows keeps for itself
        stem = f"{stem}-block"
    path = folder / f"{stem}.json"
    replace_file(path, dump(block_to_json(block)))
    return path
