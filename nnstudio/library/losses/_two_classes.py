"""What the losses that tell two classes apart by one output have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.library.losses._labels import listed, needs_labels, needs_numbers


def needs_one_output(output: TensorType, data: Data, otherwise: str = "") -> Iterable[Complaint]:
    """One output for each row, or for each of its places."""
    places = tuple(data.targets.shape[1:])
    if output.shape == (1, *places):
        return
    if places:
        words = f"1 output for each of the places: {listed((1, *places))}"
        yield Complaint(words, listed(output.shape), f"Make one channel of the last layer{otherwise}.", port="input")
    else:
        fix = f"Set the out features of the last Linear to 1{otherwise}."
        yield Complaint("1 output", listed(output.shape), fix, port="input")


class TwoClasses(Loss, abstract=True):
    """A loss between two classes. One output says how much speaks for the second of them."""

    target_source = "y.float().unsqueeze(1)"
    classes_source = "(output[:, 0] > 0).long()"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_labels(data, "two classes"))
        yield from wrong
        if wrong:
            return
        if data.classes != 2:
            yield Complaint("two classes", f"{data.classes} classes", "Choose CrossEntropyLoss at the Output.")
        else:
            yield from needs_one_output(output, data, ", or choose CrossEntropyLoss")

    def target(self, targets: Any, data_task: str) -> Any:
        return targets.float().unsqueeze(1) if data_task == "classification" else targets

    def probabilities(self, output: Any) -> Any:
        return output.sigmoid()

    def classes(self, output: Any) -> Any:
        return (output[:, 0] > 0).long()


class Shares(TwoClasses, abstract=True):
    """A loss on two classes, or on numbers from 0 to 1: several answers of yes or no, or how likely each is."""

    values_source = "output.sigmoid()"

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        if data.task == "classification":
            yield from super().check(output, data)
            return
        wrong = list(needs_numbers(data, 0, 1, "two classes, or numbers"))
        yield from wrong
        wanted = data.targets.shape[1]
        if not wrong and output.shape != (wanted,):
            fix = f"Set the out features of the last Linear to {wanted}."
            words = f"{wanted} output" + ("s" if wanted != 1 else "")
            yield Complaint(words, listed(output.shape), fix, port="input")


class Signed(TwoClasses, abstract=True):
    """A loss that calls the two classes −1 and 1."""

    target_source = "y.float().unsqueeze(1) * 2 - 1"

    def target(self, targets: Any, data_task: str) -> Any:
        return targets.float().unsqueeze(1) * 2 - 1
