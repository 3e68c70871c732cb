"""Functions along axes: sums, means, extremes, norms."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.engine.importing.functions.table import entry, is_tensor, layer
from nnstudio.engine.importing.translate import Refused, Translation

# -- along axes --------------------------------------------------------------------------------------------------------


def _axes(work: Translation, input: Any, dim: Any) -> tuple[int, ...]:
    kind = work.wire(input).type
    if dim is None or dim == ():
        if kind.rows:
            raise Refused("it makes one number of the whole batch; in a drawing rows are kept apart")
        return tuple(range(kind.axes))
    return dim if isinstance(dim, tuple) else (dim,)


def _reduction(name: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        if dtype not in (None, torch.float32):
            raise Refused(f"it computes with {dtype}")
        return work.add(layer(name, axes=_axes(work, input, dim), keepdim=keepdim), input)

    return made


for _function, _layer in {"mean": "Mean", "sum": "Sum", "amax": "Max", "amin": "Min"}.items():
    entry(_function)(_reduction(_layer))
entry("logsumexp")(_reduction("LogSumExp"))


def _extreme(name: str, pair: str, place: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if is_tensor(dim):
            return work.add(layer(pair), input, dim)
        if dim is None:
            return work.add(layer(name, axes=_axes(work, input, None), keepdim=False), input)
        # max along an axis passes its gradient to one place, where amax would divide it among equals
        (where,) = work.add(layer(place, axis=dim, keepdim=True), input)
        (found,) = work.add(layer("Gather", axis=dim), input, where)
        if keepdim:
            return [found, where]
        return [*work.add(layer("Squeeze", axis=dim), found), *work.add(layer("Squeeze", axis=dim), where)]

    return made


entry("max")(_extreme("Max", "Maximum", "ArgMax"))
entry("min")(_extreme("Min", "Minimum", "ArgMin"))


def _place(name: str) -> Any:
    def made(work: Translation, input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if dim is None:
            raise Refused("it needs an axis")
        return work.add(layer(name, axis=dim, keepdim=keepdim), input)

    return made


entry("argmax")(_place("ArgMax"))
entry("argmin")(_place("ArgMin"))


def _spread(name: str) -> Any:
    def made(
        work: Translation,
        input: Any,
        dim: Any = None,
        unbiased: Any = True,
        keepdim: bool = False,
        *,
        correction: Any = None,
    ) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        found = correction if correction is not None else int(bool(unbiased))
        return work.add(layer(name, axes=_axes(work, input, dim), keepdim=keepdim, correction=found), input)

    return made


entry("var")(_spread("Variance"))
entry("std")(_spread("StandardDeviation"))


@entry("norm")
def _norm(work: Translation, input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    if not isinstance(p, (int, float)):
        if p not in (None, "fro"):
            raise Refused(f"there is no layer for the norm {p!r:.20}")
        p = 2
    return work.add(layer("Norm", p=float(p), axes=_axes(work, input, dim), keepdim=keepdim), input)


@entry("vector_norm", "linalg_vector_norm")
def _vector_norm(work: Translation, x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return _norm(work, x, ord, dim, keepdim)


@entry("normalize")
def _normalise(work: Translation, input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None) -> Any:
    (length,) = _norm(work, input, p, dim, True)
    (length,) = work.add(layer("Clamp", minimum=eps, maximum=None), length)
    (length,) = work.add(layer("Expand"), length, input)
    return work.add(layer("Divide"), input, length)


@entry("cumsum")
def _cumsum(work: Translation, input: Any, dim: int, *, dtype: Any = None) -> Any:
    return work.add(layer("Cumsum", axis=dim), input)


@entry("topk")
def _topk(work: Translation, input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    return work.add(layer("TopK", k=k, axis=dim, largest=largest), input)


@entry("cosine_similarity")
def _cosine_similarity(work: Translation, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    return work.add(layer("CosineSimilarity", dim=dim, eps=eps), x1, x2)


@entry("pairwise_distance")
def _pairwise_distance(
    work: Translation, x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    return work.add(layer("PairwiseDistance", p=p, eps=eps, keepdim=keepdim), x1, x2)
