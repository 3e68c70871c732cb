"""Batches: the training rows of one epoch after another, in order, cut up and, if wanted, changed at random."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nnstudio.core.kinds import Augmentation
from nnstudio.engine.data import Part
from nnstudio.engine.objective import Objective

# Batches that are gathered at once where the rows are not held in memory.
_BATCHES_A_PIECE = 16

Batch = tuple[Tensor, tuple[Tensor, ...]]


def row_order(seed: int, epoch: int, rows: int) -> Tensor:
    """The order of the training rows in an epoch: a function of seed and epoch alone, int64 [rows]."""
    return torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))


class Batches:
    """The batches of the epoch under way. What batch i holds is a function of (seed, epoch, i) alone.

    Attributes:
        rows: how many rows an epoch has. size: rows in a batch, of which the last may have fewer.
        count: batches in an epoch. epoch: the one under way.
    """

    def __init__(
        self,
        part: Part,
        objective: Objective,
        device: torch.device,
        *,
        seed: int,
        batch_size: int | None,
        augmentations: Sequence[Augmentation] = (),
    ) -> None:
        self._part, self._objective, self._device, self._seed = part, objective, device, seed
        self._augmentations = tuple(augmentations)
        self.rows = len(part)
        self.size = min(batch_size or self.rows, self.rows)
        self.count = math.ceil(self.rows / self.size)
        self.held = part.held
        if self.held:
            self._inputs = part.inputs.to(device)
            self._aims = self._aims_of(self._inputs, part.targets.to(device))
        self.begin(0)

    def begin(self, epoch: int) -> None:
        """Go on with this epoch. Its rows are put in order when the first of them is asked for."""
        self.epoch = epoch
        self._order: Tensor | None = None
        self._piece: list[Batch] = []
        self._first = 0  # the number of the first batch of the piece

    def __getitem__(self, number: int) -> Batch:
        """The inputs [rows, *shape] and what each Output is compared with, of a batch of the epoch, on the device."""
        place = number - self._first
        if not 0 <= place < len(self._piece):
            with torch.inference_mode(False):  # who looks may be the first to ask, and training goes on with them
                self._gather(number)
            place = number - self._first
        inputs, aims = self._piece[place]
        if not self._augmentations:
            return inputs, aims
        return self._changed(number, inputs, aims)

    def rows_of(self, number: int) -> int:
        """How many rows a batch has."""
        return min(self.size, self.rows - number * self.size)

    @property
    def order(self) -> Tensor | None:
        """The order of the rows in the epoch under way; None for their own, as with one batch of all rows."""
        if self._order is None and self.size < self.rows:
            self._order = row_order(self._seed, self.epoch, self.rows)
        return self._order

    @property
    def whole(self) -> tuple[Tensor, tuple[Tensor, ...]] | None:
        """All rows in their own order, on the device, where they are held and go into the network as they are."""
        return (self._inputs, self._aims) if self.held and not self._augmentations else None

    def _aims_of(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        return tuple(part.to(self._device) for part in self._objective.targets(inputs, targets))

    def _cut(self, inputs: Tensor, aims: tuple[Tensor, ...]) -> list[Batch]:
        parts = zip(*(part.split(self.size) for part in aims), strict=True)
        return list(zip(inputs.split(self.size), parts, strict=True))

    def _gather(self, number: int) -> None:
        """Bring the rows of this batch and of some after it together; all of them where they are in memory."""
        if self.held:
            inputs, aims = self._inputs, self._aims
            if self.order is not None:
                order = self.order.to(self._device)
                inputs, aims = inputs[order], tuple(part[order] for part in aims)
            self._piece, self._first = self._cut(inputs, aims), 0
            return
        first, last = number * self.size, min((number + _BATCHES_A_PIECE) * self.size, self.rows)
        inputs, targets = self._part.take(slice(first, last) if self.order is None else self.order[first:last])
        inputs = inputs.to(self._device)
        self._piece = self._cut(inputs, self._aims_of(inputs, targets.to(self._device)))
        self._first = number

    def _changed(self, number: int, inputs: Tensor, aims: tuple[Tensor, ...]) -> Batch:
        """The batch after all augmentations. An Output that is compared with the input sees the changed one."""
        generator = torch.Generator().manual_seed(((self._seed * 1_000_003 + self.epoch) * 1_000_003 + number) % 2**63)
        for augmentation in self._augmentations:
            inputs = augmentation.apply(inputs, generator)
        heads = self._objective.heads
        return inputs, tuple(inputs if head.of_input else aim for head, aim in zip(heads, aims, strict=True))
