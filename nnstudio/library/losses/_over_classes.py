"""What the losses with one output for each class have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nnstudio.core.data import Data, TensorType
from nnstudio.core.kinds import Loss
from nnstudio.core.problems import Complaint
from nnstudio.library.losses._labels import listed, needs_labels


class OverClasses(Loss, abstract=True):
    """A loss over classes. Where each place of a row has a class of its own, the outputs are [B, classes, places…]."""

    classes_source = "output.argmax(dim=1)"

    @property
    def ignored(self) -> int | None:
        """The class number whose places do not count, if there is one."""
        return None

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        wrong = list(needs_labels(data, ignored=self.ignored))
        yield from wrong
        if wrong:
            return
        places = tuple(data.targets.shape[1:])
        if places:
            yield from _places(output, data.classes, places)
        elif output.shape != (data.classes,):
            names = ", ".join(data.class_names[:4]) + (", …" if data.classes > 4 else "")
            yield Complaint(
                f"{data.classes} outputs, one for each class ({names})",
                listed(output.shape),
                f"Set the out features of the last Linear to {data.classes}.",
                port="input",
            )

    def probabilities(self, output: Any) -> Any:
        return output.softmax(dim=1)

    def classes(self, output: Any) -> Any:
        return output.argmax(dim=1)


def _places(output: TensorType, classes: int, places: tuple[int, ...]) -> Iterable[Complaint]:
    """The classes come first, then the places, as torch has it."""
    wanted = (classes, *places)
    if output.shape == wanted:
        return
    needed = f"{classes} classes before the places: {listed(wanted)}"
    if output.shape == (*places, classes):
        order = ", ".join(map(str, (0, len(wanted), *range(1, len(wanted)))))
        fix = f"Put a Permute with the order {order} before the Output, which brings the classes to the front."
    else:
        fix = f"Make {classes} outputs for each of the {' × '.join(map(str, places))} places."
    yield Complaint(needed, listed(output.shape), fix, port="input")
