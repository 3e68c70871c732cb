"""The weights alone, as a safetensors file: the state_dict of the network, by its own names."""

from __future__ import annotations

from collections.abc import Callable

import torch
from safetensors.torch import save

from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.export.subject import Exported, subject


def to_safetensors(
    project: Project, checkpoint: Checkpoint | None = None, progress: Callable[[str], None] = lambda step: None
) -> Exported:
    """The content of a `.safetensors` file with every entry of the state_dict.

    Raises:
        GraphError: the drawing has errors.
        ValueError, OSError: its data cannot be read.
    """
    progress("Reading the drawing")
    what = subject(project, checkpoint)
    state = what.network.state_dict()
    seen: dict[tuple[int, torch.Size], str] = {}
    tied: list[str] = []
    for name, value in state.items():
        first = seen.setdefault((value.data_ptr(), value.shape), name) if value.numel() else name
        if first != name:
            tied.append(f"{name} is {first} once more.")
    progress("Writing the weights")
    content = save({name: value.contiguous().clone() for name, value in state.items()}, metadata={"format": "pt"})
    return Exported(content, (*what.notices, *tied))
