"""Loading: the rows of the data divided, filled in and scaled, as a script does it."""

from __future__ import annotations

import re
import textwrap
from typing import Literal

import numpy as np

from nnstudio.engine import data as engine_data
from nnstudio.engine.export.expressions import literal
from nnstudio.engine.export.fragments import Fragment, take_apart, without_unused
from nnstudio.engine.export.script.facts import Facts

_NAMES = {"train": "training", "validation": "validation", "test": "test"}


class Loading:
    """The function `load_data`, and what it calls.

    Attributes:
        imports: what its parts import. definitions: functions and classes, in this order.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._data = facts.prepared.data
        settings = facts.project.data
        assert settings.dataset is not None
        pieces = [take_apart(settings.dataset.source()), *(take_apart(text) for _, text in self._split_sources())]
        self.imports: list[str] = [line for piece in pieces for line in piece.imports]
        later = [text for piece in pieces[1:] for text in (*piece.definitions, piece.statements)]
        rows = without_unused(pieces[0], ["X", "y"], later)
        self.definitions: list[str] = [*rows.definitions, *(text for piece in pieces[1:] for text in piece.definitions)]
        if facts.prepared.mean is not None and self._bytes:
            self.definitions.append(_CHANNEL_SCALING)
        self.definitions.append(self._function(rows, pieces[1:]))

    @property
    def names(self) -> list[str]:
        """What `load_data` returns, as `main` calls it."""
        found = [f"{part}_{kind}" for part in self._facts.parts for kind in "xy"]
        return found + (["mean", "scale"] if self._facts.pictures_scaled else [])

    @property
    def _bytes(self) -> bool:
        return self._data.inputs.dtype == np.uint8

    @property
    def _by_rows(self) -> bool:
        """Whether row numbers are divided, and not the rows themselves."""
        return self._facts.project.data.split is not None or self._sampled or self._in_pieces

    @property
    def _sampled(self) -> bool:
        return bool(self._data.fill) and len(self._facts.prepared.train) > engine_data.SAMPLE

    @property
    def _in_pieces(self) -> bool:
        """Whether the scaling is found from some rows after others: there are too many to be copied at once."""
        prepared = self._facts.prepared
        return prepared.mean is not None and not self._bytes and not prepared.train.held

    def _split_sources(self) -> list[tuple[str, str]]:
        """For each part that is put aside, the source that defines `kept` and `aside`."""
        settings, data = self._facts.project.data, self._data
        purposes: list[tuple[Literal["test", "validation"], float]] = [
            ("test", settings.test_share),
            ("validation", settings.validation_share),
        ]
        found: list[tuple[str, str]] = []
        for purpose, share in purposes:
            if purpose not in self._facts.parts:
                continue
            if settings.split is not None:
                found.append((purpose, settings.split.source(data, share, settings.random_state, purpose)))
            elif self._by_rows:
                given = f"rows, test_size={literal(share)}, random_state={settings.random_state}"
                found.append((purpose, f"kept, aside = train_test_split({given})\n"))
        return found

    def _function(self, rows: Fragment, splits: list[Fragment]) -> str:
        facts = self._facts
        spoken = [_NAMES[part] for part in facts.parts]
        said = "Inputs and targets."
        if len(spoken) > 1:
            said = f"Training inputs and targets, then {' and '.join(spoken[1:])} inputs and targets."
        lines = rows.statements.splitlines()
        lines += self._divided_by_rows(splits) if self._by_rows else self._divided()
        lines += self._filled() + self._scaled()
        inputs, targets = self._each_of("X"), self._each_of("y")
        lines.append(f"{inputs} = {_each(inputs, _tensor(facts.prepared.input_type.dtype == 'int64'))}")
        lines.append(f"{targets} = {_each(targets, _tensor(facts.whole_targets))}")
        if facts.changed_target:
            lines.append(f"{targets} = {_each(targets, facts.loss.target_source, name='y')}")
        given = ["X", "y"] if inputs == "X" else [f"{part}_{kind}" for part in facts.parts for kind in "Xy"]
        given += ["mean", "scale"] if facts.pictures_scaled else []
        lines.append(f"return {', '.join(given)}")
        return f'def load_data():\n    """{said}"""\n' + textwrap.indent("\n".join(lines), "    ") + "\n"

    def _each_of(self, kind: str) -> str:
        """The names of the inputs, or of the targets, of all parts."""
        parts = self._facts.parts
        return kind if len(parts) == 1 and not self._by_rows else ", ".join(f"{part}_{kind}" for part in parts)

    def _divided(self) -> list[str]:
        settings = self._facts.project.data
        state = f"random_state={settings.random_state}"
        lines, left = [], "X, y"
        for part, share in (("test", settings.test_share), ("validation", settings.validation_share)):
            if part in self._facts.parts:
                names = f"train_X, {part}_X, train_y, {part}_y"
                lines.append(f"{names} = train_test_split({left}, test_size={literal(share)}, {state})")
                left = "train_X, train_y"
        return lines

    def _divided_by_rows(self, splits: list[Fragment]) -> list[str]:
        lines = ["rows = np.arange(len(X))"]
        purposes = [part for part in ("test", "validation") if part in self._facts.parts]
        for purpose, split in zip(purposes, splits, strict=True):
            lines += [*split.statements.splitlines(), f"rows, {purpose}_rows = kept, aside"]
        chosen = {part: "rows" if part == "train" else f"{part}_rows" for part in self._facts.parts}
        return lines + [
            f"{self._each_of(kind)} = {', '.join(f'{kind}[{name}]' for name in chosen.values())}" for kind in "Xy"
        ]

    # -- what the training rows say ----------------------------------------------------------------------------------

    def _flat(self, rows: str) -> str:
        """Rows as rows of numbers."""
        return rows if self._data.inputs.ndim == 2 else f"{rows}.reshape(len({rows}), -1)"

    def _through(self, made: str, rows: str = "part") -> str:
        """Rows through something of scikit-learn that knows rows of numbers."""
        call = f"{made}.transform({self._flat(rows)})"
        return call if self._data.inputs.ndim == 2 else f"{call}.reshape({rows}.shape)"

    def _filled(self) -> list[str]:
        if self._facts.prepared.scaling.fill is None:
            return []
        inputs, lines, fitted = self._each_of("X"), [], self._flat(self._each_of("X").split(",")[0])
        if self._sampled:
            sample = f"np.random.default_rng(0).choice(rows, {engine_data.SAMPLE}, replace=False)"
            lines.append(f"some = X[np.sort({sample})]  # of very many rows")
            fitted = self._flat("some")
        given = f'strategy="{self._data.fill}", fill_value=0, keep_empty_features=True'
        lines.append(f"imputer = SimpleImputer({given}).fit({fitted})")
        return [*lines, f"{inputs} = {_each(inputs, self._through('imputer'))}"]

    def _scaled(self) -> list[str]:
        facts, prepared = self._facts, self._facts.prepared
        inputs = self._each_of("X")
        first = inputs.split(",")[0]
        if self._bytes:
            bright = f"{inputs} = {_each(inputs, 'part.astype(np.float32) / np.float32(255)')}"
            if prepared.mean is None:
                return [bright]
            measured = f"mean, scale = channel_scaling({first})"
            lines = [measured, bright, f"{inputs} = {_each(inputs, '(part - mean) / scale')}"]
            if facts.pictures_scaled:
                lines.append("mean, scale = torch.from_numpy(mean), torch.from_numpy(scale)")
            return lines
        if prepared.mean is None:
            return []
        lines = self._fitted_in_pieces() if self._in_pieces else [f"scaler = StandardScaler().fit({self._flat(first)})"]
        lines.append(f"{inputs} = {_each(inputs, self._through('scaler'))}")
        if facts.pictures_scaled:
            numbers = f"torch.from_numpy(part.astype(np.float32)).reshape{prepared.train.shape}"
            lines.append(f"mean, scale = ({numbers} for part in (scaler.mean_, scaler.scale_))")
        return lines

    def _fitted_in_pieces(self) -> list[str]:
        """In the order of the data."""
        filled = self._facts.prepared.scaling.fill is not None
        return [
            "scaler, ordered = StandardScaler(), np.sort(rows)",
            f"for first in range(0, len(ordered), {engine_data.PIECE}):",
            f"    piece = X[ordered[first : first + {engine_data.PIECE}]]",
            *([f"    piece = {self._through('imputer', 'piece')}"] if filled else []),
            f"    scaler.partial_fit({self._flat('piece')})",
        ]


def _each(names: str, expression: str, name: str = "part") -> str:
    """An expression in `part`, for one name or for each of several."""
    if "," in names:
        return f"({expression} for {name} in ({names}))"
    return re.sub(rf"\b{name}\b", names, expression)


def _tensor(whole: bool) -> str:
    return f"torch.from_numpy(np.ascontiguousarray(part, {'np.int64' if whole else 'np.float32'}))"


_CHANNEL_SCALING = '''def channel_scaling(pictures):
    """Mean and deviation of each channel of bytes, over all places, on the scale from 0 to 1."""
    counts = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in np.moveaxis(pictures, 1, 0)])
    values = np.arange(256) / 255
    total = counts.sum(axis=1)
    mean = counts @ values / total
    deviation = np.sqrt(np.maximum(counts @ values**2 / total - mean**2, 0))
    deviation[deviation < 1e-12] = 1.0
    shape = (-1, *[1] * (pictures.ndim - 2))
    return mean.astype(np.float32).reshape(shape), deviation.astype(np.float32).reshape(shape)
'''
