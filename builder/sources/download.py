"""Downloads a tarball over HTTP: resumable, with time-outs, and nothing is used before its SHA256 is right.

The bytes go into a part file in the store, so that a later run, or the next mirror, goes on where this one was cut.
Import this module only where something is downloaded: requests takes longer to load than a run with a full store.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import urllib3

from builder import __version__
from builder.console import Progress
from builder.errors import SourceError
from builder.recipes.model import ArchiveSource
from builder.sources.archive import MAX_ARCHIVE
from builder.sources.patience import Patience
from builder.sources.store import Store, sha256_of

_CHUNK = 16 * 1024
_TRIES = 8
"""Connections to one mirror, each of which brought something before it was cut."""

_MOST = 1 << 30
"""Bytes of an archive whose size nobody knows beforehand; a release of FreeBSD has a fifth of it."""
_OK = 200
_PARTIAL = 206
_RANGE_NOT_SATISFIABLE = 416


def download(
    url: str, tarball: ArchiveSource, *, store: Store, progress: Progress, patience: Patience
) -> bytes:
    """The archive from this mirror; it is in the store afterwards. SourceError says what is wrong with the mirror."""

    def waiting() -> None:
        progress.step(f"waiting for another run that downloads {Path(url).name}")

    with store.locked(f"archives-{tarball.sha256}", waiting):
        archive = store.archive(tarball.sha256)
        if archive is not None:
            return archive
        part = store.part(tarball.sha256)
        if tarball.size is not None and _size_of(part) > tarball.size:
            part.unlink()
        resumed = part.exists()
        try:
            return _whole(url, tarball, part, store, progress, patience)
        except _WrongHashError as wrong:
            if not resumed:
                raise
            # The beginning may be the fault of the mirror that the part came from.
            progress.step(f"{wrong.what}; starting anew")
        return _whole(url, tarball, part, store, progress, patience)


def download_unknown(url: str, *, progress: Progress, patience: Patience) -> bytes:
    """An archive whose SHA256 nobody knows beforehand. The caller must check what it unpacks to."""
    data = bytearray()
    with _explained(patience), _opened(url, 0, patience) as response:
        _check_status(response, 0)
        for chunk in _chunks(response):
            data += chunk
            progress.advance(Path(url).name, len(data), _announced(response))
            if len(data) > MAX_ARCHIVE:
                raise SourceError(f"it has more than {MAX_ARCHIVE} bytes")
    return bytes(data)


class _WrongHashError(SourceError):
    """All bytes came, but they are not the ones that were promised."""


class _CutError(Exception):
    """The connection ended before its time; `reason` says how."""


def _whole(
    url: str, tarball: ArchiveSource, part: Path, store: Store, progress: Progress, patience: Patience
) -> bytes:
    """Fill the part file, check it and make it an archive of the store."""
    _fill(url, tarball.size, part, progress, patience)
    data = part.read_bytes()
    found = sha256_of(data)
    if found == tarball.sha256:
        store.keep_archive(part, found)
        return data
    kept = store.set_aside(part, f"{found[:12]}-{Path(url).name}")
    raise _WrongHashError(
        f"wrong SHA256 {found} ({len(data)} bytes), expected {tarball.sha256}{'' if tarball.size is None else f' ({tarball.size} bytes)'}; "
        f"kept for inspection as {kept}"
    )


def _fill(url: str, size: int | None, part: Path, progress: Progress, patience: Patience) -> None:
    """Bring the part file to its end, over several connections if they are cut but each brings something."""
    for _ in range(_TRIES):
        before = _size_of(part)
        if before == size:
            return
        try:
            with _explained(patience):
                _stream(url, size, part, progress, patience)
        except _CutError as cut:
            if _size_of(part) <= before:
                raise SourceError(str(cut)) from cut
        else:
            return
    of = "" if size is None else f" of {size}"
    raise SourceError(f"cut {_TRIES} times, the last time after {_size_of(part)}{of} bytes")


def _stream(url: str, size: int | None, part: Path, progress: Progress, patience: Patience) -> None:
    """Add what one connection brings to the part file. The end, as the server sees it, is reached on return."""
    offset = _size_of(part)
    with _opened(url, offset, patience) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            # The mirror's file is shorter than our part: one of them is wrong.
            part.unlink()
            raise SourceError(f"it has less than the {offset} bytes that are already here; they are dropped")
        _check_status(response, offset)
        if response.status_code == _OK:
            offset = 0
        announced = _announced(response)
        total = size if size is not None or announced is None else offset + announced
        most = _MOST if size is None else size
        if announced is not None and offset + announced > most:
            raise SourceError(
                f"it has {offset + announced} bytes, expected {most}{' at most' if size is None else ''}"
            )
        with part.open("ab" if offset else "wb") as file:
            for chunk in _chunks(response):
                offset += len(chunk)
                if offset > most:
                    part.unlink()
                    raise SourceError(f"it has more than the expected {most} bytes")
                file.write(chunk)
                progress.advance(Path(url).name, offset, total)
        if announced is None and size is not None and offset < size:
            raise _CutError(f"ended after {offset} of {size} bytes")


def _opened(url: str, offset: int, patience: Patience) -> requests.Response:
    # No content coding: some servers take .gz for one and would have it undone on the way.
    headers = {"User-Agent": f"qmail-builder/{__version__}", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    return requests.get(url, headers=headers, stream=True, timeout=(patience.connect, patience.stall))


def _check_status(response: requests.Response, offset: int) -> None:
    """SourceError unless this is the whole file, or the rest of it from `offset` on."""
    if response.status_code == _PARTIAL:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise SourceError("HTTP 206 with another range than the one asked for")
    elif response.status_code != _OK:
        raise SourceError(f"HTTP {response.status_code} {response.reason}")


def _announced(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The bytes as they come, so that a cut loses none that arrived."""
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        yield chunk


@contextmanager
def _explained(patience: Patience) -> Iterator[None]:
    """What the HTTP libraries raise, in words: _CutError if it could be better next time."""
    try:
        yield
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        connecting = isinstance(error, requests.ConnectTimeout)
        raise _CutError(
            f"no connection in {patience.connect:g} s" if connecting else f"silent for {patience.stall:g} s"
        ) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise _CutError(_root(error)) from error


def _root(error: BaseException) -> str:
    """What is at the bottom of an error that was wrapped several times: "Connection refused"."""
    while True:
        wrapped = (getattr(error, "reason", None), *error.args, error.__cause__)
        inner = next((each for each in wrapped if isinstance(each, BaseException)), None)
        if inner is None:
            return getattr(error, "strerror", None) or str(error) or type(error).__name__
        error = inner


def _size_of(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
