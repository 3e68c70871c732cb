"""How far a long reading is, told to whoever waits for it.

Code that reads or writes much calls `tell` now and then. Whoever started it has put a listener around it with `told_to`
and may stop it: the next `tell` then raises Cancelled, and what was half done is taken back by the code that reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Gets the part that is done, from 0 to 1 (None: it cannot be known), and what is being done; False stops the reading.
Listener = Callable[[float | None, str], bool]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


class Cancelled(Exception):
    """The person does not want it any more."""


def tell(share: float | None, words: str) -> None:
    """Say how far the work is; call it at least every tenth of a second.

    Raises:
        Cancelled: whoever started it wants it stopped.
    """
    listener = _listener.get()
    if listener is not None and not listener(share, words):
        raise Cancelled(words)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Give what is told inside to this listener; in this thread alone."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
