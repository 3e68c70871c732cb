"""Writes resources/examples/*.json: the projects of the gallery, from the builders below.

    python packaging/make_examples.py

A test trains each of them and compares the files with what is built here.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import nnstudio.library  # noqa: E402, F401  (registers what is picked below)
from nnstudio.core.graph import Graph, Node  # noqa: E402
from nnstudio.core.kinds import Dataset, Layer, Loss, Optimizer  # noqa: E402
from nnstudio.core.project import DataSettings, Project, TrainingSettings  # noqa: E402
from nnstudio.core.spec import registered  # noqa: E402
from nnstudio.core.storage import project_to_json  # noqa: E402

COLUMN, ROW = 176.0, 184.0  # a node is about 152 by 144


def layer(name: str, **settings: Any) -> Layer:
    made: Layer = registered(Layer)[name](**settings)
    return made


def chain(*nodes: tuple[str, Layer]) -> Graph:
    """A drawing from left to right in which each layer feeds the next."""
    graph, last = Graph(), None
    for place, (title, made) in enumerate(nodes):
        graph, node = graph.add(made, (COLUMN * place, 0.0), title)
        if last is not None:
            graph = graph.wire(last, node)
        last = node
    return graph


def network(*hidden: tuple[str, Layer], loss: str, **settings: Any) -> Graph:
    """A chain between an Input and an Output with this loss."""
    end = layer("Output", loss=registered(Loss)[loss](**settings))
    return chain(("input", layer("Input")), *hidden, ("output", end))


def dense(*sizes: int, activation: str, last: str = "score") -> list[tuple[str, Layer]]:
    """hidden_1, its activation, hidden_2, … and a last layer without an activation."""
    found: list[tuple[str, Layer]] = []
    for number, size in enumerate(sizes[:-1], start=1):
        found.append((f"hidden_{number}", layer("Linear", out_features=size)))
        found.append((f"{activation.lower()}_{number}", layer(activation)))
    return [*found, (last, layer("Linear", out_features=sizes[-1]))]


def data(name: str, *, test_share: float = 0.2, standardise: bool = True, **settings: Any) -> DataSettings:
    return DataSettings(registered(Dataset)[name](**settings), test_share, 42, standardise)


def truth_table(name: str) -> DataSettings:
    """All four rows are for training: there are no others to test with."""
    return data(name, test_share=0.0, standardise=False)


def training(optimizer: str, lr: float, *, epochs: int, batch_size: int | None, **settings: Any) -> TrainingSettings:
    """On the processor: networks as small as these are trained faster there than on a GPU."""
    chosen: Optimizer = registered(Optimizer)[optimizer](lr=lr, **settings)
    return TrainingSettings(chosen, None, epochs, batch_size, 0, "cpu")


def single_neuron() -> Project:
    return Project(
        network(("neuron", layer("Linear", out_features=1)), ("sigmoid", layer("Sigmoid")), loss="MSELoss"),
        data("Blobs", samples=200, centers=2, spread=1.0),
        training("SGD", 0.5, epochs=60, batch_size=20),
        "Single neuron",
        "A weighted sum of two inputs, a bias and a sigmoid divide two clouds of points.",
        "The neuron computes w1·x1 + w2·x2 + b; the sigmoid squeezes that sum between 0 and 1. Above 0.5 it says "
        "the second cloud. Where the sum is 0 lies a straight line, the only border that one neuron can draw.\n\n"
        "Try: train one step at a time and watch the line turn. Edit a weight by hand. Raise the spread of the "
        "blobs until they overlap: no line is right for all points, and the loss stays above 0.",
    )


def perceptron(gate: str, title: str, sentence: str, notes: str) -> Project:
    return Project(
        network(("neuron", layer("Linear", out_features=1)), ("step", layer("Step")), loss="MSELoss"),
        truth_table(gate),
        training("SGD", 0.1, epochs=30, batch_size=1),
        title,
        sentence,
        notes,
    )


def and_gate() -> Project:
    return perceptron(
        "AND",
        "AND",
        "A perceptron learns the gate AND: one straight line divides its four rows.",
        "A neuron with a step fires when w1·x1 + w2·x2 + b is above 0. For AND it is enough that the sum gets there "
        "only when both inputs are 1.\n\n"
        "The step is flat, so its true gradient is 0 everywhere; here the gradient is passed straight through, which "
        "with the squared error gives the learning rule of the perceptron: after a mistake, move the weights by the "
        "row that was wrong.\n\nTry: one row at a time (One step), and watch which rows still move the line.",
    )


def or_gate() -> Project:
    return perceptron(
        "OR",
        "OR",
        "A perceptron learns the gate OR: the same neuron as for AND, with another border.",
        "Only the row 0, 0 is false, so the line has to cut off one corner.\n\n"
        "Try: choose AND or XOR in the Data panel and train again. Which of the three does one line divide?",
    )


def xor_one_layer() -> Project:
    return perceptron(
        "XOR",
        "XOR, one layer",
        "A perceptron cannot learn XOR: no straight line divides its four rows.",
        "XOR is true at two opposite corners. Whatever the weights, one neuron says true on one side of a straight "
        "line, and no line has both true corners on one side and both false ones on the other. So it is right for "
        "three rows at best (accuracy 0.75), and the training goes round in a circle for ever: it does not help to "
        "train longer, or with another learning rate.\n\n"
        "Proof in four lines: b ≤ 0, w1 + b > 0, w2 + b > 0 and w1 + w2 + b ≤ 0. The second and third add up to "
        "w1 + w2 + 2b > 0, so w1 + w2 + b > −b ≥ 0, against the fourth.\n\n"
        "Try: the example XOR, which has a hidden layer.",
    )


def xor() -> Project:
    return Project(
        network(*dense(4, 1, activation="Tanh"), loss="BCEWithLogitsLoss"),
        truth_table("XOR"),
        training("Adam", 0.05, epochs=150, batch_size=None),
        "XOR",
        "With one hidden layer the border bends, and XOR is learned.",
        "Each of the four hidden neurons draws a line of its own. The last layer adds them up, and the sum bends: "
        "what no line can divide, two can.\n\n"
        "Try: make the hidden layer smaller. Two neurons are enough in principle, yet from some seeds they get "
        "stuck. Then delete tanh_1: two Linear layers in a row are one, and it fails again.",
    )


def collapse() -> Project:
    hidden = [("first", layer("Linear", out_features=8)), ("second", layer("Linear", out_features=1))]
    return Project(
        network(*hidden, loss="BCEWithLogitsLoss"),
        data("Moons"),
        training("Adam", 0.02, epochs=60, batch_size=32),
        "Two layers that collapse",
        "Without an activation between them, two Linear layers draw a straight line: they are one.",
        "second(first(x)) = W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2). So there is one layer with "
        "W' = W2 W1 and b' = W2 b1 + b2 that computes the same, and its border is a straight line, however many "
        "layers or neurons are added.\n\nTry: drop a ReLU or Tanh on the wire between them, and train on.",
    )


def function() -> Project:
    return Project(
        network(*dense(32, 1, activation="Tanh", last="sum"), loss="MSELoss"),
        data("Curve1D", function="sine", samples=200, noise=0.05),
        training("Adam", 0.01, epochs=300, batch_size=20),
        "A function of one number",
        "One wide hidden layer comes as close to a curve as you like: universal approximation.",
        "Each hidden neuron is a smooth step somewhere along the axis; the last layer adds 32 of them, each with its "
        "own height. With enough steps every continuous curve can be followed.\n\n"
        "Try: 2, 4 and 8 neurons in hidden_1, and watch where the curve cannot bend enough. Then choose the function "
        "step: a smooth sum comes close to a jump, and never quite reaches it.",
    )


def circles() -> Project:
    return Project(
        network(*dense(8, 8, 1, activation="ReLU"), loss="BCEWithLogitsLoss"),
        data("Circles"),
        training("Adam", 0.01, epochs=80, batch_size=16),
        "Circles",
        "Two hidden layers close a border around the inner circle.",
        "A ReLU is 0 on one side of a line and rises on the other. Eight of them fold the plane; the second layer "
        "folds it again, and the border closes.\n\n"
        "Try: how few neurons still close it? Four in a single layer do, from most seeds; three make a triangle, from "
        "some. With Tanh the corners are round.",
    )


def spirals() -> Project:
    graph = Graph()
    top = [
        ("input", layer("Input"), 0),
        ("hidden_1", layer("Linear", out_features=8), 1),
        ("tanh_1", layer("Tanh"), 2),
        ("add", layer("Add"), 5),
        ("score", layer("Linear", out_features=1), 6),
        ("output", layer("Output", loss=registered(Loss)["BCEWithLogitsLoss"]()), 7),
    ]
    nodes: dict[str, Node] = {}
    for title, made, column in top[:3]:
        graph, nodes[title] = graph.add(made, (COLUMN * column, 0.0), title)
    for title, made, column in [("hidden_2", layer("Linear", out_features=8), 3), ("tanh_2", layer("Tanh"), 4)]:
        graph, nodes[title] = graph.add(made, (COLUMN * column, ROW), title)
    for title, made, column in top[3:]:
        graph, nodes[title] = graph.add(made, (COLUMN * column, 0.0), title)
    way = ["input", "hidden_1", "tanh_1", "hidden_2", "tanh_2"]
    for source, target in [*itertools.pairwise(way), ("add", "score"), ("score", "output")]:
        graph = graph.wire(nodes[source], nodes[target])
    graph = graph.wire(nodes["tanh_1"], nodes["add"]).wire(nodes["tanh_2"], nodes["add"])
    return Project(
        graph,
        data("Spirals"),
        training("Adam", 0.02, epochs=200, batch_size=10),
        "Spirals",
        "Two arms that wind around each other, divided by a small network with a skip connection.",
        "The value of tanh_1 goes two ways: through hidden_2, and straight to Add. The second layer only has to "
        "learn what is still missing, and the gradient has a way back that nothing can close. This is the residual "
        "block of ResNet, in its smallest form.\n\n"
        "Try: wire tanh_2 straight to score and delete add. With two layers that is no great loss; the deeper the "
        "network, the more the skip matters. Then choose more turns in the Data panel, until the network is too "
        "small.",
    )


def moons() -> Project:
    return Project(
        network(*dense(8, 8, 1, activation="Tanh"), loss="BCEWithLogitsLoss"),
        data("Moons"),
        training("Adam", 0.01, epochs=60, batch_size=16),
        "Moons",
        "Two half moons that reach into each other: a bent border is enough.",
        "One layer gets about 88 of 100 points right with a straight line; the hidden layers bend it between the "
        "tips.\n\nTry: raise the noise to 0.3 and the hidden layers to 64 neurons, and watch the two loss curves "
        "part: the network learns the noise by heart (overfitting).",
    )


def iris() -> Project:
    return Project(
        network(*dense(32, 16, 3, activation="ReLU", last="scores"), loss="CrossEntropyLoss"),
        data("Iris"),
        training("Adam", 0.001, epochs=100, batch_size=None),
        "Iris",
        "Three species of iris by four lengths of their flowers: the classic first table.",
        "4 → 32 → 16 → 3 with ReLU between, 739 parameters, all 120 training rows in every step. Each feature is "
        "standardised with the mean and the deviation of the training part. The last layer gives three scores; "
        "cross-entropy makes probabilities of them by itself, so there is no softmax in the drawing.\n\n"
        "With seed 0 the loss at epochs 20, 40, 60, 80 and 100 is 1.0196, 0.8759, 0.6870, 0.5131 and 0.3938, and 28 "
        "of the 30 test rows are right (0.9333).\n\n"
        "Try: a learning rate of 0.01 and 300 epochs: where does the test loss begin to rise?",
    )


def digits() -> Project:
    hidden = [("flatten", layer("Flatten")), *dense(128, 64, 10, activation="ReLU", last="scores")]
    return Project(
        network(*hidden, loss="CrossEntropyLoss"),
        data("Digits"),
        training("Adam", 0.001, epochs=25, batch_size=64),
        "Digits",
        "1,797 handwritten digits of 8 by 8 pixels: 64 → 128 → 64 → 10.",
        "Flatten puts the 64 pixels into one line, so the network does not know which of them are neighbours. It "
        "still reads 98 of 100 digits right.\n\n"
        "Try: look at the rows of hidden_1's weights as pictures. Compare with Digits, convolutional: as good, with "
        "about a ninth of the parameters.",
    )


def digits_cnn() -> Project:
    hidden = [
        ("conv_1", layer("Conv2d", out_channels=8, kernel_size=3, padding=1)),
        ("relu_1", layer("ReLU")),
        ("pool_1", layer("MaxPool2d")),
        ("conv_2", layer("Conv2d", out_channels=16, kernel_size=3, padding=1)),
        ("relu_2", layer("ReLU")),
        ("pool_2", layer("MaxPool2d")),
        ("flatten", layer("Flatten")),
        ("scores", layer("Linear", out_features=10)),
    ]
    return Project(
        network(*hidden, loss="CrossEntropyLoss"),
        data("Digits"),
        training("Adam", 0.005, epochs=15, batch_size=64),
        "Digits, convolutional",
        "The same digits, read with small filters that slide over the image.",
        "Each filter of conv_1 looks at 3 by 3 pixels and finds its pattern (an edge, an end of a stroke) wherever it "
        "is. Pooling keeps the strongest answer of 2 by 2 places, so a digit may shift by a pixel. conv_2 puts such "
        "patterns together.\n\n"
        "Try: click conv_1 to see its eight filters. Take pool_1 out: the shapes on the nodes change at once, and so "
        "does the number of parameters of scores.",
    )


def diabetes() -> Project:
    return Project(
        network(*dense(16, 1, activation="ReLU", last="value"), loss="MSELoss"),
        data("Diabetes"),
        training("Adam", 0.003, epochs=60, batch_size=32, weight_decay=0.01),
        "Diabetes",
        "A regression: how far a disease went on in a year, from ten measurements.",
        "The target is a number, not a class, so there is one output and the loss is the squared distance. R² says "
        "how much of the variance is explained: 1 is perfect, 0 is as good as always saying the mean. Here about a "
        "half can be had, and a plain linear regression comes close to that (0.47): the data are few and noisy, and "
        "no network can find what the measurements do not say.\n\n"
        "Try: delete hidden_1 and relu_1, which leaves a linear regression. Or 64 neurons and 500 epochs: the "
        "training loss falls on, while the test loss rises.",
    )


def teaching() -> Project:
    return Project(
        network(*dense(3, 2, 3, activation="Tanh", last="scores"), loss="CrossEntropyLoss"),
        data("Blobs", samples=150, centers=3, spread=0.8),
        training("Adam", 0.05, epochs=60, batch_size=15),
        "Teaching network",
        "26 parameters, few enough to read every one of them while it learns three clouds.",
        "2 → 3 → 2 → 3: hidden_1 has 3 × 2 weights and 3 biases, hidden_2 has 2 × 3 and 2, scores has 3 × 2 and 3; "
        "9 + 8 + 9 = 26. tanh_2 has only two values, so each row is a point in a plane of its own, where the three "
        "clouds have been pulled into corners.\n\n"
        "Try: One step, and follow one weight: new = old − learning rate × what Adam made of the gradient. Set a "
        "weight to 0 by hand and see what the network loses.",
    )


# In the order in which they teach.
EXAMPLES = {
    "single-neuron": single_neuron,
    "and": and_gate,
    "or": or_gate,
    "xor-one-layer": xor_one_layer,
    "xor": xor,
    "collapse": collapse,
    "function": function,
    "circles": circles,
    "moons": moons,
    "spirals": spirals,
    "teaching": teaching,
    "iris": iris,
    "digits": digits,
    "digits-cnn": digits_cnn,
    "diabetes": diabetes,
}


def text(name: str) -> str:
    """The file of one example."""
    written = {"order": list(EXAMPLES).index(name) + 1} | project_to_json(EXAMPLES[name]())
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    folder = ROOT / "resources" / "examples"
    folder.mkdir(parents=True, exist_ok=True)
    for name in EXAMPLES:
        (folder / f"{name}.json").write_text(text(name), encoding="utf-8")
        print(f"resources/examples/{name}.json")


if __name__ == "__main__":
    main()
