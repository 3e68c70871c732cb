"""What painted data have in common."""

from __future__ import annotations

from nnstudio.core.spec import SpecError

MOST_POINTS = 20_000


def check_points(points: tuple[float, ...], width: int, words: str) -> None:
    """Whole points, and not too many. Raises SpecError."""
    if len(points) % width:
        raise SpecError("points", f"{width} numbers for each point ({words})", f"{len(points):,} numbers")
    if len(points) > width * MOST_POINTS:
        raise SpecError("points", f"at most {MOST_POINTS:,} points", f"{len(points) // width:,}")


def points_source(points: tuple[float, ...], width: int) -> str:
    """The statement that defines `points` [points, width], one of them on each line."""
    if not points:
        return f"points = np.zeros((0, {width}))\n"
    rows = (points[place : place + width] for place in range(0, len(points), width))
    return "points = np.array([\n" + "".join(f"    {row!r},\n" for row in rows) + "])\n"
