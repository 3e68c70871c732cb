"""How many threads torch computes with while a network trains.

The number is part of a run's arithmetic: sums that are divided among threads are rounded differently. So it is chosen
here, once for the window, the command line and the exported script.
"""

from __future__ import annotations

from nnstudio.core.project import Project
from nnstudio.engine.compiler import Report
from nnstudio.engine.data import prepare
from nnstudio.engine.memory import layers_in

# Multiplications in one forward pass of a batch, below which dividing them costs about as much as it saves. Measured on
# two cores: with two threads iris 0.95 of the speed with one, digits (1.1 million) 1.08, a convolution (1.6 million)
# 1.2; and whenever something else runs beside it, the two threads wait for each other and are many times slower.
FEW_MULTIPLICATIONS = 1_300_000


def threads_for(project: Project, report: Report) -> int | None:
    """1 for a network that is too small to be divided; None for torch's own choice."""
    rows = len(prepare(project.data).train_rows)
    batch = min(project.training.batch_size or rows, rows)
    total = 0
    for path, _, times in layers_in(project.graph, report):
        found = report.nodes[path]
        if found.parameters and found.output is not None:
            places = 1 if len(found.output.shape) == 1 else found.output.size // found.output.shape[0]
            total += found.parameters * places * batch * times
    return 1 if total < FEW_MULTIPLICATIONS else None
