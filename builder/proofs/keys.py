"""What an object file depends on, as one digest: where two trees have the same, one compiled object serves both.

A digest is over everything that can be reached from the object's rule in the Makefile: prerequisites, names of files in
recipes, and what C files include, whether or not the Makefile says so, each with its bytes or its own rule. Reaching
too much only costs time; where something could be missed (a variable, an include that a macro names, a prerequisite
that nobody makes) there is no digest, and the object is compiled.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping

from builder.proofs.makefile import Makefile, Rule, read_makefile

_SOURCES = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".h1", ".h2", ".S", ".s")
_INCLUDE = re.compile(
    rb"^[ \t]*(?:#|%:|\?\?=)[ \t]*(?:include|include_next|import)\b[ \t]*(.*)", re.MULTILINE
)
_NAMED = re.compile(rb'["<]([^">]+)[">]')
_BEYOND = re.compile(rb"__has_include|__has_embed|#[ \t]*embed|incbin|#[ \t]*\\")
"""Ways to look at files that are not followed here."""


class Keys:
    """The digests of one tree. `files` are its sources by path, those that make is to take as they are among them."""

    def __init__(self, files: Mapping[str, bytes], *, given: frozenset[str], toolchain: str) -> None:
        """`given` are the files that make is told to take as they are; `toolchain` is the compiler's own version."""
        self._files = files
        self._given = given
        makefile = read_makefile(files.get("Makefile", b"")) if "Makefile" in files else Makefile({}, ())
        self._rules: Mapping[str, Rule] = makefile.rules
        self._common = "\0".join((toolchain, *makefile.rest)).encode("utf-8", "surrogateescape")
        self._near: dict[str, tuple[str, ...] | None] = {}
        self._described: dict[str, bytes] = {}

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self._rules

    def objects(self) -> Iterator[tuple[str, str]]:
        """Every object file that has a digest, with it."""
        for target in self._rules:
            if target.endswith(".o") and target not in self._files:
                key = self._key(target)
                if key is not None:
                    yield target, key

    def _key(self, target: str) -> str | None:
        reached = {target}
        waiting = [target]
        while waiting:
            near = self._neighbours(waiting.pop())
            if near is None:
                return None
            fresh = [name for name in near if name not in reached]
            reached.update(fresh)
            waiting += fresh
        # A file that is made, but that the Makefile does not make for this object, is there or not as the order has it.
        if any(name not in self._files for name in reached - self._made_for(target)):
            return None
        total = hashlib.sha256(self._common)
        for name in sorted(reached):
            total.update(self._description(name))
        return total.hexdigest()

    def _made_for(self, target: str) -> set[str]:
        """A target with all that the Makefile says must be there before it."""
        found = {target}
        waiting = [target]
        while waiting:
            rule = self._rule(waiting.pop())
            fresh = [name for name in (rule.needs if rule else ()) if name not in found]
            found.update(fresh)
            waiting += fresh
        return found

    def _neighbours(self, name: str) -> tuple[str, ...] | None:
        if name not in self._near:
            self._near[name] = self._find_neighbours(name)
        return self._near[name]

    def _find_neighbours(self, name: str) -> tuple[str, ...] | None:
        """What a file depends on directly; None if that cannot be told."""
        found: list[str] = []
        rule = self._rule(name)
        if rule is not None:
            if not rule.plain or not all(self._known(needed) for needed in rule.needs):
                return None
            found += rule.needs
            found += [word for word in rule.words if self._known(word)]
        data = self._files.get(name)
        if data is not None and name.endswith(_SOURCES):
            included = self._included(name, data)
            if included is None:
                return None
            found += included
        return tuple(dict.fromkeys(found))

    def _included(self, name: str, data: bytes) -> list[str] | None:
        """The files of the tree, or that the Makefile makes, which a source may include."""
        if _BEYOND.search(data):
            return None
        found = []
        for match in _INCLUDE.finditer(data):
            named = _NAMED.match(match[1])
            if named is None:
                return None
            path = named[1].decode("utf-8", "surrogateescape")
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            found += [one for one in {beside, posixpath.normpath(path)} if self._known(one)]
        return found

    def _known(self, name: str) -> bool:
        return name in self._files or name in self._rules

    def _rule(self, name: str) -> Rule | None:
        return None if name in self._given else self._rules.get(name)

    def _description(self, name: str) -> bytes:
        """A digest of a file's own bytes and its own rule."""
        if name not in self._described:
            total = hashlib.sha256(name.encode("utf-8", "surrogateescape"))
            rule = self._rule(name)
            if rule is not None:
                text = "\0".join((*rule.needs, "", *rule.recipe))
                total.update(b"\0rule\0" + text.encode("utf-8", "surrogateescape"))
            if name in self._files:
                total.update(b"\0data\0" + self._files[name])
            self._described[name] = total.digest()
        return self._described[name]
