"""LossRows: what of the loss is set elsewhere, at the Output of the drawing, with a way there."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from nnstudio.core.blocks import boundary
from nnstudio.core.kinds import Loss
from nnstudio.ui.document import Document
from nnstudio.ui.forms.fact import column, heading, link


class LossRows(QWidget):
    """Says where label smoothing is, and whether the loss weighs classes."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document
        self.note = heading("", "muted")
        self.smoothing = link("", "Selects the Output, whose loss is set in the Inspector.", self._show_output)
        self.smoothing.setObjectName("label_smoothing")
        rows = column(self)
        rows.addWidget(self.note)
        rows.addWidget(self.smoothing)
        self._output = ""
        self.renew()

    def renew(self) -> None:
        """Look at the Outputs of the drawing."""
        heads: list[tuple[Any, Loss]] = []
        for node in boundary(self.document.project.graph, "output"):
            loss = getattr(node.layer, "loss", None)
            if isinstance(loss, Loss):
                heads.append((node, loss))
        words = ""
        if heads and not any(loss.weighs_classes for _, loss in heads):
            title = type(heads[0][1]).title or type(heads[0][1]).__name__
            words = f"{title}, the loss of {heads[0][0].title}, does not weigh classes."
        self.note.setText(words)
        self.note.setVisible(bool(words))
        smooth = next(((node, loss) for node, loss in heads if hasattr(loss, "label_smoothing")), None)
        self.smoothing.setVisible(smooth is not None)
        if smooth is not None:
            node, loss = smooth
            self._output = node.id
            text = f"Label smoothing is {loss.label_smoothing:g}, in the loss of {node.title}"
            self.smoothing.setText(text)
            self.smoothing.setAccessibleName(text)

    def _show_output(self) -> None:
        self.document.reveal(self._output)
