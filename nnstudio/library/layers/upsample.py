"""Upsample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import needs_float
from nnstudio.library.layers._resizing import Resizing
from nnstudio.library.layers._windows import needs_lines

_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}  # of the modes that draw lines between the numbers
_MODES = {1: "linear", 2: "bilinear or bicubic", 3: "trilinear"}


class Upsample(
    Resizing,
    torch_class=nn.Upsample,
    reference="torch.nn.Upsample",
    aliases=(*Resizing.aliases, "bicubic", "trilinear"),
    example=(TensorType((4, 3, 2)),),
):
    """Makes a line, an image or a volume larger or smaller, by repeating numbers or drawing lines between them."""

    mode: str = field(
        "nearest",
        "What lies between the numbers: the nearest of them, a line (one axis), a plane (two), and so on.",
        choices=("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"),
    )
    align_corners: bool = field(
        False, "Whether the outermost numbers keep their places; for linear, bilinear, bicubic and trilinear."
    )
    recompute_scale_factor: bool = field(
        False, "Whether the factor is taken from the rounded sizes; for a factor that gives no whole size."
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield from super().check(*types)
        if self.align_corners and self.mode not in _AXES:
            fix = "Switch align_corners off, or use another mode."
            yield Complaint(f"a mode of {', '.join(_AXES)} for align_corners", f"mode {self.mode}", fix)
        if self.recompute_scale_factor and self.size is not None:
            fix = "Switch recompute_scale_factor off."
            yield Complaint("a scale factor for recompute_scale_factor", "a size", fix)

    def check_axes(self, kind: TensorType) -> Iterable[Complaint]:
        yield from needs_float(kind)
        places = len(kind.shape) - 1
        if not 1 <= places <= 3:
            fix = "Add a Reshape before it."
            yield Complaint("3 to 5 axes [B, C, L], [B, C, H, W] or [B, C, D, H, W]", kind.text, fix)
        elif _AXES.get(self.mode, places) != places:
            wrong = next(iter(needs_lines(kind, _AXES[self.mode])))
            fix = f"Use {_MODES[places]} or nearest for {kind.text}."
            yield Complaint(f"{wrong.needed} for the mode {self.mode}", wrong.got, fix)
        else:
            for name, value in (("size", self.size), ("scale factor", self.scale_factor)):
                if isinstance(value, tuple) and len(value) != places:
                    fix = "Use one for all axes, or one for each."
                    yield Complaint(f"{places} numbers as {name} for {kind.text}", f"{len(value)}", fix)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        found = {"size": self.size, "scale_factor": self.scale_factor, "mode": self.mode}
        if self.mode in _AXES:
            found["align_corners"] = self.align_corners
        if self.recompute_scale_factor:
            found["recompute_scale_factor"] = True
        return found
