"""Operators that make one number of many, along axes."""

from __future__ import annotations

from typing import Any

from nnstudio.engine.importing.onnx_operators.table import axis_of, layer, operator
from nnstudio.engine.importing.translate import Refused


def _axes(work: Any, x: Any, axes: Any) -> tuple[int, ...]:
    kind = work.wire(x).type
    found = work.fixed(axes)
    listed = work.attribute("axes") if found is None else tuple(map(int, found.reshape(-1)))
    if not listed:
        if work.attribute("noop_with_empty_axes", 0):
            return ()
        if kind.rows:
            raise Refused("it makes one number of the whole batch; in a drawing rows are kept apart")
        listed = range(kind.axes)
    chosen = sorted(axis_of(axis, kind) for axis in listed)
    if kind.rows and kind.axis in chosen:
        raise Refused("it makes one number of the whole batch; in a drawing rows are kept apart")
    # Counted from the end, as people write them: the last axes stay the last when an axis is put before them.
    return tuple(axis - kind.axes if not kind.rows or axis > kind.axis else axis for axis in chosen)


def _reduction(name: str, before: str = "", after: str = "", **settings: Any) -> Any:
    def made(work: Any, x: Any, axes: Any = None) -> Any:
        chosen = _axes(work, x, axes)
        if before:
            x = work.one(layer(before), x)
        if chosen:
            x = work.one(layer(name, axes=chosen, keepdim=bool(work.attribute("keepdims", 1)), **settings), x)
        return work.one(layer(after), x) if after else x

    return made


operator("ReduceMean")(_reduction("Mean"))
operator("ReduceSum")(_reduction("Sum"))
operator("ReduceMax")(_reduction("Max"))
operator("ReduceMin")(_reduction("Min"))
operator("ReduceLogSumExp")(_reduction("LogSumExp"))
operator("ReduceL2")(_reduction("Norm", p=2.0))
operator("ReduceL1")(_reduction("Norm", p=1.0))
operator("ReduceSumSquare")(_reduction("Sum", before="Square"))
operator("ReduceLogSum")(_reduction("Sum", after="Log"))


def _place(name: str) -> Any:
    def made(work: Any, x: Any) -> Any:
        if work.attribute("select_last_index", 0):
            raise Refused("of equal numbers it takes the last; there is no layer for that")
        axis = axis_of(work.attribute("axis", 0), work.wire(x).type)
        return work.one(layer(name, axis=axis, keepdim=bool(work.attribute("keepdims", 1))), x)

    return made


operator("ArgMax")(_place("ArgMax"))
operator("ArgMin")(_place("ArgMin"))


@operator("TopK")
def _top_k(work: Any, x: Any, k: Any = None) -> Any:
    found = work.fixed(k)
    count = int(found.reshape(-1)[0]) if found is not None else int(work.attribute("k"))
    axis = axis_of(work.attribute("axis", -1), work.wire(x).type)
    return work.add(layer("TopK", k=count, axis=axis, largest=bool(work.attribute("largest", 1))), x)


@operator("CumSum")
def _cumulate(work: Any, x: Any, axis: Any) -> Any:
    if work.attribute("exclusive", 0) or work.attribute("reverse", 0):
        raise Refused("there is no layer for a sum that leaves the entry itself out, or that begins at the end")
    place = axis_of(int(work.fixed(axis).reshape(-1)[0]), work.wire(x).type)
    return work.one(layer("Cumsum", axis=place), x)


@operator("LpNormalization")
def _lp_normalization(work: Any, x: Any) -> Any:
    axis = axis_of(work.attribute("axis", -1), work.wire(x).type)
    size = work.one(layer("Norm", axes=(axis,), keepdim=True, p=float(work.attribute("p", 2))), x)
    return work.one(layer("Divide"), x, size)
