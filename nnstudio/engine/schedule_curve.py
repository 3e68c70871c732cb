"""The learning rate over a whole training, as torch's scheduler will give it, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from nnstudio.core.kinds import Optimizer, Schedule

# Steps of a scheduler that are done at most: about two seconds of work.
MOST_STEPS = 1_000_000
# Points of a curve at most: the lowest and the highest of each piece.
POINTS = 2_000
# Steps between two pauses.
_AT_ONCE = 1_000


@dataclass(frozen=True, eq=False)
class RateCurve:
    """Learning rates over the epochs.

    Attributes:
        epochs: where, in epochs from 0 [points]; a schedule that is stepped after each epoch has a point where each
            epoch begins.
        rates: the learning rate there [points].
        end: to which epoch the curve goes; that is the last, unless the training is very long.
        stepped: "epoch" or "step": how often the rate may change.
    """

    epochs: np.ndarray
    rates: np.ndarray
    end: float
    stepped: str

    @property
    def stairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The corners of the curve: with few epochs the rate is seen to hold throughout each."""
        epochs, rates = np.append(self.epochs, self.end), np.append(self.rates, self.rates[-1:])
        if self.stepped == "epoch" and len(self.rates) <= POINTS // 8:
            return np.repeat(epochs, 2)[1:-1], np.repeat(self.rates, 2)
        return epochs, rates


def drawn(optimizer: Optimizer, schedule: Schedule | None, epochs: int, steps: int) -> Iterator[RateCurve | None]:
    """Works the curve out, a piece at a time: gives None after each piece, and the curve at the end.

    For a training of so many epochs with so many updates of the weights in each. The schedule must not go by the loss.

    Raises:
        ValueError: torch refuses these settings.
    """
    lr = float(optimizer.lr)  # type: ignore[attr-defined]
    stepped = schedule.stepped if schedule is not None else "epoch"
    each = steps if stepped == "step" else 1
    count = min(epochs * each, MOST_STEPS)
    rates = np.full(count, lr)
    built = None
    if schedule is not None and schedule.torch_class is not None:
        # A weight of its own: schedules also move the momentum, which not all optimizers have.
        updates = optimizer.build([torch.nn.Parameter(torch.zeros(2, 2))])
        built = schedule.build(updates, epochs, steps)
        updates.step(lambda: 0.0)  # torch warns of a scheduler that is stepped before its optimizer
    if built is not None:
        for place in range(count):
            rates[place] = updates.param_groups[0]["lr"]
            if place + 1 < count:
                built.step()
            if place % _AT_ONCE == _AT_ONCE - 1:
                yield None
    places = _thinned(rates)
    yield RateCurve(places / each, rates[places], count / each, stepped)


def _thinned(rates: np.ndarray) -> np.ndarray:
    """Which rates are enough to draw all of them: those at both ends, the lowest and the highest of each piece."""
    if len(rates) <= POINTS:
        return np.arange(len(rates))
    kept = {0, len(rates) - 1}
    for piece in np.array_split(np.arange(len(rates)), POINTS // 2 - 1):
        kept.update((int(piece[rates[piece].argmin()]), int(piece[rates[piece].argmax()])))
    return np.array(sorted(kept))
