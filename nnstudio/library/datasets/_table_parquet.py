"""Tables in Parquet files: typed columns, read in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from nnstudio.library.datasets._table_reader import Table
from nnstudio.library.datasets._table_trial import survives

_NUMBERS = 1_000_000  # in one block


@dataclass(eq=False)
class ParquetTable(Table):
    """A table in a Parquet file; `limit` is how many rows of it are read, None: all."""

    limit: int | None = None

    def __post_init__(self) -> None:
        if not survives(self.path, self.limit):
            raise self.refusal(
                " cannot be read as Parquet: it is damaged, or one of its groups of rows is larger than the memory. "
                "Write it anew, or choose another file."
            )
        try:
            self._frame = pl.scan_parquet(self.path, glob=False)
            names = self._frame.collect_schema().names()
            self._rows = int(self._frame.select(pl.len()).collect().item())
        except _WRONG as error:
            raise self._broken(error) from None
        self.name_columns(names)
        self.whole = self.limit is None or self.limit >= self._rows
        self.opening = "pl.read_parquet(path)"

    def blocks(self) -> Iterator[pl.DataFrame]:
        wanted = self._rows if self.limit is None else min(self.limit, self._rows)
        size = max(1, min(100_000, _NUMBERS // max(1, len(self.names))))
        done = 0
        try:
            for block in self._frame.head(wanted).collect_batches(chunk_size=size, maintain_order=True, lazy=True):
                for start in range(0, block.height, size):
                    part = block[start : start + size]
                    part.columns = list(self.names)
                    done += part.height
                    self.told(done / max(wanted, 1))
                    yield part
        except _WRONG as error:
            raise self._broken(error) from None

    def _broken(self, error: BaseException) -> ValueError:
        reason = " ".join(str(error).split())[:160].rstrip(".")
        return self.refusal(f" cannot be read as Parquet: {reason}. Write it anew, or choose another file.")


_WRONG = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
