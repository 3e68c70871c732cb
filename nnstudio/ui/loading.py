"""Loading: what takes long (reading, hashing, preparing) is done beside the window, which shows how far it is.

An Errand is one piece of such work in a thread of its own. Loading is the document's: it sees to it that the rows of
the project's data are at hand, and says how that stands.
"""

from __future__ import annotations

import atexit
import threading
import traceback
from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from nnstudio.core.project import DataSettings
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.engine.data import at_hand, prepare

# What is done within this time is not worth a progress bar: the window waits for it, in milliseconds.
PATIENCE = 60
# How often the window looks how far the work is, in milliseconds.
INTERVAL = 50

State = Literal["empty", "reading", "stopped", "refused", "full"]

BEING_READ = "The data is being read."
STOPPED = "Reading the data was stopped. Read it again in the Data panel, or choose other data."

# Qt ends the program when the object of a running thread goes, so all of them are held here.
_under_way: set[Errand] = set()


class Errand(QThread):
    """Work in a thread of its own. `finished` (of QThread) says that it has ended, one way or another.

    Attributes:
        share: the part that is done, from 0 to 1; None while it cannot be known.
        words: what is being done.
        result: what the work gave, once it has ended well.
        refusal: a sentence, if it could not be done.
        stopped: whether it ended because `stop` was called.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.setStackSize(16 << 20)  # other systems give threads too little for the linear algebra libraries
        self.share: float | None = None
        self.words = ""
        self.result: Any = None
        self.refusal = ""
        self.details = ""
        self.stopped = False
        self._work = work
        self._stop = threading.Event()
        self.finished.connect(self._forget)

    def begin(self, *, patient: bool = True) -> bool:
        """Start, and if the window has not waited already, wait a moment; True when that was enough."""
        _under_way.add(self)
        self.start()
        return self.wait(PATIENCE if patient else 1)

    def stop(self) -> None:
        """End the work the next time it says how far it is."""
        self._stop.set()

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return self.isFinished() and not self.stopped and not self.refusal

    def run(self) -> None:
        try:
            with told_to(self._hear):
                self.result = self._work()
        except Cancelled:
            self.stopped = True
        except (ValueError, OSError) as error:
            self.refusal = str(error) or type(error).__name__
        except MemoryError:
            self.refusal = "The memory of this computer is too small for this data. Choose a part of it."
        except BaseException as error:  # anything else would only be printed, and the window would wait for ever
            first = str(error).strip().split("\n")[0] or type(error).__name__
            self.refusal = f"The data could not be read: {first.rstrip('.')}."
            self.details = traceback.format_exc()

    def _hear(self, share: float | None, words: str) -> bool:
        self.share, self.words = share, words
        return not self._stop.is_set()

    def _forget(self) -> None:
        self.wait()
        _under_way.discard(self)


def end_all() -> None:
    """Stop all errands and wait for them: the program ends."""
    for errand in _under_way:
        errand.stop()
    for errand in list(_under_way):
        errand.wait(3000)


atexit.register(end_all)


class Loading(QObject):
    """How the rows of the document's data stand.

    state: "empty" (no data is chosen), "reading", "stopped" (by the person), "refused" (`refusal` says why) or "full".
    """

    # the state is another one
    changed = Signal()
    # the share or the words are others
    progressed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "empty"
        self.refusal = ""
        self.share: float | None = None
        self.words = ""
        self._settings: DataSettings | None = None
        self._errand: Errand | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._look)

    @property
    def sentence(self) -> str:
        """Why the rows are not at hand."""
        return {"reading": BEING_READ, "stopped": STOPPED, "refused": self.refusal}.get(self.state, BEING_READ)

    def see_to(self, settings: DataSettings) -> None:
        """Have the rows of these settings at hand, or begin to read them. Emits nothing for what is so at once."""
        if settings.dataset is None or at_hand(settings):
            self._drop()
            self._settings = settings
            self.state = "empty" if settings.dataset is None else "full"
        elif self._settings is None or not _same_rows(settings, self._settings) or self.state == "full":
            self._read(settings)
        else:
            self._settings = settings

    def again(self) -> None:
        """Read what could not be read, or was stopped."""
        if self._settings is not None and self._settings.dataset is not None:
            self._read(self._settings)
            self.changed.emit()

    def cancel(self) -> None:
        """Read no further."""
        if self.state == "reading":
            self._drop()
            self.state = "stopped"
            self.changed.emit()

    def shut_down(self) -> None:
        """End what is under way: the document closes."""
        self._drop()

    def _read(self, settings: DataSettings) -> None:
        self._drop()
        self._settings = settings
        self.state, self.refusal, self.share, self.words = "reading", "", None, ""
        errand = Errand(lambda: prepare(settings))
        self._errand = errand
        errand.finished.connect(self._ended)
        if errand.begin():
            self._conclude(errand)
        else:
            self._timer.start()

    def _drop(self) -> None:
        """Take no more notice of what is under way; it ends by itself."""
        self._timer.stop()
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.finished.disconnect(self._ended)
            errand.stop()

    def _look(self) -> None:
        errand = self._errand
        if errand is not None and (errand.share, errand.words) != (self.share, self.words):
            self.share, self.words = errand.share, errand.words
            self.progressed.emit()

    def _ended(self) -> None:
        errand = self._errand
        if errand is not None and errand.isFinished():
            self._conclude(errand)
            self.changed.emit()

    def _conclude(self, errand: Errand) -> None:
        self._timer.stop()
        self._errand = None
        errand.finished.disconnect(self._ended)
        self.refusal = errand.refusal
        self.state = "refused" if errand.refusal else "stopped" if errand.stopped else "full"


def _same_rows(one: DataSettings, other: DataSettings) -> bool:
    """Whether they differ in nothing that matters to reading."""
    return (
        one.dataset == other.dataset
        and (one.test_share, one.validation_share) == (other.test_share, other.validation_share)
        and (one.random_state, one.standardise, one.split) == (other.random_state, other.standardise, other.split)
    )
