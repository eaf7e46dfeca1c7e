"""Our patches: they apply strictly wherever a recipe may put them, and their checks fail without them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from builder.checks.patch_checks import run_scripts
from builder.configure.conf import Value
from builder.console import Quiet
from builder.errors import CompileError, UsageError
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.recipes.ceiling import spawn_ceiling
from builder.recipes.library import Library
from builder.recipes.model import Limits, Recipe
from builder.recipes.plan import Plan, make_plan
from builder.sources.tree import Tree
from tests.building import built, recipe_plan
from tests.command import TOP

SPAWN = ("big-concurrency", "poll-spawn", "fd-setsize")
SERIES = [
    ("modern-c",),
    ("security",),
    ("big-concurrency",),
    ("poll-spawn",),
    ("fd-setsize",),
    *itertools.permutations(("modern-c", "security")),
    ("modern-c", "security", "big-concurrency"),
    ("modern-c", "big-concurrency", "poll-spawn"),
    ("modern-c", "big-concurrency", "fd-setsize"),
    ("modern-c", "poll-spawn", "security"),
    ("security", "big-concurrency", "poll-spawn"),
]


def plan_of(base: str, *patches: str, **conf: Value) -> Plan:
    values = {name.replace("_", "-"): value for name, value in conf.items()}
    recipe = Recipe(name="mine", summary="s", base=base, patches=patches, conf=values)
    return make_plan(Library.of(), recipe, platform="native")


@pytest.mark.netqmail
@pytest.mark.parametrize("patches", SERIES, ids="+".join)
def test_they_apply_to_netqmail_without_fuzz(netqmail: Tree, patches: tuple[str, ...]) -> None:
    files = {name: TOP / "patches" / name / "netqmail-1.06.patch" for name in patches}
    applied = apply(netqmail, [parse(name, path.read_bytes()) for name, path in files.items()])
    assert [failure for outcome in applied.patches for failure in outcome.failures] == []


@pytest.mark.native
@pytest.mark.parametrize("patch", SPAWN)
def test_the_checks_of_the_spawn_patches_fail_on_plain_minispawn(store: Path, patch: str) -> None:
    assert_checks_fail(plan_of("minispawn"), store, patch)


@pytest.mark.native
@pytest.mark.netqmail
@pytest.mark.parametrize("patch", ["security", *SPAWN])
def test_the_checks_fail_on_netqmail_without_the_patch(netqmail_store: Path, patch: str) -> None:
    assert_checks_fail(recipe_plan("vanilla", "native"), netqmail_store, patch)


@pytest.mark.native
@pytest.mark.netqmail
def test_the_checks_of_modern_c_fail_on_netqmail_as_it_is(netqmail_store: Path) -> None:
    plan = plan_of("netqmail-1.06", conf_cc="cc -O2 -std=gnu89")
    assert_checks_fail(plan, netqmail_store, "modern-c")


def assert_checks_fail(plan: Plan, store: Path, patch: str) -> None:
    _, origin = Library.of().patch(patch)
    scripts = {script.stem: script for script in sorted((origin.parent / "checks").glob("*.sh"))}
    assert scripts
    results = list(run_scripts(built(plan, store), scripts, Quiet()))
    assert [result.name for result in results if not result.failed] == []


@pytest.mark.native
@pytest.mark.parametrize(
    "patches",
    [(), ("big-concurrency",), ("big-concurrency", "poll-spawn"), ("big-concurrency", "fd-setsize")],
    ids="+".join,
)
def test_chkspawn_agrees_with_the_limits_that_the_patches_declare(
    store: Path, patches: tuple[str, ...]
) -> None:
    highest = spawn_ceiling(plan_of("minispawn", *patches).limits).most
    plan = plan_of("minispawn", *patches, conf_spawn=highest)
    assert built(plan, store).conf["conf-spawn"] == str(highest)
    beyond = plan_of("minispawn", *patches, conf_spawn=highest + 1)
    with pytest.raises(UsageError):
        built(beyond, store)
    with pytest.raises(CompileError, match=f"at most {highest}|higher than {highest}"):
        built(without_limits(beyond), store)


def without_limits(plan: Plan) -> Plan:
    """The plan as if nothing declared a limit, so that chkspawn is asked."""
    base = msgspec.structs.replace(plan.base, limits=Limits(spawn=100_000, select=False))
    return replace(plan, base=base, patches=tuple(replace(patch, spec=None) for patch in plan.patches))
