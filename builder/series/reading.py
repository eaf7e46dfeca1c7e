"""Finding the patches of somebody else's series: quilt's and dpkg's folders, mails, a range of a git repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.errors import NothingSelectedError, UsageError
from builder.process import clean_environment, run
from builder.series.mail import split_mails
from builder.series.quilt import read_series
from builder.sources.git import is_repository

SERIES = "series"
_PLACES = (Path(), Path("patches"), Path("debian/patches"))
_MAILS = (".patch", ".diff", ".eml", ".mbox")
_GIT_SECONDS = 120.0
_FORMAT_PATCH = (
    *("format-patch", "--stdout", "--no-stat", "--no-signature", "--no-renames", "--binary", "--full-index"),
    *("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A patch as the series has it. `strip` is None where the series does not say."""

    file: str
    data: bytes
    strip: int | None = None
    reverse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Patches in order. `title` is what the series could be called, `kind` what it is."""

    title: str
    kind: str
    patches: tuple[Found, ...]


def read(path: Path, range_: str | None = None) -> Series:
    """The series at `path`: a series file, a folder with one, a folder or file of mails; with `range_` a repository.

    UsageError if there is none; NothingSelectedError if it is empty.
    """
    if range_ is not None:
        series = _from_git(path, range_)
    elif path.is_file():
        series = _from_file(path)
    elif path.is_dir():
        series = _from_folder(path)
    else:
        raise UsageError(f"{path} is not there.")
    if not series.patches:
        raise NothingSelectedError(f"The series of {path} is empty.")
    return series


def _from_file(path: Path) -> Series:
    if path.name != SERIES:
        mails = split_mails(_bytes(path))
        found = (Found(file=f"{number}-{_subject(mail)}", data=mail) for number, mail in enumerate(mails, 1))
        return Series(
            title=path.stem,
            kind="mails",
            patches=tuple(found) if len(mails) > 1 else (Found(file=path.name, data=mails[0]),),
        )
    folder = path.absolute().parent
    entries = read_series(_bytes(path), str(path))
    # The folder itself is nearly always called "patches", so the one above it tells more.
    named = folder.parent if folder.name == "patches" else folder
    debian = named.name == "debian"
    return Series(
        title=(named.parent if debian else named).name or "imported",
        kind="debian/patches" if debian else "quilt series",
        patches=tuple(
            Found(
                file=entry.file,
                data=_bytes(path.parent / entry.file),
                strip=entry.strip,
                reverse=entry.reverse,
            )
            for entry in entries
        ),
    )


def _from_folder(path: Path) -> Series:
    series = next((path / place / SERIES for place in _PLACES if (path / place / SERIES).is_file()), None)
    if series is not None:
        return _from_file(series)
    files = sorted(file for file in path.iterdir() if file.is_file() and file.suffix in _MAILS)
    if not files:
        hint = "For a git repository name the commits: --range OLD..NEW." if is_repository(path) else ""
        raise UsageError(f"{path} has no series file and no patches.", hint=hint)
    return Series(
        title=path.absolute().name,
        kind="folder of patches",
        patches=tuple(Found(file=file.name, data=_bytes(file)) for file in files),
    )


def _from_git(path: Path, range_: str) -> Series:
    if range_.startswith("-"):
        raise UsageError(f"--range is {range_!r}, but must be two commits, such as v1..v2.")
    if not path.is_dir() or not is_repository(path):
        raise UsageError(f"{path} is no git repository, and --range asks for one.")
    # Nothing of the user's settings may change how the patches look.
    environment = clean_environment({"GIT_CONFIG_NOSYSTEM": "1"})
    finished = run(
        ["git", *_FORMAT_PATCH, "--end-of-options", range_],
        cwd=path,
        env=environment,
        join=False,
        timeout=_GIT_SECONDS,
    )
    if not finished.ok:
        said = finished.errors.decode("utf-8", "replace").strip().splitlines() or [finished.how]
        raise UsageError(f"git cannot give the commits {range_} of {path}: {said[0]}")
    mails = split_mails(finished.output) if finished.output else []
    return Series(
        title=path.absolute().name,
        kind=f"git range {range_}",
        patches=tuple(
            Found(file=f"{number:04}-{_subject(mail)}", data=mail, strip=1)
            for number, mail in enumerate(mails, 1)
        ),
    )


def _subject(mail: bytes) -> str:
    """A file name for a mail."""
    lines = mail.split(b"\n\n", 1)[0].decode("utf-8", "replace").splitlines()
    subject = next((line[8:] for line in lines if line.startswith("Subject:")), "patch")
    return subject.rpartition("]")[2].strip().replace("/", "-") or "patch"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
