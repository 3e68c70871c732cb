"""`nnstudio check`: shapes, parameters and problems."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from nnstudio.cli import project_file
from nnstudio.cli.output import complain, say, say_json, table
from nnstudio.cli.refusal import GOOD
from nnstudio.core.kinds import Missing
from nnstudio.core.project import Project
from nnstudio.engine.compiler import Report, check


def run(line: Namespace) -> int:
    """Print what the compiler says; errors among it make the exit code 1."""
    stored = project_file.read(line.file)
    for notice in stored.notices:
        complain(notice)
    report = check(stored.project)
    if line.json:
        say_json(as_json(stored.project, report))
    else:
        _say_text(stored.project, report)
    if report.errors:
        raise project_file.problems_refusal(line.file, report.errors)
    return GOOD


def as_json(project: Project, report: Report) -> dict[str, Any]:
    """The report for a program. Nodes are named by their titles; the batch axis of a shape is null."""
    titles = {node_id: node.title for node_id, node in project.graph.nodes.items()}
    return {
        "problems": [
            {
                "severity": problem.severity,
                "node": titles.get(problem.node) if problem.node else None,
                "port": problem.port,
                "message": problem.message,
                "needed": problem.needed,
                "got": problem.got,
                "fix": problem.fix,
            }
            for problem in report.problems
        ],
        "nodes": [
            {
                "title": titles[node_id],
                "layer": _layer(project, node_id),
                "output_shape": [None, *found.output.shape] if found.output else None,
                "parameters": found.parameters,
            }
            for node_id, found in _in_order(project, report)
        ],
        "parameters": report.parameters,
    }


def _in_order(project: Project, report: Report) -> list[tuple[str, Any]]:
    """Nodes as they are computed, then those that are left out."""
    rest = [node_id for node_id in project.graph.nodes if node_id not in set(report.order)]
    return [(node_id, report.nodes[node_id]) for node_id in [*report.order, *rest]]


def _layer(project: Project, node_id: str) -> str:
    layer = project.graph.nodes[node_id].layer
    return layer.name if isinstance(layer, Missing) else type(layer).__name__


def _say_text(project: Project, report: Report) -> None:
    rows = [("node", "layer", "", "output", "parameters")]
    for node_id, found in _in_order(project, report):
        output = found.output.text if found.output else "?"
        parameters = f"{found.parameters:,}" if found.parameters else ""
        rows.append((project.graph.nodes[node_id].title, _layer(project, node_id), found.summary, output, parameters))
    for text in table(rows, right=(4,)):
        say(text)
    say(f"{report.parameters:,} parameters")
    for problem in report.problems:
        say(f"{problem.severity}: {problem.message}")
    if not report.problems:
        say("no problems")
