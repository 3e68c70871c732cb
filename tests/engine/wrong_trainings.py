"""Trainings with a mistake put into them, each with the node and the row that a diagnosis has to name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.projects import chain, layer, loss, optimizer
from nnstudio.core.blocks import group
from nnstudio.core.data import Data
from nnstudio.core.graph import Graph, Node
from nnstudio.core.kinds import Dataset, Initializer, Layer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.spec import field as setting
from nnstudio.core.spec import registered

ROWS = 40
Change = Callable[[np.ndarray, np.ndarray], None]
_ARRAYS: dict[str, tuple[np.ndarray, np.ndarray]] = {}


class Given(Dataset, abstract=True):
    """Rows that a test has put down under a name."""

    name: str = setting("", "The name.")

    def load(self) -> Data:
        inputs, targets = _ARRAYS[self.name]
        names = tuple("abcdefgh"[: inputs.shape[1]]) if inputs.ndim == 2 else ()
        if targets.dtype == np.int64:
            return Data(inputs, targets, "classification", names, ("no", "yes"), "answer")
        return Data(inputs, targets, "regression", names, (), "answer")

    def source(self) -> str:
        return ""


@dataclass(frozen=True)
class Wrong:
    """A project that goes wrong, the title of the node, a part of what is said, and the row in the data.

    `row` is None where it is all rows, or not one of them.
    """

    project: Project
    title: str
    words: str
    row: int | None = None
    rates: dict[int, float] = field(default_factory=dict)  # learning rates that are set before these steps


def data(name: str, columns: int = 2, *, change: Change | None = None, classes: bool = False) -> DataSettings:
    """Forty positive rows and their sums, which `change` may spoil."""
    generator = np.random.default_rng(3)
    inputs = generator.uniform(0.5, 2, (ROWS, columns))
    targets = inputs.sum(axis=1, keepdims=True)
    if change is not None:
        change(inputs, targets)
    if classes:
        targets = (targets[:, 0] > targets.mean()).astype(np.int64)
    _ARRAYS[name] = (inputs, targets)
    return DataSettings(Given(name=name), test_share=0.0, standardise=False)


def put(row: int | slice, value: float, column: int | slice = 0) -> Change:
    def change(inputs: np.ndarray, targets: np.ndarray) -> None:
        inputs[row, column] = value

    return change


def opposed(row: int) -> Change:
    """The two numbers of a row add up to 0."""

    def change(inputs: np.ndarray, targets: np.ndarray) -> None:
        inputs[row] = 1.0, -1.0

    return change


def training(lr: float = 1e-3, **more: Any) -> TrainingSettings:
    settings: dict[str, Any] = {"optimizer": optimizer("SGD", lr=lr), "epochs": 50, "batch_size": 8} | more
    return TrainingSettings(**settings)


def regression(*middle: Layer, name: str = "MSELoss", **more: Any) -> Graph:
    return chain(layer("Input"), *middle, layer("Output", loss=loss(name, **more)))


def constant(graph: Graph, title: str, value: float, bias: float | None = None) -> Graph:
    """The weights of a layer begin with one number, and its biases with another one."""
    node = next(node for node in graph.nodes.values() if node.title == title)
    made = registered(Initializer)["Constant"]
    graph = graph.initialise(node.id, "weight", made(val=value))
    return graph if bias is None else graph.initialise(node.id, "bias", made(val=bias))


class Drawing:
    """A drawing that is made wire by wire."""

    def __init__(self) -> None:
        self.graph = Graph()

    def add(self, item: Layer, *sources: Node) -> Node:
        self.graph, node = self.graph.add(item)
        for source in sources:
            self.graph = self.graph.wire(source, node)
        return node


def two_inputs(operation: str) -> Graph:
    """Column a and column b, put together by an operation."""
    drawing = Drawing()
    a = drawing.add(layer("Input", features=(0,)))
    b = drawing.add(layer("Input", features=(1,)))
    both = drawing.add(layer(operation), a, b)
    linear = drawing.add(layer("Linear", out_features=1), both)
    drawing.add(layer("Output", loss=loss("MSELoss")), linear)
    return drawing.graph


def hand_made_normalisation() -> Graph:
    """(x − mean) / deviation of each row, by hand."""
    drawing = Drawing()
    x = drawing.add(layer("Input"))
    mean = drawing.add(layer("Mean", axes=(-1,), keepdim=True), x)
    deviation = drawing.add(layer("StandardDeviation", axes=(-1,), keepdim=True), x)
    centred = drawing.add(layer("Subtract"), x, mean)
    scaled = drawing.add(layer("Divide"), centred, deviation)
    linear = drawing.add(layer("Linear", out_features=1), scaled)
    drawing.add(layer("Output", loss=loss("MSELoss")), linear)
    return drawing.graph


def masked_softmax() -> Graph:
    """Scores that are hidden where the input is negative."""
    drawing = Drawing()
    x = drawing.add(layer("Input"))
    hidden = drawing.add(layer("Compare", relation="less", number=0.0), x)
    scores = drawing.add(layer("MaskedFill"), x, hidden)
    shares = drawing.add(layer("Softmax"), scores)
    linear = drawing.add(layer("Linear", out_features=1), shares)
    drawing.add(layer("Output", loss=loss("MSELoss")), linear)
    return drawing.graph


def two_outputs() -> Graph:
    """A sound branch, and one with a logarithm."""
    drawing = Drawing()
    x = drawing.add(layer("Input"))
    first = drawing.add(layer("Linear", out_features=1), x)
    drawing.add(layer("Output", loss=loss("MSELoss")), first)
    logarithm = drawing.add(layer("Log"), x)
    second = drawing.add(layer("Linear", out_features=1), logarithm)
    drawing.add(layer("Output", loss=loss("MSELoss")), second)
    return drawing.graph


def within_a_block() -> Graph:
    graph = regression(layer("Linear", out_features=2), layer("Log"), layer("Linear", out_features=1))
    ids = {node.title: node.id for node in graph.nodes.values()}
    graph, _ = group(graph, [ids["log"]], layer("BlockInput"), layer("BlockOutput"), "Inner")
    return graph


def linear(size: int = 1) -> Layer:
    return layer("Linear", out_features=size)


def aim(row: int | slice, value: float) -> Change:
    def change(inputs: np.ndarray, targets: np.ndarray) -> None:
        targets[row] = value

    return change


def wrong_trainings() -> dict[str, Wrong]:
    """All of them, by what was done."""
    found: dict[str, Wrong] = {}

    def case(name: str, graph: Graph, given: DataSettings, how: TrainingSettings, *expected: Any, **more: Any) -> None:
        found[name] = Wrong(Project(graph, given, how), *expected, **more)

    plain = regression(linear(4), layer("Tanh"), linear())
    case("nan in a row", plain, data("nan", change=put(17, np.nan, 1)), training(), "input", "column b, input gets", 17)
    case("infinity in a row", plain, data("huge", change=put(23, np.inf)), training(), "input", "input gets ∞", 23)
    case("nan in a target", plain, data("target", change=aim(5, np.nan)), training(), "output", "target", 5)

    logarithm = regression(layer("Log"), linear())
    case("log of 0", logarithm, data("log0", change=put(9, 0.0)), training(), "log", "logarithm of 0", 9)
    case("log below 0", logarithm, data("log-", change=put(31, -0.5)), training(), "log", "logarithm of -0.5", 31)
    case("log in the second output", two_outputs(), data("two", change=put(12, 0.0)), training(), "log", "of 0", 12)
    case(
        "log in the full batch",
        logarithm,
        data("full", change=put(20, 0.0, 1)),
        training(batch_size=None),
        "log",
        "logarithm of 0",
        20,
    )
    root = regression(layer("Sqrt"), linear())
    case("root below 0", root, data("sqrt", change=put(2, -4.0)), training(), "sqrt", "square root of -4", 2)
    square_root = regression(linear(2), layer("Square"), layer("Sqrt"), linear())
    square_root = constant(square_root, "linear", 1.0, 0.0)
    opposite = data("slope", change=opposed(14))
    case("slope of a root at 0", square_root, opposite, training(), "sqrt", "slope is infinite", 14)
    gathered = training(accumulate=3)
    case("slope of a root, batches gathered", square_root, opposite, gathered, "sqrt", "slope is infinite", 14)
    clipped = training(clip_norm=1.0)
    case("slope of a root, gradients clipped", square_root, opposite, clipped, "sqrt", "slope is infinite", 14)
    close = constant(regression(linear(), layer("Log"), linear()), "linear", 1.0, 0.0)
    case(
        "slope close to 0",
        close,
        data("tiny", change=put(30, 1e-40, slice(None))),
        training(batch_size=None),
        "log",
        "slope",
        30,
    )
    spread = regression(linear(3), layer("Variance", axes=(-1,), keepdim=True), layer("Sqrt"), linear())
    spread = constant(spread, "linear", 1.0, 0.0)
    case("deviation of equal numbers", spread, data("equal"), training(), "sqrt", "slope is infinite")
    same = data("constant", 3, change=put(8, 1.5, slice(None)))
    case("0 by 0", hand_made_normalisation(), same, training(), "divide", "divides 0 by 0", 8)
    case("by 0", two_inputs("Divide"), data("by0", change=put(27, 0.0, 1)), training(), "divide", "by 0", 27)
    inverse = regression(layer("Reciprocal"), linear())
    case("1 by 0", inverse, data("inverse", change=put(33, 0.0)), training(), "reciprocal", "divides 1 by 0", 33)
    inverse_root = regression(layer("Rsqrt"), linear())
    case("1 by root of 0", inverse_root, data("rsqrt", change=put(6, 0.0)), training(), "rsqrt", "divides 1 by 0", 6)
    power = data("power", change=put(11, -2.0))
    case("root of a negative power", two_inputs("Power"), power, training(), "power", "raises -2", 11)
    exponential = regression(layer("Exp"), linear())
    case("exp of 100", exponential, data("exp", change=put(19, 100.0)), training(), "exp", "exponential of 100", 19)
    square = regression(layer("Square"), linear())
    case("square of 1e25", square, data("square", change=put(3, 1e25)), training(), "square", "float32 holds", 3)
    case(
        "float16",
        constant(regression(linear(4), layer("ReLU"), linear()), "linear", 1000.0),
        data("half", change=put(25, 1000.0)),
        training(precision="float16"),
        "linear",
        "float16 holds",
        25,
    )
    masked = data("masked", 3, change=put(38, -1.0, slice(None)))
    case("everything masked", masked_softmax(), masked, training(), "softmax", "every place is masked", 38)

    deep = regression(linear(8), layer("ReLU"), linear(8), layer("ReLU"), linear())
    case("rate of 1e9", deep, data("deep"), training(lr=1e9), "linear", "grew to")
    case("rate of 1e30", plain, data("plain"), training(lr=1e30), "linear", "weight")
    case("rate of 100", regression(linear()), data("plain"), training(lr=100.0), "linear", "grew to")
    case(
        "a rate that is set on the way",
        regression(linear()),
        data("plain"),
        training(),
        "linear",
        "grew to",
        rates={7: 1e4},
    )
    poisson = constant(regression(linear(), name="PoissonNLLLoss"), "linear", 1.0)
    case("exp in a loss", poisson, data("poisson", change=put(16, 200.0)), training(), "output", "exponential", 16)
    counts = constant(regression(linear(), name="PoissonNLLLoss", log_input=False), "linear", 1.0)
    case("log in a loss", counts, data("counts", change=put(29, -5.0)), training(), "output", "logarithm", 29)
    unlikely = constant(regression(linear(2), name="GaussianNLLLoss"), "linear", 1.0)
    case("variance in a loss", unlikely, data("nll", change=put(4, 150.0)), training(), "output", "exponential", 4)
    shares = chain(layer("Input"), linear(), layer("Output", loss=loss("BCELoss")))
    sure = data("bce", classes=True)
    case("no sigmoid before BCELoss", constant(shares, "linear", 3.0), sure, training(), "output", "probability")
    through = chain(layer("Input"), layer("Log"), linear(), layer("Sigmoid"), layer("Output", loss=loss("BCELoss")))
    case(
        "what BCELoss refuses began before it",
        through,
        data("bce2", classes=True, change=put(21, 0.0)),
        training(),
        "log",
        "logarithm of 0",
        21,
    )
    inner = constant(within_a_block(), "linear", 1.0)
    case("in a block", inner, data("block", change=put(35, -50.0, 0)), training(), "inner / log", "logarithm", 35)
    late = regression(linear(), layer("Sigmoid"), layer("Log"), name="L1Loss")
    case(
        "after a while", late, data("late", change=aim(slice(None), -300.0)), training(lr=1.0), "log", "logarithm of 0"
    )
    return found
