"""Looking: findings and overview of some rows, made beside the window where that takes a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from nnstudio.core.blocks import every_node
from nnstudio.core.project import Project
from nnstudio.engine.data import Prepared
from nnstudio.engine.data_overview import Overview, overview
from nnstudio.engine.data_report import Finding, report
from nnstudio.ui.loading import Errand

_QUICK = 1 << 20  # numbers that are looked at in a moment


@dataclass(frozen=True, eq=False)
class Look:
    """What was found in some rows."""

    findings: tuple[Finding, ...]
    overview: Overview


class Looking(QObject):
    """Has the rows looked at; `changed` says that there is a newer result, or none any more."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.newest: Look | None = None
        self._key: tuple[Any, ...] = ()
        self._errand: Errand | None = None

    def look(self, prepared: Prepared, project: Project) -> None:
        """Look at these rows, unless that was done or is being done."""
        batch_norm = any(type(node.layer).__name__.startswith("BatchNorm") for _, node in every_node(project.graph))
        training = project.training
        key = (prepared, training.batch_size, training.class_weights, batch_norm)
        if key == self._key:
            return
        if not self._key or self._key[0] is not prepared:
            self.newest = None
        self._drop()
        self._key = key

        def work() -> Look:
            seen = overview(prepared)
            found = report(
                prepared, batch_size=training.batch_size, batch_norm=batch_norm, weighted=training.class_weights
            )
            return Look(tuple(found), seen)

        self._errand = errand = Errand(work)
        errand.finished.connect(self._ended)
        if errand.begin(patient=prepared.data.rows * prepared.input_type.size <= _QUICK):
            self._ended()

    def forget(self) -> None:
        """There are no rows."""
        self._drop()
        self._key = ()
        self.newest = None

    def _drop(self) -> None:
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.finished.disconnect(self._ended)
            errand.stop()

    def _ended(self) -> None:
        errand = self._errand
        if errand is None or not errand.isFinished():
            return
        self._errand = None
        errand.finished.disconnect(self._ended)
        self.newest = errand.result if errand.done else None
        self.changed.emit()
