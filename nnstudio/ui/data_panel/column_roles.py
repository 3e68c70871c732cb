"""What a column of a table is taken for, and how a person's other opinion is written into the dataset's settings."""

from __future__ import annotations

from typing import Any

# What a column can be made, in the words of the menu; None is a line between groups.
ROLES: dict[str, str] = {
    "": "As guessed",
    "numbers": "Number",
    "categories": "Category",
    "dates": "Date",
    "ignored": "Ignored",
    "target": "Target",
    "group_column": "Group",
    "time_column": "Time",
}
_LISTS = ("numbers", "categories", "dates", "ignored", "targets")
_SINGLE = ("target", "group_column", "time_column")
_SENTENCES = {
    "": "What the values look like decides.",
    "numbers": "The values are amounts.",
    "categories": "Each different value is a category, also where the values are texts or numbers.",
    "dates": "The values are days; they become a number of days.",
    "ignored": "The network does not see this column.",
    "target": "This is what the network predicts.",
    "group_column": "Rows with the same value belong together, for a split by group. The network does not see it.",
    "time_column": "Says when each row was measured, for a split by time. The network does not see it.",
}


def offered(dataset: Any) -> list[str]:
    """The roles that this dataset knows."""
    return [role for role in ROLES if not role or hasattr(dataset, role)]


def explained(role: str) -> str:
    """What a role means for the result."""
    return _SENTENCES[role]


def role_of(dataset: Any, name: str, last: str) -> str:
    """The role that a person gave a column; the last one is the target where none is named."""
    for role in _SINGLE:
        if getattr(dataset, role, None) == name:
            return role
    if not getattr(dataset, "target", "?") and name == last:
        return "target"
    if name in getattr(dataset, "targets", ()):
        return "target"
    return next((role for role in _LISTS if name in getattr(dataset, role, ())), "")


def with_role(dataset: Any, name: str, role: str) -> Any:
    """The dataset with a column taken for something. Raises ValueError if that cannot be."""
    changes: dict[str, Any] = {}
    for listed in _LISTS:
        if name in getattr(dataset, listed, ()):
            changes[listed] = tuple(other for other in getattr(dataset, listed) if other != name)
    for single in _SINGLE:
        if getattr(dataset, single, None) == name:
            changes[single] = ""
    if role in _SINGLE:
        changes[role] = name
    elif role:
        changes[role] = (*changes.get(role, getattr(dataset, role)), name)
    return dataset.with_(**changes)
