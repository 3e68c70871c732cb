"""A look at a workbook before it is read: whether it has a password, or would fill the memory."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from nnstudio.core.reading import tell
from nnstudio.library.datasets._table_reader import Table

LARGEST_UNPACKED = 512 << 20
MOST_CELLS = 50_000_000
DAMAGED = " is no Excel workbook, or a damaged one. Save it anew, or choose another file."
_PIECE = 4 << 20
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of .xls, and of every workbook with a password
_NAME = rb"""[\s]r\s*=\s*["']\s*"""  # what stands before the name of a cell, such as B7
_LETTERS = re.compile(_NAME + rb"([A-Za-z]{1,3})\d")
_CELL = re.compile(_NAME + rb"([A-Za-z]{0,3})(\d{1,9})")


def check(table: Table) -> None:
    """Refuse a workbook that has a password, or would fill the memory.

    The sizes that a packed file states of itself are not believed: each part is unpacked once, piece by piece.
    """
    with open(table.path, "rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise table.refusal(
                " has a password, or is a workbook of the old kind (.xls). Save it as .xlsx without a password."
            )
        try:
            with zipfile.ZipFile(file) as packed:
                members = packed.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, RuntimeError):
            raise table.refusal(DAMAGED) from None
        total = 0
        for member in members:
            total += _Extent(table, file, member).measured(LARGEST_UNPACKED - total)


class _Extent:
    """How far the cells of one part of a workbook reach: the reader makes room for all cells up to the last one."""

    def __init__(self, table: Table, file: io.BufferedReader, member: zipfile.ZipInfo) -> None:
        self.table, self.file, self.member = table, file, member

    def measured(self, most: int) -> int:
        """The size of the part. Raises ValueError when it is more than `most`, or when its cells reach too far."""
        size = cells = rows = 0
        letters: set[bytes] = set()
        digits = 1
        rest = b""
        for piece in _unpacked(self.table, self.file, self.member):
            size += len(piece)
            if size > most:
                raise self.table.refusal(
                    f" would be more than {LARGEST_UNPACKED >> 20:,} MB when it is unpacked. "
                    "Save the table as CSV or Parquet."
                )
            tell(None, f"Looking through {self.table.path.name}")
            cells, rows = cells + piece.count(b"<c"), rows + piece.count(b"<row")  # some have no name
            text = rest + piece
            letters.update(_LETTERS.findall(text))
            while re.search(_NAME + b"[A-Za-z]{0,3}[0-9]{%d}" % (digits + 1), text):
                digits += 1
            rest = text[-40:]
        columns = max(map(_column, letters), default=1)
        if max(columns * max(10**digits - 1, rows), cells) > MOST_CELLS:  # a bound that is quickly found
            rows = max(rows, self._last_row())
            if max(columns * rows, cells) > MOST_CELLS:
                raise self.table.refusal(
                    f" reaches to column {columns:,} and row {rows:,}, which is more than {MOST_CELLS:,} cells. "
                    "Delete what stands far away from the table, or save it as CSV."
                )
        return size

    def _last_row(self) -> int:
        last, rest = 0, b""
        for piece in _unpacked(self.table, self.file, self.member):
            tell(None, f"Looking through {self.table.path.name}")
            text = rest + piece
            last = max(last, max((int(number) for _, number in _CELL.findall(text)), default=0))
            rest = text[-40:]
        return last


def _unpacked(table: Table, file: io.BufferedReader, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member holds, whatever it states of its size."""
    if member.header_offset < 0:
        raise table.refusal(DAMAGED)
    file.seek(member.header_offset)
    head = file.read(30)
    file.seek(member.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"))
    if member.flag_bits & 1:
        raise table.refusal(" has a password. Save it without one.")
    left = member.compress_size
    if member.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise table.refusal(" is packed in a way that Excel does not use. Save it anew.")
    inflater = zlib.decompressobj(-15)
    try:
        while left > 0 and (packed := file.read(min(left, _PIECE))):
            left -= len(packed)
            while packed and not inflater.eof:
                yield inflater.decompress(packed, _PIECE)
                packed = inflater.unconsumed_tail
    except zlib.error:
        raise table.refusal(DAMAGED) from None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number or 1
