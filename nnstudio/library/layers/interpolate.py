"""Interpolate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._operation import Operation

_MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")
_AXES = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}  # how many axes behind the channels


class Interpolate(
    Operation,
    category="Shape",
    formula="[B, C, H, W] → [B, C, 2 H, 2 W]",
    reference="torch.nn.functional.interpolate",
    aliases=("resize", "upsample", "downsample", "scale", "bilinear", "nearest"),
    inputs=(Port("input"), Port("like", "A tensor whose size behind the channels it takes on.", optional=True)),
    example=(TensorType((3, 4, 4)), None),
):
    """Makes images or sequences larger or smaller by guessing what lies between."""

    anywhere = False

    size: tuple[int, ...] | None = field(None, "The size behind the channels: one number for all, or each.", minimum=1)
    scale_factor: tuple[float, ...] | None = field(
        (2.0,),
        "How much larger: one number for all axes, or each; not where a size is set.",
        minimum=0,
        above_minimum=True,
    )
    mode: str = field("nearest", "How the numbers in between are found.", choices=_MODES)
    align_corners: bool = field(
        False, "Whether the corners of both images meet (linear, bilinear, bicubic, trilinear)."
    )
    antialias: bool = field(False, "Whether it is smoothed before it is made smaller (bilinear and bicubic).")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size is not None and self.scale_factor is not None:
            raise SpecError("scale_factor", "nothing where a size is set", ", ".join(map(str, self.scale_factor)))
        if self.size == () or self.scale_factor == ():
            raise SpecError("size", "at least one number", "an empty list")
        if self.align_corners and self.mode not in _AXES:
            raise SpecError("align_corners", f"one of the modes {', '.join(_AXES)}", self.mode)
        if self.antialias and self.mode not in ("bilinear", "bicubic"):
            raise SpecError("antialias", "the mode bilinear or bicubic", self.mode)

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        kind, like = types
        assert kind is not None
        behind = len(kind.shape) - 1
        if kind.dtype != "float32":
            yield Complaint("numbers with a fraction (float32)", f"{kind.dtype}", "Add a Cast before it.")
        elif behind not in _AXES.get(self.mode, (1, 2, 3)):
            count = _AXES.get(self.mode, (1, 2, 3))
            needed = f"{' or '.join(str(axes + 2) for axes in count)} axes for {self.mode}"
            yield Complaint(needed, f"{behind + 2} in {kind.text}", "Choose another mode, or add a Reshape before it.")
        elif like is not None:
            if len(like.shape) != len(kind.shape):
                got = f"input {kind.text} and like {like.text}"
                yield Complaint("equally many axes in both", got, "Add a Reshape to one of them.", port="like")
        elif self.size is None and self.scale_factor is None:
            yield Complaint("a size", "none", "Set a size or a scale factor, or wire like.")
        else:
            given = self.size or self.scale_factor or ()
            if len(given) not in (1, behind):
                yield Complaint(
                    f"1 or {behind} numbers for {kind.text}", f"{len(given)}", "Use one number for all axes."
                )
            elif self.scale_factor is not None and not self.size:
                factors = self.scale_factor * (behind // len(self.scale_factor))
                if any(int(there * factor) < 1 for there, factor in zip(kind.shape[1:], factors, strict=True)):
                    yield Complaint("a scale factor that leaves something", f"{kind.text}", "Use a larger one.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        x, like = tensors
        more: dict[str, Any] = {}
        if like is not None:
            more["size"] = like.shape[2:]
        elif self.size is not None:
            more["size"] = self.size[0] if len(self.size) == 1 else self.size
        elif self.scale_factor is not None:
            more["scale_factor"] = self.scale_factor[0] if len(self.scale_factor) == 1 else self.scale_factor
        if self.mode != "nearest":
            more["mode"] = self.mode
        if self.align_corners:
            more["align_corners"] = True
        if self.antialias:
            more["antialias"] = True
        return nn.functional.interpolate(x, **more)

    def summary(self, *shapes: Shape) -> str:
        if len(shapes) > 1 and shapes[1] is not None:
            return "as like"
        given = self.size or self.scale_factor or ()
        return ("to " if self.size else "× ") + ", ".join(f"{part:g}" for part in given)
