"""The files of a patch's folder and of a recipe, as bytes: what `new-patch` and `import-series` write."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence

from builder.errors import UsageError

UNKNOWN = "unknown"
"""The licence of a patch that does not state one."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_NAME_LENGTH = 64
_VARIANTS = re.compile(r"^\[variants\][^\n]*\n", re.MULTILINE)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def patch_toml(
    *,
    name: str,
    summary: str,
    license_: str,
    base: str,
    requires: Sequence[str] = (),
    after: Sequence[str] = (),
    strip: int | None = None,
    origin: str = "",
) -> bytes:
    """A patch.toml with one variant, <base>.patch; what is not given is left out."""
    lines = [f"name = {_string(name)}", f"summary = {_string(summary)}"]
    if license_ == UNKNOWN:
        lines.append("# Nothing says under which licence this patch may be passed on: ask its author.")
    lines.append(f"license = {_string(license_)}")
    if origin:
        lines.append(f"origin = {_string(origin)}")
    if strip is not None:
        lines.append(f"strip = {strip}")
    if requires:
        lines.append(f"requires = {_array(requires)}")
    if after:
        lines.append(f"after = {_array(after)}")
    lines += ["", "[variants]", f"{_key(base)} = {_string(f'{base}.patch')}", ""]
    return "\n".join(lines).encode()


def with_variant(toml: bytes, base: str, origin: str) -> bytes:
    """A patch.toml with <base>.patch as another variant and nothing else changed.

    UsageError, which names the file as `origin`, if its [variants] are written in a way that we cannot add to.
    """
    text = toml.decode()
    added = _VARIANTS.sub(lambda head: f"{head[0]}{_key(base)} = {_string(f'{base}.patch')}\n", text, count=1)
    wanted = tomllib.loads(text)
    wanted["variants"][base] = f"{base}.patch"
    if tomllib.loads(added) != wanted:
        raise UsageError(
            f"{origin} has no line [variants] to add to.",
            hint=f'Write it so, with "{base}" = "{base}.patch" below it.',
        )
    return added.encode()


def recipe_toml(*, name: str, summary: str, base: str, patches: Sequence[str]) -> bytes:
    """A recipe of these patches, in this order."""
    listed = "".join(f"    {_string(patch)},\n" for patch in patches)
    return (
        f"name = {_string(name)}\nsummary = {_string(summary)}\nbase = {_string(base)}\npatches = [\n{listed}]\n"
    ).encode()


def is_name(text: str) -> bool:
    """Whether patches and recipes can be called that."""
    return len(text) <= _NAME_LENGTH and bool(_NAME.fullmatch(text))


def name_from(text: str, taken: Iterable[str] = ()) -> str:
    """A name as patches and recipes have it, from a file's name or anything else; not one of `taken`.

    >>> name_from("debian/Fix_the QUEUE.diff"), name_from("0001-a.patch", ["a"]), name_from("///")
    ('fix_the-queue', 'a-2', 'patch')
    """
    stem = re.sub(
        r"(\.(patch|diff|dpatch|eml|mbox|txt|gz|xz|bz2|zst))+$", "", text.rpartition("/")[2].lower()
    )
    stem = re.sub(r"[^a-z0-9._]+", "-", stem).strip("-._")
    # The number of a mail in its series is no part of its name.
    stem = re.sub(r"^(\d{1,4}[-_.]+)+(?=[a-z])", "", stem)[: _NAME_LENGTH - 4].rstrip("-._") or "patch"
    used = set(taken)
    candidates = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(used) + 2))
    return next(candidate for candidate in candidates if candidate not in used)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    """A TOML string. Control characters have no place in a line of a person's text: they become spaces."""
    plain = "".join(
        " " if ord(character) < ord(" ") or character == "\x7f" else character for character in text
    )
    plain = plain.encode("utf-8", "replace").decode()
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _array(names: Sequence[str]) -> str:
    return f"[{', '.join(_string(name) for name in names)}]"
