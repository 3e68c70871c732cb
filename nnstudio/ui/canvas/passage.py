"""Passage: the way into a block and out of it, seen: the drawing that is left grows or shrinks, and fades."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPointF, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QTransform
from PySide6.QtWidgets import QStyle, QWidget

_MS = 240


class Passage(QWidget):
    """What the canvas showed before, over what it shows now, for a moment. The mouse goes through it.

    Going in, the block that was entered grows until it fills the view; going out, all that was seen shrinks into it.
    """

    def __init__(self, viewport: QWidget, before: QPixmap) -> None:
        super().__init__(viewport)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(viewport.rect())
        self._before = before
        self._end = QTransform()
        self._share = 0.0
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(_MS)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._go)
        self._animation.finished.connect(self.deleteLater)

    def start(self, block: QRectF, inwards: bool) -> None:
        """Go through this rectangle of the viewport: the place of the block in the drawing around it."""
        view = QRectF(self.rect())
        most = min(view.width() / max(block.width(), 1.0), view.height() / max(block.height(), 1.0))
        scale = min(most, 3.0) if inwards else 1.0 / max(most, 1.0)
        source, target = (block.center(), view.center()) if inwards else (view.center(), block.center())
        self._end = _around(source, target, scale)
        self.show()
        self.raise_()
        self._animation.start()

    def _go(self, share: float) -> None:
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        share, end = self._share, self._end
        scale = 1.0 + (end.m11() - 1.0) * share
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(1.0 - share)
        painter.setTransform(QTransform(scale, 0, 0, scale, end.dx() * share, end.dy() * share))
        painter.drawPixmap(0, 0, self._before)
        painter.end()


def wanted(widget: QWidget) -> bool:
    """Whether things may move: the person has not switched animations off."""
    return widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget) > 0


def _around(source: QPointF, target: QPointF, scale: float) -> QTransform:
    """Magnifies, and brings one point to another."""
    away = target - source * scale
    return QTransform(scale, 0, 0, scale, away.x(), away.y())
