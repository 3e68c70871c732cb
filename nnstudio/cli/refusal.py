"""Refusal: why a command ends early, in one sentence, with its exit code."""

from __future__ import annotations

GOOD, PROBLEMS, WRONG_USE = 0, 1, 2
# As shells count them: 128 and the number of the signal.
INTERRUPTED, READER_GONE, TERMINATED = 130, 141, 143


class Refusal(Exception):
    """One sentence for standard error. `code` is PROBLEMS (of the project) or WRONG_USE (also an unreadable file)."""

    def __init__(self, sentence: str, code: int = WRONG_USE) -> None:
        self.code = code
        super().__init__(sentence)


class ReaderGone(Exception):
    """Whoever read our output has gone, as `head` does when it has enough."""
