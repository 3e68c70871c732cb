"""A table in a file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.replacement import replace_file
from nnstudio.core.sources import cache_folder, fingerprint
from nnstudio.core.spec import to_json
from nnstudio.library.datasets import _arrays
from nnstudio.library.datasets._table_decision import decide, target_of
from nnstudio.library.datasets._table_encoding import encoded, source
from nnstudio.library.datasets._table_excel import ExcelTable
from nnstudio.library.datasets._table_facts import TableFacts
from nnstudio.library.datasets._table_look import look, used_blocks
from nnstudio.library.datasets._table_other import encode_other
from nnstudio.library.datasets._table_parquet import ParquetTable
from nnstudio.library.datasets._table_plan import Column, Plan, Use
from nnstudio.library.datasets._table_reader import Table
from nnstudio.library.datasets._table_settings import TableSettings
from nnstudio.library.datasets._table_text import TextTable

KEPT = 50 << 20  # bytes of numbers, from which on they are kept in the cache folder
SAMPLE_BYTES = 16 << 20  # of a large file, from which columns are guessed for the window
SAMPLE_ROWS = 100_000
_FORMAT = 1  # of what is kept; one more when the same settings would give other numbers
_TEXTS = (".csv", ".tsv", ".txt")
_PARQUET = (".parquet", ".pq")
_EXCEL = (".xlsx", ".xlsm")


@dataclass(frozen=True)
class Columns:
    """What is known of a table before it is read whole.

    Attributes:
        columns: in the order of the file.
        rows: how many were looked at.
        whole: whether these are all rows.
        task: whether classes or values would be predicted.
        problems: what stands in the way of reading it, one sentence each.
        notices: what a person should know.
        sheets: the names of the sheets of a workbook.
    """

    columns: tuple[Column, ...]
    rows: int
    whole: bool
    task: str
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


class TableFile(
    TableSettings,
    category="Own data",
    title="Table file",
    suffixes=(*_TEXTS, *_PARQUET, *_EXCEL),
    usual=True,
    aliases=("csv", "tsv", "excel", "parquet", "spreadsheet"),
):
    """A table of your own: CSV, TSV, Parquet or Excel, with a row for each case and a column for each value."""

    def load(self) -> Data:
        path = self.located()
        return self._kept(path) or self._gathered(path, *self._planned(path))

    def source(self) -> str:
        table, facts, plan = self._planned(self.located())
        return source(table, facts, plan, self.path)

    def inspect(self, whole: bool = False) -> Columns:
        """What the columns seem to be and what will become of them; of a large file, by its first rows.

        Args:
            whole: look at all rows, which takes long for a large file.

        Raises:
            ValueError, OSError: the file cannot be read at all; one sentence.
        """
        table = self._opened(self.located(), sample=not whole)
        facts = self._looked(table)
        plan = decide(table, facts, self, self._decimal(table, facts))
        found = (tuple(plan.columns), facts.rows, table.whole, plan.task, tuple(plan.problems))
        return Columns(*found, tuple(plan.notices), table.sheets)

    def encode(self, path: Path) -> np.ndarray:
        """The inputs of the rows of another file with the same columns, for predictions: float64 [rows, features].

        Columns that are no features, such as the target, may be absent.

        Raises:
            ValueError, OSError: this file or the other cannot be read, or the other has what cannot be turned into the
                same numbers: a column that is absent, a category that was never seen. One sentence.
        """
        _, known, plan = self._planned(self.located())
        return encode_other(self._opened(path, sample=False), known, plan, self)

    def _opened(self, path: Path, sample: bool) -> Table:
        if path.is_dir():
            raise ValueError(f"{path.name} is a folder, but a table is one file. Choose a file in the Data panel.")
        ending = path.suffix.lower()
        if ending in _PARQUET:
            return ParquetTable(path, limit=SAMPLE_ROWS if sample else None)
        if ending in _EXCEL:
            return ExcelTable(path, sheet=self.sheet, header=self.header, fewest=2 - self.history)
        limit = SAMPLE_BYTES if sample else None
        return TextTable(path, separator=self.separator, header=self.header, limit=limit, fewest=2 - self.history)

    def _looked(self, table: Table) -> TableFacts:
        commas = isinstance(table, TextTable) and (self.decimal == "," or self._may_guess_commas(table))
        by_words = {target_of(table, self), *self.targets, *self.categories}
        return look(table, self.missing_words, commas, by_words, self.group_column)

    def _may_guess_commas(self, table: Table) -> bool:
        # Where commas are between the columns, "1,234" in quotation marks is more likely a thousand than a decimal.
        return self.decimal == "guess" and isinstance(table, TextTable) and table.separator != ","

    def _decimal(self, table: Table, facts: TableFacts) -> str:
        """The decimal mark of the whole file."""
        if not isinstance(table, TextTable) or self.decimal == ".":
            return "."
        found = facts.columns.values()
        guessed = any(of.commas and of.comma_numbers == of.present > of.numbers for of in found)
        return "," if self.decimal == "," or (guessed and self._may_guess_commas(table)) else "."

    def _planned(self, path: Path) -> tuple[Table, TableFacts, Plan]:
        """What is in the file, and what becomes of it. Raises ValueError with what stands in the way."""
        table = self._opened(path, sample=False)
        table.part = 0.5
        facts = self._looked(table)
        plan = decide(table, facts, self, self._decimal(table, facts))
        if plan.problems:
            raise ValueError(plan.problems[0])
        return table, facts, plan

    def _gathered(self, path: Path, table: Table, facts: TableFacts, plan: Plan) -> Data:
        stamp = _stamp(path)
        extra = [use for use in (plan.group, plan.time) if use is not None]
        width = len(plan.feature_names) + len(plan.targets) + len(extra)
        known: dict[str, Any] = {
            "rows": facts.rows,
            "features": plan.feature_names,
            "targets": [use.column for use in plan.targets],
            "classes": plan.targets[0].words if plan.task == "classification" else [],
            "group": plan.group is not None,
            "time": plan.time is not None,
            "fill": plan.fill,
            "notices": plan.notices,
        }
        key = ""
        if facts.rows * width * 8 > KEPT:
            key = self._key(path)
            _write_shape(key, facts.rows, width)
        uses = [*plan.features, *plan.targets, *extra]
        pieces = _pieces(table, facts, plan, uses)
        array = _arrays.gathered(key, facts.rows, (width,), np.dtype(np.float64), pieces, known, KEPT)
        if _stamp(path) != stamp:
            raise ValueError(f"{path.name} was changed while it was read. Read it again when it is finished.")
        return _data(array, known, path)

    def _key(self, path: Path) -> str:
        """What the numbers depend on: the file's bytes and the settings, but not where it is."""
        settings = to_json(self)["settings"]
        for name in ("path", "sha256", "embedded"):
            del settings[name]
        return f"{type(self).__name__} {_FORMAT} {fingerprint(path)} {json.dumps(settings)}"

    def _kept(self, path: Path) -> Data | None:
        """The rows as they were read before, if they are in the cache folder."""
        if path.is_dir() or path.stat().st_size < SAMPLE_BYTES:
            return None
        key = self._key(path)
        try:
            rows, width = json.loads(_shape(key).read_text(encoding="utf-8"))
            known: dict[str, Any] = {}
            shape = (int(width),)
            array = _arrays.gathered(key, int(rows), shape, np.dtype(np.float64), _gone(), known, KEPT)
            return _data(array, known, path)
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _pieces(table: Table, facts: TableFacts, plan: Plan, uses: list[Use]) -> Iterator[np.ndarray]:
    table.begin = 0.5
    for block in used_blocks(table, facts, plan, uses):
        yield encoded(block, uses, plan.decimal, plan.zero, table.told)


def _gone() -> Iterator[np.ndarray]:
    raise KeyError("what was kept is no longer there")
    yield


def _data(array: np.ndarray, known: dict[str, Any], path: Path) -> Data:
    """The columns of one array as inputs, targets, groups and times."""
    features, targets = len(known["features"]), len(known["targets"])
    if not len(array):
        raise ValueError(
            f"{path.name}: no row is left, because a value is missing in each of its {known['rows']:,} rows. Choose "
            'something else under "Missing", or put columns without values among the ignored ones.'
        )
    notices = list(known["notices"])
    if len(array) < known["rows"]:
        notices.append(f"{known['rows'] - len(array):,} of {known['rows']:,} rows with missing values were left out.")
    inputs, y = array[:, :features], array[:, features : features + targets]
    if not isinstance(array, np.memmap):
        inputs, y = np.ascontiguousarray(inputs), np.ascontiguousarray(y)
    place = features + targets
    return Data(
        inputs,
        y[:, 0].astype(np.int64) if known["classes"] else y,
        "classification" if known["classes"] else "regression",
        tuple(known["features"]),
        tuple(known["classes"]),
        " and ".join(known["targets"]),
        groups=array[:, place].astype(np.int64) if known["group"] else None,
        times=np.array(array[:, place + known["group"]]) if known["time"] else None,
        notices=tuple(notices),
        fill=known["fill"],
    )


def _stamp(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _shape(key: str) -> Path:
    """Where it is noted how many rows and columns the numbers have that are kept under a key."""
    return cache_folder() / "tables" / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _write_shape(key: str, rows: int, width: int) -> None:
    place = _shape(key)
    place.parent.mkdir(parents=True, exist_ok=True)
    replace_file(place, json.dumps([rows, width]).encode())
