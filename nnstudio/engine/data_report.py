"""What to look at in some rows before a network learns from them: leaks, duplicates, columns that say nothing.

Every finding is one sentence, with the columns and rows that it is about, and where there is one a remedy that a click
applies. Large data is sampled where all of it would take too long; the sentence then says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.problems import Severity
from nnstudio.core.reading import tell
from nnstudio.engine.data import Prepared
from nnstudio.engine.data_pass import Pass, pass_over

Remedy = Literal[
    "", "leave_out", "stratify", "by_group", "by_time", "standardise", "weigh_classes", "batch_size", "fill"
]

# Rows from which correlations and mappings are found.
SAMPLE = 100_000
_SAMPLE_NUMBERS = 1 << 25
# Fewer rows than these agree by chance.
FEWEST = 12
SAME = 0.999  # a correlation above which two columns say the same
RARE = 20  # how many times as many rows the largest class may have as the smallest
APART = 100  # how many times as far one column may be spread as another
_MOST_NAMED = 5
_MEETING_ROWS = 5000
_MOST_ROWS = 1000
_IDENTIFIER = re.compile(r"(^|[_\W])(id|uid|uuid|key|index|nr|no|number|serial|row)($|[_\W])|Id$|ID$", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Attributes:
        kind: what it is, such as "leak" or "constant".
        severity: "error" where training cannot work, "warning" where its result would mislead, else "note".
        sentence: what is so, and why it matters.
        columns: numbers of the features that it is about.
        rows: numbers of the rows that it is about, at most a thousand of them.
        remedy: what would mend it; empty where only the person can know.
    """

    kind: str
    severity: Severity
    sentence: str
    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    remedy: Remedy = ""


def report(
    prepared: Prepared, *, batch_size: int | None = None, batch_norm: bool = False, weighted: bool = False
) -> list[Finding]:
    """What to look at, the worst first.

    `batch_size` and `batch_norm` (whether the network has such a layer) are for what is wrong with the last batch;
    `weighted` says that rare classes already count more.

    Raises:
        Cancelled: whoever waits for it has stopped it.
    """
    data = prepared.data
    seen = pass_over(prepared)
    found = list(_not_numbers(data, seen))
    found += _duplicates(prepared, seen)
    if data.inputs.ndim == 2 and np.issubdtype(data.inputs.dtype, np.floating):
        found += _columns(prepared, seen)
    if data.classes and data.targets.ndim == 1:
        found += _classes(prepared, weighted)
    found += _apart(prepared)
    if batch_norm:
        found += _last_batch(prepared, batch_size)
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda finding: rank[finding.severity])


# -- numbers -----------------------------------------------------------------------------------------------------------


def _not_numbers(data: Data, seen: Pass) -> Iterator[Finding]:
    infinite = np.flatnonzero(seen.infinite)
    if len(infinite):
        total = int(seen.infinite.sum())
        yield Finding(
            "infinite",
            "error",
            f"{_count(total, 'value')} {_is(total)} infinite{_where(data, infinite)}. The loss would become infinite "
            "too. Correct them in the file, or leave the column out.",
            tuple(infinite.tolist()),
            remedy="leave_out",
        )
    missing = np.flatnonzero(seen.missing)
    if len(missing) and not data.fill:
        total = int(seen.missing.sum())
        yield Finding(
            "missing",
            "error",
            f"{_count(total, 'value')} {_is(total)} missing{_where(data, missing)}. The loss would become "
            "not-a-number. Choose what stands for missing values, or leave the column out.",
            tuple(missing.tolist()),
            remedy="fill",
        )
    if data.fill and len(seen.rows):
        share = seen.missing / len(seen.rows)
        mostly = np.flatnonzero(share > 0.5)
        if len(mostly):
            yield Finding(
                "mostly_missing",
                "warning",
                f"More than half of the values are missing{_where(data, mostly)}. What stands for them says little.",
                tuple(mostly.tolist()),
                remedy="leave_out",
            )


def _duplicates(prepared: Prepared, seen: Pass) -> Iterator[Finding]:
    """Rows of the other parts that the network has already seen in training."""
    place = np.zeros(prepared.data.rows, np.int8)
    place[prepared.validation_rows], place[prepared.test_rows] = 1, 2
    part = place[seen.rows]
    learned = np.sort(seen.hashes[part == 0])
    if not len(learned):
        return
    distinct = 1 + int((learned[1:] != learned[:-1]).sum())
    by_chance = 1 - (1 - _meeting(prepared)) ** len(learned)
    for number, name in ((2, "test"), (1, "validation")):
        here = np.flatnonzero(part == number)
        here = here[np.argsort(seen.hashes[here])]  # in order, they are looked up much faster
        tell(None, "Comparing the parts")
        wanted = seen.hashes[here]
        places = np.minimum(np.searchsorted(learned, wanted), len(learned) - 1)
        again = np.sort(seen.rows[here[learned[places] == wanted]])
        total = len(here)
        if len(again) < 2 or len(again) < 0.01 * total:
            continue
        # Where columns are few and coarse, rows repeat by chance: that is no copying.
        coarse = distinct < 0.5 * len(learned) or len(again) < 3 * by_chance * total
        words = f"{len(again):,} of {total:,} {name} rows are also among the training rows{_sampled(seen.complete)}."
        why = "The columns are so coarse that rows repeat." if coarse else f"The {name} figures will be too good."
        severity: Severity = "note" if coarse else "warning"
        yield Finding("duplicates", severity, f"{words} {why}", rows=tuple(again[:_MOST_ROWS].tolist()))


def _meeting(prepared: Prepared) -> float:
    """How likely two rows are the same if their columns had nothing to do with each other; 0 for other than tables."""
    data = prepared.data
    if data.inputs.ndim != 2 or not len(prepared.train_rows):
        return 0.0
    chosen = prepared.train_rows[np.linspace(0, len(prepared.train_rows) - 1, _MEETING_ROWS).astype(np.int64)]
    values = np.asarray(data.inputs[np.unique(chosen)])
    likely = 1.0
    for column in range(values.shape[1]):
        shares = np.unique(values[:, column], return_counts=True)[1] / len(values)
        likely *= float((shares**2).sum())
        if likely < 1e-12:
            return 0.0
    return likely


# -- columns -----------------------------------------------------------------------------------------------------------


def _columns(prepared: Prepared, seen: Pass) -> Iterator[Finding]:
    data = prepared.data
    constant = np.flatnonzero(seen.low == seen.high)
    empty = np.flatnonzero(np.isnan(seen.low))
    said = np.union1d(constant, empty)
    if len(said):
        word = "has" if len(said) == 1 else "have"
        yield Finding(
            "constant",
            "warning",
            f"{_names(data, said)} {word} one value in all rows{_sampled(seen.complete)} and {_says(said)} nothing "
            "about the target.",
            tuple(said.tolist()),
            remedy="leave_out",
        )
    rows = _sample(prepared, data.inputs.shape[1])
    complete = len(rows) == data.rows
    columns = np.setdiff1d(np.arange(len(seen.low)), said)
    if len(rows) < FEWEST or not len(columns):
        return
    tell(None, "Comparing columns with the target")
    values = np.asarray(data.inputs[rows][:, columns], np.float64)
    leaks = [columns[i] for i in _leaks(values, data, data.targets[rows])]
    for column in leaks[:_MOST_NAMED]:
        yield Finding(
            "leak",
            "warning",
            f"{_name(data, column)} tells {data.target_name} alone{_sampled(complete)}. A network that may look at it "
            "has nothing to learn. Leave it out unless it is known when one predicts.",
            (int(column),),
            remedy="leave_out",
        )
    same = {int(column) for column in leaks}
    like = [i for i in range(len(columns)) if int(columns[i]) not in same and _identifies(values[:, i])]
    named = [int(columns[i]) for i in like if _counts(values[:, i]) or _IDENTIFIER.search(_plain(data, columns[i]))]
    if named:
        looks = "looks like a number" if len(named) == 1 else "look like numbers"
        yield Finding(
            "identifier",
            "warning",
            f"{_names(data, named)} {looks} that only {'tells' if len(named) == 1 else 'tell'} rows apart"
            f"{_sampled(complete)}. The network would learn the rows by heart.",
            tuple(named),
            remedy="leave_out",
        )
    if prepared.mean is None and len(columns) > 1:
        yield from _scales(data, values, columns)


def _leaks(values: np.ndarray, data: Data, targets: np.ndarray) -> list[int]:
    """The columns that give the target away."""
    alone = values.shape[1] == 1  # the only column may well be the whole truth
    if data.classes:
        if targets.ndim != 1:
            return []
        present, numbers = np.unique(targets, return_inverse=True)
        if len(present) < 2:
            return []
        told = [i for i in range(values.shape[1]) if _one_to_one(values[:, i], numbers, len(present))]
        if alone:
            return told
        wanted = np.eye(len(present))[numbers] if 2 < len(present) <= 50 else numbers[:, None].astype(float)
    else:
        told = []
        wanted = np.asarray(targets, np.float64)
        if alone:
            same = [np.array_equal(values[:, 0], wanted[:, k]) for k in range(wanted.shape[1])]
            return [0] if any(same) else []
    close = np.flatnonzero((np.abs(_correlations(values, wanted)) > SAME).any(axis=1))
    return sorted({*told, *close.tolist()})


def _correlations(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each column with each target, [columns, targets]; 0 where something is not a number."""
    with np.errstate(all="ignore"):
        left = np.where(np.isfinite(values), values, np.nan)
        left = np.nan_to_num(left - np.nanmean(left, axis=0))
        right = np.nan_to_num(wanted - np.nanmean(wanted, axis=0))
        norms = np.linalg.norm(left, axis=0)[:, None] * np.linalg.norm(right, axis=0)[None, :]
        return np.nan_to_num(left.T @ right / np.where(norms > 0, norms, np.inf))


def _one_to_one(column: np.ndarray, classes: np.ndarray, count: int) -> bool:
    """Whether each class has one value of the column, which no other class has."""
    first = column[:1000]
    if len(np.unique(first[np.isfinite(first)])) > count:
        return False
    distinct, numbers = np.unique(column, return_inverse=True)
    if len(distinct) != count:
        return False
    return len(np.unique(numbers.astype(np.int64) * count + classes)) == count


def _identifies(column: np.ndarray) -> bool:
    """Whether these are whole numbers of which no two are the same."""
    if len(column) < 20 or not np.isfinite(column).all() or not np.array_equal(column, np.rint(column)):
        return False
    return len(np.unique(column)) == len(column)


def _counts(column: np.ndarray) -> bool:
    """Whether whole numbers go up, or down, from row to row."""
    steps = np.diff(column)
    return bool((steps > 0).all() or (steps < 0).all())


def _scales(data: Data, values: np.ndarray, columns: np.ndarray) -> Iterator[Finding]:
    with np.errstate(all="ignore"):
        spread = np.nanstd(np.where(np.isfinite(values), values, np.nan), axis=0)
    usable = np.flatnonzero(np.isfinite(spread) & (spread > 0))
    if len(usable) < 2:
        return
    widest, narrowest = usable[np.argmax(spread[usable])], usable[np.argmin(spread[usable])]
    times = spread[widest] / spread[narrowest]
    if times > APART:
        wide, narrow = columns[widest], columns[narrowest]
        yield Finding(
            "scales",
            "warning",
            f"{_name(data, wide)} is spread {times:,.0f} times as far as {_name(data, narrow)}, and the columns are "
            "not standardised. The network will hardly notice the smaller one.",
            (int(wide), int(narrow)),
            remedy="standardise",
        )


# -- classes and parts -------------------------------------------------------------------------------------------------


def _classes(prepared: Prepared, weighted: bool) -> Iterator[Finding]:
    data = prepared.data
    parts = (prepared.train_rows, prepared.validation_rows, prepared.test_rows)
    counts = [np.bincount(np.asarray(data.targets[rows]), minlength=data.classes) for rows in parts]
    train, validation, test = counts
    unseen = np.flatnonzero((train == 0) & (validation + test > 0))
    if len(unseen):
        elsewhere = _count(int((validation + test)[unseen].sum()), "row")
        yield Finding(
            "missing_class",
            "warning",
            f"No training row is of the {_classes_text(data, unseen)}, but {elsewhere} for testing or validation. "
            "The network cannot learn what it never sees.",
            remedy="stratify",
        )
    for counted, name in ((test, "test"), (validation, "validation")):
        absent = np.flatnonzero((counted == 0) & (train > 0))
        if counted.sum() and len(absent):
            yield Finding(
                "missing_class",
                "note",
                f"No {name} row is of the {_classes_text(data, absent)}. The {name} figures say nothing about it.",
                remedy="stratify",
            )
    present = np.flatnonzero(train)
    if len(present) == 1 and data.classes:
        yield Finding(
            "one_class",
            "error",
            f"All training rows are of the {_classes_text(data, present)}. There is nothing to tell apart.",
        )
    elif len(present) > 1:
        most, least = present[np.argmax(train[present])], present[np.argmin(train[present])]
        times = train[most] / train[least]
        if times > RARE and not weighted:
            yield Finding(
                "imbalance",
                "warning",
                f"There are {times:,.0f} times as many training rows of the {_classes_text(data, [most])} as of the "
                f"{_classes_text(data, [least])}. The network may never answer with the rare one; accuracy will not "
                "show it.",
                remedy="weigh_classes",
            )


def _apart(prepared: Prepared) -> Iterator[Finding]:
    """Rows that belong together in several parts, and a future that is known in training."""
    data = prepared.data
    others = np.concatenate([prepared.validation_rows, prepared.test_rows])
    if not len(others):
        return
    if data.groups is not None:
        both = np.intersect1d(np.asarray(data.groups[prepared.train_rows]), np.asarray(data.groups[others]))
        if len(both):
            yield Finding(
                "groups",
                "warning",
                f"{_count(len(both), 'group')} {'has' if len(both) == 1 else 'have'} rows both in the training part "
                "and outside it. Rows that belong together resemble each other: the figures will be too good.",
                remedy="by_group",
            )
    if data.times is not None:
        latest, earliest = float(np.max(data.times[prepared.train_rows])), float(np.min(data.times[others]))
        if earliest < latest:
            yield Finding(
                "times",
                "warning",
                "Training rows are from later times than rows for testing or validation. To predict what comes, "
                "the network must not have seen it.",
                remedy="by_time",
            )


def _last_batch(prepared: Prepared, batch_size: int | None) -> Iterator[Finding]:
    rows = len(prepared.train_rows)
    size = min(batch_size or rows, rows)
    if rows and (rows % size or size) == 1:
        yield Finding(
            "last_batch",
            "warning",
            f"{rows:,} training rows in batches of {size} leave a last batch of one row, of which BatchNorm cannot "
            "take a deviation.",
            remedy="batch_size",
        )


# -- words -------------------------------------------------------------------------------------------------------------


def _sample(prepared: Prepared, columns: int) -> np.ndarray:
    """Row numbers in order: all, or some at equal distances."""
    rows = prepared.data.rows
    most = min(SAMPLE, max(1000, _SAMPLE_NUMBERS // max(columns, 1)))
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)


def _plain(data: Data, column: int) -> str:
    return data.feature_names[column] if column < len(data.feature_names) else f"x{column + 1}"


def _name(data: Data, column: int) -> str:
    return f"“{_plain(data, int(column))}”"


def _names(data: Data, columns: Iterable[int]) -> str:
    return _listed([_name(data, column) for column in columns])


def _where(data: Data, columns: np.ndarray) -> str:
    return f" in {_names(data, columns)}" if data.inputs.ndim == 2 else ""


def _classes_text(data: Data, numbers: Iterable[int]) -> str:
    names = [f"“{data.class_names[number]}”" for number in numbers]
    return f"class {names[0]}" if len(names) == 1 else f"classes {_listed(names)}"


def _listed(words: Sequence[str]) -> str:
    if len(words) > _MOST_NAMED:
        return f"{', '.join(words[:_MOST_NAMED])} and {len(words) - _MOST_NAMED} more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _says(columns: Sequence[int] | np.ndarray) -> str:
    return "says" if len(columns) == 1 else "say"


def _sampled(complete: bool) -> str:
    return "" if complete else " (in a sample of them)"
