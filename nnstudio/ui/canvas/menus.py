"""Menus: what a right click offers on a node, on a wire, and on the empty canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QMenu

from nnstudio.core.graph import Edge
from nnstudio.ui import icons
from nnstudio.ui.canvas.editing import Editing

# Text with its key, icon, what it does; None is a line.
_Entry = tuple[str, str, Callable[[], object]] | None


def node_menu(drawing: Editing, node_id: str) -> QMenu:
    chosen = drawing.document.selection
    several = len(chosen) > 1 and node_id in chosen
    entries: list[_Entry] = []
    if not several:
        entries += [("Rename…\tF2", "", lambda: drawing.rename(node_id)), None]
        if drawing.document.project.graph.nodes[node_id].layer.output_ports:
            entries += [("Add layer after it…", "plus", lambda: drawing.search_layer()), None]
    entries += [
        ("Cut\tCtrl+X", "scissors", drawing.cut),
        ("Copy\tCtrl+C", "copy", drawing.copy),
        ("Duplicate\tCtrl+D", "copy-plus", drawing.duplicate),
        ("Delete\tDel", "trash-2", drawing.delete_selection),
    ]
    return _menu(drawing, "node_menu", entries)


def edge_menu(drawing: Editing, edge: Edge, place: QPointF) -> QMenu:
    return _menu(
        drawing,
        "wire_menu",
        [
            ("Insert layer…", "plus", lambda: drawing.search_for_wire(edge, place)),
            None,
            ("Delete wire\tDel", "trash-2", drawing.delete_selection),
        ],
    )


def canvas_menu(drawing: Editing, place: QPointF) -> QMenu:
    return _menu(
        drawing,
        "canvas_menu",
        [
            ("Add layer…\tSpace", "plus", lambda: drawing.search_layer(place)),
            ("Paste\tCtrl+V", "clipboard-paste", lambda: drawing.paste(place)),
            None,
            ("Select all\tCtrl+A", "square-dashed", drawing.select_all),
            ("Arrange the layers\tL", "workflow", drawing.arrange),
            ("Fit the drawing\tF", "maximize", drawing.fit),
        ],
    )


def _menu(drawing: Editing, name: str, entries: list[_Entry]) -> QMenu:
    menu = QMenu(drawing)
    menu.setObjectName(name)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
            continue
        text, icon, do = entry
        action = menu.addAction(text)
        action.triggered.connect(lambda _checked=False, do=do: do())
        if icon:
            icons.attach(action, icon, "muted")
    return menu
