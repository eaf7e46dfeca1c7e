"""What a C file answers from its indexes must be what going through its lines gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.patching.c_file import CFile
from builder.patching.lines import LineIndex

LONG = b"static unsigned long a_function_with_a_long_name(arg)"
LINES = st.sampled_from(
    [
        b"int f(x)\n",
        b"int x;\n",
        b"{\n",
        b"}\n",
        b"\n",
        b"  f(1);\n",
        b"g();\n",
        LONG + b"\n",
        LONG + b" char *arg;\n",
    ]
)


def c_file(lines: list[bytes]) -> CFile:
    return CFile(LineIndex(lines))


@given(st.lists(LINES, max_size=30), st.integers(0, 31), st.sampled_from([0, 150]))
def test_the_heading_above_a_line(lines: list[bytes], index: int, between: int) -> None:
    """Near or far above: what lies between makes no difference."""
    file = c_file([*lines[:index], *[b"  y();\n"] * between, *lines[index:]])
    at = min(index, len(lines)) + between
    headings = [line for line in lines[:index] if line[:1].isalpha()]
    heads = [line for line in headings if b"(" in line and not line.strip().endswith((b";", b"}"))]
    assert file.heading(at) == (headings[-1].rstrip() if headings else b"")
    assert file.head_above(at) == (heads[-1] if heads else b"")


@given(
    st.lists(LINES, max_size=30),
    st.sampled_from([b"int f(x)", LONG, LONG[:40], LONG[:39], LONG[:38], b"no", b""]),
)
def test_the_lines_that_a_section_can_be_of(lines: list[bytes], section: bytes) -> None:
    """diff cuts a heading off after 40 bytes, git after 80: only one so long can be the beginning of a line."""
    cut = len(section) >= 39
    expected = [
        at
        for at, line in enumerate(lines)
        if line[:1].isalpha() and (line.strip() == section or (cut and line.startswith(section)))
    ]
    assert sorted(c_file(lines).under(section)) == expected
