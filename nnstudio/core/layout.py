"""Layout: places for all nodes of a drawing, in columns from left to right.

A node stands one column behind the last one that feeds it. Wires that pass over a column hold a place in it, so that
they run beside the nodes and not behind them. The order within a column follows from that of its neighbours (the
barycentre), as long as fewer wires cross; then every node is lined up with one of those that feed it, so that chains
are straight. After Sugiyama, and Brandes and Köpf, with one of their four alignments.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterable
from itertools import pairwise

from nnstudio.core.graph import Graph, Position, id_order
from nnstudio.core.kinds import Layer

# Sizes in pixels at 100 %. A node's position is its upper left corner.
GRID = 8.0
WIDTH = 152.0
HEIGHT = 144.0
PORT_STEP = 24.0
# From the left edge of a node to that of the next, and from the upper edge to that of the one below.
COLUMN = 176.0
ROW = 192.0

# A place in a column: a node's id, or (for a wire that passes) a number that no id can be.
Place = str | int
_PASSING = 56.0
_BESIDE = 24.0
# Between two columns whose wires are not all straight.
_BENDING = 40.0
_SWEEPS = 12


def height(layer: Layer) -> float:
    """A node is as high as all others unless its ports need more."""
    ports = max(len(layer.input_ports), len(layer.output_ports))
    needed = HEIGHT / 2 + PORT_STEP * (ports - 1) + 40.0  # room for a line of text under the last one
    return max(HEIGHT, math.ceil(needed / GRID) * GRID)


def arrange(graph: Graph) -> dict[str, Position]:
    """A position for every node; the upper left corner of the whole drawing stays where it was."""
    if not graph.nodes:
        return {}
    left = min(node.position[0] for node in graph.nodes.values())
    top = min(node.position[1] for node in graph.nodes.values())
    left, top = round(left / GRID) * GRID, round(top / GRID) * GRID
    places: dict[str, Position] = {}
    parts = _parts(graph)
    for part in parts:
        if len(part) == 1 and len(parts) > 1:
            continue
        found = _Part(graph, part).positions()
        places.update({node_id: (left + x, top + y) for node_id, (x, y) in found.items()})
        top += max(y + height(graph.nodes[node_id].layer) for node_id, (_, y) in found.items()) + ROW - HEIGHT
    if len(parts) > 1:
        alone = [node_id for part in parts if len(part) == 1 for node_id in part]
        places.update({node_id: (left + COLUMN * place, top) for place, node_id in enumerate(alone)})
    return places


def _parts(graph: Graph) -> list[list[str]]:
    """The nodes in groups that hang together, each in the order of making; the largest group first."""
    beside: dict[str, set[str]] = {node_id: set() for node_id in graph.nodes}
    for edge in graph.edges:
        beside[edge.source].add(edge.target)
        beside[edge.target].add(edge.source)
    found = []
    seen: set[str] = set()
    for first in sorted(graph.nodes, key=id_order):
        if first in seen:
            continue
        part, waiting = {first}, [first]
        while waiting:
            for other in beside[waiting.pop()] - part:
                part.add(other)
                waiting.append(other)
        seen |= part
        found.append(sorted(part, key=id_order))
    return sorted(found, key=lambda part: (-len(part), id_order(part[0])))


class _Part:
    """One group of nodes on its way to positions."""

    def __init__(self, graph: Graph, ids: Iterable[str]) -> None:
        self.graph = graph
        self.ids = list(ids)
        inside = set(self.ids)
        pairs = {(edge.source, edge.target) for edge in graph.edges if edge.source in inside}
        self.pairs = self._without_circles(pairs)
        self.column_of: dict[Place, int] = self._columns()
        self.before: dict[Place, list[Place]] = {}
        self.after: dict[Place, list[Place]] = {}
        self._connect()
        count = max(self.column_of.values()) + 1
        self.columns: list[list[Place]] = [[] for _ in range(count)]
        for item in self.column_of:
            self.columns[self.column_of[item]].append(item)

    def positions(self) -> dict[str, Position]:
        self._order()
        heights = self._heights()
        xs = [0.0]
        for column in range(1, len(self.columns)):
            straight = all(
                heights[item] == heights[other] for item in self.columns[column] for other in self.before.get(item, ())
            )
            xs.append(xs[-1] + COLUMN + (0.0 if straight else _BENDING))
        return {node_id: (xs[self.column_of[node_id]], heights[node_id]) for node_id in self.ids}

    def _without_circles(self, pairs: set[tuple[str, str]]) -> list[tuple[str, str]]:
        """The wires, less those that lead back."""
        following: dict[str, list[str]] = {}
        for source, target in sorted(pairs, key=lambda pair: (id_order(pair[0]), id_order(pair[1]))):
            following.setdefault(source, []).append(target)
        targets = {target for _, target in pairs}
        kept: list[tuple[str, str]] = []
        state: dict[str, int] = {}  # 1: on the way, 2: done
        for first in sorted(self.ids, key=lambda node_id: (node_id in targets, id_order(node_id))):
            if first in state:
                continue
            state[first] = 1
            walk = [(first, iter(following.get(first, ())))]
            while walk:
                source, rest = walk[-1]
                target = next(rest, "")
                if not target:
                    state[source] = 2
                    walk.pop()
                elif state.get(target) != 1:
                    kept.append((source, target))
                    if target not in state:
                        state[target] = 1
                        walk.append((target, iter(following.get(target, ()))))
        return kept

    def _columns(self) -> dict[Place, int]:
        """The longest way to each node; what nothing feeds stands right before what it feeds."""
        sources: dict[str, list[str]] = {node_id: [] for node_id in self.ids}
        targets: dict[str, list[str]] = {node_id: [] for node_id in self.ids}
        for source, target in self.pairs:
            sources[target].append(source)
            targets[source].append(target)
        waiting = {node_id: len(sources[node_id]) for node_id in self.ids}
        ready = [node_id for node_id in self.ids if not waiting[node_id]]
        column: dict[Place, int] = {}
        for node_id in ready:  # grows while it is walked
            column[node_id] = max((column[source] + 1 for source in sources[node_id]), default=0)
            for target in targets[node_id]:
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        for node_id in self.ids:
            if not sources[node_id] and targets[node_id]:
                column[node_id] = min(column[target] for target in targets[node_id]) - 1
        return column

    def _connect(self) -> None:
        """Neighbours in the columns beside each place, with places for the wires that pass."""
        number = 0
        for source, target in self.pairs:
            last: Place = source
            for column in range(self.column_of[source] + 1, self.column_of[target]):
                self.column_of[number] = column
                self._join(last, number)
                last, number = number, number + 1
            self._join(last, target)

    def _join(self, source: Place, target: Place) -> None:
        self.after.setdefault(source, []).append(target)
        self.before.setdefault(target, []).append(source)

    def _order(self) -> None:
        """Sweep to and fro, and keep the order that had the fewest crossings."""
        for column in self.columns:
            column.sort(key=lambda item: (isinstance(item, str), str(item).zfill(12)))
        best, fewest = [list(column) for column in self.columns], self._crossings()
        for sweep in range(_SWEEPS):
            if fewest == 0 and sweep > 1:
                break
            forward = sweep % 2 == 0
            indices = range(1, len(self.columns)) if forward else range(len(self.columns) - 2, -1, -1)
            for index in indices:
                self._sort(index, self.columns[index - 1 if forward else index + 1], forward)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(column) for column in self.columns], crossings
        self.columns = best

    def _sort(self, index: int, beside: list[Place], forward: bool) -> None:
        """Put a column in the order of the middles of its neighbours in the column beside it."""
        rank = {item: place for place, item in enumerate(beside)}
        own = {item: place for place, item in enumerate(self.columns[index])}
        links = self.before if forward else self.after

        def key(item: Place) -> tuple[float, bool, int]:
            near = [rank[other] for other in links.get(item, ())]
            middle = sum(near) / len(near) if near else float(own[item])
            return middle, isinstance(item, str), own[item]

        self.columns[index].sort(key=key)

    def _crossings(self) -> int:
        total = 0
        for index in range(1, len(self.columns)):
            rank = {item: place for place, item in enumerate(self.columns[index - 1])}
            ends = [
                place
                for item in self.columns[index]
                for place in sorted(rank[other] for other in self.before.get(item, ()))
            ]
            seen: list[int] = []
            for end in ends:
                total += len(seen) - bisect_right(seen, end)
                insort(seen, end)
        return total

    def _heights(self) -> dict[Place, float]:
        """The upper edge of every place (for a wire that passes: as if a node stood there with its port on it)."""
        head = self._lines()
        below: dict[Place, list[tuple[Place, float]]] = {}
        above: dict[Place, int] = dict.fromkeys(head.values(), 0)
        for column in self.columns:
            for upper, lower in pairwise(column):
                below.setdefault(head[upper], []).append((head[lower], self._apart(upper, lower)))
                above[head[lower]] += 1
        tops = dict.fromkeys(above, 0.0)
        ready = [line for line, count in above.items() if count == 0]
        for line in ready:  # grows while it is walked
            for other, apart in below.get(line, ()):
                tops[other] = max(tops[other], tops[line] + apart)
                above[other] -= 1
                if above[other] == 0:
                    ready.append(other)
        return {item: round(tops[line] / GRID) * GRID for item, line in head.items()}

    def _lines(self) -> dict[Place, Place]:
        """For every place the first one of the straight line that it lies on.

        A place continues the line of the first one that feeds it and that no other has continued; wires that pass come
        before nodes. Two lines never cross, so the columns' orders stay free of contradictions.
        """
        head: dict[Place, Place] = {item: item for column in self.columns for item in column}
        for index in range(1, len(self.columns)):
            rank = {item: place for place, item in enumerate(self.columns[index - 1])}
            own = {item: place for place, item in enumerate(self.columns[index])}
            taken: list[tuple[int, int]] = []
            # Wires first that have begun to pass, then those that begin, then the rest.
            for item in sorted(self.columns[index], key=lambda item: self._eagerness(item)):
                near = sorted(self.before.get(item, ()), key=lambda other: (isinstance(other, str), rank[other]))
                for other in near:
                    pair = (rank[other], own[item])
                    spot = bisect_right(taken, pair)
                    if all(_side_by_side(pair, beside) for beside in taken[max(0, spot - 1) : spot + 1]):
                        head[item] = head[other]
                        taken.insert(spot, pair)
                        break
        return head

    def _eagerness(self, item: Place) -> int:
        """What is lined up first: 0 where a passing wire goes on, 1 where one begins, 2 otherwise."""
        if any(isinstance(other, int) for other in self.before.get(item, ())):
            return 0
        return 1 if isinstance(item, int) else 2

    def _apart(self, upper: Place, lower: Place) -> float:
        if isinstance(upper, str):
            full = height(self.graph.nodes[upper].layer) + ROW - HEIGHT
            return full if isinstance(lower, str) else full - HEIGHT / 2 - _BESIDE
        # The card of the lower one begins this far under the wire, or the next wire runs there.
        return HEIGHT / 2 + _PASSING if isinstance(lower, str) else _BESIDE


def _side_by_side(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether two lines from one column to the next neither cross nor touch."""
    return (first[0] - second[0]) * (first[1] - second[1]) > 0
