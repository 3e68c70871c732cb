"""Memory: what the program remembers from one start to the next (recent projects, theme, places of the docks)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

_RECENT_LIMIT = 12
_LAYOUT_VERSION = 2  # raised when the docks of the window are other ones, so that an old layout is not restored
_THEMES = ("system", "light", "dark")


class Memory:
    """A thin layer on QSettings. Whatever is damaged or gone reads as if nothing had been remembered."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings or QSettings("NN Studio", "NN Studio")

    # -- projects --------------------------------------------------------------------------------------------------

    def recent(self) -> list[Path]:
        """Project files opened or saved before that still exist, the newest first."""
        return [path for path in self._paths("recent") if path.is_file()]

    def add_recent(self, path: Path) -> None:
        self._put_first("recent", path.absolute(), self.recent())

    def clear_recent(self) -> None:
        self._settings.remove("recent")

    def recent_data(self) -> list[Path]:
        """Files and folders of data chosen before that still exist, the newest first."""
        return [path for path in self._paths("recent_data") if path.exists()]

    def add_recent_data(self, path: Path) -> None:
        self._put_first("recent_data", path.absolute(), self.recent_data())

    def _paths(self, key: str) -> list[Path]:
        stored = self._settings.value(key, [])
        texts = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
        return [Path(text) for text in texts if isinstance(text, str)]

    def _put_first(self, key: str, path: Path, others: list[Path]) -> None:
        kept = [str(path), *(str(other) for other in others if other != path)]
        self._settings.setValue(key, kept[:_RECENT_LIMIT])

    @property
    def folder(self) -> Path:
        """Where the file dialogs begin."""
        stored = self._settings.value("folder", "")
        return Path(stored) if isinstance(stored, str) and stored and Path(stored).is_dir() else Path.home()

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._settings.setValue("folder", str(folder))

    # -- looks -----------------------------------------------------------------------------------------------------

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""
        stored = self._settings.value("theme", "system")
        return stored if stored in _THEMES else "system"

    @theme.setter
    def theme(self, name: str) -> None:
        self._settings.setValue("theme", name)

    def window_geometry(self) -> QByteArray:
        return self._bytes("window/geometry")

    def window_state(self) -> QByteArray:
        return self._bytes(f"window/state_{_LAYOUT_VERSION}")

    def remember_window(self, geometry: QByteArray, state: QByteArray) -> None:
        self._settings.setValue("window/geometry", geometry)
        self._settings.setValue(f"window/state_{_LAYOUT_VERSION}", state)

    def _bytes(self, key: str) -> QByteArray:
        stored = self._settings.value(key)
        return stored if isinstance(stored, QByteArray) else QByteArray()
