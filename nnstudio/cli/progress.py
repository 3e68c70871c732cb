"""Progress: how far a training is, in a terminal or in a log."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from nnstudio.cli.output import figures, is_muted, say
from nnstudio.engine.run import Snapshot

# The parts of the data, as records have their figures.
PARTS = ("train", "validation", "test")

_LINES = 20  # of a whole training, where there is no terminal


class Progress:
    """A bar with loss and time left on a terminal; otherwise a line now and then on standard output."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty() and not is_muted()
        self._first: int | None = None  # epochs that were done before
        self._drawn = False

    def show(self, snapshot: Snapshot, records: list[Mapping[str, Any]]) -> None:
        """Say where it stands; `records` are those of the epochs that ended since the last time."""
        if self._first is None:
            self._first = snapshot.epoch - len(records)
        if self._terminal:
            self._draw(snapshot)
            return
        every = max(1, math.ceil((snapshot.epochs - self._first) / _LINES))
        for record in records:
            if record["epoch"] % every == 0 or record["epoch"] == snapshot.epochs:
                say(epoch_line(record))

    def finish(self) -> None:
        """Leave the line of the bar."""
        if self._drawn:
            print(file=sys.stderr, flush=True)
            self._drawn = False

    def _draw(self, snapshot: Snapshot) -> None:
        assert self._first is not None
        done = snapshot.epoch - self._first + snapshot.batch / snapshot.batches
        share = min(done / max(snapshot.epochs - self._first, 1), 1.0)
        left = (1 - share) * (snapshot.epochs - self._first) * snapshot.batches / max(snapshot.steps_per_second, 1e-9)
        losses = snapshot.history.step_losses
        words = [f"epoch {snapshot.epoch} of {snapshot.epochs}", f"loss {losses[-1]:.4f}" if len(losses) else ""]
        words.append(f"lr {snapshot.lr:.3g}")
        if snapshot.history.epochs:
            record = snapshot.history.epochs[-1]
            part = "validation" if record.get("validation") else "test"  # the one that is watched
            shown = {name: value for name, value in record[part].items() if name != "loss"}
            words.append(f"{part} {figures(shown)}" if shown else "")
        words.append(f"{duration(left)} left" if not snapshot.done else f"{duration(snapshot.seconds)}")
        text = "  ".join(word for word in words if word)
        room = shutil.get_terminal_size().columns - len(text) - 6
        bar = ""
        if room >= 8:
            width = min(room, 30)
            bar = f"[{'#' * round(share * width):.<{width}}]  "
        print(f"\r\x1b[K{bar}{text}", end="", file=sys.stderr, flush=True)
        self._drawn = True


def epoch_line(record: Mapping[str, Any]) -> str:
    """One epoch in words."""
    parts = "   ".join(f"{part} {figures(record[part])}" for part in PARTS if record.get(part))
    return f"epoch {record['epoch']:>4}   {parts}   lr {record['lr']:.3g}"


def duration(seconds: float) -> str:
    """`45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(min(seconds, 1e9)))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
