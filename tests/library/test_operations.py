"""Operations on tensors: what they compute, what they refuse, and how they are written down.

An operation refuses inputs exactly where torch refuses them, or where rows of the batch would be mixed or lost.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx, nn

import nnstudio.library  # noqa: F401
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Layer
from nnstudio.core.problems import Complaint, Problem
from nnstudio.core.spec import SpecError, from_json, registered
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.evaluate import evaluate
from nnstudio.engine.export.forward import forward_lines
from nnstudio.library.layers.positional_encoding import sinusoidal_positions

Types = tuple[TensorType | None, ...]
Case = tuple[dict[str, Any], Types]


def layer(name: str, **settings: Any) -> Layer:
    return registered(Layer)[name](**settings)


def kind(*shape: int, dtype: str = "float32", rows: int = 1, axis: int = 0) -> TensorType:
    return TensorType(shape, dtype, rows, axis if rows else 0)


def complaints(operation: Layer, types: Types) -> list[Complaint]:
    return list(operation.check(*types))  # type: ignore[arg-type]


def refused(operation: Layer, types: Types) -> bool:
    return any(complaint.severity == "error" for complaint in complaints(operation, types))


# -- a second opinion --------------------------------------------------------------------------------------------------


def tensor(given: TensorType | None, batch: int, seed: int) -> torch.Tensor | None:
    if given is None:
        return None
    generator = torch.Generator().manual_seed(seed)
    sizes = given.sizes(batch)
    if given.dtype == "int64":
        return torch.randint(0, 2, sizes, generator=generator)
    if given.dtype == "bool":
        return torch.rand(sizes, generator=generator) > 0.4
    return torch.rand(sizes, generator=generator) + 0.5


def run(operation: Layer, types: Types, tensors: list[torch.Tensor | None]) -> tuple[torch.Tensor, ...]:
    torch.manual_seed(0)
    module = operation.build(*(None if given is None else given.shape for given in types))  # type: ignore[misc]
    if isinstance(module, nn.Module):
        module.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = operation.apply(module, *tensors)
    return found if isinstance(found, tuple) else (found,)


def permuted(x: torch.Tensor | None, axis: int, rows: int, order: list[int]) -> torch.Tensor | None:
    if x is None or not rows:
        return x
    places = [rows * row + part for row in order for part in range(rows)]
    return x.index_select(axis, torch.tensor(places))


def is_sound(operation: Layer, types: Types) -> bool:
    """Whether torch takes these inputs, and the rows of the batch stay apart. Found out by trying."""
    inputs = {batch: [tensor(given, batch, seed) for seed, given in enumerate(types)] for batch in (5, 7)}
    try:
        five, seven = (run(operation, types, inputs[batch]) for batch in (5, 7))
    except (RuntimeError, IndexError, ValueError, TypeError, AssertionError, NotImplementedError):
        return False
    order = [3, 0, 4, 1, 2]
    again = run(
        operation,
        types,
        [
            None if given is None else permuted(x, given.axis, given.rows, order)
            for x, given in zip(inputs[5], types, strict=True)
        ],
    )
    for first, second, turned in zip(five, seven, again, strict=True):
        if 0 in first.shape or first.dim() != second.dim():
            return False
        along = [axis for axis in range(first.dim()) if first.shape[axis] != second.shape[axis]]
        if not any(given is not None and given.rows for given in types):
            continue
        if len(along) != 1 or first.shape[along[0]] % 5 or first.shape[along[0]] * 7 != second.shape[along[0]] * 5:
            return False
        wanted = permuted(first, along[0], first.shape[along[0]] // 5, order)
        assert wanted is not None
        if not torch.allclose(turned.double(), wanted.double(), atol=1e-5, equal_nan=True):
            return False
    return True


def written(operation: Layer, types: Types) -> Callable[..., Any]:
    """The source that an export holds for it, run as Python."""
    graph = fx.Graph()
    tracer = fx.proxy.GraphAppendingTracer(graph)
    names = [f"in_{number}" for number in range(len(types))]
    proxies = [
        None if given is None else fx.Proxy(graph.placeholder(name), tracer)
        for name, given in zip(names, types, strict=True)
    ]
    holder = nn.Module()
    torch.manual_seed(0)
    module = operation.build(*(None if given is None else given.shape for given in types))  # type: ignore[misc]
    stands: Any = None
    if isinstance(module, nn.Module):
        holder.add_module("layer", module.eval())

        def stands(*arguments: Any) -> fx.Proxy:
            return tracer.create_proxy("call_module", "layer", arguments, {})

    elif module is not None:
        if isinstance(module, nn.Parameter):
            holder.register_parameter("layer", module)
        else:
            holder.register_buffer("layer", module)
        stands = fx.Proxy(graph.get_attr("layer"), tracer)
    found = operation.apply(stands, *proxies)
    parts = found if isinstance(found, tuple) else (found,)
    for part in parts:
        part.node.meta["node"] = "n"
    graph.output(tuple(part.node for part in parts) if len(parts) > 1 else parts[0].node)
    body = "".join(f"    {line}\n" for line in forward_lines(graph, {"n": "made"}))
    space: dict[str, Any] = {"torch": torch, "nn": nn}
    used = [name for name, given in zip(names, types, strict=True) if given is not None]
    exec(f"def forward({', '.join(['self', *used])}):\n{body}", space)
    return lambda *tensors: space["forward"](holder, *(x for x in tensors if x is not None))


def along_the_batch(made: Any, types: Any) -> bool:
    return bool(types[0].rows) and made.dim % types[0].axes == types[0].axis


# What torch takes, though it is hardly meant: it does nothing, divides by zero, reads beyond the end of a tensor, or
# mixes the rows in a way that does not depend on their order.
STRICTER: dict[str, Callable[[Any, Any], bool]] = {
    "Reshape": lambda made, types: (
        (made.batch_axis is None) != (types[0].rows == 0)
        or (not made.across_rows and types[0].size != math.prod(made.shape))
    ),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Softmin"), along_the_batch),
    "Flatten": lambda made, types: (
        not types[0].shape or (made.start_dim % types[0].axes == 0 and made.end_dim % types[0].axes > 0)
    ),
    **dict.fromkeys(
        ("CosineSimilarity", "PairwiseDistance"),
        lambda made, types: len({kind.axes - kind.axis for kind in types if kind.rows}) > 1,
    ),
    "Squeeze": lambda made, types: types[0].sizes(5)[made.axis] != 1,
    "Variance": lambda made, types: math.prod(types[0].sizes(5)[axis] for axis in made.axes) <= made.correction,
    "LinearFunction": lambda made, types: (
        len(types[1].shape) != 2 or (types[2] is not None and types[2].shape != types[1].shape[:1])
    ),
    "ScaledDotProductAttention": lambda made, types: (
        types[1].shape[-2] != types[2].shape[-2] or (made.causal and types[3] is not None)
    ),
}


def judge(operation: Layer, types: Types) -> None:
    """The check agrees with the second opinion; where it takes the inputs, all that is said of the result is true."""
    sound = is_sound(operation, types)
    if sound and STRICTER.get(type(operation).__name__, lambda made, types: False)(operation, types):
        assert refused(operation, types)
        return
    said = [Problem.at("n1", operation.title, complaint).message for complaint in complaints(operation, types)]
    assert sound != refused(operation, types), f"torch {'takes' if sound else 'refuses'} it; {said}"
    if not sound:
        return
    shown = evaluate(operation, types)
    assert not shown.refused
    tensors = [tensor(given, 5, seed) for seed, given in enumerate(types)]
    outputs = run(operation, types, tensors)
    assert [x.sizes(5) for x in shown.outputs] == [tuple(output.shape) for output in outputs]
    assert [f"torch.{x.dtype}" for x in shown.outputs] == [str(output.dtype) for output in outputs]
    exported = written(operation, types)(*tensors)
    exported = exported if isinstance(exported, tuple) else (exported,)
    assert all(torch.equal(a, b) for a, b in zip(exported, outputs, strict=True))


# -- inputs and settings by chance -------------------------------------------------------------------------------------

size = st.integers(1, 4)


@st.composite
def kinds(draw: st.DrawFn, least: int = 0, most: int = 3, dtype: str = "float32") -> TensorType:
    """Mostly a batch of rows as the first axis; sometimes none, or elsewhere, or cut into windows."""
    shape = draw(st.lists(size, min_size=least, max_size=most).map(tuple))
    rows = draw(st.sampled_from([0, 1, 1, 1, 1, 2]))
    axis = draw(st.sampled_from([0, 0, 0, len(shape)])) if rows else 0
    if not rows and not shape:
        shape = (draw(size),)
    return TensorType(shape, dtype, rows, axis)


@st.composite
def related(draw: st.DrawFn, count: int) -> Types:
    """Tensors that more or less fit together."""
    first = draw(kinds())
    found = [first]
    for _ in range(count - 1):
        change = draw(st.sampled_from(["same", "ones", "none", "tail", "other"]))
        shape = first.shape
        if change == "other":
            found.append(draw(kinds()))
            continue
        if change in ("ones", "none", "tail"):
            shape = tuple(part if draw(st.booleans()) else 1 for part in shape)
        rows, axis = first.rows, first.axis
        if change in ("none", "tail"):
            rows = axis = 0
            shape = shape[1:] if change == "tail" else shape
        found.append(TensorType(shape, "float32", rows, axis))
    return tuple(draw(st.permutations(found)))


axis = st.integers(-4, 3)
one = kinds().map(lambda given: (given,))
first = st.lists(size, max_size=3).map(lambda shape: (TensorType(tuple(shape)),))  # the batch is the first axis


def case(types: st.SearchStrategy[Types] = one, **choices: st.SearchStrategy[Any]) -> st.SearchStrategy[Case]:
    return st.tuples(st.fixed_dictionaries(choices), types)


@st.composite
def reshapes(draw: st.DrawFn) -> Case:
    given = draw(kinds(least=1))
    shape = draw(st.permutations(given.shape))
    if draw(st.booleans()):
        shape = [*shape, 1] if draw(st.booleans()) else [math.prod(shape)]
    if draw(st.integers(0, 3)) == 0:
        shape = draw(st.lists(size, min_size=1, max_size=3))
    batch = draw(st.sampled_from([0, 0, None, min(len(shape), 1)]))
    return {"shape": tuple(shape), "across_rows": draw(st.booleans()), "batch_axis": batch}, (given,)


@st.composite
def permutations(draw: st.DrawFn) -> Case:
    given = draw(kinds())
    axes = draw(st.sampled_from([given.axes, given.axes, given.axes, given.axes + 1]))
    order = draw(st.permutations(range(axes)))
    return {"order": tuple(a - axes if draw(st.booleans()) else a for a in order)}, (given,)


@st.composite
def splits(draw: st.DrawFn) -> Case:
    given, along = draw(kinds()), draw(axis)
    total = given.sizes(5)[along] if -given.axes <= along < given.axes else 2
    first = draw(st.integers(1, max(1, total - 1)))
    rest = max(1, total - first + draw(st.sampled_from([0, 0, 0, 1])))
    return {"sizes": (first, rest), "axis": along}, (given,)


@st.composite
def expansions(draw: st.DrawFn) -> Case:
    given, like = draw(related(2))
    assert given is not None
    wanted = draw(st.none() | st.lists(st.sampled_from([-1, -1, 1, 2]), min_size=1, max_size=4).map(tuple))
    return {"sizes": wanted}, (given, draw(st.sampled_from([like, None])))


@st.composite
def rolls(draw: st.DrawFn) -> Case:
    axes = draw(st.lists(axis, min_size=1, max_size=2).map(tuple))
    given = draw(kinds(least=1).filter(lambda x: all(part > 1 for part in x.shape)))
    return {"axes": axes, "shifts": tuple(1 for _ in axes)}, (given,)


@st.composite
def attention(draw: st.DrawFn) -> Case:
    heads, length, other, features = (draw(st.integers(1, 3)) for _ in range(4))
    group = draw(st.sampled_from([1, 1, 2]))
    rows = draw(st.sampled_from([1, 1, 1, 0]))
    query = kind(heads * group, length, features, rows=rows)
    pair = [kind(heads, other, features, rows=rows) for _ in range(2)]
    mask = draw(
        st.sampled_from(
            [
                None,
                kind(length, other, rows=0, dtype="bool"),
                kind(length, other, rows=0),
                kind(1, length, other, rows=rows),
                kind(1, 1, other, rows=rows, dtype="bool"),
                kind(other, length, rows=0),
            ]
        )
    )
    wrong = draw(st.integers(0, 5))
    if wrong == 0:
        pair[1] = kind(heads, other + 1, features, rows=rows)
    elif wrong == 1:
        pair[0] = kind(heads, other, features + 1, rows=rows)
    causal = draw(st.booleans()) if mask is None else draw(st.integers(0, 4)) == 0
    return {"causal": causal, "enable_gqa": group > 1 and draw(st.booleans())}, (query, *pair, mask)


@st.composite
def einsums(draw: st.DrawFn) -> Case:
    letters = {letter: draw(size) for letter in "ijk"}
    terms, types = [], []
    for _ in range(draw(st.integers(1, 3))):
        term = draw(st.lists(st.sampled_from("bijk"), min_size=1, max_size=3, unique=True).map("".join))
        dots = draw(st.integers(0, 5)) == 0
        shape = tuple(letters[letter] for letter in term if letter != "b")
        rows = 1 if "b" in term else 0
        if draw(st.integers(0, 8)) == 0 and shape:
            shape = (shape[0] + 1, *shape[1:])
        types.append(TensorType((*shape, 2) if dots else shape, "float32", rows, term.index("b") if rows else 0))
        terms.append(term + ("..." if dots else ""))
    every = sorted(set("".join(terms)) - {"."})
    result = draw(st.lists(st.sampled_from(every), max_size=3, unique=True).map("".join))
    if draw(st.integers(0, 2)) and "b" in every and "b" not in result:
        result = "b" + result
    if any("..." in term for term in terms) and draw(st.booleans()):
        result = "..." + result
    equation = ",".join(terms) + draw(st.sampled_from([f"->{result}", f"->{result}", ""]))
    return {"equation": equation}, tuple(types)


@st.composite
def products(draw: st.DrawFn) -> Case:
    a, b = draw(kinds()), draw(kinds())
    if a.shape and draw(st.integers(0, 3)):
        inner = a.shape[-1]
        rows = draw(st.sampled_from([0, a.rows]))
        before = a.shape[:-2] if rows else draw(st.sampled_from([(), a.shape[:-2]]))
        b = TensorType((*before, inner, draw(size)), "float32", rows, a.axis if rows else 0)
        b = draw(st.sampled_from([b, TensorType((inner,), "float32", 0)]))
    return {}, (a, b)


@st.composite
def gathers(draw: st.DrawFn) -> Case:
    given = draw(kinds(least=1))
    shape = tuple(draw(st.integers(1, part + (draw(st.integers(0, 5)) == 0))) for part in given.shape)
    index = TensorType(shape, "int64", given.rows, given.axis)
    if draw(st.integers(0, 5)) == 0 and len(shape) > 1:
        index = TensorType(shape[1:], "int64", given.rows, 0)
    along = draw(st.integers(-3, 3))
    # numbers up to 1 are looked up
    ok = given.sizes(5)[along] > 1 if -given.axes <= along < given.axes else True
    return ({"axis": along}, (given, index)) if ok else ({"axis": -9}, (given, index))


linear = st.tuples(
    kinds(),
    st.tuples(size, size).map(lambda shape: TensorType(shape, rows=0)) | kinds(),
    st.none() | size.map(lambda length: TensorType((length,), rows=0)),
)
axes = st.lists(axis, min_size=1, max_size=2).map(tuple)
reduction = {"axes": axes, "keepdim": st.booleans()}
pads = st.lists(st.integers(-1, 3), min_size=1, max_size=3).map(
    lambda half: tuple(x for n in half for x in (n, max(n, 1)))
)

FUNCTIONS = [
    "Abs",
    "Negate",
    "Exp",
    "Log",
    "Sqrt",
    "Rsqrt",
    "Square",
    "Reciprocal",
    "Sin",
    "Cos",
    "Arithmetic",
    "Clamp",
]
PAIRS = ["Subtract", "Divide", "Power", "Maximum", "Minimum", "Compare"]
REDUCTIONS = ["Mean", "Sum", "Max", "Min", "LogSumExp", "Norm"]
CASES: dict[str, st.SearchStrategy[Case]] = {
    **{name: case() for name in FUNCTIONS},
    **{name: case(related(2)) for name in PAIRS},
    **{name: case(related(3), number_of_inputs=st.just(3)) for name in ("Add", "Multiply")},
    "Concatenate": case(related(3), number_of_inputs=st.just(3), axis=axis),
    "Stack": case(related(2), axis=axis),
    "MatMul": products(),
    "Einsum": einsums(),
    "Reshape": reshapes(),
    "Permute": permutations(),
    "Transpose": case(first=axis, second=axis),
    "Squeeze": case(axis=axis),
    "Unsqueeze": case(axis=axis),
    "Expand": expansions(),
    "Repeat": case(repeats=st.lists(st.integers(1, 2), min_size=1, max_size=4).map(tuple)),
    "RepeatInterleave": case(axis=axis),
    "Roll": rolls(),
    "Flip": case(axes=axes),
    "Split": splits(),
    "Chunk": case(chunks=st.integers(2, 4), axis=axis),
    "Slice": case(axis=axis, start=st.integers(-3, 3), stop=st.none() | st.integers(-3, 5), step=st.integers(1, 2)),
    "Select": case(axis=axis, index=st.integers(-4, 3)),
    "IndexSelect": case(axis=axis, indices=st.lists(st.integers(-3, 2), min_size=1, max_size=3).map(tuple)),
    "Gather": gathers(),
    "Pad": case(padding=pads, value=st.sampled_from([0.0, 0.5])),
    "Cast": case(dtype=st.sampled_from(["float32", "int64", "bool"])),
    "MaskedFill": case(
        related(2).map(lambda pair: (pair[0], TensorType(pair[1].shape, "bool", pair[1].rows, pair[1].axis)))  # type: ignore[union-attr]
    ),
    "Where": case(
        related(3).map(lambda t: (TensorType(t[0].shape, "bool", t[0].rows, t[0].axis), *t[1:]))  # type: ignore[union-attr]
    ),
    **{name: case(**reduction) for name in REDUCTIONS},
    "Variance": case(**reduction, correction=st.integers(0, 1)),
    "StandardDeviation": case(**reduction, correction=st.just(0)),
    "ArgMax": case(
        kinds(least=2).filter(lambda x: all(part > 1 for part in x.shape)).map(lambda x: (x,)),
        axis=axis,
        keepdim=st.booleans(),
    ),
    "ArgMin": case(
        kinds(least=2).filter(lambda x: all(part > 1 for part in x.shape)).map(lambda x: (x,)),
        axis=axis,
        keepdim=st.booleans(),
    ),
    **{name: case(dim=axis) for name in ("Softmax", "LogSoftmax", "Softmin", "GLU")},
    "CosineSimilarity": case(related(2), dim=axis),
    "PairwiseDistance": case(related(2), keepdim=st.booleans()),
    "PReLU": case(first, num_parameters=st.integers(1, 3)),
    "Flatten": case(first, start_dim=axis, end_dim=axis),
    "Unflatten": case(first, dim=axis, unflattened_size=st.lists(st.integers(1, 2), max_size=3).map(tuple)),
    "Detach": case(kinds().map(lambda x: (x,))),
    "Cumsum": case(axis=axis),
    "TopK": case(k=st.integers(1, 3), axis=axis),
    "ScaledDotProductAttention": attention(),
    "LinearFunction": case(linear),
    "EmbeddingFunction": case(
        st.tuples(kinds(dtype="int64"), st.tuples(st.just(3), size).map(lambda shape: TensorType(shape, rows=0)))
    ),
}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40)
@given(data=st.data())
def test_it_is_refused_exactly_where_torch_refuses_it_or_rows_would_mix(name: str, data: st.DataObject) -> None:
    chosen, types = data.draw(CASES[name])
    try:
        operation = layer(name, **chosen)
    except SpecError:
        return
    judge(operation, types)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@settings(max_examples=40)
@given(data=st.data())
def test_padding_with_the_inside(mode: str, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 2))
    padding = tuple(data.draw(st.integers(0, 3)) for _ in range(2 * count))
    given_ = data.draw(kinds(least=1))
    judge(layer("Pad", padding=padding, mode=mode), (given_,))


@settings(max_examples=40)
@given(data=st.data())
def test_interpolate(data: st.DataObject) -> None:
    behind = data.draw(st.integers(1, 3))
    given_ = kind(*(data.draw(size) for _ in range(behind + 1)))
    like = data.draw(st.none() | st.just(kind(2, *(data.draw(size) for _ in range(behind)))))
    chosen = data.draw(
        st.sampled_from(
            [
                {"size": (3,), "scale_factor": None},
                {"size": (3, 2), "scale_factor": None},
                {"scale_factor": (0.5,)},
                {"scale_factor": (2.0, 1.5)},
            ]
        )
    )
    mode = data.draw(
        st.sampled_from(["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"])
    )
    judge(layer("Interpolate", **chosen, mode=mode), (given_, like))


# -- values ------------------------------------------------------------------------------------------------------------

F = nn.functional
VALUES: list[tuple[str, dict[str, Any], list[tuple[int, ...]], Callable[..., Any]]] = [
    ("Add", {"number_of_inputs": 3}, [(2, 6)] * 3, lambda a, b, c: a + b + c),
    ("Subtract", {}, [(6,), (6,)], lambda a, b: a - b),
    ("Divide", {}, [(6,), (6,)], lambda a, b: a / b),
    ("Power", {}, [(6,), (6,)], lambda a, b: a**b),
    ("Multiply", {}, [(3, 4, 4), (3, 1, 1)], lambda a, b: a * b),
    ("Maximum", {}, [(6,), (6,)], torch.maximum),
    ("Minimum", {}, [(6,), (6,)], torch.minimum),
    ("MatMul", {}, [(2, 4, 3), (2, 3, 5)], torch.matmul),
    ("Einsum", {"equation": "bhqd, bhkd -> bhqk"}, [(2, 4, 3), (2, 5, 3)], lambda q, k: q @ k.transpose(-1, -2)),
    ("Concatenate", {"axis": -1}, [(2, 6), (2, 3)], lambda a, b: torch.cat((a, b), -1)),
    ("Stack", {"axis": -1}, [(2, 6), (2, 6)], lambda a, b: torch.stack((a, b), -1)),
    ("Reshape", {"shape": (4, 3), "across_rows": True}, [(16, 3)], lambda x: x.view(-1, 4, 3)),
    ("Permute", {"order": (0, 3, 1, 2)}, [(2, 3, 4)], lambda x: x.permute(0, 3, 1, 2)),
    ("Transpose", {"first": 1, "second": -1}, [(2, 3, 4)], lambda x: x.transpose(1, 3)),
    ("Squeeze", {"axis": 1}, [(1, 4)], lambda x: x.squeeze(1)),
    ("Unsqueeze", {"axis": -1}, [(4,)], lambda x: x[..., None]),
    ("Repeat", {"repeats": (1, 3)}, [(4,)], lambda x: torch.cat((x, x, x), 1)),
    ("RepeatInterleave", {"repeats": 2, "axis": -1}, [(4,)], lambda x: torch.repeat_interleave(x, 2, -1)),
    ("Roll", {"shifts": (-1, 2), "axes": (1, 2)}, [(4, 5)], lambda x: torch.roll(x, (-1, 2), (1, 2))),
    ("Flip", {"axes": (1, 2)}, [(4, 5)], lambda x: torch.flip(x, (1, 2))),
    ("Split", {"sizes": (1, 4)}, [(5,)], lambda x: torch.split(x, [1, 4], 1)),
    ("Chunk", {"chunks": 3}, [(8,)], lambda x: torch.chunk(x, 3, -1)),
    ("Slice", {"axis": -1, "start": 1, "stop": -1, "step": 2}, [(2, 8)], lambda x: x[:, :, 1:-1:2]),
    ("Select", {"axis": -2, "index": -1}, [(3, 8)], lambda x: x[:, -1]),
    ("IndexSelect", {"axis": 2, "indices": (2, 0)}, [(3, 8)], lambda x: x[:, :, [2, 0]]),
    ("Pad", {"padding": (1, 2), "mode": "reflect"}, [(3, 8)], lambda x: F.pad(x, (1, 2), "reflect")),
    ("Pad", {"padding": (1, 2), "value": 3.0}, [(8,)], lambda x: F.pad(x, (1, 2), value=3)),
    (
        "Interpolate",
        {"mode": "bilinear", "align_corners": True},
        [(3, 4, 4), None],
        lambda x, _: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True),
    ),
    ("Interpolate", {}, [(3, 4, 4), (3, 7, 5)], lambda x, y: F.interpolate(x, size=y.shape[2:])),
    ("Mean", {"axes": (2, 3), "keepdim": True}, [(3, 4, 4)], lambda x: x.mean((2, 3), True)),
    ("Sum", {}, [(3, 4)], lambda x: x.sum(-1)),
    ("Max", {"axes": (1,)}, [(3, 4)], lambda x: x.max(1).values),
    ("Min", {"axes": (1, 2)}, [(3, 4)], lambda x: torch.amin(x, (1, 2))),
    ("ArgMax", {}, [(3, 4)], lambda x: x.argmax(-1)),
    ("ArgMin", {"keepdim": True}, [(3, 4)], lambda x: x.argmin(-1, True)),
    ("Detach", {}, [(3, 4)], lambda x: x.detach()),
    ("Variance", {"correction": 0}, [(3, 4)], lambda x: torch.var(x, -1, unbiased=False)),
    ("StandardDeviation", {}, [(3, 4)], lambda x: torch.std(x, -1)),
    ("Norm", {"p": 3.0}, [(3, 4)], lambda x: torch.linalg.vector_norm(x, 3, dim=-1)),
    ("LogSumExp", {}, [(3, 4)], lambda x: torch.logsumexp(x, -1)),
    ("Cumsum", {"axis": 1}, [(3, 4)], lambda x: torch.cumsum(x, 1)),
    ("TopK", {"k": 2, "largest": False}, [(5,)], lambda x: tuple(torch.topk(x, 2, -1, False))),
    ("Abs", {}, [(4,)], torch.abs),
    ("Negate", {}, [(4,)], torch.neg),
    ("Exp", {}, [(4,)], torch.exp),
    ("Log", {}, [(4,)], torch.log),
    ("Sqrt", {}, [(4,)], torch.sqrt),
    ("Rsqrt", {}, [(4,)], torch.rsqrt),
    ("Square", {}, [(4,)], torch.square),
    ("Reciprocal", {}, [(4,)], torch.reciprocal),
    ("Sin", {}, [(4,)], torch.sin),
    ("Cos", {}, [(4,)], torch.cos),
    ("Clamp", {"minimum": 0.7, "maximum": 1.0}, [(4,)], lambda x: torch.clamp(x, 0.7, 1.0)),
    ("Arithmetic", {"operation": "c - x", "number": 1.5}, [(4,)], lambda x: 1.5 - x),
    ("Arithmetic", {"operation": "c ** x"}, [(4,)], lambda x: 2**x),
    ("Arithmetic", {"operation": "x ** c", "number": 0.5}, [(4,)], lambda x: x**0.5),
    ("Arithmetic", {"operation": "x / c", "number": 8.0}, [(4,)], lambda x: x / 8),
    ("Compare", {"relation": "at most"}, [(4,), (4,)], lambda a, b: a <= b),
    ("Compare", {"number": 1.0}, [(4,), None], lambda a, _: a > 1),
    ("Cast", {"dtype": "int64"}, [(4,)], lambda x: x.long()),
    (
        "ScaledDotProductAttention",
        {"scale": 0.3},
        [(2, 5, 4)] * 3 + [None],
        lambda q, k, v, _: ((q @ k.mT) * 0.3).softmax(-1) @ v,
    ),
]


@pytest.mark.parametrize(("name", "chosen", "shapes", "expected"), VALUES)
def test_values(name: str, chosen: dict[str, Any], shapes: list[tuple[int, ...]], expected: Callable[..., Any]) -> None:
    operation = layer(name, **chosen)
    types = tuple(None if shape is None else TensorType(shape) for shape in shapes)
    assert complaints(operation, types) == []
    tensors = [tensor(given, 3, seed) for seed, given in enumerate(types)]
    wanted = expected(*tensors)
    found = run(operation, types, tensors)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    assert len(found) == len(wanted) == len(operation.output_ports)
    close = torch.allclose if name in ("Einsum", "ScaledDotProductAttention") else torch.equal
    assert all(close(a, b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("name", "chosen", "types", "code"),
    [
        ("Select", {"axis": 1, "index": -1}, (kind(3, 4),), "return in_0[:, -1]"),
        ("Select", {"axis": -1, "index": 2}, (kind(3, 4),), "return in_0[..., 2]"),
        ("Slice", {"axis": -2, "start": 1}, (kind(3, 4),), "return in_0[..., 1:, :]"),
        ("IndexSelect", {}, (kind(3),), "return in_0[:, [0, 2]]"),
        ("Chunk", {}, (kind(4),), "made_a, made_b = in_0.chunk(2, dim=-1)"),
        ("Mean", {"axes": (1,)}, (kind(3, 4),), "return in_0.mean(dim=1)"),
        ("Mean", {"axes": (2, 3), "keepdim": True}, (kind(3, 4, 4),), "return in_0.mean(dim=(2, 3), keepdim=True)"),
        ("Pad", {}, (kind(3),), "return nn.functional.pad(in_0, (1, 1))"),
        ("Interpolate", {}, (kind(3, 4, 4), None), "return nn.functional.interpolate(in_0, scale_factor=2.0)"),
        ("Arithmetic", {}, (kind(3),), "return in_0 * 2"),
        ("Negate", {}, (kind(3),), "return -in_0"),
        ("Cast", {}, (kind(3),), "return in_0.to(torch.float32)"),
        ("MaskedFill", {}, (kind(3), kind(3, dtype="bool")), 'return in_0.masked_fill(in_1, float("-inf"))'),
        ("Expand", {"sizes": (-1, -1)}, (kind(1, 1, 4, rows=0), kind(9)), "return in_0.expand(in_1.shape[0], -1, -1)"),
        ("ClassToken", {}, (kind(5, 4),), "return torch.cat((self.layer.expand(in_0.shape[0], -1, -1), in_0), dim=1)"),
        ("LearnedPositions", {}, (kind(5, 4),), "return in_0 + self.layer"),
        ("PositionalEncoding", {}, (kind(5, 4),), "return in_0 + self.layer[:in_0.shape[1]]"),
        ("LinearFunction", {}, (kind(6), kind(4, 6, rows=0), None), "return nn.functional.linear(in_0, in_1)"),
        (
            "EmbeddingFunction",
            {},
            (kind(1, dtype="int64"), kind(9, 4, rows=0)),
            "return nn.functional.embedding(in_0, in_1)",
        ),
    ],
)
def test_the_lines_are_what_a_person_writes(name: str, chosen: dict[str, Any], types: Types, code: str) -> None:
    operation = layer(name, **chosen)
    graph = fx.Graph()
    tracer = fx.proxy.GraphAppendingTracer(graph)
    inputs = [
        None if given is None else fx.Proxy(graph.placeholder(f"in_{number}"), tracer)
        for number, given in enumerate(types)
    ]
    found = operation.apply(fx.Proxy(graph.get_attr("layer"), tracer), *inputs)
    parts = found if isinstance(found, tuple) else (found,)
    parts[0].node.meta["node"] = "n"
    graph.output(tuple(part.node for part in parts) if len(parts) > 1 else parts[0].node)
    assert forward_lines(graph, {"n": "made"})[0] == code


# -- sentences ---------------------------------------------------------------------------------------------------------

SENTENCES: list[tuple[str, dict[str, Any], Types, str, list[str]]] = [
    ("Add", {}, (kind(1), kind(4)), "warning", ["broadcast"]),
    ("Add", {}, (kind(1), kind()), "error", ["equally many axes"]),
    ("Add", {}, (kind(5, 4), kind(5, 4, axis=1)), "error", ["the batch as the same axis"]),
    ("Multiply", {}, (kind(3, 8, 8), kind(3, 1, 1)), "", []),
    ("Multiply", {}, (kind(3, 1, 1), kind(3, 8, 8)), "", []),
    ("Multiply", {}, (kind(3, 8), kind(1, 8)), "warning", ["a [B, 3, 8] and b [B, 1, 8]", "broadcast"]),
    ("Add", {}, (kind(5, 4), kind(5, 4, rows=0)), "", []),
    ("Add", {}, (kind(5, 4), kind(1, 5, 4, rows=0)), "", []),
    ("Add", {}, (kind(5, 4), kind(4, rows=0)), "", []),
    ("Add", {}, (kind(5, 4), kind(7, 5, 4, rows=0)), "error", ["[B, 5, 4]", "[7, 5, 4]"]),
    ("Add", {}, (kind(4), kind(4, dtype="int64")), "error", ["one type", "Cast"]),
    ("Subtract", {}, (kind(4), kind(4, dtype="bool")), "error", ["bool", "Cast"]),
    ("Concatenate", {"axis": 0}, (kind(4), kind(4)), "error", ["the batch is axis 0"]),
    ("Concatenate", {}, (kind(4), kind(3, 4, rows=0)), "error", ["batch as the same axis", "Expand"]),
    ("Mean", {"axes": (0,)}, (kind(4),), "error", ["the batch is axis 0", "axis 0 on [B, 4]"]),
    ("Mean", {"axes": (1, -1)}, (kind(4),), "error", ["different axes"]),
    ("Mean", {}, (kind(4, dtype="int64"),), "error", ["int64"]),
    ("Squeeze", {}, (kind(4),), "error", ["size 1", "size 4 at axis -1"]),
    ("Squeeze", {"axis": 0}, (kind(1),), "error", ["the batch is axis 0"]),
    ("Select", {"index": 4}, (kind(4),), "error", ["from -4 to 3"]),
    ("Slice", {"stop": 9}, (kind(4),), "warning", ["0:9, which is cut"]),
    ("Slice", {"start": 4}, (kind(4),), "error", ["keeps something"]),
    ("Split", {}, (kind(5),), "error", ["4 + 2 = 6", "5 at axis 1"]),
    ("Chunk", {"chunks": 4}, (kind(6),), "error", ["which makes 3", "Use 3 chunks"]),
    ("MatMul", {}, (kind(4, 6), kind(5, 3, rows=0)), "error", ["6 rows", "which has 5"]),
    ("MatMul", {}, (kind(4), kind(4)), "error", ["batch outside the axis"]),
    ("Einsum", {}, (kind(4), kind(4, 4)), "error", ["2 axes bj", "b [B, 4, 4]"]),
    ("Einsum", {"equation": "bi,bi->i"}, (kind(4), kind(4)), "error", ["the batch as one letter"]),
    ("Reshape", {"shape": (4, 4)}, (kind(16, 3),), "error", ["16 numbers a row", "48"]),
    ("Reshape", {"shape": (5,), "across_rows": True}, (kind(16, 3),), "error", ["a whole number of times", "48"]),
    ("Reshape", {"shape": (6,)}, (kind(2, 3, rows=0),), "error", ["[2, 3], which has none", "to none"]),
    ("Reshape", {"shape": (6,)}, (kind(2, 3, axis=1),), "error", ["before the batch axis", "Permute"]),
    ("Permute", {}, (kind(4),), "error", ["4 axes", "2 axes [B, 4]"]),
    ("Expand", {}, (kind(4), None), "error", ["sizes"]),
    ("Variance", {}, (kind(1),), "error", ["more numbers than the correction of 1"]),
    ("Where", {}, (kind(4), kind(4), kind(4)), "error", ["condition", "Compare"]),
    ("MaskedFill", {}, (kind(4, dtype="int64"), kind(4, dtype="bool")), "error", ["int64", "-inf"]),
    ("ScaledDotProductAttention", {"causal": True}, (kind(5, 4), kind(6, 4), kind(6, 4), None), "warning", ["causal"]),
    (
        "ScaledDotProductAttention",
        {"causal": True},
        (kind(5, 4), kind(5, 4), kind(5, 4), kind(5, 5, rows=0)),
        "error",
        ["not both"],
    ),
    ("ScaledDotProductAttention", {}, (kind(4), kind(4), kind(4), None), "error", ["[B, ..., T, d]"]),
    ("CausalMask", {}, (None,), "error", ["a length"]),
    ("LinearFunction", {}, (kind(6), kind(4, 6), None), "error", ["without a batch axis"]),
    ("LinearFunction", {}, (kind(5), kind(4, 6, rows=0), None), "error", ["6 numbers"]),
    ("EmbeddingFunction", {}, (kind(5), kind(4, 6, rows=0)), "error", ["int64"]),
    ("PositionalEncoding", {"max_length": 4}, (kind(5, 6),), "error", ["at most 4", "to 5 or more"]),
    ("RotaryEmbedding", {}, (kind(2, 5, 3),), "error", ["even"]),
    ("ClassToken", {}, (kind(5),), "error", ["3 axes [B, T, D]"]),
    ("Pad", {"padding": (1, 1, 1, 1)}, (kind(4),), "error", ["the batch is axis 0"]),
    ("Pad", {"padding": (4, 0), "mode": "reflect"}, (kind(3, 4),), "error", ["at most 3"]),
    ("Interpolate", {"mode": "bilinear"}, (kind(3, 4), None), "error", ["4 axes for bilinear", "3 in [B, 3, 4]"]),
]


@pytest.mark.parametrize(("name", "chosen", "types", "severity", "words"), SENTENCES)
def test_sentences(name: str, chosen: dict[str, Any], types: Types, severity: str, words: list[str]) -> None:
    said = complaints(layer(name, **chosen), types)
    assert [complaint.severity for complaint in said] == ([severity] if severity else [])
    for word in words:
        assert word in Problem.at("n1", name, said[0]).message


@pytest.mark.parametrize(
    ("name", "chosen", "words"),
    [
        ("Permute", {"order": (0, 2)}, "every axis from 0 on once"),
        ("Permute", {"order": (0, 1, 1)}, "every axis from 0 on once"),
        ("Einsum", {"equation": "bi,b1->b"}, "letters"),
        ("Einsum", {"equation": "bi->bj"}, "an output whose letters are in the inputs"),
        ("Einsum", {"equation": "bi->bb"}, "each once"),
        ("Einsum", {"equation": "bi->b->i"}, "an arrow"),
        ("Roll", {"axes": (1, 2)}, "as many axes as shifts"),
        ("Mean", {"axes": ()}, "at least one axis"),
        ("Clamp", {"minimum": 2.0, "maximum": 1.0}, "at least the minimum"),
        ("Clamp", {"minimum": None}, "no minimum"),
        ("Arithmetic", {"operation": "x / c", "number": 0.0}, "other than 0"),
        ("Pad", {"padding": (1, 1, 1)}, "two numbers"),
        ("Pad", {"padding": (-1, 1), "mode": "reflect"}, "at least 0"),
        ("Interpolate", {"size": (3,)}, "nothing where a size is set"),
        ("Constant", {"pattern": "values", "shape": (2, 2), "values": (1.0,)}, "4 numbers"),
        ("Constant", {"pattern": "eye"}, "two sizes"),
        ("Constant", {"pattern": "values", "shape": (160_001,), "values": (0.0,) * 160_001}, "at most 160,000"),
        ("Reshape", {"shape": (2,), "batch_axis": 2}, "from 0 to 1"),
    ],
)
def test_settings_that_make_no_sense(name: str, chosen: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        layer(name, **chosen)


# -- what a tensor holds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", ["zeros", "ones", "constant", "normal", "uniform"])
@pytest.mark.parametrize("shape", [(), (3,), (1, 4, 2)])
def test_a_parameter_is_written_as_it_is_made(fill: str, shape: tuple[int, ...]) -> None:
    made = layer("Parameter", shape=shape, fill=fill, scale=0.1)
    torch.manual_seed(7)
    value = made.build()
    torch.manual_seed(7)
    assert torch.equal(eval(made.source(), {"torch": torch, "nn": nn}), value)  # type: ignore[attr-defined]
    assert isinstance(value, nn.Parameter) and value.shape == shape


@settings(max_examples=100)
@given(data=st.data())
def test_a_constant_is_written_as_it_is_made(data: st.DataObject) -> None:
    shape = data.draw(st.lists(size, max_size=3).map(tuple))
    number = st.sampled_from([0.0, 1.0, 3.0, -2.0, 0.5])
    pattern = data.draw(st.sampled_from(["fill", "arange", "eye", "causal mask", "causal mask -inf", "values"]))
    values = tuple(data.draw(number) for _ in range(math.prod(shape)))
    chosen = {"start": data.draw(number), "step": data.draw(number)}
    dtype = data.draw(st.sampled_from(["float32", "int64", "bool"]))
    try:
        made = layer("Constant", pattern=pattern, shape=shape, values=values, dtype=dtype, **chosen)
    except SpecError:
        return
    value = made.build()
    again = eval(made.source(), {"torch": torch})  # type: ignore[attr-defined]
    assert torch.equal(again, value) and again.dtype == value.dtype and tuple(value.shape) == shape
    assert "mask" in pattern or value.dtype == getattr(torch, dtype)


def test_constants() -> None:
    arange = layer("Constant", pattern="arange", shape=(2, 3), start=1.0, step=0.5).build()
    assert arange.tolist() == [[1.0, 1.5, 2.0], [2.5, 3.0, 3.5]]
    assert layer("Constant", pattern="arange", shape=(4,), dtype="int64").source() == "torch.arange(4)"
    hidden = layer("Constant", pattern="causal mask -inf", shape=(5, 5)).build()
    assert torch.equal(hidden, nn.Transformer.generate_square_subsequent_mask(5))


@pytest.mark.parametrize("length", [None, 5])
def test_causal_masks_for_every_use(length: int | None) -> None:
    x = torch.randn(2, 3, 5, 4)
    given_ = kind(3, 5, 4)
    masks = {
        form: run(layer("CausalMask", form=form, length=length), (given_,), [x])[0]
        for form in ("allowed", "hidden", "minus infinity")
    }
    wanted = F.scaled_dot_product_attention(x, x, x, is_causal=True)
    for mask in (masks["allowed"], ~masks["hidden"], masks["minus infinity"]):
        assert torch.allclose(F.scaled_dot_product_attention(x, x, x, mask), wanted, atol=1e-6)
    assert evaluate(layer("CausalMask"), (given_,)).outputs == (TensorType((5, 5), "bool", rows=0),)


def test_sinusoidal_positions_are_those_of_the_paper() -> None:
    table = sinusoidal_positions(50, 7)
    for position in (0, 1, 49):
        for feature in range(7):
            angle = position / 10000 ** (2 * (feature // 2) / 7)
            wanted = math.cos(angle) if feature % 2 else math.sin(angle)
            assert table[position, feature].item() == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("interleaved", [True, False])
def test_rotary_positions_turn_pairs_as_complex_numbers(interleaved: bool) -> None:
    made = layer("RotaryEmbedding", interleaved=interleaved, max_length=9)
    x = torch.randn(2, 3, 5, 8)
    (found,) = run(made, (kind(3, 5, 8),), [x])
    pairs = x.unflatten(-1, (4, 2)) if interleaved else x.unflatten(-1, (2, 4)).mT
    angle = torch.outer(torch.arange(5.0), 10000.0 ** (-torch.arange(4) / 4))
    turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.polar(torch.ones(5, 4), angle))
    wanted = turned.flatten(-2) if interleaved else turned.mT.flatten(-2)
    assert torch.allclose(found, wanted, atol=1e-6)


def test_rotary_scores_depend_on_distances() -> None:
    module = layer("RotaryEmbedding").build((9, 8))
    q, k = (module(torch.randn(8).expand(1, 9, 8)) for _ in range(2))
    scores = (q @ k.mT)[0]
    assert torch.allclose(scores[:-1, :-1], scores[1:, 1:], atol=1e-4)
    assert list(module.state_dict()) == []


def test_attention_drops_weights_only_while_it_is_trained() -> None:
    made = layer("ScaledDotProductAttention", dropout=0.5, causal=True)
    q = torch.randn(2, 3, 5, 4)
    module = made.build(*[(3, 5, 4)] * 3, None)
    wanted = F.scaled_dot_product_attention(q, q, q, is_causal=True)
    assert torch.equal(made.apply(module.eval(), q, q, q, None), wanted)
    torch.manual_seed(1)
    found = made.apply(module.train(), q, q, q, None)
    torch.manual_seed(1)
    assert torch.equal(found, F.scaled_dot_product_attention(q, q, q, None, 0.5, True))
    space = {"AttentionWithDropout": type(module)}
    assert repr(eval(made.source(), space)) == repr(module)  # type: ignore[attr-defined]


def test_windows_of_an_image_and_back() -> None:
    """Swin: an 8×8 map of 3 channels becomes 4 windows of 4×4 places, each a row of its own."""
    x = torch.randn(2, 8, 8, 3)
    steps = [
        layer("Reshape", shape=(2, 4, 2, 4, 3)),
        layer("Permute", order=(0, 1, 3, 2, 4, 5)),
        layer("Reshape", shape=(16, 3), across_rows=True),
    ]
    back = [
        layer("Reshape", shape=(2, 2, 4, 4, 3), across_rows=True),
        layer("Permute", order=(0, 1, 3, 2, 4, 5)),
        layer("Reshape", shape=(8, 8, 3)),
    ]
    given_, y = kind(8, 8, 3), x
    for step in steps:
        assert complaints(step, (given_,)) == []
        (given_,), y = evaluate(step, (given_,)).outputs, step.apply(None, y)
    assert given_ == TensorType((16, 3), rows=4) and torch.equal(y[1], x[0, :4, 4:].reshape(16, 3))
    for step in back:
        assert complaints(step, (given_,)) == []
        (given_,), y = evaluate(step, (given_,)).outputs, step.apply(None, y)
    assert given_ == kind(8, 8, 3) and torch.equal(y, x)


def test_old_files_still_open() -> None:
    read = from_json(Layer, {"name": "Reshape", "settings": {"shape": [2, 3]}})
    assert read == layer("Reshape", shape=(2, 3)) and refused(read, (kind(12),)) and not refused(read, (kind(6),))
    assert from_json(Layer, {"name": "Concatenate", "settings": {"number_of_inputs": 8, "axis": 2}})


def test_many_inputs_have_names_of_their_own() -> None:
    names = [port.name for port in layer("Add", number_of_inputs=64).input_ports]
    assert names[0] == "a" and names[25:28] == ["z", "in27", "in28"] and len(set(names)) == 64


def test_one_hot_counts_from_zero() -> None:
    made = layer("OneHot", num_classes=3)
    x = torch.tensor([[2, 0]])
    assert made.apply(None, x).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert evaluate(made, (kind(2, dtype="int64"),)).outputs == (kind(2, 3, dtype="int64"),)


def test_a_drawing_with_a_tied_table() -> None:
    """The table that looks tokens up gives the scores too, transposed by F.linear: one parameter, two uses."""
    graph, tokens = Graph().add(layer("Input", shape=(4,)))
    graph, table = graph.add(layer("Parameter", shape=(11, 6), fill="normal"))
    graph, looked = graph.add(layer("EmbeddingFunction"))
    graph, scores = graph.add(layer("LinearFunction"))
    graph, result = graph.add(layer("Output"))
    graph = graph.wire(tokens, looked, target_port="index").wire(table, looked, target_port="weight")
    graph = (
        graph.wire(looked, scores, target_port="input").wire(table, scores, target_port="weight").wire(scores, result)
    )
    network = compile_network(graph, kind(4, dtype="int64"))
    (weight,) = network.parameters()
    x = torch.randint(0, 11, (3, 4))
    assert torch.equal(network(x), F.linear(F.embedding(x, weight), weight))
    network(x).sum().backward()
    assert weight.grad is not None and weight.grad.abs().sum() > 0
