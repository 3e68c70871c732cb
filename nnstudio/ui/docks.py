"""Docks: which parts surround the drawing, where they are at first, and how their places are kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from nnstudio.ui.dock import Dock
from nnstudio.ui.panels.panel import Panel

_SIDE_BY_SIDE = 4
_SHARES = (0.3, 0.22, 0.24, 0.24)  # of the width; curves need the most
_LEFT, _RIGHT, _BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)


class Docks:
    """The docks of one window.

    `palette` and `outline` are tabs at the left; `sides` (key, title, widget) are tabs at the right; `panels` are side
    by side below, the later ones as tabs; some of them are hidden until they are asked for.
    """

    def __init__(
        self,
        window: QMainWindow,
        menu: QMenu,
        palette: QWidget,
        outline: QWidget,
        sides: Sequence[tuple[str, str, QWidget]],
        panels: Sequence[Panel],
    ) -> None:
        self._window = window
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.BottomLeftCorner, _BOTTOM)
        window.setCorner(Qt.Corner.BottomRightCorner, _BOTTOM)
        self.palette = Dock("palette", "Layers", palette, "The layers that can be drawn.")
        self.outline = Dock("outline", "Outline", outline, "The drawing as a list that the keyboard can edit.")
        self.sides = [Dock(key, title, widget) for key, title, widget in sides]
        self.panels = [Dock(panel.key, panel.title, panel, panel.sentence) for panel in panels]
        self._hidden = [dock for dock, panel in zip(self.panels, panels, strict=True) if not panel.at_first]
        self._titles = QTimer(window, singleShot=True, interval=0)
        self._titles.timeout.connect(self._renew_titles)
        for dock in self.all():
            menu.addAction(dock.show_action)
            dock.visibilityChanged.connect(lambda _: self._titles.start())
            dock.topLevelChanged.connect(lambda _: self._titles.start())
            dock.dockLocationChanged.connect(lambda _: self._titles.start())
        self.reset()

    def all(self) -> list[Dock]:
        return [self.palette, self.outline, *self.sides, *self.panels]

    def reset(self) -> None:
        """Put every dock at its first place."""
        window = self._window
        for dock in self.all():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        window.addDockWidget(_LEFT, self.palette)
        window.addDockWidget(_LEFT, self.outline)
        window.tabifyDockWidget(self.palette, self.outline)
        for number, dock in enumerate(self.sides):
            window.addDockWidget(_RIGHT, dock)
            if number:
                window.tabifyDockWidget(self.sides[0], dock)
        for number, dock in enumerate(self.panels):
            window.addDockWidget(_BOTTOM, dock)
            if 0 < number < _SIDE_BY_SIDE:
                window.splitDockWidget(self.panels[number - 1], dock, Qt.Orientation.Horizontal)
            elif number >= _SIDE_BY_SIDE:  # spread over the others, so that several can be seen; the curves stay
                window.tabifyDockWidget(self.panels[1 + (number - _SIDE_BY_SIDE) % (_SIDE_BY_SIDE - 1)], dock)
        for dock in self.all():
            dock.setVisible(dock not in self._hidden)
        for dock in (self.palette, *self.sides[:1], *self.panels[_SIDE_BY_SIDE - 1 : _SIDE_BY_SIDE]):
            dock.raise_()
        self.resize()
        self._titles.start()

    def resize(self) -> None:
        """Share the room of the window among the docks as at the first start."""
        window = self._window
        width, height = window.width(), window.height()
        row = self.panels[:_SIDE_BY_SIDE]
        window.resizeDocks([self.palette], [max(184, min(220, width // 8))], Qt.Orientation.Horizontal)
        window.resizeDocks(self.sides[:1], [max(280, min(340, width // 5))], Qt.Orientation.Horizontal)
        window.resizeDocks(row[:1], [max(220, round(height * 0.32))], Qt.Orientation.Vertical)
        window.resizeDocks(row, [round(width * part) for part in _SHARES[: len(row)]], Qt.Orientation.Horizontal)

    def show(self, dock: Dock) -> None:
        """Bring a dock to the front, open or not."""
        dock.show()
        dock.raise_()

    def renew_titles(self) -> None:
        self._titles.start()

    def _renew_titles(self) -> None:
        for dock in self.all():
            tabbed = not dock.isFloating() and any(
                not other.isFloating() and not other.isHidden() for other in self._window.tabifiedDockWidgets(dock)
            )
            dock.show_title(not tabbed)
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setAccessibleName("Panels")
            bar.setDrawBase(False)
            bar.setExpanding(False)
