"""Poisson negative log-likelihood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.losses._distance import needs_outputs
from nnstudio.library.losses._labels import needs_numbers


class PoissonNLLLoss(
    Loss,
    formula="exp(x) − y x; x is the logarithm of the expected count",
    torch_class=nn.PoissonNLLLoss,
    reference="torch.nn.PoissonNLLLoss",
    aliases=("counts", "Poisson regression"),
):
    """The surprise at a count (visits, accidents) where the output says how many are expected."""

    log_input: bool = field(
        True, "Whether the output is the logarithm of the expected count, and not the count itself."
    )
    full: bool = field(False, "Adds Stirling's estimate of log(y!), which changes the figure and not the training.")
    eps: float = field(
        1e-8, "Keeps the logarithm of the count away from zero.", minimum=0, above_minimum=True, logarithmic=True
    )

    @property
    def values_source(self) -> str:  # type: ignore[override]  # it depends on a setting
        return "output.exp()" if self.log_input else "output"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_numbers(data, 0, wanted="counts"))
        yield from wrong
        if not wrong:
            yield from needs_outputs(output, data.targets.shape[1])

    def probabilities(self, output: Any) -> Any:
        """The expected counts."""
        return output.exp() if self.log_input else output
