"""Rows of a table as numbers, by a plan; and the same as Python for the exported script."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl

from nnstudio.library.datasets import _table_arrays as arrays
from nnstudio.library.datasets._table_facts import AT_ONCE, TableFacts
from nnstudio.library.datasets._table_plan import Plan, Use, order_of
from nnstudio.library.datasets._table_reader import Table

_LITERAL = 100  # more words than these are gathered by the script itself
_LONG = 60  # letters; a longer list has a line of its own
_IN_A_ROW = 4  # columns that are turned into numbers in the same way, from which on they are written as one


def encoded(
    block: pl.DataFrame, uses: Sequence[Use], decimal: str, zero: bool, told: Callable[[], None] = lambda: None
) -> np.ndarray:
    """The numbers of some rows, float64 [rows, width]; `told` is called now and then."""
    columns: list[np.ndarray] = []
    for plain, run in groupby(uses, lambda use: use.way == "number" and not use.indicator and decimal == "."):
        if plain:  # neighbours that are numbers are turned into an array in one go
            names = [use.column for use in run]
            for start in range(0, len(names), AT_ONCE):
                told()
                wanted = names[start : start + AT_ONCE]
                once = block[list(dict.fromkeys(wanted))]
                numbers = once.cast(pl.Float64).to_numpy()
                if once.width < len(wanted):
                    numbers = numbers[:, [once.columns.index(name) for name in wanted]]
                columns.append(_zeros(numbers, zero))
        else:
            columns += [array for use in run for array in _arrays(block[use.column], use, decimal, zero)]
    return np.column_stack(columns) if columns else np.empty((block.height, 0))


def _arrays(column: pl.Series, use: Use, decimal: str, zero: bool) -> Iterable[np.ndarray]:
    words = list(use.words)
    match use.way:
        case "one-hot":
            yield arrays.one_hot(column, words, use.absent)
        case "ordinal" | "codes":
            yield arrays.codes(column, words, use.absent).astype(np.float64)
        case "yes/no":
            yield _zeros(arrays.yes_no(column), zero)
        case "days":
            yield _zeros(arrays.days(column, use.written), zero)
        case _:
            yield _zeros(arrays.number(column, decimal), zero)
    if use.indicator:
        yield arrays.is_missing(column)


def _zeros(values: np.ndarray, zero: bool) -> np.ndarray:
    return np.nan_to_num(values) if zero else values


def source(table: Table, facts: TableFacts, plan: Plan, path: str) -> str:
    """Python that defines X and y, and groups and times where they are used."""
    return _Script(table, facts, plan).written(path)


class _Script:
    """The parts of the source, and the functions that they call."""

    def __init__(self, table: Table, facts: TableFacts, plan: Plan) -> None:
        self.table, self.facts, self.plan = table, facts, plan
        self.called: list[Callable[..., Any]] = [arrays.cleaned]
        self.gathered: list[str] = []

    def written(self, path: str) -> str:
        table, plan = self.table, self.plan
        X = self._stack(plan.features)
        classes = plan.task == "classification"
        y = self._call(plan.targets[0], codes=True) if classes else self._stack(plan.targets)
        extra = []
        if plan.group is not None:
            extra.append(f"groups = {self._call(plan.group, codes=True)}")
        if plan.time is not None:
            extra.append(f"times = {self._call(plan.time)}")
        lines = [f"path = {path!r}", f"table = {table.opening}"]
        if table.names != table.own_names:
            lines.append(f"table.columns = {_list(table.names)}")
        lines += [f"absent = {_list(['', *self.facts.absent])}", "table = cleaned(table, absent)"]
        if self.facts.blank:
            lines.append("table = table.filter(~pl.all_horizontal(pl.all().is_null()))")
        lines += self.gathered
        if plan.needed:
            lines += [f"needed = {_list(plan.needed)}", "table = table.drop_nulls(needed)"]
        lines += [f"X = {X}", f"y = {y}", *extra]
        called = [function for function in vars(arrays).values() if function in self.called]
        functions = "".join(f"\n\n{inspect.getsource(function)}" for function in called)
        imports = "from pathlib import Path\n\n" if "Path(" in table.opening else ""
        imports += "import numpy as np\nimport polars as pl\nfrom polars import selectors as cs\n"
        return imports + functions + "\n\n" + "\n".join(lines) + "\n"

    def _stack(self, uses: Sequence[Use]) -> str:
        """All columns beside each other; neighbours that are plain numbers in one go."""
        parts: list[str] = []
        plain: list[Use] = []
        for use in [*uses, None]:
            if use is not None and use.way == "number" and not use.indicator:
                plain.append(use)
                continue
            if len(plain) >= _IN_A_ROW:
                one = self._call(Use("", "number")).replace("table['']", "table[name]")
                names = self._named("columns", _list([item.column for item in plain]))
                parts.append(f"*({one} for name in {names})")
            else:
                parts += map(self._call, plain)
            plain = []
            if use is not None:
                parts.append(self._call(use))
                if use.indicator:
                    parts.append(self._written(arrays.is_missing, use.column))
        if len(parts) == 1:
            return f"np.column_stack([{parts[0]}])"
        return "np.column_stack([\n" + "".join(f"    {part},\n" for part in parts) + "])"

    def _call(self, use: Use, codes: bool = False) -> str:
        """The expression that makes the numbers of a column."""
        match use.way:
            case "one-hot" | "ordinal" | "codes":
                function = arrays.one_hot if use.way == "one-hot" else arrays.codes
                self.called.append(arrays.codes)
                absent = [repr(use.absent)] if use.absent else []
                call = self._written(function, use.column, self._words(use), *absent)
                return call if codes or use.way == "one-hot" else f"{call}.astype(np.float64)"
            case "yes/no":
                call = self._written(arrays.yes_no, use.column)
            case "days":
                call = self._written(arrays.days, use.column, *([repr(use.written)] if use.written else []))
            case _:
                comma = self.plan.decimal == "," and self.facts.columns.get(use.column, None) is not None
                texts = use.column == "" or (comma and self.facts.columns[use.column].dtype == pl.String)
                more = [repr(",")] if self.plan.decimal == "," and texts else []
                call = self._written(arrays.number, use.column, *more)
        return f"np.nan_to_num({call})" if self.plan.zero else call

    def _written(self, function: Callable[..., Any], column: str, *arguments: str) -> str:
        self.called.append(function)
        given = "".join(f", {argument}" for argument in arguments)
        return f"{function.__name__}(table[{column!r}]{given})"

    def _words(self, use: Use) -> str:
        """The words of a column: written down when they are few, else as the script gathers them."""
        if len(use.words) <= _LITERAL:
            written = _list(use.words)
            return written if len(written) < _LONG else self._named("words", written)
        own = use.words[:-1] if use.absent else use.words
        found = self._named("words", f"table[{use.column!r}].drop_nulls().cast(pl.String).unique()")
        key = ", key=lambda word: (float(word), word)" if order_of(own) is not None else ""
        ordered = f"sorted({found}{key})"
        self.gathered.append(f"{found} = [*{ordered}, {use.absent!r}]" if use.absent else f"{found} = {ordered}")
        return found

    def _named(self, name: str, written: str) -> str:
        """The name under which something is put down before it is used."""
        name = f"{name}_{len(self.gathered) + 1}"
        self.gathered.append(f"{name} = {written}")
        return name


def _list(items: Sequence[str]) -> str:
    """A list as it is written in Python, over several lines where it is long."""
    one = repr(list(items))
    if len(one) < 100:
        return one
    lines, line = [], ""
    for item in map(repr, items):
        if line and len(line) + len(item) > 100:
            lines.append(line)
            line = ""
        line += f" {item}," if line else f"{item},"
    return "[\n" + "".join(f"    {line}\n" for line in [*lines, line]) + "]"
