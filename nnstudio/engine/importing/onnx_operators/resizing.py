"""Operators that change the size of images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnstudio.engine.importing.onnx_operators.networks import spatial
from nnstudio.engine.importing.onnx_operators.table import batch_of, layer, operator, rounded, sizes_of
from nnstudio.engine.importing.onnx_values import BATCHES, Known
from nnstudio.engine.importing.translate import Refused


@operator("Resize", "Upsample")
def _resize(work: Any, x: Any, *given: Any) -> Any:
    wire, axes = spatial(work, x)
    sizes = sizes_of(wire.type)
    upsample = work.operation.kind == "Upsample"
    scales, wanted = _scales(work, given, upsample, sizes)
    if scales is not None and any(abs(scale - 1) > 1e-6 for scale in scales[:-axes]):
        raise Refused("it changes how many rows or channels there are")
    transformed = "asymmetric" if upsample else work.attribute("coordinate_transformation_mode", "half_pixel")
    if work.opset < 11 and not upsample:
        transformed = "asymmetric"
    settings: dict[str, Any] = _mode(work, transformed, axes, upsample)
    if work.attribute("antialias", 0):
        settings["antialias"] = True
    if wanted is not None:
        if any(own is not None and own != new for own, new in zip(sizes[1:-axes], wanted[1:-axes], strict=True)):
            raise Refused("it changes how many channels there are")
        return work.one(layer("Interpolate", size=tuple(wanted[-axes:]), scale_factor=None, **settings), wire)
    assert scales is not None
    return work.one(layer("Interpolate", size=None, scale_factor=tuple(map(rounded, scales[-axes:])), **settings), wire)


def _scales(
    work: Any, given: Sequence[Any], upsample: bool, sizes: Sequence[int | None]
) -> tuple[list[float] | None, list[int] | None]:
    """The factor, or the size afterwards, of each axis."""
    if upsample or work.opset < 11:
        found = work.fixed(given[0]) if given else np.array(work.attribute("scales", ()))
        return [float(scale) for scale in found.reshape(-1)], None
    picked = work.attribute("axes")
    places = list(range(len(sizes))) if picked is None else [axis % len(sizes) for axis in picked]
    factors = work.fixed(given[1]) if len(given) > 1 and given[1] is not None else None
    if factors is not None and factors.size:
        scales = [1.0] * len(sizes)
        for place, factor in zip(places, factors.reshape(-1), strict=True):
            scales[place] = float(factor)
        return scales, None
    if len(given) < 3 or not isinstance(given[2], Known):
        raise Refused("it does not say how large its result is")
    if work.attribute("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Refused("it keeps the proportions of the image; there is no layer for that")
    if 0 in places:
        _check_rows(work, given[2], places.index(0))
    wanted = [size or 1 for size in sizes]
    for place, size in zip(places, given[2].first.reshape(-1), strict=True):
        wanted[place] = int(size)
    return None, wanted


def _check_rows(work: Any, wanted: Known, place: int) -> None:
    """Refuse a resizing to another number of rows."""
    found = tuple(wanted.listed(batch)[place] for batch in BATCHES)
    if found not in (BATCHES, (batch_of(work),) * 2):
        raise Refused("it changes how many rows there are")


def _mode(work: Any, transformed: str, axes: int, upsample: bool) -> dict[str, Any]:
    mode = work.attribute("mode", "nearest")
    nearest = work.attribute("nearest_mode", "round_prefer_floor")
    if mode == "nearest":
        if upsample or work.opset < 11 or (transformed == "asymmetric" and nearest == "floor"):
            return {"mode": "nearest"}
        if transformed in ("half_pixel", "pytorch_half_pixel") and nearest.startswith("round"):
            return {"mode": "nearest-exact"}
    elif transformed in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        name = {"linear": ("linear", "bilinear", "trilinear")[axes - 1], "cubic": "bicubic"}.get(mode, "")
        usual = mode != "cubic" or math.isclose(work.attribute("cubic_coeff_a", -0.75), -0.75)
        if name and usual and (mode != "cubic" or axes == 2):
            return {"mode": name, "align_corners": transformed == "align_corners"}
    raise Refused(f"there is no layer for the mode {mode} with {transformed} ({nearest})")
