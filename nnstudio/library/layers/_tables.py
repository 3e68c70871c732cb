"""What the tables of vectors have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field


class Table(Layer, abstract=True):
    """A learned vector for each whole number."""

    category: ClassVar[str] = "Dense"
    anywhere: ClassVar[bool] = True

    num_embeddings: int = field(1000, "How many different numbers there may be, counted from 0.", minimum=1)
    embedding_dim: int = field(16, "How long each vector is.", minimum=1)
    padding_idx: int | None = field(None, "The number whose vector stays at zero and never learns.", minimum=0)
    max_norm: float | None = field(
        None, "How long a vector may be; longer ones are shortened where they are looked up.", minimum=0
    )
    norm_type: float = field(2.0, "The power p of the norm that max_norm measures.", minimum=0, above_minimum=True)
    scale_grad_by_freq: bool = field(
        False, "Whether the gradient of a vector is divided by how often its number is in the batch."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.padding_idx is not None and self.padding_idx >= self.num_embeddings:
            raise SpecError("padding_idx", f"a number below {self.num_embeddings}", f"{self.padding_idx}")

    def chosen(self) -> dict[str, Any]:
        """The arguments of torch's class: those that are not its defaults."""
        found = {setting.name: getattr(self, setting.name) for setting in self.settings()}
        always = ("num_embeddings", "embedding_dim")
        defaults = {setting.name: setting.default for setting in self.settings()}
        return {name: value for name, value in found.items() if name in always or value != defaults[name]}

    def check_tokens(self, kind: TensorType) -> Iterable[Complaint]:
        """Whole numbers."""
        if kind.dtype != "int64":
            got = "yes or no (bool)" if kind.dtype == "bool" else f"numbers with a fraction ({kind.dtype})"
            yield Complaint("whole numbers (int64), such as tokens", got, "Use Linear for measurements.")

    def summary(self, *shapes: Shape) -> str:
        return f"{self.num_embeddings} × {self.embedding_dim}"
