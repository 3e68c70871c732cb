"""RMSNorm."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._norms import RowNormalisation


class RMSNorm(
    RowNormalisation,
    formula="y = γ x / √(mean(x²) + ε)",
    torch_class=nn.RMSNorm,
    reference="torch.nn.RMSNorm",
    aliases=("root mean square", "normalise", "normalize", "llama"),
):
    """Brings the last axis of each row to length 1 for each number, without taking the mean away."""

    eps: float | None = field(  # type: ignore[assignment]  # its own default
        None,
        "Keeps the division away from zero; the smallest step of the numbers unless it is set.",
        minimum=0,
        above_minimum=True,
        logarithmic=True,
    )
