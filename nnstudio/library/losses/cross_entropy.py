"""Cross-entropy over classes."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.losses._over_classes import OverClasses


class CrossEntropyLoss(
    OverClasses,
    formula="−log softmax(output)[class]",
    torch_class=nn.CrossEntropyLoss,
    reference="torch.nn.CrossEntropyLoss",
    aliases=("softmax loss", "log loss", "categorical cross entropy"),
    weighs_classes="weight",
):
    """The surprise at the true class: a confident wrong answer costs most. One output for each class.

    Where every place of a row has a class of its own (the next character of a text, the object at each pixel), the
    outputs are [B, classes, places…].
    """

    label_smoothing: float = field(
        0.0, "How much of the certainty is spread over all classes, against overconfidence.", minimum=0, maximum=0.99
    )
    ignore_index: int = field(-100, "The class number whose rows and places do not count in the loss.")

    @property
    def ignored(self) -> int | None:
        return self.ignore_index
