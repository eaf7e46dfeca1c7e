"""Applying git binary patches: the new bytes of a file, checked against the ids that the patch gives."""

from __future__ import annotations

import hashlib

from builder.errors import FindingsError
from builder.patching.patch import BinaryPatch, BinaryPayload

_FULL_ID = 40
_CHUNK = 0x10000  # what a copy of length 0 means


class WrongBlobError(FindingsError):
    """The old file is not the one that the binary patch was made for, or the new one not what it promises."""


def apply(patch: BinaryPatch, old: bytes, *, reverse: bool = False) -> bytes:
    """The file after the patch; `old` is b"" for a file that is not there yet.

    WrongBlobError if there is no payload for this direction, or if the patch has full ids and the old or new bytes
    have others, or if a delta does not fit the old bytes.
    """
    payload = patch.reverse if reverse else patch.forward
    if payload is None:
        raise WrongBlobError("the patch has no payload that takes the change back")
    before, after = (patch.new_id, patch.old_id) if reverse else (patch.old_id, patch.new_id)
    _require_id("the file is another one than the patch was made for", before, old)
    new = _delta(payload, old) if payload.delta else payload.data
    _require_id("the patch does not make the file that it promises", after, new)
    return new


def blob_id(data: bytes) -> str:
    """git's id of a file with these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def result_size(delta: bytes) -> int:
    """How many bytes a delta makes. ValueError if it does not say."""
    _, at = _number(delta, 0)
    return _number(delta, at)[0]


def _require_id(what: str, wanted: str, data: bytes) -> None:
    """Compare only full ids; git writes them with --full-index or --binary. All zeros stand for no file."""
    if len(wanted) != _FULL_ID:
        return
    exists = wanted.strip("0") != ""
    found = blob_id(data)
    if found != wanted if exists else data:
        raise WrongBlobError(f"{what}: it has the id {found[:12]}, not {wanted[:12]}")


def _number(delta: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and the index after it."""
    value = shift = 0
    while at < len(delta) and shift < 64:
        byte = delta[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    raise ValueError("the delta is damaged: it does not say how long its files are")


def _delta(payload: BinaryPayload, old: bytes) -> bytes:
    """Carry out git's two instructions: copy a range of the old file, insert bytes."""
    delta = payload.data
    old_size, at = _number(delta, 0)
    new_size, at = _number(delta, at)
    if old_size != len(old):
        raise WrongBlobError(
            f"the file is another one than the patch was made for: {len(old)} bytes, not {old_size}"
        )
    out: list[bytes] = []
    size = 0
    while at < len(delta) and size <= new_size:
        code = delta[at]
        at += 1
        if code & 0x80:
            offset, length, at = _copy(delta, at, code)
            piece = old[offset : offset + length]
        else:
            length = code
            piece = delta[at : at + length]
            at += length
        if len(piece) != length or length == 0:
            raise WrongBlobError("the delta in the patch is damaged")
        out.append(piece)
        size += length
    if size != new_size:
        raise WrongBlobError("the delta in the patch is damaged: it does not make the length that it says")
    return b"".join(out)


def _copy(delta: bytes, at: int, code: int) -> tuple[int, int, int]:
    """Offset and length of a copy: bits 0 to 3 of its code say which bytes of the offset follow, 4 to 6 the length's."""
    values = [0, 0]
    for bit in range(7):
        if code & (1 << bit):
            if at == len(delta):
                raise WrongBlobError("the delta in the patch is damaged: it ends in the middle")
            which, shift = (0, 8 * bit) if bit < 4 else (1, 8 * (bit - 4))
            values[which] |= delta[at] << shift
            at += 1
    return values[0], values[1] or _CHUNK, at
