"""Notices: how the data was read, and what keeps it from the network, with what mends it."""

from __future__ import annotations

from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import Card, Cards
from nnstudio.ui.inspector.remedies import fit_output


class Notices(Cards):
    """Cards about the data as a whole."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self._words: tuple[str, ...] = ()

    def renew(self) -> None:
        """Say how it stands; what is said already stays as it is."""
        project, report = self.document.project, self.document.report
        found: list[Card] = []
        words: list[str] = []
        if project.data.dataset is None:
            words = ["none"]
            text = "Choose a file or a folder, drop one here, or choose one of the datasets that come along."
            found = [Card("note", "No data is chosen", text)]
        elif self.document.loading.state == "full":
            try:
                prepared = self.document.prepared()
            except (ValueError, OSError) as error:
                words = [str(error)]
                found = [Card("error", "These rows cannot be used", str(error))]
            else:
                with self.document.only_at_hand():
                    fitted = fit_output(project) if report.errors else None
                words = list(prepared.data.notices)
                found = [Card("note", "How it was read", " ".join(words))] if words else []
                if fitted is not None:
                    words.append(report.errors[0].message)
                    tip = "Sets the loss of the Output and the size of the layer before it, and flattens images."
                    action = ("Fit the network to this data", tip, self._fit)
                    found.append(Card("warning", "The network does not suit these data", words[-1], [action]))
        if self._words != tuple(words):
            self._words = tuple(words)
            self.show_cards(found)

    def _fit(self) -> None:
        with self.document.only_at_hand():
            fitted = fit_output(self.document.project)
        if fitted is not None:
            self.document.edit("Fit the network to the data", fitted)
