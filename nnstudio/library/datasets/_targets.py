"""What is to be predicted, understood from an array: classes or values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnstudio.core.data import Task

TASKS = ("guess", "classification", "regression")
TASK_SENTENCE = "What the targets are: classes, or values; whole numbers and texts are guessed to be classes."
_EXACT = 2**53  # larger whole numbers are not all the same in a float


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets as Data holds them.

    Attributes:
        values: int64 class numbers, or float64 [rows, outputs].
        class_names: in the order of the class numbers; empty for values.
        lines: Python that makes `y` of the `y` that was read.
        notices: what a person should know of it.
    """

    values: np.ndarray
    task: Task
    class_names: tuple[str, ...]
    lines: tuple[str, ...]
    notices: tuple[str, ...] = ()


def understood(y: np.ndarray, task: str, shown: str) -> Targets:
    """Classes or values of an array of numbers or texts.

    Args:
        y: [rows, …].
        task: one of TASKS.
        shown: what the array is called in sentences.

    Raises:
        ValueError: it cannot be predicted; one sentence.
    """
    if y.dtype.kind not in "biufUS":
        raise ValueError(f"{shown} has the type {y.dtype}; numbers or texts are needed. Choose other targets.")
    if not len(y) or y.size == 0:
        raise ValueError(f"{shown} has no rows. Choose other targets.")
    refuse_not_a_number(y, shown, 0)
    lines: list[str] = []
    if y.dtype.kind == "S":
        lines.append('y = np.char.decode(y, "utf-8", "replace")')
        y = np.char.decode(y, "utf-8", "replace")
    if y.ndim == 2 and y.shape[1] == 1:
        lines.append("y = y[:, 0]")
        y = y[:, 0]
    one_hot = task != "regression" and _is_one_hot(y)
    if one_hot:
        lines.append("y = y.argmax(axis=1)")
        y = y.argmax(axis=1)
    chosen, notices = (task, ()) if task != "guess" else _guessed(y, shown)
    if chosen == "regression":
        if y.dtype.kind == "U":
            raise ValueError(f"{shown} holds texts, which are no values to predict. Choose classification.")
        lines.append("y = y.astype(np.float64).reshape(len(y), -1)")
        values = y.astype(np.float64).reshape(len(y), -1)
        return Targets(values, "regression", (), tuple(lines), (*notices, *_rounded(y, shown)))
    classes, numbers = np.unique(y, return_inverse=True)
    lines.append("y = np.unique(y, return_inverse=True)[1].reshape(y.shape).astype(np.int64)")
    names = tuple(_name(value) for value in classes)
    if one_hot:
        notices += (f"{shown} has a column for each class; the column with the 1 is taken as the class.",)
    elif y.dtype.kind in "iu" and not np.array_equal(classes, np.arange(len(classes))):
        notices += (f"The classes in {shown} are numbered {_listed(names)}; the network counts them from 0.",)
    if len(classes) == 1:
        notices += (f"All rows in {shown} have the same class, {names[0]}: there is nothing to tell apart.",)
    return Targets(numbers.reshape(y.shape).astype(np.int64), "classification", names, tuple(lines), notices)


def refuse_not_a_number(values: np.ndarray, shown: str, first: int) -> None:
    """Raises ValueError where an array [rows, …] has something that is no finite number, with the number of its row.

    Args:
        first: the number of the first row in the whole.
    """
    if values.dtype.kind != "f":
        return
    # One sum tells most of the time that all is well, without an array of yes and no.
    with np.errstate(all="ignore"):
        if np.isfinite(values.sum(dtype=np.float64)):
            return
    wrong = ~np.isfinite(values)
    if wrong.any():
        place = np.argwhere(wrong)[0]
        number = str(values[tuple(place)]).replace("nan", "not-a-number").replace("inf", "infinity")
        where = f", column {place[1] + 1}" if values.ndim == 2 else ""
        raise ValueError(
            f"Row {first + int(place[0]) + 1}{where} of {shown} is {number}. "
            "Fill such places in, or take the rows out, and save it again."
        )


def _is_one_hot(y: np.ndarray) -> bool:
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind == "U":
        return False
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _guessed(y: np.ndarray, shown: str) -> tuple[Task, tuple[str, ...]]:
    """Classes where values repeat, as class numbers do."""
    if y.dtype.kind in "bU":
        return "classification", ()
    whole = y.dtype.kind in "iu" or bool((y == np.floor(y)).all())
    if not whole or y.ndim == 2:
        return "regression", ()
    different = len(np.unique(y))
    many = max(20, y.size // 10) if y.dtype.kind in "iu" else 20
    if different > many:
        words = (
            f"{shown} has {different:,} different whole numbers: they are taken as values to predict, not as classes."
        )
        return "regression", (words,)
    if y.dtype.kind == "f":
        words = (
            f"{shown} has {different:,} different whole numbers: they are taken as classes, not as values to predict."
        )
        return "classification", (words,)
    return "classification", ()


def _rounded(y: np.ndarray, shown: str) -> tuple[str, ...]:
    if y.dtype.kind not in "iu" or not len(large := np.argwhere((y > _EXACT) | (y < -_EXACT))):
        return ()
    return (f"Row {int(large[0][0]) + 1} of {shown} is beyond 2^53 in magnitude: such whole numbers are rounded.",)


def _name(value: np.generic) -> str:
    if isinstance(value, np.bool_):
        return "yes" if value else "no"
    if isinstance(value, np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])}, …, {names[-1]}"
