"""Clamp."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Shape
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import whole
from nnstudio.library.layers._operation import Function


class Clamp(
    Function,
    formula="y = min(max(x, minimum), maximum)",
    reference="torch.clamp",
    aliases=("clip", "limit", "bound", "truncate"),
):
    """Cuts off what is smaller or larger than a limit."""

    minimum: float | None = field(0.0, "The smallest number that comes out; none is no limit.")
    maximum: float | None = field(None, "The largest number that comes out; none is no limit.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minimum is None and self.maximum is None:
            raise SpecError("maximum", "a number where there is no minimum", "nothing")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise SpecError("maximum", f"a number of at least the minimum, {self.minimum:g}", f"{self.maximum:g}")

    def apply(self, module: Any, *tensors: Any) -> Any:
        limits = {"min": self.minimum, "max": self.maximum}
        return tensors[0].clamp(**{name: whole(limit) for name, limit in limits.items() if limit is not None})

    def summary(self, *shapes: Shape) -> str:
        low = "−∞" if self.minimum is None else f"{self.minimum:g}"
        high = "∞" if self.maximum is None else f"{self.maximum:g}"
        return f"{low} to {high}"
