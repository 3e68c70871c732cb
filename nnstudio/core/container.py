"""The container of a project file: a zip with a closed list of entries, in one exact form.

Python's `zipfile` is as lenient as unpackers of the world need it to be: it reads archives with junk before, between
and behind their entries, with names that come twice, and with sizes that lie. A project is written by this program
alone, so that everything else is refused before anything is unpacked, and nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

MIME_TYPE = "application/x-nnstudio-project"

# Every entry that a project may hold, in the order in which they are written, with the largest size it may have.
ENTRIES = {
    "mimetype": len(MIME_TYPE),
    "project.json": 16 << 20,
    "checkpoint.json": 512 << 20,
    "weights.safetensors": 8 << 30,
    "state.safetensors": 24 << 30,
    "data.safetensors": (256 << 20) + (1 << 20),
    "picture.png": 32 << 20,
    "manifest.json": 1 << 16,
}
_NEEDED = ("mimetype", "project.json", "manifest.json")

# What is larger than this and was packed more than a hundredfold is no drawing and no history.
_LARGE = 8 << 20
_PACKED_AT_MOST = 100

_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_64 = struct.Struct("<HHQQ")
_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ATTRIBUTES = 0o644 << 16
_FOLDER = 0x10  # of the attributes that DOS had
_UTF_8 = 0x800  # the flag of names in UTF-8


class ContainerError(ValueError):
    """What is wrong with the container, as the rest of a sentence that begins with the name of the file."""


def pack(entries: Mapping[str, bytes]) -> bytes:
    """The container that holds these entries. Equal entries give equal bytes.

    Raises:
        ContainerError: an entry is larger than `unpack` would read.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            if len(content) > ENTRIES[name]:
                raise ContainerError(f"its {name} would be too large ({len(content):,} bytes)")
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            packed = name.endswith(".json")  # numbers hardly shrink, and storing them keeps saving quick
            info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            info.create_system = 3  # the same bytes on every system
            info.external_attr = _ATTRIBUTES
            archive.writestr(info, content)
    return buffer.getvalue()


def unpack(file: BinaryIO, only: tuple[str, ...] | None = None) -> tuple[dict[str, bytes], set[str]]:
    """The entries of a container by name, and the names of those whose content is broken.

    Raises:
        ContainerError: it is no container of a project, or one without which nothing can be read is broken.
        OSError: the file cannot be read.
    """
    head = file.read(_LOCAL.size + len("mimetype"))
    if head[:4] != b"PK\x03\x04" or head[_LOCAL.size :] != b"mimetype":
        raise ContainerError("is not an NN Studio project")
    entries: dict[str, bytes] = {}
    broken: set[str] = set()
    try:
        count, directory = _directory(file)
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if len(infos) != count:
                raise ContainerError(f"is damaged: it holds {len(infos)} entries, and its end says {count}")
            _check(file, infos, directory)
            for info in infos:
                if only is not None and info.filename not in (*only, "mimetype"):
                    continue
                try:
                    with archive.open(info) as entry:
                        data = entry.read(info.file_size)  # without the size it would unpack all that there is
                except (zipfile.BadZipFile, zlib.error, EOFError):
                    broken.add(info.filename)
                    continue
                if len(data) < info.file_size:
                    broken.add(info.filename)
                else:
                    entries[info.filename] = data
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise ContainerError(f"is damaged: {error}") from None
    if entries.get("mimetype", b"") != MIME_TYPE.encode() and "mimetype" not in broken:
        raise ContainerError("is not an NN Studio project")
    for name in _NEEDED:
        if name in broken:
            raise ContainerError(f"is damaged: {name} is not what was saved")
    return entries, broken


def _directory(file: BinaryIO) -> tuple[int, int]:
    """How many entries the directory at the end of the archive has, and where it begins.

    Nothing may follow it, and it must be as small as ours, so that what is still to be read is little.
    """
    size = file.seek(0, io.SEEK_END)
    ending = _END.size
    signature, _, _, _, count, length, start, comment = _END.unpack(_tail(file, size, ending))
    if signature != b"PK\x05\x06" or comment:
        raise ContainerError("is damaged: its end is missing, or something was added behind it")
    locator = _tail(file, size - ending, _LOCATOR_64.size)
    if locator[:4] == b"PK\x06\x07":  # weights of more than 2 GiB
        ending += _LOCATOR_64.size + _END_64.size
        *_, count, length, start = _END_64.unpack(_tail(file, size - ending + _END_64.size, _END_64.size))
    if count > len(ENTRIES):
        raise ContainerError(f"is not a project: it holds {count} entries")
    if start + length + ending != size or length > count * 256:
        raise ContainerError("is damaged: its parts do not lie where its directory says")
    return count, start


def _tail(file: BinaryIO, end: int, length: int) -> bytes:
    """The bytes before a place; fewer than there should be are filled up."""
    file.seek(max(0, end - length))
    return file.read(length).rjust(length, b"\0")


def _check(file: BinaryIO, infos: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse all that this program would not have written."""
    seen: set[str] = set()
    end = 0
    for info in infos:
        name = info.filename
        if name not in ENTRIES:
            raise ContainerError(f"is not a project: it holds {name[:60]!r}, which no project has")
        if name in seen:
            raise ContainerError(f"is damaged: {name} is in it twice")
        known = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if not known or info.flag_bits & ~_UTF_8 or not _is_plain(info):
            raise ContainerError(f"is not a project: {name} is encrypted, packed in an unknown way, or no plain file")
        bomb = info.file_size > _LARGE and info.file_size > _PACKED_AT_MOST * info.compress_size
        if info.file_size > ENTRIES[name] or bomb:
            raise ContainerError(f"is not a project: {name} is too large ({info.file_size:,} bytes)")
        if info.header_offset != end:
            raise ContainerError(f"is damaged: something lies before {name}, or it overlaps another entry")
        end = _start_of_content(file, info) + info.compress_size
        seen.add(name)
    if end != directory:
        raise ContainerError("is damaged: something lies behind its last entry")
    for needed in _NEEDED:
        if needed not in seen:
            raise ContainerError(f"is damaged: {needed} is missing")


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a file, and no link, folder or device. Other programs that pack zips may leave this open."""
    return stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG) and not info.external_attr & _FOLDER


def _start_of_content(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where an entry's content begins, if its own header says the same of it as the directory does."""
    file.seek(info.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise ContainerError(f"is damaged: {info.filename} is cut off")
    signature, _, flags, method, _, _, checksum, packed, size, name_length, extra_length = _LOCAL.unpack(header)
    name, extra = file.read(name_length), file.read(extra_length)
    sizes = (packed, size)
    if extra and extra == _LOCAL_64.pack(1, 16, info.file_size, info.compress_size):
        sizes, extra = (info.compress_size, info.file_size), b""
    found = (signature, flags, method, checksum, sizes, name, extra)
    wanted = (b"PK\x03\x04", info.flag_bits, info.compress_type, info.CRC, (info.compress_size, info.file_size))
    if found != (*wanted, info.filename.encode(), b""):
        raise ContainerError(f"is damaged: {info.filename} is another entry than its directory says")
    return info.header_offset + _LOCAL.size + len(name) + int(extra_length)
