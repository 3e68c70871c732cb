"""Canvas: the drawing in a person's hands. Mouse, keyboard and drops become gestures and verbs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip

from nnstudio.core.blocks import Block
from nnstudio.core.kinds import Layer
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.ui import shelf, theme
from nnstudio.ui.canvas import face, geometry, lettering, menus
from nnstudio.ui.canvas.block_editing import BlockEditing
from nnstudio.ui.canvas.fitting import carried
from nnstudio.ui.canvas.geometry import GRID
from nnstudio.ui.canvas.gesture import Gesture, MoveNodes, Pointer, SelectArea
from nnstudio.ui.canvas.scene import Hit
from nnstudio.ui.canvas.wiring import DrawWire, DropLayer, SelectWire
from nnstudio.ui.document import Document
from nnstudio.ui.palette import MIME_TYPE
from nnstudio.ui.training import Training

_Key = Qt.Key
_ARROWS = {
    _Key.Key_Left: (-1, 0),
    _Key.Key_Right: (1, 0),
    _Key.Key_Up: (0, -1),
    _Key.Key_Down: (0, 1),
}
_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class Canvas(BlockEditing):
    """The drawing of one document. Everything that it does can be undone, and is one `document.edit`."""

    def __init__(self, document: Document, training: Training | None = None) -> None:
        super().__init__(document, training)
        self.setObjectName("canvas")
        self.setAccessibleName("Drawing of the network")
        self.setAccessibleDescription("Space adds a layer, the arrow keys move the selected ones, F shows everything.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.gesture: Gesture | None = None
        self._grabbed: QPointF | None = None  # the last point while the view is panned
        self._space = False
        self._space_panned = False

    # -- mouse -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.end_glide()
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and self._space
        ):
            self._grabbed = event.position()
            self._space_panned = self._space
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self.gesture is None:
            pointer = self._pointer(event.position(), event.modifiers())
            self.begin(self._gesture_at(pointer), pointer)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self.pan(event.position() - self._grabbed)
            self._grabbed = event.position()
            return
        pointer = self._pointer(event.position(), event.modifiers())
        if self.gesture is not None:
            self.gesture.move(pointer)
        else:
            self._show_under(pointer)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._grabbed = None
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor)
        elif event.button() == Qt.MouseButton.LeftButton and self.gesture is not None:
            pointer = self._pointer(event.position(), event.modifiers())
            gesture, self.gesture = self.gesture, None
            gesture.release(pointer)
            self._show_under(pointer)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._space:
            self.mousePressEvent(event)
            return
        pointer = self._pointer(event.position(), event.modifiers())
        hit = self.drawing_scene().hit(pointer.place, self.zoom)
        if hit == Hit():
            self.search_layer(pointer.place)
        elif hit.edge is not None:
            self.search_for_wire(hit.edge, pointer.place)
        elif hit.port is None and hit.node_id is not None:
            node = self.document.graph.nodes[hit.node_id]
            on_title = pointer.place.y() < node.position[1] + geometry.PICTURE.top()
            if isinstance(node.layer, Block) and not on_title:
                self.enter(hit.node_id)
            else:
                self.rename(hit.node_id)

    def begin(self, gesture: Gesture, pointer: Pointer) -> None:
        """Start a gesture; the mouse goes on with it."""
        self.gesture = gesture
        self.viewport().setCursor(gesture.cursor)
        gesture.press(pointer)

    def cancel_gesture(self) -> None:
        """End the gesture under way as if it had not begun."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            gesture.cancel()
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)

    def _gesture_at(self, pointer: Pointer) -> Gesture:
        scene = self.drawing_scene()
        hit = scene.hit(pointer.place, pointer.scale)
        if hit.node_id is not None and hit.port is not None:
            return DrawWire.from_port(scene, hit.node_id, hit.port, self.offer_layers)
        if hit.node_id is not None:
            return MoveNodes(scene, hit.node_id)
        if hit.edge is not None:
            return DrawWire.from_wire(scene, hit.edge, pointer.place, self.offer_layers) or SelectWire(scene, hit.edge)
        return SelectArea(scene)

    def _pointer(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> Pointer:
        return Pointer(self.drawing_at(point), point, self.zoom, modifiers)

    def _show_under(self, pointer: Pointer) -> None:
        hit = self.drawing_scene().hit(pointer.place, pointer.scale)
        self.drawing_scene().show_hover(hit)
        if self._space:
            return
        cursor = Qt.CursorShape.ArrowCursor
        if hit.port is not None:
            cursor = Qt.CursorShape.CrossCursor
        elif hit.edge is not None:
            cursor = Qt.CursorShape.PointingHandCursor
        if self.viewport().cursor().shape() != cursor:
            self.viewport().setCursor(cursor)

    def leaveEvent(self, event: QEvent) -> None:
        self.drawing_scene().show_hover(Hit())
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Two fingers pan; a wheel zooms at the pointer, with Shift it pans sideways."""
        self.end_glide()
        control = bool(event.modifiers() & _CONTROL)
        touch = event.device().type() == QInputDevice.DeviceType.TouchPad
        turned = QPointF(event.angleDelta())
        if touch and not control:
            exact = QPointF(event.pixelDelta())
            self.pan(exact if not exact.isNull() else turned / 2)
        elif event.modifiers() & _SHIFT and not control:
            self.pan(QPointF((turned.y() or turned.x()) / 2, 0.0))
        elif turned.y():
            self.zoom_at(event.position(), 1.0015 ** turned.y())
        elif turned.x():
            self.pan(QPointF(turned.x() / 2, 0.0))
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tooltip_at(event.pos())
            if text:
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_at(event.position(), 1.0 + event.value())
            return True
        return super().viewportEvent(event)

    def tooltip_at(self, point: QPoint) -> str:
        """What is said of what lies under a point of the viewport, as safe rich text."""
        scene = self.drawing_scene()
        hit = scene.hit(self.drawing_at(QPointF(point)), self.zoom)
        if hit.node_id is not None:
            item = scene.nodes[hit.node_id]
            return item.tooltip() if hit.port is None else face.port_tooltip(item.node, item.report, hit.port)
        if hit.edge is not None:
            kind = carried(scene.graph, self.document.here, (hit.edge.source, "output", hit.edge.source_port))
            return face.edge_tooltip(scene.graph, hit.edge, kind)
        return ""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        scene = self.drawing_scene()
        place = self.drawing_at(QPointF(event.pos()))
        hit = scene.hit(place, self.zoom)
        if event.reason() == QContextMenuEvent.Reason.Keyboard and len(self.document.selection) == 1:
            hit = Hit(next(iter(self.document.selection)))
        if hit.node_id is not None:
            if hit.node_id not in self.document.selection:
                self.document.select([hit.node_id])
            menu = menus.node_menu(self, hit.node_id)
        elif hit.edge is not None:
            self.document.select(())
            scene.select_edges([hit.edge])
            menu = menus.edge_menu(self, hit.edge, place)
        else:
            menu = menus.canvas_menu(self, place)
        menu.popup(event.globalPos())

    # -- drops from the palette ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        layer = _layer_in(event)
        if layer is None:
            event.ignore()
            return
        self.cancel_gesture()
        self.gesture = DropLayer(self.drawing_scene(), layer)
        self.gesture.move(self._pointer(event.position(), event.modifiers()))
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self.gesture, DropLayer):
            self.gesture.move(self._pointer(event.position(), event.modifiers()))
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if isinstance(self.gesture, DropLayer):
            self.cancel_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        if not isinstance(self.gesture, DropLayer):
            event.ignore()
            return
        gesture, self.gesture = self.gesture, None
        gesture.release(self._pointer(event.position(), event.modifiers()))
        self._keep_in_sight()
        self.setFocus()
        event.acceptProposedAction()

    # -- keyboard --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == _Key.Key_Space:
            if not event.isAutoRepeat() and self.gesture is None:
                self._space, self._space_panned = True, False
                self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            return
        if key == _Key.Key_Escape:
            if self.gesture is not None:
                self.cancel_gesture()
            elif self.document.inside and not self.document.selection:
                self.leave()
            else:
                self.document.select(())
                self.drawing_scene().select_edges(())
            return
        control = bool(event.modifiers() & _CONTROL)
        if key in _ARROWS and not control:
            x, y = _ARROWS[key]
            step = GRID if not event.modifiers() & _SHIFT else 5 * GRID
            self.nudge(x * step, y * step)
            return
        verb = self._verb(key, control, bool(event.modifiers() & _SHIFT))
        if verb is None:
            event.ignore()
        else:
            verb()

    def _verb(self, key: Qt.Key, control: bool, shift: bool) -> Callable[[], object] | None:
        chosen = self.document.selection
        if control:
            return {
                _Key.Key_A: self.select_all,
                _Key.Key_C: self.copy,
                _Key.Key_X: self.cut,
                _Key.Key_V: self.paste,
                _Key.Key_D: self.duplicate,
                _Key.Key_0: self.zoom_reset,
                _Key.Key_Plus: self.zoom_in,
                _Key.Key_Equal: self.zoom_in,
                _Key.Key_Minus: self.zoom_out,
            }.get(key)
        if key == _Key.Key_F2 and len(chosen) == 1:
            return lambda: self.rename(next(iter(chosen)))
        return {
            _Key.Key_Delete: self.delete_selection,
            _Key.Key_Backspace: self.delete_selection,
            _Key.Key_F: self.fit_selection if shift else self.fit,
            _Key.Key_L: self.arrange,
            _Key.Key_Tab: self.search_here,
        }.get(key)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == _Key.Key_Space and not event.isAutoRepeat() and self._space:
            self._space = False
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
            if not self._space_panned and self._grabbed is None:
                self.search_here()
        else:
            super().keyReleaseEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab adds a layer; Shift+Tab leaves the canvas."""
        return False if forward else super().focusNextPrevChild(forward)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        super().focusOutEvent(event)

    def search_here(self) -> None:
        """Search for a layer to add: behind the selected one, else where the pointer is."""
        if len(self.document.selection) == 1 or len(self.drawing_scene().selected_edges) == 1:
            self.search_layer()
        else:
            self.search_layer(self.mapToScene(self._pointer_or_middle()))

    # -- the rest --------------------------------------------------------------------------------------------------

    def _document_changed(self, before: Project, after: Project) -> None:
        self.cancel_gesture()  # what it holds may be gone
        super()._document_changed(before, after)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.drawing_scene().renew_look()
            self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:  # type: ignore[override]
        """On an empty canvas: how to begin."""
        if self.drawing_scene().graph.nodes:
            return
        shown = theme.current()
        painter.save()
        painter.resetTransform()
        middle = QRectF(self.viewport().rect())
        for style, color, text, down in (
            ((16, True), "text", "Draw a network", -14.0),
            ((13, False), "muted", "Drag a layer here from the left, or press Space and type its name.", 14.0),
        ):
            painter.setFont(lettering.font(style))
            painter.setPen(shown.color(color))
            painter.drawText(middle.translated(0.0, down), Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()


def _layer_in(event: QDropEvent) -> Layer | None:
    """The layer that a drag brings, if it brings one."""
    data = event.mimeData()
    if not data.hasFormat(MIME_TYPE):
        return None
    name = bytes(data.data(MIME_TYPE).data()).decode("utf-8", "replace")
    found = registered(Layer).get(name)
    if found is None:
        kept = shelf.shelved().get(name)
        return None if kept is None else kept.block
    return found()
