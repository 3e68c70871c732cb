"""Actions: every verb of the window, declared once. Menus, toolbar, shortcuts and the search all come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from nnstudio.ui import icons


@dataclass(frozen=True)
class Entry:
    """One verb: its key in the program, its text in menus, and a sentence on what it does."""

    key: str
    text: str
    sentence: str
    shortcut: str = ""
    icon: str = ""
    # the group of which one action is checked at a time; empty for a plain verb
    choice: str = ""
    # a single key, which means this only while the drawing has the focus
    on_canvas: bool = False
    # what else people call it: the search finds it by these too
    words: str = ""


@dataclass(frozen=True)
class Submenu:
    """A menu in a menu. Without entries the window fills it (recent projects, panels)."""

    key: str
    text: str
    entries: tuple[Entry | None, ...] = ()
    icon: str = ""


# None is a line between two groups.
MENUS: dict[str, tuple[Entry | Submenu | None, ...]] = {
    "File": (
        Entry("new", "New", "Starts an empty project in a window of its own.", "Ctrl+N", "file-plus"),
        Entry("open", "Open…", "Opens a project file.", "Ctrl+O", "folder-open"),
        Submenu("recent", "Open recent"),
        Entry("import", "Import…", "Draws a network that others wrote: ONNX, Python, .pt2.", "Ctrl+I", "download"),
        None,
        Entry(
            "open_data",
            "Choose data…",
            "Reads rows from a file: a table, arrays, images, a text or a series.",
            "Ctrl+Shift+D",
            "file-spreadsheet",
            words="csv tsv excel parquet numpy npy npz mnist idx cifar load own dataset table",
        ),
        Entry(
            "open_data_folder",
            "Choose a folder of images…",
            "Reads rows from a folder that holds one folder of images for each class.",
            "",
            "folder",
            words="images pictures photos load own data",
        ),
        None,
        Entry("save", "Save", "Writes drawing, settings, weights and curves to the file.", "Ctrl+S", "save"),
        Entry("save_as", "Save as…", "Writes the project to another file.", "Ctrl+Shift+S"),
        Submenu(
            "export",
            "Export",
            (
                Entry(
                    "export_python",
                    "Python source…",
                    "Writes a script that trains this network without NN Studio.",
                    "",
                    "code",
                ),
                Entry(
                    "export_torchrun",
                    "Source for several processes…",
                    "Writes a script that torchrun starts on several processors, GPUs or computers.",
                ),
                Entry("export_module", "Python module…", "Writes the network alone, as classes of torch."),
                None,
                Entry("export_onnx", "ONNX…", "Writes the network for ONNX Runtime, checked against it."),
                Entry("export_pt2", "Exported program…", "Writes the network as a .pt2 file for torch.export."),
                Entry("export_safetensors", "Weights…", "Writes the weights alone as a safetensors file."),
                None,
                Entry("export_picture", "Picture of the drawing…", "Writes the drawing as a PNG picture.", "", "image"),
                Entry("export_svg", "Drawing as SVG…", "Writes the drawing as a picture of lines, sharp at any size."),
            ),
            "download",
        ),
        Submenu(
            "predict",
            "Predict",
            (
                Entry(
                    "predict_file",
                    "Rows of a file…",
                    "Writes what the network says of a table, an array, a picture or a text.",
                    "",
                    "file-spreadsheet",
                    words="predict inference test csv npy image text score",
                ),
                Entry(
                    "predict_folder",
                    "Pictures of a folder…",
                    "Writes what the network says of each picture in a folder.",
                    "",
                    "folder-open",
                    words="predict inference images",
                ),
            ),
            "",
        ),
        None,
        Entry("gallery", "Gallery", "Shows the examples and the recent projects.", "Ctrl+Shift+O", "layout-grid"),
        None,
        Entry("close", "Close", "Closes this window.", "Ctrl+W", "x"),
        Entry("quit", "Quit", "Closes all windows.", "Ctrl+Q", "log-out"),
    ),
    "Edit": (
        Entry("undo", "Undo", "Takes the last edit back.", "Ctrl+Z", "undo-2"),
        Entry("redo", "Redo", "Does the edit again that was taken back.", "Ctrl+Shift+Z", "redo-2"),
        None,
        Entry("cut", "Cut", "Moves the selected layers to the clipboard.", "Ctrl+X", "scissors"),
        Entry("copy", "Copy", "Copies the selected layers to the clipboard.", "Ctrl+C", "copy"),
        Entry("paste", "Paste", "Adds the layers from the clipboard to the drawing.", "Ctrl+V", "clipboard-paste"),
        Entry("duplicate", "Duplicate", "Adds a copy of the selected layers to the drawing.", "Ctrl+D", "copy-plus"),
        Entry("delete", "Delete", "Removes the selected layers and their wires.", "Del", "trash-2", on_canvas=True),
        None,
        Submenu(
            "block",
            "Block",
            (
                Entry(
                    "group",
                    "Group into a block",
                    "Draws the selected layers together.",
                    "Ctrl+G",
                    "group",
                    words="module subgraph combine",
                ),
                Entry("ungroup", "Ungroup", "Puts what is in the block in its place.", "Ctrl+Shift+G", "ungroup"),
                None,
                Entry(
                    "enter",
                    "Go into the block",
                    "Shows the drawing in the selected block.",
                    "Ctrl+Down",
                    "corner-right-down",
                    words="enter open",
                ),
                Entry(
                    "leave",
                    "Leave the block",
                    "Shows the drawing around this one.",
                    "Ctrl+Up",
                    "corner-left-up",
                    words="exit up out",
                ),
                None,
                Entry(
                    "repeat",
                    "Repeat…",
                    "Says how often the selected block is done, one after the other.",
                    "",
                    "repeat",
                    words="times stack",
                ),
                Entry(
                    "keep_block",
                    "Keep for other projects",
                    "Puts the selected block into the palette.",
                    "",
                    "bookmark-plus",
                    words="save as my block library",
                ),
            ),
            "group",
        ),
        Entry(
            "freeze",
            "Freeze",
            "Keeps the weights of the selected layers while the others learn.",
            "",
            "snowflake",
            words="lock requires_grad",
        ),
        Entry(
            "bypass",
            "Bypass",
            "Takes the selected layers out of the network, as if they were wires.",
            "Ctrl+B",
            "route-off",
            words="disable skip leave out",
        ),
        Entry(
            "share",
            "Share weights",
            "Lets the selected layers use one set of weights, or each its own.",
            "",
            "link-2",
            words="tie siamese same own",
        ),
        None,
        Entry("select_all", "Select all", "Selects every layer of the drawing.", "Ctrl+A", "square-dashed"),
    ),
    "View": (
        Submenu("docks", "Panels", icon="layout-dashboard"),
        Submenu(
            "theme",
            "Theme",
            (
                Entry(
                    "theme_system", "Follow the system", "Takes light or dark from the desktop.", "", "monitor", "theme"
                ),
                Entry("theme_light", "Light", "Dark text on a light ground.", "", "sun", "theme"),
                Entry("theme_dark", "Dark", "Light text on a dark ground.", "", "moon", "theme"),
            ),
            "sun",
        ),
        None,
        Entry("zoom_in", "Zoom in", "Shows the drawing larger.", "Ctrl++", "zoom-in"),
        Entry("zoom_out", "Zoom out", "Shows the drawing smaller.", "Ctrl+-", "zoom-out"),
        Entry("zoom_reset", "Actual size", "Shows the drawing at 100 %.", "Ctrl+0"),
        Entry("fit", "Fit the drawing", "Shows the whole drawing.", "F", "maximize", on_canvas=True),
        Entry(
            "arrange",
            "Arrange the layers",
            "Places the layers in order from left to right.",
            "L",
            "workflow",
            on_canvas=True,
        ),
        Entry(
            "draw_starter",
            "Draw a network for the data",
            "Replaces the drawing by a small network that suits the data that is chosen.",
            "",
            "network",
            words="starter template begin own data table images text series",
        ),
        None,
        Entry("reset_layout", "Reset layout", "Puts every panel back to its first place.", "", "panel-left"),
    ),
    "Train": (
        Entry("train", "Train", "Starts the training, or goes on after a pause.", "Ctrl+Return", "play"),
        Entry("pause", "Pause", "Halts the training; Train goes on from here.", "Ctrl+Return", "pause"),
        Entry("stop", "Stop", "Ends the training; the weights stay as they are.", "Ctrl+.", "square"),
        None,
        Entry("one_step", "One step", "Trains on a single batch, then halts.", "F8", "step-forward"),
        Entry("one_epoch", "One epoch", "Trains on every row once, then halts.", "Shift+F8", "skip-forward"),
        None,
        Entry(
            "find_rate",
            "Find a learning rate…",
            "Trains a copy of the network with rates that rise, and shows which ones it learns with.",
            "",
            "search",
            words="lr range test finder step size",
        ),
        None,
        Entry(
            "apply_changes",
            "Apply changes",
            "Goes on with the changed network; weights that fit are kept.",
            "",
            "refresh-cw",
        ),
        Entry(
            "compare",
            "Compare with classical models…",
            "Trains logistic or linear regression, trees and others on the same rows, beside the network.",
            "",
            "",
            words="baseline scikit-learn logistic regression gradient boosting trees nearest neighbours",
        ),
        None,
        Entry(
            "reset", "Reset weights", "Draws new initial weights and clears the curves.", "Ctrl+Shift+R", "rotate-ccw"
        ),
    ),
    "Help": (
        Entry("search", "Search actions…", "Finds every action by its name.", "Ctrl+K", "search"),
        Entry("shortcuts", "Shortcuts", "Lists every shortcut of the keyboard.", "F1", "keyboard"),
        Entry("about", "About NN Studio", "Shows the versions of the program and of its libraries.", "", "info"),
    ),
}


class Actions:
    """The QActions of one window, and its menu bar made of them."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._by_key: dict[str, QAction] = {}
        self._on_canvas: list[QAction] = []
        self._groups: dict[str, QActionGroup] = {}
        self.menus: dict[str, QMenu] = {}
        for title, items in MENUS.items():
            menu = window.menuBar().addMenu(title)
            menu.setToolTipsVisible(True)
            self.menus[title] = menu
            self._fill(menu, items)

    def __getitem__(self, key: str) -> QAction:
        return self._by_key[key]

    def connect(self, slots: dict[str, Callable[[], object]]) -> None:
        """What each verb does, by its key."""
        for key, slot in slots.items():
            self._by_key[key].triggered.connect(lambda _checked=False, slot=slot: slot())

    def on_canvas(self) -> list[QAction]:
        """The actions whose keys work only while the drawing has the focus: add them to its widget."""
        return list(self._on_canvas)

    def every(self) -> Iterator[tuple[str, QAction]]:
        """All actions that the menus hold now, each with the names of its menus before it ("View · Theme")."""
        for action in self._window.menuBar().actions():
            menu = action.menu()
            if isinstance(menu, QMenu):
                yield from _walk(menu, _plain(menu.title()))

    def _fill(self, menu: QMenu, items: tuple[Entry | Submenu | None, ...]) -> None:
        for item in items:
            if item is None:
                menu.addSeparator()
            elif isinstance(item, Submenu):
                below = menu.addMenu(item.text)
                below.setToolTipsVisible(True)
                if item.icon:
                    icons.attach(below.menuAction(), item.icon, "muted")
                self.menus[item.key] = below
                self._fill(below, item.entries)
            else:
                menu.addAction(self._make(item))

    def _make(self, entry: Entry) -> QAction:
        action = QAction(entry.text, self._window)
        action.setObjectName(f"action_{entry.key}")
        action.setMenuRole(_MENU_ROLES.get(entry.key, QAction.MenuRole.NoRole))
        action.setShortcuts(_shortcuts(entry))
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{entry.sentence}  {shown}" if shown else entry.sentence)
        action.setStatusTip(entry.sentence)
        action.setProperty("words", entry.words)
        if entry.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._on_canvas.append(action)
        if entry.icon:
            icons.attach(action, entry.icon, "muted")
        if entry.choice:
            group = self._groups.setdefault(entry.choice, QActionGroup(self._window))
            action.setCheckable(True)
            group.addAction(action)
        self._by_key[entry.key] = action
        return action


# Where macOS puts actions into the menu of the program.
_MENU_ROLES = {"quit": QAction.MenuRole.QuitRole, "about": QAction.MenuRole.AboutRole}


def _shortcuts(entry: Entry) -> list[QKeySequence]:
    found = [QKeySequence(entry.shortcut)] if entry.shortcut else []
    if entry.key in ("train", "pause"):
        found.append(QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_Enter))
    if entry.key == "redo":
        found.append(QKeySequence("Ctrl+Y"))
    if entry.key == "zoom_in":
        found.append(QKeySequence("Ctrl+="))
    if entry.key == "delete":
        found.append(QKeySequence("Backspace"))
    return found


def _walk(menu: QMenu, trail: str) -> Iterator[tuple[str, QAction]]:
    for action in menu.actions():
        below = action.menu()
        if isinstance(below, QMenu):
            yield from _walk(below, f"{trail} · {_plain(below.title())}")
        elif not action.isSeparator() and action.text():
            yield trail, action


def _plain(text: str) -> str:
    return text.replace("&", "")
