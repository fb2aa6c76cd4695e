"""A hex dump of what went over the wire, for log levels 3 and 4."""

from __future__ import annotations

from collections.abc import Iterator

ROW = 16
"""Bytes a line."""


def dump(verb: str, data: bytes) -> Iterator[str]:
    """Lines in the shape that log readers know: a title (`read from` or `write to`), then offset, hex and text."""
    yield f"{verb} 00000000 ({len(data)} bytes => {len(data)} (0x{len(data):X}))"
    for offset in range(0, len(data), ROW):
        row = data[offset : offset + ROW]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 - printable ASCII
        yield f"{offset:04x} {row.hex(' '):<47}  {shown}"
