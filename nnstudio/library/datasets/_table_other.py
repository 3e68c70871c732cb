"""Rows of another file with the same columns, as the numbers that a network was trained with."""

from __future__ import annotations

import numpy as np
import polars as pl

from nnstudio.library.datasets._table_encoding import encoded
from nnstudio.library.datasets._table_facts import Facts, TableFacts, cleaned_blocks
from nnstudio.library.datasets._table_look import look
from nnstudio.library.datasets._table_numbers import one_number, said
from nnstudio.library.datasets._table_plan import Plan, Use
from nnstudio.library.datasets._table_reader import Table
from nnstudio.library.datasets._table_settings import TableSettings


def encode_other(table: Table, known: TableFacts, plan: Plan, choices: TableSettings) -> np.ndarray:
    """The inputs of its rows, float64 [rows, features]; columns that are not needed may be absent or different.

    Raises:
        ValueError: a column is absent, or a value cannot be turned into the same numbers; one sentence.
    """
    for use in plan.features:
        if use.column not in table.names:
            raise table.refusal(f" has no column {use.column[:60]!r}, which the network was trained with. Add it.")
    table.part = 0.5
    found = look(table, known.absent, plan.decimal == ",")
    if not found.rows:
        raise table.refusal(" has no rows below the names of its columns. Add some.")
    for use in plan.features:
        problem = _problem(table, found.columns[use.column], use, plan, choices)
        if problem:
            raise ValueError(problem)
    table.begin = 0.5
    columns = list(dict.fromkeys(use.column for use in plan.features))
    blocks = []
    for block, rows in cleaned_blocks(table, known.absent):
        for use in plan.features:
            if use.words:
                _check_words(table, found.columns[use.column], use, block[use.column].cast(pl.String).to_list(), rows)
        blocks.append(encoded(block.select(columns), plan.features, plan.decimal, plan.zero))
    return np.concatenate(blocks)


def _problem(table: Table, of: Facts, use: Use, plan: Plan, choices: TableSettings) -> str:
    if of.absent and not use.absent and (use.words or not (plan.fill or plan.zero)):
        words = "a value is needed, but nothing stands there, and in training none was missing"
        return said(table, of, of.first_absent, f"{words}. Fill it in")
    if use.words or not of.present:
        return ""
    same = one_number(table, of, choices, plan.decimal)
    if isinstance(same, str):
        return same
    if use.way == "days" and use.written and use.written not in of.dates:
        row, text = of.undated or (0, of.examples[0])
        return said(table, of, row, f"a date written as in training is needed, but {text!r} stands there. Correct it")
    if same.way != use.way:
        words = f"values as in training ({use.way}) are needed, but {of.examples[0]!r} stands there"
        return said(table, of, None, f"{words}. Correct the column")
    return ""


def _check_words(table: Table, of: Facts, use: Use, values: list[str | None], rows: np.ndarray) -> None:
    """Refuse a category that was not there in training."""
    seen = set(use.words)
    if of.words is not None and of.words <= seen:
        return
    for value, row in zip(values, rows, strict=True):
        if value is not None and value not in seen:
            words = f"a category of those in training is needed, but {value[:40]!r} stands there"
            raise ValueError(said(table, of, int(row), f"{words}. Correct it, or train with rows that have it"))
