"""Problem: a located, worded, mendable complaint.

Every floor complains with these values, so that the command line, the canvas and the
outline all say the same sentence about the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Complaint:
    """What a layer or a loss says about what it was given, before it is known at which node it sits."""

    needed: str
    got: str
    fix: str = ""
    severity: Severity = "error"
    port: str | None = None


@dataclass(frozen=True)
class Problem:
    """A complaint at a node (`node` is its id), or about the whole drawing (`node` is None).

    `message` is one sentence that stands alone; `needed`, `got` and `fix` are its parts, for forms and tools.
    `details` holds torch's own words where there are any.
    """

    severity: Severity
    message: str
    node: str | None = None
    port: str | None = None
    needed: str = ""
    got: str = ""
    fix: str = ""
    details: str = ""

    @classmethod
    def at(cls, node: str, title: str, complaint: Complaint, details: str = "") -> Problem:
        """The complaint, located at a node and worded as one sentence."""
        sentence = f"{title} needs {complaint.needed}, but gets {complaint.got}."
        if complaint.fix:
            sentence += f" {complaint.fix}"
        return cls(
            severity=complaint.severity,
            message=sentence,
            node=node,
            port=complaint.port,
            needed=complaint.needed,
            got=complaint.got,
            fix=complaint.fix,
            details=details,
        )


def errors(problems: tuple[Problem, ...] | list[Problem]) -> list[Problem]:
    """Only the problems that forbid training."""
    return [problem for problem in problems if problem.severity == "error"]
