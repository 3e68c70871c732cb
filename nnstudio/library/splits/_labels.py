"""What splits need of the classes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nnstudio.core.data import Data

_NAMED = 3  # classes that one sentence names


def needs_classes(data: Data, least: int) -> Iterable[str]:
    """One class number for each row, and so many rows of each class."""
    if data.task != "classification":
        yield (
            f"A stratified split needs classes, but {data.target_name} is a number. Choose a random split in the "
            "Data panel."
        )
    elif data.targets.ndim > 1:
        yield (
            "A stratified split needs one class for each row, but each row has a class at every place. Choose a random "
            "split in the Data panel."
        )
    else:
        counts = np.bincount(data.targets, minlength=data.classes)
        rare = [number for number, count in enumerate(counts) if 0 < count < least]
        if rare:
            named = ", ".join(f"{_name(data, number)} has {counts[number]}" for number in rare[:_NAMED])
            more = f", and {len(rare) - _NAMED} more classes are as rare" if len(rare) > _NAMED else ""
            yield (
                f"A stratified split needs at least {least} rows of each class, but {named}{more}. Add rows of the "
                "rare classes, leave them out, or choose a random split."
            )


def _name(data: Data, number: int) -> str:
    return data.class_names[number] if number < data.classes else f"class {number}"
