"""What tests of every room use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from builder.commands.real_patches import bring_in
from builder.compiling.build import Build
from builder.errors import BackendError, SourceError
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.load import load
from builder.recipes.model import Base
from builder.sources.fetch import obtain
from builder.sources.patience import Patience
from builder.sources.store import Store, default_store
from builder.sources.tree import Tree
from tests.building import built, recipe_plan
from tests.engine import keeping_image, shared_engine

TOP = Path(__file__).resolve().parent.parent
BASES = TOP / "bases"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one flag that writes the transcripts in tests/golden anew."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are to be written rather than compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def netqmail() -> Tree:
    """The real netqmail 1.06 from the user's store or through git; the test is skipped where it cannot be had."""
    base = load(BASES / "netqmail-1.06.toml", Base)
    # Git alone: a machine without a network would wait for each mirror.
    base = msgspec.structs.replace(base, tarball=None)
    try:
        return obtain(base, bases_folder=BASES, store=default_store(), patience=Patience(git=20))
    except SourceError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="session")
def minispawn(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The small base that comes with the builder."""
    base = load(BASES / "minispawn.toml", Base)
    return obtain(base, bases_folder=BASES, store=tmp_path_factory.mktemp("minispawn"))


@pytest.fixture(scope="session")
def real_patch_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """The 13 real patches as files; the test is skipped where git cannot get them."""
    try:
        return bring_in(tmp_path_factory.mktemp("real-patches")).files
    except BackendError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="session")
def real_patches(real_patch_files: tuple[Path, ...]) -> tuple[Patch, ...]:
    """The 13 real patches, read."""
    return tuple(parse(path.stem, path.read_bytes()) for path in real_patch_files)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A store for this run of the tests alone, shared by its workers: what one of them compiles, all can use."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "store"


@pytest.fixture(scope="session")
def netqmail_store(store: Path, netqmail: Tree) -> Path:
    """The same store with the real netqmail 1.06 in it."""
    Store(store).keep_tree(netqmail)
    return store


@pytest.fixture(scope="session")
def quickstart_build(store: Path) -> Build:
    """The recipe quickstart: the bundled base for the default platform."""
    return built(recipe_plan("quickstart"), store)


@pytest.fixture(scope="session")
def vanilla_build(netqmail_store: Path) -> Build:
    """The recipe vanilla: netqmail with nothing but modern-c, by this machine's own compiler."""
    return built(recipe_plan("vanilla", "native"), netqmail_store)


@pytest.fixture(scope="session")
def bigconc_build(netqmail_store: Path) -> Build:
    """The recipe bigconc for the default platform, as users get it."""
    return built(recipe_plan("bigconc"), netqmail_store)


@pytest.fixture(scope="session")
def engine(store: Path) -> Iterator[str]:
    """The URL of a container engine; the test is skipped where there can be none."""
    with shared_engine(store.parent / "engine") as url:
        yield url


@pytest.fixture(scope="session")
def image_store(store: Path) -> Path:
    """The store with the image that zig builds in: the user's, made there if need be, since that takes a minute."""
    keeping_image("zig", default_store())
    store.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (store / "images").symlink_to(default_store() / "images")
    return store


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the very end how many tests were skipped and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped)
    terminalreporter.write_line("")
    terminalreporter.write_line(f"skipped: {len(skipped)}")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"  {count} x {reason}")
