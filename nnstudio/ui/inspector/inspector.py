"""Inspector: the column at the right of the canvas. It shows what is selected, or the project when nothing is."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from nnstudio.core.project import Project
from nnstudio.engine.run import Snapshot
from nnstudio.ui.document import Document
from nnstudio.ui.forms.style import Styled
from nnstudio.ui.inspector.look import Look, look_at
from nnstudio.ui.inspector.node_page import NodePage
from nnstudio.ui.inspector.project_page import ProjectPage
from nnstudio.ui.inspector.several_page import SeveralPage
from nnstudio.ui.panels.panel import Measure, Panel


class Inspector(Panel):
    """Settings and facts of the selection. It is fed like a panel: the node that it shows is measured as it trains."""

    key = "inspector"
    title = "Inspector"
    sentence = "Settings of the selected layer, what it computes, and how it is doing. Select a layer on the canvas."

    def __init__(self, document: Document, training: object = None) -> None:
        super().__init__(document)
        self.setObjectName("inspector")
        self.training = training
        self.node_page = NodePage(document)
        self.several_page = SeveralPage(document)
        self.project_page = ProjectPage(document)
        self.pages = Pages([self.project_page, self.node_page, self.several_page])
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self.pages)
        self._selection = document.selection
        document.changed.connect(self._changed)
        document.checked.connect(self._checked)
        document.entered.connect(self._renew_all)
        document.selected.connect(self._selected)
        self._renew_all()

    # -- the document ----------------------------------------------------------------------------------------------

    def _changed(self, before: Project, after: Project) -> None:
        if self._selection <= self.document.graph.nodes.keys():  # the selection follows in a moment otherwise
            self._renew()

    def _checked(self, report: object) -> None:
        if self._selection <= self.document.graph.nodes.keys():
            self._renew()
            self._renew_problems()

    def _selected(self, selection: frozenset[str]) -> None:
        for page in (self.node_page, self.several_page, self.project_page):
            page.flush()
        self.document.end_merge()
        self._selection = self.document.selection
        self._renew_all()

    def _renew_all(self) -> None:
        self._renew()
        self._renew_problems()
        page = {0: self.project_page, 1: self.node_page}.get(len(self._selection), self.several_page)
        self.pages.show_page(page)

    def _renew(self) -> None:
        if not self._selection:
            self.project_page.renew()
        elif len(self._selection) == 1:
            self.node_page.renew(next(iter(self._selection)))
        else:
            self.several_page.renew(self._selection)

    def _renew_problems(self) -> None:
        if not self._selection:
            self.project_page.renew_report()
        elif len(self._selection) == 1:
            self.node_page.renew_problems()

    # -- the training ----------------------------------------------------------------------------------------------

    def request(self) -> Measure | None:
        if len(self._selection) == 1:
            return look_at(self.document.path_of(next(iter(self._selection))))
        return None

    def draw(self, reading: Any, snapshot: Snapshot) -> None:
        if isinstance(reading, Look) and len(self._selection) == 1:
            self.node_page.draw(reading, snapshot)
        elif not self._selection:
            self.project_page.draw(snapshot)

    def clear(self) -> None:
        self.node_page.clear()
        self.project_page.clear()


class Pages(Styled):
    """Pages of which one is seen, each with a scroll bar of its own."""

    def __init__(self, pages: list[QWidget]) -> None:
        super().__init__()
        self._stack = QStackedLayout(self)
        self._areas = {}
        for page in pages:
            self._areas[page] = scrolled(page)
            self._stack.addWidget(self._areas[page])

    def show_page(self, page: QWidget) -> None:
        """Show this one, from its top."""
        if self._stack.currentWidget() is not self._areas[page]:
            self._stack.setCurrentWidget(self._areas[page])
            self._areas[page].verticalScrollBar().setValue(0)

    def page(self) -> QWidget:
        """The one that is seen."""
        return next(page for page, area in self._areas.items() if area is self._stack.currentWidget())


def scrolled(page: QWidget) -> QScrollArea:
    """A page that scrolls up and down, never sideways."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    page.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    return area
