"""FreeBSD on FreeBSD: the dialogue with an engine there, held with a fake one. No FreeBSD is at hand: see tests/freebsd_engine.py."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import re
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.backends.machine import Machine
from builder.commands.several import is_for
from builder.packaging.verify import verify_pkg
from builder.sources.store import Store, default_store
from builder.sources.tree import Tree
from builder.toolchains.platforms import platform_called
from tests.command import Ran, command
from tests.engine import keeping_image
from tests.freebsd_engine import FreeBSD, freebsd_engine

AMD64 = "freebsd-14-amd64"
BSD, LINUX = Machine("freebsd", "amd64"), Machine("linux", "amd64")
NETWORK = "http://127.0.0.1:9/nothing/base.txz"


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for the base.txz of a release."""
    path = tmp_path_factory.mktemp("release") / "base.txz"
    with lzma.open(path, "wb") as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        entry = tarfile.TarInfo("./usr/bin/cc")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"clang"))
    return path


def write_image(folder: Path, release: Path, *urls: str) -> None:
    """A folder for --path in which the image freebsd-14 is that release, for either processor."""
    (folder / "ci/images").mkdir(parents=True, exist_ok=True)
    lines = ['name = "freebsd-14"', 'summary = "A release"']
    for arch, more in (("amd64", b""), ("arm64", b"other")):
        sha256 = hashlib.sha256(release.read_bytes() + more).hexdigest()
        lines += [f"[freebsd.{arch}]", f"urls = {json.dumps(urls or (NETWORK,))}", f'sha256 = "{sha256}"']
    (folder / "ci/images/freebsd-14.toml").write_text("\n".join(lines))


@pytest.fixture
def mine(tmp_path: Path, release: Path) -> Path:
    write_image(tmp_path / "mine", release)
    return tmp_path / "mine"


@pytest.fixture(scope="session")
def own_store(tmp_path_factory: pytest.TempPathFactory, release: Path) -> Path:
    """A store of these tests alone, with that image: the images of the others' may be those of the user."""
    folder = tmp_path_factory.mktemp("freebsd")
    write_image(folder / "mine", release)
    done = image(folder / "mine", folder / "store", "build", "freebsd-14", "--from", str(release))
    assert done.code == 0, done.stderr
    return folder / "store"


@pytest.fixture
def with_zig(own_store: Path) -> Path:
    """The same store, with the image that an engine on Linux builds in."""
    kept = keeping_image("zig", default_store())
    for name in (f"zig-{kept.arch}.json", f"zig-{kept.arch}.tar"):
        with suppress(FileExistsError):
            (own_store / "images" / name).symlink_to(default_store() / "images" / name)
    return own_store


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeBSD]:
    folder = tmp_path_factory.mktemp("bsd")
    with freebsd_engine(folder) as fake:
        yield fake
    shutil.rmtree(folder)


def image(mine: Path, store: Path, *words: str) -> Ran:
    return command("image", *words, "--path", mine, env={"QMAIL_BUILDER_STORE": str(store)})


def run(
    what: str, engine: FreeBSD, mine: Path, store: Path, out: Path, *more: str, platform: str = AMD64
) -> Ran:
    where: tuple[str | Path, ...] = ("--engine", engine.url, "--path", mine, "--out", out)
    return command(what, "--platform", platform, *where, *more, env={"QMAIL_BUILDER_STORE": str(store)})


# The image


def test_a_release_that_the_user_brings_is_an_image(mine: Path, release: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    done = image(mine, store, "build", "freebsd-14", "--from", str(release))
    assert done.code == 0, done.stderr
    archive = store / "images/freebsd-14-amd64.tar"
    assert archive.read_bytes() == lzma.decompress(release.read_bytes())
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    listed = [line.split() for line in image(mine, store, "list").stdout.splitlines()]
    assert ["freebsd-14", f"sha256:{sha256[:12]}", "0", "MB", "amd64", "A", "release"] in listed
    assert image(mine, store, "verify", "freebsd-14").stdout.startswith("whole       freebsd-14")
    archive.write_bytes(b"changed")
    broken = image(mine, store, "verify", "freebsd-14")
    assert broken.code == 4
    assert f"but was sha256:{sha256} when it was made" in broken.stderr


def test_another_file_is_no_release(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "base.txz").write_bytes(lzma.compress(b"other"))
    done = image(mine, tmp_path / "store", "build", "freebsd-14", "--from", str(tmp_path / "base.txz"))
    assert done.code == 4
    assert f"{tmp_path}/base.txz is not base.txz: SHA256 " in done.stderr
    assert not (tmp_path / "store/images").exists()


def test_a_release_comes_from_its_mirrors_and_is_kept(tmp_path: Path, release: Path) -> None:
    """The first gives nothing, the second what was promised; then none is asked again."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(release.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            write_image(
                tmp_path / "mine", release, NETWORK, f"http://127.0.0.1:{server.server_port}/base.txz"
            )
            done = image(tmp_path / "mine", tmp_path / "store", "build", "freebsd-14")
        finally:
            server.shutdown()
            thread.join()
    assert done.code == 0, done.stderr
    again = image(tmp_path / "mine", tmp_path / "store", "verify", "freebsd-14", "--again")
    assert again.code == 0, again.stderr
    assert again.stdout.startswith("same again  freebsd-14")


def test_no_release_no_network_and_no_cache(mine: Path, engine: FreeBSD, tmp_path: Path) -> None:
    done = run("package", engine, mine, tmp_path / "store", tmp_path)
    assert done.code == 4
    assert "The image freebsd-14 cannot be made: base.txz is not to be had. Tried:" in done.stderr
    assert f"{NETWORK}: Connection refused" in done.stderr
    assert "image build freebsd-14 --from PATH|URL" in done.stderr
    done = run("package", engine, mine, tmp_path / "store", tmp_path, "--offline")
    assert done.code == 8
    assert "No image: freebsd-14 was never made here" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("build", "freebsd-14", "--mirror", "http://127.0.0.1:9"),
            "--mirror makes no sense for it, --from does",
        ),
        (("build", "zig", "--from", "base.txz"), "--from makes no sense for it"),
        (("build", "zig", "freebsd-14", "--from", "base.txz"), "--from goes with the name of one image"),
    ],
)
def test_what_makes_no_sense(words: tuple[str, ...], said: str, mine: Path, tmp_path: Path) -> None:
    done = image(mine, tmp_path, *words)
    assert done.code == 2
    assert said in done.stderr


# The engine


def test_a_build_by_freebsds_own_make_and_compiler(
    engine: FreeBSD, mine: Path, own_store: Path, tmp_path: Path
) -> None:
    done = run("package", engine, mine, own_store, tmp_path, "--fresh")
    assert done.code == 0, done.stderr
    # The image is the release, byte for byte.
    [taken] = engine.images.values()
    layer = hashlib.sha256((own_store / "images/freebsd-14-amd64.tar").read_bytes()).hexdigest()
    assert taken["RootFS"]["Layers"] == [f"sha256:{layer}"]
    assert taken["Labels"] == {"org.qmail-builder": layer}
    # The container is shut off with what there is on FreeBSD, and asked for nothing that there is not.
    [container] = engine.created
    host = {key: value for key, value in container["HostConfig"].items() if value is not None}
    assert host == {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "AutoRemove": True,
        "Tmpfs": dict.fromkeys(("/build", "/tmp"), f"exec,mode=1777,size={4 << 30}"),
        "Annotations": {"org.freebsd.jail.vnet": "new"},
    }
    assert container["Image"] == taken["Id"]
    assert container["User"] == "10001:10001"
    first, *others = engine.commands
    assert first["User"] == "0:0"
    assert "lo0 inet 127.0.0.1/8 up" in (engine.folder / "ifconfig").read_text()
    assert others
    assert not any(command.get("User") for command in others), "root runs nothing but the first"
    privileges = (engine.folder / "proccontrol").read_text().splitlines()
    assert privileges == ["-m nonewprivs -s enable"] * len(others)
    for limit in ("ulimit -c 0\n", "ulimit -t 3600\n", "ulimit -u ", f"ulimit -v {8 << 20}\n"):
        assert all(limit in command["Cmd"][2] for command in others)
    assert engine.running == set()
    # What came out is what was built there, and a package for FreeBSD.
    folder = tmp_path / f"quickstart@{AMD64}"
    log = (folder / "make.log").read_text()
    assert "--- " in log, "BSD make says which target it makes"
    assert "cc -O2 -fPIE -std=gnu17" in (folder / "manifest.json").read_text()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["inputs"]["compiler"] == f"clang of freebsd-14@sha256:{layer}"
    assert manifest["inputs"]["abi"] == "FreeBSD:14:amd64"
    [pkg] = folder.glob("*.pkg")
    assert verify_pkg(pkg.read_bytes()) == ()


@pytest.mark.slow
def test_the_real_netqmail_with_what_its_makefile_must_not_make(
    engine: FreeBSD, mine: Path, own_store: Path, netqmail: Tree, tmp_path: Path
) -> None:
    """Its Makefile would look up accounts; BSD make keeps auto_uids.c although it cannot be told to."""
    Store(own_store).keep_tree(netqmail)
    done = run("package", engine, mine, own_store, tmp_path, "--fresh", "--recipe", "bigconc")
    assert done.code == 0, done.stderr
    log = (tmp_path / f"bigconc@{AMD64}/make.log").read_text()
    assert "./auto-uid" not in log
    assert "./auto-str auto_qmail" in log, "what may run there does"
    [pkg] = (tmp_path / f"bigconc@{AMD64}").glob("*.pkg")
    assert verify_pkg(pkg.read_bytes()) == ()


def test_programs_that_are_not_freebsds_are_found_out(
    engine: FreeBSD, mine: Path, own_store: Path, tmp_path: Path
) -> None:
    """The fake's compiler is this machine's: the checks of the files say so, and nothing is packaged."""
    done = run("build", engine, mine, own_store, tmp_path)
    assert done.code == 6
    assert "elf-target" in done.stderr
    assert "has no FreeBSD note" in done.stdout
    assert re.search(r"spawn-direct +passed .* in the container", done.stdout), done.stdout
    assert list(tmp_path.glob("*@*")) == []


def test_a_jail_that_shares_the_network_of_its_host_is_refused(
    engine: FreeBSD, mine: Path, own_store: Path, tmp_path: Path
) -> None:
    engine.annotates = False
    done = run("package", engine, mine, own_store, tmp_path, "--fresh")
    assert done.code == 8
    assert "does not shut a container off: it is given the network of its host" in done.stderr
    assert "podman 5.1" in done.stderr
    assert len(engine.commands) == 1
    assert engine.running == set()


def test_what_an_engine_on_freebsd_cannot_build(
    engine: FreeBSD, mine: Path, with_zig: Path, tmp_path: Path
) -> None:
    done = run("package", engine, mine, with_zig, tmp_path, platform="freebsd-14-arm64")
    assert done.code == 8
    assert "The engine is FreeBSD on amd64, where freebsd-14-arm64 cannot be built." in done.stderr
    assert "It builds freebsd-14-amd64; Linux builds both: --backend sandbox." in done.stderr
    done = run("package", engine, mine, with_zig, tmp_path, platform="linux-musl-amd64")
    assert done.code == 8
    assert f"({engine.url}) is FreeBSD on amd64." in done.stderr
    assert "This engine builds: freebsd-14-amd64." in done.stderr
    assert engine.created == []


def test_an_engine_on_linux_goes_on_to_cross_compile(
    engine: FreeBSD, mine: Path, with_zig: Path, tmp_path: Path
) -> None:
    engine.os = "linux"
    run("package", engine, mine, with_zig, tmp_path)
    [taken] = engine.images.values()
    zig = json.loads((with_zig / "images/zig-amd64.json").read_text())
    assert taken["RootFS"]["Layers"] == [f"sha256:{zig['sha256']}"]
    [container] = engine.created
    assert container["HostConfig"]["CapDrop"] == ["ALL"]
    assert "Annotations" not in container["HostConfig"]


# Several engines


def test_an_engine_on_freebsd_gets_what_is_for_it_and_nothing_else(
    engine: FreeBSD, mine: Path, own_store: Path, tmp_path: Path
) -> None:
    away = f"unix://{tmp_path}/away"
    more = ("--platform", "linux-musl-amd64", "--engine", away)
    engine.arch = "arm64"
    done = run("build", engine, mine, own_store, tmp_path, *more)
    assert done.code == 8
    assert f"({away}) does not answer" in done.stdout
    for build in (f"quickstart@{AMD64}", "quickstart@linux-musl-amd64"):
        assert f"{build}  There is no engine left that can build it." in done.stdout
    assert engine.created == []


@pytest.mark.parametrize(
    ("machine", "platform", "there", "expected"),
    [
        (BSD, "freebsd-14-amd64", [BSD, LINUX], True),
        (LINUX, "freebsd-14-amd64", [BSD, LINUX], False),
        (LINUX, "freebsd-14-amd64", [LINUX], True),
        (LINUX, "freebsd-14-arm64", [BSD, LINUX], True),
        (BSD, "freebsd-14-arm64", [BSD, LINUX], False),
        (BSD, "linux-musl-amd64", [BSD], False),
        (LINUX, "linux-musl-amd64", [BSD, LINUX], True),
    ],
)
def test_who_builds_what(machine: Machine, platform: str, there: list[Machine], expected: bool) -> None:
    assert is_for(machine, platform_called(platform), there) == expected
