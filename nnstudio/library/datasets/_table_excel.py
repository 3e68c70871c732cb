"""Tables in Excel workbooks: one sheet, read whole after a look at how large it would become."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import fastexcel
import polars as pl

from nnstudio.library.datasets import _table_workbook
from nnstudio.library.datasets._table_reader import Table, call_of, listed

_BLOCK = 50_000


@dataclass(eq=False)
class ExcelTable(Table):
    """A sheet of an Excel workbook; formulas count as the values that were stored with them.

    Attributes:
        sheet: its name; empty: the first.
        header: whether the first row holds the names of the columns.
        skipped: rows above the first row of values.
    """

    sheet: str = ""
    header: bool = True
    skipped: int = 0

    def __post_init__(self) -> None:
        _table_workbook.check(self)
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
        given: dict[str, Any] = {"sheet_name": name, "engine": "calamine", "has_header": False}
        given |= {"infer_schema_length": 0, "drop_empty_rows": False, "drop_empty_cols": False, "raise_if_empty": False}
        given |= {"read_options": {"skip_rows": 0}}  # else blank rows above the table are not counted
        self.opening = call_of("pl.read_excel", "path", given)
        try:
            self._frame = self._aside(lambda: pl.read_excel(self.path, **given))
        except (fastexcel.FastExcelError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise self._broken(error) from None
        blank = self._frame.select(pl.all_horizontal(pl.all().is_null())).to_series() if self._frame.width else None
        if blank is None or blank.all():
            raise self.refusal(f" has nothing in its sheet {name!r}. Choose another sheet.")
        self.skipped = (~blank).arg_max() or 0
        first = [str(cell) if cell is not None else "" for cell in self._frame.row(self.skipped)]
        self.name_columns(first if self.header else [""] * len(first))
        if len(self.names) < self.fewest:
            raise self.refusal(
                f" has a single column in its sheet {name!r}, but at least two are needed: what is known and what is "
                "predicted from it. Choose another sheet."
            )
        self.skipped += self.header
        if self.skipped:
            self._frame = self._frame[self.skipped :]
            self.opening += f"[{self.skipped}:]"
        self._frame.columns = list(self.names)

    def blocks(self) -> Iterator[pl.DataFrame]:
        rows = self._frame.height
        for start in range(0, rows, _BLOCK):
            share = min(1.0, (start + _BLOCK) / rows)
            self.told(share)
            yield self._frame[start : start + _BLOCK]

    def place(self, row: int) -> str:
        return f"row {row + 1 + self.skipped}"

    def _aside(self, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What a call gives that takes long: it goes on in a thread, even if nobody wants it any more."""
        done: SimpleQueue[pl.DataFrame | BaseException] = SimpleQueue()

        def work() -> None:
            try:
                done.put(read())
            except BaseException as error:  # handed on to the thread that waits
                done.put(error)

        threading.Thread(target=work, daemon=True, name="reads a workbook").start()
        while True:
            try:
                found = done.get(timeout=0.05)
            except Empty:
                self.told()
                continue
            if isinstance(found, BaseException):
                raise found
            return found

    def _broken(self, error: BaseException) -> ValueError:
        reason = str(error).split("\n")[0][:160].rstrip(".")
        return self.refusal(f" cannot be read as a workbook: {reason}. Save it anew, or choose another file.")
