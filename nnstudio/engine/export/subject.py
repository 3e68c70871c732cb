"""Subject: what is exported to other programs: a network with its weights, the names of its ends, and rows to try."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from nnstudio.core.blocks import Block, boundary, every_node
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.engine.checkpoint import restore_weights
from nnstudio.engine.compiler import GraphError, compile_network
from nnstudio.engine.data import Prepared, prepare
from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective

_MOST_IDS = 1000
_LOOK_UPS = ("EmbeddingFunction", "Gather")  # their tables come over wires


@dataclass(frozen=True)
class End:
    """An Input or an Output: what it is called outside, and what passes."""

    name: str
    type: TensorType


@dataclass(frozen=True, eq=False)
class Exported:
    """A file that was made: its bytes, and sentences on what is in it."""

    content: bytes
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Subject:
    """A network in evaluation mode.

    Attributes:
        inputs: the Inputs in the order of the forward's arguments; outputs: the titles of the Outputs.
        notices: which weights it has, and what else has to be known to use it.
    """

    project: Project
    network: Network
    inputs: tuple[End, ...]
    outputs: tuple[str, ...]
    prepared: Prepared | None
    notices: tuple[str, ...]

    def rows(self, batch: int, drawn: bool = False) -> tuple[torch.Tensor, ...]:
        """Rows for every Input, those of the data where there are such and none are to be drawn; always the same."""
        if self.prepared is not None and len(self.prepared.train_inputs) and not drawn:
            found = self.prepared.train_inputs
            rows = found[torch.arange(batch) % len(found)]
            parts: tuple[torch.Tensor, ...] = Objective(self.project.graph, self.prepared, torch.device("cpu")).feed(
                lambda *given: given, rows
            )
            return parts
        generator = torch.Generator().manual_seed(batch)
        ids = smallest_table(self.project.graph)
        return tuple(_drawn(end.type.sizes(batch), end.type.dtype, ids, generator) for end in self.inputs)

    def trials(self) -> Iterable[tuple[torch.Tensor, ...]]:
        """Rows to compare two programs on, among them a single one."""
        yield self.rows(1)
        yield self.rows(5)
        if self.prepared is not None and all(end.type.dtype == "float32" for end in self.inputs):
            yield self.rows(5, drawn=True)

    def compute(self, rows: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """What the network makes of rows, as a tuple. Raises ValueError where it cannot compute them."""
        try:
            with torch.no_grad():
                given = self.network(*rows)
        except (RuntimeError, IndexError) as error:
            words = str(error).split("\n")[0].rstrip(".")
            raise ValueError(
                f"The network fails on rows that it is tried with, so nothing was written: {words}."
            ) from None
        return given if isinstance(given, tuple) else (given,)

    def rounding(self, rows: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """How far the results for these rows are from those without rounding (in float64); () where it has none."""
        try:
            exact = copy.deepcopy(self.network).double()
            with torch.no_grad():
                made = exact(*(row.double() if row.is_floating_point() else row for row in rows))
        except RuntimeError:  # a layer that is for float32 only
            return ()
        values = made if isinstance(made, tuple) else (made,)
        return tuple((own - value).abs() for own, value in zip(self.compute(rows), values, strict=True))

    def problem(self, path: str, message: str, details: str = "") -> GraphError:
        """The refusal that names a node by its path in the network, where passes of blocks are numbered."""
        return GraphError(
            [Problem("error", f"{self.title_of(path)} {message}", _unnumbered(path), details=details[:2000])]
        )

    def title_of(self, path: str) -> str:
        """The titles of the blocks around a node, and its own."""
        return " / ".join(titles_of(self.project.graph, _unnumbered(path)))


def subject(project: Project, checkpoint: Checkpoint | None = None) -> Subject:
    """The network of a project with the weights of its checkpoint, or those that a training would begin with.

    Raises:
        GraphError: the drawing has errors.
        ValueError, OSError: its data cannot be read.
    """
    prepared = prepare(project.data) if project.data.dataset is not None else None
    input_type = prepared.input_type if prepared is not None else None
    outside = torch.get_rng_state()
    try:
        torch.manual_seed(project.training.seed)
        network = compile_network(project.graph, input_type)
    finally:
        torch.set_rng_state(outside)
    kept = restore_weights(network, checkpoint) if checkpoint is not None else ()
    network.eval()
    inputs, unused = [], []
    for node in boundary(project.graph, "input"):
        if node.id not in network.order:
            unused.append(f"{node.title} leads to no output and is left out.")
            continue
        kind = node.layer.type_from(input_type)  # type: ignore[attr-defined]
        assert kind is not None
        inputs.append(End(node.title, kind))
    outputs = tuple(node.title for node in boundary(project.graph, "output"))
    notices = [_about_weights(network, checkpoint, kept)]
    if prepared is not None and prepared.mean is not None:
        notices.append("The network takes standardised rows: subtract the mean of each feature, divide by its scale.")
    return Subject(project, network, tuple(inputs), outputs, prepared, (*notices, *unused))


def titles_of(graph: Graph, path: str) -> list[str]:
    """The titles along a path of ids."""
    titles = []
    for node_id in path.split("/"):
        node = graph.nodes[node_id]
        titles.append(node.title)
        if isinstance(node.layer, Block):
            graph = node.layer.graph
    return titles


def _about_weights(network: Network, checkpoint: Checkpoint | None, kept: Sequence[str]) -> str:
    with_weights = [path for path, state in network.states_by_node().items() if state]
    if not with_weights:
        return "The network has no weights."
    if checkpoint is None:
        return "The weights are those that a training begins with, since none has been done."
    new = len(set(with_weights) - set(kept))
    if new:
        return f"{new} of {len(with_weights)} layers were changed after the training and have initial weights."
    return f"The weights are those after {checkpoint.epoch} epochs of training."


def _unnumbered(path: str) -> str:
    return "/".join(part.partition("#")[0] for part in path.split("/"))


def smallest_table(graph: Graph) -> int:
    """How many whole numbers every table in the drawing has an entry for, as far as that is known."""
    sizes = [_MOST_IDS]
    for _, node in every_node(graph):
        for name in ("num_embeddings", "num_classes"):
            size = getattr(node.layer, name, None)
            if isinstance(size, int):
                sizes.append(size)
        if type(node.layer).__name__ in _LOOK_UPS:
            sizes.append(2)
    return max(1, min(sizes))


def _drawn(sizes: tuple[int, ...], dtype: str, ids: int, generator: torch.Generator) -> torch.Tensor:
    if dtype == "int64":
        return torch.randint(0, ids, sizes, generator=generator)
    if dtype == "bool":
        return torch.rand(sizes, generator=generator) < 0.5
    return torch.randn(sizes, generator=generator)
