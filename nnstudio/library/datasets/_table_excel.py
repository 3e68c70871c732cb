"""Tables in Excel workbooks: one sheet, read whole after a look at how large it would become."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import fastexcel
import polars as pl

from nnstudio.core.reading import tell
from nnstudio.library.datasets._table_reader import Table, listed

LARGEST_UNPACKED = 512 << 20
MOST_CELLS = 50_000_000
_PIECE = 4 << 20
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of .xls, and of every workbook with a password
_BLOCK = 50_000
_DAMAGED = " is no Excel workbook, or a damaged one. Save it anew, or choose another file."
_CELL = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,3})(\d{1,9})["']""")


@dataclass(eq=False)
class ExcelTable(Table):
    """A sheet of an Excel workbook; formulas count as the values that were stored with them.

    Attributes:
        sheet: its name; empty: the first.
        header: whether the first row holds the names of the columns.
    """

    sheet: str = ""
    header: bool = True

    def __post_init__(self) -> None:
        _look(self)
        try:
            self.sheets = tuple(fastexcel.read_excel(self.path).sheet_names)
        except (fastexcel.FastExcelError, pl.exceptions.PanicException) as error:
            raise self._broken(error) from None
        if self.sheet and self.sheet not in self.sheets:
            raise self.refusal(f" has no sheet {self.sheet!r}: it has {listed(self.sheets)}. Choose one of them.")
        if not self.sheets:
            raise self.refusal(" has no sheets. Choose another file.")
        name = self.sheet or self.sheets[0]
        if len(self.sheets) > 1 and not self.sheet:
            self.notices.append(f"Of {len(self.sheets)} sheets ({listed(self.sheets)}) the first was read.")
        self.told()
        self.opening = (
            f"pl.read_excel(path, sheet_name={name!r}, engine='calamine', has_header=False, infer_schema_length=0, "
            "drop_empty_rows=False, drop_empty_cols=False, raise_if_empty=False)"
        )
        try:
            self._frame = pl.read_excel(
                self.path,
                sheet_name=name,
                engine="calamine",
                has_header=False,
                infer_schema_length=0,
                drop_empty_rows=False,
                drop_empty_cols=False,
                raise_if_empty=False,
            )
        except (fastexcel.FastExcelError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise self._broken(error) from None
        if not self._frame.height:
            raise self.refusal(f" has nothing in its sheet {name!r}. Choose another sheet.")
        first = [str(cell) if cell is not None else "" for cell in self._frame.row(0)]
        self.name_columns(first if self.header else [""] * len(first))
        if len(self.names) < self.fewest:
            raise self.refusal(
                f" has a single column in its sheet {name!r}, but at least two are needed: what is known and what is "
                "predicted from it. Choose another sheet."
            )
        if self.header:
            self._frame = self._frame[1:]
            self.opening += "[1:]"
        self._frame.columns = list(self.names)

    def blocks(self) -> Iterator[pl.DataFrame]:
        rows = self._frame.height
        for start in range(0, rows, _BLOCK):
            share = min(1.0, (start + _BLOCK) / rows)
            self.told(share)
            yield self._frame[start : start + _BLOCK]

    def place(self, row: int) -> str:
        return f"row {row + 1 + self.header}"

    def _broken(self, error: BaseException) -> ValueError:
        reason = str(error).split("\n")[0][:160].rstrip(".")
        return self.refusal(f" cannot be read as a workbook: {reason}. Save it anew, or choose another file.")


def _look(table: Table) -> None:
    """Refuse a workbook that has a password, or would fill the memory.

    The sizes that a packed file states of itself are not believed: each part is unpacked once, piece by piece.
    """
    with open(table.path, "rb") as file:
        start = file.read(len(_OLE))
        if start == _OLE:
            raise table.refusal(
                " has a password, or is a workbook of the old kind (.xls). Save it as .xlsx without a password."
            )
        try:
            with zipfile.ZipFile(file) as packed:
                members = packed.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, RuntimeError):
            raise table.refusal(_DAMAGED) from None
        total = 0
        for member in members:
            sheet = "worksheets/" in member.filename
            columns = rows = cells = counted = 0
            rest = b""
            for piece in _unpacked(table, file, member):
                total += len(piece)
                if total > LARGEST_UNPACKED:
                    raise table.refusal(
                        f" would be more than {LARGEST_UNPACKED >> 20:,} MB when it is unpacked. "
                        "Save the table as CSV or Parquet."
                    )
                tell(None, f"Looking through {table.path.name}")
                if sheet:
                    text = rest + piece
                    cells, counted = cells + piece.count(b"<c"), counted + piece.count(b"<row")  # some have no number
                    for letters, number in set(_CELL.findall(text)):
                        columns, rows = max(columns, _column(letters)), max(rows, int(number))
                    rest = text[-40:]
                    if max(columns * max(rows, counted), cells) > MOST_CELLS:
                        raise table.refusal(
                            f" reaches to column {columns:,} and row {max(rows, counted):,}, which is more than "
                            f"{MOST_CELLS:,} cells. Delete what stands far away from the table, or save it as CSV."
                        )


def _unpacked(table: Table, file: io.BufferedReader, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member holds, whatever it states of its size."""
    if member.header_offset < 0:
        raise table.refusal(_DAMAGED)
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
        raise table.refusal(_DAMAGED) from None


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number or 1
