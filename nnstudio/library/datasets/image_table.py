"""Pictures that a table lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.spec import field
from nnstudio.library.datasets._pictures import (
    IMPORTS,
    SUFFIXES,
    Picture,
    PictureFiles,
    left_out_notice,
    readable,
    twice_notice,
)
from nnstudio.library.datasets._table_reader import listed
from nnstudio.library.datasets._table_text import TextTable
from nnstudio.library.datasets._targets import TASK_SENTENCE, TASKS, Targets, understood

_LABELS = ("label", "class", "target", "category", "y", "labels", "classes", "value")
_LOOKED_AT = 50  # rows from which it is guessed which column has the files


@dataclass(frozen=True, eq=False)
class _Rows:
    """The two columns of the table: files and labels, as texts."""

    table: TextTable
    names: list[str]
    labels: list[str]
    file_column: str
    label_column: str
    notices: tuple[str, ...]


class ImageTable(
    PictureFiles,
    category="Own data",
    title="Table of images",
    suffixes=(".csv", ".tsv", ".txt"),
    aliases=("pictures", "photos", "labels", "csv"),
):
    """Pictures that a CSV or TSV table lists: one column has the file names, another the class or a number."""

    file_column: str = field("", "The column with the file names, seen from the folder of the table; empty: guessed.")
    label_column: str = field("", "The column with the class or the number to predict; empty: guessed.")
    task: str = field("guess", TASK_SENTENCE, choices=TASKS)

    def load(self) -> Data:
        path = self.located()
        rows = self._rows(path)
        files = self._files(rows)
        found = self._read(files)
        targets, _ = self._targets(rows, found.rows)
        return Data(
            found.array,
            targets.values,
            targets.task,
            (),
            targets.class_names,
            rows.label_column,
            names=tuple(files[row].name for row in found.rows),
            notices=(
                *rows.notices,
                *left_out_notice(files, found),
                *targets.notices,
                *twice_notice(
                    files, found, (rows.labels, "there with two labels, of which at least one must be wrong")
                ),
            ),
        )

    def source(self) -> str:
        path = self.located()
        rows = self._rows(path)
        # Which lines are needed depends on the labels of the pictures that can be read.
        targets, kind = self._targets(
            rows, self._read(self._files(rows)).rows if self.skip_broken else range(len(rows.labels))
        )
        renamed = rows.table.names != rows.table.own_names
        lines = [
            f"path = {str(path)!r}",
            f"folder = Path({str(Path(self.path).parent)!r})",
            f"table = {rows.table.opening}",
            *([f"table.columns = {list(rows.table.names)!r}"] if renamed else []),
            f'names = [(name or "").strip() for name in table[{rows.file_column!r}]]',
            f'labels = [(label or "").strip() for label in table[{rows.label_column!r}]]',
            "read = [",
            "    (read_picture(folder / name), label) for name, label in zip(names, labels, strict=True)",
            "]",
        ]
        if self.skip_broken:
            lines[-3:] = [
                "read = []",
                "for name, label in zip(names, labels, strict=True):",
                "    try:",
                "        read.append((read_picture(folder / name), label))",
                "    except Exception as error:  # whatever a decoder stumbles over",
                '        print(f"{name} is left out: {error}", file=sys.stderr)',
            ]
        lines += [
            "X = np.stack([picture for picture, _ in read])",
            f"y = np.array([{kind.format('label')} for _, label in read])",
            *targets.lines,
        ]
        first = "import sys\n" if self.skip_broken else ""
        imports = f"{first}from pathlib import Path\n\nimport polars as pl\n{IMPORTS}"
        return f"{imports}\n\n{self._function_source()}\n\n" + "\n".join(lines) + "\n"

    def _files(self, rows: _Rows) -> list[Picture]:
        folder = Path(self.path).parent
        return [
            Picture(readable(name), folder / name, partial(_where, rows.table, row))
            for row, name in enumerate(rows.names)
        ]

    def _rows(self, path: Path) -> _Rows:
        table = TextTable(path)
        blocks = list(table.blocks())
        if not sum(block.height for block in blocks):
            raise ValueError(f"{path.name} has no rows. Choose a table that lists pictures.")
        columns = {name: [text or "" for block in blocks for text in block[name]] for name in table.names}
        texts = {name: [text.strip() for text in column] for name, column in columns.items()}
        for name in filter(None, (self.file_column, self.label_column)):
            if name not in texts:
                raise ValueError(
                    f"{path.name} has no column called {name}; it has {listed(texts)}. Choose one of these."
                )
        files = self.file_column or _file_column(texts, Path(self.path).parent)
        if not files:
            raise ValueError(
                f"No column of {path.name} has names of pictures; it has {listed(texts)}. Choose a column."
            )
        labels = self.label_column or _label_column(list(texts), files)
        if not labels:
            raise ValueError(f"{path.name} has several columns: {listed(texts)}. Choose the one with the labels.")
        for name, words in ((files, "file name"), (labels, "label")):
            if "" in texts[name]:
                row = texts[name].index("")
                raise ValueError(
                    f"{path.name}, {table.place(row)}: there is no {words} in the column {name}. "
                    "Fill it in, or take the row out."
                )
        guessed = not (self.file_column and self.label_column)
        said = f"Read from {path.name}: {files} as the file and {labels} as what is to be predicted."
        notices = (*table.notices, *([said] if guessed and len(texts) > 2 else []))
        return _Rows(table, texts[files], texts[labels], files, labels, notices)

    def _targets(self, rows: _Rows, chosen: Sequence[int] | np.ndarray) -> tuple[Targets, str]:
        """The targets of some rows, and Python that makes a value of a label."""
        labels = [rows.labels[int(row)] for row in chosen]
        shown = f"the column {rows.label_column} of {rows.table.path.name}"
        kinds: tuple[tuple[Callable[[str], int | float | str], str], ...] = (
            (int, "int({})"),
            (float, "float({})"),
            (str, "{}"),
        )
        for kind, written in kinds:
            try:
                values = np.array([kind(label) for label in labels])
            except ValueError:
                continue
            if values.dtype.kind in "ifU":
                return understood(values, self.task, shown), written
        raise AssertionError("every label is a text")


def _where(table: TextTable, row: int) -> str:
    return f" ({table.path.name}, {table.place(row)})"


def _file_column(texts: dict[str, list[str]], folder: Path) -> str:
    """The first column in which half of the texts or more end as pictures do, or are files."""
    for is_file in (lambda text: text.lower().endswith(SUFFIXES), lambda text: (folder / text).is_file()):
        for name, column in texts.items():
            some = [text for text in column[:_LOOKED_AT] if text]
            if some and sum(map(is_file, some)) * 2 >= len(some):
                return name
    return ""


def _label_column(names: list[str], files: str) -> str:
    others = [name for name in names if name != files]
    usual = [name for wanted in _LABELS for name in others if name.lower() == wanted]
    return usual[0] if usual else others[0] if len(others) == 1 else ""
