"""Texts as rows of token numbers. An exported script holds these functions as they stand here."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np


def tokens_of(text: str, words: bool, lower_case: bool) -> list[str]:
    """The words and the punctuation marks of a text, or its characters."""
    text = text.lower() if lower_case else text
    return re.findall(r"\w+|[^\w\s]", text) if words else list(text)


def most_common(texts: list[list[str]], most: int) -> list[str]:
    """The tokens, the most common first; 0 stands for what fills a short row, and 1 for all that are too rare."""
    counts = Counter(token for tokens in texts for token in tokens)
    return ["padding", "unknown", *sorted(counts, key=lambda token: (-counts[token], token))[:most]]


def token_rows(texts: list[list[str]], vocabulary: list[str], length: int) -> np.ndarray:
    """The numbers of the first tokens of each text [texts, length], filled up with 0."""
    numbers = {token: number for number, token in enumerate(vocabulary) if number > 1}
    rows = np.zeros((len(texts), length), np.int64)
    for row, tokens in zip(rows, texts, strict=True):
        row[: len(tokens)] = [numbers.get(token, 1) for token in tokens[:length]]
    return rows
