"""Augmentations: how training rows are changed at random, as a list, and what that looks like."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Augmentation
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.data import Prepared
from nnstudio.ui import icons
from nnstudio.ui.data_panel.augmentation_preview import AugmentationPreview
from nnstudio.ui.document import Document
from nnstudio.ui.forms import SpecForm
from nnstudio.ui.forms.fact import column, heading


class Augmentations(QWidget):
    """The list, a button that adds to it, and eight rows before and after."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("augmentations")
        self.document = document
        self._type: TensorType | None = None
        self._shown: tuple[Augmentation, ...] = ()
        self.items: list[Item] = []
        rows = column(self, spacing=8)
        rows.addWidget(heading("Augmentation"))
        self._rows = column_of_items = QVBoxLayout()
        column_of_items.setSpacing(8)
        rows.addLayout(column_of_items)
        self.add = QPushButton("Add augmentation…")
        self.add.setObjectName("add_augmentation")
        self.add.setToolTip("<p>Changes each training row at random, anew in every epoch.</p>")
        icons.attach(self.add, "plus")
        self.menu = QMenu(self.add)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self.add.setMenu(self.menu)
        self.add.setStyleSheet("QPushButton::menu-indicator { image: none; width: 0; }")
        rows.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.preview = AugmentationPreview()
        rows.addWidget(self.preview)

    def fitting(self) -> list[type[Augmentation]]:
        """The augmentations that can change these rows."""
        if self._type is None:
            return []
        kinds = registered(Augmentation).values()
        return [kind for kind in kinds if not list(kind().check(self._type))]

    def renew(self, project: Project) -> None:
        """Show those of this project."""
        wanted = project.data.augmentations
        if [type(one) for one in wanted] != [type(one) for one in self._shown] or len(self.items) != len(wanted):
            for item in self.items:
                self._rows.removeWidget(item)
                item.hide()
                item.deleteLater()
            self.items = [Item(self, place, len(wanted), type(one)) for place, one in enumerate(wanted)]
            for item in self.items:
                self._rows.addWidget(item)
        self._shown = wanted
        for item, one in zip(self.items, wanted, strict=True):
            item.form.renew_spec(one)
        self.preview.renew(wanted)
        self._show_parts()

    def renew_rows(self, prepared: Prepared | None) -> None:
        """These are the rows; None where there are none."""
        self._type = prepared.input_type if prepared is not None else None
        self.preview.renew_rows(prepared)
        self._show_parts()

    def _show_parts(self) -> None:
        fitting = bool(self.fitting())
        self.setVisible(fitting or bool(self._shown))
        self.add.setEnabled(fitting)
        self.preview.setVisible(bool(self._shown) and self.preview.possible)

    def _fill(self) -> None:
        self.menu.clear()
        for kind in self.fitting():
            action = self.menu.addAction(kind.title)
            action.setToolTip(kind.sentence())
            action.triggered.connect(
                lambda _=False, kind=kind: self.change(f"Add {kind.title}", (*self._shown, kind()))
            )

    # -- changing --------------------------------------------------------------------------------------------------

    def change(self, label: str, augmentations: tuple[Augmentation, ...], merge: str = "") -> None:
        """Have these from now on: one edit."""
        self.document.edit(label, self.document.project.with_data(augmentations=augmentations), merge=merge)

    def remove(self, place: int) -> None:
        """Have one no more."""
        kept = self._shown[:place] + self._shown[place + 1 :]
        self.change(f"Remove {self._shown[place].title}", kept)

    def reorder(self, place: int, by: int) -> None:
        """Do one earlier or later."""
        order = list(self._shown)
        order.insert(place + by, order.pop(place))
        self.change(f"Move {self._shown[place].title}", tuple(order))

    def configure(self, place: int, name: str, value: Any) -> None:
        """Change one setting of one of them."""
        one = self._shown[place]
        try:
            changed = one.with_(**{name: value})
        except ValueError as error:
            self.items[place].form.refuse(name, error)
            return
        order = (*self._shown[:place], changed, *self._shown[place + 1 :])
        self.change(f"Set {name.replace('_', ' ')}", order, merge=f"augmentation {place} {name}")


class Item(QWidget):
    """One augmentation: its name, its settings, and buttons to move and remove it."""

    def __init__(self, owner: Augmentations, place: int, count: int, kind: type[Augmentation]) -> None:
        super().__init__()
        rows = column(self, spacing=6)
        head = QHBoxLayout()
        head.setSpacing(0)
        self.title = QLabel(f"{place + 1}. {kind.title}")
        self.title.setProperty("role", "heading")
        self.title.setToolTip(f"<p>{kind.sentence()}</p>")
        head.addWidget(self.title, 1)
        self.up = _button("chevron-up", f"Do {kind.title} earlier", place > 0)
        self.up.clicked.connect(lambda: owner.reorder(place, -1))
        self.down = _button("chevron-down", f"Do {kind.title} later", place < count - 1)
        self.down.clicked.connect(lambda: owner.reorder(place, 1))
        self.delete = _button("x", f"Remove {kind.title}", True)
        self.delete.clicked.connect(lambda: owner.remove(place))
        for button in (self.up, self.down, self.delete):
            head.addWidget(button)
        rows.addLayout(head)
        self.form = SpecForm()
        self.form.edited.connect(lambda name, value: owner.configure(place, name, value))
        self.form.left.connect(owner.document.end_merge)
        rows.addWidget(self.form)


def _button(icon: str, words: str, enabled: bool) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(words)
    button.setToolTip(words)
    button.setIconSize(QSize(16, 16))
    button.setEnabled(enabled)
    icons.attach(button, icon, "muted")
    return button
