"""Garbage: Python's collection of cycles, kept in the window's thread while another thread trains.

Left to itself the collector runs in whichever thread happens to allocate. In the worker it could take apart a widget
that only a cycle held, and Qt objects must die in the window's thread. A whole collection over all that torch brings
along also holds up every thread for a tenth of a second. So what was there when the program was ready is left out of
later collections, and while a training runs they are made by the window's timer, in small pieces.
"""

from __future__ import annotations

import gc
import time

SECONDS = 1.0

_holders = 0
_due = 0.0


def settle() -> None:
    """Leave all that is there now out of later collections. Once, when everything is imported."""
    gc.collect()
    gc.freeze()


def hold() -> None:
    """A training begins: no collection but those of `collect`."""
    global _holders
    _holders += 1
    gc.disable()


def collect() -> None:
    """Collect what is young, if it is time. Only in the window's thread."""
    global _due
    now = time.monotonic()
    if now >= _due:
        gc.collect(1)
        _due = now + SECONDS


def release() -> None:
    """The training has ended; with the last one the collector is left to itself again."""
    global _holders
    _holders -= 1
    if _holders == 0:
        gc.enable()
