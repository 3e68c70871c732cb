"""Project files that nobody should have made: a zip writer that does as it is told."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One entry; what is None is told as it is."""

    name: str
    content: bytes
    packed: bool = False
    local_name: str | None = None
    method: int | None = None
    flags: int = 0
    checksum: int | None = None
    size: int | None = None
    packed_size: int | None = None
    attributes: int = 0o644 << 16
    extra: bytes = b""
    comment: bytes = b""
    before: bytes = b""  # something that lies before it and that the directory does not mention
    local: dict[str, int] = field(default_factory=dict)  # what its own header says otherwise


def zipped(entries: list[Entry], before_directory: bytes = b"", comment: bytes = b"", **end: int) -> bytes:
    """The archive; `end` changes what its last record says (count, length, start)."""
    body, directory = bytearray(), bytearray()
    for entry in entries:
        body += entry.before
        data = entry.content
        if entry.packed:
            packer = zlib.compressobj(wbits=-15)
            data = packer.compress(data) + packer.flush()
        told = {
            "flags": entry.flags,
            "method": (8 if entry.packed else 0) if entry.method is None else entry.method,
            "checksum": zlib.crc32(entry.content) if entry.checksum is None else entry.checksum,
            "packed": len(data) if entry.packed_size is None else entry.packed_size,
            "size": len(entry.content) if entry.size is None else entry.size,
        }
        offset = len(body)
        own = told | entry.local
        name, local_name = entry.name.encode(), (entry.local_name or entry.name).encode()
        body += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, own["flags"], own["method"], 0, 33, own["checksum"], own["packed"], own["size"],
            len(local_name), len(entry.extra),
        ) + local_name + entry.extra + data  # fmt: skip
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20 | 3 << 8, 20, told["flags"], told["method"], 0, 33, told["checksum"],
            told["packed"], told["size"], len(name), 0, len(entry.comment), 0, 0, entry.attributes, offset,
        ) + name + entry.comment  # fmt: skip
    body += before_directory
    count = end.get("count", len(entries))
    length, start = end.get("length", len(directory)), end.get("start", len(body))
    last = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count & 0xFFFF, count & 0xFFFF, length, start, len(comment))
    return bytes(body + directory + last + comment)


def contents(data: bytes) -> dict[str, bytes]:
    """The entries of a good project file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def entries(data: bytes, **changes: Any) -> list[Entry]:
    """The entries of a good project file, some with other content, under a manifest that is right.

    A name is written with "_" for ".": project_json. None leaves an entry out.
    """
    found = contents(data)
    found.pop("manifest.json")
    for key, value in changes.items():
        name = key.replace("_", ".")
        if value is None:
            del found[name]
        else:
            found[name] = value if isinstance(value, bytes) else json.dumps(value).encode()
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}
    found["manifest.json"] = json.dumps({"sha256": sums}).encode()
    return [Entry(name, content, packed=name.endswith(".json")) for name, content in found.items()]


def changed(data: bytes, **changes: Any) -> bytes:
    """A good project file with other content in some entries."""
    return zipped(entries(data, **changes))


def bent(data: bytes, name: str, **facts: Any) -> bytes:
    """A good project file in which one entry is told otherwise."""
    return zipped([replace(entry, **facts) if entry.name == name else entry for entry in entries(data)])


def tensors(header: Any, body: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body
