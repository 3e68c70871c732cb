"""Parts of a script that are declared elsewhere as Python: where the rows come from, and how a metric is computed."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from dataclasses import dataclass

from nnstudio.core.kinds import Metric


@dataclass(frozen=True)
class Fragment:
    """Source taken apart: what is imported, what is defined, and the statements that are left."""

    imports: tuple[str, ...]
    definitions: tuple[str, ...]
    statements: str


def take_apart(source: str) -> Fragment:
    """The parts of a source, each as it was written."""
    imports: list[str] = []
    definitions: list[str] = []
    statements: list[str] = []
    lines = source.splitlines()
    for node in ast.parse(source).body:
        first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(text)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            definitions.append(text + "\n")
        else:
            statements.append(text)
    return Fragment(tuple(imports), tuple(definitions), "\n".join(statements))


def metric_functions(metric: Metric) -> str:
    """The two functions of a metric under its own name: `accuracy_sums` adds up, `accuracy` makes the figure."""
    kind = type(metric)
    sums = _function(kind.sums, f"{metric.key}_sums", f"What {metric.key} is made of, for some rows.")
    value = _function(kind.value, metric.key, kind.sentence())
    return f"{sums}\n\n{value}"


def _function(method: object, name: str, sentence: str) -> str:
    """A method that does not use `self`, as a function: the same statements, without types."""
    source = textwrap.dedent(inspect.getsource(method))  # type: ignore[arg-type]
    written = ast.parse(source).body[0]
    assert isinstance(written, ast.FunctionDef)
    names = ", ".join(argument.arg for argument in written.args.args[1:])
    body = written.body[1:] if ast.get_docstring(written) is not None else written.body
    assert not any(isinstance(node, ast.Name) and node.id == "self" for part in body for node in ast.walk(part))
    text = textwrap.dedent("\n".join(source.splitlines()[body[0].lineno - 1 : body[-1].end_lineno]))
    return f'def {name}({names}):\n    """{sentence}"""\n{textwrap.indent(text, "    ")}\n'


def sorted_imports(imports: list[str]) -> str:
    """Import statements in the usual order: the standard library, then the rest; each module and name once."""
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in ast.parse("\n".join(imports)).body:
        if isinstance(node, ast.Import):
            plain.update(f"import {_alias(alias)}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.setdefault(node.module or "", set()).update(_alias(alias) for alias in node.names)
    lines = [*plain, *(f"from {place} import {', '.join(sorted(found, key=_kind))}" for place, found in names.items())]
    groups: tuple[list[str], list[str]] = ([], [])
    for line in lines:
        groups[line.split()[1].split(".")[0] not in _STANDARD].append(line)
    return "\n\n".join("\n".join(sorted(group, key=_place)) for group in groups if group)


_STANDARD = {
    "argparse",
    "collections",
    "json",
    "math",
    "time",
    "functools",
    "itertools",
    "pathlib",
    "struct",
    "sys",
    "gzip",
    "csv",
    "re",
}


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _place(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1].lower()


def _kind(name: str) -> tuple[int, str]:
    """Constants, classes, functions."""
    if name.isupper():
        return 0, name
    return (1 if re.match("[A-Z]", name) else 2), name
