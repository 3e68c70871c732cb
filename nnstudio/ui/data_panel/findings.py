"""Findings: what to look at in the rows, as cards, with the remedy that one click applies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nnstudio.core.data import Data
from nnstudio.core.kinds import Split
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.data_report import Finding
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Card, Cards

MOST = 12

TITLES = {
    "leak": "A column gives the target away",
    "duplicates": "The same rows in several parts",
    "constant": "A column that never changes",
    "identifier": "A column that numbers the rows",
    "missing_class": "A class is missing in a part",
    "one_class": "Only one class",
    "imbalance": "A rare class",
    "missing": "Missing values",
    "mostly_missing": "Mostly missing values",
    "infinite": "Infinite values",
    "scales": "Very different scales",
    "groups": "Groups are torn apart",
    "times": "The future is known",
    "last_batch": "A last batch of one row",
}
_SPLITS = {"stratify": "StratifiedSplit", "by_group": "GroupSplit", "by_time": "TimeSplit"}


@dataclass(frozen=True)
class Change:
    """What a click would do: the words of the button, of the edit, and the project after it."""

    words: str
    label: str
    project: Project


class Findings(Cards):
    """One card for each finding."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("findings")
        self.document = document
        self.shown: tuple[Finding, ...] = ()

    def renew(self, found: Sequence[Finding], data: Data | None) -> None:
        """Show these."""
        self.shown = tuple(found)
        self.show_cards(self._card(finding, data) for finding in found[:MOST])

    def _card(self, finding: Finding, data: Data | None) -> Card:
        actions = []
        change = remedy(self.document.project, finding, data)
        if change is not None:
            actions.append((change.words, "Do this now; undo takes it back.", lambda: self._apply(finding, data)))
        return Card(finding.severity, TITLES.get(finding.kind, "To look at"), finding.sentence, actions)

    def _apply(self, finding: Finding, data: Data | None) -> None:
        change = remedy(self.document.project, finding, data)
        if change is not None:
            self.document.edit(change.label, change.project)


def remedy(project: Project, finding: Finding, data: Data | None) -> Change | None:
    """The change that mends a finding; None where there is none, or it is made already."""
    change = _change(project, finding, data)
    return change if change is not None and change.project != project else None


def _change(project: Project, finding: Finding, data: Data | None) -> Change | None:
    kind = finding.remedy
    if kind == "leave_out" and data is not None:
        return _left_out(project, [data.feature_names[i] for i in finding.columns if i < len(data.feature_names)], data)
    if kind in _SPLITS and _SPLITS[kind] in registered(Split):
        split = registered(Split)[_SPLITS[kind]]
        if type(project.data.split) is split:
            return None
        after = project.with_data(split=split())
        return Change(
            f"Divide the rows {split.title.lower()}" if kind != "stratify" else "Divide the rows stratified",
            f"Split {split.title.lower()}",
            after,
        )
    if kind == "standardise":
        return Change("Standardise the columns", "Standardise", project.with_data(standardise=True))
    if kind == "weigh_classes":
        return Change("Let rare classes count more", "Weigh classes", project.with_training(class_weights=True))
    if kind == "batch_size" and project.training.batch_size is not None:
        size = project.training.batch_size + 1
        return Change(f"Use batches of {size} rows", "Set batch size", project.with_training(batch_size=size))
    if kind == "fill" and hasattr(project.data.dataset, "missing"):
        assert project.data.dataset is not None
        filled = project.data.dataset.with_(missing="median")
        return Change("Put the median in their place", "Fill missing values", project.with_data(dataset=filled))
    return None


def _left_out(project: Project, names: list[str], data: Data) -> Change | None:
    """The project without some columns: ignored by the dataset, or not taken by the Input."""
    if not names:
        return None
    few = "this column" if len(names) == 1 else "these columns"
    label = f"Leave out {names[0]}" if len(names) == 1 else f"Leave out {len(names)} columns"
    dataset = project.data.dataset
    if dataset is not None and hasattr(dataset, "ignored"):
        # A category becomes several columns, called by the column of the file and the category.
        listed = list(dict.fromkeys([*dataset.ignored, *(_column_of(name, dataset) for name in names)]))
        return Change(f"Leave {few} out", label, project.with_data(dataset=dataset.with_(ignored=tuple(listed))))
    kept = tuple(i for i, name in enumerate(data.feature_names) if name not in names)
    graph = project.graph
    sources = [node for node in graph.nodes.values() if hasattr(node.layer, "features") and node.layer.role == "input"]
    if not kept or len(sources) != 1:
        return None
    before = sources[0].layer.features  # type: ignore[attr-defined]
    graph = graph.configure(sources[0].id, features=tuple(i for i in before or kept if i in kept))
    return Change(f"Leave {few} out", label, replace(project, graph=graph))


def _column_of(feature: str, dataset: object) -> str:
    """The column of the file that a feature was made of."""
    return feature.split(" = ")[0].split("=")[0] if "=" in feature else feature
