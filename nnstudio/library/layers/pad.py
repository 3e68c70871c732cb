"""Pad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import is_batch, size, whole
from nnstudio.library.layers._operation import Operation


class Pad(
    Operation,
    category="Shape",
    formula="a b → 0 a b 0",
    reference="torch.nn.functional.pad",
    aliases=("padding", "border", "crop", "reflect", "replicate", "circular"),
):
    """Puts entries before and after those of the last axes; a negative number takes some away."""

    padding: tuple[int, ...] = field(
        (1, 1), "How many before and after: of the last axis, then of the one before it, and so on."
    )
    mode: str = field(
        "constant",
        "What is put there: a number, the mirrored inside, the last entry, or the other end.",
        choices=("constant", "reflect", "replicate", "circular"),
    )
    value: float = field(0.0, "The number that is put there in the constant mode.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.padding or len(self.padding) % 2:
            raise SpecError("padding", "two numbers for each axis", f"{len(self.padding)} numbers")
        if self.mode != "constant" and min(self.padding) < 0:
            raise SpecError("padding", f"numbers of at least 0 in the mode {self.mode}", f"{min(self.padding)}")

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        (kind,) = types
        count = len(self.padding) // 2
        if count > kind.axes:
            yield Complaint(f"at least {count} axes", f"{kind.axes} in {kind.text}", "Use fewer numbers.")
            return
        if any(is_batch(kind, -1 - at) for at in range(count)):
            fix = "Use fewer numbers, two for each axis of the row from the last on."
            yield Complaint(f"padding of the row alone (the batch is axis {kind.axis})", f"{kind.text}", fix)
            return
        if self.mode != "constant":
            yield from self._check_mode(kind, count)
        for at in range(count):
            before, after = self.padding[2 * at : 2 * at + 2]
            there = size(kind, -1 - at)
            at_most = {"constant": None, "replicate": None, "reflect": there - 1, "circular": there}[self.mode]
            if at_most is not None and max(before, after) > at_most:
                needed = f"at most {at_most} at axis {-1 - at} of {kind.text} in the mode {self.mode}"
                yield Complaint(needed, f"{max(before, after)}", "Use less padding.")
                return
            if there + before + after < 1 or min(before, 0) + min(after, 0) + there < 0:
                yield Complaint(
                    f"something left at axis {-1 - at} of {kind.text}", f"{before}, {after}", "Cut off less."
                )
                return

    def _check_mode(self, kind: TensorType, count: int) -> Iterable[Complaint]:
        if count > 3 or kind.axes not in (count + 1, count + 2):
            needed = f"{count + 1} or {count + 2} axes for {2 * count} numbers in the mode {self.mode}"
            yield Complaint(needed, f"{kind.axes} in {kind.text}", "Add a Reshape before it, or use constant.")
        elif kind.dtype == "bool":
            yield Complaint("numbers", "true or false (bool)", "Add a Cast before it.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        more: dict[str, Any] = {} if self.mode == "constant" and self.value == 0 else {"mode": self.mode}
        if self.mode == "constant" and self.value:
            more["value"] = whole(self.value)
        return nn.functional.pad(tensors[0], self.padding, **more)

    def summary(self, *shapes: Shape) -> str:
        return ", ".join(map(str, self.padding))
