"""`lint`: what can be said against patches without applying them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from builder.errors import FindingsError, NothingSelectedError, UsageError
from builder.patching.lint.folder import PatchFolder, is_fixup
from builder.patching.lint.run import ALL_RULES, Linted, lint_file, lint_folder
from builder.recipes.library import Library
from builder.recipes.load import load
from builder.recipes.model import PatchSpec
from builder.reporting import lint as reporting


def show_rules() -> None:
    """Print every rule with its severity and what it finds."""
    width = max(len(rule.id) for rule in ALL_RULES)
    for rule in sorted(ALL_RULES, key=lambda rule: rule.id):
        print(f"{rule.id:{width}}  {rule.severity.value:7}  {rule.about}")


def lint(names: Sequence[str], library: Library, *, form: str) -> None:
    """Print the findings for these patches, all of the library's if none is named. FindingsError if one is an error."""
    if form not in reporting.FORMATS:
        raise UsageError(f"--format is {form!r}, but must be one of: {', '.join(reporting.FORMATS)}.")
    chosen = list(dict.fromkeys(names)) or list(library.patch_files())
    if not chosen:
        raise NothingSelectedError(
            "There is no patch to lint.", hint="Name a patch or the path of a patch file."
        )
    found = [linted for name in chosen for linted in _linted(name, library)]
    whole = Linted(
        tuple(problem for linted in found for problem in linted.problems),
        allowed=sum(linted.allowed for linted in found),
    )
    sys.stdout.write(reporting.FORMATS[form](whole, len(found)))
    if whole.errors:
        raise FindingsError(
            f"{whole.errors} error(s) in {len({problem.file for problem in whole.problems})} file(s).",
            hint="`lint --rules` says what each rule is for.",
        )


def _linted(name: str, library: Library) -> Iterator[Linted]:
    """The findings of a patch's folder and each of its variants, or of a patch file."""
    path = library.patch_files().get(name)
    if path is None and (Path(name) / "patch.toml").is_file():
        path = Path(name) / "patch.toml"
    if path is not None:
        folder = _folder(path)
        yield lint_folder(folder)
        variants = folder.spec.variants.values() if folder.spec else ()
        fixups = sorted(filter(is_fixup, folder.files))
        for file in dict.fromkeys((*variants, *fixups)):
            if file in folder.files:
                yield lint_file(_shown(path.parent / file), (path.parent / file).read_bytes())
    elif Path(name).is_file():
        yield lint_file(_shown(Path(name)), Path(name).read_bytes())
    else:
        library.patch(name)  # says what there is
        raise UsageError(f"There is no patch {name!r}.")


def _folder(path: Path) -> PatchFolder:
    spec, refusal = None, ""
    try:
        spec = load(path, PatchSpec)
    except UsageError as error:
        refusal = error.what
    files = (file for file in path.parent.rglob("*") if file.is_file())
    return PatchFolder(
        path=_shown(path),
        toml=path.read_bytes(),
        spec=spec,
        refusal=refusal,
        files=frozenset(file.relative_to(path.parent).as_posix() for file in files),
    )


def _shown(path: Path) -> str:
    """A path as a person in the current folder would write it."""
    whole = path.resolve()
    here = Path.cwd()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(path)
