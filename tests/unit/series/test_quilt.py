"""quilt's series files."""

from __future__ import annotations

import pytest

from builder.errors import UsageError
from builder.series.quilt import Entry, read_series, write_series


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("a.patch", Entry("a.patch")),
        ("  a.patch  # why", Entry("a.patch")),
        ("a#b.patch", Entry("a#b.patch")),
        ("sub/a.patch -p0", Entry("sub/a.patch", 0)),
        ("a.patch -p 2 -R", Entry("a.patch", 2, reverse=True)),
        ("a.patch -pab", Entry("a.patch")),
    ],
)
def test_lines(line: str, entry: Entry) -> None:
    assert read_series(f"# comment\n\n{line}\n".encode()) == [entry]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a.patch --fuzz=3", "series:2: --fuzz=3 is an option that is not known here."),
        ("../a.patch", "series:2: ../a.patch is outside of the series' folder."),
        ("/etc/passwd", "series:2: /etc/passwd is outside of the series' folder."),
    ],
)
def test_what_is_refused(line: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_series(f"\n{line}\n".encode())
    assert error.value.what == said


def test_round_trip() -> None:
    entries = [Entry("a.patch"), Entry("b.diff", 0, reverse=True)]
    assert read_series(write_series(entries)) == entries
