"""Imported: what came in, as a project with its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from nnstudio.core.blocks import title_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.kinds import Optimizer
from nnstudio.core.project import Project, TrainingSettings
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import GraphError, compile_network
from nnstudio.engine.importing.assemble import Assembled, assemble
from nnstudio.engine.importing.program import ImportRefused, Program
from nnstudio.engine.network import Network


@dataclass(frozen=True, eq=False)
class Imported:
    """A drawing with the weights that came with it. `notices` are sentences on what a person should know of it."""

    project: Project
    checkpoint: Checkpoint
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawing, the network that it means with the weights in it, and the original's name of each array."""

    graph_title: str
    assembled: Assembled
    network: Network

    def imported(self, notices: tuple[str, ...] = ()) -> Imported:
        """The project of it."""
        training = TrainingSettings(optimizer=registered(Optimizer)["Adam"]())
        project = Project(graph=self.assembled.graph, training=training, title=self.graph_title)
        checkpoint = Checkpoint(names=self.network.names_by_node(), weights=dict(self.assembled.weights))
        return Imported(project, checkpoint, notices)


def drawn(program: Program) -> Drawn:
    """The drawing of a program and the network that it means.

    Raises:
        ImportRefused: it cannot be drawn, or the drawing of it would not be in order.
    """
    assembled = assemble(program)
    try:
        network = compile_network(assembled.graph)
    except GraphError as error:
        first = error.problems[0]
        place = title_at(assembled.graph, first.node) if first.node else program.title
        raise ImportRefused(f"{place}: the drawing of it is not in order: {first.message}") from None
    put_in(network, assembled.weights)
    return Drawn(program.title, assembled, network)


def put_in(network: Network, weights: Mapping[str, np.ndarray]) -> None:
    """Give a network all its weights.

    Raises:
        ImportRefused: they are not those of this network.
    """
    state = network.state_dict(keep_vars=True)
    unlike = sorted(state.keys() ^ weights.keys()) or [
        name for name, tensor in state.items() if tuple(tensor.shape) != weights[name].shape
    ]
    if unlike:
        raise ImportRefused(f"{unlike[0]}: the weights of the drawing are other ones than those of the original.")
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(torch.from_numpy(np.array(weights[name])))
