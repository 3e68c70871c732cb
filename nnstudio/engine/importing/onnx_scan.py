"""How much a protobuf file would hold, found before it is parsed.

Parsed, a message of two bytes takes a hundred; a file of a few megabytes could fill any memory. So the messages that an
ONNX file is made of are counted first, without keeping anything.
"""

from __future__ import annotations

from nnstudio.engine.importing.program import ImportRefused

MOST_FIELDS = 4_000_000
DEEPEST = 60

# Which fields of each message are messages themselves (numbers from onnx.proto).
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "plain", 14: "plain", 20: "other", 25: "function", 26: "other"},
    "graph": {1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 14: "other", 15: "other", 16: "plain"},
    "function": {7: "node", 8: "other", 9: "plain", 11: "attribute", 12: "value", 14: "plain"},
    "node": {5: "attribute", 9: "plain", 10: "other"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        14: "other",
        15: "other",
        22: "other",
        23: "other",
    },
    "tensor": {3: "other", 13: "plain", 16: "plain"},
    "value": {2: "type", 4: "plain"},
    "type": {1: "tensor type", 4: "other", 5: "other", 7: "other", 8: "other", 9: "other"},
    "tensor type": {2: "shape"},
    "shape": {1: "plain"},
    "plain": {},
}
_MOST_OTHER = 1_000_000  # bytes in messages that no network here has a use for
# Packed whole numbers of 1 byte that become 8: TensorProto.dims, int32_data, int64_data, uint64_data; Attribute.ints.
_PACKED = {"tensor": (1, 5, 7, 11), "attribute": (8,)}
_MOST_PACKED = 2**28


def check(content: bytes, name: str) -> None:
    """Refuse what is no sequence of fields, or what would be more than fits in memory.

    Raises:
        ImportRefused: it is.
    """
    scan = _Scan(memoryview(content), name)
    scan.message(0, len(content), "model", 0)


class _Scan:
    def __init__(self, content: memoryview, name: str) -> None:
        self.content, self.name = content, name
        self.fields = self.other = 0
        self.packed = 0

    def message(self, place: int, end: int, kind: str, depth: int) -> None:
        if depth > DEEPEST:
            raise ImportRefused(f"{self.name}: its messages lie in each other more than {DEEPEST} deep.")
        inside, packed = _INSIDE[kind], _PACKED.get(kind, ())
        while place < end:
            self.fields += 1
            if self.fields > MOST_FIELDS:
                raise ImportRefused(f"{self.name} has more than {MOST_FIELDS:,} entries; no network needs as many.")
            key, place = self.number(place, end)
            wire, field = key & 7, key >> 3
            if wire == 0:
                _, place = self.number(place, end)
                continue
            if wire == 2:
                length, place = self.number(place, end)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise ImportRefused(f"{self.name} is no ONNX file, or a damaged one.")
            if length > end - place:
                raise ImportRefused(f"{self.name} is cut off, or no ONNX file: it ends in the middle of an entry.")
            if wire == 2 and inside.get(field) == "other":
                self.other += length
                if self.other > _MOST_OTHER:
                    raise ImportRefused(
                        f"{self.name} holds much that is no network: sparse tensors, types or trainings."
                    )
            elif wire == 2 and field in inside:
                self.message(place, place + length, inside[field], depth + 1)
            elif wire == 2 and field in packed:
                self.packed += length
                if self.packed > _MOST_PACKED:
                    raise ImportRefused(f"{self.name} writes out more than {_MOST_PACKED:,} numbers one by one.")
            place += length

    def number(self, place: int, end: int) -> tuple[int, int]:
        """A whole number of seven bits a byte, and where it ends."""
        value = shift = 0
        while place < end and shift < 64:
            byte = self.content[place]
            place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value, place
            shift += 7
        raise ImportRefused(f"{self.name} is cut off, or no ONNX file: it ends in the middle of a number.")
