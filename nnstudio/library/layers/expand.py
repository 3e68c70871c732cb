"""Expand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._axes import Sizes, sizes
from nnstudio.library.layers._operation import Operation


class Expand(
    Operation,
    category="Shape",
    formula="[1, T] → [B, T]",
    reference="torch.Tensor.expand",
    aliases=("broadcast", "expand_as", "repeat rows", "batch a parameter"),
    inputs=(
        Port("input"),
        Port("like", "A tensor whose sizes it takes on, or whose batch where sizes are set.", optional=True),
    ),
    example=(TensorType((1, 6), rows=0), TensorType((6,))),
):
    """Repeats axes of size 1, without copying: gives a parameter the rows of the batch."""

    sizes: tuple[int, ...] | None = field(
        None,
        "The sizes of all axes, or of all behind the batch where like is wired; -1 keeps one; none are those of like.",
        minimum=-1,
    )

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        kind, like = types
        assert kind is not None
        wanted: Sizes
        if like is None and self.sizes is None:
            fix = "Wire like to a tensor of the wanted sizes, or set the sizes."
            yield Complaint("the sizes that come out", "none", fix, port="like")
            return
        if self.sizes is None:
            assert like is not None
            wanted = sizes(like)
        elif like is None:
            wanted = self.sizes
        elif not like.batch_first:
            yield Complaint("a batch axis as the first of like", f"like {like.text}", "Clear the sizes.", port="like")
            return
        else:
            wanted = (sizes(like)[0], *self.sizes)
        own = sizes(kind)
        new = len(wanted) - len(own)
        got = f"input {kind.text}" + (f" and like {like.text}" if like is not None else "")
        shown = "[" + ", ".join(map(str, wanted)) + "]"
        matched = zip(own, wanted[new:], strict=True) if new >= 0 else ()
        if new < 0 or -1 in wanted[:new] or not all(before in (1, after) or after == -1 for before, after in matched):
            fix = "Add an Unsqueeze or a Reshape before it, so that only axes of size 1 grow."
            yield Complaint(f"a tensor that can be repeated to {shown}", got, fix)
        elif 0 in wanted:
            yield Complaint("sizes of at least 1", shown, "Use -1 to keep an axis.")
        elif kind.rows and like is not None and like.rows and new + kind.axis != like.axis:
            yield Complaint("the batch as the same axis in both", got, "Add a Permute to one of them.")

    def apply(self, module: Any, *tensors: Any) -> Any:
        x, like = tensors
        if self.sizes is None:
            return x.expand_as(like)
        return x.expand(*self.sizes) if like is None else x.expand(like.shape[0], *self.sizes)

    def summary(self, *shapes: Shape) -> str:
        return "as like" if self.sizes is None else "to " + ", ".join(map(str, self.sizes))
