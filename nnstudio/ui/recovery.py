"""Recovery: a copy of what no file has yet, kept beside the program's settings in case that it ends unexpectedly.

Every half minute at most: what was edited, and while a network trains, its newest checkpoint, which the worker takes
between two steps. A thread of its own writes, so neither the window nor the training waits for the disk. The copy goes
when the document is saved or closed. One whose program is gone is found at the next start.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, QStandardPaths, QTimer

from nnstudio.core import storage
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.last_good import finite
from nnstudio.engine.run import Run
from nnstudio.ui.document import Document
from nnstudio.ui.training import Training

SECONDS = 30.0


def recovery_folder() -> Path:
    """Where the copies are."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation), "recovery")


class Abandoned:
    """A copy whose program is gone. While this exists, no other program takes it."""

    def __init__(self, path: Path, lock: QLockFile) -> None:
        self.path, self.lock = path, lock

    def discard(self) -> None:
        """Throw it away."""
        with suppress(OSError):
            self.path.unlink()
        self.lock.unlock()


def abandoned(folder: Path) -> list[Abandoned]:
    """The copies of programs that ended unexpectedly, the newest first."""
    found = []
    with suppress(OSError):
        paths = sorted(folder.glob(f"*{storage.SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in paths:
            lock = _lock_of(path)
            if lock.tryLock(0):  # of a program that is gone, Qt takes no notice
                found.append(Abandoned(path, lock))
    return found


class Recovery(QObject):
    """The copy of one document.

    Attributes:
        path: where it is, or will be.
    """

    def __init__(
        self,
        document: Document,
        training: Training,
        folder: Path,
        *,
        taken: Abandoned | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """With `taken`, that copy becomes this one's."""
        super().__init__()
        self._document, self._training = document, training
        self.path = taken.path if taken is not None else folder / f"{secrets.token_hex(8)}{storage.SUFFIX}"
        self._lock: QLockFile | None = taken.lock if taken is not None else None
        self._thread: threading.Thread | None = None
        self._newest: tuple[Project, Checkpoint | None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(round(1000 * seconds))
        self._timer.timeout.connect(self.look)
        self._timer.start()
        document.state_changed.connect(self._drop_when_saved)

    def look(self) -> None:
        """Renew the copy if there is something new, and nothing is being written."""
        if self._thread is not None and self._thread.is_alive():
            return
        if self._training.busy:
            self._training.ask("recovery", Run.checkpoint, self._write)
        elif self._document.modified:
            self._write(self._document.checkpoint)

    def close(self) -> None:
        """The document is closed: the copy is of no more use."""
        self._timer.stop()
        self._drop()

    def _write(self, checkpoint: Checkpoint | None) -> None:
        newest = (self._document.project, checkpoint)
        if newest == self._newest or (checkpoint is not None and not finite(checkpoint)):
            return
        self._newest = newest
        self._thread = threading.Thread(target=self._store, args=newest, name="recovery", daemon=True)
        self._thread.start()

    def _store(self, project: Project, checkpoint: Checkpoint | None) -> None:
        """A copy that cannot be written must not disturb; the next one may succeed."""
        with suppress(storage.StorageError, OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._lock is None:
                lock = _lock_of(self.path)
                if not lock.tryLock(0):
                    return
                self._lock = lock
            storage.write(self.path, project, checkpoint)

    def _drop_when_saved(self) -> None:
        if self._newest is not None and not self._document.modified and not self._training.busy:
            self._drop()

    def _drop(self) -> None:
        if self._thread is not None:
            self._thread.join()
        self._newest = None
        with suppress(OSError):
            self.path.unlink()
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(str(path.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # it does not grow old; it ends with its program
    return lock
