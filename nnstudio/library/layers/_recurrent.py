"""What the recurrent layers have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Layer, Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import field
from nnstudio.library.layers._reduction import needs_fractions

STATES: tuple[Port, ...] = (Port("h_0", "The hidden state before the first step [L, B, H].", optional=True),)
OUTPUTS: tuple[Port, ...] = (
    Port("output", "What each step gives [B, T, H]."),
    Port("hidden", "The hidden state of each layer after its last step [L, B, H]."),
    Port(
        "last",
        "What the last place of the sequence gives [B, H]; of two directions, the backward one has seen only it.",
    ),
)


# What torch takes where nothing is said; its classes take whatever they are given, so that nobody can ask them.
_DEFAULTS = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
    "proj_size": 0,
    "nonlinearity": "tanh",
}


class Recurrent(Layer, abstract=True):
    """Goes through a sequence step by step, and keeps what it needs in a state."""

    category: ClassVar[str] = "Sequence"
    anywhere: ClassVar[bool] = True
    inputs: ClassVar[tuple[Port, ...]] = (Port("input", "A sequence [B, T, F]."), *STATES)
    outputs: ClassVar[tuple[Port, ...]] = OUTPUTS
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((5, 6)), None)

    hidden_size: int = field(16, "How many numbers the state has, and so each output.", minimum=1)
    num_layers: int = field(1, "How many such layers lie on each other.", minimum=1, maximum=1000)
    bias: bool = field(True, "Whether a number of its own is added in each gate.")
    batch_first: bool = field(True, "Whether the batch is the first axis [B, T, F], or the second [T, B, F].")
    dropout: float = field(
        0.0, "The probability that a number between two layers is set to zero while training.", minimum=0, maximum=1
    )
    bidirectional: bool = field(False, "Whether a second one reads backwards, whose outputs are put beside the first.")

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _size(self) -> int:
        """How many numbers one direction gives out."""
        return getattr(self, "proj_size", 0) or self.hidden_size

    def check(self, *types: TensorType | None) -> Iterable[Complaint]:
        given = types[0]
        assert given is not None
        axes = "[B, T, F]" if self.batch_first else "[T, B, F]"
        wrong = list(needs_fractions(given))
        if not wrong and (len(given.shape) != 2 or not given.rows):
            fix = "Add a Reshape before it, or an Embedding for tokens."
            wrong = [Complaint(f"a sequence {axes}", given.text, fix)]
        elif not wrong and given.axis != (0 if self.batch_first else 1):
            fix = f"Switch batch_first {'off' if self.batch_first else 'on'}, or add a Transpose before it."
            wrong = [Complaint(f"a sequence {axes}", given.text, fix)]
        yield from wrong
        if wrong:
            return
        if self.dropout and self.num_layers == 1:
            fix = "Set dropout to 0, or use more layers."
            got = f"dropout {self.dropout:g} and one layer, where it does nothing"
            yield Complaint("several layers for dropout between them", got, fix, severity="warning")
        yield from self._check_states(given, types[1:])

    def _check_states(self, given: TensorType, states: tuple[TensorType | None, ...]) -> Iterable[Complaint]:
        sizes = [self._size, self.hidden_size]
        if len(states) == 2 and (states[0] is None) != (states[1] is None):
            yield Complaint("both states or none", "one of them", "Wire h_0 and c_0, or neither.")
            return
        for port, size, state in zip(self.inputs[1:], sizes, states, strict=False):
            wanted = TensorType((self.num_layers * self._directions, size), given.dtype, given.rows, 1)
            if state is not None and state != wanted:
                fix = "Take the hidden output of another such layer."
                yield Complaint(f"a state {wanted.text}", state.text, fix, port=port.name)

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        chosen = {setting.name: getattr(self, setting.name) for setting in self.settings()}
        known = {name: value for name, value in chosen.items() if value != _DEFAULTS.get(name, chosen)}
        return {"input_size": shapes[0][-1], **known}

    def output_type(self, *types: TensorType | None) -> tuple[TensorType, ...]:
        given = types[0]
        assert given is not None
        size = self._size * self._directions
        axis = 0 if self.batch_first else 1
        states = [TensorType((self.num_layers * self._directions, size), given.dtype, given.rows, 1)
                  for size in (self._size, self.hidden_size)]  # fmt: skip
        every = TensorType((given.shape[0], size), given.dtype, given.rows, axis)
        last = TensorType((size,), given.dtype, given.rows)
        return (every, *states[: len(self.outputs) - 2], last)

    def apply(self, module: Any, *tensors: Any) -> Any:
        sequence, state = tensors
        output, hidden = module(sequence) if state is None else module(sequence, state)
        return output, hidden, self._last(output)

    def _last(self, output: Any) -> Any:
        return output[:, -1] if self.batch_first else output[-1]

    @classmethod
    def from_module(cls, module: Any) -> Self:
        return cls(**{setting.name: getattr(module, setting.name) for setting in cls.settings()})

    def summary(self, *shapes: Shape) -> str:
        layers = f"{self.num_layers} × " if self.num_layers > 1 else ""
        return f"{shapes[0][-1]} → {layers}{self._size}" + (", both ways" if self.bidirectional else "")
