"""Builds for systems that are not here: FreeBSD, and Linux on another processor. Nothing that was linked is run."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from builder import process
from builder.backends.local import LocalOpener
from builder.backends.sandbox import why_not
from builder.compiling.build import Build
from builder.compiling.elf import is_elf, programs_in
from builder.packaging.payload import payload_of
from builder.packaging.verify import verify_pkg
from builder.recipes.library import Library
from builder.sources.store import Store, default_store
from builder.toolchains import platforms
from builder.toolchains.platforms import Platform, default_platform
from builder.toolchains.toolchain import toolchain_for
from tests.building import built, recipe_plan
from tests.command import Ran, command

FREEBSD = ("freebsd-14-amd64", "freebsd-14-arm64")
OTHER = f"linux-musl-{'arm64' if platforms.machine_arch() == 'amd64' else 'amd64'}"


def package(store: Path, out: Path, *arguments: str, **environment: str) -> Ran:
    return command(
        "package", *arguments, "--out", out, env={"QMAIL_BUILDER_STORE": str(store), **environment}
    )


@pytest.mark.parametrize(
    "platform",
    # zig has to build musl for another processor first, which takes it most of a minute.
    [*FREEBSD, "debian-12-arm64", pytest.param(OTHER, marks=pytest.mark.slow)],
)
def test_the_quickstart_for_every_platform(store: Path, tmp_path: Path, platform: str) -> None:
    """The whole command: what cannot run is skipped with the reason, what can be proved is proved, exit code 0."""
    env = {"QMAIL_BUILDER_STORE": str(store)}
    ran = command("build", "--platform", platform, "--out", tmp_path, env=env)
    assert ran.code == 0, ran.stdout + ran.stderr
    folder = tmp_path / f"quickstart@{platform}"
    manifest = json.loads((folder / "manifest.json").read_text())
    checks = {check["name"]: check for check in manifest["checks"]}
    assert checks["spawn-direct"]["skipped"]
    assert checks["elf-target"]["passed"]
    assert checks["elf-libraries"]["passed"]
    assert checks["elf-hardening"]["passed"]
    assert ("FreeBSD" if platform in FREEBSD else "machine") in ran.stdout.partition("spawn-direct")[2]
    suffixes = {path.suffix for path in folder.iterdir()} & {".deb", ".pkg", ".zst"}
    assert suffixes == ({".pkg", ".zst"} if platform in FREEBSD else {".deb", ".zst"})
    assert manifest["inputs"]["abi"] == {
        "freebsd-14-amd64": "FreeBSD:14:amd64",
        "freebsd-14-arm64": "FreeBSD:14:aarch64",
    }.get(platform, "amd64" if platform.endswith("amd64") else "arm64")


@pytest.mark.parametrize("platform", FREEBSD)
def test_freebsds_packages_have_freebsds_ids_and_are_whole(
    store: Path, tmp_path: Path, platform: str
) -> None:
    ran = package(store, tmp_path, "--platform", platform)
    assert ran.code == 0, ran.stderr
    (file,) = (tmp_path / f"quickstart@{platform}").glob("*.pkg")
    assert verify_pkg(file.read_bytes()) == ()
    manifest = json.loads((file.parent / "manifest.json").read_text())
    assert manifest["inputs"]["ids"]["qmailr"] == 86
    assert manifest["inputs"]["ids"]["nofiles"] == 81
    verified = command("verify", file)
    assert verified.code == 0
    data = bytearray(file.read_bytes())
    (tmp_path / "other.pkg").write_bytes(data[:-40])
    assert command("verify", tmp_path / "other.pkg").code == 7


@pytest.mark.slow
@pytest.mark.parametrize("platform", FREEBSD)
def test_programs_are_identical_twice_with_nothing_shared(tmp_path: Path, platform: str) -> None:
    """Two stores and two caches of the compiler: every object is compiled twice, in another place."""
    made = []
    for name, environment in (("a", {}), ("another place", {"TZ": "Asia/Tokyo", "HOME": "/", "USER": "x"})):
        store = tmp_path / name
        env = {"QMAIL_BUILDER_STORE": str(store), **environment}
        ran = command("smoke", "--platform", platform, "--check", "elf-target", env=env)
        assert ran.code == 0, ran.stderr
        (folder,) = (path for path in (store / "builds").iterdir() if path.is_dir())
        made.append({program.name: (folder / program.name).read_bytes() for program in programs_in(folder)})
    assert set(made[0]) == {"qmail-rspawn", "qmail-remote"}
    assert made[0] == made[1]


@pytest.mark.parametrize("platform", [default_platform().id, FREEBSD[0]])
def test_a_sandbox_makes_the_same_packages_as_this_machine(
    store: Path, tmp_path: Path, platform: str
) -> None:
    if why_not():
        pytest.skip(f"there can be no sandbox here: {why_not()}")
    made = []
    for backend in ("local", "sandbox"):
        # Stores of their own, or the second would find everything compiled; with one cache of the compiler.
        place, out = tmp_path / f"store of {backend}", tmp_path / backend
        place.mkdir()
        (store / "toolchains").mkdir(parents=True, exist_ok=True)
        (place / "toolchains").symlink_to(store / "toolchains")
        ran = package(place, out, "--platform", platform, "--backend", backend)
        assert ran.code == 0, ran.stderr
        files = (out / f"quickstart@{platform}").iterdir()
        made.append(
            {file.name: file.read_bytes() for file in files if file.suffix in (".zst", ".deb", ".pkg")}
        )
        made[-1]["manifest.json"] = (out / f"quickstart@{platform}/manifest.json").read_bytes()
    assert len(made[0]) == 3
    assert made[0] == made[1]


@pytest.fixture(scope="session", params=FREEBSD)
def freebsd_vanilla(request: pytest.FixtureRequest, netqmail_store: Path) -> Build:
    """netqmail with nothing but modern-c, for FreeBSD."""
    return built(recipe_plan("vanilla", request.param), netqmail_store)


@pytest.mark.slow
@pytest.mark.netqmail
def test_all_49_programs_of_netqmail_for_freebsd(freebsd_vanilla: Build) -> None:
    programs = programs_in(freebsd_vanilla.folder)
    assert len(programs) == 49
    assert {"qbiff", "qmail-send", "qmail-smtpd", "install"} <= {program.name for program in programs}
    assert {program.needed for program in programs} == {("libc.so.7",)}
    probes = {
        "fork.h": b"vfork",
        "direntry.h": b"dirent",
        "hassalen.h": b"HASSALEN",
        "hasmkffo.h": b"HASMKFIFO",
        "hasflock.h": b"HASFLOCK",
    }
    for name, answer in probes.items():
        assert answer in (freebsd_vanilla.folder / name).read_bytes()
    assert (freebsd_vanilla.folder / "dns.lib").read_bytes() == b""


@pytest.mark.slow
@pytest.mark.netqmail
def test_nothing_linked_for_freebsd_may_be_executed(freebsd_vanilla: Build) -> None:
    """Not even by root: a file without any such permission is not started."""
    linked = [path for path in freebsd_vanilla.folder.iterdir() if is_elf(path) and path.suffix != ".o"]
    assert len(linked) == 49
    assert not [path.name for path in linked if path.stat().st_mode & 0o111]
    assert process.run([linked[0]]).output.endswith(b"Permission denied: '" + os.fsencode(linked[0]) + b"'")


@pytest.mark.slow
@pytest.mark.netqmail
def test_the_payload_of_netqmail_for_freebsd(freebsd_vanilla: Build, vanilla_build: Build) -> None:
    """The same files with the same modes as here, owned by FreeBSD's ids."""
    there, here = payload_of(freebsd_vanilla), payload_of(vanilla_build)
    assert [(entry.path, entry.kind, entry.mode, entry.user) for entry in there.entries] == [
        (entry.path, entry.kind, entry.mode, entry.user) for entry in here.entries
    ]
    queue = next(entry for entry in there.entries if entry.path.endswith("bin/qmail-queue"))
    assert (queue.mode, queue.uid, queue.gid) == (0o4711, 85, 82)
    assert {group.name: group.id for group in there.accounts.groups} == {"qmail": 82, "qnofiles": 81}


@pytest.mark.slow
@pytest.mark.netqmail
@pytest.mark.parametrize("platform", [*FREEBSD, OTHER, "debian-12-arm64"])
def test_bigconc_for_every_platform(netqmail_store: Path, tmp_path: Path, platform: str) -> None:
    env = {"QMAIL_BUILDER_STORE": str(netqmail_store)}
    ran = command("build", "--recipe", "bigconc", "--platform", platform, "--out", tmp_path, env=env)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "All 49 programs" in ran.stdout


def test_the_constants_are_those_of_the_programs_that_ran(
    quickstart_build: Build, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_as_if_cross(quickstart_build, "quickstart", store, monkeypatch)


@pytest.mark.slow
@pytest.mark.netqmail
def test_the_seeds_of_netqmail_give_the_programs_that_its_probes_give(
    bigconc_build: Build, netqmail_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_as_if_cross(bigconc_build, "bigconc", netqmail_store, monkeypatch)


def same_as_if_cross(ran: Build, recipe: str, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default platform with its probes and generators run, and with seeds in their place: the same bytes."""
    monkeypatch.setattr(Platform, "foreign", property(lambda _: True))
    seeded = built(recipe_plan(recipe, default_platform().id), store)
    assert seeded.folder != ran.folder
    made = [name for name in seeded.seeds if name.startswith("auto_")]
    assert {"auto_qmail.c", "auto_spawn.c", "auto_uids.c"} <= set(made)
    assert {name for name in made if seeded.seeds[name] != (ran.folder / name).read_bytes()} == set()
    programs = programs_in(seeded.folder)
    assert programs
    assert {
        program.name
        for program in programs
        if (seeded.folder / program.name).read_bytes() != (ran.folder / program.name).read_bytes()
    } == set()


RUNS_IT = """\
--- a/Makefile
+++ b/Makefile
@@ -5,7 +5,11 @@
 default: it
{blank}
 it: \\
-qmail-rspawn qmail-remote
+qmail-rspawn qmail-remote self-test
+
+self-test: \\
+qmail-remote
+\t{command}
{blank}
 auto-gid: \\
 load auto-gid.o autonum.o fmt_ulong.o subfd.o substdio.o
"""


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("./qmail-remote > self-test", "Makefile:12: to make self-test, ./qmail-remote would be run"),
        (
            "p=remote; ./qmail-$$p > self-test",
            "make tried to run ./qmail-remote, a program for another machine",
        ),
    ],
)
def test_what_would_run_the_target_is_refused(store: Path, tmp_path: Path, run: str, said: str) -> None:
    """Seen in the Makefile; and where that hides it, the system refuses to start the program."""
    patch = tmp_path / "self-test.patch"
    patch.write_text(RUNS_IT.format(command=run, blank=" "))
    ran = package(
        store, tmp_path / "out", "--base", "minispawn", "--patch", str(patch), "--platform", FREEBSD[0]
    )
    assert ran.code == 8, ran.stderr
    assert said in ran.stderr
    assert "target output about to be executed on the host (refused)" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_the_linker_leaves_only_programs_for_the_target_without_permission(
    store: Path, tmp_path: Path
) -> None:
    toolchain = toolchain_for(recipe_plan("quickstart", FREEBSD[0]).platform, store / "toolchains")
    (tmp_path / "p.c").write_text("int main(void) { return 0; }\n")
    compilers = {"theirs": toolchain.compile, "ours": toolchain.for_host(toolchain.compile)}
    with LocalOpener().open(toolchain) as backend:
        for name, compiler in compilers.items():
            done = backend.run([*compiler.split(), "-o", name, "p.c"], folder=tmp_path)
            assert done.ok, done.text
        assert stat.S_IMODE((tmp_path / "theirs").stat().st_mode) & 0o111 == 0
        assert backend.run(["./ours"], folder=tmp_path).ok
        assert not backend.run([*toolchain.compile.split(), "absent.c"], folder=tmp_path).ok


SMALLER = """\
--- a/select.h2
+++ b/select.h2
@@ -1,6 +1,7 @@
 #ifndef SELECT_H
 #define SELECT_H
{blank}
+#undef FD_SETSIZE
 #include <sys/types.h>
 #include <sys/time.h>
 #include <sys/select.h>
"""


@pytest.mark.parametrize(("patches", "code"), [("", 0), (', "smaller.patch"', 5)])
def test_an_fd_set_that_is_not_what_was_said_does_not_compile(
    store: Path, tmp_path: Path, patches: str, code: int
) -> None:
    """FreeBSD's fd_set is as large as FD_SETSIZE says, unless something undoes that: the assertion tells."""
    (tmp_path / "smaller.patch").write_text(SMALLER.format(blank=" "))
    recipe = tmp_path / "recipes/mine.toml"
    recipe.parent.mkdir()
    patches = patches.replace("smaller", str(tmp_path / "smaller"))
    recipe.write_text(
        f'name = "mine"\nsummary = "s"\nbase = "minispawn"\npatches = ["big-concurrency"{patches}]\n'
        "[conf]\nconf-spawn = 1000\n[defines]\nFD_SETSIZE = 4096\n"
    )
    arguments = ("--recipe", "mine", "--path", str(tmp_path), "--platform", FREEBSD[0])
    ran = package(store, tmp_path / "out", *arguments)
    assert ran.code == code, ran.stderr
    assert ("fd_set is too small for conf-spawn" in ran.stderr) == bool(code)


TLS = """\
--- a/Makefile
+++ b/Makefile
@@ -5,7 +5,15 @@
 default: it
{blank}
 it: \\
-qmail-rspawn qmail-remote
+qmail-rspawn qmail-remote tls-client
+
+tls-client: \\
+load tls-client.o
+\t./load tls-client -lssl -lcrypto
+
+tls-client.o: \\
+compile tls-client.c
+\t./compile tls-client.c
{blank}
 auto-gid: \\
 load auto-gid.o autonum.o fmt_ulong.o subfd.o substdio.o
--- /dev/null
+++ b/tls-client.c
@@ -0,0 +1,12 @@
+#include <unistd.h>
+#include <openssl/ssl.h>
+
+int main(void)
+{{
+  SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
+  SSL *ssl = ctx ? SSL_new(ctx) : 0;
+
+  if (!ssl) _exit(111);
+  SSL_set_fd(ssl,6);
+  _exit(SSL_connect(ssl) == 1 ? 0 : 1);
+}}
"""


@pytest.fixture
def tls_recipe(tmp_path: Path) -> Path:
    """A folder with a recipe for minispawn and one more program, which speaks TLS."""
    (tmp_path / "tls.patch").write_text(TLS.format(blank=" "))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes/tls.toml").write_text(
        f'name = "tls"\nsummary = "s"\nbase = "minispawn"\npatches = ["{tmp_path}/tls.patch"]\n'
        'libraries = ["openssl"]\nchecks = []\n'
    )
    return tmp_path


def smoke_tls(folder: Path, store: Path, platform: str) -> Ran:
    arguments = ("--recipe", "tls", "--path", folder, "--platform", platform, "--offline")
    return command("smoke", *arguments, env={"QMAIL_BUILDER_STORE": str(store)})


@pytest.mark.slow
@pytest.mark.parametrize("platform", FREEBSD)
def test_tls_is_linked_statically(store: Path, tls_recipe: Path, platform: str) -> None:
    """OpenSSL is compiled once for the platform; the program then needs libc.so.7 and nothing else."""
    library, path = Library.of().linked("openssl")
    digest = library.tree
    tree = Store(default_store()).tree(digest) if digest else None
    if tree is None:
        pytest.skip(f"the source of {library.name} is not in the store: `fetch {path.stem}` brings it")
    Store(store).keep_tree(tree)
    ran = smoke_tls(tls_recipe, store, platform)
    assert ran.code == 0, ran.stderr
    assert "openssl 3.5" in ran.stdout
    assert "All 3 programs need libc.so.7 and nothing else." in ran.stdout
    assert smoke_tls(tls_recipe, store, platform).code == 0


def test_without_the_librarys_source_that_is_said(tls_recipe: Path) -> None:
    ran = smoke_tls(tls_recipe, tls_recipe / "empty-store", FREEBSD[0])
    assert ran.code == 4
    assert "openssl" in ran.stderr
    assert "--from" in ran.stderr
