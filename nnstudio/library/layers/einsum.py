"""Einsum."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import torch

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Port, Shape
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import SpecError, field
from nnstudio.library.layers._axes import Sizes, broadcast, keeps_rows_apart, sizes
from nnstudio.library.layers._joining import NAMES, named
from nnstudio.library.layers._operation import Operation
from nnstudio.library.layers._reduction import needs_fractions

_TERM = re.compile(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*")


class Einsum(
    Operation,
    category="Combine",
    formula="yᵢₖ = Σⱼ aᵢⱼ bⱼₖ",
    reference="torch.einsum",
    aliases=("einstein sum", "tensor contraction", "bilinear form"),
    example=(TensorType((4,)), TensorType((4,))),
):
    """Multiplies tensors and sums over axes, as letters for the axes say."""

    equation: str = field(
        "bi,bj->bij",
        "A letter for each axis of each input, then those of the output; what is not in the output is summed over.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        terms, result = self._terms
        got = f"the text {self.equation[:60]!r}"
        if "->" in self.equation.partition("->")[2] or not 1 <= len(terms) <= len(NAMES):
            raise SpecError("equation", "inputs, an arrow and an output, such as bi,ij->bj", got)
        for term in (*terms, result or ""):
            if not _TERM.fullmatch(term):
                raise SpecError("equation", "letters for the axes, with ... for any others", got)
        if result is not None:
            letters = result.replace("...", "")
            if len(set(letters)) < len(letters) or not set(letters) <= set("".join(terms)):
                raise SpecError("equation", "an output whose letters are in the inputs, each once", got)

    @property
    def _terms(self) -> tuple[list[str], str | None]:
        """The letters of each input, and of the output where the equation says them."""
        left, arrow, right = self.equation.replace(" ", "").partition("->")
        return left.split(","), right if arrow else None

    @property
    def _result(self) -> str:
        """The letters of the output; without an arrow, those that come once, in the order of the alphabet."""
        terms, result = self._terms
        if result is not None:
            return result
        every = "".join(terms).replace(".", "")
        rest = "..." if any("..." in term for term in terms) else ""
        return rest + "".join(sorted(letter for letter in set(every) if every.count(letter) == 1))

    @property
    def input_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name, f"Its axes are {term}.") for name, term in zip(NAMES, self._terms[0], strict=False))

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        wrong = [complaint for kind in types for complaint in needs_fractions(kind)][:1]
        yield from wrong
        if wrong:
            return
        every = named(types)
        found: dict[str, Sizes] = {}  # each letter's size; "..." has those of all axes that it stands for
        for name, kind, term in zip(NAMES, types, self._terms[0], strict=False):
            own = self._letters(kind, term)
            if own is None:
                axes = "at least " if "..." in term else ""
                count = len(term.replace("...", ""))
                yield Complaint(f"{axes}{count} axes {term}", f"{name} {kind.text}", "Give each axis a letter.")
                return
            for letter, size in own:
                joined = broadcast(found.get(letter, ()), size)
                if joined is None:
                    words = "all axes under ..." if letter == "..." else f"the axis {letter}"
                    yield Complaint(f"one size for {words}", every, "Change a letter, or the sizes before it.")
                    return
                found[letter] = joined
            if any(size != own_again for letter, size in own for again, own_again in own if again == letter):
                yield Complaint("one size for a letter that comes twice", f"{name} {kind.text}", "Use two letters.")
                return
        yield from self._check_rows(found, types, every)

    def _check_rows(self, found: dict[str, Sizes], types: tuple[TensorType, ...], every: str) -> Iterable[Complaint]:
        """The batch is one letter in all inputs and in the output, so that rows are not summed over nor crossed."""
        batch = [letter for letter, size in found.items() if any(isinstance(part, str) for part in size)]
        twice = any(term.count(letter) > 1 for letter in batch for term in self._terms[0])
        result = self._result
        lost = any(letter not in result for letter in batch)
        if len(batch) > 1 or twice or lost or not all(map(keeps_rows_apart, found.values())):
            fix = "Use one letter for the batch, such as b, in every input that has it and in the output."
            yield Complaint("the batch as one letter, which is in the output", f"{self.equation} for {every}", fix)

    @staticmethod
    def _letters(kind: TensorType, term: str) -> list[tuple[str, Sizes]] | None:
        """Each letter of an input with its size; None where letters and axes are not equally many."""
        own = sizes(kind)
        before, dots, after = term.partition("...")
        rest = len(own) - len(before) - len(after)
        if rest < 0 or (rest and not dots):
            return None
        front, end = own[: len(before)], own[len(before) + rest :]
        middle = [("...", own[len(before) : len(before) + rest])] if dots else []
        letters = [(letter, (part,)) for letter, part in zip(before, front, strict=True)]
        return letters + middle + [(letter, (part,)) for letter, part in zip(after, end, strict=True)]

    def apply(self, module: Any, *tensors: Any) -> Any:
        return torch.einsum(self.equation, *tensors)

    def summary(self, *shapes: Shape) -> str:
        return self.equation.replace("->", " → ")
