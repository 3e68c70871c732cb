"""LayerTree: the layers of a network that have weights, to be checked one by one or block by block."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import Report

_PATH = Qt.ItemDataRole.UserRole


class LayerTree(QDialog):
    """Which layers belong to a group; `paths` is the answer, a whole block by its own path."""

    def __init__(
        self,
        graph: Graph,
        report: Report,
        chosen: Collection[str],
        elsewhere: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        """`elsewhere` says of paths in which other group they are."""
        super().__init__(parent)
        self.setObjectName("layer_tree")
        self.setWindowTitle("Layers of the group")
        self.setModal(True)
        self.resize(360, 420)
        words = QLabel("Layers with weights. A layer that is in another group comes into this one.")
        words.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Layers with weights")
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels(["Layer", "Parameters"])
        self.tree.setUniformRowHeights(True)
        self._fill(self.tree.invisibleRootItem(), graph, report, "", set(chosen), elsewhere)
        self.tree.expandAll()
        self.tree.resizeColumnToContents(1)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, self.tree.header().ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addWidget(words)
        rows.addWidget(self.tree, 1)
        rows.addWidget(buttons)
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)

    @property
    def paths(self) -> tuple[str, ...]:
        """What is checked."""
        return tuple(_checked(self.tree.invisibleRootItem()))

    def item(self, path: str) -> QTreeWidgetItem:
        """The row of a layer."""
        waiting = [self.tree.invisibleRootItem()]
        while waiting:
            parent = waiting.pop()
            if parent.data(0, _PATH) == path:
                return parent
            waiting.extend(_children(parent))
        raise KeyError(path)

    def _fill(
        self,
        parent: QTreeWidgetItem,
        graph: Graph,
        report: Report,
        before: str,
        chosen: set[str],
        elsewhere: Mapping[str, str],
    ) -> None:
        order = {path: place for place, path in enumerate(report.order)}
        nodes = sorted(graph.nodes.values(), key=lambda node: order.get(before + node.id, len(order)))
        for node in nodes:
            path = before + node.id
            found = report.nodes.get(path)
            if path not in chosen and (found is None or not found.parameters):
                continue
            item = QTreeWidgetItem(parent, [node.title, f"{found.parameters:,}" if found is not None else ""])
            item.setData(0, _PATH, path)
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            if path in elsewhere:
                item.setText(0, f"{node.title}  ({elsewhere[path]})")
            # Of a block that is repeated, the drawing inside stands for several layers at once: it is one row.
            if isinstance(node.layer, Block) and node.layer.repeat == 1:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsAutoTristate)
                inner = set(chosen) | ({f"{path}/{name}" for name in node.layer.graph.nodes} & set(report.nodes))
                self._fill(item, node.layer.graph, report, f"{path}/", inner if path in chosen else chosen, elsewhere)
            if not item.childCount():
                item.setCheckState(0, Qt.CheckState.Checked if path in chosen else Qt.CheckState.Unchecked)


def _checked(parent: QTreeWidgetItem) -> list[str]:
    """The paths of what is checked; of a block that is checked as a whole, its own."""
    found = []
    for item in _children(parent):
        if item.checkState(0) == Qt.CheckState.Checked:
            found.append(str(item.data(0, _PATH)))
        else:
            found.extend(_checked(item))
    return found


def _children(parent: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (parent.child(place) for place in range(parent.childCount()))
    return [item for item in found if item is not None]
