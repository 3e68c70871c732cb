"""Document: the open Project in the window.

`edit` is the only way that the project changes. Views listen to `changed(before, after)`, compare the two values and
update what differs; they write to nothing but the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.graph import Graph
from nnstudio.core.project import Project
from nnstudio.engine.compiler import Report, check


@dataclass(frozen=True)
class Edit:
    """One step of the undo stack: what it is called, and the project before and after it."""

    label: str
    before: Project
    after: Project
    merge: str = ""


class Document(QObject):
    """The project, its undo stack, its file, the weights that belong to it, and what is selected."""

    # before: Project, after: Project
    changed = Signal(object, object)
    # Report: shapes and problems of the project as it is now; emitted after `changed` when they may differ
    checked = Signal(object)
    # frozenset of node ids
    selected = Signal(object)
    # the path, the saved state or the undo stack differ: titles and menus renew themselves
    state_changed = Signal()

    def __init__(self, project: Project, path: Path | None = None, checkpoint: Checkpoint | None = None) -> None:
        super().__init__()
        self.project = project
        self.path = path
        self.checkpoint = checkpoint
        self.selection: frozenset[str] = frozenset()
        self.report: Report = check(project)
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._saved = project
        self._saved_checkpoint = checkpoint

    # -- editing ---------------------------------------------------------------------------------------------------

    def edit(self, label: str, project: Project, merge: str = "") -> None:
        """Change the project. Edits in a row with the same non-empty `merge` key become one step of undo."""
        before = self.project
        if project == before:
            return
        last = self._done[-1] if self._done else None
        if merge and last is not None and last.merge == merge and last.after is before and not self._undone:
            self._done[-1] = replace(last, after=project)
        else:
            self._done.append(Edit(label, before, project, merge))
        self._undone.clear()
        self._show(before, project)

    def edit_graph(self, label: str, graph: Graph, merge: str = "") -> None:
        """Change only the drawing."""
        self.edit(label, self.project.with_graph(graph), merge)

    def undo(self) -> None:
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._show(step.after, step.before)

    def redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._show(step.before, step.after)

    @property
    def undo_label(self) -> str:
        """The name of the edit that undo takes back; empty when there is none."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""

    def end_merge(self) -> None:
        """The next edit starts a step of its own, whatever its merge key."""
        if self._done and self._done[-1].merge:
            self._done[-1] = replace(self._done[-1], merge="")

    def _show(self, before: Project, after: Project) -> None:
        self.project = after
        gone = self.selection - after.graph.nodes.keys()
        self.changed.emit(before, after)
        if gone:
            self.select(self.selection - gone)
        if meaning(before) != meaning(after):
            self.report = check(after)
            self.checked.emit(self.report)
        self.state_changed.emit()

    # -- selection -------------------------------------------------------------------------------------------------

    def select(self, node_ids: Iterable[str]) -> None:
        """Select these nodes and no others."""
        chosen = frozenset(node_ids) & self.project.graph.nodes.keys()
        if chosen != self.selection:
            self.selection = frozenset(chosen)
            self.selected.emit(self.selection)

    # -- file ------------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What the title bar calls it."""
        return self.path.stem if self.path else (self.project.title or "Untitled")

    @property
    def modified(self) -> bool:
        """Whether the file lacks something that is here."""
        return self.project != self._saved or self.checkpoint is not self._saved_checkpoint

    def trained(self, checkpoint: Checkpoint | None) -> None:
        """Weights and curves as they are now; None after a reset."""
        self.checkpoint = checkpoint
        self.state_changed.emit()

    def save(self, path: Path, picture: bytes = b"") -> None:
        """Write drawing, settings, weights and curves. Raises StorageError; the old file is then untouched."""
        storage.write(path, self.project, self.checkpoint, picture)
        self.path = path
        self._saved, self._saved_checkpoint = self.project, self.checkpoint
        self.end_merge()
        self.state_changed.emit()


def meaning(project: Project) -> tuple[object, ...]:
    """All of a project that its check depends on: everything but positions and texts for the reader."""
    nodes = {node_id: (node.title, node.layer) for node_id, node in project.graph.nodes.items()}
    return nodes, project.graph.edges, project.data, project.training
