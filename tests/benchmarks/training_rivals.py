"""Other programs in the benchmark of training, where they are installed."""

from __future__ import annotations

import importlib.util
import json
import logging
import shutil
import subprocess
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.training_tasks import Task
from nnstudio.engine.run import Run

Stretch = Callable[[float], float]


def rivals(task: Task, playground: Path | None = None) -> dict[str, Stretch]:
    """Those that can be given the task, by name."""
    found: dict[str, Stretch] = {}
    if task.flat:
        found["scikit-learn MLP"] = scikit_learn(task)
    for name, module, make in (
        ("Lightning", "lightning", with_lightning),
        ("skorch", "skorch", with_skorch),
        ("Keras on torch", "keras", with_keras),
    ):
        if importlib.util.find_spec(module) is not None:
            found[name] = make(task)
    if playground is not None and task.name == "spirals" and shutil.which("node"):
        found["Playground's engine"] = playground_engine(playground)
    return found


def rows(task: Task) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Training inputs, targets and the batch size."""
    batches = Run(task.project)._batches
    assert batches.whole is not None
    inputs, (targets,) = batches.whole
    return inputs, targets, batches.size


def scikit_learn(task: Task) -> Stretch:
    """MLPClassifier's partial_fit: one pass over the rows each, its fit without the bookkeeping between passes."""
    from sklearn.neural_network import MLPClassifier

    inputs, targets, size = rows(task)
    x, y = inputs.flatten(1).numpy(), targets.numpy().reshape(len(targets)).astype(np.int64)
    activation = "tanh" if task.name == "spirals" else "relu"
    model = MLPClassifier(task.flat, activation=activation, batch_size=size, learning_rate_init=task.lr, alpha=0)
    batches = -(-len(x) // size)
    classes = np.unique(y)

    def stretch(seconds: float) -> float:
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            model.partial_fit(x, y, classes=classes)
            done += batches
        return done / (time.perf_counter() - began)

    return stretch


def with_lightning(task: Task) -> Stretch:
    """Trainer.fit with logger, progress bar, checkpoints and summary switched off."""
    import lightning
    from torch.utils.data import DataLoader, TensorDataset

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    inputs, targets, size = rows(task)
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=size, shuffle=True)
    criterion = Run(task.project).objective.main.loss

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = task.module()

        def training_step(self, batch: Any, number: int) -> Any:
            x, y = batch
            return criterion(self.model(x), y)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=task.lr)

    module = Module()
    epoch = [1.0]  # seconds that one takes, about

    def stretch(seconds: float) -> float:
        epochs = max(1, round(seconds / epoch[0]))
        times: list[float] = []

        class Clock(lightning.Callback):  # type: ignore[misc]
            def on_train_start(self, *_: Any) -> None:
                times.append(time.perf_counter())

            def on_train_end(self, *_: Any) -> None:
                times.append(time.perf_counter())

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lightning.Trainer(
                max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, callbacks=[Clock()],
                enable_progress_bar=False, enable_model_summary=False,
            ).fit(module, loader)  # fmt: skip
        taken = times[1] - times[0]
        epoch[0] = taken / epochs
        return epochs * len(loader) / taken

    return stretch


def with_skorch(task: Task) -> Stretch:
    """NeuralNet.partial_fit without a validation split and without printing."""
    from skorch import NeuralNet

    inputs, targets, size = rows(task)
    criterion = Run(task.project).objective.main.loss
    net = NeuralNet(
        task.module(), criterion=type(criterion), optimizer=torch.optim.Adam, lr=task.lr, batch_size=size,
        train_split=None, verbose=0, iterator_train__shuffle=True, callbacks__print_log=None, max_epochs=1,
    )  # fmt: skip
    net.initialize()
    batches = -(-len(inputs) // size)

    def stretch(seconds: float) -> float:
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            net.partial_fit(inputs, targets)
            done += batches
        return done / (time.perf_counter() - began)

    return stretch


def with_keras(task: Task) -> Stretch:
    """Model.fit of the same torch module, wrapped as a Keras layer, on the torch backend."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras as K  # noqa: N812

    inputs, targets, size = rows(task)
    x, y = inputs.numpy(), targets.numpy()
    binary = task.name == "spirals"
    model = K.Sequential([K.layers.TorchModuleWrapper(task.module())])
    criterion = (
        K.losses.BinaryCrossentropy(from_logits=True)
        if binary
        else K.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.compile(optimizer=K.optimizers.Adam(task.lr), loss=criterion)
    batches = -(-len(x) // size)

    def stretch(seconds: float) -> float:
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            model.fit(x, y, batch_size=size, epochs=5, verbose=0)
            done += 5 * batches
        return done / (time.perf_counter() - began)

    return stretch


_NODE = """
const nn = await import(process.argv[2]);
const seconds = Number(process.argv[3]), rows = JSON.parse(process.argv[4]);
const network = nn.buildNetwork([2, 8, 8, 1], nn.Activations.TANH, nn.Activations.TANH, null, ["x", "y"]);
const began = performance.now();
let steps = 0;
while (performance.now() - began < 1000 * seconds) {
  for (let place = 0; place < rows.length; place++) {
    nn.forwardProp(network, [rows[place][0], rows[place][1]]);
    nn.backProp(network, rows[place][2], nn.Errors.SQUARE);
    if ((place + 1) % 10 === 0) { nn.updateWeights(network, 0.03, 0); steps++; }
  }
}
console.log(1000 * steps / (performance.now() - began));
"""


def playground_engine(built: Path) -> Stretch:
    """The engine alone, in batches of ten, in a process of its own."""
    generator = np.random.default_rng(0)
    points = [[*map(float, generator.normal(size=2)), float(generator.choice([-1, 1]))] for _ in range(200)]

    def stretch(seconds: float) -> float:
        command = ["node", "--input-type=module", "-e", _NODE, "-", str(built.resolve()), str(seconds)]
        done = subprocess.run([*command, json.dumps(points)], capture_output=True, text=True, check=True)
        return float(done.stdout)

    return stretch
