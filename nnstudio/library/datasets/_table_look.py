"""Going through the rows of a table: once to learn what is in it, once more for the columns that are used."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import polars as pl
from polars import selectors as cs

from nnstudio.library.datasets._table_facts import (
    AT_ONCE,
    MOST_GROUPS,
    MOST_WORDS,
    Facts,
    Measure,
    TableFacts,
    clean,
    cleaned_blocks,
    without_blanks,
)
from nnstudio.library.datasets._table_plan import Plan, Use
from nnstudio.library.datasets._table_reader import Table


def look(
    table: Table, absent: tuple[str, ...], decimal_comma: bool, by_words: Collection[str] = (), group: str = ""
) -> TableFacts:
    """Go through all rows once.

    Args:
        absent: the texts that stand for no value.
        decimal_comma: whether numbers may have a decimal comma.
        by_words: the columns of which the different values matter, also when they are numbers.
        group: the column of which even more of them are remembered.
    """
    facts = TableFacts({}, absent, whole=table.whole)
    first = 0
    for block in table.blocks():
        for column in block if not facts.columns else ():
            most = MOST_GROUPS if column.name == group else MOST_WORDS if column.name in by_words else 0
            facts.columns[column.name] = Facts(column.name, column.dtype, most)
        if not block.height:
            continue
        rows = np.arange(first, first + block.height)
        first += block.height
        _add(table, facts, block, rows, decimal_comma)
    return facts


def _add(table: Table, facts: TableFacts, block: pl.DataFrame, rows: np.ndarray, decimal_comma: bool) -> None:
    """Take a block into account: texts that are all numbers as they stand need no cleaning, and are the most by far."""
    others: list[pl.Series] = []
    for start in range(0, block.width, AT_ONCE):
        table.told()
        part = block[:, start : start + AT_ONCE]
        numbers = part.select(cs.string().cast(pl.Float64, strict=False))
        numbers = pl.DataFrame([column for column in numbers if not column.null_count()])
        matrix = numbers.to_numpy() if numbers.width else np.empty((block.height, 0))
        low, high = matrix.min(axis=0, initial=np.inf), matrix.max(axis=0, initial=-np.inf)
        with np.errstate(invalid="ignore"):  # of infinity
            whole = np.all(matrix % 1 == 0, axis=0)
            rising = np.all(np.diff(matrix, axis=0) > 0, axis=0)
        taken = set()
        for place, name in enumerate(numbers.columns):
            if low[place] == low[place]:  # the text NaN is a number to the caster, but none to us
                measure = Measure(float(low[place]), float(high[place]), bool(whole[place]), bool(rising[place]), rows)
                facts.columns[name].add_numbers(part[name], matrix[:, place], measure, decimal_comma)
                taken.add(name)
        others += [column for column in part if column.name not in taken]
    if not others:
        facts.rows += len(rows)
        return
    rest = clean(table, pl.DataFrame(others), facts.absent)
    if len(others) == block.width:
        rest, kept = without_blanks(rest, rows)
        facts.blank += len(rows) - len(kept)
        rows = kept
    facts.rows += len(rows)
    if len(rows):
        for place, column in enumerate(rest):
            if place % AT_ONCE == 0:
                table.told()
            facts.columns[column.name].add(column, rows, decimal_comma)


def used_blocks(table: Table, facts: TableFacts, plan: Plan, uses: list[Use]) -> Iterator[pl.DataFrame]:
    """The columns that are used, of the rows that are used, in blocks and cleaned."""
    wanted = list(dict.fromkeys([*(use.column for use in uses), *plan.needed]))
    if facts.blank:
        for block, _ in cleaned_blocks(table, facts.absent):
            yield block.select(wanted).drop_nulls(plan.needed) if plan.needed else block.select(wanted)
        return
    numbers = {use.column for use in uses if use.way == "number"} - {use.column for use in uses if use.way != "number"}
    exact = [name for name in wanted if name in numbers and facts.columns[name].exact]
    others = list(dict.fromkeys(wanted).keys() - set(exact))
    for block in table.blocks():
        cleaned_part = clean(table, block[others], facts.absent) if others else ()  # no names would be no rows
        part = pl.DataFrame([*cleaned_part, *(block[name] for name in exact)])
        yield part.drop_nulls(plan.needed) if plan.needed else part
