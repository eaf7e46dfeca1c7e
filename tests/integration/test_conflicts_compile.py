"""`conflicts --compile`: which pairs also compile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import command
from tests.resolving import Edits, diff, minispawn, write_patch

pytestmark = pytest.mark.native


def compare(folder: Path, *patches: str) -> dict[tuple[str, str], dict[str, object]]:
    named = [word for patch in patches for word in ("--patch", patch)]
    ran = command("conflicts", "--base", "minispawn", *named, "--compile", "--format", "json", cwd=folder)
    pairs = json.loads(ran.stdout)["pairs"]
    bad = any(pair["outcome"] in ("conflict", "hidden", "semantic") for pair in pairs)
    assert ran.code == int(bad)
    return {(pair["first"], pair["second"]): pair for pair in pairs}


def test_a_pair_that_applies_but_does_not_compile_is_semantic(tmp_path: Path) -> None:
    """One gives a function another name, everywhere; two uses it at a new place."""
    base = minispawn()
    taken: Edits = {}
    for path, file in base.items():
        text = file.data.decode()
        if path.endswith((".c", ".h")) and "timeoutread(" in text:
            taken[path] = ((text, text.replace("timeoutread(", "timedread(")),)
    assert len(taken) > 1
    write_patch(tmp_path, "one", diff(base, taken))
    remote = base["qmail-remote.c"].data.decode()
    caller: Edits = {"qmail-remote.c": ((remote, f"{remote}\nvoid *two = timeoutread;\n"),)}
    write_patch(tmp_path, "two", diff(base, caller))
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
