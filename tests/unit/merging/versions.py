"""Three versions of a small file, and their merge."""

from __future__ import annotations

from textwrap import dedent

from builder.merging.merge import merge_file
from builder.merging.merged import How, MergedFile
from builder.sources.tree import File

NAMES = ("ours", "theirs")


def text(lines: str) -> bytes:
    """A file's bytes, written in a test with its indentation."""
    return dedent(lines).lstrip("\n").encode()


def merged(path: str, base: str, ours: str, theirs: str) -> MergedFile:
    """The merge of three versions of a file."""
    versions = (File(text(version)) for version in (base, ours, theirs))
    return merge_file(path, *versions, names=NAMES)


def hows(file: MergedFile) -> list[How]:
    """How the regions of a merge were settled."""
    return [region.how for region in file.regions]


def said(file: MergedFile) -> str:
    """What came of a merge."""
    assert file.file is not None
    return file.file.data.decode()
