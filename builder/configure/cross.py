"""Making do without running what was built: everything that the Makefile would run on the target is answered here.

A Makefile of qmail's kind runs programs that it has just linked: to write constants, to probe the system, to check
conf-spawn. For a platform whose programs cannot run here, its rules are searched for such programs, and what they
would make is made beforehand; make then takes it as it is. A rule that nothing here answers is refused before
anything is compiled, since to run its program is the one thing that must not happen.
"""

from __future__ import annotations

from collections.abc import Mapping

from builder.configure.answers import PROBES, chkspawn, systype
from builder.configure.constants import generated
from builder.configure.makefile import Makefile, Rule, read_makefile
from builder.errors import BackendError
from builder.sources.tree import Tree
from builder.toolchains.platforms import Platform

GOAL = "it"
"""What a build makes."""


def cross_seeds(
    tree: Tree, platform: Platform, *, given: Mapping[str, bytes], spawn: int
) -> dict[str, bytes]:
    """The files that stand in for what `tree`, configured, would run on `platform`.

    `given` are files whose text is known already; they come first. BackendError for a rule that runs a program for
    the target and that nothing answers.
    """
    makefile = read_makefile(tree["Makefile"].data.decode("utf-8", "surrogateescape"))
    seeds = dict(given)
    if "find-systype" in _runs(makefile, "systype"):
        seeds.setdefault("systype", systype(platform))
    for rule in makefile.reached(GOAL, without=tuple(seeds)):
        for name in rule.runs.keys() & makefile.linked - seeds.keys():
            if rule.target not in seeds:
                seeds |= _answered(rule, makefile, tree, spawn) or _refused(rule, name, platform)
    return seeds


def _runs(makefile: Makefile, target: str) -> Mapping[str, int]:
    return makefile.rules[target].runs if target in makefile.rules else {}


def _answered(rule: Rule, makefile: Makefile, tree: Tree, spawn: int) -> dict[str, bytes] | None:
    """The seeds that make a rule run nothing of the target; None if there are none."""
    programs = rule.runs.keys() & makefile.linked
    probe = PROBES.get(rule.target)
    if probe is not None and programs <= probe.programs:
        text = probe.text(tree)
        return None if text is None else {rule.target: text}
    if programs == {"chkspawn"}:
        return chkspawn(tree, spawn)
    text = generated(rule.recipe, rule.target, tree)
    return None if text is None else {rule.target: text}


def _refused(rule: Rule, name: str, platform: Platform) -> dict[str, bytes]:
    raise BackendError(
        f"Makefile:{rule.runs[name]}: to make {rule.target}, ./{name} would be run, a program for {platform.id}: "
        "target output about to be executed on the host (refused).",
        hint=(
            f"Say in the recipe what {rule.target} holds on {platform.id}, "
            f'[answers] "{rule.target}" = "…", or build on such a machine.'
        ),
    )
