"""What a patch says of itself in the text before the diff: DEP-3 headers, a mail's headers, or plain prose.

DEP-3 is Debian's form of it: https://dep-team.pages.debian.net/deps/dep3/
"""

from __future__ import annotations

import email.header
import re
from dataclasses import dataclass, replace

from builder.series.folder import UNKNOWN

_MBOX = re.compile(r"From ([0-9a-f]{40}) .*")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")
_TAGS = re.compile(r"^(\[[^\]]*\]\s*)+")
_LICENCE = re.compile(
    r"^[^\w\n]*(?:SPDX-Licen[cs]e-Identifier|Licen[cs]e):\s*([A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9+])",
    re.MULTILINE | re.IGNORECASE,
)
_SUMMARY_FIELDS = ("description", "subject")
_ORIGIN_FIELDS = ("origin", "applied-upstream", "bug", "author", "from")
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known of a patch. Texts are empty where it says nothing."""

    summary: str = ""
    text: str = ""
    """More than the summary: paragraphs."""
    author: str = ""
    """As in a mail: Name <address>."""
    origin: str = ""
    license: str = UNKNOWN
    fields: bool = False
    """Whether it has DEP-3 or mail headers."""


def read_about(prose: bytes) -> About:
    """What the text before a diff says."""
    text = _decoded(prose).replace("\r\n", "\n")
    licence = _LICENCE.search(text)
    about = _with_fields(text) or _plain(text)
    return replace(about, license=licence[1] if licence else UNKNOWN)


def write_dep3(about: About) -> bytes:
    """DEP-3 headers. The form asks for an origin or an author: one of them should be known."""
    lines = [f"Description: {about.summary}"]
    # A line of the long description begins with a space, an empty one is a single dot.
    lines += [f" {line}" if line.strip() else " ." for line in about.text.strip().splitlines()]
    if about.author:
        lines.append(f"Author: {about.author}")
    if about.origin:
        lines.append(f"Origin: other, {about.origin}")
    return ("\n".join(lines) + "\n\n").encode()


def _decoded(prose: bytes) -> str:
    try:
        return prose.decode()
    except UnicodeDecodeError:
        return prose.decode("latin-1")


def _with_fields(text: str) -> About | None:
    """The About of a header with fields; None if there is no description among them."""
    lines = text.lstrip("\n").split("\n")
    commit = _MBOX.fullmatch(lines[0])
    if commit:
        del lines[0]
    fields, body = _fields(lines)
    key = next((key for key in _SUMMARY_FIELDS if key in fields), None)
    if key is None:
        return None
    first, _, rest = fields[key].partition("\n")
    mail = key == "subject" and "from" in fields
    # A mail's subject may be folded; the lines below a DEP-3 description are the long one.
    summary = _TAGS.sub("", " ".join(fields[key].split())) if mail else first
    long = "" if mail else "\n".join("" if line == "." else line for line in rest.split("\n"))
    author = fields.get("author") or fields.get("from", "")
    origin = next((fields[name] for name in _ORIGIN_FIELDS if name in fields), "")
    if commit and commit[1].strip("0"):
        origin = f"commit {commit[1]}, {author}"
    origin = re.sub(r"^(vendor|upstream|backport|other),\s*", "", _one_line(origin))
    return About(
        summary=_one_line(summary),
        text="\n".join(part for part in (long.strip("\n"), _paragraphs(body)) if part),
        author=_one_line(author),
        origin=origin,
        fields=True,
    )


def _fields(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The fields by their names in small letters, and the lines after the empty line that ends them."""
    fields: dict[str, str] = {}
    key = ""
    for index, line in enumerate(lines):
        field = _FIELD.fullmatch(line)
        if not line.strip() or line == "---":
            return fields, lines[index + 1 :] if line != "---" else []
        if field:
            key = field[1].lower()
            fields[key] = _mime(field[2])
        elif line[0] in " \t" and key:
            fields[key] += "\n" + _mime(line[1:])
        else:
            return {}, lines
    return fields, []


def _mime(text: str) -> str:
    """A mail's encoded words as text."""
    if "=?" not in text:
        return text
    try:
        return str(email.header.make_header(email.header.decode_header(text)))
    except (LookupError, UnicodeDecodeError, ValueError):
        return text


def _plain(text: str) -> About:
    """Without fields: the first line is the summary, less the name of the patch before it."""
    paragraphs = _paragraphs(text.split("\n"))
    first = paragraphs.partition("\n")[0]
    summary = re.sub(r"^[a-z0-9._-]+: +", "", first)
    return About(summary=_one_line(summary), text=paragraphs)


def _paragraphs(lines: list[str]) -> str:
    """The lines up to a mail's `---`, below which stands what is not meant to stay."""
    end = lines.index("---") if "---" in lines else len(lines)
    return "\n".join(line.rstrip() for line in lines[:end]).strip("\n")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"
