"""Arrays of numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.sources import FileDataset, fingerprint
from nnstudio.core.spec import field
from nnstudio.library.datasets import _arrays
from nnstudio.library.datasets._array_choice import Choice, choose
from nnstudio.library.datasets._input_arrays import AXES, NUMBERS, Plan, planned
from nnstudio.library.datasets._targets import TASK_SENTENCE, TASKS, Targets, understood


class ArrayFile(
    FileDataset, category="Own data", title="Array file", suffixes=(".npz", ".npy"), aliases=("numpy", "npz", "npy")
):
    """Arrays that numpy saved: an NPZ file with inputs and targets, or an NPY file."""

    inputs: str = field("", "The name of the array of inputs in an NPZ file; empty: guessed, such as x or x_train.")
    targets: str = field("", "The name of the array of targets in an NPZ file; empty: guessed, such as y or labels.")
    targets_path: str = field(
        "", "For an NPY file, the NPY file with the targets; empty: the last column of a table is the target."
    )
    task: str = field("guess", TASK_SENTENCE, choices=TASKS)
    axes: str = field("guess", "How the axes of the inputs lie; pictures need the channels first.", choices=AXES)
    whole_numbers: str = field(
        "numbers", "What whole numbers in the inputs are: amounts, or the numbers of tokens.", choices=NUMBERS
    )

    def load(self) -> Data:
        path = self.located()
        chosen, plan, targets = self._decided(path)
        facts: dict[str, Any] = {}
        inputs = _read(path, chosen, plan, facts)
        parts = np.repeat(np.array(chosen.parts, np.int8), chosen.rows) if chosen.parts else None
        names = tuple(f"x{place + 1}" for place in range(inputs.shape[1])) if inputs.ndim == 2 else ()
        return Data(
            inputs,
            targets.values,
            targets.task,
            names,
            targets.class_names,
            (chosen.targets[0].member or "y") if chosen.targets else "last column",
            parts=parts,
            notices=(*chosen.notices, *plan.notices, *facts.values(), *targets.notices),
        )

    def source(self) -> str:
        chosen, plan, targets = self._decided(self.located())
        lines = [*plan.lines, *targets.lines]
        if chosen.parts:
            lines.append(f"parts = np.repeat(np.array({list(chosen.parts)}, np.int8), {list(chosen.rows)})")
        return "import numpy as np\n\n" + chosen.source + "".join(f"{line}\n" for line in lines)

    def _decided(self, path: Path) -> tuple[Choice, Plan, Targets]:
        chosen = choose(path, self.inputs, self.targets, self.targets_path)
        plan = planned(chosen.inputs, not chosen.targets, self.axes, self.whole_numbers)
        if chosen.targets:
            y = np.concatenate([array.whole() for array in chosen.targets])
        else:
            y = np.concatenate([piece[:, -1] for piece in chosen.inputs[0].pieces()])
        return chosen, plan, understood(y, self.task, chosen.shown_targets)


def _read(path: Path, chosen: Choice, plan: Plan, facts: dict[str, Any]) -> np.ndarray:
    only = chosen.inputs[0]
    size = sum(chosen.rows) * np.dtype(plan.dtype).itemsize * int(np.prod(plan.shape))
    large = size > _arrays.LARGEST_IN_MEMORY
    if large and not only.member and not plan.lines:
        for _ in plan.pieces(chosen.inputs, facts):  # every number is looked at, and nothing is copied
            pass
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped if chosen.targets else mapped[:, :-1]
    members = [array.member for array in chosen.inputs]
    key = f"ArrayFile {fingerprint(path)} {members} {plan.lines} {plan.last_is_target}" if large else ""
    pieces = plan.pieces(chosen.inputs, facts)
    return _arrays.gathered(key, sum(chosen.rows), plan.shape, plan.dtype, pieces, facts)
