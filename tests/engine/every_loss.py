"""A project for every loss, on rows that are drawn at random with targets of every form."""

from __future__ import annotations

from typing import Any

from engine.projects import chain, layer, loss, optimizer
from nnstudio.core.data import Data
from nnstudio.core.kinds import Dataset, Layer, Loss
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import field

Case = tuple[Loss, str, int, list[Layer]]

_SOURCE = """
import numpy as np

draw = np.random.default_rng(0)
X = draw.normal(size=(60, 3))
score = X @ np.array([[1.0, -1.0, 0.5], [0.5, 1.0, -1.0], [-1.0, 0.5, 1.0]]) + 0.1 * draw.normal(size=(60, 3))
"""
_TARGETS = {
    "two classes": "y = (score[:, 0] > 0).astype(np.int64)",
    "three classes": "y = score.argmax(axis=1)",
    "numbers": "y = score",
    "labels": "y = (score > 0).astype(np.float64)",
    "counts": "y = np.floor(np.exp(score))",
    "shares": "y = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)",
    "places": "y = (score > 0).astype(np.int64) + (score > 1)",
    "two at places": "y = (score > 0).astype(np.int64)",
}
_CLASSES = {"two classes": 2, "three classes": 3, "places": 3, "two at places": 2}


class Drawn(Dataset, abstract=True):
    """Rows drawn at random, with targets of each form."""

    targets: str = field("numbers", "Which form.", choices=tuple(_TARGETS))

    def load(self) -> Data:
        names: dict[str, Any] = {}
        exec(self.source(), names)
        classes = tuple(f"c{number}" for number in range(_CLASSES.get(self.targets, 0)))
        task = "classification" if classes else "regression"
        return Data(names["X"], names["y"], task, ("a", "b", "c"), classes)

    def source(self) -> str:
        return f"{_SOURCE.lstrip()}{_TARGETS[self.targets]}\n"


# The loss, its targets, how many outputs, and what stands between the last Linear and the Output.
CASES: list[Case] = [
    (loss("L1Loss"), "numbers", 3, []),
    (loss("MSELoss"), "two classes", 1, []),
    (loss("HuberLoss"), "numbers", 3, []),
    (loss("SmoothL1Loss", beta=0.5), "numbers", 3, []),
    (loss("CrossEntropyLoss"), "three classes", 3, []),
    (loss("CrossEntropyLoss", ignore_index=1), "places", 9, [layer("Reshape", shape=(3, 3))]),
    (loss("NLLLoss"), "three classes", 3, [layer("LogSoftmax")]),
    (loss("MultiMarginLoss"), "three classes", 3, []),
    (loss("BCELoss"), "two classes", 1, [layer("Sigmoid")]),
    (loss("BCELoss"), "labels", 3, [layer("Sigmoid")]),
    (loss("BCEWithLogitsLoss"), "labels", 3, []),
    (loss("BCEWithLogitsLoss"), "two at places", 3, [layer("Reshape", shape=(1, 3))]),
    (loss("MultiLabelSoftMarginLoss"), "labels", 3, []),
    (loss("SoftMarginLoss"), "two classes", 1, []),
    (loss("HingeEmbeddingLoss", margin=3.0), "two classes", 1, [layer("Softplus")]),
    (loss("PoissonNLLLoss"), "counts", 3, []),
    (loss("GaussianNLLLoss"), "numbers", 6, []),
    (loss("KLDivLoss"), "shares", 3, [layer("LogSoftmax")]),
]
IDS = [f"{type(made).__name__} on {targets}" for made, targets, _, _ in CASES]


def project(made: Loss, targets: str, outputs: int, after: list[Layer]) -> Project:
    graph = chain(layer("Input"), layer("Linear", out_features=outputs), *after, layer("Output", loss=made))
    training = TrainingSettings(
        optimizer=optimizer("Adam", lr=0.05), epochs=8, batch_size=16, device="cpu", captured=False
    )
    return Project(graph, DataSettings(Drawn(targets=targets)), training)
