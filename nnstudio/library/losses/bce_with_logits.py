"""Binary cross-entropy on raw scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.library.losses._labels import needs_labels


class BCEWithLogitsLoss(
    Loss,
    formula="−y log σ(x) − (1 − y) log(1 − σ(x))",
    torch_class=nn.BCEWithLogitsLoss,
    reference="torch.nn.BCEWithLogitsLoss",
    aliases=("binary cross entropy", "logistic loss"),
):
    """The surprise at the true one of two classes. One output; its sigmoid is the probability of the second class."""

    target_source = "y.float().unsqueeze(1)"
    classes_source = "(output[:, 0] > 0).long()"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_labels(data, "two classes"))
        yield from wrong
        if wrong:
            return
        if data.classes != 2:
            yield Complaint("two classes", f"{data.classes} classes", "Choose CrossEntropyLoss at the Output.")
        elif output.shape != (1,):
            got = f"{output.shape[0]}" if len(output.shape) == 1 else output.text
            yield Complaint(
                "1 output",
                got,
                "Set the out features of the last Linear to 1, or choose CrossEntropyLoss.",
                port="input",
            )

    def target(self, targets: Any, data_task: str) -> Any:
        return targets.float().unsqueeze(1)

    def probabilities(self, output: Any) -> Any:
        return output.sigmoid()

    def classes(self, output: Any) -> Any:
        return (output[:, 0] > 0).long()
