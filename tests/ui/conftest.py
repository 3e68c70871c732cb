"""A small project for the tests of the window's parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from nnstudio.core.kinds import Dataset, Optimizer
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.ui.document import Document
from ui.canvas_projects import make, residual_graph


@pytest.fixture(autouse=True)
def tidy(qapp: Any) -> Iterator[None]:
    """What a test closed is gone before the next one begins; a theme would be given to all of it otherwise."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def project() -> Project:
    """Spirals, learned by the residual graph."""
    return Project(
        residual_graph(),
        DataSettings(make(Dataset, "Spirals")),
        TrainingSettings(optimizer=make(Optimizer, "Adam", lr=0.01), epochs=3, batch_size=16),
    )


@pytest.fixture
def document(qapp: Any, project: Project) -> Document:
    return Document(project)
