"""Drawing: the scene of a document in a view, and the live pictures on its nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, QSize, QTimer, QVariantAnimation
from PySide6.QtGui import QImage, QPainter, QResizeEvent, QShowEvent

from nnstudio.core.blocks import graph_at
from nnstudio.core.graph import Position
from nnstudio.core.project import Project
from nnstudio.engine.run import Run, Snapshot
from nnstudio.ui import theme
from nnstudio.ui.canvas import passage
from nnstudio.ui.canvas.node_item import FAR
from nnstudio.ui.canvas.pictures import Picture, measure_pictures, preview_pictures
from nnstudio.ui.canvas.scene import Scene
from nnstudio.ui.canvas.viewport import Viewport
from nnstudio.ui.document import Document
from nnstudio.ui.training import Training

_GLIDE_MS = 220
_LOOK_MS = 150
_LARGEST_PICTURE = 4096


class Drawing(Viewport):
    """The network, seen. It changes nothing, and is fed by Training as any live view is."""

    key = "canvas"

    def __init__(self, document: Document, training: Training | None = None) -> None:
        self._scene = Scene(document)  # the view does not keep it alive
        super().__init__(self._scene)
        self.document = document
        self._training = training
        self._asked: set[str] = set()  # the nodes whose pictures were measured last
        self._fitted = False
        self._whole = False  # the whole drawing is shown, and nobody has looked closer since
        self._glide = QVariantAnimation(self)
        self._glide.setDuration(_GLIDE_MS)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._glide.valueChanged.connect(self._glide_along)
        self._glide.finished.connect(self._scene.show_as_decided)
        # where nodes glide from, and where to
        self._ways: tuple[Mapping[str, Position], Mapping[str, Position]] = ({}, {})
        self._look = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self._look.timeout.connect(self._look_at_new)
        self.moved.connect(self._look.start)
        document.changed.connect(self._document_changed)
        document.entered.connect(self._show_other)
        document.loading.changed.connect(self._preview)
        self._scene.leaving.connect(self._keep_what_is_seen)
        self._passage: passage.Passage | None = None
        self._inside = document.inside
        self._views: dict[tuple[str, ...], tuple[QPointF, float]] = {}  # where the view stood in each block
        self._preview()

    def drawing_scene(self) -> Scene:
        """The scene, by its own type."""
        return self._scene

    # -- live pictures: what Training asks of a view ---------------------------------------------------------------

    def request(self) -> Callable[[Run], dict[str, Picture]] | None:
        """Measure the nodes that are seen, unless they are too small to show anything."""
        if self.zoom < FAR:
            return None
        seen = self.visible_node_ids()
        self._asked = set(seen)
        return partial(measure_pictures, node_ids=tuple(seen), inside=self.document.inside) if seen else None

    def draw(self, reading: Any, snapshot: Snapshot) -> None:
        if reading:
            self.show_pictures(reading)

    def clear(self) -> None:
        """Forget what was measured; the data stays."""
        self._asked.clear()
        self.show_pictures(dict.fromkeys(self._scene.nodes))
        self._preview()

    def show_pictures(self, pictures: Mapping[str, Picture | None]) -> list[str]:
        """Show these pictures; only nodes that look different now are painted. Their ids come back."""
        return self._scene.show_pictures(pictures)

    def visible_node_ids(self) -> list[str]:
        """The ids of the nodes that are seen, in the order of their making."""
        seen = set(self._scene.nodes_in(self.visible_area()))
        return [node_id for node_id in self._scene.nodes if node_id in seen]

    def _preview(self) -> None:
        if not self.document.inside:
            with self.document.only_at_hand():
                self.show_pictures(preview_pictures(self.document.project))

    def _look_at_new(self) -> None:
        """While nothing trains, nodes that came into view have not been measured yet."""
        training = self._training
        if training is None or training.busy or training.run is None or self.zoom < FAR or not self.isVisible():
            return
        if set(self.visible_node_ids()) - self._asked:
            training.refresh()

    # -- following -------------------------------------------------------------------------------------------------

    def _document_changed(self, before: Project, after: Project) -> None:
        self.end_glide()
        if before.data != after.data or after.graph.nodes.keys() - before.graph.nodes.keys():
            self._preview()
        if len(self.document.graph.nodes) < 2:
            self.viewport().update()  # the words on an empty canvas come or go

    def _show_other(self) -> None:
        """A block was entered or left: each has its own place of the view, at first the one that shows all of it."""
        self.end_glide()
        was = self._inside
        if self._whole:
            self._views.pop(self._inside, None)
        else:
            self._views[self._inside] = (self.visible_area().center(), self.zoom)
        self._inside = self.document.inside
        self._asked.clear()
        self._preview()
        if self._inside in self._views:
            middle, zoom = self._views[self._inside]
            self._zoom_to(QPointF(self.viewport().rect().center()), zoom)
            self.centerOn(middle)
            self._whole = False
        else:
            self.fit()
        self._look.start()
        waiting, self._passage = self._passage, None
        if waiting is not None:
            waiting.start(self._on_screen(was[len(self._inside)]), inwards=False)

    def _keep_what_is_seen(self) -> None:
        """Before another drawing is shown: what leads the eye from here to there."""
        here, there = self._inside, self.document.inside
        left = graph_at(self.document.project.graph, here)
        if not self.isVisible() or not passage.wanted(self) or left is not self._scene.graph:
            return
        inwards = there[: len(here)] == here
        if inwards or here[: len(there)] == there:
            made = passage.Passage(self.viewport(), self.viewport().grab())
            if inwards:
                made.start(self._on_screen(there[len(here)]), inwards=True)
            else:
                self._passage = made  # it begins when it is known where the block is

    def _on_screen(self, node_id: str) -> QRectF:
        """Where a node is in the viewport."""
        return QRectF(self.mapFromScene(self._scene.nodes[node_id].card()).boundingRect())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._fitted:
            self._fitted = True
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What was in the middle stays there; a drawing that was shown whole stays whole."""
        old = event.oldSize()
        super().resizeEvent(event)
        if self._whole:
            self.fit()
        elif self._fitted and old.isValid():
            grown = event.size() - old
            self.pan(QPointF(grown.width() / 2, grown.height() / 2))

    # -- seeing ----------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole drawing, and keep it in sight until the person moves the view."""
        self.show_area(self._scene.bounds())
        self._whole = True

    def show_area(self, area: QRectF, most: float = 1.0) -> None:
        super().show_area(area, most)
        self._whole = False

    def pan(self, by: QPointF) -> None:
        super().pan(by)
        self._whole = False

    def _keep_in_sight(self) -> None:
        """After a layer came: if all was to be seen before, it still is."""
        if self._whole and not self.visible_area().contains(self._scene.bounds()):
            self.fit()

    def fit_selection(self) -> None:
        """Show what is selected, as large as it fits."""
        chosen = self.document.selection
        self.show_area(self._scene.bounds(chosen or None), 1.5)

    def reveal(self, node_id: str) -> None:
        """Bring a node into view, at a scale at which it can be read."""
        item = self._scene.nodes.get(node_id)
        if item is None:
            return
        if self.zoom < FAR:
            self.zoom_reset()
        if not self.visible_area().contains(item.card()):
            self.centerOn(item.card().center())
            self._whole = False

    def picture_area(self) -> QRectF:
        """What of the scene a picture shows."""
        area = self._scene.bounds().adjusted(-24, -24, 24, 24)
        return QRectF(0, 0, 320, 200) if area.width() <= 48 else area

    def picture(self, size: QSize | None = None) -> QImage:
        """The drawing as an image of this size, or large enough to be sharp in print."""
        area = self.picture_area()
        if size is None:
            scale = min(2.0, _LARGEST_PICTURE / max(area.width(), area.height()))
            size = (area.size() * scale).toSize()
        image = QImage(size, QImage.Format.Format_RGB32)
        image.fill(theme.current().color("canvas"))
        painter = QPainter(image)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self._scene.render(painter, QRectF(image.rect()), area)
        painter.end()
        return image

    # -- gliding -----------------------------------------------------------------------------------------------------

    def glide(self, before: Mapping[str, Position], after: Mapping[str, Position]) -> None:
        """Show nodes on their way from where they were to where they are now."""
        self._ways = before, after
        self._glide_along(0.0)
        self._glide.start()

    def _glide_along(self, share: float) -> None:
        places = {}
        for node_id, (x, y) in self._ways[1].items():
            first_x, first_y = self._ways[0][node_id]
            places[node_id] = (first_x + (x - first_x) * share, first_y + (y - first_y) * share)
        self._scene.show_places(places)

    def end_glide(self) -> None:
        """Nodes that are still on their way are there."""
        if self._glide.state() == QVariantAnimation.State.Running:
            self._glide.stop()
            self._scene.show_as_decided()

    def _pointer_or_middle(self) -> Any:
        """The point of the viewport under the pointer, or its middle."""
        point = self.viewport().mapFromGlobal(self.cursor().pos())
        inside = self.viewport().rect().contains(point) and self.underMouse()
        return point if inside else self.viewport().rect().center()
