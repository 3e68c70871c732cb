"""Continuation: a text that a network goes on with, token by token.

What is drawn is a function of the weights, the beginning and the seed alone: a generator of its own draws, and nothing
that a training draws from is touched.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch

from nnstudio.core.data import Data
from nnstudio.engine.run import Run
from nnstudio.library.datasets._tokens import token_rows
from nnstudio.library.datasets._tokens import tokens_of as split

_UNKNOWN = ("<unk>", "[UNK]", "\N{REPLACEMENT CHARACTER}")


class UnknownText(ValueError):
    """A text with something in it that the vocabulary has not; one sentence."""


def tokens_of(text: str, vocabulary: Sequence[str]) -> list[int]:
    """A text as token numbers: of several tokens that fit, the longest.

    Raises:
        UnknownText: no token fits, and none stands for what is unknown.
    """
    numbers = {token: number for number, token in reversed(list(enumerate(vocabulary))) if token}
    longest = max(map(len, numbers), default=0)
    unknown = next((numbers[token] for token in _UNKNOWN if token in numbers), None)
    found: list[int] = []
    place = 0
    while place < len(text):
        piece = next(
            (text[place : place + size] for size in range(longest, 0, -1) if text[place : place + size] in numbers), ""
        )
        if piece:
            found.append(numbers[piece])
        elif unknown is not None:
            found.append(unknown)
        else:
            raise UnknownText(
                f"{text[place]!r} is not among the {len(vocabulary):,} different tokens that the network was trained "
                "on. Leave it out."
            )
        place += len(piece) or 1
    return found


def as_seen(text: str, vocabulary: Sequence[str]) -> str:
    """A text as the network was trained on: without capital letters where it has never seen any."""
    return text if any(token != token.lower() for token in vocabulary) else text.lower()


def classified_row(text: str, data: Data) -> np.ndarray:
    """A text as a row of tokens that has one class, int64 [places]; what is longer is cut.

    Raises:
        UnknownText: no token fits, and none stands for what is unknown.
    """
    text = as_seen(text, data.vocabulary)
    places = int(data.inputs.shape[1])
    if data.vocabulary[:2] == ("padding", "unknown"):
        words = any(len(token) > 1 for token in data.vocabulary[2:])
        return token_rows([split(text, words, False)], list(data.vocabulary), places)[0]
    tokens = tokens_of(text, data.vocabulary)[:places]
    return np.array(tokens + [0] * (places - len(tokens)), np.int64)


def continues(data: Data) -> bool:
    """Whether a network on such data can go on with a text: it predicts tokens."""
    if not data.vocabulary or data.task != "classification":
        return False
    return data.targets.ndim == 2 or data.classes == len(data.vocabulary)


def row_of(tokens: Sequence[int], data: Data) -> tuple[np.ndarray, int]:
    """(a row of the length that the network takes, the place of its last token).

    Of a longer text it holds the end. A shorter one is filled up behind the text, where a network that looks only
    backwards does not see it; or before it, where the whole row has one target.
    """
    places = int(data.inputs.shape[1])
    kept = list(tokens[-places:])
    blank = data.vocabulary.index(" ") if " " in data.vocabulary else 0
    fill = [blank] * (places - len(kept))
    row = kept + fill if data.targets.ndim == 2 else fill + kept
    last = max(len(kept), 1) - 1 if data.targets.ndim == 2 else places - 1
    return np.array(row, np.int64), last


class Continuation:
    """A text under way.

    Attributes:
        text: the beginning and what has come since. done: whether it is as long as it was to be.
    """

    def __init__(
        self,
        data: Data,
        beginning: str,
        *,
        length: int = 200,
        temperature: float = 1.0,
        most_likely: int | None = None,
        seed: int = 0,
    ) -> None:
        """`most_likely`: how many tokens are drawn from, the likeliest ones; None: all. A temperature of 0 always takes
        the likeliest.

        Raises:
            UnknownText: the beginning has something that the vocabulary has not.
        """
        self._data = data
        self._tokens = tokens_of(beginning, data.vocabulary)
        self._left = length
        self._temperature, self._most_likely = temperature, most_likely
        self._generator = torch.Generator().manual_seed(seed)
        self.text = beginning
        self.problem = ""

    @property
    def done(self) -> bool:
        return self._left <= 0 or bool(self.problem)

    def go_on(self, run: Run, seconds: float = 0.02) -> str:
        """Add tokens for about so long, at least one; the text so far."""
        began = time.perf_counter()
        while not self.done:
            self._add(run)
            if time.perf_counter() - began >= seconds:
                break
        return self.text

    def _add(self, run: Run) -> None:
        row, last = row_of(self._tokens, self._data)
        output = torch.from_numpy(run.predict(row[None])).float()
        scores = output[0] if output.dim() == 2 else output[0, :, last]
        if not bool(torch.isfinite(scores).all()):
            self.problem = (
                "The network's output is not a number. Reset the weights and train again with a lower learning rate."
            )
            return
        token = self._chosen(scores.double())
        self._tokens.append(token)
        self.text += self._data.vocabulary[token]
        self._left -= 1

    def _chosen(self, scores: torch.Tensor) -> int:
        if self._temperature <= 0:
            return int(scores.argmax())
        if self._most_likely is not None and self._most_likely < len(scores):
            lowest = scores.topk(self._most_likely).values[-1]
            scores = scores.masked_fill(scores < lowest, -torch.inf)
        shares = (scores / self._temperature).softmax(dim=0)
        return int(torch.multinomial(shares, 1, generator=self._generator))
