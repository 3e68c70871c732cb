"""MatMul."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port
from nnstudio.core.problems import Complaint
from nnstudio.library.layers._axes import broadcast, keeps_rows_apart, sizes
from nnstudio.library.layers._joining import named
from nnstudio.library.layers._operation import Operation
from nnstudio.library.layers._reduction import needs_fractions


class MatMul(
    Operation,
    category="Combine",
    formula="y = A B",
    reference="torch.matmul",
    aliases=("matrix product", "matrix multiplication", "bmm", "mm", "dot", "attention scores", "@"),
    inputs=(Port("a", "The left matrices [..., n, k]."), Port("b", "The right matrices [..., k, m].")),
    example=(TensorType((4, 6)), TensorType((6, 3))),
):
    """Multiplies matrices: the last two axes of both inputs, for each entry of the axes before them."""

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_fractions(kind)][:1]
        yield from wrong
        if wrong:
            return
        every = named(types)
        a, b = map(sizes, types)
        if not a or not b:
            yield Complaint("inputs with axes", every, "Add a Reshape to one of them.")
            return
        left, right = a[-1], b[-2] if len(b) > 1 else b[0]
        before = broadcast(a[:-2], b[:-2])
        if isinstance(left, str) or isinstance(right, str):
            fix = "Add a Transpose, so that the axes that are summed over are of the row."
            yield Complaint("the batch outside the axis that is summed over", every, fix)
        elif left != right:
            fix = "Add a Transpose or a Linear to one of them."
            yield Complaint(f"a b with {left} rows, as many as a has columns", f"{every}, which has {right}", fix)
        elif before is None:
            yield Complaint("inputs alike in the axes before the last two", every, "Add an Unsqueeze to one of them.")
        elif not keeps_rows_apart((*before, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))):
            fix = "Add an Unsqueeze or a Transpose, so that the batch is the same axis before the last two."
            yield Complaint("the batch as the same axis in both", every, fix)

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0] @ tensors[1]
