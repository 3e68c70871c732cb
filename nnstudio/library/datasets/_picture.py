"""One picture as numbers. The exported script holds this function as it stands here."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageOps


def read_picture(
    file: Any,
    width: int = 32,
    height: int = 32,
    mode: str = "colour",
    resize: str = "stretch",
    background: str = "white",
) -> np.ndarray:
    """A picture as bytes [channels, height, width], upright, whatever it is stored as."""
    formats = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
    with Image.open(file, formats=formats) as opened:
        if opened.width * opened.height > 89_478_485:
            raise ValueError(f"it has {opened.width:,} × {opened.height:,} pixels, more than 89 million")
        opened.draft(None, (2 * max(width, height),) * 2)  # a JPEG is read at a fraction of its size, if that is enough
        opened.load()
        try:
            picture = ImageOps.exif_transpose(opened)
        except Exception:  # notes of the camera that cannot be read; the picture can
            picture = opened.copy()
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits, of which nobody knows which is white; save it with 8 or 16")
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        paper = Image.new("RGBA", picture.size, background)
        picture = Image.alpha_composite(paper, picture.convert("RGBA"))
    picture = picture.convert("L" if mode == "grey" else "RGB")
    method = Image.Resampling.BILINEAR
    if resize == "fit and crop":
        picture = ImageOps.fit(picture, (width, height), method)
    elif resize == "pad":
        scale = min(width / picture.width, height / picture.height)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        paper = Image.new(picture.mode, (width, height), background)
        paper.paste(picture.resize(size, method), ((width - size[0]) // 2, (height - size[1]) // 2))
        picture = paper
    else:
        picture = picture.resize((width, height), method)
    pixels = np.asarray(picture, dtype=np.uint8)
    return pixels[np.newaxis] if mode == "grey" else np.ascontiguousarray(pixels.transpose(2, 0, 1))
