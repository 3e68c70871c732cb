"""Parts of a script that are declared elsewhere as Python: where the rows come from, and how a metric is computed."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

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


# What a dataset's source may define beside the rows; making it changes nothing else.
_BESIDE = {"groups", "times", "parts"}


def without_unused(fragment: Fragment, wanted: Iterable[str], later: Iterable[str]) -> Fragment:
    """The fragment without groups, times and parts that nobody asks for, and without functions for them alone.

    Wanted are the names that are used after it: these, and those in the sources `later`.
    """
    needed = set(wanted).union(*map(names_in, later))
    statements: list[str] = []
    lines = fragment.statements.splitlines()
    for node in reversed(ast.parse(fragment.statements).body):
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        names = {part.id for target in getattr(node, "targets", ()) for part in ast.walk(target) if _is_name(part)}
        if names and names <= _BESIDE - needed:
            continue
        if isinstance(node, ast.Assign):
            needed -= names
        needed |= names_in(text)
        statements.insert(0, text)
    called = names_in("\n".join(statements)).union(*map(names_in, later))
    definitions: list[str] = []
    for text in reversed(fragment.definitions):
        if ast.parse(text).body[0].name in called:  # type: ignore[attr-defined]
            called |= names_in(text)
            definitions.insert(0, text)
    return Fragment(fragment.imports, tuple(definitions), "\n".join(statements))


def names_in(source: str) -> set[str]:
    """The names whose values a source uses."""
    return {node.id for node in ast.walk(ast.parse(source)) if _is_name(node) and isinstance(node.ctx, ast.Load)}


def _is_name(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


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


def sorted_imports(imports: Sequence[str], body: str) -> str:
    """The imports that a body uses, in the usual order: the standard library, then the rest; each once."""
    used = names_in(body)
    plain: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in ast.parse("\n".join(imports)).body:
        assert isinstance(node, (ast.Import, ast.ImportFrom))
        wanted = {_alias(alias) for alias in node.names if (alias.asname or alias.name).split(".")[0] in used}
        if isinstance(node, ast.Import):
            plain.update(f"import {name}" for name in wanted)
        elif wanted:
            names.setdefault(node.module or "", set()).update(wanted)
    lines = [*plain, *(f"from {place} import {', '.join(sorted(found, key=_kind))}" for place, found in names.items())]
    groups: tuple[list[str], list[str]] = ([], [])
    for line in lines:
        groups[line.split()[1].split(".")[0] not in sys.stdlib_module_names].append(line)
    return "\n\n".join("\n".join(sorted(group, key=_place)) for group in groups if group)


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _place(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line.split()[1].lower()


def _kind(name: str) -> tuple[int, str]:
    """Constants, classes, functions."""
    if name.isupper():
        return 0, name
    return (1 if re.match("[A-Z]", name) else 2), name
