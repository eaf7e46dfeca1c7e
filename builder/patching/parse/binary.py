"""The payload of a git binary patch: base85 of zlib, forwards and, as a rule, backwards."""

from __future__ import annotations

import base64
import re
import zlib

from builder.patching import binary
from builder.patching.parse import limits
from builder.patching.parse.source import Source, shown
from builder.patching.patch import BinaryPatch, BinaryPayload

START = b"GIT binary patch"
_HEAD = re.compile(rb"(literal|delta) (\d{1,12})\r?\n?$")
_TOO_MUCH = f"has binary files of more than {limits.MOST_BINARY // limits.MIB} MiB"


def read_payloads(source: Source, at: int, ids: tuple[str, str], room: int) -> tuple[BinaryPatch, int, int]:
    """The payloads below the line "GIT binary patch", the line after them, and how many bytes they came to.

    `room` is how many bytes they may unpack to.
    """
    forward, end, size = _payload(source, at + 1, room)
    reverse = None
    if end < len(source.lines) and _HEAD.match(source.lines[end]):
        reverse, end, more = _payload(source, end, room - size)
        size += more
    return BinaryPatch(forward=forward, reverse=reverse, old_id=ids[0], new_id=ids[1]), end, size


def _payload(source: Source, at: int, room: int) -> tuple[BinaryPayload, int, int]:
    head = _HEAD.match(source.lines[at]) if at < len(source.lines) else None
    if head is None:
        raise source.malformed(
            "malformed-binary", min(at, len(source.lines) - 1), "here should be 'literal' or 'delta'"
        )
    delta = head[1] == b"delta"
    size = int(head[2])
    if size > min(room, limits.MOST_DELTA if delta else room):
        raise limits.too_much(source.name, _TOO_MUCH)
    packed: list[bytes] = []
    end = at + 1
    while end < len(source.lines) and (line := source.lines[end].rstrip(b"\r\n")):
        packed.append(_decoded(source, end, line))
        end += 1
    data = _inflated(source, at, b"".join(packed), size)
    result = _result_size(source, at, data) if delta else size
    if result > room:
        raise limits.too_much(source.name, _TOO_MUCH)
    payload = BinaryPayload(delta=delta, data=data, line=at + 1)
    return payload, min(end + 1, len(source.lines)), result


def _result_size(source: Source, at: int, delta: bytes) -> int:
    try:
        return binary.result_size(delta)
    except ValueError as error:
        raise source.malformed("malformed-binary", at, str(error)) from error


def _decoded(source: Source, at: int, line: bytes) -> bytes:
    """One line: its first character is the number of bytes, A-Z for 1 to 26, a-z for 27 to 52."""
    first = line[:1]
    length = line[0] - 64 if first.isupper() else line[0] - 70 if first.islower() else 0
    try:
        data = base64.b85decode(line[1:])
    except ValueError:
        data = b""
    if not 0 < length <= len(data) < length + 4:
        raise source.malformed("malformed-binary", at, f"this is no line of a binary payload: {shown(line)}")
    return data[:length]


def _inflated(source: Source, at: int, packed: bytes, size: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise source.malformed("malformed-binary", at, f"the payload is damaged ({error})") from error
    if len(data) != size or not inflater.eof:
        raise source.malformed(
            "malformed-binary", at, f"the payload does not unpack to the {size} bytes that it says"
        )
    return data
