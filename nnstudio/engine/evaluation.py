"""Evaluation: what a network says of rows whose truth is known, and how far it is from it.

    found = evaluation(run, "test")

It looks at a Run between two steps and changes nothing in it. What is computed of it (confusion, curves, residuals) is
in `class_figures` and `value_figures`, which are numpy and scikit-learn alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch

from nnstudio.core.data import Task
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.cost import cost
from nnstudio.engine.data import Part, PartName
from nnstudio.engine.figures import Sums
from nnstudio.engine.run import Run

# Rows that go through the network at once, and numbers of its output that are kept.
ROWS_AT_ONCE = 4096
MOST_NUMBERS = 10_000_000
# A view looks at no more rows than these, and at fewer where the network takes more multiplications than these for
# them: about a twentieth of a second on one core.
MOST_LOOKED_AT, FEWEST_LOOKED_AT = 2000, 16
WORK_OF_A_LOOK = 5e8


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One part of the data as the network sees it. A case is a row, or one place of a row that has a target at each.

    Attributes:
        part: "train", "validation" or "test". step: of the training, when it was taken.
        rows: row numbers in the data, int64 [rows], of the rows that were looked at. of: how many the part has.
        task: whether classes or numbers are predicted.
        outputs: what left the network, [rows, …].
        targets: the truth: int64 [cases], or float64 [rows, outputs].
        predictions: the same, as predicted.
        scores: how much speaks for each class, float64 [cases, classes]; None for numbers.
        probabilities: the scores where they are probabilities (from 0 to 1, together 1); else None.
        loss, metrics: of these rows.
        class_names, target_name: in words.
        case_rows: the row number of each case, int64 [cases].
        problem: why there is nothing to be seen, one sentence; the arrays are then empty.
    """

    part: PartName
    step: int
    rows: np.ndarray
    of: int
    task: Task
    outputs: np.ndarray = field(default_factory=lambda: np.zeros(0))
    targets: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    predictions: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    scores: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    loss: float = float("nan")
    metrics: Mapping[str, float] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    target_name: str = "target"
    case_rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    problem: str = ""

    @property
    def classes(self) -> int:
        """How many classes there are; 0 for numbers."""
        return len(self.class_names)

    @property
    def certainty(self) -> np.ndarray:
        """What speaks for the predicted class in each case, float64 [cases]."""
        assert self.scores is not None
        found: np.ndarray = self.scores[np.arange(len(self.scores)), self.predictions]
        return found

    @property
    def size_in_words(self) -> str:
        """`30 test rows`, or `2,000 of 10,000 test rows`."""
        if len(self.rows) < self.of:
            return f"{len(self.rows):,} of {self.of:,} {PART_WORDS[self.part]} rows"
        return f"{self.of:,} {PART_WORDS[self.part]} row{'s' if self.of != 1 else ''}"


PART_WORDS: Mapping[PartName, str] = {"train": "training", "validation": "validation", "test": "test"}


def evaluation(run: Run, part: PartName = "test", most_rows: int | None = None) -> Evaluation:
    """The rows of a part (no more than `most_rows` of them, always the same) with the weights as they are."""
    chosen = run.prepared.part(part)
    data = run.prepared.data
    classifies = run.objective.classifies
    task: Task = "classification" if classifies else "regression"
    names = data.class_names if classifies else ()
    name = "input" if run.objective.main.of_input else data.target_name
    blank = Evaluation(part, run.step, chosen.rows[:0], len(chosen), task, class_names=names, target_name=name)
    if not len(chosen):
        return replace(blank, problem=_no_rows(part))
    places = _places(run, chosen, most_rows)
    outputs, targets, predictions, scores = [], [], [], []
    total = 0.0
    sums: Sums = {}
    with run.looking():
        for inputs, aims, truth in _pieces(run, chosen, places):
            given = run.objective.feed(run.tested, inputs)
            total += float(run.objective.loss(given, aims)) * len(inputs)
            output = run.objective.output(given).float()
            read = run.loss_spec.probabilities(output).cpu().double()
            outputs.append(output.cpu().numpy())
            run.figures.add(sums, output, aims[run.objective.place])
            if classifies:
                predictions.append(run.loss_spec.classes(output).cpu().reshape(-1))
                scores.append(_by_case(read, len(names)))
                targets.append(truth.reshape(-1))
            else:
                predictions.append(read.flatten(1))
                targets.append(aims[run.objective.place].cpu().double().flatten(1))
    kept = np.concatenate(outputs)
    rows = chosen.rows[places]
    wrong = np.flatnonzero(~np.isfinite(kept.reshape(len(kept), -1)).all(axis=1))
    if len(wrong):
        problem = (
            f"The network's output for {len(wrong):,} of {len(rows):,} {PART_WORDS[part]} rows is not a number "
            f"(the first is row {rows[wrong[0]]:,}). Reset the weights and train again with a lower learning rate."
        )
        return replace(blank, rows=rows, problem=problem)
    predicted, true = torch.cat(predictions), torch.cat(targets)
    speaks_for = torch.cat(scores).numpy() if scores else None
    case_rows = np.repeat(rows, len(true) // len(rows)) if classifies else rows
    if speaks_for is not None:  # a class number that there is not marks what does not count
        counted = (true >= 0) & (true < len(names))
        true, predicted = true[counted], predicted[counted]
        speaks_for, case_rows = speaks_for[counted.numpy()], case_rows[counted.numpy()]
        if not len(true):
            return replace(blank, problem=f"None of the {PART_WORDS[part]} rows has a class that counts.")
    return replace(
        blank,
        rows=rows,
        outputs=kept,
        targets=true.numpy(),
        predictions=predicted.numpy(),
        scores=speaks_for,
        probabilities=_shares(speaks_for) if speaks_for is not None else None,
        loss=total / len(rows),
        metrics=run.figures.values(sums),
        case_rows=case_rows,
    )


def look(run: Run, part: PartName) -> Evaluation:
    """The evaluation that views share: a bounded sample, measured once for the weights as they are now."""
    state = (run.step, part, sum(parameter._version for parameter in run.tested.parameters()))
    kept = _looks.setdefault(run, {})
    found = kept.get(part)
    if found is None or found[0] != state:
        rows = rows_of_a_look(run)
        found = kept[part] = (state, evaluation(run, part, rows) if rows else _too_large(run, part))
    return found[1]


def rows_of_a_look(run: Run) -> int:
    """How many rows a view may look at; 0 where even a few would take too long."""
    work = WORK_OF_A_LOOK * (1 if run.device.type == "cpu" else 50)
    rows = int(work / max(work_of_a_row(run), 1))
    if rows >= FEWEST_LOOKED_AT:
        return min(rows, MOST_LOOKED_AT)
    return FEWEST_LOOKED_AT if rows * 8 >= FEWEST_LOOKED_AT else 0


def work_of_a_row(run: Run) -> int:
    """Multiplications that a row takes on its way through the network."""
    if run not in _work:
        try:
            _work[run] = cost(run.project.graph, run.prepared.input_type).total_operations
        except (GraphError, RuntimeError):  # what cannot be counted is guessed
            _work[run] = 10 * sum(parameter.numel() for parameter in run.network.parameters())
    return _work[run]


def parts_of(run: Run) -> tuple[PartName, ...]:
    """The parts that have rows, the one that says most of new rows first."""
    order: tuple[PartName, ...] = ("test", "validation", "train")
    return tuple(part for part in order if len(run.prepared.part(part)))


_State = tuple[int, PartName, int]
_looks: WeakKeyDictionary[Run, dict[PartName, tuple[_State, Evaluation]]] = WeakKeyDictionary()
_work: WeakKeyDictionary[Run, int] = WeakKeyDictionary()


def _too_large(run: Run, part: PartName) -> Evaluation:
    task: Task = "classification" if run.objective.classifies else "regression"
    return Evaluation(
        part,
        run.step,
        np.zeros(0, np.int64),
        len(run.prepared.part(part)),
        task,
        problem=f"This network takes {work_of_a_row(run):.0e} multiplications for a row, which is too many for a look "
        "in passing. Save it, and measure it with: nnstudio evaluate FILE.",
    )


def _places(run: Run, part: Part, most_rows: int | None) -> np.ndarray:
    """Which rows of the part, in order: all, or always the same few."""
    numbers = max(int(part.targets[:1].numel()) * max(run.prepared.data.classes, 1), run.prepared.input_type.size)
    most = max(MOST_NUMBERS // numbers, 1)
    most = min(most, most_rows) if most_rows is not None else most
    if len(part) <= most:
        return np.arange(len(part))
    # A generator of its own: nothing that the training draws from is touched.
    return np.sort(np.random.default_rng(0).choice(len(part), most, replace=False))


def _pieces(
    run: Run, part: Part, places: np.ndarray
) -> Iterator[tuple[torch.Tensor, tuple[torch.Tensor, ...], torch.Tensor]]:
    """Inputs as the network takes them, what each Output is compared with, and the truth as it is in the data."""
    whole = len(places) == len(part)
    for first in range(0, len(places), ROWS_AT_ONCE):
        piece = slice(first, first + ROWS_AT_ONCE)
        inputs, truth = part.take(piece if whole else torch.from_numpy(places[piece]))
        inputs = inputs.to(run.device)
        aims = tuple(aim.to(run.device) for aim in run.objective.targets(inputs, truth.to(run.device)))
        yield inputs, aims, truth


def _by_case(read: torch.Tensor, classes: int) -> torch.Tensor:
    """What speaks for each class as [cases, classes]; torch has the classes on the second axis."""
    if read.dim() > 2 and read.shape[1] in (1, classes):
        read = read.movedim(1, -1)
    read = read.reshape(-1, read.shape[-1] if read.dim() > 1 else 1)
    return torch.cat([1 - read, read], dim=1) if read.shape[1] == 1 else read


def _shares(scores: np.ndarray) -> np.ndarray | None:
    """The scores, if they are probabilities: freed of what was rounded."""
    if scores.min(initial=0.0) < -1e-6 or np.abs(scores.sum(axis=1) - 1).max(initial=0.0) > 1e-3:
        return None
    shares = np.clip(scores, 0.0, 1.0)
    found: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return found


def _no_rows(part: PartName) -> str:
    if part == "train":
        return "There are no training rows. Choose data with more rows in the Data panel."
    return f"There are no {PART_WORDS[part]} rows. Give them a share of the rows in the Data panel."
