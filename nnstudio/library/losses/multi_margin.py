"""The hinge loss over classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.losses._over_classes import OverClasses


class MultiMarginLoss(
    OverClasses,
    formula="mean over the classes of max(0, margin − x[class] + x)ᵖ",
    torch_class=nn.MultiMarginLoss,
    reference="torch.nn.MultiMarginLoss",
    aliases=("hinge", "support vector machine", "SVM"),
    weighs_classes="weight",
):
    """Wants the score of the true class above every other one by a margin, and no more.

    Its scores are no probabilities, and nothing makes them such.
    """

    p: int = field(1, "The power of what is missing to the margin: 1, or 2 for a smooth loss.", minimum=1, maximum=2)
    margin: float = field(1.0, "By how much the true class must lead.")

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        if data.task == "classification" and data.targets.ndim > 1:
            got = f"a class for each of {data.targets[0].size} places"
            yield Complaint("one class for each row", got, "Choose CrossEntropyLoss at the Output.")
        else:
            yield from super().check(output, data)

    def probabilities(self, output: Any) -> Any:
        """The scores as they are."""
        return output
