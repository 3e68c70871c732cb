"""Importing: a dialog that asks what is needed to draw a network that others wrote, and does it beside the window.

`nnstudio import` does the work in a process of its own: nothing of a foreign file is read in this one, the window stays
quick, and Cancel ends it at once. What comes back is a project file, which is opened like any other.
"""

from __future__ import annotations

import ast
import json
import tempfile
from pathlib import Path

from PySide6.QtCore import QProcess, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnstudio.core.storage import SUFFIX
from nnstudio.ui.child_process import command, environment, last_sentence

FILTER = "Networks (*.onnx *.py *.pt2);;ONNX (*.onnx);;Python (*.py);;Exported programs (*.pt2);;All files (*)"
WEIGHTS = "Weights (*.safetensors *.pt *.pth)"
_LARGEST_SOURCE = 4 << 20
_TRUST = "where it can do whatever you can do on this computer. Only agree if you trust it."
_CODE = {
    ".py": f"This is a program. To draw the network it is run, in a process of its own, {_TRUST}",
    ".pt2": f"Such a file can hold code. To draw the network it is loaded, in a process of its own, {_TRUST}",
}


class ImportDialog(QDialog):
    """Asks for a file and what else is needed. `imported` carries the path of the project that was made."""

    imported = Signal(str, object)  # path of a project file that may be deleted, tuple of sentences

    def __init__(self, parent: QWidget | None, folder: Path, path: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("import_dialog")
        self.setWindowTitle("Import a network")
        self.setMinimumWidth(520)
        self.folder = folder
        self._made = tempfile.TemporaryDirectory(prefix="nnstudio-import-", ignore_cleanup_errors=True)
        self._process: QProcess | None = None
        self.file = QLineEdit(path)
        self.file.setPlaceholderText("An ONNX file, a Python file, or a .pt2")
        self.file.setAccessibleName("File")
        self.file.setObjectName("import_file")
        self.browse = QPushButton("Choose…")
        self.browse.setAccessibleName("Choose the file")
        self.class_name = QComboBox(editable=True)
        self.class_name.setAccessibleName("Class")
        self.class_name.setObjectName("import_class")
        self.class_name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.arguments = QLineEdit(placeholderText='{"depth": 3} or [3, 10]; empty for none')
        self.arguments.setAccessibleName("Arguments of the class")
        self.inputs = QLineEdit(placeholderText="3x32x32, or 16:int64; a space between several")
        self.inputs.setAccessibleName("Sizes of a row of each input")
        self.inputs.setObjectName("import_inputs")
        self.weights = QLineEdit(placeholderText="A .safetensors, .pt or .pth file; empty for those of the network")
        self.weights.setAccessibleName("Weights")
        self.browse_weights = QPushButton("Choose…")
        self.browse_weights.setAccessibleName("Choose the weights")
        self.warning = QLabel()
        self.warning.setWordWrap(True)
        self.agree = QCheckBox("I trust this file: run it")
        self.agree.setObjectName("import_agree")
        self.answer = QLabel()
        self.answer.setObjectName("import_answer")
        self.answer.setWordWrap(True)
        self.answer.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.answer.setProperty("role", "error")
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Importing")
        self.go = QPushButton("Import")
        self.go.setObjectName("import_go")
        self.go.setProperty("primary", True)
        self.go.setDefault(True)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setObjectName("import_cancel")
        self._lay_out()
        self.file.textChanged.connect(self._renew)
        self.agree.toggled.connect(self._renew)
        self.browse.clicked.connect(self._choose)
        self.browse_weights.clicked.connect(self._choose_weights)
        self.go.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.reject)
        self._renew()

    def _lay_out(self) -> None:
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.form.setVerticalSpacing(8)
        self.form.addRow("File", _beside(self.file, self.browse))
        self.form.addRow("Class", self.class_name)
        self.form.addRow("Arguments", self.arguments)
        self.form.addRow("Inputs", self.inputs)
        self.form.addRow("Weights", _beside(self.weights, self.browse_weights))
        buttons = QHBoxLayout()
        buttons.addWidget(self.progress, 1)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.go)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(20, 18, 20, 16)
        rows.setSpacing(12)
        rows.addLayout(self.form)
        for part in (self.warning, self.agree, self.answer):
            rows.addWidget(part)
        rows.addStretch(1)
        rows.addLayout(buttons)
        self.progress.hide()

    # -- what it asks ----------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a file is being imported."""
        return self._process is not None

    def _renew(self) -> None:
        """Ask for what this kind of file needs, and no more."""
        path = Path(self.file.text().strip())
        suffix = path.suffix.lower()
        source = suffix == ".py"
        for field in (self.class_name, self.arguments, self.inputs):
            self.form.setRowVisible(field, source)
        self.warning.setText(_CODE.get(suffix, ""))
        self.warning.setVisible(suffix in _CODE)
        self.agree.setVisible(suffix in _CODE)
        if source:
            found = modules_in(path)
            if found != [self.class_name.itemText(place) for place in range(self.class_name.count())]:
                self.class_name.clear()
                self.class_name.addItems(found)
                self.class_name.setCurrentIndex(len(found) - 1)
        self.go.setEnabled(not self.busy and bool(suffix) and (self.agree.isChecked() or suffix not in _CODE))
        self.answer.setVisible(bool(self.answer.text()))

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Import a network", str(self.folder), FILTER)
        if path:
            self.agree.setChecked(False)
            self.file.setText(path)

    def _choose_weights(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Weights", str(self.folder), WEIGHTS)
        if path:
            self.weights.setText(path)

    def words(self) -> list[str]:
        """The words of the command that does what is asked for here."""
        path = self.file.text().strip()
        found = ["import", path]
        if Path(path).suffix.lower() == ".py":
            name = self.class_name.currentText().strip()
            found[1] = f"{path}:{name}" if name else path
            if self.arguments.text().strip():
                found += ["--arguments", self.arguments.text().strip()]
            for sizes in self.inputs.text().replace(",", " ").split():
                found += ["--input", sizes]
        if self.weights.text().strip():
            found += ["--weights", self.weights.text().strip()]
        if self.agree.isChecked() and not self.agree.isHidden():
            found.append("--agree")
        return [*found, "-o", str(Path(self._made.name) / f"imported{SUFFIX}"), "--force", "--json"]

    # -- doing it --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Import the file."""
        if self.busy:
            return
        process = QProcess(self)
        process.setProcessEnvironment(environment())
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed)
        self._process = process
        self.answer.setText("")
        self._show_busy(True)
        process.start(*command(self.words()))

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        for part in (self.file, self.browse, self.class_name, self.arguments, self.inputs, self.weights, self.agree):
            part.setEnabled(not busy)
        self._renew()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            words = self._process.errorString()
            self._process = None
            self._refuse(f"The import could not be started: {words}.")

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        printed = bytes(process.readAllStandardOutput().data()).decode("utf-8", "replace")
        complaints = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
        process.deleteLater()
        if status != QProcess.ExitStatus.NormalExit or code:
            self._refuse(last_sentence(complaints, "The import ended without a word."))
            return
        try:
            answer = json.loads(printed.strip().splitlines()[-1])
            notices = tuple(str(notice) for notice in answer["notices"])
            made = str(answer["file"])
        except (ValueError, KeyError, TypeError, IndexError):
            self._refuse("The import gave no answer that could be read.")
            return
        self._show_busy(False)
        self.imported.emit(made, notices)
        self.accept()

    def _refuse(self, sentence: str) -> None:
        self.answer.setText(sentence)
        self._show_busy(False)

    def done(self, result: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.finished.disconnect(self._ended)
            process.kill()
            process.waitForFinished(5000)
        super().done(result)
        self._made.cleanup()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        super().closeEvent(event)


def modules_in(path: Path) -> list[str]:
    """The classes in a Python file that look like modules of torch, by reading it alone."""
    try:
        if path.stat().st_size > _LARGEST_SOURCE:
            return []
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            if any(base in ("Module", "Sequential", "ModuleList", *found) for base in bases):
                found.append(node.name)
    return found


def _beside(field: QLineEdit, button: QPushButton) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    layout.addWidget(field, 1)
    layout.addWidget(button)
    return row
