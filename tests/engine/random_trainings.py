"""Trainings drawn at random: optimizer, schedule, layers, and every setting that changes how a step is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.projects import layer, optimizer, schedule, spirals
from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import ParameterGroup, Project
from nnstudio.core.spec import registered

# Settings that make a rule of its own of an optimizer, beside its defaults.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.01}],
    "Adam": [{"weight_decay": 0.01}],
    "RMSprop": [{"momentum": 0.5}],
}


def random_training(seed: int) -> Project:
    """A small project with two to four epochs of mini-batches; every seed another one."""
    generator = np.random.default_rng(seed)

    def one_of(*choices: Any) -> Any:
        return choices[int(generator.integers(len(choices)))]

    rule = one_of(*sorted(registered(Optimizer)))
    settings = one_of({}, *VARIANTS.get(rule, []))
    between = {
        "dropout": [layer("Dropout", p=0.3)],
        "batch norm": [layer("BatchNorm1d")],
        "both": [layer("BatchNorm1d"), layer("Dropout", p=0.2)],
        "neither": [],
    }[one_of("dropout", "batch norm", "both", "neither")]
    project = spirals(
        layer("Linear", out_features=6),
        *between,
        layer("Tanh"),
        optimizer=optimizer(rule, lr=0.01, **settings),
        schedule=one_of(None, *(schedule(name) for name in sorted(registered(Schedule)))),
        epochs=int(generator.integers(2, 5)),
        batch_size=int(one_of(16, 32, 50)),
        seed=int(generator.integers(1000)),
    )
    finer: dict[str, Any] = {
        "accumulate": one_of(1, 1, 2, 3),
        "clip_norm": one_of(None, None, 0.5),
        "clip_value": one_of(None, None, 0.1),
        "decay_biases": one_of(True, True, False),
        "class_weights": one_of(False, True),
        "keep_best": one_of(False, True),
        "patience": one_of(None, None, 1, 2),
        "ema_decay": one_of(None, None, 0.9),
        "precision": one_of("float32", "float32", "bfloat16"),
        "groups": one_of((), (ParameterGroup(("n2",), 0.1, 0.5),)),
        "captured": one_of(True, False),
    }
    return project.with_training(**finer).with_data(validation_share=one_of(0.0, 0.25))


def without_place(project: Project) -> Project:
    """The same project with another title: what must not matter."""
    return replace(project, title="Another title")
