"""What a batch holds is a function of seed, epoch and number alone, augmented or not, in memory or not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.projects import chain, dataset, layer, loss, optimizer
from engine.test_run import digest, finish
from nnstudio.core.kinds import Augmentation
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine import data as engine_data
from nnstudio.engine.batches import row_order
from nnstudio.engine.run import Run


def augmentation(name: str, **settings: object) -> Augmentation:
    return registered(Augmentation)[name](**settings)


def digits(*augmentations: Augmentation, standardise: bool = True, **training: object) -> Project:
    graph = chain(layer("Input"), layer("Flatten"), layer("Linear", out_features=10), layer("Output"))
    settings = {"optimizer": optimizer("Adam", lr=0.01), "epochs": 2, "batch_size": 500} | training
    data = DataSettings(dataset("Digits"), standardise=standardise, augmentations=augmentations)
    return Project(graph, data, TrainingSettings(**settings))  # type: ignore[arg-type]


def test_batches_are_the_rows_in_the_order_of_the_epoch() -> None:
    run = Run(digits(seed=5))
    inputs, targets = run.prepared.train
    run._batches.begin(3)
    parts = row_order(5, 3, len(inputs)).split(500)
    assert run.batches == len(parts) == 3
    for number in (2, 0, 1):
        x, (y,) = run._batches[number]
        assert torch.equal(x, inputs[parts[number]]) and torch.equal(y, targets[parts[number]])
        assert run._batches.rows_of(number) == len(parts[number])


def test_what_is_not_held_in_memory_comes_in_the_same_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Run(digits(standardise=False, batch_size=7))
    monkeypatch.setattr(engine_data, "HELD_BYTES", 1000)
    engine_data._cache.clear()
    streamed = Run(digits(standardise=False, batch_size=7))
    engine_data._cache.clear()
    assert held._batches.held and not streamed._batches.held
    for number in (0, 100, 3, 204, 205):
        (x, (y,)), (u, (v,)) = held._batches[number], streamed._batches[number]
        assert torch.equal(x, u) and torch.equal(y, v)


def test_augmented_batches_are_drawn_from_seed_epoch_and_number() -> None:
    noise = augmentation("GaussianNoise", std=0.5)
    run, again = Run(digits(noise)), Run(digits(noise))
    first = run._batches[1][0]
    assert not torch.equal(first, Run(digits())._batches[1][0])
    again._batches[0]  # whatever was asked for before
    assert torch.equal(first, again._batches[1][0])
    again._batches.begin(1)
    assert not torch.equal(first, again._batches[1][0])
    assert not torch.equal(first, Run(digits(noise, seed=1))._batches[1][0])


def test_pictures_are_changed_on_their_own_scale() -> None:
    """Twice the brightness of the raw picture, whatever mean and deviation are."""

    class Twice(Augmentation, abstract=True):
        def apply(self, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
            return rows * 2

    run, plain = Run(digits(Twice())), Run(digits())
    scaling = run.prepared.scaling
    assert scaling.mean is not None and scaling.scale is not None
    raw = plain._batches[0][0].flatten(1).numpy() * scaling.scale + scaling.mean
    expected = (2 * raw - scaling.mean) / scaling.scale
    np.testing.assert_allclose(run._batches[0][0].flatten(1).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_an_autoencoder_is_compared_with_the_changed_rows() -> None:
    graph = chain(
        layer("Input"), layer("Linear", out_features=4), layer("Output", loss=loss("MSELoss"), target="input")
    )
    data = DataSettings(dataset("Iris"), augmentations=(augmentation("GaussianNoise", std=1.0),))
    run = Run(Project(graph, data, TrainingSettings(optimizer=optimizer("Adam"), batch_size=16)))
    x, (aim,) = run._batches[0]
    assert torch.equal(x, aim)


def test_an_augmented_training_resumes_to_the_same_bytes() -> None:
    project = digits(augmentation("RandomCrop", padding=1), augmentation("GaussianNoise", std=0.1))
    whole = finish(Run(project))
    part = finish(Run(project), steps=4)
    resumed = Run(project, part.checkpoint())
    assert resumed.continuation == "exact"
    assert digest(finish(resumed).checkpoint()) == digest(whole.checkpoint())
    assert whole.uncaptured == "the rows are gathered or changed while it trains"
