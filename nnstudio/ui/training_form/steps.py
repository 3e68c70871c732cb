"""Steps: how many there are in an epoch, and what a person should know of them."""

from __future__ import annotations

from dataclasses import dataclass

from nnstudio.ui.document import Document


@dataclass(frozen=True)
class Steps:
    """rows: of the training part. size: rows in a batch. accumulate: batches for one update. epochs: of all."""

    rows: int
    size: int
    accumulate: int
    epochs: int

    @property
    def batches(self) -> int:
        """In an epoch."""
        return -(-self.rows // self.size)

    @property
    def updates(self) -> int:
        """Of the weights in an epoch."""
        return -(-self.batches // self.accumulate)

    def facts(self) -> list[tuple[str, str]]:
        """In words."""
        found = [("In one epoch", f"{_count(self.batches, 'step')} of {_count(self.size, 'row')}")]
        if self.accumulate > 1:
            effective = min(self.size * self.accumulate, self.rows)
            found.append(("Effective batch", f"{_count(effective, 'row')} in {self.accumulate:,} batches"))
            found.append(("Updates", f"{self.updates:,} in an epoch, {self.updates * self.epochs:,} in all"))
        return [*found, ("In all", _count(self.batches * self.epochs, "step"))]


def steps_of(document: Document) -> Steps | None:
    """The steps of the document's training; None while its rows are not at hand."""
    training = document.project.training
    try:
        rows = len(document.prepared().train_rows)
    except (ValueError, OSError):
        return None
    return Steps(rows, min(training.batch_size or rows, rows), training.accumulate, training.epochs)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
