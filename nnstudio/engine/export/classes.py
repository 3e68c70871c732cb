"""Classes: the levels of a network as the classes that a person would write.

Blocks that differ in numbers alone share a class, and what differs becomes an argument of its constructor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nnstudio.core.graph import RESERVED
from nnstudio.engine.export.expressions import Name, call, literal
from nnstudio.engine.export.forward import forward_lines
from nnstudio.engine.export.levels import Call, Chain, Expression, Level, Made, Repeated, Text, attribute
from nnstudio.engine.export.line_breaks import WIDTH, broken

# Numbers of these kinds that are equal everywhere are called by one word.
_WORDS = (
    ("channels", {"in_channels", "out_channels", "num_features", "num_channels", "channels"}),
    (
        "features",
        {"in_features", "out_features", "normalized_shape", "embed_dim", "d_model", "features", "hidden_size"},
    ),
)


@dataclass
class _Slot:
    """A value in the constructor: what it is called there, and what it is in each object of the class."""

    name: str
    member: str
    values: list[Any] = field(default_factory=list)


@dataclass
class _Family:
    """Levels that differ in values alone."""

    name: str
    levels: list[Level] = field(default_factory=list)
    slots: list[_Slot] = field(default_factory=list)
    parameters: dict[int, str] = field(default_factory=dict)  # by the number of the slot
    depth: int = 0

    @property
    def arguments(self) -> dict[str, int]:
        """The parameters of the constructor, each with a slot that holds it."""
        found: dict[str, int] = {}
        for slot, name in self.parameters.items():
            found.setdefault(name, slot)
        return found


class Classes:
    """All classes of a network, the innermost first."""

    def __init__(self, top: Level) -> None:
        self.top = top
        self._families: dict[Any, _Family] = {}
        self._of: dict[int, tuple[_Family, int]] = {}  # by the id of a level: its family, and its place there
        self._sort(top)
        self._name()
        for family in sorted(self._families.values(), key=lambda family: family.depth):
            self._fill(family)

    def sources(self) -> Iterator[str]:
        """The source of each class."""
        for family in sorted(self._families.values(), key=lambda family: family.depth):
            yield self._class(family)

    # -- which levels are one class --------------------------------------------------------------------------------

    def _sort(self, level: Level) -> tuple[Any, int]:
        """Find the family of a level, those of the levels in it first; its key and its depth."""
        depth, keys = 0, []
        for member in level.members:
            key, below = self._key(member.made)
            keys.append((member.name, member.remark, member.buffer, tuple(member.after), member.keeps, key))
            depth = max(depth, below)
        lines = tuple(_lines(level))
        family_key = (level.name, tuple(keys), lines, tuple(level.ties), tuple(level.left_out))
        family = self._families.setdefault(family_key, _Family(level.name, depth=depth))
        family.depth = max(family.depth, depth)
        self._of[id(level)] = (family, len(family.levels))
        family.levels.append(level)
        return family_key, depth + 1

    def _key(self, made: Expression) -> tuple[Any, int]:
        """What two expressions have in common that differ in values alone, and how deep classes lie in it."""
        if isinstance(made, Call):
            return (made.path, tuple(made.arguments)), 0
        if isinstance(made, Made):
            return self._sort(made.level)
        if isinstance(made, Repeated):
            key, depth = self._key(made.part)
            return ("repeated", made.chained, key), depth
        if isinstance(made, Chain):
            found = [self._key(part) for part, _ in made.parts]
            return ("chain", tuple(key for key, _ in found)), max(depth for _, depth in found)
        return made, 0

    def _name(self) -> None:
        taken: set[str] = {_identifier(self.top.name)}
        for family in self._families.values():
            if family.levels[0] is self.top:
                family.name = _identifier(self.top.name)
                continue
            wish = _identifier(family.name)
            name, number = wish, 2
            while name in taken:
                name, number = f"{wish}{number}", number + 1
            taken.add(name)
            family.name = name

    # -- what differs ------------------------------------------------------------------------------------------------

    def _fill(self, family: _Family) -> None:
        """Find what differs between the objects of a class, and name it."""
        for level in family.levels:
            found = [slot for member in level.members for slot in self._slots(member.made, member.name)]
            if not family.slots:
                family.slots = [_Slot(name, member) for name, member, _ in found]
            for slot, (_, _, value) in zip(family.slots, found, strict=True):
                slot.values.append(value)
        groups: dict[Any, list[int]] = {}
        for number, slot in enumerate(family.slots):
            if any(not _equal(value, slot.values[0]) for value in slot.values):
                groups.setdefault(repr(slot.values), []).append(number)
        taken: set[str] = set()
        for numbers in groups.values():
            name = _common([family.slots[number] for number in numbers], taken)
            taken.add(name)
            family.parameters |= dict.fromkeys(numbers, name)

    def _slots(self, made: Expression, member: str) -> Iterator[tuple[str, str, Any]]:
        """The values in an expression: what each is called, where, and what it is."""
        if isinstance(made, Call):
            for name, value in made.arguments.items():
                yield name, member, value
        elif isinstance(made, Made):
            family, place = self._of[id(made.level)]
            for name, slot in family.arguments.items():
                yield name, member, family.slots[slot].values[place]
        elif isinstance(made, Repeated):
            yield "repeats", member, made.times
            yield from self._slots(made.part, member)
        elif isinstance(made, Chain):
            for number, (part, _) in enumerate(made.parts):
                yield from self._slots(part, f"{member}_{number}")

    # -- writing -----------------------------------------------------------------------------------------------------

    def _class(self, family: _Family) -> str:
        level = family.levels[0]
        taken = iter(range(len(family.slots)))

        def value_of(_: Any) -> Any:
            number = next(taken)
            name = family.parameters.get(number)
            return Name(name) if name is not None else family.slots[number].values[0]

        listed = [member.name for member in level.members]
        numbered = bool(listed) and listed == [str(number) for number in range(len(listed))]
        by_name = not numbered and any(name.isdigit() for name in listed)
        arguments = ", ".join(["self", *family.arguments])
        lines = [f"class {family.name}(nn.{'ModuleList' if numbered else 'Module'}):"]
        if level.about:
            lines += _docstring(level.about)
        if level.members or family.arguments:
            lines += [f"    def __init__({arguments}):", "        super().__init__()"]
        lines += [f"        # left out: {plain(words)}" for words in level.left_out]
        for member in level.members:
            made = self._written(member.made, value_of)
            place = f"self{attribute(member.name)}"
            remark = f"  # {plain(member.remark)}" if member.remark else ""
            if numbered:
                start = "self.append("
            elif member.buffer:
                start = f'self.register_buffer("{member.name}", '
            elif by_name:
                start = f'self.add_module("{member.name}", '
            else:
                start = f"{place} = "
            end = ", persistent=False)" if member.buffer else ")" if start.endswith((", ", "(")) else ""
            lines += _statement(start, made, end, remark)
            reached = f'getattr(self, "{member.name}")' if by_name and member.name.isdigit() else place
            lines += [f"        {statement.format(reached)}" for statement in member.after]
        lines += [f"        self{mine} = self{theirs}" for mine, theirs in level.ties]
        if lines[-1] != "        super().__init__()" or level.members:
            lines.append("")
        elif lines[-1] == "        super().__init__()":
            del lines[-2:]
        kept = [member for member in level.members if member.keeps]
        if kept:
            lines += _train(kept)
        given = [str(node.target) for node in level.graph.nodes if node.op == "placeholder"]
        lines.append(f"    def forward({', '.join(['self', *given])}):")
        written = _lines(level)
        if by_name:
            written = [re.sub(r"\bself\[(\d+)\]", r'getattr(self, "\1")', line) for line in written]
        lines += [piece for line in written for piece in broken(f"        {line}")]
        return "\n".join(lines) + "\n"

    def _written(self, made: Expression, value_of: Any) -> Any:
        """The expression as text, or as a call with parts that may each take a line."""
        if isinstance(made, Call):
            return call(made.path, made.function, {name: value_of(value) for name, value in made.arguments.items()})
        if isinstance(made, Text):
            return made.source
        if isinstance(made, Made):
            family, _ = self._of[id(made.level)]
            values = [value_of(None) for _ in family.arguments]
            return call_of(family.name, dict(zip(family.arguments, values, strict=True)))
        if isinstance(made, Repeated):
            times = value_of(None)
            part = _flat(self._written(made.part, value_of))
            many = f"{part} for _ in range({times.text if isinstance(times, Name) else times})"
            return f"nn.Sequential(*({many}))" if made.chained else f"nn.ModuleList({many})"
        parts = [(self._written(part, value_of), remark) for part, remark in made.parts]
        return _Parts("nn.Sequential", tuple((part, plain(remark)) for part, remark in parts))


@dataclass(frozen=True)
class _Parts:
    """A call whose arguments are written in one line, or each in its own."""

    path: str
    parts: tuple[tuple[Any, str], ...]


def call_of(name: str, values: dict[str, Any]) -> str:
    """A call of a class of the file: by position where there is one argument, by name where there are more."""
    if len(values) == 1:
        return f"{name}({literal(next(iter(values.values())))})"
    return f"{name}({', '.join(f'{key}={literal(value)}' for key, value in values.items())})"


def _flat(made: Any) -> str:
    if isinstance(made, _Parts):
        return f"{made.path}({', '.join(_flat(part) for part, _ in made.parts)})"
    return str(made)


def _statement(start: str, made: Any, end: str, remark: str) -> list[str]:
    """An assignment in one line, or over several where it is too long."""
    line = f"        {start}{_flat(made)}{end}{remark}"
    if not isinstance(made, _Parts) or (len(line) <= WIDTH and not any(words for _, words in made.parts)):
        return broken(line)
    return [f"        {start}{made.path}({remark}", *_over_lines(made, "            "), f"        ){end}"]


def _over_lines(made: _Parts, indent: str) -> list[str]:
    lines: list[str] = []
    for part, words in made.parts:
        line = f"{indent}{_flat(part)},"
        if isinstance(part, _Parts) and len(line) > WIDTH:
            lines += [f"{indent}{part.path}(", *_over_lines(part, indent + "    "), f"{indent}),"]
        else:
            lines += broken(line + (f"  # {words}" if words else ""))
    return lines


def _lines(level: Level) -> list[str]:
    names: dict[str, str] = {}
    for node_id, name in level.names.items():
        small = f"x_{name}" if name.isdigit() else name.lower()
        while small in names.values() or small in RESERVED:
            small += "_"
        names[node_id] = small
    return forward_lines(level.graph, names)


def _train(kept: list[Any]) -> list[str]:
    """What is frozen uses its running statistics, and keeps them."""
    lines = [
        "    def train(self, mode=True):",
        '        """Frozen layers keep their running statistics."""',
        "        super().train(mode)",
    ]
    for member in kept:
        place = f"self{attribute(member.name)}"
        if member.keeps == "itself":
            lines.append(f"        {place}.eval()")
        else:
            lines += [
                f"        for module in {place}.modules():",
                '            if hasattr(module, "running_mean"):',
                "                module.eval()",
            ]
    return [*lines, "        return self", ""]


def _docstring(words: str) -> list[str]:
    words = plain(words).replace("\\", "\\\\").replace('"', "'")
    return [f'    """{words}"""', ""]


def _common(slots: list[_Slot], taken: set[str]) -> str:
    """One name for values that are the same in every object."""
    names = {slot.name for slot in slots}
    wish = slots[0].name
    for word, kind in _WORDS:
        if len(names) > 1 and names <= kind:
            wish = word
    if wish in taken:
        wish = f"{_identifier(slots[0].member).lower()}_{slots[0].name}"
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}_{number}", number + 1
    return name


def _equal(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _identifier(name: str) -> str:
    """A name for a class."""
    words = re.sub(r"\W+", " ", name, flags=re.ASCII).split()
    made = "".join(word[:1].upper() + word[1:] for word in words) or "Block"
    return f"Block{made}" if made[0].isdigit() or made[0] == "_" else made


def plain(words: str) -> str:
    """Words for a comment: one line, and nothing that is not seen."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(words.split()))
