"""Make the pictures of the README and of the gallery, from the real window.

    .venv/bin/python packaging/screenshots.py

It opens each example in the window, trains it, and saves what is seen: `resources/screenshots/*.png` for the README and
`resources/examples/*-light.png`, `*-dark.png` for the gallery's cards. No screen is needed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PySide6.QtCore import QEventLoop, QPointF, QRectF, QSettings, QSize, Qt, QTimer  # noqa: E402
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from nnstudio.core.project import Project  # noqa: E402
from nnstudio.core.storage import project_from_json  # noqa: E402
from nnstudio.engine.run import Run  # noqa: E402
from nnstudio.ui import theme  # noqa: E402
from nnstudio.ui.document import Document  # noqa: E402
from nnstudio.ui.gallery import Gallery, architectures, examples  # noqa: E402
from nnstudio.ui.memory import Memory  # noqa: E402
from nnstudio.ui.window import Window  # noqa: E402

SCREENSHOTS = ROOT / "resources" / "screenshots"
CARD = QSize(480, 268)
# name, example, theme, seconds of training, title of the node to select, size of the window
SHOTS = (
    ("spirals-light", "spirals", "light", 5.0, "hidden_2", QSize(1600, 1000)),
    ("spirals-dark", "spirals", "dark", 5.0, "hidden_2", QSize(1600, 1000)),
    ("digits-cnn-dark", "digits-cnn", "dark", 8.0, "", QSize(1600, 1000)),
    ("iris-light", "iris", "light", 3.0, "hidden_1", QSize(1280, 800)),
)
# name, architecture, theme, the block that is entered
ARCHITECTURES = (
    ("unet-dark", "unet", "dark", ()),
    ("gpt-light", "gpt2", "light", ("n2",)),
)


def main() -> int:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp())
    application = QApplication(sys.argv[:1])
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    SCREENSHOTS.mkdir(exist_ok=True)
    chosen = set(sys.argv[1:])
    for name, example, theme_name, seconds, title, size in SHOTS:
        if not chosen or name in chosen:
            theme.apply(application, theme.THEMES[theme_name])
            shoot(name, example, seconds, title, size)
    for name, architecture, theme_name, inside in ARCHITECTURES:
        if not chosen or name in chosen:
            theme.apply(application, theme.THEMES[theme_name])
            shoot_architecture(name, architecture, inside)
    if not chosen or "problem-light" in chosen:
        theme.apply(application, theme.LIGHT)
        shoot_problem()
    if not chosen or "cards" in chosen:
        for shown in theme.THEMES.values():
            theme.apply(application, shown)
            for found in examples():
                picture = card(found.name)
                if picture is not None:
                    picture.save(str(ROOT / "resources" / "examples" / f"{found.name}-{shown.name}.png"))
    if not chosen or "gallery-light" in chosen:
        theme.apply(application, theme.LIGHT)
        gallery = Gallery([])
        gallery.resize(1280, 800)
        gallery.show()
        spin(0.5)
        save(gallery.grab().toImage(), "gallery-light")
        gallery.close()
    return 0


def project_of(example: str) -> Project:
    written = next(found.written for found in examples() if found.name == example)
    return project_from_json(dict(written))


def open_window(project: Project, size: QSize) -> Window:
    memory = Memory(QSettings(str(Path(tempfile.mkdtemp()) / "s.ini"), QSettings.Format.IniFormat))
    window = Window(Document(project), memory)
    window.resize(size)
    window.show()
    spin(0.8)
    window.canvas.fit()
    spin(0.3)
    return window


def close(window: Window) -> None:
    window.training.shut_down()
    window.hide()
    window.deleteLater()
    spin(0.1)


def shoot(name: str, example: str, seconds: float, title: str, size: QSize) -> None:
    """Train an example in the window for some seconds, and take the picture while it trains."""
    window = open_window(project_of(example), size)
    window.training.train()
    spin(seconds * 0.7)
    graph = window.document.project.graph
    window.document.select(node.id for node in graph.nodes.values() if node.title == title)
    spin(seconds * 0.3)
    save(window.grab().toImage(), name)
    close(window)


def shoot_architecture(name: str, architecture: str, inside: tuple[str, ...]) -> None:
    """A known architecture, or the drawing in one of its blocks."""
    found = next(one for one in architectures() if one.name == architecture)
    project = project_from_json(json.loads(found.path.read_text(encoding="utf-8")))
    window = open_window(project, QSize(1280, 800))
    window.document.enter(inside)
    spin(0.5)
    save(window.grab().toImage(), name)
    close(window)


def shoot_problem() -> None:
    """A drawing in which two branches do not fit together."""
    project = project_of("spirals")
    graph = project.graph
    wide = next(node.id for node in graph.nodes.values() if node.title == "hidden_2")
    window = open_window(project.with_graph(graph.configure(wide, out_features=12)), QSize(1280, 800))
    add = next(node.id for node in graph.nodes.values() if type(node.layer).__name__ == "Add")
    window.document.select([add])
    window.canvas.fit()
    spin(0.5)
    save(window.grab().toImage(), "problem-light")
    close(window)


def card(example: str) -> QImage | None:
    """What an example has learned: its surface or its curve; or its images."""
    project = project_of(example)
    run = Run(project)
    for _ in run.snapshots():
        pass
    data = run.prepared.data
    if data.inputs.ndim == 2 and data.inputs.shape[1] == 2:
        return paint_surface(run)
    if data.inputs.ndim == 2 and data.inputs.shape[1] == 1:
        return paint_curve(run)
    if data.inputs.ndim == 4:
        return paint_images(run)
    return None  # a table: the gallery draws the network


def paint_surface(run: Run) -> QImage:
    data = run.prepared.data
    low, high = data.inputs.min(axis=0), data.inputs.max(axis=0)
    margin = 0.12 * (high - low)
    low, high = low - margin, high + margin
    width, height = CARD.width(), CARD.height()
    x, y = np.meshgrid(np.linspace(low[0], high[0], width // 2), np.linspace(high[1], low[1], height // 2))
    outputs = run.predict(np.stack([x.ravel(), y.ravel()], axis=1))
    probabilities = run.loss_spec.probabilities(torch.from_numpy(outputs)).numpy().clip(0, 1)
    shown = theme.current()
    if data.classes == 2:
        soft = 0.5 + (probabilities[:, -1] - 0.5) * 0.8
        pixels = theme.diverging(shown)[(soft * 255).astype(np.uint8)][:, :3]
    else:  # each class paints its colour over the neutral one, as strongly as it leads
        leaders = np.array([rgb(color) for color in theme.class_colors(shown, data.classes)], float)
        neutral = np.array(rgb(shown.color("neutral")))
        best = probabilities.argmax(axis=1)
        lead = (probabilities.max(axis=1, keepdims=True) - 1 / data.classes) / (1 - 1 / data.classes) * 0.8
        pixels = (neutral + (leaders[best] - neutral) * lead).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels.reshape(*x.shape, 3))
    image = QImage(pixels.data, x.shape[1], x.shape[0], 3 * x.shape[1], QImage.Format.Format_RGB888).scaled(
        CARD, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colors = theme.class_colors(shown, data.classes)
    rows = np.random.default_rng(0).permutation(data.rows)[:300]
    radius = 9.0 if data.rows <= 8 else 4.5
    for row in rows:
        place = (data.inputs[row] - low) / (high - low)
        painter.setPen(QPen(shown.color("surface"), 1.5))
        painter.setBrush(QColor(colors[int(data.targets[row])]).darker(115))
        painter.drawEllipse(QPointF(place[0] * width, (1 - place[1]) * height), radius, radius)
    painter.end()
    return image


def rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def paint_images(run: Run) -> QImage:
    """The first images of the data, light on dark or dark on light as the theme is."""
    shown = theme.current()
    image = QImage(CARD, QImage.Format.Format_RGB32)
    image.fill(shown.color("canvas"))
    low, high = (np.array(rgb(shown.color(name))) for name in ("canvas", "text"))
    painter = QPainter(image)
    side, columns, rows = 56, 7, 4
    left, top = (CARD.width() - side * columns) // 2, (CARD.height() - side * rows) // 2
    for place in range(columns * rows):
        digit = run.prepared.data.inputs[place, 0][..., None]
        pixels = np.ascontiguousarray((low + (high - low) * digit).astype(np.uint8))
        height, width = pixels.shape[:2]
        small = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        target = QRectF(left + side * (place % columns) + 6, top + side * (place // columns) + 6, side - 12, side - 12)
        painter.drawImage(target, small)
    painter.end()
    return image


def paint_curve(run: Run) -> QImage:
    data = run.prepared.data
    shown = theme.current()
    image = QImage(CARD, QImage.Format.Format_RGB32)
    image.fill(shown.color("canvas"))
    inputs = np.linspace(data.inputs.min(), data.inputs.max(), 300).reshape(-1, 1)
    outputs = run.predict(inputs)[:, 0]
    low, high = float(data.targets.min()), float(data.targets.max())
    area = QRectF(image.rect()).adjusted(24, 24, -24, -24)

    def place(x: float, y: float) -> QPointF:
        across = (x - inputs[0, 0]) / (inputs[-1, 0] - inputs[0, 0])
        return QPointF(area.left() + across * area.width(), area.bottom() - (y - low) / (high - low) * area.height())

    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shown.color("test"))
    for row in range(data.rows):
        painter.drawEllipse(place(data.inputs[row, 0], data.targets[row, 0]), 4, 4)
    path = QPainterPath(place(inputs[0, 0], outputs[0]))
    for x, y in zip(inputs[1:, 0], outputs[1:], strict=True):
        path.lineTo(place(x, y))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(shown.color("train"), 4))
    painter.drawPath(path)
    painter.end()
    return image


def save(image: QImage, name: str) -> None:
    path = SCREENSHOTS / f"{name}.png"
    image.convertToFormat(QImage.Format.Format_RGB888).save(str(path), quality=0)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


def spin(seconds: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main())
