"""A project as one Python file that needs torch, numpy and scikit-learn.

It computes what a Run computes, bit for bit: the same draws in the same order, the same order of the rows, the same
sums. What it says of each epoch with `--json` is what `nnstudio train --json` says, but for the seconds. It holds what
the project uses, and nothing else.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

from nnstudio.core.blocks import boundary
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.core.sources import FileDataset
from nnstudio.engine.compiler import GraphError, check
from nnstudio.engine.export import module
from nnstudio.engine.export.fragments import sorted_imports
from nnstudio.engine.export.line_breaks import broken
from nnstudio.engine.export.script.augmenting import Augmenting
from nnstudio.engine.export.script.epoch import Epoch
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.export.script.loading import Loading
from nnstudio.engine.export.script.main import Main
from nnstudio.engine.export.script.measuring import Measuring
from nnstudio.engine.export.script.processes import IMPORTS
from nnstudio.engine.export.script.updating import Updating

_WIDTH = 120
_TOGETHER = (
    "# `torchrun --nproc-per-node N` starts it N times: each process has its share of every batch, and the losses are\n"
    "# those of one process but for the rounding.\n"
)
_IMPORTS = (
    "import argparse",
    "import json",
    "import math",
    "import time",
    "from functools import partial",
    "import numpy as np",
    "import torch",
    "from sklearn.impute import SimpleImputer",
    "from sklearn.model_selection import train_test_split",
    "from sklearn.preprocessing import StandardScaler",
    "from torch import nn",
    "from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn",
)
# What a file of data needs beside the usual, by what is imported.
_PACKAGES = {"import polars": "polars", "from PIL": "Pillow"}


def to_python(project: Project, together: bool = False) -> str:
    """The source of a script that trains the project's network from new weights.

    With `together`, torchrun may start it several times: the processes divide the rows of each batch among them.

    Raises:
        GraphError: the project has errors, or a part of it cannot be written as Python.
    """
    report = check(project)
    if not report.ready:
        raise GraphError(report.errors)
    _refuse_unlike_targets(project)
    _refuse_data_in_the_project(project)
    try:
        source = _source(Facts(project, together))
        ast.parse(source)
    except GraphError:
        raise
    except NotImplementedError as error:  # a declaration of somebody's own, without a source
        words = "its data, its split or one of its augmentations has no Python source"
        raise GraphError([Problem("error", f"The project cannot be written as Python: {words}.")]) from error
    except (SyntaxError, ValueError, OSError) as error:  # a source that is broken or not at hand
        words = str(error).rstrip(".")
        raise GraphError([Problem("error", f"The project cannot be written as Python: {words}.")]) from error
    return source


def _refuse_unlike_targets(project: Project) -> None:
    """The targets are prepared once, when they are loaded."""
    heads = [node for node in boundary(project.graph, "output") if node.layer.target == "target"]  # type: ignore[attr-defined]
    odd = [node for node in heads if node.layer.loss.target_source != heads[0].layer.loss.target_source]  # type: ignore[attr-defined]
    if odd:
        fix = "Export the module alone, and write the training around it."
        words = (
            f"{odd[0].title} and {heads[0].title} have losses that need the targets in two forms, which no script has."
        )
        raise GraphError([Problem("error", f"{words} {fix}", odd[0].id, fix=fix)])


def _refuse_data_in_the_project(project: Project) -> None:
    """A script reads its rows from a file."""
    data = project.data.dataset
    if isinstance(data, FileDataset) and data.embedded and not Path(data.path).exists():
        path = Path(data.path)
        fix = "Put a copy of it there, or choose the file where it is in the Data panel."
        words = f"A script reads {path.name} from a file, but it is in the project alone and not in {path.parent}."
        raise GraphError([Problem("error", f"{words} {fix}", fix=fix)])


def _source(facts: Facts) -> str:
    graph = facts.project.graph
    loading, measuring, updating, augmenting = Loading(facts), Measuring(facts), Updating(facts), Augmenting(facts)
    main = Main(facts, loading, measuring, updating, Epoch(facts, augmenting))
    parts = [
        main.constants(),
        *loading.definitions,
        *augmenting.definitions,
        *module.own_classes(graph),
        *measuring.loss_classes,
        module.class_source(graph, facts.report),
        *measuring.definitions,
        *updating.definitions,
        *main.definitions,
        main.source(),
        'if __name__ == "__main__":\n    main()\n',
    ]
    body = _narrow("\n\n".join(part.strip("\n") + "\n" for part in parts))
    imports = sorted_imports([*_IMPORTS, *IMPORTS, *loading.imports, *augmenting.imports], body)
    return f"{_head(facts, imports, body)}\n{imports}\n\n{body}"


def _head(facts: Facts, imports: str, body: str) -> str:
    project = facts.project
    words = module.plain(f"{project.title or 'A network'}. {project.sentence}".strip())
    first = textwrap.fill(words, 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    needed = ["numpy", "scikit-learn", *(name for line, name in _PACKAGES.items() if line in imports)]
    needed += ["fastexcel"] if ".read_excel(" in body else []
    return (
        f"{first}\n#\n"
        f"# Written by NN Studio. It needs torch, {', '.join(needed[:-1])} and {needed[-1]}, and gives the losses of\n"
        "# `nnstudio train` to the last bit on the same computer. With --json it prints one object an epoch.\n"
        f"{_TOGETHER if facts.together else ''}"
    )


def _narrow(source: str) -> str:
    """The same source with long lines broken."""
    lines = [part for line in source.split("\n") for part in (broken(line, _WIDTH) if len(line) > _WIDTH else [line])]
    made = "\n".join(lines)
    try:
        same = ast.dump(ast.parse(made)) == ast.dump(ast.parse(source))
    except SyntaxError:
        same = False
    return made if same else source
