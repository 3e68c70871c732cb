"""Window: one open project: toolbar, drawing, palette, inspector, live views, status bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage, QImageWriter, QStatusTipEvent
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox, QVBoxLayout, QWidget

from nnstudio.core import storage
from nnstudio.core.blocks import Block
from nnstudio.core.problems import Problem
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.formats import FORMATS
from nnstudio.engine.export.python import to_python
from nnstudio.engine.trouble import Trouble
from nnstudio.ui import help as help_texts
from nnstudio.ui import icons, shelf
from nnstudio.ui.actions import Actions
from nnstudio.ui.banner import Banner
from nnstudio.ui.canvas.breadcrumb import Breadcrumb
from nnstudio.ui.canvas.canvas import Canvas
from nnstudio.ui.comparison import ComparisonDialog
from nnstudio.ui.data_panel import DataPanel
from nnstudio.ui.data_panel.choosing import dropped_data
from nnstudio.ui.docks import Docks
from nnstudio.ui.document import Document
from nnstudio.ui.exporting import Exporting, svg
from nnstudio.ui.first_size import first_size
from nnstudio.ui.gallery import dropped_networks, dropped_projects
from nnstudio.ui.inspector import Inspector
from nnstudio.ui.lr_range import LearningRateRange
from nnstudio.ui.memory import Memory
from nnstudio.ui.outline import Outline
from nnstudio.ui.palette import Palette
from nnstudio.ui.panels.catalogue import PANELS
from nnstudio.ui.prediction.file_prediction import FilePrediction
from nnstudio.ui.search import Search
from nnstudio.ui.status import Status
from nnstudio.ui.toolbar import Toolbar
from nnstudio.ui.training import Training, View
from nnstudio.ui.training_form import TrainingForm

_PICTURE_WIDTH = 640
_PROJECTS = f"NN Studio projects (*{storage.SUFFIX})"


class Window(QMainWindow):
    """A project and everything about it. What concerns other windows is left to the application, by signals."""

    new_wanted = Signal()
    open_wanted = Signal()
    project_wanted = Signal(str)
    # a file to import; empty to ask for one
    import_wanted = Signal(str)
    gallery_wanted = Signal()
    quit_wanted = Signal()
    theme_wanted = Signal(str)
    closed = Signal()

    def __init__(self, document: Document, memory: Memory | None = None) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.document = document
        self.memory = memory or Memory()
        self.training = Training(document)
        self.actions_ = Actions(self)
        self.canvas = Canvas(document, self.training)
        self.palette_ = Palette()
        self.outline = Outline(document)
        self.inspector = Inspector(document, self.training)
        self.data_panel = DataPanel(document, self.memory)
        self.training_form = TrainingForm(document, self.training)
        self.training_form.range_wanted.connect(self.find_rate)
        self.panels = [panel(document) for panel in PANELS]
        self.banner = Banner()
        self.exporting = Exporting(self)
        self.file_prediction = FilePrediction(document, self)
        self.comparison: ComparisonDialog | None = None
        self.status = Status(document)
        self.installEventFilter(_Tips(self.status, self))
        self.toolbar = Toolbar(document, self.training, self.actions_)
        self.addToolBar(self.toolbar)
        self.setStatusBar(self.status)
        self.setCentralWidget(self._middle())
        self.docks = Docks(
            self,
            self.actions_.menus["docks"],
            self.palette_,
            self.outline,
            (
                ("inspector", "Inspector", self.inspector),
                ("data", "Data", self.data_panel),
                ("training", "Training", self.training_form),
            ),
            self.panels,
        )
        views: tuple[View, ...] = (*self.panels, self.canvas, self.inspector)
        for view in views:
            self.training.add_view(view)
        self.actions_.connect(self._verbs())
        self.palette_.chosen.connect(self.canvas.add_layer)
        self.canvas.addActions(self.actions_.on_canvas())
        self.canvas.message.connect(self.tell)
        self.canvas.keep_wanted.connect(self.keep_block)
        self.palette_.message.connect(self.tell)
        self.status.problem_chosen.connect(self.show_problem)
        self.training.state_changed.connect(self._renew)
        self.training.message.connect(self.tell)
        self.exporting.finished.connect(self._exported)
        self.exporting.refused.connect(self._refuse)
        self.file_prediction.finished.connect(self.tell)
        self.file_prediction.refused.connect(self._refuse)
        self.training.problem.connect(self._show_training_problem)
        document.state_changed.connect(self._renew)
        document.selected.connect(lambda _: self._renew())
        document.entered.connect(self._renew)
        document.entered.connect(lambda: self.palette_.show_inside(bool(document.inside)))
        document.checked.connect(lambda _: self.banner.take_back("training"))
        self.actions_.menus["recent"].aboutToShow.connect(self._fill_recent)
        self._fill_recent()
        self._restore()
        self._renew()
        self.canvas.setFocus()

    # -- building --------------------------------------------------------------------------------------------------

    def _middle(self) -> QWidget:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(Breadcrumb(self.document))
        column.addWidget(self.canvas, 1)
        return middle

    def _verbs(self) -> dict[str, Callable[[], object]]:
        canvas, document, training = self.canvas, self.document, self.training
        return {
            "new": self.new_wanted.emit,
            "open": self.open_wanted.emit,
            "import": lambda: self.import_wanted.emit(""),
            "open_data": self.choose_data,
            "open_data_folder": self.choose_data_folder,
            "save": self.save,
            "save_as": self.save_as,
            "export_python": self.export_python,
            "export_picture": self.export_picture,
            "export_svg": self.export_svg,
            **{
                f"export_{name}": partial(self.export_to, name)
                for name in ("torchrun", "module", "onnx", "pt2", "safetensors")
            },
            "predict_file": self.predict_file,
            "predict_folder": self.predict_folder,
            "gallery": self.gallery_wanted.emit,
            "close": self.close,
            "quit": self.quit_wanted.emit,
            "undo": document.undo,
            "redo": document.redo,
            "cut": canvas.cut,
            "copy": canvas.copy,
            "paste": canvas.paste,
            "duplicate": canvas.duplicate,
            "delete": canvas.delete_selection,
            "select_all": canvas.select_all,
            "group": canvas.group,
            "ungroup": canvas.ungroup,
            "enter": canvas.enter,
            "leave": canvas.leave,
            "repeat": canvas.repeat,
            "keep_block": canvas.keep_block,
            "freeze": canvas.freeze,
            "bypass": canvas.bypass,
            "share": canvas.share,
            "theme_system": lambda: self.theme_wanted.emit("system"),
            "theme_light": lambda: self.theme_wanted.emit("light"),
            "theme_dark": lambda: self.theme_wanted.emit("dark"),
            "zoom_in": canvas.zoom_in,
            "zoom_out": canvas.zoom_out,
            "zoom_reset": canvas.zoom_reset,
            "fit": canvas.fit,
            "arrange": canvas.arrange,
            "draw_starter": self.data_panel.draw_starter,
            "reset_layout": self.docks.reset,
            "train": training.train,
            "pause": training.pause,
            "stop": training.stop,
            "one_step": training.one_step,
            "one_epoch": training.one_epoch,
            "find_rate": self.find_rate,
            "apply_changes": training.apply_changes,
            "compare": self.compare,
            "reset": training.reset,
            "search": self.search,
            "shortcuts": lambda: help_texts.show_shortcuts(self, self.actions_.every()),
            "about": lambda: help_texts.show_about(self),
        }

    # -- what it shows ---------------------------------------------------------------------------------------------

    def tell(self, sentence: str) -> None:
        """Say something in the status bar."""
        self.status.tell(sentence)

    def keep_block(self, block: Block) -> None:
        """Keep a block for other projects: it is in the palette from now on."""
        try:
            shelf.keep(block)
        except OSError as error:
            self._refuse(f"{block.name} could not be kept: {error.strerror or error}.")
            return
        self.palette_.renew_blocks()
        self.tell(f"{block.name} is among your blocks in the palette.")

    def show_data(self) -> None:
        """Bring the Data panel to the front."""
        self.docks.show(next(dock for dock in self.docks.sides if dock.widget() is self.data_panel))

    def choose_data(self) -> None:
        """Ask for a file of data."""
        self.show_data()
        self.data_panel.choosing.ask_for_file()

    def choose_data_folder(self) -> None:
        """Ask for a folder of data."""
        self.show_data()
        self.data_panel.choosing.ask_for_folder()

    def find_rate(self) -> LearningRateRange | None:
        """Open the learning-rate range test, and begin it. None where nothing can be trained now."""
        if self.training.busy:
            return None
        errors = self.document.report.errors
        if errors:
            self._show_training_problem(errors[0].message)
            return None
        self.training.settle()
        found = LearningRateRange(self.document, self)
        found.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        found.open()
        found.start()
        return found

    def search(self) -> Search:
        """Open the search over all actions."""
        found = Search(self, self.actions_.every())
        found.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        found.show_over(self)
        return found

    def show_problem(self, problem: Problem) -> None:
        """Bring the node of a problem into view, and say what is wrong with it."""
        self.tell(problem.message)
        if problem.node is not None:
            self.document.reveal(problem.node)
            self.canvas.reveal(problem.node.rpartition("/")[2])

    def _show_training_problem(self, sentence: str) -> None:
        trouble = self.training.trouble
        if trouble is not None and trouble.sentence == sentence:
            found = trouble.problem
            if trouble.remedy:
                self.banner.say("training", sentence, trouble.remedy, partial(self._mend, trouble), severe=True)
            elif found is not None:
                self.banner.say("training", sentence, "Show", lambda: self.show_problem(found), severe=True)
            else:
                self.banner.say("training", sentence, severe=True)
            return
        located = next((problem for problem in self.document.report.errors if problem.node), None)
        if located is not None:
            self.banner.say("training", sentence, "Show", lambda: self.show_problem(located), severe=True)
        else:
            self.banner.say("training", sentence, severe=True)

    def _mend(self, trouble: Trouble) -> None:
        """Do what helps against a trouble, as an edit that can be undone, and go on."""
        self.document.edit(trouble.remedy, self.document.project.with_training(**trouble.changes))
        self.training.train()

    def _renew(self) -> None:
        """Make title, menus and banner say how document and training stand."""
        document, training, actions = self.document, self.training, self.actions_
        self.setWindowTitle(f"{document.name}[*] – NN Studio")
        self.setWindowModified(document.modified)
        actions["undo"].setText(f"Undo {document.undo_label}".strip())
        actions["undo"].setEnabled(bool(document.undo_label))
        actions["redo"].setText(f"Redo {document.redo_label}".strip())
        actions["redo"].setEnabled(bool(document.redo_label))
        for key in ("cut", "copy", "duplicate", "group", "freeze", "bypass", "share"):
            actions[key].setEnabled(bool(document.selection))
        chosen = [document.graph.nodes[node_id] for node_id in document.selection & document.graph.nodes.keys()]
        for key in ("ungroup", "enter", "repeat", "keep_block"):
            actions[key].setEnabled(len(chosen) == 1 and isinstance(chosen[0].layer, Block))
        actions["leave"].setEnabled(bool(document.inside))
        actions["freeze"].setText("Unfreeze" if chosen and all(node.frozen for node in chosen) else "Freeze")
        actions["bypass"].setText("Put back in" if chosen and all(node.bypassed for node in chosen) else "Bypass")
        running = training.state in ("running", "pausing")
        actions["train"].setEnabled(not running)
        actions["train"].setText("Resume" if training.state == "paused" else "Train")
        actions["pause"].setEnabled(running)
        actions["stop"].setEnabled(running or training.state == "paused")
        actions["one_step"].setEnabled(not running)
        actions["one_epoch"].setEnabled(not running)
        actions["find_rate"].setEnabled(not running)
        self.training_form.find_rate.setEnabled(not running)
        actions["apply_changes"].setEnabled(training.network_changed)
        actions["reset"].setEnabled(document.checkpoint is not None or training.newest is not None)
        actions[f"theme_{self.memory.theme}"].setChecked(True)
        if training.network_changed and running:
            self.banner.say(
                "changed",
                "The network changed. The training goes on with the network that it began with.",
                "Apply",
                training.apply_changes,
            )
        else:
            self.banner.take_back("changed")
        if running:
            self.banner.take_back("training")

    def _fill_recent(self) -> None:
        menu = self.actions_.menus["recent"]
        menu.clear()
        for path in self.memory.recent():
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.setStatusTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self.project_wanted.emit(str(path)))
        menu.menuAction().setEnabled(not menu.isEmpty())

    # -- file ------------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Write to the file that the project came from; ask for one if there is none. False: it was not saved."""
        return self._save(self.document.path) if self.document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and write to it."""
        path = self._ask_for_file("Save the project", self.document.name + storage.SUFFIX, _PROJECTS, storage.SUFFIX)
        return path is not None and self._save(path)

    def _save(self, path: Path) -> bool:
        self.training.checkpoint_now()
        try:
            notices = self.document.save(path, self.picture())
        except storage.StorageError as error:
            self._refuse(str(error))
            return False
        self.memory.add_recent(path)
        self.memory.folder = path.absolute().parent
        self.tell(" ".join([f"Saved to {path.name}.", *notices]))
        return True

    def picture(self) -> bytes:
        """The window as a small PNG, for the gallery."""
        smooth = Qt.TransformationMode.SmoothTransformation
        return _png(self.grab().toImage().scaledToWidth(_PICTURE_WIDTH, smooth))

    def export_python(self) -> bool:
        """Ask for a file and write the network and its training as Python source."""
        try:
            source = to_python(self.document.project)
        except (GraphError, ValueError) as error:
            self._refuse(str(error))
            return False
        return self._export("Export Python source", "Python source (*.py)", ".py", source.encode("utf-8"))

    def export_picture(self) -> bool:
        """Ask for a file and write the drawing as a PNG."""
        return self._export("Export a picture", "PNG pictures (*.png)", ".png", _png(self.canvas.picture()))

    def export_svg(self) -> bool:
        """Ask for a file and write the drawing as an SVG."""
        content = svg(self.canvas.scene(), self.canvas.picture_area(), self.document.name)
        return self._export("Export a picture", "SVG pictures (*.svg)", ".svg", content)

    def export_to(self, name: str) -> bool:
        """Ask for a file and have the network written to it; `exporting` says when it is there."""
        form = FORMATS[name]
        kind = f"{form.title} (*{form.suffix})"
        path = self._ask_for_file(f"Export {form.title}", self.document.name + form.suffix, kind, form.suffix)
        if path is None:
            return False
        self.training.checkpoint_now()
        self.exporting.start(self.document, form, path)
        return True

    def predict_file(self) -> None:
        """Ask for a file of rows, and write what the network says of them."""
        self.training.checkpoint_now()
        self.file_prediction.ask_for_file(self.memory.folder)

    def predict_folder(self) -> None:
        """The same for a folder of pictures."""
        self.training.checkpoint_now()
        self.file_prediction.ask_for_folder(self.memory.folder)

    def compare(self) -> None:
        """Show classical models on the same rows beside the network."""
        self.training.checkpoint_now()
        if self.comparison is None:
            self.comparison = ComparisonDialog(self.document, self)
        self.comparison.show()
        self.comparison.raise_()
        self.comparison.start()

    def _exported(self, path: Path, notices: tuple[str, ...]) -> None:
        self.tell(f"Exported to {path.name}.")
        if notices:
            self.banner.say("export", " ".join((f"{path.name} is written.", *notices)))

    def _export(self, title: str, kind: str, suffix: str, content: bytes) -> bool:
        path = self._ask_for_file(title, self.document.name + suffix, kind, suffix)
        if path is None:
            return False
        try:
            storage.replace_file(path, content)
        except OSError as error:
            self._refuse(f"{path.name} could not be written: {error.strerror or error}. Nothing was changed.")
            return False
        self.tell(f"Exported to {path.name}.")
        return True

    def _ask_for_file(self, title: str, name: str, kind: str, suffix: str) -> Path | None:
        folder = self.document.path.parent if self.document.path else self.memory.folder
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(folder / name), kind)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(suffix)

    def _refuse(self, sentence: str) -> None:
        box = QMessageBox(QMessageBox.Icon.Warning, "NN Studio", sentence, QMessageBox.StandardButton.Ok, self)
        box.setObjectName("refused")
        box.exec()

    # -- closing ---------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close():
            event.ignore()
            return
        self.training.shut_down()
        self.exporting.shut_down()
        self.file_prediction.shut_down()
        if self.comparison is not None:
            self.comparison.close()
        self.document.loading.shut_down()
        self.memory.remember_window(self.saveGeometry(), self.saveState())
        event.accept()
        self.closed.emit()

    def _may_close(self) -> bool:
        if not self.document.modified and not self.training.busy:
            return True
        answer = self.ask_to_save()
        if answer == QMessageBox.StandardButton.Save:
            self.training.shut_down()  # first, so that the file holds the last step
            return self.save()
        return answer == QMessageBox.StandardButton.Discard

    def ask_to_save(self) -> QMessageBox.StandardButton:
        """Ask what to do with changes that no file has."""
        buttons = QMessageBox.StandardButton
        sentence = f"Save the changes to {self.document.name} before closing?"
        if self.training.busy:
            sentence = f"{self.document.name} is being trained. Stop, and save what was learned?"
        box = QMessageBox(
            QMessageBox.Icon.Question, "NN Studio", sentence, buttons.Save | buttons.Discard | buttons.Cancel, self
        )
        box.setObjectName("ask_to_save")
        box.setInformativeText("Without saving, drawing, weights and curves are lost as they are now.")
        box.setDefaultButton(buttons.Save)
        return buttons(box.exec())

    # -- events ----------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            icons.renew(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_projects(event) or dropped_networks(event) or dropped_data(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in dropped_projects(event):
            self.project_wanted.emit(path)
        for path in dropped_networks(event)[:1]:
            self.import_wanted.emit(path)
        for data in dropped_data(event)[:1]:
            self.show_data()
            self.data_panel.choosing.choose(data)

    def _restore(self) -> None:
        """Take the places that were remembered, or the first ones."""
        if not self.restoreGeometry(self.memory.window_geometry()):
            self.resize(first_size(self))
        state = self.memory.window_state()
        if state.isEmpty() or not self.restoreState(state):
            QTimer.singleShot(0, self, self.docks.resize)
        self.docks.renew_titles()


class _Tips(QObject):
    """Sends explanations of menu entries where the news go; Qt would hide the rest of the status bar for them.

    A filter, and not `Window.event`: a window that is deleted within an overridden `event` takes the program with it.
    """

    def __init__(self, status: Status, parent: QObject) -> None:
        super().__init__(parent)
        self._status = status

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QStatusTipEvent):
            self._status.explain(event.tip())
            return True
        return False


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(data.data())
