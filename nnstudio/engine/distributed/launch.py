"""Launch: what torchrun tells each process that it starts."""

from __future__ import annotations

import os


def started_together() -> bool:
    """Whether this process is one of several that a launcher such as torchrun has started."""
    try:
        return int(os.environ["WORLD_SIZE"]) > 1 and "RANK" in os.environ
    except (KeyError, ValueError):
        return False


def local_rank() -> int:
    """The number of this process among those on this computer; 0 where it is alone."""
    try:
        return int(os.environ.get("LOCAL_RANK", "0"))
    except ValueError:
        return 0
