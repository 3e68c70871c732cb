"""Arrays of an ONNX file: nothing is made room for that is not there, and nothing is read from outside the folder."""

from __future__ import annotations

import math
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np

from nnstudio.engine.importing.program import ImportRefused

LARGEST = 2**31 - 1  # bytes of the file; protobuf holds no more
MOST_WEIGHTS = 8 * 2**30  # bytes of all arrays together


class Arrays:
    """Reads the arrays of one file; `weighs` counts their bytes."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.weighs = 0

    def refuse(self, sentence: str) -> ImportRefused:
        """A refusal that begins with the name of the file."""
        return ImportRefused(f"{self.name}: {sentence}")

    def array(self, tensor: Any, what: str) -> np.ndarray:
        """The numbers of a TensorProto; nothing is made room for that is not there."""
        dtype = _NUMPY.get(tensor.data_type)
        if dtype is None:
            raise self.refuse(f"{what} holds {type_name(tensor.data_type)} numbers, which a drawing does not know.")
        sizes = tuple(tensor.dims)
        if any(size < 0 for size in sizes) or len(sizes) > 12:
            raise self.refuse(f"{what} has the impossible shape {list(sizes)[:12]}.")
        count = math.prod(sizes)
        self.weighs += count * dtype.itemsize
        if self.weighs > MOST_WEIGHTS:
            raise self.refuse(f"with {what} its arrays would take more than {MOST_WEIGHTS // 2**30} GB.")
        if tensor.data_location == 1:
            data = self._outside(tensor, count * dtype.itemsize, what)
            if self.weighs < LARGEST - 2**24:
                del tensor.external_data[:]
                tensor.data_location = 0
                tensor.raw_data = data
            return np.frombuffer(data, dtype).reshape(sizes)
        if tensor.raw_data:
            if len(tensor.raw_data) != count * dtype.itemsize:
                raise self.refuse(
                    f"{what} has the shape {list(sizes)} and {len(tensor.raw_data):,} bytes in place of "
                    f"{count * dtype.itemsize:,}."
                )
            return np.frombuffer(tensor.raw_data, dtype).reshape(sizes)
        listed = getattr(tensor, _LISTED[tensor.data_type])
        if len(listed) != count:
            raise self.refuse(f"{what} has the shape {list(sizes)} and {len(listed):,} numbers in place of {count:,}.")
        try:
            if dtype == np.float16:
                return np.array(listed, np.uint16).view(np.float16).reshape(sizes)
            return np.array(listed, dtype).reshape(sizes)
        except (OverflowError, ValueError):
            raise self.refuse(f"{what} holds a number that does not fit in {dtype}.") from None

    def _outside(self, tensor: Any, length: int, what: str) -> bytes:
        """The bytes of an array that lies in another file of the same folder."""
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        words = shown(location)
        if not location or "\0" in location:
            raise self.refuse(f"{what} lies in another file, and it is not said in which.")
        folder = self.folder.resolve()
        try:
            path = (folder / location).resolve()
            inside = (
                path.is_relative_to(folder) and not Path(location).is_absolute() and ".." not in Path(location).parts
            )
            if not inside or "\\" in location or ":" in location:
                raise self.refuse(
                    f"{what} is said to lie in {words}, outside the folder of the file; that is not read."
                )
            offset = int(entries.get("offset", "0") or 0)
            stated = int(entries.get("length", length) or length)
            if offset < 0 or stated != length:
                raise self.refuse(f"{what} needs {length:,} bytes, and {stated:,} are said to be in {words}.")
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise self.refuse(f"{what} lies in {words}, which is not a file.")
            with open(path, "rb") as file:
                file.seek(0, os.SEEK_END)
                if offset + length > file.tell():
                    raise self.refuse(f"{what} needs {length:,} bytes of {words}, which is too short.")
                file.seek(offset)
                return file.read(length)
        except OSError as error:
            raise self.refuse(f"{what} lies in {words}, which cannot be read: {error.strerror or error}.") from None
        except (ValueError, OverflowError) as error:
            if isinstance(error, ImportRefused):
                raise
            raise self.refuse(f"{what} lies in {words} at a place that is no number.") from None


def shown(text: str) -> str:
    """A text of the file in a sentence: short, on one line, and without marks that would turn the sentence round."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:120])


def type_name(number: int) -> str:
    """What ONNX calls a type of numbers."""
    import onnx

    try:
        return str(onnx.TensorProto.DataType.Name(number)).lower()
    except ValueError:
        return "unknown"


# Types of ONNX that a drawing has, or that hold the same numbers as one of these.
DTYPES = {1: "float32", 7: "int64", 9: "bool", 6: "int64"}
_NUMPY: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.float32),
    2: np.dtype(np.uint8),
    3: np.dtype(np.int8),
    5: np.dtype(np.int16),
    6: np.dtype(np.int32),
    7: np.dtype(np.int64),
    9: np.dtype(np.bool_),
    10: np.dtype(np.float16),
    11: np.dtype(np.float64),
}
_LISTED = {
    1: "float_data",
    2: "int32_data",
    3: "int32_data",
    5: "int32_data",
    6: "int32_data",
    7: "int64_data",
    9: "int32_data",
    10: "int32_data",
    11: "double_data",
}
