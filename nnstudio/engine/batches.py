"""Batches: the training rows of one epoch after another, in order, cut up and, if wanted, changed at random."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

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

    With `computed`, a batch is those of its rows that this process computes: of so many rows, a slice.

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
        computed: Callable[[int], slice] | None = None,
    ) -> None:
        self._part, self._objective, self._device, self._seed = part, objective, device, seed
        self._augmentations = tuple(augmentations)
        self._scaled = _scaling_of_pictures(part, device)
        # What is changed at random is changed as a whole, so that every process sees the same changes.
        self._before = None if self._augmentations else computed
        self._after = computed if self._augmentations else None
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
        inputs, aims = self._changed(number, inputs, aims)
        if self._after is None:
            return inputs, aims
        mine = self._after(self.rows_of(number))
        return inputs[mine], tuple(part[mine] for part in aims)

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

    def _cut(self, inputs: Tensor, aims: tuple[Tensor, ...], lengths: list[int] | int) -> list[Batch]:
        parts = zip(*(part.split(lengths) for part in aims), strict=True)
        return list(zip(inputs.split(lengths), parts, strict=True))

    def _places(self, numbers: Iterable[int]) -> tuple[Tensor | slice, list[int]]:
        """Where the rows of some batches are that this process computes, and how many of each batch."""
        assert self._before is not None
        found = []
        for number in numbers:
            mine = self._before(self.rows_of(number))
            found.append(slice(number * self.size + mine.start, number * self.size + mine.stop))
        lengths = [part.stop - part.start for part in found]
        if self.order is None:  # there is one batch
            return found[0], lengths
        return torch.cat([self.order[part] for part in found]), lengths

    def _gather(self, number: int) -> None:
        """Bring the rows of this batch and of some after it together; all of them where they are in memory."""
        self._first = 0 if self.held else number
        lengths: list[int] | int = self.size
        if self._before is not None:
            last = self.count if self.held else min(number + _BATCHES_A_PIECE, self.count)
            places, lengths = self._places(range(self._first, last))
        elif self.held:
            places = slice(None) if self.order is None else self.order
        else:
            first, end = number * self.size, min((number + _BATCHES_A_PIECE) * self.size, self.rows)
            places = slice(first, end) if self.order is None else self.order[first:end]
        if self.held:
            if isinstance(places, Tensor):
                places = places.to(self._device)
            inputs, aims = self._inputs[places], tuple(part[places] for part in self._aims)
        else:
            inputs, targets = self._part.take(places)
            inputs = inputs.to(self._device)
            aims = self._aims_of(inputs, targets.to(self._device))
        self._piece = self._cut(inputs, aims, lengths)

    def _changed(self, number: int, inputs: Tensor, aims: tuple[Tensor, ...]) -> Batch:
        """The batch after all augmentations. An Output that is compared with the input sees the changed one.

        Pictures are changed on their own scale, where brightness means what it says, and standardised afterwards.
        """
        if self._scaled is not None:
            mean, scale = self._scaled
            inputs = inputs * scale + mean
        generator = torch.Generator().manual_seed(((self._seed * 1_000_003 + self.epoch) * 1_000_003 + number) % 2**63)
        for augmentation in self._augmentations:
            inputs = augmentation.apply(inputs, generator)
        if self._scaled is not None:
            mean, scale = self._scaled
            inputs = (inputs - mean) / scale
        heads = self._objective.heads
        return inputs, tuple(inputs if head.of_input else aim for head, aim in zip(heads, aims, strict=True))


def _scaling_of_pictures(part: Part, device: torch.device) -> tuple[Tensor, Tensor] | None:
    """Mean and deviation of each number of a picture [C, H, W]; none for other rows, and where nothing was scaled."""
    shape, mean, scale = part.shape, part.scaling.mean, part.scaling.scale
    if len(shape) != 3 or mean is None or scale is None:
        return None
    found = [torch.from_numpy(values.astype("float32")).reshape(shape).to(device) for values in (mean, scale)]
    return found[0], found[1]
