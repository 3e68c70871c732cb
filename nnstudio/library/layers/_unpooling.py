"""What the layers that undo a MaxPool have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._checks import words
from nnstudio.library.layers._pooling import Pooling
from nnstudio.library.layers._spatial import PerAxis
from nnstudio.library.layers._windows import needs_channels


class Unpooling(Pooling, abstract=True):
    """Puts each number back where a MaxPool took it from; the rest is zero."""

    formula: ClassVar[str] = "y[indices] = x, 0 elsewhere"
    aliases: ClassVar[tuple[str, ...]] = ("unpooling", "segnet", "upsampling")
    inputs: ClassVar[tuple[Port, ...]] = (
        Port("input", "The numbers."),
        Port("indices", "Where they were, from a MaxPool with return_indices."),
    )

    kernel_size: PerAxis = field(2, "How large the window of the MaxPool was.", minimum=1)
    stride: PerAxis | None = field(
        None, "How far its window moved at a time; the size of the window unless it is set.", minimum=1
    )
    padding: PerAxis = field(0, "How much was put around its input.", minimum=0)
    output_size: PerAxis | None = field(
        None, "The size of its input, where the other settings leave it open; less than a stride away.", minimum=1
    )

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        kind, indices = types
        wrong = list(needs_channels(kind, self.dimensions))
        if indices.dtype != "int64":
            got = f"numbers with a fraction ({indices.dtype})"
            fix = "Switch on return_indices at the MaxPool and wire its port indices to this one."
            wrong.append(Complaint("whole numbers (int64) as indices", got, fix, port="indices"))
        elif indices.shape != kind.shape:
            got = f"input {kind.text} and indices {TensorType(indices.shape).text}"
            wrong.append(Complaint("an index for each number", got, "Wire both from one MaxPool.", port="indices"))
        yield from wrong
        if not wrong:
            yield from self._check_size(kind.shape[1:])

    def _check_size(self, size: Shape) -> Iterable[Complaint]:
        kernel, stride = self.each(self.kernel_size), self.each(self.stride or self.kernel_size)
        full = [
            (length - 1) * s - 2 * p + k
            for length, k, s, p in zip(size, kernel, stride, self.each(self.padding), strict=True)
        ]
        if self.output_size is not None:
            wanted = self.each(self.output_size)
            if any(abs(w - f) >= s for w, f, s in zip(wanted, full, stride, strict=True)):
                lengths = zip(full, stride, strict=True)
                ends = " and ".join(f"{max(1, f - s + 1)} to {f + s - 1}" for f, s in lengths)
                fix = "Use the size of the input of the MaxPool, or none."
                yield Complaint(f"an output size of {ends}", words(wanted), fix)
        elif min(full) < 1:
            got = f"padding {words(self.each(self.padding))} with the kernel {words(kernel)}"
            yield Complaint("an output of at least 1 along every axis", got, "Use the settings of the MaxPool.")

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        return {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}

    def apply(self, module: Any, *tensors: Any) -> Any:
        if self.output_size is None:
            return module(*tensors)
        return module(*tensors, output_size=self.each(self.output_size))
