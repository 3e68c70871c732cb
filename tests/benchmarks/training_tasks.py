"""What is trained in the benchmark of training: seven networks as projects, and as a person would write them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from engine.projects import chain, iris, layer, loss, optimizer, spirals
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import field
from nnstudio.engine.run import Run

Stretch = Callable[[float], float]
MANY = 10_000_000


class MadeUp(Dataset, abstract=True):
    """Rows of noise in ten classes, for benchmarks."""

    rows: int = field(1000, "How many.", minimum=1)
    shape: tuple[int, ...] = field((8,), "Of one row.", minimum=1)

    def load(self) -> Data:
        generator = np.random.default_rng(0)
        inputs = generator.normal(size=(self.rows, *self.shape)).astype(np.float32)
        return Data(inputs, generator.integers(0, 10, self.rows), "classification", class_names=tuple("0123456789"))

    def source(self) -> str:
        return "X, y = None, None"


class LastStep(nn.Module):
    """An LSTM of which the last step goes on."""

    def __init__(self, size: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(size, hidden, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0][:, -1]  # type: ignore[no-any-return]


@dataclass
class Task:
    """One network with its data.

    Attributes:
        project: as a drawing. module: the same by hand. lr: of Adam.
        flat: the hidden sizes, where scikit-learn's MLP and Playground's engine can be given the same network.
    """

    name: str
    project: Project
    module: Callable[[], nn.Module]
    flat: tuple[int, ...] = ()
    lr: float = 0.001

    def tutorial(self) -> Stretch:
        """The loop that tutorials show."""
        run = Run(self.project)
        batches = run._batches
        assert batches.whole is not None
        inputs, (targets,) = batches.whole
        loader = DataLoader(TensorDataset(inputs, targets), batch_size=batches.size, shuffle=True)
        model, criterion = self.module(), run.objective.main.loss
        adam = torch.optim.Adam(model.parameters(), lr=self.lr)
        waiting = itertools.chain.from_iterable(itertools.repeat(loader))
        losses = []

        def stretch(seconds: float) -> float:
            began, done = time.perf_counter(), 0
            losses.clear()
            for x, y in waiting:
                adam.zero_grad()
                value = criterion(model(x), y)
                value.backward()
                adam.step()
                losses.append(value.item())
                done += 1
                if time.perf_counter() - began >= seconds:
                    break
            return done / (time.perf_counter() - began)

        return stretch

    def run(self, captured: bool) -> Stretch:
        """The Run, as `nnstudio train` and the window have it."""
        run = Run(self.project.with_training(captured=captured, epochs=MANY))

        def stretch(seconds: float) -> float:
            began, first = time.perf_counter(), run.step
            for _ in run.snapshots():
                if time.perf_counter() - began >= seconds:
                    break
            return (run.step - first) / (time.perf_counter() - began)

        return stretch


def made_up(rows: int, shape: tuple[int, ...], batch_size: int, *layers: Any) -> Project:
    """A project on noise in ten classes."""
    return Project(
        chain(layer("Input"), *layers, layer("Linear", out_features=10), layer("Output")),
        DataSettings(MadeUp(rows=rows, shape=shape), test_share=0.1, standardise=False),
        TrainingSettings(optimizer=optimizer("Adam", lr=0.001), batch_size=batch_size, device="cpu"),
    )


def tasks() -> list[Task]:
    """All seven, the smallest first."""

    def mlp(*sizes: int, between: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        def make() -> nn.Module:
            layers: list[nn.Module] = []
            for before, after in itertools.pairwise(sizes):
                layers += [nn.Linear(before, after), between()]
            return nn.Sequential(*layers[:-1])

        return make

    def linear(size: int) -> Any:
        return layer("Linear", out_features=size)

    hidden = (linear(8), layer("Tanh"), linear(8), layer("Tanh"))
    digits = Project(
        chain(
            layer("Input"), layer("Flatten"), linear(128), layer("ReLU"), linear(64), layer("ReLU"), linear(10),
            layer("Output", loss=loss("CrossEntropyLoss")),
        ),
        DataSettings(_digits()), TrainingSettings(optimizer=optimizer("Adam", lr=0.001), batch_size=64, device="cpu"),
    )  # fmt: skip
    convolutions = (
        layer("Conv2d", out_channels=8, kernel_size=3), layer("ReLU"), layer("MaxPool2d", kernel_size=2),
        layer("Conv2d", out_channels=16, kernel_size=3), layer("ReLU"), layer("MaxPool2d", kernel_size=2),
        layer("Flatten"),
    )  # fmt: skip
    recurrent = (layer("LSTM", hidden_size=32), layer("Select", axis=1, index=-1))
    return [
        Task("spirals", spirals(*hidden), mlp(2, 8, 8, 1, between=nn.Tanh), (8, 8), 0.01),
        Task("iris", iris(batch_size=16), mlp(4, 32, 16, 3, between=nn.ReLU), (32, 16)),
        Task("iris-full", iris(), mlp(4, 32, 16, 3, between=nn.ReLU), (32, 16)),
        Task(
            "digits",
            digits,
            lambda: nn.Sequential(nn.Flatten(), *mlp(64, 128, 64, 10, between=nn.ReLU)()),  # type: ignore[misc]
            (128, 64),
        ),
        Task(
            "784-256-10",
            made_up(20_000, (784,), 128, linear(256), layer("ReLU")),
            mlp(784, 256, 10, between=nn.ReLU),
            (256,),
        ),
        Task(
            "cnn",
            made_up(4_000, (1, 28, 28), 64, *convolutions),
            lambda: nn.Sequential(
                nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(400, 10),
            ),
        ),
        Task(
            "lstm",
            made_up(4_000, (50, 8), 64, *recurrent),
            lambda: nn.Sequential(LastStep(8, 32), nn.Linear(32, 10)),
        ),
    ]  # fmt: skip


def _digits() -> Any:
    from engine.projects import dataset

    return dataset("Digits")
