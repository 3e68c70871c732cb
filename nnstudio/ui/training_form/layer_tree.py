"""LayerTree: the layers of a network that have weights, to be checked one by one or block by block."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnstudio.core.blocks import Block
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import Report
from nnstudio.ui import theme

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
        self._chosen, self._elsewhere, self._report = set(chosen), elsewhere, report
        self._fill(self.tree.invisibleRootItem(), graph, "", False)
        self.tree.setItemDelegate(_Boxes(self.tree))
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

    def _fill(self, parent: QTreeWidgetItem, graph: Graph, before: str, all_of_it: bool) -> None:
        """Add the nodes of a drawing; `all_of_it` says that the block around it is chosen."""
        report, elsewhere = self._report, self._elsewhere
        order = {path: place for place, path in enumerate(report.order)}
        nodes = sorted(graph.nodes.values(), key=lambda node: order.get(before + node.id, len(order)))
        for node in nodes:
            path = before + node.id
            found = report.nodes.get(path)
            chosen = all_of_it or path in self._chosen
            if path not in self._chosen and (found is None or not found.parameters):
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
                self._fill(item, node.layer.graph, f"{path}/", chosen)
            if not item.childCount():
                item.setCheckState(0, Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)


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


class _Boxes(QStyledItemDelegate):
    """Draws the boxes to check so that they are seen in every theme."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        state = index.data(Qt.ItemDataRole.CheckStateRole)
        if state is None:
            return
        own = QStyleOptionViewItem(option)
        self.initStyleOption(own, index)
        tree = self.parent()
        assert isinstance(tree, QTreeWidget)
        place = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, own, tree)
        box = QRectF(0, 0, 14, 14)
        box.moveCenter(QRectF(place).center())
        colors, on = theme.current(), Qt.CheckState(state) != Qt.CheckState.Unchecked
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colors.color("accent" if on else "muted"), 1.2))
        painter.setBrush(colors.color("accent" if on else "surface"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QPen(colors.color("accent_text"), 2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        corners = [QPointF(3.5, 7.5), QPointF(6, 10), QPointF(10.5, 4.5)]
        if Qt.CheckState(state) == Qt.CheckState.PartiallyChecked:
            corners = [QPointF(4, 7), QPointF(10, 7)]
        if on:
            painter.drawPolyline(QPolygonF([box.topLeft() + corner for corner in corners]))
        painter.restore()
