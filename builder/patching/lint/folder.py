"""Rules about a patch's folder: patch.toml and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.patching.lint.problem import Rule, Severity
from builder.recipes.model import PatchSpec

_LONGEST_SUMMARY = 120
_NO_LICENCE = ("", "unknown", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFolder:
    """A patch's folder. `files` are the paths of all its files, relative to it."""

    path: str
    """Of its patch.toml."""
    toml: bytes
    spec: PatchSpec | None
    refusal: str
    """Why patch.toml could not be read, if `spec` is None."""
    files: frozenset[str]

    def line(self, key: str) -> int:
        """The line of patch.toml that begins with a key; 1 if none does."""
        lines = enumerate(self.toml.splitlines(), 1)
        return next((number for number, raw in lines if raw.lstrip(b" [\"'").startswith(key.encode())), 1)


def is_fixup(file: str) -> bool:
    """Whether a file of a patch's folder is called as fix-ups are: after-tls.patch."""
    return file.startswith("after-") and file.endswith(".patch") and "/" not in file


def _patch_toml(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if folder.spec is None:
        yield 1, folder.refusal


def _no_summary(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if folder.spec is not None:
        summary = folder.spec.summary
        if not summary.strip():
            yield folder.line("summary"), "summary is empty"
        elif len(summary) > _LONGEST_SUMMARY or "\n" in summary:
            yield folder.line("summary"), f"summary is longer than a line of {_LONGEST_SUMMARY} characters"


def _licence_unknown(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if folder.spec is not None and folder.spec.license.lower() in _NO_LICENCE:
        yield folder.line("license"), "the licence is not known: nobody may pass the patch on"


def _no_variant(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if folder.spec is None:
        return
    if not folder.spec.variants:
        yield folder.line("variants"), "there is no variant for any base"
    for file in folder.spec.variants.values():
        if file not in folder.files:
            yield folder.line("variants"), f"{file} is not there"


def _unnamed_variant(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if folder.spec is not None:
        for file in sorted(folder.files - set(folder.spec.variants.values())):
            if "/" in file or is_fixup(file):
                continue
            if file.endswith((".patch", ".diff")):
                yield folder.line("variants"), f"{file} stands beside it, but is no variant"


def _no_readme(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if "README.md" not in folder.files:
        yield 1, "there is no README.md beside it: what it does, why, its limits, how it was proved"


def _no_checks(folder: PatchFolder) -> Iterator[tuple[int, str]]:
    if not any(file.startswith("checks/") and file.endswith(".sh") for file in folder.files):
        yield 1, "there is no checks/*.sh that fails without the patch"


FOLDER_RULES = (
    Rule("patch-toml", Severity.ERROR, "A patch.toml that cannot be read.", _patch_toml),
    Rule("no-summary", Severity.WARNING, "No summary of one line.", _no_summary),
    Rule("licence-unknown", Severity.WARNING, "A licence that is not known.", _licence_unknown),
    Rule("no-variant", Severity.ERROR, "No variant, or one whose file is missing.", _no_variant),
    Rule(
        "unnamed-variant", Severity.WARNING, "A patch file that patch.toml does not name.", _unnamed_variant
    ),
    Rule("no-readme", Severity.WARNING, "No README.md.", _no_readme),
    Rule("no-checks", Severity.WARNING, "No check that proves the patch.", _no_checks),
)
