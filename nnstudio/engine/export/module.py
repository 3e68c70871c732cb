"""The network as classes that a person could have written, which need nothing but torch."""

from __future__ import annotations

import ast
import inspect
import math
import re
import textwrap

import torch

from nnstudio.core.blocks import every_node
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.engine.compiler import GraphError, Report, check_graph
from nnstudio.engine.data import prepare
from nnstudio.engine.export.classes import Classes, plain
from nnstudio.engine.export.expressions import Inexpressible
from nnstudio.engine.export.levels import Levels

__all__ = ["CLASS_NAME", "class_source", "own_classes", "plain", "to_module_source"]

CLASS_NAME = "Network"


def to_module_source(project: Project) -> str:
    """A Python file with the network alone: its classes, the last of them called Network.

    Raises:
        GraphError: the drawing has errors, or a layer of it cannot be written as Python.
        ValueError, OSError: its data cannot be read.
    """
    input_type = prepare(project.data).input_type if project.data.dataset is not None else None
    return graph_source(project.graph, input_type, project.title, project.sentence)


def graph_source(graph: Graph, input_type: TensorType | None = None, title: str = "", sentence: str = "") -> str:
    """The file for a drawing whose Inputs get rows of this type, or of the types that they say.

    Raises:
        GraphError: the drawing has errors, or a layer of it cannot be written as Python.
    """
    report = check_graph(graph, input_type)
    if report.errors:
        raise GraphError(report.errors)
    with torch.device("meta"):
        body = class_source(graph, report)
    own = own_classes(graph)
    words = plain(f"{title or 'A network'}. {sentence}".strip())
    head = textwrap.fill(words, 96, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    used = body + "".join(own)
    imports = [f"import {name}" for name in ("math", "torch") if re.search(rf"\b{name}\.", used)]
    imports = [*imports[:-1], "", imports[-1]] if len(imports) > 1 else imports
    imports = (
        [*imports, "", "from torch import nn"] if imports == ["import math"] else [*imports, "from torch import nn"]
    )
    source = "\n\n\n".join(part.strip("\n") for part in ("\n".join(imports), *own, body)) + "\n"
    source = f"{head}\n\n{source}"
    try:
        ast.parse(source)
    except SyntaxError as error:  # a declaration whose source is broken
        raise GraphError([Problem("error", f"The drawing cannot be written as Python: {error}.")]) from error
    return source


def class_source(graph: Graph, report: Report) -> str:
    """The classes of a drawing, the innermost first: the last one is the network.

    Raises:
        GraphError: a layer for which no source can be written.
    """
    try:
        top = Levels(report, CLASS_NAME).level(graph, "", CLASS_NAME, "")
        return "\n\n".join(Classes(top).sources())
    except Inexpressible as error:
        raise GraphError([Problem("error", f"The drawing cannot be written as Python: {error}.")]) from error


def own_classes(graph: Graph) -> list[str]:
    """The source of the classes that torch does not have, each once."""
    found: dict[type, str] = {}
    for _, node in every_node(graph):
        for own in node.layer.own_source:
            if _is_needed(node.layer, own):
                found.setdefault(own, inspect.getsource(own))
    return list(found.values())


def _is_needed(layer: object, own: type) -> bool:
    """Whether a layer with these settings uses its own class."""
    dropout = getattr(layer, "dropout", math.nan)
    return not (own.__name__ == "AttentionWithDropout" and dropout == 0)
