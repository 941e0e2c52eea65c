"""A small writer of OpenStreetMap PBF, so that the reader is tried on a file that no other program of this project made."""

from __future__ import annotations

import struct
import zlib


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        part, value = value & 0x7F, value >> 7
        out.append(part | (0x80 if value else 0))
        if not value:
            return bytes(out)


def zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def blob(kind: str, content: bytes) -> bytes:
    body = field(2, len(content)) + field(3, zlib.compress(content))
    head = field(1, kind.encode()) + field(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def packed(values) -> bytes:
    return b"".join(varint(value) for value in values)


def write_pbf(
    nodes: dict[int, tuple[float, float]], ways: list[tuple[int, list[int], dict[str, str]]]
) -> bytes:
    """Nodes (id -> lon, lat) and ways (id, nodes, tags)."""
    words = ["", *sorted({word for *_, tags in ways for pair in tags.items() for word in pair})]
    table = b"".join(field(1, word.encode()) for word in words)
    points = b"".join(
        field(
            1, field(1, zigzag(k)) + field(8, zigzag(round(lat * 1e7))) + field(9, zigzag(round(lon * 1e7)))
        )
        for k, (lon, lat) in nodes.items()
    )
    lines = b""
    for k, refs, tags in ways:
        steps = [zigzag(b - a) for a, b in zip([0, *refs], refs, strict=False)]
        lines += field(
            3,
            field(1, k)
            + field(2, packed(words.index(word) for word in tags))
            + field(3, packed(words.index(word) for word in tags.values()))
            + field(8, packed(steps)),
        )
    header = field(4, b"OsmSchema-V0.6") + field(4, b"DenseNodes")
    block = field(1, table) + field(2, points) + field(2, lines)
    return blob("OSMHeader", header) + blob("OSMData", block)
