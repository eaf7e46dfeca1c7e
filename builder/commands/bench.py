"""`bench`: the figures that the README promises, measured with the commands that users type, medians of several runs."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from builder import process
from builder.commands import bench_apply, bench_conflicts, bench_html, bench_resolve, bench_watch
from builder.commands.figure import Figure
from builder.errors import FindingsError, UsageError
from builder.recipes.library import Library, shipped
from builder.sources.store import default_store
from builder.temporary import temporary_folder
from builder.toolchains.platforms import default_platform

_RECIPE = "bigconc"
_ENGINE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
"""What says where the engine is."""


def bench(what: str, *, rounds: int) -> None:
    """Measure one thing or all and print a line for each figure. FindingsError if a promise is not met."""
    if what != "all" and what not in _BENCHES:
        raise UsageError(f"--what is {what!r}, but must be one of: all, {', '.join(_BENCHES)}.")
    missed = []
    for name in _BENCHES if what == "all" else (what,):
        for figure in _BENCHES[name](rounds):
            mark = "ok" if figure.met else "MISSED"
            print(
                f"{figure.name:56} {figure.value:8.2f} {figure.unit:3} (at most {figure.most:g})  {mark}",
                flush=True,
            )
            if not figure.met:
                missed.append(figure.name)
    if missed:
        raise FindingsError(f"Not met: {', '.join(missed)}.")


def _list(rounds: int) -> Iterator[Figure]:
    _timed("list")
    yield Figure("./inv list", statistics.median(_timed("list") for _ in range(rounds)), "s", 0.4)


def _build(rounds: int) -> Iterator[Figure]:
    """The builder's own share of a cold build, that is everything but make: with an empty store, and with a warm one.

    In an empty store the compiler must build its C library, too. With a warm one it need not, which makes the
    builder's share look worse than anyone sees it; the second figure is there to be known.
    """
    base = ("fetch", Library.of().recipe(_RECIPE)[0].base)
    with temporary_folder("bench") as folder:
        cold, warm = [], []
        for round_ in range(rounds):
            store = folder / str(round_)
            _timed(*base, store=store)
            cold.append(_share(folder / "out", store))
            warm.append(_share(folder / "out", store, "--fresh"))
            shutil.rmtree(store)
    for what, measured in (("empty store", cold), ("warm store", warm)):
        yield Figure(f"{_RECIPE}, {what}: make", statistics.median(m for m, _ in measured), "s", 600)
        share = statistics.median(s for _, s in measured)
        yield Figure(
            f"{_RECIPE}, {what}: the rest, of make's time", share, "%", 10 if measured is cold else 25
        )


def _share(out: Path, store: Path, *flags: str) -> tuple[float, float]:
    """Build and package once: the seconds of make, and everything else in percent of that."""
    total = _timed("package", "--recipe", _RECIPE, "--out", str(out), *flags, store=store)
    (report,) = out.glob("*/report.json")
    make = float(json.loads(report.read_text())["make_seconds"])
    return make, 100 * (total - make) / make


def _spawn(rounds: int) -> Iterator[Figure]:
    """The spawn checks of 1000 deliveries, compiled before."""
    arguments = ("smoke", "--recipe", _RECIPE, "--deliveries", "1000")
    _timed(*arguments, "--check", "spawn-direct")
    for check in ("spawn-direct", "spawn-whole"):
        seconds = statistics.median(_timed(*arguments, "--check", check) for _ in range(rounds))
        yield Figure(f"{check} of 1000, the whole command", seconds, "s", 20)


def _cross(rounds: int) -> Iterator[Figure]:
    """Builds for FreeBSD beside one for Linux by the same compiler, each after a first that fills zig's cache."""
    ours, others = default_platform().id, ("freebsd-14-amd64", "freebsd-14-arm64")
    seconds: dict[str, list[float]] = {name: [] for name in (ours, *others)}
    with temporary_folder("bench") as out:
        for round_ in range(rounds + 1):
            for name, measured in seconds.items():
                flags = ("--recipe", _RECIPE, "--platform", name, "--fresh", "--out", str(out))
                took = _timed("package", *flags)
                if round_:
                    measured.append(took)
    median = {name: statistics.median(measured) for name, measured in seconds.items()}
    yield Figure(f"{_RECIPE} for {ours}", median[ours], "s", 600)
    for name in others:
        yield Figure(f"{_RECIPE} for {name}, of that", median[name] / median[ours], "x", 1.5)


def _docker(rounds: int) -> Iterator[Figure]:
    """What a container adds to a build right here, in turn, and making the image that it needs."""
    image = statistics.median(_timed("image", "build", "zig") for _ in range(rounds))
    yield Figure("image zig, made from packages", image, "s", 90)
    seconds: dict[str, list[float]] = {"local": [], "docker": []}
    with temporary_folder("bench") as out:
        # The first of each has the engine take over the image and fills the compiler's cache.
        for round_ in range(rounds + 1):
            for backend, measured in seconds.items():
                flags = ("--recipe", _RECIPE, "--backend", backend, "--fresh", "--out", str(out))
                took = _timed("package", *flags)
                if round_:
                    measured.append(took)
    local, docker = (statistics.median(measured) for measured in seconds.values())
    yield Figure(f"{_RECIPE}, local", local, "s", 600)
    yield Figure(f"{_RECIPE}, what a container adds", docker - local, "s", 2)


_BENCHES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "list": _list,
    "build": _build,
    "spawn": _spawn,
    "apply": bench_apply.measure,
    "cross": _cross,
    "docker": _docker,
    "resolve": bench_resolve.measure,
    "conflicts": bench_conflicts.measure,
    "html": bench_html.measure,
    "watch": bench_watch.measure,
}


def _timed(*arguments: str, store: Path | None = None) -> float:
    """Seconds that a command takes. FindingsError if it fails: a figure of a failure means nothing."""
    top = shipped()
    script = [top / "inv"] if (top / "inv").exists() else [sys.executable, "-m", "builder.tasks"]
    env = process.clean_environment(
        {
            "QMAIL_BUILDER_STORE": str(store or default_store()),
            "HOME": str(Path.home()),
            **{name: os.environ[name] for name in _ENGINE if name in os.environ},
        }
    )
    began = time.monotonic()
    done = process.run([*script, *arguments], env=env, cwd=top, timeout=3600)
    if not done.ok:
        raise FindingsError(f"{process.quoted(arguments)} failed: {done.how}.\n{done.text}")
    return time.monotonic() - began
