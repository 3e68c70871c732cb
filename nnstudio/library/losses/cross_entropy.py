"""Cross-entropy over classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.losses._labels import needs_labels


class CrossEntropyLoss(
    Loss,
    formula="−log softmax(output)[class]",
    torch_class=nn.CrossEntropyLoss,
    reference="torch.nn.CrossEntropyLoss",
    aliases=("softmax loss", "log loss"),
):
    """The surprise at the true class: a confident wrong answer costs most. One output for each class."""

    label_smoothing: float = field(
        0.0, "How much of the certainty is spread over all classes, against overconfidence.", minimum=0, maximum=0.99
    )

    classes_source = "output.argmax(dim=1)"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_labels(data))
        yield from wrong
        if not wrong and output.shape != (data.classes,):
            names = ", ".join(data.class_names[:4]) + (", …" if data.classes > 4 else "")
            got = f"{output.shape[0]}" if len(output.shape) == 1 else output.text
            yield Complaint(
                f"{data.classes} outputs, one for each class ({names})",
                got,
                f"Set the out features of the last Linear to {data.classes}.",
                port="input",
            )

    def probabilities(self, output: Any) -> Any:
        return output.softmax(dim=1)

    def classes(self, output: Any) -> Any:
        return output.argmax(dim=1)
