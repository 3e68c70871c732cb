"""TimeSeries."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.reading import tell
from nnstudio.core.sources import fingerprint
from nnstudio.core.spec import field
from nnstudio.library.datasets import _arrays
from nnstudio.library.datasets._series import in_order, moments, scaled, window_starts, windows
from nnstudio.library.datasets._table_decision import decide
from nnstudio.library.datasets._table_facts import TableFacts
from nnstudio.library.datasets._table_plan import Plan
from nnstudio.library.datasets._table_reader import Table
from nnstudio.library.datasets.table_file import TableFile

_PIECE = 4096  # windows that are copied at once


class TimeSeries(
    TableFile,
    category="Own data",
    suffixes=TableFile.suffixes,
    usual=False,
    aliases=("forecast", "sequence", "windows", "lstm", "sensor", "csv"),
):
    """A table whose rows are moments, cut into windows [time, columns], to forecast what comes or to tell a class."""

    title = "Time series"
    history: ClassVar[bool] = True

    length: int = field(24, "How many moments a window has.", minimum=1, maximum=100_000, logarithmic=True)
    horizon: int = field(
        1, "How many moments after the window the forecast value lies; a class is that of the window's end.", minimum=1
    )
    every_step: bool = field(
        False, "Whether all values up to the horizon are forecast, or only the one at the horizon."
    )
    stride: int = field(1, "How many moments later the next window begins.", minimum=1)
    target_unit: str = field(
        "standard deviations",
        "The forecast values as they are in the file, or scaled to mean 0 and deviation 1, which trains better.",
        choices=("standard deviations", "raw"),
    )

    def load(self) -> Data:
        data = super().load()
        rows = data.rows
        order = in_order(data.times, data.groups, rows)
        if (np.diff(order) == 1).all():
            inputs, targets, times, groups = data.inputs, data.targets, data.times, data.groups
        else:
            inputs, targets = data.inputs[order], data.targets[order]
            times = None if data.times is None else data.times[order]
            groups = None if data.groups is None else data.groups[order]
        forecast = data.task == "regression"
        ahead = self.horizon if forecast else 0
        starts = window_starts(groups, rows, self.length + ahead, self.stride)
        if not len(starts):
            raise ValueError(self._too_short(rows, groups, ahead))
        if forecast and self.target_unit == "standard deviations":
            targets = scaled(targets)
        number = moments(times, groups, rows)
        at = starts + self.length - 1 + ahead
        reach = 0.0
        if forecast and self.every_step:
            reach = float((number[at] - number[at - self.horizon + 1]).max())
            said = targets[starts[:, np.newaxis] + self.length + np.arange(self.horizon)].reshape(len(starts), -1)
        else:
            said = targets[at]
        steps = f"{self.horizon} {'step' if self.horizon == 1 else 'steps'} ahead"
        return Data(
            self._windows(inputs, starts),
            said,
            data.task,
            data.feature_names,
            data.class_names,
            f"{data.target_name}, {'up to ' if self.every_step else ''}{steps}" if forecast else data.target_name,
            groups=None if groups is None else groups[starts],
            times=number[at].astype(np.float64),
            reach=reach,
            notices=(*data.notices, *self._notices(targets, starts, ahead, times, groups)),
            fill=data.fill,
        )

    def source(self) -> str:
        plan = self._planned(self.located())[2]
        times = "None" if plan.time is None else "times"
        groups = "None" if plan.group is None else "groups"
        forecast = plan.task == "regression"
        ahead = self.horizon if forecast else 0
        functions: list[Callable[..., Any]] = [
            in_order,
            moments,
            *([scaled] if forecast else []),
            window_starts,
            windows,
        ]
        lines = [f"order = in_order({times}, {groups}, len(X))", "X, y = X[order], y[order]"]
        lines += [f"{name} = {name}[order]" for name in (times, groups) if name != "None"]
        if forecast and self.target_unit == "standard deviations":
            lines.append("y = scaled(y)")
        lines += [
            f"starts = window_starts({groups}, len(X), {self.length + ahead}, {self.stride})",
            f"at = starts + {self.length - 1 + ahead}",
            f"times = moments({times}, {groups}, len(X))[at].astype(np.float64)",
            *(["groups = groups[starts]"] if plan.group is not None else []),
            f"X = windows(X, starts, {self.length})",
        ]
        if forecast and self.every_step:
            places = f"starts[:, np.newaxis] + {self.length} + np.arange({self.horizon})"
            lines.append(f"y = y[{places}].reshape(len(starts), -1)")
        else:
            lines.append("y = y[at]")
        written = "".join(f"\n\n{inspect.getsource(function)}" for function in functions)
        return f"{super().source()}{written}\n\n" + "\n".join(lines) + "\n"

    def encode(self, path: Path) -> np.ndarray:
        """The windows of another file with the same columns, one for each of its moments from the first whole one on.

        Its rows are one series in the order of time.

        Raises:
            ValueError, OSError: as of a table; or it is shorter than a window.
        """
        values = super().encode(path)
        if len(values) < self.length:
            raise ValueError(
                f"{path.name} has {len(values):,} moments, but a window has {self.length:,}. Add earlier moments."
            )
        return windows(values, np.arange(len(values) - self.length + 1), self.length)

    def _planned(self, path: Path) -> tuple[Table, TableFacts, Plan]:
        """As of a table; the only column of dates is the time where none is chosen."""
        table, facts, plan = super()._planned(path)
        dates = [use.column for use in plan.features if use.way == "days"]
        if self.time_column or len(dates) != 1:
            return table, facts, plan
        plan = decide(table, facts, self.with_(time_column=dates[0]), plan.decimal)
        if plan.problems:
            raise ValueError(plan.problems[0])
        plan.notices.append(f"The column {dates[0][:60]!r} was taken for the time.")
        return table, facts, plan

    def _windows(self, inputs: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """The windows: a view where they are evenly spaced, else a copy, in a file where it is large."""
        shape = (self.length, inputs.shape[1])
        large = len(starts) * self.length * inputs.shape[1] * inputs.itemsize > _arrays.LARGEST_IN_MEMORY
        if not large or len(set(np.diff(starts).tolist())) <= 1:
            return windows(inputs, starts, self.length)

        def pieces() -> Iterator[np.ndarray]:
            every = np.lib.stride_tricks.sliding_window_view(inputs, self.length, axis=0).swapaxes(1, 2)
            for first in range(0, len(starts), _PIECE):
                tell(first / len(starts), "Cutting windows")
                yield every[starts[first : first + _PIECE]]

        key = f"{self._key(self.located())} windows {self.length} {self.horizon} {self.stride}"
        return _arrays.gathered(key, len(starts), shape, inputs.dtype, pieces(), {})

    def _key(self, path: Path) -> str:
        """What the numbers of the table depend on; windows are cut anew."""
        table = {item.name: getattr(self, item.name) for item in TableFile.settings()}
        for name in ("path", "sha256", "embedded"):
            del table[name]
        return f"TimeSeries {fingerprint(path)} {json.dumps(table)}"

    def _too_short(self, rows: int, groups: np.ndarray | None, ahead: int) -> str:
        longest = rows if groups is None else int(np.bincount(groups).max())
        of = "The series has" if groups is None else "The longest series has"
        more = f" and {ahead:,} after it" if ahead else ""
        return (
            f"{of} {longest:,} moments, but a window of {self.length:,}{more} needs {self.length + ahead:,}. Choose "
            "shorter windows or a longer series."
        )

    def _notices(
        self, targets: np.ndarray, starts: np.ndarray, ahead: int, times: np.ndarray | None, groups: np.ndarray | None
    ) -> Iterator[str]:
        if self.stride < self.length + ahead:
            yield (
                "Neighbouring windows overlap. Divide them by time or by group, because with a random split most of "
                "each test window is in a training window too."
            )
        if groups is not None:
            given, whole = len(np.unique(groups[starts])), len(np.unique(groups))
            if given < whole:
                yield f"{whole - given:,} of {whole:,} series are shorter than a window and were left out."
        if times is not None:
            gaps = np.diff(times)[np.diff(groups) == 0] if groups is not None else np.diff(times)
            if len(gaps) and gaps.max() > 1.5 * gaps.min():
                yield (
                    f"The moments are not evenly spaced: they lie {gaps.min():.4g} to {gaps.max():.4g} apart, and a "
                    "window does not see that."
                )
        if ahead:
            now, then = starts + self.length - 1, starts + self.length - 1 + ahead
            error = float(np.mean((targets[then] - targets[now]) ** 2))
            yield f"To say that the last value stays has a mean squared error of {error:.4g}: that is to be beaten."
