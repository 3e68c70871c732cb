"""What the losses over classes need of the class numbers."""

from __future__ import annotations

from collections.abc import Iterable

from nnstudio.core.data import Data
from nnstudio.core.problems import Complaint


def needs_labels(data: Data, wanted: str = "classes") -> Iterable[Complaint]:
    """Classes, at least two of them, and no class number outside them."""
    if data.task != "classification":
        got = f"numbers ({data.target_name}) from the data"
        yield Complaint(f"{wanted} to predict", got, "Choose MSELoss at the Output.")
    elif data.classes < 2:
        yield Complaint("at least 2 classes", f"{data.classes} from the data", "Choose data with more classes.")
    elif data.rows and not (data.targets.min() >= 0 and data.targets.max() < data.classes):
        outside = data.targets.min() if data.targets.min() < 0 else data.targets.max()
        yield Complaint(
            f"labels from 0 to {data.classes - 1} for its {data.classes} classes",
            f"label {outside}, but there are only {data.classes} classes (0–{data.classes - 1})",
            "Correct the class numbers in the data.",
        )
