"""TextClassification."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from nnstudio.core.data import Data
from nnstudio.core.reading import tell
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.core.spec import field
from nnstudio.library.datasets import _arrays
from nnstudio.library.datasets._table_arrays import cleaned, codes
from nnstudio.library.datasets._table_excel import ExcelTable
from nnstudio.library.datasets._table_facts import cleaned_blocks
from nnstudio.library.datasets._table_parquet import ParquetTable
from nnstudio.library.datasets._table_plan import in_order
from nnstudio.library.datasets._table_reader import Table, listed
from nnstudio.library.datasets._table_text import SEPARATORS, TextTable
from nnstudio.library.datasets._tokens import most_common, token_rows, tokens_of

LONGEST = 256  # tokens of a row where nothing is chosen
MOST_CLASSES = 1000
_PIECE = 2000  # texts between two words on how far the work is


@dataclass(frozen=True, eq=False)
class _Read:
    """What was read: the tokens of each text, the label of each, and what is made of them."""

    table: Table
    text: str
    label: str
    texts: list[list[str]]
    labels: pl.Series
    classes: tuple[str, ...]
    vocabulary: list[str]
    length: int
    notices: tuple[str, ...]


class TextClassification(
    FileDataset,
    category="Own data",
    suffixes=(".csv", ".tsv", ".parquet", ".xlsx"),
    aliases=("sentiment", "reviews", "tokens", "language", "bag of words", "spam"),
):
    """A table of texts with a label each, as rows of token numbers of one length, for an Embedding."""

    title = "Texts with labels"

    text: str = field("", "The name of the column of texts; empty: the one with the longest.")
    label: str = field("", "The name of the column of labels; empty: the last other column.")
    tokens: str = field("words", "Of what a text is made.", choices=("words", "characters"))
    length: int | None = field(
        None,
        "How many tokens a row has; longer texts are cut off and shorter ones filled up. The longest text, but at most "
        f"{LONGEST}, unless it is set.",
        minimum=1,
        maximum=65_536,
    )
    most_tokens: int = field(
        10_000, "How many different tokens are told apart; rarer ones are all one.", minimum=1, maximum=1_000_000
    )
    lower_case: bool = field(True, "Whether capital letters are read as small ones.")
    sheet: str = field("", "The sheet of an Excel workbook; empty: the first.")
    separator: str = field(
        "guess", "What stands between two columns of a text file.", choices=("guess", *sorted(SEPARATORS))
    )
    header: bool = field(True, "Whether the first row holds the names of the columns.")

    def load(self) -> Data:
        path = self.located()
        read = self._read(path)

        def pieces() -> Iterator[np.ndarray]:
            for first in range(0, len(read.texts), _PIECE):
                tell(first / len(read.texts), f"Numbering the tokens of {path.name}")
                yield token_rows(read.texts[first : first + _PIECE], read.vocabulary, read.length)

        settings = (read.text, read.label, self.tokens, self.most_tokens, self.lower_case, self.sheet, self.separator)
        key = f"TextClassification {fingerprint(path)} {settings} {self.header} {read.length}"
        inputs = _arrays.gathered(key, len(read.texts), (read.length,), np.dtype(np.int64), pieces(), {})
        return Data(
            inputs,
            codes(read.labels, list(read.classes)),
            "classification",
            tuple(f"token {place + 1}" for place in range(read.length)),
            read.classes,
            read.label,
            notices=read.notices,
            vocabulary=tuple(read.vocabulary),
        )

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Other texts as rows of the same token numbers: int64 [texts, length].

        Raises:
            ValueError, OSError: the file of the dataset cannot be read.
        """
        read = self._read(self.located())
        return token_rows([self._tokens(text) for text in texts], read.vocabulary, read.length)

    def encode(self, path: Path) -> np.ndarray:
        """The texts of another file, which may lack the labels. Raises ValueError or OSError."""
        read = self._read(self.located())
        table = self._opened(path, fewest=1)
        if read.text not in table.names:
            raise table.refusal(f" has no column {read.text[:60]!r}, which holds the texts. Add it.")
        blocks = [block[read.text].cast(pl.String).fill_null("") for block, _ in cleaned_blocks(table, ())]
        texts = [self._tokens(text) for block in blocks for text in block]
        return token_rows(texts, read.vocabulary, read.length)

    def source(self) -> str:
        read = self._read(self.located())
        words = self.tokens == "words"
        functions = "".join(
            f"\n\n{inspect.getsource(function)}" for function in (cleaned, codes, tokens_of, most_common, token_rows)
        )
        lines = [f"path = {self.path!r}", f"table = {read.table.opening}"]
        if read.table.names != read.table.own_names:
            lines.append(f"table.columns = {list(read.table.names)!r}")
        lines += [
            f"table = cleaned(table, ['']).drop_nulls([{read.text!r}, {read.label!r}])",
            f"texts = [tokens_of(text, {words}, {self.lower_case}) for text in table[{read.text!r}].cast(pl.String)]",
            f"vocabulary = most_common(texts, {self.most_tokens})",
            f"X = token_rows(texts, vocabulary, {read.length})",
            f"y = codes(table[{read.label!r}], {list(read.classes)!r})",
        ]
        imports = (
            "import re\nfrom collections import Counter\n\nimport numpy as np\nimport polars as pl\n"
            "from polars import selectors as cs\n"
        )
        return imports + functions + "\n\n" + "\n".join(lines) + "\n"

    def _tokens(self, text: str) -> list[str]:
        return tokens_of(text.strip(), self.tokens == "words", self.lower_case)

    def _opened(self, path: Path, fewest: int = 2) -> Table:
        if path.is_dir():
            raise ValueError(f"{path.name} is a folder, but a table is one file. Choose a file in the Data panel.")
        ending = path.suffix.lower()
        if ending in (".parquet", ".pq"):
            return ParquetTable(path, fewest=fewest)
        if ending in (".xlsx", ".xlsm"):
            return ExcelTable(path, sheet=self.sheet, header=self.header, fewest=fewest)
        return TextTable(path, separator=self.separator, header=self.header, fewest=fewest)

    def _read(self, path: Path) -> _Read:
        table = self._opened(path)
        if len(table.names) < 2:
            raise table.refusal(" has a single column, but two are needed: texts and labels. Choose another file.")
        for name in (self.text, self.label):
            if name and name not in table.names:
                raise table.refusal(
                    f" has no column {name[:60]!r}: it has {listed(table.names)}. Choose one of its columns."
                )
        blocks = [block for block, _ in cleaned_blocks(table, ())]
        whole = pl.concat(blocks) if blocks else pl.DataFrame()
        if not whole.height:
            raise table.refusal(" has no rows below the names of its columns. Add some.")
        text = self.text or self._longest(whole)
        label = self.label or next(name for name in reversed(table.names) if name != text)
        if text == label:
            raise table.refusal(f": the column {text[:60]!r} cannot be text and label at once. Choose two columns.")
        chosen = whole.select(text, label).drop_nulls()
        notices = list(table.notices)
        if chosen.height < whole.height:
            missing = whole.height - chosen.height
            notices.append(f"{missing:,} of {whole.height:,} rows without a text or a label were left out.")
        classes = in_order(set(chosen[label].cast(pl.String).unique().to_list()))
        if not 2 <= len(classes) <= MOST_CLASSES:
            raise table.refusal(
                f": the column {label[:60]!r} holds {len(classes):,} different labels, but from 2 to {MOST_CLASSES:,} "
                "are needed. Choose another column of labels."
            )
        texts = []
        for number, line in enumerate(chosen[text].cast(pl.String)):
            if number % _PIECE == 0:
                tell(number / chosen.height, f"Cutting the texts of {path.name} into {self.tokens}")
            texts.append(self._tokens(line))
        longest = max(map(len, texts))
        length = self.length or max(1, min(longest, LONGEST))
        cut = sum(len(tokens) > length for tokens in texts)
        if cut:
            notices.append(
                f"{cut:,} of {len(texts):,} texts are longer than {length:,} {self.tokens} and were cut off."
            )
        vocabulary = most_common(texts, self.most_tokens)
        return _Read(table, text, label, texts, chosen[label], classes, vocabulary, length, tuple(notices))

    @staticmethod
    def _longest(whole: pl.DataFrame) -> str:
        """The column with the longest texts on average, the first of them."""
        lengths = {name: whole[name].cast(pl.String).str.len_chars().mean() or 0.0 for name in whole.columns}
        return max(lengths, key=lambda name: float(str(lengths[name])))
