"""Facts: what the parts of a script have in common."""

from __future__ import annotations

from typing import Any

import torch

from nnstudio.core.blocks import boundary
from nnstudio.core.kinds import Loss, Metric
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import check, compile_network
from nnstudio.engine.data import PARTS, PartName, Prepared, prepare


class Facts:
    """A project, and what follows from its settings for a script.

    Attributes:
        heads: the Outputs. main: the one that figures are made of; place: which of them that is.
        plain: whether there is one loss, of the targets alone, that counts once.
        columns: the features of each Input; none for all. classes: whether figures are of classes.
        parts: the parts of the data that have rows.
        whole: whether every step sees all rows. batches: steps in an epoch.
        accumulate: batches that make one update; 1 where every batch does.
        whole_targets: whether the data has class numbers as targets.
        changed_target: whether the loss takes the targets in another form than the data has them in.
        on_any_device: whether the script may run elsewhere than on the processor.
        together: whether the script is for several processes.
        pictures_scaled: whether rows are pictures that were standardised, and are changed at random before that.
    """

    def __init__(self, project: Project, together: bool = False) -> None:
        self.project, self.training, self.together = project, project.training, together
        self.prepared: Prepared = prepare(project.data)
        self.report = check(project)
        with torch.device("meta"):  # its source is wanted, not its numbers
            self.network = compile_network(project.graph, self.prepared.input_type)
        outputs = boundary(project.graph, "output")
        self.heads: list[Any] = [node.layer for node in outputs]
        self.place = next((place for place, head in enumerate(self.heads) if head.target == "target"), 0)
        self.main = self.heads[self.place]
        self.loss: Loss = self.main.loss
        given = self.report.nodes[outputs[self.place].id].output
        self.flat = given is not None and len(given.shape) > 1
        self.plain = len(self.heads) == 1 and self.main.weight == 1 and self.main.target == "target"
        self.columns = [node.layer.features for node in boundary(project.graph, "input")]  # type: ignore[attr-defined]
        task = self.prepared.data.task
        self.classes = task == "classification" and self.main.target == "target"
        kind = "classification" if self.classes else "regression"
        self.metrics = [made() for made in registered(Metric).values() if kind in made.tasks and made.usual]
        self.parts: tuple[PartName, ...] = tuple(name for name in PARTS if len(self.prepared.part(name)))
        rows = len(self.prepared.train)
        self.batch_size = min(self.training.batch_size or rows, rows)
        self.whole = self.batch_size == rows
        self.batches = -(-rows // self.batch_size)
        self.accumulate = min(self.training.accumulate, self.batches)
        raw = self.prepared.train.targets[:1]
        self.whole_targets = raw.dtype == torch.int64
        self.changed_target = self.main.target == "target" and self.loss.target(raw, task).dtype != raw.dtype
        self.on_any_device = self.training.device != "cpu"
        self.augmented = bool(project.data.augmentations)
        self.pictures_scaled = self.augmented and len(self.prepared.train.shape) == 3 and self.prepared.mean is not None

    @property
    def weighed(self) -> bool:
        """Whether rows of rare classes count more in a loss."""
        return self.training.class_weights and any(map(self.weighs, self.heads))

    def weighs(self, head: Any) -> bool:
        """Whether the loss of this Output counts rows of rare classes more."""
        return bool(
            self.training.class_weights
            and self.prepared.data.task == "classification"
            and head.loss.weighs_classes
            and head.target == "target"
            and head.weight
        )

    @property
    def watched(self) -> PartName:
        """The part whose loss is watched."""
        return next(name for name in ("validation", "test", "train") if name in self.parts)  # type: ignore[misc]

    @property
    def stepped(self) -> str:
        """When the schedule is stepped; empty without one."""
        schedule = self.training.schedule
        return schedule.stepped if schedule is not None and schedule.torch_class is not None else ""

    @property
    def stepped_model(self) -> str:
        """What is called in a step."""
        return "shared" if self.together else "compiled" if self.training.compile else "model"

    def called(self, model: str, rows: str) -> str:
        """The call of the model: with all columns, or those of each Input."""
        table = len(self.prepared.input_type.shape) == 1
        chosen = [f"{rows}[:, {list(columns)!r}]" if columns and table else rows for columns in self.columns]
        return f"{model}({', '.join(chosen)})"

    def lost(self, output: str, rows: str, targets: str) -> str:
        """The call of the loss."""
        return f"loss_function({output}, {targets})" if self.plain else f"loss_function({output}, {rows}, {targets})"

    def main_output(self, output: str) -> str:
        """The output that figures are made of."""
        return output if len(self.heads) == 1 else f"{output}[{self.place}]"

    def aim(self, rows: str, targets: str) -> str:
        """What that output is compared with."""
        return rows if self.main.target == "input" else targets
