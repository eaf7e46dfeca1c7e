"""Series in and out: whatever the form, the tree at the end is the same."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from builder.errors import NothingSelectedError, UsageError
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.write import write_diff
from builder.recipes.load import load
from builder.recipes.model import ApplyPolicy, PatchSpec, Recipe
from builder.series.exporting import Step, export_series
from builder.series.importing import import_series
from builder.series.output import write_new
from builder.series.reading import read
from builder.sources.tree import EXECUTABLE, File, Tree

LINES = [b"line %d\n" % number for number in range(1, 31)]


def changed(number: int, text: bytes, lines: list[bytes]) -> list[bytes]:
    return [*lines[: number - 1], text, *lines[number:]]


def versions() -> list[Tree]:
    """A tree and what three patches make of it: changed and new files, one executable, one without final newline."""
    one = Tree({"f": File(b"".join(LINES)), "sub/g": File(b"g"), "gone": File(b"x\n")})
    two = one.changed(
        {"f": File(b"".join(changed(5, b"five\n", LINES))), "run": File(b"#!/bin/sh\n", EXECUTABLE)}
    )
    three = two.changed({"sub/g": File(b"g\nmore"), "gone": None})
    four = three.changed({"f": File(b"".join(changed(25, b"J\xf6rg\n", changed(5, b"5\n", LINES))))})
    return [one, two, three, four]


def steps() -> list[Step]:
    trees = versions()
    result = []
    for number, (before, after) in enumerate(pairwise(trees), 1):
        prose = b"p%d: number %d.\n\nIt means what it says.\n\nLicence: 0BSD.\n\n" % (number, number)
        patch = parse(f"p{number}", prose + write_diff(before, after))
        outcome = apply(before, [patch]).patches[0]
        result.append(
            Step(patch=patch, outcome=outcome, before=before, after=after, summary=f"Number {number}")
        )
    return result


def write_series_of(folder: Path, form: str) -> Path:
    write_new(folder, export_series(steps(), form))
    return folder


def imported(path: Path, out: Path, range_: str | None = None) -> tuple[list[PatchSpec], Tree]:
    """Import, load what was written, and apply it."""
    _, files = import_series(read(path, range_), recipe="r", base="b")
    write_new(out, files)
    recipe = load(out / "recipes/r.toml", Recipe)
    specs = [load(out / "patches" / name / "patch.toml", PatchSpec) for name in recipe.patches]
    patches = [
        parse(spec.name, (out / "patches" / spec.name / spec.variants["b"]).read_bytes(), strip=spec.strip)
        for spec in specs
    ]
    applied = apply(versions()[0], patches)
    assert applied.ok, applied.patches
    return specs, applied.tree


@pytest.mark.parametrize("form", ["quilt", "dpkg", "git"])
def test_round_trip(tmp_path: Path, form: str) -> None:
    specs, tree = imported(write_series_of(tmp_path / "out", form), tmp_path / "in")
    assert tree == versions()[-1]
    assert [spec.name for spec in specs] == ["p1", "p2", "p3"]
    assert [spec.license for spec in specs] == ["0BSD"] * 3
    if form != "quilt":
        assert [spec.summary for spec in specs] == ["Number 1", "Number 2", "Number 3"]


def quilt_folder(folder: Path, series: str, **patches: bytes) -> Path:
    folder.mkdir()
    (folder / "series").write_text(series)
    for name, data in patches.items():
        (folder / f"{name}.patch").write_bytes(data)
    return folder


def test_a_reversed_entry_is_turned_round(tmp_path: Path) -> None:
    one, two, *_ = versions()
    back = b"Takes it back.\n\n" + write_diff(two, one).replace(
        b"diff --git a/run b/run\nnew file mode 100755\n", b""
    )
    assert b"deleted" not in back
    folder = quilt_folder(tmp_path / "q", "p.patch -R\n", p=back)
    _, tree = imported(folder, tmp_path / "in")
    assert tree == two.changed({"run": File(two["run"].data)})


def test_what_only_git_can_say_is_not_turned_round(tmp_path: Path) -> None:
    rename = b"diff --git a/f b/h\nsimilarity index 100%\nrename from f\nrename to h\n"
    folder = quilt_folder(tmp_path / "q", "p.patch -R\n", p=rename)
    with pytest.raises(UsageError) as error:
        imported(folder, tmp_path / "in")
    assert "a rename cannot be turned round" in error.value.what
    assert not (tmp_path / "in").exists()


def test_the_strip_level_of_the_series_is_kept(tmp_path: Path) -> None:
    one, two, *_ = versions()
    bare = write_diff(one, two.changed({"run": None})).replace(b"a/f", b"f").replace(b"b/f", b"f")
    specs, tree = imported(quilt_folder(tmp_path / "q", "p.patch -p0\n", p=bare), tmp_path / "in")
    assert specs[0].strip == 0
    assert tree["f"] == two["f"]


def test_an_unknown_licence_is_said(tmp_path: Path) -> None:
    one, two, *_ = versions()
    specs, _ = imported(quilt_folder(tmp_path / "q", "p.patch\n", p=write_diff(one, two)), tmp_path / "in")
    assert specs[0].license == "unknown"
    assert "Its licence is not stated." in (tmp_path / "in/patches/p/README.md").read_text()
    assert "ask its author" in (tmp_path / "in/patches/p/patch.toml").read_text()


@pytest.mark.parametrize("place", ["series", "patches/series", "debian/patches/series"])
def test_a_series_is_found_where_it_usually_is(tmp_path: Path, place: str) -> None:
    path = tmp_path / "project" / place
    path.parent.mkdir(parents=True)
    path.write_text("a.patch\n")
    (path.parent / "a.patch").write_bytes(b"text")
    assert [found.file for found in read(tmp_path / "project").patches] == ["a.patch"]
    assert read(path) == read(tmp_path / "project")
    assert read(path).title == "project"


def test_what_is_no_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no series file and no patches"):
        read(tmp_path)
    with pytest.raises(UsageError, match="is not there"):
        read(tmp_path / "nowhere")
    (tmp_path / "series").write_text("# nothing\n")
    with pytest.raises(NothingSelectedError):
        read(tmp_path)
    (tmp_path / "series").write_text("gone.patch\n")
    with pytest.raises(UsageError, match=r"gone\.patch cannot be read"):
        read(tmp_path)


def git(folder: Path, *words: str, stdin: bytes = b"") -> bytes:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    settings = ("-c", "user.name=n", "-c", "user.email=n@localhost", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, input=stdin, capture_output=True, check=True
    ).stdout


def committed(folder: Path, tree: Tree, message: str) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            path.unlink()
    tree.write(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "--template=", ".")
    for number, tree in enumerate(versions()):
        committed(folder, tree, f"Number {number}\n\nLicence: MIT")
    return folder


def test_a_git_range(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    git(repo, "config", "diff.noprefix", "true")
    specs, tree = imported(repo, tmp_path / "in", "HEAD~3..HEAD")
    assert tree == versions()[-1]
    assert [spec.name for spec in specs] == ["number-1", "number-2", "number-3"]
    head = git(repo, "rev-parse", "HEAD").decode().strip()
    assert specs[-1].origin == f"commit {head}, n <n@localhost>"
    assert specs[-1].license == "MIT"


def test_a_folder_of_git_format_patch(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    git(repo, "format-patch", "-q", "-o", str(tmp_path / "mails"), "HEAD~3")
    _, tree = imported(tmp_path / "mails", tmp_path / "in")
    assert tree == versions()[-1]


def test_a_wrong_range_says_what_git_said(tmp_path: Path) -> None:
    repo = repository(tmp_path / "repo")
    with pytest.raises(UsageError, match=r"git cannot give the commits no\.\.such of"):
        read(repo, "no..such")
    with pytest.raises(NothingSelectedError):
        read(repo, "HEAD..HEAD")
    with pytest.raises(UsageError, match="must be two commits"):
        read(repo, "--output=x")
    with pytest.raises(UsageError, match="is no git repository"):
        read(tmp_path, "a..b")


def test_a_patch_with_fuzz_goes_out_exact() -> None:
    before = Tree({"f": File(b"".join(changed(2, b"two\n", LINES)))})
    plain = Tree({"f": File(b"".join(LINES))})
    patch = parse(
        "p", b"P.\n\n" + write_diff(plain, Tree({"f": File(b"".join(changed(5, b"five\n", LINES)))}))
    )
    applied = apply(before, [patch], ApplyPolicy(fuzz=2))
    step = Step(patch=patch, outcome=applied.patches[0], before=before, after=applied.tree)
    for form, name in (("quilt", "patches/p.patch"), ("dpkg", "debian/patches/p.patch")):
        out = parse("p", export_series([step], form)[name])
        assert apply(before, [out]).tree == applied.tree
    assert export_series([step], "quilt")["patches/p.patch"].startswith(b"P.\n\n")


def test_two_patches_with_one_file_name_are_refused() -> None:
    step = steps()[0]
    with pytest.raises(UsageError, match=r"would be called p1\.patch"):
        export_series([step, step], "quilt")
