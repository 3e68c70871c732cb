"""Project: everything that a person decided, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Augmentation, Dataset, Optimizer, Schedule, Split
from nnstudio.core.spec import describe

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("float32", "bfloat16", "float16")


def _whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} needs a whole number from {low} to {high}, but got {describe(value)}")


def _between(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} needs a number from {low:g} to {high:g}, but got {describe(value)}")


def _yes_or_no(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"{name} needs yes or no (true or false), but got {describe(value)}")


def _all_are(name: str, values: Any, kind: type) -> None:
    if not isinstance(values, tuple) or not all(isinstance(value, kind) for value in values):
        raise ValueError(f"{name} needs a list of {kind.__name__} values, but got {describe(values)}")


@dataclass(frozen=True)
class DataSettings:
    """Which rows, and how they are divided and scaled.

    Attributes:
        dataset: where the rows come from; None while nothing is chosen.
        test_share: the part of the rows that is kept for testing, from 0 (none) to 0.9.
        validation_share: the part of the remaining rows that is kept for validation while training, from 0 to 0.9.
        split: how the rows are divided; None shuffles them.
        random_state: the seed of the split, as scikit-learn's train_test_split takes it.
        standardise: subtract the mean and divide by the standard deviation of each feature, both taken from the
            training part.
        augmentations: what is done to the training rows at random, in this order.
    """

    dataset: Dataset | None = None
    test_share: float = 0.2
    random_state: int = 42
    standardise: bool = True
    validation_share: float = 0.0
    split: Split | None = None
    augmentations: tuple[Augmentation, ...] = ()

    def __post_init__(self) -> None:
        _between("test_share", self.test_share, 0.0, 0.9)
        _whole("random_state", self.random_state, 0, 2**32 - 1)
        _between("validation_share", self.validation_share, 0.0, 0.9)
        _yes_or_no("standardise", self.standardise)
        _all_are("augmentations", self.augmentations, Augmentation)


@dataclass(frozen=True)
class ParameterGroup:
    """Some layers that are trained in their own way.

    Attributes:
        nodes: their ids, or paths into blocks ("n3/n5"); a block stands for all that is in it.
        lr_factor: what the learning rate is multiplied by for them.
        weight_decay: theirs; None is that of the optimizer.
    """

    nodes: tuple[str, ...] = ()
    lr_factor: float = 1.0
    weight_decay: float | None = None

    def __post_init__(self) -> None:
        _all_are("nodes", self.nodes, str)
        _between("lr_factor", self.lr_factor, 0.0, 1e6)
        if self.weight_decay is not None:
            _between("weight_decay", self.weight_decay, 0.0, 1e6)


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
        accumulate: batches whose gradients are averaged before one update of the weights.
        clip_norm: the largest norm of all gradients together; longer ones are shortened to it. None: no limit.
        clip_value: the largest magnitude of each gradient. None: no limit.
        groups: layers with a learning rate or weight decay of their own.
        decay_biases: whether weight decay also pulls biases and the scales of norms towards zero.
        class_weights: rows of rare classes count more in the loss, in proportion to how rare they are.
        patience: epochs without an improvement of the watched loss after which training stops. None: it does not.
        min_delta: by how much the watched loss must fall to count as an improvement.
        keep_best: end with the weights of the epoch with the lowest watched loss.
        ema_decay: how slowly the moving average of the weights, which is what is tested, forgets. None: no average.
        precision: "float32", or mixed precision with "bfloat16" or "float16" (with a gradient scaler).
        compile: let torch.compile make the network's kernels (it needs a C++ compiler).
        captured: record a step once and replay it, where that gives the same numbers.
    """

    optimizer: Optimizer | None = None
    schedule: Schedule | None = None
    epochs: int = 100
    batch_size: int | None = 16
    seed: int = 0
    device: str = "auto"
    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    groups: tuple[ParameterGroup, ...] = ()
    decay_biases: bool = True
    class_weights: bool = False
    patience: int | None = None
    min_delta: float = 0.0
    keep_best: bool = False
    ema_decay: float | None = None
    precision: str = "float32"
    compile: bool = False
    captured: bool = True

    def __post_init__(self) -> None:
        _whole("epochs", self.epochs, 1, 10_000_000)
        _whole("accumulate", self.accumulate, 1, 1_000_000)
        for name in ("clip_norm", "clip_value"):
            if getattr(self, name) is not None:
                _between(name, getattr(self, name), 1e-12, 1e12)
        if self.patience is not None:
            _whole("patience", self.patience, 1, 10_000_000)
        _between("min_delta", self.min_delta, 0.0, 1e12)
        if self.ema_decay is not None:
            _between("ema_decay", self.ema_decay, 0.0, 0.9999999)
        for name in ("decay_biases", "class_weights", "keep_best", "compile", "captured"):
            _yes_or_no(name, getattr(self, name))
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision needs one of {', '.join(PRECISIONS)}, but got {describe(self.precision)}")
        _all_are("groups", self.groups, ParameterGroup)
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

    def with_sentence(self, sentence: str) -> Project:
        return replace(self, sentence=sentence)

    def with_graph(self, graph: Graph) -> Project:
        return self if graph is self.graph else replace(self, graph=graph)

    def with_data(self, **changes: Any) -> Project:
        """Raises ValueError with one sentence for an impossible value."""
        return replace(self, data=replace(self.data, **changes))

    def with_training(self, **changes: Any) -> Project:
        """Raises ValueError with one sentence for an impossible value."""
        return replace(self, training=replace(self.training, **changes))
