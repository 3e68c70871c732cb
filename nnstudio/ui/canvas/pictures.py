"""Pictures: what a node shows of itself, measured between two steps of training. No Qt here.

A picture holds small arrays only, so that it crosses from the worker to the window at no cost. Looking at the weights
draws no random number and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from nnstudio.core.blocks import Block, boundary, graph_at
from nnstudio.core.data import Data
from nnstudio.core.project import Project
from nnstudio.engine.data import Prepared, prepare
from nnstudio.engine.run import Run

Kind = Literal["heat", "histogram", "points", "images", "curve"]

PROBE_ROWS = 256
BINS = 24
COLUMNS, ROWS = 24, 12
POINTS = 150
MAPS = 8
CURVE_POINTS = 66
_IMAGE_SIDE = 32
# Points lie between 0 and 1 in a rectangle this much wider than high when both axes have one scale.
_WIDE = 132 / 62


@dataclass(frozen=True, eq=False)
class Picture:
    """What a node shows.

    Attributes:
        kind: "heat": `values` int8 [rows, columns] or [tiles, rows, columns], -127 to 127. "histogram": `values`
            float32 [bins] from 0 to 1. "points": `values` float32 [points, 2] from 0 to 1, y upwards. "images":
            `values` uint8 [images, rows, columns] or [images, rows, columns, 3]. "curve": float32 [points] 0 to 1.
        groups: the class of each point.
        low, high: what the ends of a histogram's axis stand for, or the least and the largest weight.
        caption: a few words for the foot of the node.
        alarm: whether the caption tells of something wrong.
        sentence: what is shown, for the tooltip.
    """

    kind: Kind
    values: np.ndarray
    groups: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    low: float = 0.0
    high: float = 0.0
    caption: str = ""
    alarm: bool = False
    sentence: str = ""

    def same(self, other: Picture | None) -> bool:
        """Whether another picture looks just like this one."""
        return (
            other is not None
            and (self.kind, self.low, self.high, self.caption, self.alarm, self.sentence)
            == (other.kind, other.low, other.high, other.caption, other.alarm, other.sentence)
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.groups, other.groups)
        )


def measure_pictures(run: Run, node_ids: Iterable[str], inside: tuple[str, ...] = ()) -> dict[str, Picture]:
    """The pictures of these nodes of the drawing in a block now. Nodes that the Run does not know are left out."""
    drawing = graph_at(run.network.drawing, inside)
    if drawing is None:
        return {}
    before = "".join(f"{block}/" for block in inside)
    wanted = [node_id for node_id in node_ids if node_id in drawing.nodes]
    found: dict[str, Picture] = {}
    with run.looking():
        without_weights = []
        for node_id in wanted:
            layer = drawing.nodes[node_id].layer
            weights = None if isinstance(layer, Block) else _weights(run.network.module_of(before + node_id))
            if layer.role == "input":
                picture = data_picture(run.prepared)
            elif layer.role == "output":
                picture = loss_picture(run.history.step_losses)
            elif weights is not None:
                picture = weight_picture(weights)
            else:
                without_weights.append(node_id)
                continue
            if picture is not None:
                found[node_id] = picture
        if without_weights:
            probe = run.prepared.train_inputs[:PROBE_ROWS].to(run.device)
            values = run.activations(probe)
            for node_id in without_weights:
                if before + node_id in values:
                    rectified = "relu" in type(drawing.nodes[node_id].layer).__name__.lower()
                    picture = activation_picture(values[before + node_id], rectified)
                    if picture is not None:
                        found[node_id] = picture
    return found


def preview_pictures(project: Project) -> dict[str, Picture]:
    """What can be shown before any training: the data at the Input."""
    try:
        picture = data_picture(prepare(project.data))
    except (ValueError, OSError):
        return {}  # the check of the project says the sentence
    if picture is None:
        return {}
    return {node.id: picture for node in boundary(project.graph, "input")}


# -- weights -----------------------------------------------------------------------------------------------------------


def weight_picture(weights: torch.Tensor) -> Picture:
    """The weights as a heat map with the longer axis across; the filters of a convolution as tiles."""
    values = weights.detach().to("cpu", torch.float32)
    low, high = (float(values.min()), float(values.max())) if values.numel() else (0.0, 0.0)
    shape = " × ".join(map(str, values.shape))
    sentence = f"Weights {shape}, from {low:.3g} to {high:.3g}; orange is positive, blue is negative."
    if values.dim() >= 4 and values.shape[-1] * values.shape[-2] > 1:
        # One tile for each filter: what it looks for in its first inputs, taken together.
        tiles = values.mean(dim=tuple(range(1, values.dim() - 2)))[: 2 * MAPS]
        return Picture("heat", _even(tiles), low=low, high=high, sentence=sentence)
    flat = values.reshape(values.shape[0], -1)
    if flat.shape[0] > flat.shape[1]:
        flat = flat.T
    return Picture("heat", _even(_smaller(flat, ROWS, COLUMNS)), low=low, high=high, sentence=sentence)


def _weights(module: nn.Module | None) -> torch.Tensor | None:
    if module is None:
        return None
    weight = getattr(module, "weight", None)
    if isinstance(weight, torch.Tensor) and weight.dim() >= 2:
        return weight
    return next((parameter for parameter in module.parameters() if parameter.dim() >= 2), None)


def _smaller(values: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """The last two axes averaged down to at most this many cells."""
    size = (min(rows, values.shape[-2]), min(columns, values.shape[-1]))
    if size == tuple(values.shape[-2:]) or not values.numel():
        return values
    return functional.adaptive_avg_pool2d(values.reshape(-1, 1, *values.shape[-2:]), size).reshape(
        *values.shape[:-2], *size
    )


def _even(values: torch.Tensor) -> np.ndarray:
    """From -127 to 127, so that zero stays in the middle."""
    values = torch.nan_to_num(values, nan=0.0, posinf=3e38, neginf=-3e38)
    largest = float(values.abs().max()) if values.numel() else 0.0
    scaled = values / largest * 127 if largest > 0 else torch.zeros_like(values)
    return scaled.round().to(torch.int8).numpy()


# -- activations -------------------------------------------------------------------------------------------------------


def activation_picture(output: torch.Tensor, rectified: bool = False) -> Picture | None:
    """What a layer passes on for the probe rows: feature maps of the first row, or a histogram over all of them."""
    values = output.detach().to("cpu", torch.float32)
    if values.numel() == 0:
        return None
    finite = values[torch.isfinite(values)]
    if finite.numel() == 0:
        return Picture("histogram", np.zeros(BINS, np.float32), caption="not numbers", alarm=True)
    low, high = float(finite.min()), float(finite.max())
    caption, alarm = "", False
    if rectified and values.dim() >= 2:
        units = values.movedim(1, -1).reshape(-1, values.shape[1])
        dead = int((units == 0).all(dim=0).sum())
        if dead:
            caption, alarm = f"{dead} dead", True
    if values.dim() == 4 and values.shape[-1] * values.shape[-2] > 1:
        maps = _smaller(values[0, :MAPS], _IMAGE_SIDE, _IMAGE_SIDE)
        sentence = f"Feature maps of the first training row, from {low:.3g} to {high:.3g}."
        return Picture("heat", _even(maps), low=low, high=high, caption=caption, alarm=alarm, sentence=sentence)
    spread = (low, high) if high > low else (low - 0.5, high + 0.5)
    counts = np.histogram(finite.numpy(), BINS, spread)[0].astype(np.float32)
    # Many exact zeros (ReLU) must not press everything else flat.
    counts = np.sqrt(counts / counts.max())
    sentence = f"Outputs for {len(values)} training rows, from {low:.3g} to {high:.3g}; heights by the square root."
    return Picture("histogram", counts, low=spread[0], high=spread[1], caption=caption, alarm=alarm, sentence=sentence)


# -- data and loss -----------------------------------------------------------------------------------------------------


def data_picture(prepared: Prepared) -> Picture | None:
    """The first rows of the data: images, or two features with the classes as colours."""
    data = prepared.data
    caption = f"{data.rows:,} rows"
    images = _images(data)
    if images is not None:
        return Picture("images", images, caption=caption, sentence="The first images of the data.")
    if data.rows == 0 or not np.issubdtype(data.inputs.dtype, np.number):
        return None
    rows = np.linspace(0, data.rows - 1, min(POINTS, data.rows)).round().astype(np.int64)
    table = data.inputs.reshape(data.rows, -1)
    moving = np.flatnonzero(np.nanstd(table, axis=0) > 0)
    if len(moving) == 0:
        return None
    names = [*data.feature_names, *(f"feature {i + 1}" for i in range(len(data.feature_names), table.shape[1]))]
    x = table[rows, moving[0]].astype(np.float64)
    if data.task == "regression":
        y, across = data.targets[rows, 0].astype(np.float64), data.target_name
        groups = np.zeros(len(rows), np.int64)
    else:
        groups = data.targets[rows]
        if len(moving) > 1:
            y, across = table[rows, moving[1]].astype(np.float64), names[moving[1]]
        else:
            y, across = groups.astype(np.float64), data.target_name
    # Two coordinates of a plane keep their proportions; other features fill the width.
    plane = data.task == "classification" and table.shape[1] == 2
    points = _unit_points(x, y, plane)
    sentence = f"{names[moving[0]]} across and {across} upwards, {len(rows)} of {data.rows:,} rows."
    return Picture("points", points, groups=groups, caption=caption, sentence=sentence)


def loss_picture(losses: np.ndarray) -> Picture | None:
    """The loss from the first step until now."""
    losses = losses[np.isfinite(losses)]
    if len(losses) == 0:
        return None
    edges = np.linspace(0, len(losses), min(CURVE_POINTS, len(losses)) + 1).astype(np.int64)
    means = np.add.reduceat(losses.astype(np.float64), edges[:-1]) / np.diff(edges)
    high = float(means.max())
    low = min(0.0, float(means.min()))
    curve = (means - low) / (high - low) if high > low else np.zeros(len(means))
    sentence = f"The loss of each step until now, from {means[0]:.3g} to {means[-1]:.3g}."
    caption = f"loss {means[-1]:.3g}"
    return Picture("curve", curve.astype(np.float32), low=low, high=high, caption=caption, sentence=sentence)


def _images(data: Data) -> np.ndarray | None:
    """The first rows as images with numbers from 0 to 255, where they are images or pixels in a row."""
    inputs = data.inputs[:MAPS]
    if inputs.ndim == 4 and inputs.shape[1] in (1, 3):
        images = np.moveaxis(inputs, 1, -1)
        images = images[..., 0] if images.shape[-1] == 1 else images
    elif inputs.ndim == 3:
        images = inputs
    else:
        side = math.isqrt(inputs.shape[1]) if inputs.ndim == 2 else 0
        named = bool(data.feature_names) and data.feature_names[0].lower().startswith("pixel")
        if not named or side * side != inputs.shape[1]:
            return None
        images = inputs.reshape(-1, side, side)
    stride = max(1, math.ceil(max(images.shape[1:3]) / _IMAGE_SIDE))
    images = images[:, ::stride, ::stride].astype(np.float32)
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    scale = 255 / (high - low) if high > low else 0.0
    return np.nan_to_num((images - low) * scale).round().astype(np.uint8)


def _unit_points(x: np.ndarray, y: np.ndarray, plane: bool) -> np.ndarray:
    points = np.nan_to_num(np.stack([x, y], axis=1))
    low, high = points.min(axis=0), points.max(axis=0)
    span = high - low
    if plane:
        largest = max(float(span[1]), float(span[0]) / _WIDE)
        span = np.array([largest * _WIDE, largest])
    span[span == 0] = 1.0
    return ((points - (low + high) / 2) / span + 0.5).astype(np.float32)
