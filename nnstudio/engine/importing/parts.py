"""The hierarchy of a Program as parts in parts, made ready to be drawn level by level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from nnstudio.engine.importing.program import Program, Scope, Step, words


@dataclass(eq=False)
class Part:
    """What becomes one level of the drawing: the call of a module, or a list of modules that is never called itself."""

    kind: str
    name: str = ""
    module: str = ""
    arguments: tuple[tuple[str, int], ...] = ()
    items: list[Step | Part] = field(default_factory=list)
    call: int = 0

    def steps(self) -> Iterator[Step]:
        """All steps in it and below, in the order of computation."""
        for item in self.items:
            if isinstance(item, Step):
                yield item
            else:
                yield from item.steps()

    def made(self) -> list[int]:
        """The values that are made in it."""
        return [value for step in self.steps() for value in step.outputs]

    def used(self) -> Counter[int]:
        """The values that are used in it, and how often; those used first come first."""
        return Counter(value for step in self.steps() for value in step.inputs if value is not None)

    def holds_weights(self) -> bool:
        """Whether there is anything in it that an original would have in its state_dict."""
        return any(step.weights for step in self.steps())


def made_by(item: Step | Part) -> list[int]:
    """The values that an item makes."""
    return list(item.outputs) if isinstance(item, Step) else item.made()


def used_by(item: Step | Part) -> set[int]:
    """The values that an item uses, or that are used in it."""
    return set(item.used()) if isinstance(item, Part) else {value for value in item.inputs if value is not None}


def holds_weights(item: Step | Part) -> bool:
    """Whether an item, or anything in it, has weights."""
    return bool(item.weights) if isinstance(item, Step) else item.holds_weights()


def alive(program: Program) -> tuple[Step, ...]:
    """The steps that lead to an output."""
    needed = {end.value for end in program.outputs}
    kept = []
    for step in reversed(program.steps):
        if needed.intersection(step.outputs):
            needed.update(value for value in step.inputs if value is not None)
            kept.append(step)
    return tuple(reversed(kept))


def hierarchy(steps: Iterable[Step]) -> Part:
    """The parts of the whole, with lists of modules as parts of their own."""
    root = Part("")
    for step in steps:
        part = root
        for scope in step.path:
            part = _inside(part, scope)
        part.items.append(step)
    _prepare(root)
    return root


def _inside(part: Part, scope: Scope) -> Part:
    """The part of a call, which is the last item where the call has begun already."""
    last = part.items[-1] if part.items else None
    if isinstance(last, Part) and last.call == scope.call:
        return last
    new = Part(scope.kind, scope.name, scope.module, scope.arguments, call=scope.call)
    part.items.append(new)
    return new


def _prepare(part: Part) -> None:
    for place, item in enumerate(part.items):
        if isinstance(item, Part):
            _prepare(item)
            part.items[place] = _itself(item)
    _gather_lists(part)


def _itself(part: Part) -> Step | Part:
    """A module that is nothing but one layer with its weights, or of the layer's own class, is that layer."""
    if len(part.items) == 1 and isinstance(only := part.items[0], Step) and not only.name:
        same = type(only.layer).__name__ == part.kind or _SAME.get(part.kind) == type(only.layer).__name__
        if only.weights or same:
            return replace(only, name=part.name)
    return part


# Modules that are one layer under another name, where the module itself was not kept.
_SAME = {"Hardtanh": "ReLU6", "ReLU6": "Hardtanh", "Dropout": "Identity", "Unflatten": "Reshape"}


# -- lists of modules --------------------------------------------------------------------------------------------------


def _gather_lists(part: Part) -> None:
    """Put the entries of a list, such as "blocks.0" and "blocks.1", into a part called "blocks".

    What lies between them goes with them, as long as it has no weights: these would get another name. Where that cannot
    be, the entries stay side by side, as "blocks_0" and "blocks_1".
    """
    for name in dict.fromkeys(item.name.partition(".")[0] for item in part.items if "." in item.name):
        if not any(item.name.startswith(f"{name}.") for item in part.items):
            continue  # all of it lies in another list by now
        chosen = _closure(part, name)
        if chosen is None:
            for place, item in enumerate(part.items):
                if item.name.startswith(f"{name}."):
                    _rename(part, place, item.name.replace(".", "_"))
            continue
        first = min(chosen)
        inner = Part(words(name), name)
        for place in sorted(chosen):
            item = part.items[place]
            inner.items.append(item)
            if item.name.startswith(f"{name}."):
                _rename(inner, len(inner.items) - 1, item.name.partition(".")[2])
        rest = [item for place, item in enumerate(part.items) if place not in chosen]
        before = sum(place not in chosen for place in range(first))
        part.items = [*rest[:before], inner, *rest[before:]]
        _gather_lists(inner)


def _rename(part: Part, place: int, name: str) -> None:
    item = part.items[place]
    if isinstance(item, Step):
        part.items[place] = replace(item, name=name)
    else:
        item.name = name


def _closure(part: Part, name: str) -> set[int] | None:
    """The places of the entries of a list and of all that lies between them; None where they cannot be one part."""
    items = part.items
    members = {place for place, item in enumerate(items) if item.name.startswith(f"{name}.")}
    makers = {value: place for place, item in enumerate(items) for value in made_by(item)}
    sources = [{makers[value] for value in used_by(item) if value in makers} for item in items]
    behind: set[int] = set(members)  # what a member leads to
    for place in range(len(items)):
        if sources[place] & behind:
            behind.add(place)
    before: set[int] = set(members)  # what leads to a member
    for place in reversed(range(len(items))):
        if place in before:
            before |= sources[place]
    chosen = members | (behind & before)
    for place in range(min(chosen), max(chosen)):
        if place in chosen:
            continue
        item = items[place]
        readers = {reader for reader in range(len(items)) if place in sources[reader]}
        if isinstance(item, Part) or item.inputs or not readers <= chosen:
            return None
        chosen.add(place)
    if any(holds_weights(items[place]) for place in chosen - members):
        return None
    return chosen
