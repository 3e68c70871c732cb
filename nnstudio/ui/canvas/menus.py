"""Menus: what a right click offers on a node, on a wire, and on the empty canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QMenu

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Edge
from nnstudio.ui import icons
from nnstudio.ui.canvas.block_editing import BlockEditing
from nnstudio.ui.canvas.editing import Editing

# Text with its key, icon, what it does; None is a line.
_Entry = tuple[str, str, Callable[[], object]] | None


def node_menu(drawing: BlockEditing, node_id: str) -> QMenu:
    chosen = drawing.document.selection
    several = len(chosen) > 1 and node_id in chosen
    entries: list[_Entry] = []
    if not several:
        if isinstance(drawing.document.graph.nodes[node_id].layer, Block):
            entries += [
                ("Go into the block\tCtrl+Down", "corner-right-down", lambda: drawing.enter(node_id)),
                ("Repeat…", "repeat", lambda: drawing.repeat(node_id)),
                ("Keep for other projects", "bookmark-plus", drawing.keep_block),
                ("Ungroup\tCtrl+Shift+G", "ungroup", drawing.ungroup),
                None,
            ]
        entries += [("Rename…\tF2", "", lambda: drawing.rename(node_id)), None]
        if drawing.document.graph.nodes[node_id].layer.output_ports:
            entries += [("Add layer after it…", "plus", lambda: drawing.search_layer()), None]
    nodes = drawing.document.graph.nodes
    layers = [node_id for node_id in (chosen if several else {node_id}) if nodes[node_id].layer.role == "layer"]
    if layers:
        frozen = all(nodes[other].frozen for other in layers)
        bypassed = all(nodes[other].bypassed for other in layers)
        entries += [("Group into a block\tCtrl+G", "group", drawing.group)]
        entries += [("Unfreeze" if frozen else "Freeze", "snowflake", drawing.freeze)]
        entries += [("Put back in\tCtrl+B" if bypassed else "Bypass\tCtrl+B", "route-off", drawing.bypass)]
        sharing = sum(bool(nodes[other].shares) for other in layers)
        if len(layers) == 1 and sharing:
            entries += [("Let it have its own weights", "link-2", drawing.share)]
        elif len(layers) > 1:
            words = "Let each have its own weights" if sharing == len(layers) - 1 else "Share weights"
            entries += [(words, "link-2", drawing.share)]
        elif drawing.owners_for(layers[0]):
            entries += [("Share weights with…", "link-2", drawing.share)]
        entries += [None]
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


def canvas_menu(drawing: BlockEditing, place: QPointF) -> QMenu:
    inside = bool(drawing.document.inside)
    return _menu(
        drawing,
        "canvas_menu",
        [
            *([("Leave the block\tCtrl+Up", "corner-left-up", drawing.leave), None] if inside else []),
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
