"""Document: the open Project in the window.

`edit` is the only way that the project changes. Views listen to `changed(before, after)`, compare the two values and
update what differs; they write to nothing but the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnstudio.core import storage
from nnstudio.core.blocks import Block, graph_at, with_graph_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.graph import Graph
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.engine.compiler import NodeReport, Report, check
from nnstudio.engine.data import Prepared, only_at_hand, prepare
from nnstudio.ui.loading import Loading


@dataclass(frozen=True)
class Edit:
    """One step of the undo stack: what it is called, and the project before and after it."""

    label: str
    before: Project
    after: Project
    merge: str = ""
    inside: tuple[str, ...] = ()  # the blocks that were entered when it was made


class Document(QObject):
    """The project, its undo stack, its file, the weights that belong to it, and what is selected.

    `inside` are the ids of the blocks that were entered, the outermost first: `graph` is the drawing that is shown, and
    node ids in `selection` belong to it. Paths (`n3/n5`) name nodes from the outermost drawing on, as reports do.
    """

    # before: Project, after: Project
    changed = Signal(object, object)
    # Report: shapes and problems of the project as it is now; emitted after `changed` when they may differ
    checked = Signal(object)
    # frozenset of node ids
    selected = Signal(object)
    # a block was entered or left: `graph` is another one
    entered = Signal()
    # the path, the saved state or the undo stack differ: titles and menus renew themselves
    state_changed = Signal()

    def __init__(
        self,
        project: Project,
        path: Path | None = None,
        checkpoint: Checkpoint | None = None,
        *,
        saved: bool = True,
    ) -> None:
        """`saved`: nothing is lost if it is closed now."""
        super().__init__()
        self.project = project
        self.path = path
        self.checkpoint = checkpoint
        self.selection: frozenset[str] = frozenset()
        self.inside: tuple[str, ...] = ()
        self.loading = Loading(self)
        self.loading.changed.connect(self._check)
        self.report = Report()
        self._check(silently=True)
        self._here: tuple[tuple[Report, tuple[str, ...]], Report] | None = None
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._noted: Problem | None = None
        self._saved = project if saved else None
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
            self._done.append(Edit(label, before, project, merge, self.inside))
        self._undone.clear()
        self._show(before, project)

    def edit_graph(self, label: str, graph: Graph, merge: str = "") -> None:
        """Change only the drawing that is shown."""
        whole = with_graph_at(self.project.graph, self.inside, graph)
        self.edit(label, self.project.with_graph(whole), merge)

    def undo(self) -> None:
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._show(step.after, step.before, step.inside)

    def redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._show(step.before, step.after, step.inside)

    @property
    def undo_label(self) -> str:
        """The name of the edit that undo takes back; empty when there is none."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        return self._undone[-1].label if self._undone else ""

    def begin_merge(self, merge: str) -> None:
        """The next edit with this key belongs to the step that was just made."""
        if self._done:
            self._done[-1] = replace(self._done[-1], merge=merge)

    def end_merge(self) -> None:
        """The next edit starts a step of its own, whatever its merge key."""
        if self._done and self._done[-1].merge:
            self._done[-1] = replace(self._done[-1], merge="")

    def _show(self, before: Project, after: Project, inside: tuple[str, ...] | None = None) -> None:
        """Show a project; `inside` says where its change is to be seen."""
        self.project = after
        if before.data != after.data:
            self.loading.see_to(after.data)
        place = _there(after.graph, self.inside if inside is None else inside)
        if place != self.inside:
            self.inside = place
            self._select(frozenset())
            self.changed.emit(before, after)
            self.entered.emit()
        else:
            gone = self.selection - self.graph.nodes.keys()
            self.changed.emit(before, after)
            if gone:
                self.select(self.selection - gone)
        if meaning(before) != meaning(after):
            self._check()
        self.state_changed.emit()

    # -- data and check --------------------------------------------------------------------------------------------

    def prepared(self) -> Prepared:
        """The rows of the data. Nothing is read here.

        Raises:
            ValueError: they are not at hand, or cannot be used; one sentence.
            OSError: they cannot be read.
        """
        with self.only_at_hand():
            return prepare(self.project.data)

    def only_at_hand(self) -> AbstractContextManager[None]:
        """Around what the window's thread does with data: a file that was not read yet is an error, with its reason."""
        return only_at_hand(self.loading.sentence)

    def _check(self, *, silently: bool = False) -> None:
        """Renew the report, and see to it that the rows are at hand or are being read."""
        self.loading.see_to(self.project.data)
        with self.only_at_hand():
            self.report = check(self.project)
        self._noted = None
        if not silently:
            self.checked.emit(self.report)

    def note(self, problem: Problem | None) -> None:
        """Add what was found at a node while it was trained, until the next edit; None takes it away."""
        if problem is None and self._noted is None:
            return
        kept = tuple(one for one in self.report.problems if one is not self._noted)
        self._noted = problem
        self.report = replace(self.report, problems=kept if problem is None else (*kept, problem))
        self.checked.emit(self.report)

    # -- blocks ----------------------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The drawing that is shown: the whole, or that in the block that was entered."""
        found = graph_at(self.project.graph, self.inside)
        assert found is not None
        return found

    def enter(self, inside: Iterable[str]) -> None:
        """Show the drawing in the block at this path of ids; the empty one is the whole."""
        place = _there(self.project.graph, tuple(inside))
        if place != self.inside:
            self.inside = place
            self._select(frozenset())
            self.end_merge()
            self.entered.emit()

    def leave(self) -> None:
        """Show the drawing around this one, with the block that was left selected."""
        if self.inside:
            *around, block = self.inside
            self.enter(around)
            self.select([block])

    def path_of(self, node_id: str) -> str:
        """The path of a node of the drawing that is shown, as reports have it."""
        return "/".join((*self.inside, node_id))

    def report_of(self, node_id: str) -> NodeReport:
        """What is known of a node of the drawing that is shown."""
        return self.report.nodes.get(self.path_of(node_id), NodeReport())

    @property
    def here(self) -> Report:
        """What is known of the drawing that is shown, with the ids of its nodes in place of paths."""
        key = (self.report, self.inside)
        if self._here is None or self._here[0][0] is not self.report or self._here[0][1] != self.inside:
            self._here = (key, self.report.level(self.inside))
        return self._here[1]

    def reveal(self, path: str) -> None:
        """Show the drawing that holds the node at a path, with that node selected."""
        *blocks, node_id = path.split("/")
        self.enter(blocks)
        self.select([node_id])

    # -- selection -------------------------------------------------------------------------------------------------

    def select(self, node_ids: Iterable[str]) -> None:
        """Select these nodes and no others."""
        self._select(frozenset(node_ids) & self.graph.nodes.keys())

    def _select(self, chosen: frozenset[str]) -> None:
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit(chosen)

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

    def save(self, path: Path, picture: bytes = b"") -> tuple[str, ...]:
        """Write drawing, settings, weights and curves; sentences on what could not be carried along.

        Raises StorageError; the old file is then untouched.
        """
        notices = storage.write(path, self.project, self.checkpoint, picture)
        self.path = path
        self._saved, self._saved_checkpoint = self.project, self.checkpoint
        self.end_merge()
        self.state_changed.emit()
        return notices


def meaning(project: Project) -> tuple[object, ...]:
    """All of a project that its check depends on: everything but positions and texts for the reader."""
    return _drawn(project.graph), project.data, project.training


def _drawn(graph: Graph) -> tuple[object, ...]:
    nodes = {}
    for node_id, node in graph.nodes.items():
        marks = (node.title, node.frozen, node.bypassed, node.shares, node.ties, node.initial)
        layer = node.layer
        drawn: object = layer
        if isinstance(layer, Block):
            drawn = (layer.name, layer.repeat, layer.shared, _drawn(layer.graph))
        nodes[node_id] = (marks, drawn)
    return nodes, graph.edges


def _there(graph: Graph, inside: tuple[str, ...]) -> tuple[str, ...]:
    """As much of a path of blocks as is there."""
    while graph_at(graph, inside) is None:
        inside = inside[:-1]
    return inside
