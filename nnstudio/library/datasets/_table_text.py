"""Tables in text files (CSV, TSV): which letters and separators they use, and their rows in blocks."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from nnstudio.core.reading import tell
from nnstudio.library.datasets._table_reader import Table, call_of, listed
from nnstudio.library.datasets._table_separators import SAMPLE_ROWS, SEPARATORS, guessed

PIECE = 8 << 20
LONGEST_ROW = 16 << 20
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 << 10


@dataclass(eq=False)
class TextTable(Table):
    """A table in a text file.

    Attributes:
        separator: the character between two columns.
        header: whether the first row holds the names of the columns.
        encoding: how letters are written as bytes.
        ending: the character that ends a line.
        skipped: lines before the table.
        limit: how many bytes are read; None: all.
    """

    separator: str = "guess"
    header: bool = True
    limit: int | None = None
    encoding: str = "utf-8"
    ending: str = "\n"
    skipped: int = 0
    quoted: bool = False

    def __post_init__(self) -> None:
        self._starts: list[tuple[int, int]] = []  # the row and the line with which each piece begins
        self._size = self.path.stat().st_size
        if not self._size:
            raise self.refusal(" is empty: it has 0 bytes. Choose a file with a row of names and rows of values.")
        self.whole = self.limit is None or self.limit >= self._size
        self._recognise()
        first = self._first_record()
        if self.header:
            self.name_columns(first)
        else:
            self.name_columns([""] * len(first))
        if len(self.names) < self.fewest:
            raise self.refusal(
                " has a single column, but at least two are needed: what is known and what is predicted from it. "
                "If its columns are separated by another character, choose that under Separator."
            )
        self.opening = self._opening()

    def blocks(self) -> Iterator[pl.DataFrame]:
        schema = dict.fromkeys(self.names, pl.String)
        self._starts = []
        row, line = 0, self.skipped + 1
        for number, (share, piece) in enumerate(self._pieces()):
            lines = piece.count(self.ending.encode())
            self._starts.append((row, line))
            if number == 0 and self.header:
                end = self._record_end(piece, 0)
                self._starts[0] = (0, line + piece.count(self.ending.encode(), 0, end))
                piece = piece[end:]
            block = self._parsed(piece, schema, self._starts[-1][1])
            self.told(share)
            row, line = row + block.height, line + lines
            if block.height:
                yield block

    def place(self, row: int) -> str:
        if not self.quoted:
            return f"line {row + 1 + self.skipped + self.header}"
        index = max((place for place, (first, _) in enumerate(self._starts) if first <= row), default=0)
        first, line = self._starts[index]
        for number, (_, piece) in enumerate(self._pieces()):
            if number == index:
                start = self._record_end(piece, 0) if index == 0 and self.header else 0
                reader = csv.reader(io.StringIO(piece[start:].decode(), newline=""), delimiter=self.separator)
                for _ in range(row - first):
                    next(reader, None)
                return f"line {line + reader.line_num}"
        return f"row {row + 1}"

    def _recognise(self) -> None:
        """Find out about letters, line ends and quotation marks, from all that will be read."""
        with open(self.path, "rb") as file:
            start = file.read(4)
            self.encoding = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
            file.seek(0)
            decoder = codecs.getincrementaldecoder(self.encoding)("strict")
            bytewise = self.encoding in ("utf-8", "utf-8-sig")
            feeds = returns = done = 0
            plain = True
            while plain and (piece := file.read(PIECE)):
                done += len(piece)
                if bytewise and b"\0" in piece:
                    raise self.refusal(
                        " is no table of text: it holds bytes that no text has. Choose a CSV, TSV, Parquet or "
                        "Excel file, each with its own ending; save UTF-16 text with its mark, or as UTF-8."
                    )
                try:
                    if not bytewise:
                        piece = decoder.decode(piece, final=done >= self._size).encode()
                    elif not piece.isascii() or decoder.getstate()[0]:
                        decoder.decode(piece, final=done >= self._size)
                except UnicodeError:
                    plain = False
                feeds, returns = feeds + piece.count(b"\n"), returns + piece.count(b"\r")
                self.quoted = self.quoted or b'"' in piece
                tell(None, f"Looking through {self.path.name}")
                if self.limit is not None and done >= self.limit:
                    break
        if not plain and self.encoding != "utf-8":
            raise self.refusal(f" is not the {self.encoding.upper()} text that it begins as. Save it as UTF-8.")
        if not plain:
            self.encoding, self.quoted = "cp1252", True  # as far as it is known
            self.notices.append(
                "The text is not in UTF-8 and was read as Windows-1252 (Western European). If letters look wrong, "
                "save the file as UTF-8."
            )
        self.ending = "\r" if returns and not feeds else "\n"

    def _decoded(self) -> Iterator[tuple[float, bytes]]:
        """The file piece by piece, in UTF-8 and without a byte order mark."""
        end = self._size if self.limit is None else min(self.limit, self._size)
        done = 0
        with open(self.path, "rb") as file:
            decoder = codecs.getincrementaldecoder(self.encoding)("strict")
            if self.encoding == "utf-8-sig":
                done = len(file.read(len(codecs.BOM_UTF8)))
            while done < end and (piece := file.read(min(PIECE, end - done))):
                done += len(piece)
                if not self.encoding.startswith("utf-8"):
                    try:
                        piece = decoder.decode(piece, final=done >= self._size).encode()
                    except UnicodeError:
                        raise self.refusal(
                            " is in an encoding of letters that is not known here. Save it as UTF-8."
                        ) from None
                    if b"\0" in piece:
                        raise self.refusal(" is no table of text: it holds zero bytes. Choose another file.")
                yield done / max(end, 1), piece

    def _pieces(self) -> Iterator[tuple[float, bytes]]:
        """The file in pieces of whole rows, from the first row of the table on."""
        end = self.ending.encode()
        rest = b""
        skip = self.skipped
        share = 0.0
        for share, piece in self._decoded():
            rest += piece
            while skip and (at := rest.find(end)) >= 0:
                rest, skip = rest[at + 1 :], skip - 1
            cut = self._last_end(rest)
            if cut:
                yield share, rest[:cut]
                rest = rest[cut:]
            elif len(rest) > LONGEST_ROW + PIECE:
                raise self.refusal(
                    f' has a row of more than {LONGEST_ROW >> 20} MB. It is no table, or a quotation mark (") is '
                    "opened and not closed: correct that, or choose another file."
                )
        if rest and self.whole:
            yield 1.0, rest if rest.endswith(end) else rest + end

    def _last_end(self, text: bytes) -> int:
        """Where the last row ends that is complete: after a line end with an even number of quotation marks before."""
        end = self.ending.encode()
        cut = text.rfind(end)
        if not self.quoted:
            return cut + 1
        marks = text.count(b'"', 0, cut + 1)
        while cut >= 0 and marks % 2:
            before = text.rfind(end, 0, cut)
            marks -= text.count(b'"', before + 1, cut)
            cut = before
        return cut + 1

    def _record_end(self, text: bytes, start: int) -> int:
        """Where the row that begins here ends."""
        end, marks = self.ending.encode(), 0
        while (cut := text.find(end, start)) >= 0:
            marks += text.count(b'"', start, cut)
            start = cut + 1
            if marks % 2 == 0:
                return start
        return len(text)

    def _first_record(self) -> list[str]:
        """The cells of the first row; the separator is found out where it was not chosen."""
        text = b""
        for _, piece in self._decoded():
            text += piece
            if self.ending.encode() in piece or len(text) > LONGEST_ROW:
                break
        lines = text.split(self.ending.encode(), SAMPLE_ROWS + 20)
        while self.skipped < len(lines) - 1 and not lines[self.skipped].strip():
            self.skipped += 1
        mark = lines[self.skipped].strip()
        if mark[:4].lower() == b"sep=" and len(mark) == 5:  # as spreadsheets write it
            self.skipped += 1
            if self.separator == "guess":
                self.separator = mark[4:].decode()
        start = sum(len(line) + 1 for line in lines[: self.skipped])
        end = self._record_end(text, start)
        if end - start > LONGEST_ROW:
            raise self.refusal(
                f" is no table: its first row has more than {LONGEST_ROW >> 20} MB. Choose another file."
            )
        first = text[start:end]
        if not first.strip():
            raise self.refusal(" has no rows: there is nothing but blanks. Choose a file with a row of names.")
        sample = text[start : max(end, start + _SAMPLE)]
        if len(sample) < len(text) - start:
            sample = sample[: self._last_end(sample)] or first
        self.separator = SEPARATORS.get(self.separator, self.separator)
        if self.separator == "guess":
            self.separator = guessed(sample.decode("utf-8", "replace"), self.path)
        if first.count(self.separator.encode()) > 1_000_000:
            raise self.refusal(
                f" has {first.count(self.separator.encode()) + 1:,} columns. "
                "Leave out those that are not needed, or make it an array (a .npy file)."
            )
        try:
            return next(csv.reader(io.StringIO(first.decode(), newline=""), delimiter=self.separator))
        except csv.Error as error:
            raise self.refusal(f", line {self.skipped + 1}, cannot be read: {error}. Correct that line.") from None

    def _parsed(self, piece: bytes, schema: dict[str, type[pl.String]], line: int) -> pl.DataFrame:
        if not piece:
            return pl.DataFrame(schema=schema)
        try:
            block = pl.read_csv(
                piece,
                has_header=False,
                schema=schema,
                separator=self.separator,
                infer_schema=False,
                empty_string_is_null=False,
                eol_char=self.ending,
            )
        except pl.exceptions.PolarsError as error:
            raise self._what_is_wrong(piece, line, str(error)) from None
        separator = self.separator.encode()
        # A row that is too short is filled up without a word: so the separators are counted.
        if b'"' in piece or piece.count(separator) != block.height * (len(self.names) - 1):
            self._check_widths(piece, line)
        return block

    def _check_widths(self, piece: bytes, line: int) -> None:
        reader = csv.reader(io.StringIO(piece.decode(), newline=""), delimiter=self.separator)
        before = line
        try:
            for cells in reader:
                if len(cells) != len(self.names) and (len(cells) > 1 or (cells and cells[0].strip())):
                    has = "1 column" if len(cells) == 1 else f"{len(cells):,} columns"
                    raise self.refusal(
                        f", line {before}: the line has {has}, but the first row has {len(self.names):,}: "
                        f"{listed(self.names)}. Correct the line, or choose another Separator."
                    )
                before = line + reader.line_num
        except csv.Error:  # longer cells than that module takes; the table's own reader has read them
            return

    def _what_is_wrong(self, piece: bytes, line: int, reason: str) -> ValueError:
        """The sentence for rows that could not be read, with the line."""
        try:
            self._check_widths(piece, line)
        except ValueError as error:
            return error
        for number, text in enumerate(piece.decode("utf-8", "replace").split(self.ending)):
            marks = [cell.strip() for cell in text.split(self.separator) if '"' in cell]
            if any(cell.count('"') % 2 or not (cell.startswith('"') and cell.endswith('"')) for cell in marks):
                return self.refusal(
                    f', line {line + number}: a quotation mark (") stands inside a text, or is not closed. Put the '
                    'whole text in quotation marks and write those inside it twice (""), or take them out.'
                )
        return self.refusal(f" cannot be read near line {line}: {' '.join(reason.split())[:120].rstrip('.')}.")

    def _opening(self) -> str:
        given: dict[str, Any] = {"separator": self.separator, "has_header": self.header, "infer_schema": False}
        given |= {"empty_string_is_null": False}
        file = "path"
        if not self.encoding.startswith("utf-8"):
            file = f"Path(path).read_bytes().decode({self.encoding!r}).encode()"
        if self.ending != "\n":
            given["eol_char"] = self.ending
        if self.skipped:
            given["skip_lines"] = self.skipped
        return call_of("pl.read_csv", file, given)
