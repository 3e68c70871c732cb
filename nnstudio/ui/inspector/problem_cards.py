"""Problems as cards, each with the changes that mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nnstudio.core.blocks import title_at
from nnstudio.core.problems import Problem
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Card, Cards
from nnstudio.ui.inspector.remedies import Remedy, remedies

WITH_REMEDIES = 4  # cards for which changes are tried; more would make editing slow


class ProblemCards(Cards):
    """Cards for some problems. With `located`, a card also leads to its node."""

    def __init__(self, document: Document, *, located: bool = False) -> None:
        super().__init__()
        self.document = document
        self._located = located
        self._shown: object = None

    def renew(self, problems: Sequence[Problem]) -> None:
        """Show these; equal ones in the same project stay as they are."""
        key = (tuple(problems), self.document.project if problems else None)
        if self._shown is not None and key == self._shown:
            return
        self._shown = key
        self.show_cards(self._card(problem, place < WITH_REMEDIES) for place, problem in enumerate(problems))

    def _card(self, problem: Problem, mend: bool) -> Card:
        path = problem.node
        name = self._title_of(path) if path is not None and self._located else ""
        title, text = words_of(problem, name)
        actions = []
        with self.document.only_at_hand():
            found = remedies(self.document.project, self.document.report, problem) if mend else []
        for remedy in found:
            words = f"{remedy.label} ({remedy.cost})" if remedy.cost else remedy.label
            actions.append((words, "Do this now; undo takes it back.", self._mend(remedy)))
        if (
            path is not None
            and self._title_of(path)
            and (self._located or path != "/".join((*self.document.inside, path.split("/")[-1])))
        ):
            name = name or self._title_of(path)
            actions.append((f"Show {name}", "Select this node.", lambda: self.document.reveal(path)))
        card = Card(problem.severity, title, text, actions)
        if problem.details:
            card.setToolTip(f"<p>{problem.details}</p>")
        return card

    def _title_of(self, path: str) -> str:
        """The titles on the way to a node; nothing where it was deleted since the check."""
        try:
            return title_at(self.document.project.graph, path)
        except (KeyError, AttributeError):
            return ""

    def _mend(self, remedy: Remedy) -> Callable[[], None]:
        return lambda: self.document.edit(remedy.label, remedy.project)


def words_of(problem: Problem, title: str = "") -> tuple[str, str]:
    """A short bold line (with the node's title where it is not clear) and the rest of the sentence."""
    if problem.needed and problem.got and problem.message.endswith(problem.fix or "."):
        first = f"{title} needs {problem.needed}" if title else f"Needs {problem.needed}"
        return first, f"It gets {problem.got}. {problem.fix}".strip()
    first, stop, rest = problem.message.partition(". ")
    return first + stop.strip(), rest or ("" if problem.fix in first else problem.fix)
