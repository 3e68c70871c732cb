"""Pictures in folders."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import numpy as np

from nnstudio.core.data import Data
from nnstudio.library.datasets._array_names import PART_NAMES
from nnstudio.library.datasets._picture_folders import Folder, list_pictures, looked_through
from nnstudio.library.datasets._pictures import IMPORTS, PictureFiles, left_out_notice, named, readable, twice_notice


class ImageFolder(
    PictureFiles, category="Own data", title="Folder of images", aliases=("pictures", "photos", "jpeg", "png")
):
    """Pictures in a folder that has one folder for each class; or train and test folders with such in them."""

    def load(self) -> Data:
        folder = looked_through(self.located())
        found = self._read(folder.files)
        classes = {name: number for number, name in enumerate(folder.classes)}
        targets = np.array([classes[folder.of_class[row]] for row in found.rows], np.int64)
        parts = None if folder.parts is None else np.array([folder.parts[row] for row in found.rows], np.int8)
        return Data(
            found.array,
            targets,
            "classification",
            (),
            tuple(map(readable, folder.classes)),
            "class",
            parts=parts,
            names=tuple(folder.files[row].name for row in found.rows),
            notices=(
                *folder.notices,
                *left_out_notice(folder.files, found),
                *_without_pictures(folder, targets),
                *twice_notice(
                    folder.files,
                    found,
                    (folder.of_class, "in two classes, of which at least one must be wrong"),
                    (folder.parts or [0] * len(folder.files), "in two parts, so that a test on them shows too much"),
                ),
            ),
        )

    def source(self) -> str:
        folder = looked_through(self.located())
        listing = inspect.getsource(list_pictures)
        listing = listing[listing.index('    """') :]
        lines = [f"folder = Path({str(folder.root)!r})", f"classes = {list(folder.classes)!r}"]
        within = "folder / name"
        loops = ["for number, name in enumerate(classes)"]
        if folder.parts is not None:
            listed = [(PART_NAMES[place.lower()], place) for place in folder.places]
            lines.append(f"places = {listed!r}")
            within = "folder / place / name"
            loops.insert(0, "for part, place in places")
        row = "(part, number, file)" if folder.parts is not None else "(number, file)"
        loops.append(f"for file in list_pictures({within})")
        lines += ["files = [", f"    {row}", *(f"    {loop}" for loop in loops), "]"]
        lines.append(
            "pictures = [" + ("" if self.skip_broken else "(*row[:-1], read_picture(row[-1])) for row in files]")
        )
        if self.skip_broken:
            lines[-1:] = [
                "pictures = []",
                "for *row, file in files:",
                "    try:",
                "        pictures.append((*row, read_picture(file)))",
                "    except Exception as error:  # whatever a decoder stumbles over",
                '        print(f"{file} is left out: {error}", file=sys.stderr)',
            ]
        lines += ["X = np.stack([row[-1] for row in pictures])", "y = np.array([row[-2] for row in pictures])"]
        if folder.parts is not None:
            lines.append("parts = np.array([row[0] for row in pictures], np.int8)")
        written = "\n".join(lines)
        first = "import sys\n" if self.skip_broken else ""
        return (
            f"{first}from pathlib import Path\n\n{IMPORTS}\n\n{self._function_source()}\n\n"
            f"def list_pictures(folder):\n{listing}\n\n{written}\n"
        )


def _without_pictures(folder: Folder, targets: np.ndarray) -> Sequence[str]:
    have = set(targets.tolist())
    empty = [name for number, name in enumerate(folder.classes) if number not in have]
    return (
        [named("No picture is left in " + ("a class" if len(empty) == 1 else "some classes"), empty)] if empty else []
    )
