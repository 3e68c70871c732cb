"""Icons: drawings from `resources/icons` (Lucide), rendered in a colour of the theme, sharp at every scale."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from nnstudio import paths
from nnstudio.ui import theme

# 16 and 20 pixels are used; the others serve screens at 125 % to 300 %.
_SIZES = (16, 20, 24, 32, 40, 48, 64)
# The verbs of training are seen at a glance when they are solid.
_SOLID = ("play", "pause", "square")


def icon(name: str, color: str = "text") -> QIcon:
    """The icon of this file name in a colour of the theme that is shown now."""
    shown = theme.current()
    return _icon(name, getattr(shown, color), shown.muted)


def paint(painter: QPainter, name: str, place: QRectF, color: str = "text") -> None:
    """Draw an icon in a colour of the theme that is shown now, sharp at any scale of the painter."""
    _shape(name, getattr(theme.current(), color)).render(painter, place)


def attach(target: QAction | QAbstractButton, name: str, color: str = "text") -> None:
    """Give an action or a button its icon, and let `renew` know how to draw it again."""
    target.setProperty("icon_name", name)
    target.setProperty("icon_color", color)
    target.setIcon(icon(name, color))


def renew(root: QObject) -> None:
    """Draw the icons of all actions and buttons below `root` again: the theme changed."""
    targets: list[QAction | QAbstractButton] = [*root.findChildren(QAction), *root.findChildren(QAbstractButton)]
    for target in targets:
        name = target.property("icon_name")
        if name:
            target.setIcon(icon(name, target.property("icon_color")))


@cache
def _icon(name: str, color: str, disabled: str) -> QIcon:
    made = QIcon()
    faint = QColor(disabled)
    faint.setAlphaF(0.6)
    for mode, shade in ((QIcon.Mode.Normal, QColor(color)), (QIcon.Mode.Disabled, faint)):
        renderer = _renderer(name, shade.name())
        for size in _SIZES:
            pixmap = QPixmap(size, size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setOpacity(shade.alphaF())
            renderer.render(painter, QRectF(0, 0, size, size))
            painter.end()
            made.addPixmap(pixmap, mode)
    return made


@cache
def _shape(name: str, color: str) -> QSvgRenderer:
    return _renderer(name, color)


def _renderer(name: str, color: str) -> QSvgRenderer:
    drawing = (paths.resources() / "icons" / f"{name}.svg").read_bytes()
    if name in _SOLID:
        drawing = drawing.replace(b'fill="none"', b'fill="currentColor"')
    return QSvgRenderer(QByteArray(drawing.replace(b"currentColor", color.encode())))
