"""Inputs: rows to be predicted, from a table, an array, pictures or lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from nnstudio.cli import rows
from nnstudio.cli.output import complain
from nnstudio.cli.refusal import Refusal
from nnstudio.core.data import Data
from nnstudio.core.data_files import fitting
from nnstudio.core.kinds import Dataset
from nnstudio.core.sources import FileDataset
from nnstudio.engine.continuation import UnknownText, classified_row
from nnstudio.library.datasets._picture import read_picture

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
ARRAYS = (".npy", ".npz")
TABLES = (".parquet", ".pq", ".xlsx", ".xlsm")
_SAMPLE = 200
_LONGEST_TEXT = 64 << 20
_PICTURE_SETTINGS = ("mode", "resize", "background")


@dataclass(frozen=True, eq=False)
class Inputs:
    """Rows as they are in the data, [rows, *shape], and what each is called (nothing where a number says it all)."""

    rows: np.ndarray
    names: tuple[str, ...] = ()


def read(file: str, data: Data, dataset: Dataset | None) -> Inputs:
    """The rows of a file or of a folder, turned into what the dataset has.

    Raises:
        Refusal: they cannot be read, or are others than the network takes.
    """
    path = Path(file)
    ending = path.suffix.lower()
    if path.is_dir() or ending in PICTURES:
        return _pictures(path, data, dataset)
    if ending in ARRAYS:
        return Inputs(_array(path, data))
    if hasattr(dataset, "encode") and ending in getattr(dataset, "suffixes", ()) and path.exists():
        return Inputs(_encoded(path, data, dataset))
    like = isinstance(dataset, FileDataset) and path.is_file() and type(dataset) in fitting(path)
    if like and not data.feature_names:
        return Inputs(_another(path, data, cast(FileDataset, dataset)))
    if data.vocabulary and data.inputs.ndim == 2 and ending not in (".csv", ".tsv"):
        return _texts(path, data)
    if ending in TABLES:
        raise Refusal(f"{path.name} can be predicted where the network was trained on a table file; save it as CSV.")
    kind = data.input_type
    numbers = rows.read(file, data.feature_names, kind.size, whole=kind.dtype == "int64")
    return Inputs(numbers.reshape(-1, *kind.shape).astype(data.inputs.dtype))


def _encoded(path: Path, data: Data, dataset: Any) -> np.ndarray:
    """Rows of a file like the one that the network was trained on: words become the numbers that they were then."""
    try:
        found: np.ndarray = dataset.encode(path)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if found.dtype.kind == "f" and not data.fill:
        missing = np.isnan(found.reshape(len(found), -1))
        if missing.any():
            row, column = np.argwhere(missing)[0].tolist()
            name = data.feature_names[column % len(data.feature_names)] if data.feature_names else f"x{column + 1}"
            raise Refusal(f"{path.name}, row {row + 1}: {name!r} is missing, but a value is needed.")
    if not len(found):
        raise Refusal(f"{path.name} has no rows.")
    return found.reshape(-1, *data.input_type.shape).astype(data.inputs.dtype)


def _another(path: Path, data: Data, dataset: FileDataset) -> np.ndarray:
    """The rows of another file of the same kind as that of the data."""
    try:
        found = dataset.with_(path=str(path), sha256="", embedded=False).load().inputs
    except (OSError, ValueError) as error:
        raise Refusal(str(error)) from error
    if found.shape[1:] != data.inputs.shape[1:]:
        needed, got = (" × ".join(map(str, array.shape[1:])) for array in (data.inputs, found))
        raise Refusal(f"{path.name} has rows of {got}, but {needed} are needed.")
    return _numbers(path, found, data)


# -- arrays --------------------------------------------------------------------------------------------------------


def _array(path: Path, data: Data) -> np.ndarray:
    """An array [rows, *shape], or a single row [*shape]."""
    shape = data.input_type.shape
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.ndarray):
            with found as archive:
                names = list(archive.files)
                chosen = next((name for name in ("X", "x", "inputs") if name in names), names[0] if names else "")
                if len(names) != 1 and chosen not in ("X", "x", "inputs"):
                    has = ", ".join(names[:8]) or "none"
                    raise Refusal(f"{path.name} needs one array, or one called X, but it has {has}.")
                found = archive[chosen]
    except Refusal:
        raise
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # whatever a damaged archive makes numpy say
        raise Refusal(f"{path.name} cannot be read as an array: {_first_line(error)}.") from error
    if found.dtype.kind not in "iufb":
        raise Refusal(f"{path.name} holds values of the kind {found.dtype}, but numbers are needed.")
    if found.shape == shape:
        found = found[None]
    if found.shape[1:] != shape or found.ndim != len(shape) + 1:
        needed = " × ".join(map(str, ("rows", *shape)))
        got = " × ".join(map(str, found.shape)) or "a single number"
        raise Refusal(f"{path.name} needs the shape {needed}, but has {got}.")
    if not len(found):
        raise Refusal(f"{path.name} has no rows.")
    return _numbers(path, found, data)


def _numbers(path: Path, found: np.ndarray, data: Data) -> np.ndarray:
    """Values that the data could have."""
    wanted = data.inputs.dtype
    flat = found.reshape(len(found), -1)
    if found.dtype.kind == "f":
        missing = np.isinf(flat) if data.fill else ~np.isfinite(flat)
        if missing.any():
            row = int(np.flatnonzero(missing.any(axis=1))[0])
            raise Refusal(f"{path.name}: row {row + 1} holds a value that is not a number, or infinite.")
        if wanted.kind in "iu" and (flat != np.round(flat)).any():
            raise Refusal(f"{path.name} holds fractions, but whole numbers are needed.")
    if wanted == np.uint8 and (flat.min() < 0 or flat.max() > 255):
        raise Refusal(f"{path.name} holds values from {flat.min():g} to {flat.max():g}, but 0 to 255 are needed.")
    if data.vocabulary and (flat.min() < 0 or flat.max() >= len(data.vocabulary)):
        raise Refusal(
            f"{path.name} holds tokens that the network does not know: it has 0 to {len(data.vocabulary) - 1}."
        )
    return found.astype(wanted)


# -- pictures ------------------------------------------------------------------------------------------------------


def _pictures(path: Path, data: Data, dataset: Dataset | None) -> Inputs:
    """A picture, or all pictures of a folder in the order of their names, made as large as those of the data."""
    shape = data.input_type.shape
    channels = shape[0] if len(shape) == 3 else 1
    if data.input_type.dtype != "float32" or len(shape) not in (2, 3) or channels not in (1, 3):
        raise Refusal(
            f"{path.name} cannot be predicted: the network takes {data.input_type.text}, which are no pictures."
        )
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES and file.is_file())
        if not files:
            raise Refusal(f"{path} holds no pictures.")
    else:
        files = [path]
    settings = {name: getattr(dataset, name) for name in _PICTURE_SETTINGS if hasattr(dataset, name)}
    settings.setdefault("mode", "grey" if channels == 1 else "colour")
    settings.setdefault("resize", "stretch")
    low, high = _range(data)
    found = []
    for file in files:
        try:
            pixels = read_picture(file, width=shape[-1], height=shape[-2], **settings)
        except OSError as error:
            raise Refusal(f"{file} cannot be read as a picture: {error.strerror or _first_line(error)}.") from error
        except Exception as error:  # a damaged picture raises whatever its decoder stumbles over
            raise Refusal(f"{file.name} cannot be read as a picture: {_first_line(error)}.") from error
        found.append(pixels.reshape(shape))
    pictures = np.stack(found)
    if data.inputs.dtype != np.uint8:
        pictures = low + pictures / 255 * (high - low)
        complain(f"The pixels were scaled to {low:g} for black and {high:g} for white, as in the data.")
    names = tuple(file.relative_to(path).as_posix() if path.is_dir() else file.name for file in files)
    return Inputs(pictures.astype(data.inputs.dtype), names)


def _range(data: Data) -> tuple[float, float]:
    """The darkest and the brightest value of pictures in the data."""
    if data.inputs.dtype == np.uint8:
        return 0.0, 255.0
    places = np.unique(np.linspace(0, data.rows - 1, min(_SAMPLE, data.rows)).astype(np.int64))
    sample = np.asarray(data.inputs[places], np.float64)
    return float(np.nanmin(sample)), float(np.nanmax(sample))


# -- texts ---------------------------------------------------------------------------------------------------------


def text_of(path: Path) -> str:
    """The text of a file in UTF-8. Raises Refusal."""
    try:
        if path.stat().st_size > _LONGEST_TEXT:
            raise Refusal(f"{path.name} has more than {_LONGEST_TEXT >> 20} MB of text; predict a part of it.")
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(f"{path.name} cannot be read: it is not a text in UTF-8.") from error
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror or error}.") from error


def _texts(path: Path, data: Data) -> Inputs:
    """A row for each line."""
    lines = [(number, line) for number, line in enumerate(text_of(path).splitlines(), 1) if line.strip()]
    if not lines:
        raise Refusal(f"{path.name} is empty.")
    found = []
    for number, line in lines:
        try:
            found.append(classified_row(line, data))
        except UnknownText as error:
            raise Refusal(f"{path.name}, line {number}: {error}") from error
    return Inputs(np.stack(found), tuple(line for _, line in lines))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().split("\n")[0] or type(error).__name__).rstrip(".")
