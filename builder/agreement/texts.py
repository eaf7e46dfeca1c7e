"""Files for the comparison with GNU patch: of few different lines, of many, or such that look like C."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from builder.agreement.diffs import Edit

_FEW = (b"{\n", b"}\n", b"\n", b"  return 0;\n", b"  f();\n", b"int i;\n")
_NAMES = (b"addrparse", b"smtp_rcpt", b"smtp_mail", b"docmd", b"err_bmf", b"straynewline", b"getcontrols")


def lines(random: Random) -> list[bytes]:
    """The lines of a file, each with its line end but perhaps the last."""
    kind = random.random()
    count = random.choice((0, 1, 2, 5, 10, 20, 20, 40, 40, 80))
    if random.random() < 0.01:
        count = 600
    if kind < 0.35:
        few = _FEW[: random.randint(1, len(_FEW))]
        made = [random.choice(few) for _ in range(count)]
    elif kind < 0.55:
        made = [b"line %d\n" % number for number in range(1, count + 1)]
    else:
        made = list(_c_source(random, count))
    if made and random.random() < 0.08:
        made[-1] = made[-1].rstrip(b"\n") or b"x"
    return made


def edits(random: Random, old: list[bytes]) -> list[Edit]:
    """Between one and some changes of a file, in order and apart from each other; each changes something."""
    made: list[Edit] = []
    at = 0
    for _ in range(random.choice((1, 1, 1, 2, 3, 5, 8))):
        at += random.choice((0, 0, 1, 2, 4, 7, 12)) + random.randint(0, max(len(old) // 3, 1))
        if made:
            at = max(at, made[-1].at + made[-1].removed + 1)
        if at > len(old):
            break
        removed = min(random.choice((0, 0, 1, 1, 2, 4)), len(old) - at)
        added = some(random, old, random.choice((0, 1, 1, 2, 3, 6)))
        if removed and len(added) == removed and added == old[at : at + removed]:
            added = []
        if at == len(old) and old and not old[-1].endswith(b"\n"):
            # What comes after a last line without a newline changes that line.
            if made and made[-1].at + made[-1].removed == at:
                break
            at, removed, added = at - 1, 1, [old[-1] + b"\n", *added]
        if removed or added:
            made.append(Edit(at, removed, tuple(added)))
            at += removed
    return made or [Edit(0, 0, (b"first\n",))]


def some(random: Random, old: list[bytes], count: int) -> list[bytes]:
    """New lines: of the file's own, and others."""
    own = [line for line in old[:50] if line.endswith(b"\n")] or [b"own\n"]
    return [
        random.choice((random.choice(own), random.choice(_FEW), b"new %d\n" % random.randint(0, 9)))
        for _ in range(count)
    ]


def joined(made: list[bytes]) -> list[bytes]:
    """The lines with a line end each, as only the last of a file can be without."""
    return [line if line.endswith(b"\n") else line + b"\n" for line in made[:-1]] + made[-1:]


def _c_source(random: Random, count: int) -> Iterator[bytes]:
    made = 0
    while made < count:
        name = random.choice(_NAMES)
        body = [b"void %s(arg)\n" % name, b"char *arg;\n", b"{\n", b"  int i;\n", b"\n"]
        body += [_statement(random) for _ in range(random.randint(1, 8))]
        body += [b"  return;\n", b"}\n", b"\n"]
        yield from body[: count - made]
        made += len(body)


def _statement(random: Random) -> bytes:
    return random.choice(
        (
            b"  if (!stralloc_cats(&line,arg)) die_nomem();\n",
            b"  %s(arg + %d);\n" % (random.choice(_NAMES), random.randint(0, 3)),
            b"  for (i = 0;i < %d;++i)\n" % random.randint(1, 4),
            b"    ;\n",
            b"\n",
        )
    )
