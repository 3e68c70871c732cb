"""Where the files are that come with the program: icons, examples, pictures."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def resources() -> Path:
    """The folder `resources`, in a checkout, an installed wheel and a frozen build alike.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for folder in (_HERE / "resources", _HERE.parent / "resources"):
        if (folder / "examples").is_dir():
            return folder
    raise FileNotFoundError("the folder 'resources' of NN Studio is missing; install the program again")
