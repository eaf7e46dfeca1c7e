"""From the lines of a patch file to its files and hunks. What stands between them is prose, unless it would be lost."""

from __future__ import annotations

from builder.patching.parse import binary, context, limits, lost, names, unified
from builder.patching.parse.head import FIRST_BYTES, Head
from builder.patching.parse.source import BLANKS, Dress, Source, indentation
from builder.patching.patch import NO_FILE, BinaryPatch, FileChange, Hunk, Kind

_STARTS = FIRST_BYTES | frozenset(b"@*G0123456789")


class Files:
    """Reads the files of a patch, one after the other."""

    def __init__(self, source: Source) -> None:
        self.found: list[FileChange] = []
        self.prologue = 0
        """The line after the prose before the first file."""
        self.done = 0
        """The line after the last file."""
        self._source = source
        self._head = Head()
        self._hunks = 0
        self._room = limits.MOST_BINARY

    def read(self) -> None:
        """Read them all. PatchError for what is damaged, dangerous or too much."""
        lines, whole = self._source.lines, self._source.whole
        at = 0
        while at < whole:
            line = lines[at]
            if line[0] in BLANKS:
                line = line.lstrip(BLANKS)
            at = self._step(at, line) if line and line[0] in _STARTS else at + 1
        self._finish_head()

    def _step(self, at: int, line: bytes) -> int:
        """Take line `at`, which is `line` without what is before it, and return the next one to take."""
        source = self._source
        if line.startswith(unified.START):
            return self._unified(at, _indent(source, at, line))
        if line.startswith(context.START):
            return self._context(at, _indent(source, at, line))
        if line.startswith(binary.START) and self._head.git is not None:
            return self._binary(at)
        if self._head.ends_before(at, line):
            self._finish_head()
        if not self._head.take(source, at, line):
            lost.refuse_plain_diff(source, at, line)
        return at + 1

    def _unified(self, at: int, indent: int) -> int:
        source, head = self._source, self._head
        dress = Dress(crlf=head.crlf, indent=indent)
        if not head.named or (head.last < at - 1 and not lost.has_hunk_lines(source, at, dress)):
            lost.refuse_hunk_without_file(source, at, dress)
            return at + 1
        self._note(at, dress)
        hunks: list[Hunk] = []
        while at < source.whole and dress.off(source.lines[at]).startswith(unified.START):
            hunk, at = unified.read_hunk(source, at, len(hunks) + 1, dress)
            hunks.append(hunk)
        self._count(hunks)
        lost.refuse_changes_behind(source, at, dress, hunks[-1], blank=False)
        self._finish_file(hunks, at, dress=dress)
        return at

    def _context(self, at: int, indent: int) -> int:
        source = self._source
        # Here it is the line below the stars that tells GNU patch of CRs.
        dress = Dress(
            crlf=at + 1 < len(source.lines) and source.lines[at + 1].endswith(b"\r\n"), indent=indent
        )
        if not context.begins(source, at, dress):
            return at + 1
        if not self._head.named:
            raise lost.no_file(source, at)
        self._note(at, dress)
        hunks: list[Hunk] = []
        while at < source.whole and context.begins(source, at, dress):
            hunk, at = context.read_hunk(source, at, len(hunks) + 1, dress)
            hunks.append(hunk)
        self._count(hunks)
        if at < len(source.lines) and dress.off(source.lines[at]).startswith(context.START):
            raise source.malformed("malformed-hunk", at, "below these stars should be a hunk's line numbers")
        lost.refuse_changes_behind(source, at, dress, hunks[-1], blank=True)
        context.note_missing_half(source, at, hunks)
        self._finish_file(hunks, at, dress=dress, context_format=True)
        return at

    def _binary(self, at: int) -> int:
        payloads, end, size = binary.read_payloads(self._source, at, self._head.ids, self._room)
        self._room -= size
        self._finish_file([], end, payloads=payloads)
        return end

    def _note(self, at: int, dress: Dress) -> None:
        if dress.indent:
            self._source.note("indented", at, f"the diff is indented by {dress.indent} columns")
        if dress.crlf:
            self._source.note("crlf", at, "the line ends are CRLF: the CRs are left out")

    def _count(self, hunks: list[Hunk]) -> None:
        self._hunks += len(hunks)
        if self._hunks > limits.MOST_HUNKS:
            raise limits.too_much(self._source.name, f"has more than {limits.MOST_HUNKS} hunks")

    def _finish_head(self) -> None:
        """End a head that no hunks follow: it may say something all the same, such as a rename."""
        head = self._head
        if head.changes:
            self._finish_file([], head.last + 1)
        elif head.pair is not None:
            lost.refuse_hunks_without_head(self._source, head.pair + 2)
            self._source.note("file-without-hunks", head.pair, "this file has no hunks")
        self._head = Head()

    def _finish_file(
        self,
        hunks: list[Hunk],
        end: int,
        *,
        dress: Dress | None = None,
        context_format: bool = False,
        payloads: BinaryPatch | None = None,
    ) -> None:
        source, head = self._source, self._head
        (old, old_time), (new, new_time) = head.paths(source, context=context_format)
        _refuse_unsafe(source, head, old, new)
        _refuse_contradiction(source, head, hunks, new)
        first = head.begins(source, self.done)
        if not self.found:
            self.prologue = first
        begin = self.done if self.found else first
        creates = head.created or (not head.moves and names.is_absent(old, old_time) and _no_old(hunks))
        removes = head.removed or (not head.moves and names.is_absent(new, new_time) and _no_new(hunks))
        self.found.append(
            FileChange(
                old_path=old,
                new_path=new,
                hunks=tuple(hunks),
                executable=bool((head.new_mode or 0) & 0o100),
                creates=creates,
                removes=removes,
                kind=_kind(head, hunks, payloads, creates=creates, removes=removes),
                index_path=head.index,
                old_mode=head.old_mode,
                new_mode=head.new_mode,
                binary=payloads,
                header_line=first + 1,
                crlf=dress is not None and dress.crlf,
                context_format=context_format,
                span=(source.offsets[begin], source.offsets[end]),
            )
        )
        if len(self.found) > limits.MOST_FILES:
            raise limits.too_much(source.name, f"changes more than {limits.MOST_FILES} files")
        if head.differ and payloads is None:
            source.note(
                "binary-without-payload", first, "a binary file that the patch does not have the bytes of"
            )
        self.done = end
        self._head = Head()


def _indent(source: Source, at: int, line: bytes) -> int:
    """How many columns stand before `line` in line `at`."""
    whole = source.lines[at]
    return 0 if len(whole) == len(line) else indentation(whole[: len(whole) - len(line)])


def _refuse_unsafe(source: Source, head: Head, old: str, new: str) -> None:
    for path in (old, new, head.index):
        if why := path and names.danger(path):
            shown = path if len(path) <= 80 else path[:79] + "…"
            text = f"it reaches outside the tree: {shown!r} {why}"
            raise source.malformed("unsafe-path", head.last, text, hint="Do not apply it.")
    if not old or not new or old == new == NO_FILE:
        raise source.malformed("no-file", head.last, "this change names no file")


def _refuse_contradiction(source: Source, head: Head, hunks: list[Hunk], new: str) -> None:
    """Refuse a head that does not go with its hunks, or with itself."""
    why = ""
    if head.created and not _no_old(hunks):
        why = "git says that the file is new, but a hunk expects lines in it"
    if head.removed and not _no_new(hunks):
        why = "git says that the file is deleted, but a hunk leaves lines in it"
    if len(head.moves) % 2:
        why = "git says only one of the two names of a renamed or copied file"
    elif head.moves and not new.endswith(head.moved_to):
        why = "git gives a renamed or copied file another name than the diff does"
    if why:
        raise source.malformed("malformed-head", head.last, why)


def _no_old(hunks: list[Hunk]) -> bool:
    return not any(hunk.old for hunk in hunks)


def _no_new(hunks: list[Hunk]) -> bool:
    return not any(hunk.new for hunk in hunks)


def _kind(
    head: Head, hunks: list[Hunk], payloads: BinaryPatch | None, *, creates: bool, removes: bool
) -> Kind:
    facts = (
        (payloads or head.differ, Kind.BINARY),
        ("rename from" in head.moves, Kind.RENAME),
        ("copy from" in head.moves, Kind.COPY),
        (creates, Kind.CREATE),
        (removes, Kind.REMOVE),
        (hunks, Kind.CHANGE),
    )
    return next((kind for found, kind in facts if found), Kind.MODE)
