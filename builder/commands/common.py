"""What several commands do with their flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import msgspec

from builder.commands.where import Where
from builder.console import Quiet, progress
from builder.errors import UsageError
from builder.pipeline import Settings
from builder.recipes.again import Again
from builder.recipes.library import Library
from builder.recipes.model import ApplyPolicy
from builder.recipes.plan import Plan, make_plan, patch_recipe
from builder.sources.store import default_store
from builder.terminal import require_terminal
from builder.toolchains.profiles import profile_called

DEFAULT_RECIPE = "quickstart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to work on, as the flags say it."""

    recipe: str | None = None
    base: str | None = None
    patches: Sequence[str] = ()
    platform: str | None = None
    conf: Sequence[str] = ()
    paths: Sequence[str] = ()
    profile: str | None = None

    @property
    def library(self) -> Library:
        return Library.of(tuple(self.paths))

    @property
    def is_recipe(self) -> bool:
        """Whether it is a recipe, the default one if none is named; otherwise a base with patches."""
        return bool(self.recipe) or not (self.patches or self.base)

    def plan(self, *, again: Again | None = None, fixups: bool = True) -> Plan:
        """The plan of the recipe, or of the base and patches, that the flags name; see `make_plan`.

        `again` are all flags of the command that advice is to repeat, if it has more of them than the selection.
        """
        if self.patches and (self.recipe or not self.base):
            raise UsageError("--patch goes with --base, and not with --recipe.")
        library = self.library
        if not self.is_recipe:
            recipe = patch_recipe(self.base or "", self.patches)
        else:
            recipe, _ = library.recipe(self.recipe or DEFAULT_RECIPE)
            recipe = msgspec.structs.replace(recipe, base=self.base or recipe.base)
        conf = {**recipe.conf, **dict(_assignment(text) for text in self.conf)}
        profile = recipe.profile if self.profile is None else profile_called(self.profile)
        recipe = msgspec.structs.replace(recipe, conf=conf, profile=profile)
        return make_plan(library, recipe, platform=self.platform, again=again or self.again(), fixups=fixups)

    def again(
        self,
        *,
        given: str | None = None,
        tree: Path | None = None,
        policy: ApplyPolicy | None = None,
        strip: int | None = None,
    ) -> Again:
        """How to type a command for the same: with what --from, --tree, --fuzz, --max-offset and --strip say, too."""
        return Again(
            series=self._series,
            paths=self.paths,
            given=given,
            tree=None if tree is None else str(tree),
            fuzz=None if policy is None else policy.fuzz,
            max_offset=None if policy is None else policy.max_offset,
            strip=strip,
        )

    @property
    def _series(self) -> tuple[str, ...]:
        return (
            *(("--recipe", self.recipe or DEFAULT_RECIPE) if self.is_recipe else ()),
            *(("--base", self.base) if self.base else ()),
            *(word for patch in self.patches for word in ("--patch", patch)),
        )

    @property
    def words(self) -> tuple[str, ...]:
        """The flags of a build that select the same again, but for platform and conf."""
        return (
            *self._series,
            *(word for path in self.paths for word in ("--path", path)),
            *(("--profile", self.profile) if self.profile else ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """How to work, as the flags say it."""

    offline: bool = False
    given: str | None = None
    jobs: str | None = None
    fresh: bool = False
    shell: bool = False
    backend: str | None = None
    engine: str | None = None
    paths: Sequence[str] = ()
    """The user's own folders, with --path: images may be defined there."""

    @property
    def processes(self) -> int | None:
        """How many processes may work at once; None: as many as there are processors."""
        return None if self.jobs is None else number("--jobs", self.jobs, lowest=1)

    @contextmanager
    def settings(self) -> Iterator[Settings]:
        """The settings, with a progress bar that lives as long as they do."""
        jobs = self.processes
        if self.shell:
            require_terminal("--shell")
        # A bar that is drawn anew all the time and a shell do not go together on one screen.
        with nullcontext(Quiet()) if self.shell else progress() as shown, ExitStack() as until_done:
            yield Settings(
                store=default_store(),
                progress=shown,
                backends=Where(
                    backend=self.backend,
                    engine=self.engine,
                    library=Library.of(tuple(self.paths)),
                    store=default_store(),
                    progress=shown,
                    until_done=until_done,
                    offline=self.offline,
                ),
                offline=self.offline,
                given=self.given,
                jobs=jobs,
                fresh=self.fresh,
                shell=self.shell,
            )


def number(flag: str, text: str, *, lowest: int = 0, highest: int | None = None) -> int:
    """The number that a flag was given; UsageError if it is none or out of range."""
    bounds = f"from {lowest} to {highest}" if highest is not None else f"of at least {lowest}"
    if not text.isdecimal() or int(text) < lowest or (highest is not None and int(text) > highest):
        raise UsageError(f"{flag} is {text!r}, but must be a number {bounds}.")
    return int(text)


def policy(fuzz: str | None, max_offset: str | None) -> ApplyPolicy | None:
    """What --fuzz and --max-offset say; None if neither is given, so that the recipe decides."""
    if fuzz is None and max_offset is None:
        return None
    return ApplyPolicy(
        fuzz=number("--fuzz", fuzz or "0", highest=3),
        max_offset=None if max_offset is None else number("--max-offset", max_offset),
    )


def to_json(value: object) -> str:
    """A finding as JSON text with sorted keys."""
    encoded = msgspec.json.encode(value, order="deterministic")
    return msgspec.json.format(encoded, indent=2).decode()


def _assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.startswith("conf-"):
        raise UsageError(f"--conf is {text!r}, but must look like conf-spawn=1000.")
    return name, value
