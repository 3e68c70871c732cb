"""Makers of picture files and of the files that data sets of pictures are handed on in."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "cross", "square")
_IDX_TYPES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def drawing(shape: str, seed: int, size: tuple[int, int] = (24, 24)) -> Image.Image:
    """A bright shape somewhere on black, of some size."""
    random = np.random.default_rng([SHAPES.index(shape), seed])
    width, height = size
    picture = Image.new("L", size)
    draw = ImageDraw.Draw(picture)
    reach = int(random.integers(min(size) // 5, min(size) // 3))
    x, y = int(random.integers(reach, width - reach)), int(random.integers(reach, height - reach))
    white = int(random.integers(180, 256))
    box = (x - reach, y - reach, x + reach, y + reach)
    if shape == "circle":
        draw.ellipse(box, outline=white, width=2)
    elif shape == "square":
        draw.rectangle(box, outline=white, width=2)
    else:
        draw.line(box, fill=white, width=2)
        draw.line((box[0], box[3], box[2], box[1]), fill=white, width=2)
    return picture


def drawn_folder(folder: Path, each: int = 4, shapes: tuple[str, ...] = SHAPES) -> Path:
    """One folder for each shape."""
    for shape in shapes:
        (folder / shape).mkdir(parents=True)
        for seed in range(each):
            drawing(shape, seed).save(folder / shape / f"{seed:04}.png")
    return folder


def photo(width: int = 40, height: int = 30, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Red to the left, green to the right, brighter towards the bottom, with some noise."""
    random = np.random.default_rng(seed)
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0.4, 1, height))
    pixels = np.stack([(1 - across) * down, across * down, random.random((height, width)) * 0.2], axis=-1) * 255
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def write_idx(path: Path, array: np.ndarray) -> Path:
    """An array in the IDX format; packed when the name ends in .gz."""
    kind = array.dtype.str[1:]
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, _IDX_TYPES[kind], array.ndim, *array.shape)
    content = head + array.astype(f">{kind}").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def write_cifar(path: Path, labels: np.ndarray, pictures: np.ndarray) -> Path:
    """The binary version of CIFAR: labels [rows, 1 or 2] and pictures [rows, 3, 32, 32]."""
    path.write_bytes(np.concatenate([labels, pictures.reshape(len(pictures), -1)], axis=1).astype(np.uint8).tobytes())
    return path
