"""Several inputs and outputs, and outputs that give the input back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.projects import layer
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Loss, Optimizer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import check
from nnstudio.engine.run import Run, row_order


def loss(name: str) -> Loss:
    return registered(Loss)[name]()


def project(graph: Graph, dataset: str = "Iris", **training: object) -> Project:
    return Project(
        graph,
        DataSettings(registered(Dataset)[dataset]()),
        TrainingSettings(registered(Optimizer)["SGD"](lr=0.05), **{"epochs": 3, **training}),
    )


def two_heads(weights: tuple[float, float] = (1.0, 0.5)) -> Graph:
    """Two inputs (the sepal, the petal), two outputs (the species, and the input given back)."""
    graph, sepal = Graph().add(layer("Input", features=(0, 1)), title="sepal")
    graph, petal = graph.add(layer("Input", features=(2, 3)), title="petal")
    graph, join = graph.add(layer("Concatenate"))
    graph, hidden = graph.add(layer("Linear", out_features=8), title="hidden")
    graph, bend = graph.add(layer("Tanh"))
    graph, kind = graph.add(layer("Linear", out_features=3), title="kind")
    graph, back = graph.add(layer("Linear", out_features=4), title="back")
    graph, first = graph.add(layer("Output", loss=loss("CrossEntropyLoss"), weight=weights[0]), title="species")
    graph, second = graph.add(layer("Output", loss=loss("MSELoss"), weight=weights[1], target="input"), title="again")
    graph = graph.wire(sepal, join, "a").wire(petal, join, "b").wire(join, hidden).wire(hidden, bend)
    return graph.wire(bend, kind).wire(bend, back).wire(kind, first).wire(back, second)


class Reference(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.kind, self.back = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        value = torch.tanh(self.hidden(torch.cat((x[:, [0, 1]], x[:, [2, 3]]), 1)))
        return self.kind(value), self.back(value)


@pytest.mark.parametrize("weights", [(1.0, 0.5), (2.0, 0.0), (0.25, 1.0)])
def test_two_losses_are_added_up(weights: tuple[float, float]) -> None:
    drawn = project(two_heads(weights))
    assert check(drawn).errors == []
    run = Run(drawn)
    for _ in run.snapshots():
        pass
    torch.manual_seed(0)
    model = Reference()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    data = run.prepared
    for epoch in range(3):
        order = row_order(0, epoch, len(data.train_inputs))
        x, y = data.train_inputs[order].split(16), data.train_targets[order].split(16)
        total = 0.0
        for rows, targets in zip(x, y, strict=True):
            optimizer.zero_grad()
            kind, back = model(rows)
            value = weights[0] * nn.functional.cross_entropy(kind, targets)
            if weights[1]:
                value = value + weights[1] * nn.functional.mse_loss(back, rows)
            value.backward()
            optimizer.step()
            total += value.item() * len(rows)
        assert run.history.epochs[epoch]["train"]["loss"] == pytest.approx(total / len(data.train_inputs), rel=1e-6)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(run.network.get_parameter(name), parameter)
    assert set(run.history.epochs[0]["test"]) == {"loss", "accuracy"}
    assert run.predict(data.data.inputs[:5]).shape == (5, 3)


def test_pausing_changes_nothing_with_several_outputs() -> None:
    whole = Run(project(two_heads()))
    for _ in whole.snapshots():
        pass
    first = Run(project(two_heads()))
    for _ in first.snapshots(steps=11):
        pass
    second = Run(project(two_heads()), first.checkpoint())
    assert second.continuation == "exact"
    for _ in second.snapshots():
        pass
    for name, parameter in whole.network.named_parameters():
        assert torch.equal(parameter, second.network.get_parameter(name))
    strip = [{key: value for key, value in record.items() if key != "seconds"} for record in whole.history.epochs]
    assert strip == [{k: v for k, v in record.items() if k != "seconds"} for record in second.history.epochs]


def test_an_autoencoder_gives_its_input_back() -> None:
    graph, entry = Graph().add(layer("Input"))
    graph, narrow = graph.add(layer("Linear", out_features=2))
    graph, wide = graph.add(layer("Linear", out_features=4))
    graph, output = graph.add(layer("Output", loss=loss("MSELoss"), target="input"))
    graph = graph.wire(entry, narrow).wire(narrow, wide).wire(wide, output)
    run = Run(project(graph, epochs=20))
    for _ in run.snapshots():
        pass
    records = run.history.epochs
    assert set(records[0]["train"]) == {"loss", "mae", "r2"}
    assert records[-1]["train"]["loss"] < records[0]["train"]["loss"] * 0.7
    weights = run.evaluate()["train"]
    inputs = run.prepared.train_inputs
    with torch.no_grad():
        assert weights["loss"] == pytest.approx(nn.functional.mse_loss(run.network(inputs), inputs).item(), rel=1e-5)

    wrong = graph.configure(wide.id, out_features=3)
    (problem,) = check(project(wrong)).errors
    assert problem.node == output.id and "[B, 3]" in problem.message and "[B, 4]" in problem.message
    crossed = replace(output.layer, loss=loss("CrossEntropyLoss"))
    assert check(project(graph.set_layer(output.id, crossed))).errors


def test_columns_that_are_not_there_are_said() -> None:
    graph = two_heads().configure("n1", features=(0, 7))
    problems = check(project(graph)).errors
    assert [problem.node for problem in problems] == ["n1"]
    assert "column 7" in problems[0].message
    assert np.isfinite(Run(project(two_heads())).predict(np.zeros((2, 4)))).all()


def test_an_output_must_keep_its_rows() -> None:
    graph, entry = Graph().add(layer("Input"))
    graph, linear = graph.add(layer("Linear", out_features=3))
    graph, across = graph.add(layer("Transpose", first=0, second=1))
    graph, output = graph.add(layer("Output"))
    graph = graph.wire(entry, linear).wire(linear, across).wire(across, output)
    problems = check(project(graph)).errors
    assert [problem.node for problem in problems] == [output.id]
