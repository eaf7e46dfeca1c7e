"""`conflicts --compile`: which pairs also compile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import TOP, Ran, command
from tests.resolving import Edits, diff, minispawn, write_patch

pytestmark = pytest.mark.native


def compare(folder: Path, *patches: str) -> dict[tuple[str, str], dict[str, object]]:
    named = [word for patch in patches for word in ("--patch", patch)]
    ran = command("conflicts", "--base", "minispawn", *named, "--compile", "--format", "json", cwd=folder)
    pairs = json.loads(ran.stdout)["pairs"]
    bad = any(pair["outcome"] in ("conflict", "hidden", "semantic") for pair in pairs)
    assert ran.code == int(bad)
    return {(pair["first"], pair["second"]): pair for pair in pairs}


def at_odds(folder: Path) -> None:
    """Two patches: one gives a function another name, everywhere; two uses it at a new place."""
    base = minispawn()
    taken: Edits = {}
    for path, file in base.items():
        text = file.data.decode()
        if path.endswith((".c", ".h")) and "timeoutread(" in text:
            taken[path] = ((text, text.replace("timeoutread(", "timedread(")),)
    assert len(taken) > 1
    write_patch(folder, "one", diff(base, taken))
    remote = base["qmail-remote.c"].data.decode()
    caller: Edits = {"qmail-remote.c": ((remote, f"{remote}\nvoid *two = timeoutread;\n"),)}
    write_patch(folder, "two", diff(base, caller))


def test_a_pair_that_applies_but_does_not_compile_is_semantic(tmp_path: Path) -> None:
    base = minispawn()
    at_odds(tmp_path)
    write_patch(tmp_path, "three", diff(base, {"README": ((base["README"].data.decode(), "Words.\n"),)}))
    found = compare(tmp_path, "one", "two", "three")
    for pair in (("one", "two"), ("two", "one")):
        assert (found[pair]["outcome"], found[pair]["compiles"]) == ("semantic", False)
        assert "timeoutread" in str(found[pair]["note"])
        assert "hunk 1 of two" in str(found[pair]["note"])
    for pair in (("one", "three"), ("three", "two")):
        assert (found[pair]["outcome"], found[pair]["compiles"], found[pair]["note"]) == ("clean", True, "")


def test_what_is_wrong_with_a_patch_alone_is_not_held_against_its_pairs(tmp_path: Path) -> None:
    base = minispawn()
    write_patch(tmp_path, "broken", diff(base, {"fd.c": ((base["fd.c"].data.decode(), "no C\n"),)}))
    write_patch(tmp_path, "good", diff(base, {"README": ((base["README"].data.decode(), "Words.\n"),)}))
    pair = compare(tmp_path, "broken", "good")["broken", "good"]
    assert (pair["outcome"], pair["compiles"]) == ("clean", False)
    assert "broken does not compile by itself" in str(pair["note"])


def test_a_pair_in_dispute_is_not_compiled(tmp_path: Path) -> None:
    base = minispawn()
    for name, size in (("large", 512), ("huge", 4096)):
        write_patch(tmp_path, name, diff(base, {"subfd.c": (("char outbuf[256]", f"char outbuf[{size}]"),)}))
    pair = compare(tmp_path, "large", "huge")["large", "huge"]
    assert (pair["outcome"], pair["compiles"]) == ("conflict", None)


def test_a_resolved_pair_is_compiled_as_merged(tmp_path: Path) -> None:
    base = minispawn()
    for name, header in (("one", "limits"), ("two", "stddef")):
        edits: Edits = {
            "substdio.c": (("#include <string.h>\n", f"#include <string.h>\n#include <{header}.h>\n"),)
        }
        write_patch(tmp_path, name, diff(base, edits))
    found = compare(tmp_path, "one", "two")
    assert [(pair["outcome"], pair["compiles"]) for pair in found.values()] == [("resolved", True)] * 2


def test_a_check_of_a_patch_that_fails_on_the_pair_makes_it_semantic(tmp_path: Path) -> None:
    base = minispawn()
    write_patch(tmp_path, "one", diff(base, {"README": ((base["README"].data.decode(), "Words.\n"),)}))
    longer = base["fd.c"].data.decode() + "int two;\n"
    write_patch(tmp_path, "two", diff(base, {"fd.c": ((base["fd.c"].data.decode(), longer),)}))
    checks = tmp_path / "patches" / "two" / "checks"
    checks.mkdir()
    (checks / "words.sh").write_text(
        "grep Words README >&2 && echo It says too much. && exit 1\necho Fine.\n"
    )
    pair = compare(tmp_path, "one", "two")["one", "two"]
    assert (pair["outcome"], pair["compiles"]) == ("semantic", False)
    assert "two/words: It says too much." in str(pair["note"])


def clustered(folder: Path, *before: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Ran, Ran]:
    """`conflicts --compile` of two patches that are at odds, by itself and with a cluster of two workers."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(TOP))
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    (folder / "tmp").mkdir()
    at_odds(folder)
    words = ("conflicts", "--base", "minispawn", "--patch", "one", "--patch", "two", "--compile")
    here = command(*words, cwd=folder)
    with distributed.LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        address = ("--scheduler", cluster.scheduler_address)
        return here, command(*words, *address, cwd=folder, before=before)


@pytest.mark.slow
def test_a_cluster_on_this_machine_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = clustered(tmp_path, monkeypatch=monkeypatch)
    assert (here.code, "one, then two: semantic" in here.stdout) == (1, True)
    assert (there.code, there.stdout, there.stderr) == (here.code, here.stdout, here.stderr)
    assert not list((tmp_path / "tmp").glob("qmail-builder-*")), "the objects are taken away"


@pytest.mark.slow
def test_workers_that_do_not_see_our_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on another machine: here the command is in a name space where its temporary files are its own."""
    apart = ("unshare", "-rm", "sh", "-c", 'mount -t tmpfs none "$TMPDIR" && exec "$@"', "sh")
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], env=env, check=False).returncode:
        pytest.skip("no name spaces here")
    _, there = clustered(tmp_path, *apart, monkeypatch=monkeypatch)
    assert (there.code, there.stdout) == (8, "")
    assert " does not see the files of this machine, and compiling needs them." in there.stderr
