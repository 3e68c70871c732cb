"""What the losses that measure a distance between numbers have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.library.losses._labels import listed
from nnstudio.library.losses._two_classes import needs_one_output


class Distance(Loss, abstract=True):
    """A loss between numbers. On two classes it takes their numbers, 0 and 1, as the values to reach."""

    target_source = "y.float().unsqueeze(1)"
    classes_source = "(output[:, 0] > 0.5).long()"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        if data.task != "classification":
            yield from needs_outputs(output, data.targets.shape[1])
        elif data.classes != 2:
            yield Complaint(
                "numbers or two classes", f"{data.classes} classes", "Choose CrossEntropyLoss at the Output."
            )
        else:
            yield from needs_one_output(output, data)

    def target(self, targets: Any, data_task: str) -> Any:
        return targets.float().unsqueeze(1) if data_task == "classification" else targets

    def classes(self, output: Any) -> Any:
        return (output[:, 0] > 0.5).long()


def needs_outputs(output: TensorType, wanted: int, of_what: str = "") -> Iterable[Complaint]:
    """So many outputs for each row, on a single axis."""
    if output.shape != (wanted,):
        words = f"{wanted} output" + ("s" if wanted != 1 else "") + of_what
        fix = f"Set the out features of the last Linear to {wanted}."
        yield Complaint(words, listed(output.shape), fix, port="input")
