"""Random values of everything that a project file holds, from the declarations themselves."""

from __future__ import annotations

import math
import typing
from typing import Any

import numpy as np
from hypothesis import strategies as st

import nnstudio.library  # noqa: F401  (registers what is drawn from)
from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.graph import Edge, Graph
from nnstudio.core.kinds import Dataset, Layer, Missing, Optimizer, Schedule
from nnstudio.core.project import DEVICES, DataSettings, Project, TrainingSettings
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import Setting, Spec, SpecError, registered

HOSTILE_TITLES = [
    "class", 'quote"key', "", "   ", "数学", "1st", "forward", "None", "self", "match", "__init__", "_", "a.b", "a b",
    "A B", "weight", "training", "x", "torch", "linear", "Linear", "linear_2", "linear_02", "<table><tr><td>", "_2",
    "\u202egnp.exe", "line\nbreak", "\x00nul", "\x1b[31mred", "e\u0301", "𝒳", "²", "९", "\ud800", "a" * 200, "print",
    "import os; os.system('x')", "{0}", "%s", "drop\u200dout", "\u200d", "state_dict",
]  # fmt: skip


def layer(name: str, **settings: object) -> Layer:
    return registered(Layer)[name](**settings)


def numbers_of(setting: Setting) -> tuple[float, float]:
    """The least and the greatest number that a setting may have, as far as tests go."""
    limits = setting.limits
    low = -(2**40) if limits.minimum is None else limits.minimum
    high = max(2**40, low + 2**20) if limits.maximum is None else limits.maximum
    return low, high


def values(setting: Setting) -> st.SearchStrategy[Any]:
    """Every value that a setting may have."""
    low, high = numbers_of(setting)
    wholes = st.integers(math.ceil(low) + setting.limits.above_minimum, math.floor(high))
    of_type: dict[Any, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: wholes,
        float: st.floats(low, high, exclude_min=setting.limits.above_minimum),
        str: st.sampled_from(setting.limits.choices) if setting.limits.choices else st.text(max_size=20),
    }
    if setting.kind is not None:
        return specs(setting.kind)
    found = st.one_of([of_type[kind] if kind in of_type else _tuples(kind, of_type) for kind in setting.alternatives])
    return found | st.none() if setting.optional else found


def _tuples(kind: Any, of_type: dict[Any, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Tuples of any length, or of a fixed one."""
    items = typing.get_args(kind)
    if items[-1] is ...:
        return st.lists(of_type[items[0]], max_size=4).map(tuple)
    return st.tuples(*(of_type[item] for item in items))


@st.composite
def specs(draw: st.DrawFn, kind: type[Spec]) -> Any:
    """A Spec of a kind, with any settings."""
    chosen = draw(st.sampled_from(list(registered(kind).values())))
    settings = {item.name: draw(values(item)) for item in chosen.settings() if draw(st.booleans())}
    if issubclass(chosen, FileDataset):  # whole paths, and nothing to be carried: those have tests of their own
        settings |= {"path": draw(st.sampled_from(["", "/data/a table.csv"])), "embedded": False}
    try:
        return chosen(**settings)
    except SpecError:  # two settings that do not go together
        return chosen()


names = st.text(st.sampled_from("abcxyz_1"), min_size=1, max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
positions = st.tuples(*[st.floats(-1e6, 1e6, allow_nan=False)] * 2)
titles = st.sampled_from(HOSTILE_TITLES) | st.text(max_size=30)
anything = st.sampled_from(
    [layer("Input"), layer("Output"), layer("Add"), layer("Concatenate", number_of_inputs=4)]
) | specs(Layer)


@st.composite
def graphs(draw: st.DrawFn, layers: st.SearchStrategy[Layer] = anything, largest: int = 8) -> Graph:
    """Any drawing, most of them senseless."""
    graph = Graph()
    for _ in range(draw(st.integers(0, largest))):
        graph, _ = graph.add(draw(layers), draw(positions), draw(titles))
    if draw(st.booleans()) and graph.nodes:
        graph = graph.remove([draw(st.sampled_from(sorted(graph.nodes)))])
    for edge in draw(st.lists(edges_of(graph), max_size=12)) if possible(graph) else ():
        graph = graph.connect(edge)
    return graph


def possible(graph: Graph) -> bool:
    nodes = graph.nodes.values()
    return any(n.layer.output_ports for n in nodes) and any(n.layer.input_ports for n in nodes)


def edges_of(graph: Graph) -> st.SearchStrategy[Edge]:
    """Every wire that a drawing could have."""
    starts = [(n.id, port.name) for n in graph.nodes.values() for port in n.layer.output_ports]
    ends = [(n.id, port.name) for n in graph.nodes.values() for port in n.layer.input_ports]
    pairs = st.tuples(st.sampled_from(starts), st.sampled_from(ends)) if starts and ends else st.nothing()
    return pairs.map(lambda pair: Edge(*pair[0], *pair[1]))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    plain = st.text(st.characters(codec="utf-8"), max_size=40)
    data = DataSettings(
        dataset=draw(st.none() | specs(Dataset)),
        test_share=draw(st.floats(0, 0.9)),
        random_state=draw(st.integers(0, 2**32 - 1)),
        standardise=draw(st.booleans()),
    )
    training = TrainingSettings(
        optimizer=draw(st.none() | specs(Optimizer)),
        schedule=draw(st.none() | specs(Schedule)),
        epochs=draw(st.integers(1, 10_000_000)),
        batch_size=draw(st.none() | st.integers(1, 10_000_000)),
        seed=draw(st.integers(0, 2**32 - 1)),
        device=draw(st.sampled_from(DEVICES)),
    )
    return Project(draw(graphs()), data, training, draw(plain), draw(plain), draw(plain))


figures = st.dictionaries(names, st.floats(), max_size=3)
arrays = st.tuples(
    st.sampled_from(["float32", "float64", "int64", "uint8", "bool"]), st.lists(st.integers(0, 4), max_size=3)
).map(lambda pair: (np.arange(math.prod(pair[1])) % 2).reshape(pair[1]).astype(pair[0]))


@st.composite
def checkpoints(draw: st.DrawFn) -> Checkpoint:
    records = st.fixed_dictionaries(
        {
            "epoch": st.integers(0, 10**7),
            "step": st.integers(0, 2**53),
            "train": figures,
            "test": figures,
            "lr": st.floats(0, 1),
            "seconds": st.floats(0, 1e9),
        }
    ).map(lambda record: {key: record[key] for key in ("epoch", "step", "train", "test", "lr", "seconds")})
    losses = st.lists(st.floats(width=32), max_size=5).map(lambda numbers: np.array(numbers, np.float32))
    state = st.binary(max_size=8).map(lambda data: np.frombuffer(data, np.uint8))
    return Checkpoint(
        names=draw(st.dictionaries(names, names, max_size=3)),
        weights=draw(st.dictionaries(names, arrays, max_size=3)),
        optimizer=draw(st.dictionaries(names.map(lambda name: f"{name}|exp_avg"), arrays, max_size=3)),
        optimizer_options=draw(st.dictionaries(names, st.floats(0, 1), max_size=2)),
        schedule=draw(st.none() | st.dictionaries(names, json_values, max_size=3)),
        random_state=draw(state),
        device_random_state=draw(state),
        epoch=draw(st.integers(0, 10**7)),
        batch=draw(st.integers(0, 10**7)),
        step=draw(st.integers(0, 2**53)),
        seconds=draw(st.floats(0, 1e9)),
        pending_losses=draw(losses),
        pending_outputs=draw(arrays).astype(np.float32),
        pending_sums=draw(st.dictionaries(names, st.lists(st.floats(), max_size=3), max_size=2)),
        history=History(tuple(draw(st.lists(records, max_size=3))), draw(losses)),
        recipe=draw(st.dictionaries(names, names, max_size=3)),
    )


def missing(name: str = "Quux3d", settings: str = "{}", inputs: tuple[str, ...] = ("input",)) -> Missing:
    return Missing(name=name, settings_text=settings, reason="it is not there", input_names=inputs)


def same(one: Any, other: Any) -> bool:
    """Equal, where not-a-number is equal to itself, and arrays are equal bit by bit."""
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (not math.isfinite(one) and math.isnan(other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, (Checkpoint, History)):
        return same(vars(one), vars(other))
    return bool(one == other)
