"""Application: the gallery at once, everything else behind it.

The first window needs only Qt and `core`. torch, the library, the engine and pyqtgraph take seconds to import, so
they come after the first paint: torch in a thread, what touches Qt in the window's thread. This is the one place
where imports wait in functions. What is chosen meanwhile is remembered and opened as soon as all is there.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from nnstudio import __version__
from nnstudio.core import storage
from nnstudio.core.project import Project
from nnstudio.paths import resources
from nnstudio.ui import gallery, theme
from nnstudio.ui.failure import Failure
from nnstudio.ui.memory import Memory

if TYPE_CHECKING:
    from nnstudio.core.checkpoint import Checkpoint
    from nnstudio.ui.importing import ImportDialog
    from nnstudio.ui.recovery import Abandoned
    from nnstudio.ui.window import Window

# What is imported behind the gallery, and what is said meanwhile.
_IN_THREAD = (
    ("Loading PyTorch…", "torch"),
    ("Loading the layers…", "nnstudio.library"),
    ("Loading the engine…", "nnstudio.engine.run"),
)
_IN_WINDOW_THREAD = ("pyqtgraph", "nnstudio.ui.window")
FILTER = f"NN Studio projects (*{storage.SUFFIX})"


def open_window(path: str | None) -> int:
    """Run the program with its windows, on a project if a path is given. Returns the exit code."""
    if missing_display():
        print(
            "nnstudio: there is no display to open a window on; to train without one, use: nnstudio train FILE",
            file=sys.stderr,
        )
        return 2
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qt, QApplication)
    application = Application(qt)
    application.failure.install()
    application.ready.connect(application.recover)
    application.start(path)
    code = qt.exec()
    application.finish()
    return code


def missing_display() -> bool:
    """Whether this is a Linux without a screen, where Qt would abort."""
    if not sys.platform.startswith("linux"):
        return False
    return not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


class Application(QObject):
    """The gallery, the open windows, and what they ask of each other."""

    # everything is imported
    ready = Signal()
    _reached = Signal(str)
    _imported = Signal(object)

    def __init__(self, qt: QApplication, memory: Memory | None = None) -> None:
        super().__init__()
        self.qt = qt
        self.memory = memory or Memory()
        self.failure = Failure()
        self.windows: list[Window] = []
        self.is_ready = False
        self._opening = ""
        self._waiting: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None
        self._recovery_folder: Path | None = None  # none is kept before it is said where
        qt.setApplicationName("NN Studio")
        qt.setApplicationVersion(__version__)
        QGuiApplication.setDesktopFileName("nnstudio")
        self.show_theme(self.memory.theme)
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self.show_theme(self.memory.theme))
        self.gallery = gallery.Gallery(self.memory.recent())
        self.gallery.example_chosen.connect(self.open_example)
        self.gallery.architecture_chosen.connect(self.open_architecture)
        self.gallery.project_chosen.connect(self.open_project)
        self.gallery.import_chosen.connect(self.ask_for_import)
        self.gallery.new_chosen.connect(self.new_project)
        self.gallery.open_chosen.connect(self.ask_for_project)
        self.gallery.painted.connect(self._load)
        self._reached.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._imported.connect(self._complete, Qt.ConnectionType.QueuedConnection)

    # -- starting and ending ---------------------------------------------------------------------------------------

    def start(self, path: str | None = None) -> None:
        """Show the gallery, then load the rest; with a path, that project takes the gallery's place."""
        self.gallery.show()
        QTimer.singleShot(500, self, self._load)  # a window that the desktop keeps hidden is never painted
        if path is not None:
            self.open_project(path)

    def finish(self) -> None:
        """Wait for what still runs: an interpreter that ends in the middle of an import crashes."""
        if self._thread is not None:
            self._thread.join()

    def _load(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._import, name="loading", daemon=True)
            self._thread.start()

    def _import(self) -> None:
        try:
            for sentence, module in _IN_THREAD:
                self._reached.emit(sentence)
                importlib.import_module(module)
        except BaseException as error:  # shown by the window's thread
            self._imported.emit(error)
            return
        self._imported.emit(None)

    def _tell(self, sentence: str) -> None:
        self.gallery.show_progress(self._opening or sentence)

    def _complete(self, error: BaseException | None) -> None:
        if error is not None:
            self.gallery.show_progress("")
            raise error
        for module in _IN_WINDOW_THREAD:
            importlib.import_module(module)
        torch = sys.modules["torch"]
        torch.set_num_threads(max(1, _cores() - 1))  # one core stays free for the window
        importlib.import_module("nnstudio.ui.garbage").settle()
        self.is_ready = True
        self.gallery.show_progress("")
        self.ready.emit()
        if self._waiting is not None:
            waiting, self._waiting, self._opening = self._waiting, None, ""
            waiting()

    def _when_ready(self, sentence: str, do: Callable[[], None]) -> None:
        if self.is_ready:
            do()
        else:
            self._waiting, self._opening = do, sentence
            self.gallery.show_progress(sentence)

    # -- opening ---------------------------------------------------------------------------------------------------

    def new_project(self) -> None:
        """Open a window on a new project: an Input, an Output and first data, with the space between them to fill."""

        def show() -> None:
            self._show(storage.project_from_json(json.loads((resources() / "new.json").read_text("utf-8"))))

        self._when_ready("Opening a new project…", show)

    def open_example(self, name: str) -> None:
        """Open a copy of an example."""
        example = next((example for example in gallery.examples() if example.name == name), None)
        if example is None:
            raise ValueError(f"there is no example called {name!r}")

        def show() -> None:
            self._show(storage.project_from_json(dict(example.written), example.title))

        self._when_ready(f"Opening {example.title}…", show)

    def open_architecture(self, name: str) -> None:
        """Open a known architecture, without weights, as a new project."""
        found = next((architecture for architecture in gallery.architectures() if architecture.name == name), None)
        if found is None:
            raise ValueError(f"there is no architecture called {name!r}")

        def show() -> None:
            try:
                self._show(storage.project_from_json(json.loads(found.path.read_text("utf-8")), found.title))
            except (OSError, ValueError) as error:
                self._refuse(f"{found.title} could not be opened: {error}")

        self._when_ready(f"Opening {found.title}…", show)

    def open_project(self, path: str) -> None:
        """Open a project file, or bring the window to the front that has it already."""

        def show() -> None:
            file = Path(path).absolute()
            for window in self.windows:
                if window.document.path is not None and window.document.path.absolute() == file:
                    window.show()
                    window.raise_()
                    window.activateWindow()
                    return
            try:
                stored = storage.read(file)
            except storage.StorageError as error:
                self._refuse(str(error))
                return
            self.memory.add_recent(file)
            self.memory.folder = file.parent
            window = self._show(stored.project, file, stored.checkpoint)
            if stored.notices:
                window.tell(" ".join(stored.notices))

        self._when_ready(f"Opening {Path(path).name}…", show)

    def ask_for_project(self) -> None:
        """Let the person choose a project file, and open it."""
        parent = self.qt.activeWindow() or self.gallery
        path, _ = QFileDialog.getOpenFileName(parent, "Open a project", str(self.memory.folder), FILTER)
        if path:
            self.open_project(path)

    def ask_for_import(self, path: str = "") -> None:
        """Let the person choose a network that others wrote, and open its drawing in a window of its own."""

        def show() -> None:
            parent = self.qt.activeWindow() or self.gallery
            dialog: ImportDialog = importlib.import_module("nnstudio.ui.importing").ImportDialog(
                parent, self.memory.folder, path
            )
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.imported.connect(self._open_imported)
            dialog.open()

        self._when_ready("Opening the import…", show)

    def _open_imported(self, path: str, notices: tuple[str, ...]) -> None:
        """Show what was imported as a project that no file has yet."""
        try:
            stored = storage.read(Path(path))
        except storage.StorageError as error:
            self._refuse(str(error))
            return
        window = self._show(stored.project, None, stored.checkpoint)
        window.tell(" ".join((*notices, *stored.notices)) or f"Imported {stored.project.title}.")

    def show_gallery(self) -> None:
        self.gallery.show_recent(self.memory.recent())
        self.gallery.show()
        self.gallery.raise_()
        self.gallery.activateWindow()

    def quit(self) -> None:
        """Close every window; one that is not to be closed keeps the program open."""
        for window in list(self.windows):
            if not window.close():
                return
        self.gallery.close()
        self.qt.quit()

    def show_theme(self, name: str) -> None:
        """Take "light", "dark", or with "system" what the desktop asks for."""
        self.memory.theme = name
        theme.apply(self.qt, theme.THEMES.get(name) or theme.system_theme())

    def recover(self) -> None:
        """Keep copies from now on, and ask about those that are left of an earlier time."""
        self.offer_recovery(importlib.import_module("nnstudio.ui.recovery").recovery_folder())

    def offer_recovery(self, folder: Path) -> None:
        """Ask what is to be done with copies that a program left behind that ended unexpectedly, if there are any."""
        self._recovery_folder = folder
        left = importlib.import_module("nnstudio.ui.recovery").abandoned(folder)
        if not left:
            return
        count = "a project is" if len(left) == 1 else f"{len(left)} projects are"
        box = QMessageBox(
            QMessageBox.Icon.Question, "NN Studio", f"NN Studio ended unexpectedly, and {count} not saved."
        )
        box.setObjectName("offer_recovery")
        box.setInformativeText("What was drawn and learned until at most half a minute before can be opened again.")
        opening = box.addButton("Open", QMessageBox.ButtonRole.AcceptRole)
        throwing = box.addButton("Throw away", QMessageBox.ButtonRole.DestructiveRole)
        box.addButton("Ask later", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(opening)
        # Without a parent: the gallery may be hidden at once, by a project that is opened.
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def answered(_: object = None) -> None:
            for copy in left:
                if box.clickedButton() is opening:
                    self._recover(copy)
                elif box.clickedButton() is throwing:
                    copy.discard()
                else:
                    copy.lock.unlock()

        box.finished.connect(answered)
        box.open()

    def _recover(self, copy: Abandoned) -> None:
        try:
            stored = storage.read(copy.path)
        except storage.StorageError as error:
            self._refuse(str(error))
            return
        window = self._show(stored.project, None, stored.checkpoint, taken=copy)
        window.tell(" ".join(("This is what was kept of it; save it to keep it.", *stored.notices)))

    def _show(
        self,
        project: Project,
        path: Path | None = None,
        checkpoint: Checkpoint | None = None,
        taken: Abandoned | None = None,
    ) -> Window:
        made = importlib.import_module("nnstudio.ui.document").Document
        document = made(project, path, checkpoint, saved=taken is None)
        window: Window = importlib.import_module("nnstudio.ui.window").Window(document, self.memory)
        window.new_wanted.connect(self.new_project)
        window.open_wanted.connect(self.ask_for_project)
        window.project_wanted.connect(self.open_project)
        window.import_wanted.connect(self.ask_for_import)
        window.gallery_wanted.connect(self.show_gallery)
        window.quit_wanted.connect(self.quit)
        window.theme_wanted.connect(self.show_theme)
        window.closed.connect(lambda: self._forget(window))
        if self._recovery_folder is not None:
            recovery = importlib.import_module("nnstudio.ui.recovery")
            kept = recovery.Recovery(document, window.training, self._recovery_folder, taken=taken)
            kept.setParent(window)
            window.closed.connect(kept.close)
        self.windows.append(window)
        if self.memory.window_geometry().isEmpty():
            window.setGeometry(self.gallery.geometry())
        window.show()
        self.gallery.hide()
        return window

    def _forget(self, window: Window) -> None:
        self.windows.remove(window)
        window.deleteLater()

    def _refuse(self, sentence: str) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, "NN Studio", sentence, QMessageBox.StandardButton.Ok)
        box.setObjectName("refused")
        box.setParent(self.qt.activeWindow() or self.gallery, box.windowFlags())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
