"""Project: everything that a person decided, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Optimizer, Schedule
from nnstudio.core.spec import describe

DEVICES = ("auto", "cpu", "cuda", "mps")


def _whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} needs a whole number from {low} to {high}, but got {describe(value)}")


def _between(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} needs a number from {low:g} to {high:g}, but got {describe(value)}")


def _yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} needs yes or no (true or false), but got {describe(value)}")


@dataclass(frozen=True)
class DataSettings:
    """Which rows, and how they are divided and scaled.

    Attributes:
        dataset: where the rows come from; None while nothing is chosen.
        test_share: the part of the rows that is kept for testing, from 0 (none) to 0.9.
        random_state: the seed of the split, as scikit-learn's train_test_split takes it.
        standardise: subtract the mean and divide by the standard deviation of each feature, both taken from the
            training part.
    """

    dataset: Dataset | None = None
    test_share: float = 0.2
    random_state: int = 42
    standardise: bool = True

    def __post_init__(self) -> None:
        _between("test_share", self.test_share, 0.0, 0.9)
        _whole("random_state", self.random_state, 0, 2**32 - 1)
        _yes_or_no("standardise", self.standardise)


@dataclass(frozen=True)
class TrainingSettings:
    """How the network is trained.

    Attributes:
        optimizer: the update rule, with its learning rate.
        schedule: how the learning rate changes over the epochs.
        epochs: how often all training rows are seen.
        batch_size: rows in one step; None is all of them (full batch).
        seed: of the initial weights, of the order of the rows and of dropout.
        device: "auto", "cpu", "cuda" or "mps".
    """

    optimizer: Optimizer | None = None
    schedule: Schedule | None = None
    epochs: int = 100
    batch_size: int | None = 16
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        _whole("epochs", self.epochs, 1, 10_000_000)
        if self.batch_size is not None:
            _whole("batch_size", self.batch_size, 1, 10_000_000)
        _whole("seed", self.seed, 0, 2**32 - 1)
        if self.device not in DEVICES:
            raise ValueError(f"device needs one of {', '.join(DEVICES)}, but got {describe(self.device)}")


@dataclass(frozen=True)
class Project:
    """The drawing, the data and the training. `title` and `sentence` are what the gallery shows of an example;
    `notes` is free text for the reader."""

    graph: Graph = field(default_factory=Graph)
    data: DataSettings = DataSettings()
    training: TrainingSettings = TrainingSettings()
    title: str = ""
    sentence: str = ""
    notes: str = ""

    def with_graph(self, graph: Graph) -> Project:
        return self if graph is self.graph else replace(self, graph=graph)

    def with_data(self, **changes: Any) -> Project:
        """Raises ValueError with one sentence for an impossible value."""
        return replace(self, data=replace(self.data, **changes))

    def with_training(self, **changes: Any) -> Project:
        """Raises ValueError with one sentence for an impossible value."""
        return replace(self, training=replace(self.training, **changes))
