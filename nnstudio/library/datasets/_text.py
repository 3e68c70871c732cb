"""Text from files: in which encoding it is, and rows of characters."""

from __future__ import annotations

import codecs
import unicodedata
from pathlib import Path

import numpy as np

from nnstudio.core.reading import tell

ENCODINGS = ("auto", "utf-8", "utf-16", "cp1252", "latin-1")
LARGEST = 128 << 20  # bytes of a file whose characters are held in memory
_PIECE = 4 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {" ": "space", "\n": "newline", "\t": "tab", "\N{NO-BREAK SPACE}": "no-break space"}


def read_text(path: Path, encoding: str) -> tuple[str, str, tuple[str, ...]]:
    """The text of a file with plain line ends, the encoding as Python calls it, and sentences on how it was read.

    Raises:
        ValueError: it is no text in this encoding; one sentence.
        OSError: it cannot be read.
    """
    if path.is_dir():
        raise ValueError(f"{path.name} is a folder. Choose a text file in the Data panel.")
    content = _bytes(path)
    notices: tuple[str, ...] = ()
    mark = next((name for start, name in _MARKS if content.startswith(start)), "")
    if encoding == "auto":
        encoding = mark or "utf-8"
        if not mark and not _is(content, "utf-8"):
            encoding = "cp1252" if _is(content, "cp1252") else "latin-1"
            notices = (
                f"{path.name} is not in UTF-8 and was read as {encoding}. If letters look wrong, choose its encoding.",
            )
    elif encoding == "utf-8" and mark == "utf-8-sig":
        encoding = mark
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path.name} is not {encoding} text: byte {error.start:,} does not fit. Choose another encoding in the "
            "Data panel."
        ) from None
    if "\0" in text:
        raise ValueError(
            f"{path.name} holds null bytes (the first is character {text.index(chr(0)):,}): it is no text file, or it "
            "is in UTF-16. Choose another file, or another encoding."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding, notices


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(
            f"{path.name} has {size >> 20:,} MB, and text of at most {LARGEST >> 20} MB can be read. Use a part of it."
        )
    pieces: list[bytes] = []
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            pieces.append(piece)
            tell(min(len(pieces) * _PIECE / max(size, 1), 1.0), f"Reading {path.name}")
    return b"".join(pieces)


def _is(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def readable(character: str) -> str:
    """What a character is called where it cannot be seen."""
    if character in _NAMES:
        return _NAMES[character]
    if character.isprintable() and not unicodedata.combining(character):
        return character
    return unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"


# -- what an exported script holds word for word -----------------------------------------------------------------------


def character_numbers(text: str) -> tuple[str, np.ndarray]:
    """The different characters of a text in their order, and the number of each character in it."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    present = np.flatnonzero(np.bincount(points))
    numbers = np.zeros(0x110000, np.int64)
    numbers[present] = np.arange(len(present))
    return "".join(map(chr, present)), numbers[points]


def next_characters(numbers: np.ndarray, context: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of characters [rows, context], and for each place the character that comes next."""
    rows = np.lib.stride_tricks.sliding_window_view(numbers, context + 1)[::stride]
    return rows[:, :-1], rows[:, 1:]
