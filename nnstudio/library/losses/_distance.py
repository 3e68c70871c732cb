"""What the losses that measure a distance between numbers have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint


class Distance(Loss, abstract=True):
    """A loss between numbers. On two classes it takes their numbers, 0 and 1, as the values to reach."""

    target_source = "y.float().unsqueeze(1)"
    classes_source = "(output[:, 0] > 0.5).long()"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        if data.task == "classification" and data.classes != 2:
            yield Complaint(
                "numbers or two classes", f"{data.classes} classes", "Choose CrossEntropyLoss at the Output."
            )
            return
        wanted = 1 if data.task == "classification" else data.targets.shape[1]
        if output.shape != (wanted,):
            got = f"{output.shape[0]}" if len(output.shape) == 1 else output.text
            words = f"{wanted} output" + ("s" if wanted != 1 else "")
            yield Complaint(words, got, f"Set the out features of the last Linear to {wanted}.", port="input")

    def target(self, targets: Any, data_task: str) -> Any:
        return targets.float().unsqueeze(1) if data_task == "classification" else targets

    def classes(self, output: Any) -> Any:
        return (output[:, 0] > 0.5).long()
