"""The story of a build: a plan goes in, packages and a manifest come out. Read this file first.

    Plan ─► Tree ─► Applied ─► Configured ─► Build ─► CheckResult… ─► Payload ─► Package… + manifest

Each stage is a function of the room that its import names: it takes values and returns a value, and nothing reaches
back. What goes wrong is a BuilderError with the exit code of its stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder import __version__
from builder.backends.backend import Chooser
from builder.checks.patch_checks import patch_checks
from builder.checks.report import CheckResult
from builder.checks.run import run_checks
from builder.compiling.build import Build, compile_tree
from builder.compiling.libraries import with_library
from builder.configure.conf import Configured, configure
from builder.configure.ids import conf_of, ids_of
from builder.console import Progress
from builder.debugging.backtrace import Sources
from builder.debugging.shell import after_checks, after_compiling
from builder.debugging.watch import Watch
from builder.errors import CheckFailedError, FindingsError
from builder.packaging import manifest
from builder.packaging.archive import COMPRESSOR
from builder.packaging.output import output_folder, require_writable
from builder.packaging.package import Label, Package
from builder.packaging.packages import formats_for, write_packages
from builder.packaging.payload import Payload, payload_of
from builder.patching.apply import Applied, apply
from builder.patching.findings import HunkStatus
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy, Base
from builder.recipes.plan import Plan, stale_fixup
from builder.sources.fetch import obtain
from builder.sources.tree import Tree
from builder.toolchains.profiles import profiled, suffix
from builder.toolchains.toolchain import Toolchain


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to build, as opposed to what: nothing in here may change a byte of the result."""

    store: Path
    progress: Progress
    backends: Chooser
    """Where it compiles."""
    offline: bool = False
    given: str | None = None
    """Where the user says the base is (--from): a path or a URL."""
    jobs: int | None = None
    """How many processes may work at once; all processors if None."""
    fresh: bool = False
    """Compile even if the very same tree was compiled before."""
    shell: bool = False
    """Whether a person wants a shell where compiling or a check has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The first thing a build can say: what it is going to build, from which bytes."""

    plan: Plan
    tree: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """What became of a plan's patches, with what went in: the tree and the patches as values."""

    plan: Plan
    tree: Tree
    patches: tuple[Patch, ...]
    applied: Applied
    reverse: bool = False
    """Whether the patches were to be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """What was written into the output folder."""

    folder: Path
    packages: tuple[Package, ...]


Stage = Started | Patched | Build | tuple[CheckResult, ...] | Packaged
Listener = Callable[[Stage], None]
"""Is told the value of each stage as soon as there is one."""


def build(plan: Plan, settings: Settings, out: Path, tell: Listener) -> Packaged:
    """The whole way. Packages are written only if every check passed."""
    require_packageable(plan, out)

    tree = fetch_base(plan, settings)
    tell(Started(plan=plan, tree=tree))

    patched = patch_tree(plan, tree)
    tell(patched)
    require_applied(patched.applied)
    applied = patched.applied

    compiled = compile_plan(plan, applied, settings)
    tell(compiled)

    watch = watch_for(plan, applied, compiled)
    checks = run_checks(compiled, plan, progress=settings.progress, watch=watch)
    tell(checks)
    require_passed(checks, plan, compiled, settings)

    packaged = package(plan, tree, applied, compiled, checks, settings, out)
    tell(packaged)
    return packaged


def fetch_base(plan: Plan, settings: Settings) -> Tree:
    """The base's tree, from the store or from where it comes. UsageError if a fix-up was made for another."""
    tree = obtain(
        plan.base,
        bases_folder=plan.base_path.parent,
        store=settings.store,
        given=settings.given,
        offline=settings.offline,
        progress=settings.progress,
    )
    for patch in plan.patches:
        if patch.fixup is not None and patch.fixup.base_tree != tree.digest:
            raise stale_fixup(patch.path, f"it was made for another {plan.base.name}", plan.again)
    return tree


def apply_patches(
    plan: Plan, tree: Tree, policy: ApplyPolicy | None = None, strip: int | None = None
) -> Applied:
    """The plan's patches on `tree`; `policy` and `strip` say otherwise than the recipe."""
    return patch_tree(plan, tree, policy, strip).applied


def patch_tree(
    plan: Plan,
    tree: Tree,
    policy: ApplyPolicy | None = None,
    strip: int | None = None,
    *,
    reverse: bool = False,
) -> Patched:
    """The same, with all that a report of it needs; with `reverse` the patches are taken back, the last one first."""
    if reverse:
        plan = replace(plan, patches=plan.patches[::-1])
    patches = tuple(parse_patches(plan, strip))
    applied = apply(tree, patches, policy or plan.recipe.apply, reverse=reverse)
    return Patched(plan=plan, tree=tree, patches=patches, applied=applied, reverse=reverse)


def parse_patches(plan: Plan, strip: int | None = None) -> list[Patch]:
    """The plan's patches as values; `strip` says otherwise than they do."""
    return [
        parse(
            patch.name,
            patch.data,
            strip=patch.strip if strip is None or patch.fixup is not None else strip,
        )
        for patch in plan.patches
    ]


def require_applied(applied: Applied, *, reverse: bool = False) -> None:
    """Stop with exit code 1 if a hunk did not apply; with `reverse`, if it could not be taken back."""
    failures = [(patch.name, hunk) for patch in applied.patches for _, hunk in patch.failures]
    if not failures:
        return
    names = ", ".join(dict.fromkeys(name for name, _ in failures))
    there = all(hunk.status == HunkStatus.ALREADY_APPLIED for _, hunk in failures)
    hint = "The list above says where and why; a tree with half of the patches was not made."
    if there and reverse:
        hint = "What it changed is not there: without --reverse the same command applies it."
    elif there:
        hint = "What it changes is there already: take it out of the recipe, or take it back with --reverse."
    what = "could not be taken back" if reverse else "did not apply"
    raise FindingsError(f"{len(failures)} hunk(s) {what}, of: {names}.", hint=hint)


def configure_tree(plan: Plan, applied: Applied, toolchain: Toolchain) -> Configured:
    """The patched tree with its conf-* files filled in."""
    return configure(
        applied.tree,
        values={
            **{name: v for name, v in conf_of(plan.platform).items() if name in applied.tree},
            **plan.conf,
        },
        defines=plan.recipe.defines,
        limits=plan.limits,
        ids=ids_of(plan.platform).overridden(plan.recipe.ids),
        platform=plan.platform,
        toolchain=toolchain,
        answers=plan.recipe.answers,
    )


def compile_plan(plan: Plan, applied: Applied, settings: Settings) -> Build:
    """The programs of a patched tree."""
    where = settings.backends.opener(plan.platform)
    toolchain = where.toolchain(plan.platform, settings.store / "toolchains")
    # This machine's own compiler has this machine's libraries; zig has none.
    for library, path in plan.libraries if toolchain.target else ():
        toolchain = with_library(
            toolchain,
            library,
            _source_of(library, path, settings),
            platform=plan.platform,
            where=where,
            store=settings.store,
            progress=settings.progress,
            jobs=settings.jobs,
        )
    toolchain = profiled(toolchain, plan.recipe.profile)
    configured = configure_tree(plan, applied, toolchain)
    settings.progress.step(f"compiling {plan.id}")
    return compile_tree(
        configured,
        platform=plan.platform,
        toolchain=toolchain,
        where=where,
        store=settings.store,
        owner_of=applied.owner,
        progress=settings.progress,
        jobs=settings.jobs,
        fresh=settings.fresh,
        on_failure=after_compiling if settings.shell else None,
    )


def _source_of(library: Base, path: Path, settings: Settings) -> Tree:
    """The source of a library, which is had as a base is; --from is for the base."""
    return obtain(
        library,
        bases_folder=path.parent,
        store=settings.store,
        offline=settings.offline,
        progress=settings.progress,
    )


def watch_for(plan: Plan, applied: Applied, compiled: Build, *, cores: Path | None = None) -> Watch:
    """What looks for crashes in the checks of a build, and keeps their cores in the folder `cores`, if given."""
    named = plan.recipe.profile != "release"
    wanted = (
        "--profile",
        plan.recipe.profile if named else "debug",
        "--cores",
        "--platform",
        plan.platform.id,
    )
    again = "" if named and cores else plan.again.command("smoke", more=wanted)
    return Watch(
        sources=Sources(tree=compiled.tree, folder=compiled.folder, owner_of=applied.owner),
        again=again,
        keep=cores,
    )


def require_passed(checks: Sequence[CheckResult], plan: Plan, compiled: Build, settings: Settings) -> None:
    """Stop with exit code 6 if a check failed; with a shell before that, if the settings say so."""
    failed = [check.name for check in checks if check.failed]
    if failed and settings.shell:
        scripts = patch_checks(plan.patches)
        after_checks(compiled, [scripts[name] for name in failed if name in scripts])
    if failed:
        raise CheckFailedError(
            f"Check failed: {', '.join(failed)}.",
            hint="What limited it stands above. Nothing was packaged.",
        )


def package(
    plan: Plan,
    tree: Tree,
    applied: Applied,
    compiled: Build,
    checks: Sequence[CheckResult],
    settings: Settings,
    out: Path,
) -> Packaged:
    """Write the packages, manifest.json, report.json and the compiler's log into `out`/recipe@platform."""
    settings.progress.step("collecting the payload")
    payload = payload_of(compiled)
    with output_folder(out / plan.id, progress=settings.progress) as output:
        packages = write_packages(
            payload,
            label_of(plan),
            plan.recipe.package.formats,
            output=output,
            progress=settings.progress,
        )
        output.add(manifest.MANIFEST, _manifest(plan, tree, applied, compiled, checks, payload, packages))
        output.add(
            manifest.REPORT,
            manifest.report(plan.id, {"make_seconds": compiled.make_seconds, "checks": list(checks)}),
        )
        output.add("make.log", compiled.log.read_bytes())
    return Packaged(folder=out / plan.id, packages=packages)


def require_packageable(plan: Plan, out: Path) -> None:
    """Stop, before a long build rather than after it, if its packages could not be named or written."""
    formats_for(plan.recipe.package.formats, label_of(plan))
    require_writable(out / plan.id)


def label_of(plan: Plan) -> Label:
    """What the packages of a plan are called."""
    spec = plan.recipe.package
    patches = ", ".join(patch.name for patch in plan.patches) or "no patches"
    return Label(
        name=spec.name or f"{plan.base.name.partition('-')[0]}-{plan.recipe.name}",
        version=(spec.version or plan.base.version) + suffix(plan.recipe.profile),
        maintainer=spec.maintainer,
        summary=plan.recipe.summary.rstrip("."),
        description=(f"Built by qmail-builder from {plan.base.name} with {patches}.",),
        platform=plan.platform,
    )


def _manifest(
    plan: Plan,
    tree: Tree,
    applied: Applied,
    compiled: Build,
    checks: Sequence[CheckResult],
    payload: Payload,
    packages: Sequence[Package],
) -> bytes:
    inputs = manifest.Inputs(
        builder=__version__,
        recipe=plan.recipe.name,
        recipe_sha256=plan.recipe_digest,
        base=plan.base.name,
        base_tree=tree.digest,
        configured_tree=compiled.tree.digest,
        patches=tuple(
            manifest.PatchInput(name=patch.name, file=patch.path.name, sha256=patch.sha256)
            for patch in plan.patches
        ),
        platform=plan.platform.id,
        abi=plan.platform.abi,
        profile=plan.recipe.profile,
        compiler=compiled.toolchain.version,
        compressor=COMPRESSOR,
        conf=dict(compiled.conf),
        ids=compiled.ids.by_name,
    )
    findings = {
        "apply": {"base": plan.base.name, "patches": list(applied.patches)},
        "compile": compiled.found,
        # Their figures differ from run to run and stand in report.json.
        "checks": [
            {"name": check.name, "passed": check.passed, "skipped": check.skipped} for check in checks
        ],
    }
    return manifest.manifest(inputs, findings=findings, payload=payload, packages=packages)
