"""The exported script, run by itself, says what `nnstudio train --json` says, bit for bit."""

from __future__ import annotations

import ast
import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import fx, nn

from engine.projects import chain, dataset, iris, layer, loss, optimizer, schedule, spirals
from engine.scripts import Printed, assert_linted, assert_the_same, printed_by_all, run_alone, run_here
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.engine.compiler import GraphError, check_graph, compile_network
from nnstudio.engine.export.expressions import Inexpressible, call, literal
from nnstudio.engine.export.forward import forward_lines
from nnstudio.engine.export.module import class_source
from nnstudio.engine.export.python import to_python


def branches() -> Project:
    """Two ways that part, meet, and are joined with what came in: Add, Concatenate, Multiply, Bilinear."""
    graph = Graph()
    graph, start = graph.add(layer("Input"))
    graph, left = graph.add(layer("Linear", out_features=6), title="left")
    graph, bend = graph.add(layer("Tanh"), title="bend")
    graph, right = graph.add(layer("Linear", out_features=6, bias=False), title="right")
    graph, add = graph.add(layer("Add"), title="sum")
    graph, both = graph.add(layer("Concatenate"), title="both")
    graph, product = graph.add(layer("Multiply"), title="product")
    graph, pairs = graph.add(layer("Bilinear", out_features=5), title="pairs")
    graph, head = graph.add(layer("Linear", out_features=1), title="head")
    graph, end = graph.add(layer("Output", loss=loss("BCEWithLogitsLoss")))
    for source, target in [
        (start, left), (left, bend), (start, right), (bend, add), (right, add), (add, both), (start, both),
        (bend, product), (add, product), (both, pairs), (product, pairs), (pairs, head), (head, end),
    ]:  # fmt: skip
        graph = graph.wire(source, target)
    return Project(graph, DataSettings(dataset("Moons")), settings(batch_size=32, epochs=3))


def settings(**changes: object) -> TrainingSettings:
    return TrainingSettings(**({"optimizer": optimizer("Adam", lr=0.01), "device": "cpu", "epochs": 4} | changes))  # type: ignore[arg-type]


def regression(**changes: object) -> Project:
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=16),
        layer("GELU"),
        layer("LayerNorm"),
        layer("Linear", out_features=1),
        layer("Output", loss=loss("HuberLoss", delta=0.5)),
    )
    return Project(graph, DataSettings(dataset("Diabetes")), settings(**changes))


def pictures() -> Project:
    graph = chain(
        layer("Input"),
        layer("Conv2d", out_channels=4, kernel_size=(3, 3), padding=1, bias=False),
        layer("BatchNorm2d"),
        layer("ReLU"),
        layer("MaxPool2d"),
        layer("Conv2d", out_channels=8, kernel_size=3, stride=2, padding=1),
        layer("LeakyReLU", negative_slope=0.2),
        layer("AdaptiveAvgPool2d"),
        layer("Flatten"),
        layer("Dropout", p=0.1),
        layer("Linear", out_features=10),
        layer("Output", loss=loss("CrossEntropyLoss", label_smoothing=0.1)),
    )
    return Project(graph, DataSettings(dataset("Digits"), test_share=0.25), settings(batch_size=100, epochs=2))


def reshaped() -> Project:
    graph = chain(
        layer("Input"),
        layer("Reshape", shape=(4, 16)),
        layer("Conv1d", out_channels=4, kernel_size=3),
        layer("MaxPool1d"),
        layer("Flatten"),
        layer("Softmax"),
        layer("Linear", out_features=10),
        layer("Output", loss=loss("CrossEntropyLoss")),
    )
    return Project(graph, DataSettings(dataset("Digits"), standardise=False), settings(batch_size=300, epochs=2))


def perceptron() -> Project:
    graph = chain(layer("Input"), layer("Linear", out_features=1), layer("Step"), layer("Output", loss=loss("MSELoss")))
    data = DataSettings(dataset("AND"), test_share=0, standardise=False)
    return Project(graph, data, settings(optimizer=optimizer("SGD", lr=0.1), batch_size=1, epochs=10))


def noisy(**changes: object) -> Project:
    middle = (layer("Linear", out_features=8), layer("BatchNorm1d"), layer("ReLU"), layer("Dropout", p=0.3))
    return spirals(*middle, **({"device": "cpu", "epochs": 6, "batch_size": 32} | changes))


def two_heads(**changes: object) -> Project:
    """Two inputs, each with columns of its own, and two outputs, one of which gives the input back."""
    graph, sepal = Graph().add(layer("Input", features=(0, 1)), title="sepal")
    graph, petal = graph.add(layer("Input", features=(2, 3)), title="petal")
    graph, join = graph.add(layer("Concatenate"))
    graph, hidden = graph.add(layer("Linear", out_features=8), title="hidden")
    graph, bend = graph.add(layer("Tanh"))
    graph, kind = graph.add(layer("Linear", out_features=3), title="kind")
    graph, back = graph.add(layer("Linear", out_features=4), title="back")
    graph, again = graph.add(layer("Output", loss=loss("MSELoss"), target="input", weight=0.3), title="again")
    graph, species = graph.add(layer("Output", loss=loss("CrossEntropyLoss"), weight=2.0), title="species")
    graph = graph.wire(sepal, join, "a").wire(petal, join, "b").wire(join, hidden).wire(hidden, bend)
    graph = graph.wire(bend, kind).wire(bend, back).wire(kind, species).wire(back, again)
    return Project(graph, DataSettings(dataset("Iris")), settings(**changes))


def autoencoder() -> Project:
    graph = chain(
        layer("Input"),
        layer("Linear", out_features=2),
        layer("Tanh"),
        layer("Linear", out_features=4),
        layer("Output", loss=loss("MSELoss"), target="input"),
    )
    return Project(graph, DataSettings(dataset("Iris")), settings(batch_size=None))


def images_again() -> Project:
    graph = chain(
        layer("Input"),
        layer("Conv2d", out_channels=2, kernel_size=3, padding=1),
        layer("ReLU"),
        layer("Conv2d", out_channels=1, kernel_size=3, padding=1),
        layer("Output", loss=loss("MSELoss"), target="input"),
    )
    return Project(graph, DataSettings(dataset("Digits")), settings(batch_size=300, epochs=2))


PROJECTS = {
    "iris": lambda: iris(device="cpu"),
    "spirals in batches": lambda: spirals(device="cpu"),
    "dropout and batch norm": noisy,
    "SGD nesterov, step schedule": lambda: noisy(
        optimizer=optimizer("SGD", lr=0.05, momentum=0.9, nesterov=True), schedule=schedule("StepLR", step_size=2)
    ),
    "RMSprop, cosine": lambda: noisy(optimizer=optimizer("RMSprop"), schedule=schedule("CosineAnnealingLR")),
    "AdamW, warm-up and cosine, a seed": lambda: noisy(
        optimizer=optimizer("AdamW"), schedule=schedule("WarmupCosine", warmup_epochs=2), seed=4_000_000_000
    ),
    "warm-up, automatic device": lambda: noisy(schedule=schedule("LinearWarmup"), device="auto"),
    "constant": lambda: noisy(schedule=schedule("Constant")),
    "branches": branches,
    "step, without a test part, single rows": perceptron,
    "regression, whole": lambda: regression(batch_size=None),
    "regression, more than 64 batches": lambda: regression(batch_size=3),
    "convolutions": pictures,
    "two inputs and two losses": lambda: two_heads(batch_size=16),
    "two inputs and two losses, whole": lambda: two_heads(batch_size=None),
    "an autoencoder": autoencoder,
    "an autoencoder of images": images_again,
    "reshaped, as it comes": reshaped,
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Printed], Path]:
    """What the script of each project prints, and where the scripts are."""
    folder = tmp_path_factory.mktemp("scripts")
    return printed_by_all({name: to_python(make()) for name, make in PROJECTS.items()}, folder), folder


@pytest.mark.parametrize("name", PROJECTS)
def test_the_script_alone_equals_the_run_bit_for_bit(name: str, scripts: tuple[dict[str, Printed], Path]) -> None:
    assert_the_same(PROJECTS[name](), scripts[0][name])


def test_the_sources_pass_the_linter(scripts: tuple[dict[str, Printed], Path]) -> None:
    assert_linted(scripts[1])


def test_without_json_a_line_an_epoch_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    run_here(to_python(iris(device="cpu")))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 100
    assert lines[-1] == "epoch  100  train  loss 0.3938  accuracy 0.8833  test  loss 0.3340  accuracy 0.9333"


def test_the_class_is_what_a_person_writes() -> None:
    assert """class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(2, 6)
        self.bend = nn.Tanh()
        self.right = nn.Linear(2, 6, bias=False)
        self.pairs = nn.Bilinear(8, 6, 5)
        self.head = nn.Linear(5, 1)

    def forward(self, x):
        left = self.left(x)
        left = self.bend(left)
        right = self.right(x)
        right = left + right
        x = torch.cat((right, x), dim=1)
        left = left * right
        x = self.pairs(x, left)
        return self.head(x)
""" in to_python(branches())


HOSTILE = [
    'x"; import os; os.system("touch pwned") #',
    '"""\nimport os\nos.system("touch pwned")\n"""',
    "class",
    "self",
    "torch",
    "training",
    "names",
    "forward",
    "register_forward_hook",
    "drawing",
    "__init__",
    "'); raise SystemExit(3",
    "Ünïcode λ ✓",
    "a\rb\x0cc\x1bd\u2028e\u202ef",
    "1st layer",
    "{x}",
    "\\",
    "!!!",
]


def test_titles_never_become_code(tmp_path: Path) -> None:
    """Titles reach names and comments, and nothing else."""
    middle = [layer("Linear", out_features=4) for _ in HOSTILE]
    graph = spirals(*middle).graph
    ids = [node_id for node_id, node in graph.nodes.items() if type(node.layer).__name__ == "Linear"]
    for node_id, title in zip(ids, HOSTILE, strict=False):
        graph = graph.rename(node_id, title)
    project = replace(
        spirals(device="cpu", epochs=1), graph=graph, title=HOSTILE[0], sentence=HOSTILE[1], notes=HOSTILE[1]
    )
    source = to_python(project)
    made = next(part for part in ast.parse(source).body if isinstance(part, ast.ClassDef) and part.name == "Network")
    assert len([node for node in ast.walk(made) if isinstance(node, ast.Assign)]) == 2 * (len(HOSTILE) + 1) - 1
    assert not [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute) and node.attr == "system"
    ]
    (tmp_path / "script.py").write_text(source, encoding="utf-8")
    assert len(run_alone(tmp_path, "script.py", "--json").splitlines()) == 2
    assert os.listdir(tmp_path) == ["script.py"]


def test_a_project_with_errors_is_refused() -> None:
    project = iris()
    ids = {node.title: node_id for node_id, node in project.graph.nodes.items()}
    cut = project.with_graph(project.graph.disconnect(project.graph.into(ids["relu"])))
    with pytest.raises(GraphError, match="relu gets nothing") as refused:
        to_python(cut)
    assert refused.value.problems[0].node == ids["relu"]


def test_exporting_draws_nothing_from_the_random_state() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    to_python(pictures())
    assert torch.equal(torch.rand(4), expected)


KINDS = ["Linear", "Tanh", "Dropout", "LayerNorm", "Add", "Multiply", "Concatenate", "Bilinear"]


@st.composite
def drawings(draw: st.DrawFn) -> Graph:
    """Rows of two numbers through layers that part and meet at random; some lead nowhere."""
    graph, start = Graph().add(layer("Input"))
    widths = {start.id: 2}
    for _ in range(draw(st.integers(1, 12))):
        source = draw(st.sampled_from(sorted(widths)))
        alike = sorted(node_id for node_id, width in widths.items() if width == widths[source])
        kind = draw(
            st.sampled_from(["Linear", "Tanh", "Dropout", "LayerNorm", "Add", "Multiply", "Concatenate", "Bilinear"])
        )
        sources = [source]
        if kind in ("Add", "Multiply"):
            sources += [draw(st.sampled_from(alike)) for _ in range(draw(st.integers(1, 2)))]
        elif kind in ("Concatenate", "Bilinear"):
            sources += [draw(st.sampled_from(sorted(widths)))]
        settings = {"number_of_inputs": len(sources)} if kind in ("Add", "Multiply") else {}
        if kind in ("Linear", "Bilinear"):
            settings["out_features"] = draw(st.integers(2, 5))
        graph, node = graph.add(layer(kind, **settings))
        for node_id in sources:
            graph = graph.wire(node_id, node)
        joined = sum(widths[node_id] for node_id in sources)
        widths[node.id] = settings.get("out_features") or (joined if kind == "Concatenate" else widths[source])
    graph, end = graph.add(layer("Output"))
    return graph.wire(node, end)


@given(graph=drawings())
@example(graph=branches().graph)
def test_the_class_gives_the_same_bytes_as_the_network(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Weights, outputs and gradients of the class, imported from its source alone, against the compiled network."""
    kind = TensorType((2,))
    torch.manual_seed(1)
    network = compile_network(graph, kind)
    path = tmp_path_factory.mktemp("module") / "exported.py"
    source = f"import torch\nfrom torch import nn\n\n\n{class_source(graph, check_graph(graph, kind))}"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("exported", path)
    assert spec is not None and spec.loader is not None
    imported = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(imported)
    torch.manual_seed(1)
    model = imported.Network()
    assert list(model.state_dict()) == list(network.state_dict())
    results = []
    for made in (model, network):
        torch.manual_seed(2)
        rows = torch.randn(7, 2, requires_grad=True)
        output = made(rows)
        output.square().sum().backward()
        results.append([output, rows.grad, *(parameter.grad for parameter in made.parameters())])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs), source


def unknown(x):
    """A function that is not torch's."""
    return x


def lines_of(function) -> list[str]:
    """The statements for a function that is traced, as a layer's `apply` is."""
    graph = fx.symbolic_trace(function).graph
    last = next(node for node in reversed(graph.nodes) if node.op == "output").args[0]
    last.meta["node"] = "n2"
    return forward_lines(graph, {"n1": "input", "n2": "mixed"})


def test_steps_inside_a_layer_are_written_inside_one_line() -> None:
    assert lines_of(lambda x: (x + 1) * (x - 2) ** 2) == ["return (x + 1) * ((x - 2) ** 2)"]
    assert lines_of(lambda x: -x.abs().mean(dim=(2, 3), keepdim=True)) == [
        "return -x.abs().mean(dim=(2, 3), keepdim=True)"
    ]
    assert lines_of(lambda x: x[:, -1]) == ["return x[:, -1]"]
    padded = lines_of(lambda x: nn.functional.pad(x, (1, 1), value=float("inf")))
    assert padded == ['return nn.functional.pad(x, (1, 1), value=float("inf"))']


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(Inexpressible):
        literal(object())
    with pytest.raises(Inexpressible):
        lines_of(lambda x: torch.overrides.handle_torch_function(unknown, (x,), x))
    assert literal("a'b\"\n") == "'a\\'b\"\\n'"
    assert literal("plain") == '"plain"'
    assert literal((1,)) == "(1,)"
    assert literal([float("-inf"), True, None]) == '[float("-inf"), True, None]'


def test_defaults_are_left_out_of_calls() -> None:
    made = layer("Conv2d", out_channels=4, kernel_size=3).arguments((1, 8, 8))
    assert call("nn.Conv2d", nn.Conv2d, made) == "nn.Conv2d(1, 4, 3)"
    made = layer("Conv2d", out_channels=4, kernel_size=(5, 3), padding=2, bias=False).arguments((1, 8, 8))
    assert call("nn.Conv2d", nn.Conv2d, made) == "nn.Conv2d(1, 4, (5, 3), padding=2, bias=False)"
    sgd = optimizer("SGD", lr=0.1)
    given = call("torch.optim.SGD", torch.optim.SGD, sgd.arguments(), first=("model.parameters()",))
    assert given == "torch.optim.SGD(model.parameters(), lr=0.1, fused=True)"
