"""A crowd of made-up patches for a tree, as those of a whole community might be: the same seed gives the same ones.

Most patches meet in a few files (the Makefile, the lists of targets, the programs that everybody extends), and there at
popular places; the rest is spread over the tree. The lines they add are of our own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from builder.agreement.diffs import Change, Diff, Edit
from builder.sources.tree import Tree

_HOT = {
    "Makefile": 30,
    "TARGETS": 16,
    "qmail-smtpd.c": 20,
    "qmail-remote.c": 14,
    "hier.c": 10,
    "qmail-send.c": 8,
    "qmail-local.c": 6,
    "qmail-control.9": 6,
    "qmail-smtpd.8": 6,
}
"""Files that more patches change than others, by how many of a hundred do."""
_MOST_OTHERS = 3
_SHORTEST = 12
"""Lines of a file that can be changed at all."""
_POPULAR = 0.4
"""How many of the changes are at popular places."""
_PLACES = 6
"""Popular places of a file."""
_WORDS = ("quota", "badge", "tally", "relay", "scope", "ident", "cache", "greet", "audit", "probe")


def crowd(tree: Tree, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` patches that apply to `tree` exactly: name and the bytes of the patch file."""
    random = Random(seed)  # noqa: S311  (not for secrets)
    names = [path for path in tree if path.endswith((".c", ".h", ".8", ".9", ".5", ".1"))]
    files = {
        path: tree[path].data.splitlines(keepends=True)
        for path in {*names, *_HOT}
        if path in tree and tree[path].data.endswith(b"\n")
    }
    files = {path: files[path] for path in sorted(files) if len(files[path]) >= _SHORTEST}
    for number in range(count):
        yield f"made-up-{number:03}", b"".join(_diffs(files, random, number))


def _diffs(files: dict[str, list[bytes]], random: Random, number: int) -> Iterator[bytes]:
    hot = [path for path, share in _HOT.items() if path in files and random.random() * 100 < share]
    others = random.sample(sorted(files), random.randint(0 if hot else 1, _MOST_OTHERS))
    for path in sorted({*hot[:3], *others}):
        edits = _edits(path, files[path], random, number)
        yield Diff.with_context(path, files[path], edits).render()
    if random.random() < 0.2:
        name = f"{random.choice(_WORDS)}{number}.c"
        added = tuple(_line(name, random, number) for _ in range(random.randint(5, 60)))
        yield Diff.of(Random(0), name, [], [Edit(0, 0, added)], Change.CREATE).render()  # noqa: S311


def _edits(path: str, lines: list[bytes], random: Random, number: int) -> list[Edit]:
    """One to five changes, far enough from each other to be hunks of their own."""
    popular = [len(lines) * place // (_PLACES + 1) for place in range(1, _PLACES + 1)]
    edits: list[Edit] = []
    done = 0
    wanted = {
        random.choice(popular) if random.random() < _POPULAR else random.randrange(len(lines))
        for _ in range(random.choice((1, 1, 2, 2, 3, 4, 5)))
    }
    for at in sorted(wanted):
        if edits and at < done + 7:
            continue
        removed = min(random.choice((0, 0, 0, 0, 1, 1, 2, 4)), len(lines) - at)
        added = tuple(_line(path, random, number) for _ in range(random.choice((1, 1, 2, 3, 8))))
        if removed == 1 and random.random() < 0.5:
            # A word more in a line, as in lists of objects and calls of functions.
            added = (lines[at].rstrip(b"\n") + b" %s%d.o\n" % (random.choice(_WORDS).encode(), number),)
        edits.append(Edit(at, removed, added))
        done = at + removed
    return edits


def _line(path: str, random: Random, number: int) -> bytes:
    word = random.choice(_WORDS)
    if path.endswith((".c", ".h")):
        text = f"  if ({word}_{number}(&{random.choice(_WORDS)}) == {random.randrange(99)}) ++{word}{number};"
    else:
        text = f"{word}{number}-{random.randrange(999)}"
    return f"{text}\n".encode()
