"""Building in containers: that they are shut off, that the work comes back whole, and that nothing of them stays."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import docker
import docker.errors
import pytest

from builder.backends.container import OWNER, container
from builder.backends.docker import Docker, DockerOpener
from builder.backends.engine import LABEL, connected
from builder.backends.imported import engine_image
from builder.backends.packed import split_changes, unpacked
from builder.console import Quiet
from builder.errors import BackendError
from builder.images.kept import Shelf
from builder.images.source import ImageSource, source_of_kept
from builder.toolchains.platforms import default_platform, machine_arch, platform_called
from builder.toolchains.toolchain import Toolchain, toolchain_for, zig_version
from tests.command import TOP, command
from tests.engine import Dockerd, keeping_image

pytestmark = pytest.mark.docker

PLAIN = Toolchain(
    name="none",
    version="none",
    compile="",
    link="",
    programs={"hello": 'echo "hello $1"'},
    writes=(Path("/nonexistent/cache"),),
)
SOON = 20.0
"""Seconds in which an engine has removed what it was asked to."""


@pytest.fixture(scope="session")
def zig_image(image_store: Path) -> ImageSource:
    return source_of_kept(keeping_image("zig", image_store), Shelf(image_store))


@pytest.fixture
def opener(engine: str, zig_image: ImageSource) -> DockerOpener:
    return DockerOpener(zig_image, Quiet(), engine)


@pytest.fixture
def backend(opener: DockerOpener) -> Iterator[Docker]:
    with opener.open(PLAIN) as opened:
        yield opened


@pytest.fixture
def api(engine: str) -> Iterator[docker.APIClient]:
    with connected(engine) as found:
        yield found.api


def said(backend: Docker, folder: Path, script: str) -> str:
    """What a shell script in the container prints."""
    done = backend.run(["sh", "-c", script], folder=folder, timeout=60)
    assert done.ok, done
    return done.text


def until(what: Callable[[], bool]) -> bool:
    """Whether it becomes true soon."""
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def names_of(api: docker.APIClient, pid: int, *, running: bool = False) -> list[str]:
    """The containers of a builder's process: those that run, or all."""
    found = api.containers(all=not running, filters={"label": LABEL})
    return [one["Names"][0] for one in found if one["Labels"][OWNER].endswith(f":{pid}")]


def is_removed(api: docker.APIClient, volume: str) -> bool:
    """Whether a volume could be removed: not while an engine still takes its container down."""
    with suppress(docker.errors.APIError):
        api.remove_volume(volume)
        return True
    return False


# Shut off


def test_no_network(backend: Docker, tmp_path: Path) -> None:
    assert said(backend, tmp_path, "ls /sys/class/net") == "lo\n"
    assert said(backend, tmp_path, "cut -f1,2 /proc/net/route | tail -n +2") == ""


def test_no_rights(backend: Docker, tmp_path: Path) -> None:
    status = said(backend, tmp_path, "id -u; id -G; cat /proc/self/status")
    assert status.startswith("10001\n10001\n")
    assert re.findall(r"^Cap(?:Prm|Eff|Bnd|Amb):\s*(\w+)$", status, re.MULTILINE) == ["0" * 16] * 4
    assert "NoNewPrivs:\t1" in status


def test_nothing_can_be_written_but_its_own_folders(backend: Docker, tmp_path: Path) -> None:
    script = (
        "for d in / /bin /etc /home /opt /root /usr /usr/local /var /var/lib /proc/sys/kernel /sys /dev; do"
        ' if touch "$d/x" 2>/dev/null; then echo "$d"; fi; done; for d in /tmp /build /cache .; do touch "$d/x" && rm "$d/x"; done'
    )
    assert said(backend, tmp_path, script) == ""
    mounts = said(backend, tmp_path, "cat /proc/mounts")
    assert re.search(r"^\S+ / \S+ ro,", mounts, re.MULTILINE)
    assert re.search(r"^tmpfs /build tmpfs rw,", mounts, re.MULTILINE)
    assert re.search(r"^tmpfs /tmp tmpfs rw,", mounts, re.MULTILINE)


def test_nothing_of_this_machine_is_there(backend: Docker, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("here")
    other = tmp_path.parent / "other"
    other.mkdir(exist_ok=True)
    script = f"ls; for f in {TOP} {other} {tmp_path} {Path.home()}/.cache; do if test -e $f; then echo $f; fi; done; hostname"
    assert said(backend, tmp_path, script) == "mine\nbuilder\n"


def test_the_environment_is_the_same_everywhere(
    backend: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QMAIL_SECRET", "x")
    names = {line.partition("=")[0] for line in said(backend, tmp_path, "env").splitlines()}
    assert names == {"PATH", "HOME", "LC_ALL", "TZ", "SOURCE_DATE_EPOCH", "TMPDIR", "PWD"}


def test_processes_are_limited(engine: str, zig_image: ImageSource) -> None:
    # Once it can start no more it waits until those that it did start have ended, without any other.
    script = "(i=0; while test $i -lt 100; do sleep 4 & i=$((i+1)); done) 2>&1; exec sleep 6"
    with connected(engine) as found:
        image = engine_image(found, zig_image, Quiet())
        with container(found, image, cache=None, processes=64) as made:
            assert b"Cannot fork" in made.run(["sh", "-c", script], environment={}, stamp="/").output


def test_memory_is_limited(engine: str, zig_image: ImageSource) -> None:
    hog = "head -c 200000000 /dev/zero | tail > /dev/null"
    with connected(engine) as found:
        image = engine_image(found, zig_image, Quiet())
        with container(found, image, cache="qmail-builder-test", memory=64 << 20) as made:
            assert made.run(["sh", "-c", hog.replace("200", "2")], environment={}, stamp="/").code == 0
            with pytest.raises(BackendError, match="needs more memory") as error:
                made.run(["sh", "-c", f"{hog}; exit 3"], environment={}, stamp="/")
        assert until(lambda: is_removed(found.api, "qmail-builder-test"))
    assert "--jobs" in error.value.hint


def test_files_in_memory_count_as_memory(engine: str, zig_image: ImageSource) -> None:
    with connected(engine) as found:
        image = engine_image(found, zig_image, Quiet())
        with (
            container(found, image, cache="qmail-builder-test2", memory=64 << 20) as made,
            pytest.raises(BackendError, match=r"needs more memory|container ended before|does not exist"),
        ):
            made.run(["sh", "-c", "head -c 200000000 /dev/zero > file; exit 3"], environment={}, stamp="/")
        assert until(lambda: is_removed(found.api, "qmail-builder-test2"))


def test_time_is_limited_and_the_next_program_runs_again(backend: Docker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    late = backend.run(["sh", "-c", "echo begun; sleep 600"], folder=tmp_path, timeout=2)
    assert late.timed_out
    assert late.text == "begun\n"
    assert said(backend, tmp_path, "cat file; hello again") == "kepthello again\n"


# The work


def test_what_a_program_does_to_its_folder_is_done_here(backend: Docker, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("same", "changed", "removed", "sub/deep"):
        (tmp_path / name).write_text(name)
    (tmp_path / "script").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "script").chmod(0o755)
    script = "./script > new; echo more >> changed; rm removed; cp -p sub/deep sub/copy; ln -s new link; mkfifo pipe"
    assert said(backend, tmp_path, script) == ""
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert names == {"same", "changed", "sub", "sub/deep", "sub/copy", "script", "new", "link"}
    assert (tmp_path / "changed").read_text() == "changedmore\n"
    assert (tmp_path / "new").read_text() == "ran\n"
    # And back again: what happens here in between is seen there.
    (tmp_path / "same").unlink()
    (tmp_path / "sub/copy").write_text("edited")
    (tmp_path / "made here").write_text("")
    assert (
        said(backend, tmp_path, "ls; cat sub/copy")
        == "changed\nlink\nmade here\nnew\npipe\nscript\nsub\nedited"
    )


def test_other_folders_can_be_read_under_their_own_names(backend: Docker, tmp_path: Path) -> None:
    work, other, longer = (tmp_path / name for name in ("work", "other", "other-folder"))
    for folder in (work, other, longer):
        folder.mkdir()
        (folder / "file").write_text(folder.name)
    done = backend.run(
        ["cat", str(other / "file"), str(longer / "file")], folder=work, reads=(other, longer), timeout=60
    )
    assert done.text == "otherother-folder"
    done = backend.run(
        ["sh", "-c", 'cat "$DIR/file"'],
        folder=work,
        reads=(other,),
        environment={"DIR": str(other)},
        timeout=60,
    )
    assert done.text == "other"


def test_what_a_compiler_reads_besides_is_there(opener: DockerOpener, tmp_path: Path) -> None:
    work, library = tmp_path / "work", tmp_path / "library"
    for folder in (work, library / "lib"):
        folder.mkdir(parents=True)
    (library / "lib/libfile.a").write_text("archive\n")
    programs = {"ld": f'cat "{library}/lib/libfile.a"'}
    toolchain = replace(PLAIN, programs=programs, reads=(library,), environment={"LIB": f"{library}/lib"})
    with opener.open(toolchain) as opened:
        assert said(opened, work, 'ld; ls "$LIB"') == "archive\nlibfile.a\n"


def test_how_programs_end(backend: Docker, tmp_path: Path) -> None:
    assert backend.run(["sh", "-c", "exit 3"], folder=tmp_path).returncode == 3
    missing = backend.run(["no-such-program"], folder=tmp_path)
    assert (missing.returncode, missing.how) == (127, "not found (127)")
    both = "for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i >&2; done"
    assert said(backend, tmp_path, both) == "".join(f"{i}\n{i}\n" for i in range(1, 10))


@pytest.mark.slow
def test_a_compiler_warns_each_time(opener: DockerOpener, tmp_path: Path) -> None:
    """Its cache outlives the container, and zig says nothing of what it finds in there."""
    (tmp_path / "x.c").write_text("int f(void) { int a; return a; }\n")
    platform = default_platform()
    toolchain = toolchain_for(platform, tmp_path / "cache")
    for _ in range(2):
        with opener.open(toolchain) as opened:
            assert "warning: " in said(opened, tmp_path, f"{toolchain.compile} -Wall -c x.c")


def test_the_output_comes_live(backend: Docker, tmp_path: Path) -> None:
    heard = []

    def stop(line: bytes) -> None:
        heard.append(line)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.run(["sh", "-c", "echo one; sleep 600"], folder=tmp_path, timeout=500, on_line=stop)
    assert heard == [b"one\n"]


def test_lines_stay_whole(backend: Docker, tmp_path: Path) -> None:
    heard: list[bytes] = []
    script = "printf 'a\\nb'; sleep 0.2; printf 'c\\nlast'"
    backend.run(["sh", "-c", script], folder=tmp_path, timeout=60, on_line=heard.append)
    assert heard == [b"a\n", b"bc\n", b"last"]


def test_an_archive_cannot_leave_the_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("../outside", "/tmp/qmail-builder-escaped", "fine"):
            archive.addfile(tarfile.TarInfo(name))
        for name, target in (("link", "../outside"), ("far", "/etc/passwd")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
        fifo = tarfile.TarInfo("pipe")
        fifo.type = tarfile.FIFOTYPE
        archive.addfile(fifo)
    inside = tmp_path / "inside"
    inside.mkdir()
    unpacked(buffer.getvalue(), inside)
    assert not (tmp_path / "outside").exists()
    assert not Path("/tmp/qmail-builder-escaped").exists()
    with pytest.raises(BackendError, match="no whole archive"):
        unpacked(b"rubbish" * 100, inside)
    names = {path.name for path in inside.iterdir()}
    assert "fine" in names
    assert not names & {"link", "far", "pipe"}


def test_what_was_lost_on_the_way_can_be_asked_for_again(backend: Docker, tmp_path: Path) -> None:
    (tmp_path / "given").write_text("given")
    said(backend, tmp_path, "echo made > made")
    again = backend._container.run(["true"], environment={}, folder=f"{backend._home}/0", stamp="/").changes
    names, archive = split_changes(again)
    assert names == {"given", "made"}
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        assert {entry.name for entry in opened} == {"./given", "./made"}
    assert split_changes(b"\0archive") == (frozenset(), b"archive")
    for lost in (b"", b"./given", b"./given\0./made\0"):
        with pytest.raises(BackendError, match="did not give back what was made"):
            split_changes(lost)


@pytest.mark.slow
@pytest.mark.parametrize("platform", [default_platform().id, "freebsd-14-amd64"])
def test_every_backend_gives_the_same_bytes(
    platform: str, engine: str, image_store: Path, tmp_path: Path
) -> None:
    made = {}
    for backend in ("local", "sandbox", "docker"):
        out = tmp_path / backend
        done = command(
            *("package", "--platform", platform, "--backend", backend, "--fresh", "--out", out),
            env={"QMAIL_BUILDER_STORE": str(image_store), "DOCKER_HOST": engine},
        )
        if backend == "sandbox" and "can be no sandbox here" in done.stderr:
            continue
        assert done.code == 0, done.stderr
        files = sorted(path for path in out.rglob("*") if path.is_file())
        made[backend] = {
            path.name: path.read_bytes() for path in files if path.name not in ("make.log", "report.json")
        }
        assert len(made[backend]) == 3
    assert made["docker"] == made["local"]
    assert made.get("sandbox", made["local"]) == made["local"]


@pytest.mark.slow
@pytest.mark.skipif(
    machine_arch() != "amd64", reason="the image of debian-12-amd64 is made on an amd64 machine"
)
def test_a_platform_is_built_in_its_image_without_being_asked(
    engine: str, image_store: Path, tmp_path: Path
) -> None:
    kept = keeping_image("debian-12", image_store)
    done = command(
        *("build", "--platform", "debian-12-amd64", "--fresh", "--out", tmp_path),
        env={"QMAIL_BUILDER_STORE": str(image_store), "DOCKER_HOST": engine},
    )
    assert done.code == 0, done.stderr
    compiler = f"gcc {kept.packages['gcc']} of debian-12@sha256:{kept.sha256}"
    assert f"compile    {compiler[:-52]}…, " in done.stdout
    folder = tmp_path / "quickstart@debian-12-amd64"
    assert compiler in (folder / "manifest.json").read_text()
    assert {path.suffix for path in folder.glob("minispawn-quickstart*")} == {".zst", ".deb"}
    again = command(
        *("package", "--platform", "debian-12-amd64", "--fresh", "--out", tmp_path / "again"),
        env={"QMAIL_BUILDER_STORE": str(image_store), "DOCKER_HOST": engine},
    )
    assert again.code == 0, again.stderr
    for path in folder.glob("minispawn-*"):
        assert (tmp_path / "again" / folder.name / path.name).read_bytes() == path.read_bytes()


# Nothing stays


def test_a_container_is_gone_after_failure_and_interruption(
    opener: DockerOpener, api: docker.APIClient
) -> None:
    for error in (SystemExit, RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), opener.open(PLAIN):  # noqa: PT012 - it must be there before it is gone
            assert len(names_of(api, os.getpid())) == 1
            raise error
        assert until(lambda: not names_of(api, os.getpid()))


@pytest.fixture
def building(
    engine: str, image_store: Path, api: docker.APIClient, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A build that works in its container right now."""
    env = {
        **os.environ,
        "QMAIL_BUILDER_STORE": str(image_store),
        "DOCKER_HOST": engine,
        "TMPDIR": str(tmp_path),
    }
    flags = ("--backend", "docker", "--fresh", "--out", str(tmp_path / "out"))
    words = [sys.executable, str(TOP / "tasks.py"), "build", *flags]
    running = subprocess.Popen(words, env=env, cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert until(lambda: bool(names_of(api, running.pid, running=True)) or running.poll() is not None)
        assert running.poll() is None, running.stderr and running.stderr.read()
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(
    number: signal.Signals, building: subprocess.Popen[bytes], api: docker.APIClient, tmp_path: Path
) -> None:
    building.send_signal(number)
    assert building.wait(60) == 130
    assert until(lambda: not names_of(api, building.pid))
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_killed_build_takes_its_container_along(
    building: subprocess.Popen[bytes], api: docker.APIClient, engine: str, image_store: Path, tmp_path: Path
) -> None:
    left = tempfile.mkdtemp(prefix=f"qmail-builder-check-{building.pid}-", dir=tmp_path)
    mine = tempfile.mkdtemp(prefix=f"qmail-builder-check-{os.getpid()}-", dir=tmp_path)
    building.kill()
    building.wait(60)
    assert until(lambda: not names_of(api, building.pid))
    done = command(
        "doctor",
        "--clean",
        env={"DOCKER_HOST": engine, "QMAIL_BUILDER_STORE": str(image_store), "TMPDIR": str(tmp_path)},
    )
    assert done.code == 0, done.stderr
    assert f"removed  folder {left}\n" in done.stdout
    assert not Path(left).exists()
    assert Path(mine).exists()


def test_doctor_removes_what_nobody_needs_and_says_so(
    engine: str, api: docker.APIClient, zig_image: ImageSource, image_store: Path, opener: DockerOpener
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with opener.open(PLAIN):  # which has a container, an image and a volume that are needed
        host = OWNER_HOST
        with connected(engine) as found:
            image = engine_image(found, zig_image, Quiet())
        for name, owner in (("left", f"{host}:{ended.pid}"), ("elsewhere", "another-machine:1")):
            api.create_container(
                image,
                ["true"],
                name=f"qmail-builder-test-{name}",
                labels={LABEL: "build", OWNER: owner},
            )
        api.create_volume("qmail-builder-cache-zig-0.0.1", labels={LABEL: "cache"})
        api.import_image_from_data(
            empty_tar(), repository="qmail-builder/test", tag="old", changes=[f"LABEL {LABEL}={'0' * 64}"]
        )
        done = command(
            "doctor", "--clean", env={"DOCKER_HOST": engine, "QMAIL_BUILDER_STORE": str(image_store)}
        )
        assert names_of(api, os.getpid())
    api.remove_container("qmail-builder-test-elsewhere")
    assert done.code == 0, done.stderr
    removed = {line.removeprefix("removed  ") for line in done.stdout.splitlines() if "folder" not in line}
    (image,) = (line for line in removed if line.startswith("image "))
    assert "qmail-builder/test:" in image, "podman says docker.io/ before it, and another tag"
    assert removed - {image} == {
        "container qmail-builder-test-left",
        "volume qmail-builder-cache-zig-0.0.1",
    }
    again = command("doctor", "--clean", env={"DOCKER_HOST": engine, "QMAIL_BUILDER_STORE": str(image_store)})
    assert "container" not in again.stdout


OWNER_HOST = os.uname().nodename


def empty_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    return buffer.getvalue()


@pytest.mark.slow
def test_an_engine_that_dies_is_said_and_the_next_run_goes_on(
    zig_image: ImageSource, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    dockerd = Dockerd(tmp_path_factory.mktemp("dies"))
    dockerd.start()
    opener = DockerOpener(zig_image, Quiet(), dockerd.url)
    try:
        with pytest.raises(BackendError, match=r"does not answer|lost"), opener.open(PLAIN) as opened:
            opened.run(
                ["sh", "-c", "echo begun; sleep 600"],
                folder=tmp_path,
                on_line=lambda _line: dockerd.stop(signal.SIGKILL),
            )
        dockerd.start()
        with opener.open(PLAIN) as opened:
            assert said(opened, tmp_path, "hello again") == "hello again\n"
    finally:
        with suppress(BackendError), connected(dockerd.url) as found:
            for one in found.api.containers(all=True):
                found.api.remove_container(one["Id"], force=True)
        dockerd.remove()


def test_native_has_no_container(engine: str, image_store: Path) -> None:
    done = command(
        *("build", "--platform", "native", "--engine", engine), env={"QMAIL_BUILDER_STORE": str(image_store)}
    )
    assert done.code == 8
    assert "native means this machine's own compiler, which no container has." in done.stderr
    assert "--backend sandbox" in done.stderr


def test_a_compiler_of_an_image_needs_an_engine(image_store: Path) -> None:
    done = command(
        *("build", "--platform", "debian-12-amd64", "--backend", "local"),
        env={"QMAIL_BUILDER_STORE": str(image_store)},
    )
    assert done.code == 8
    assert "built with the compiler of the image debian-12, and no backend here has that" in done.stderr
    assert "What can be built here: linux-musl-" in done.stderr


def test_the_toolchain_of_a_container_is_the_one_of_this_machine(
    opener: DockerOpener, tmp_path: Path
) -> None:
    platform = default_platform()
    here = toolchain_for(platform, tmp_path)
    assert opener.toolchain(platform, tmp_path) == here
    assert here.version == zig_version()
    assert opener.toolchain(platform_called("debian-12-amd64"), tmp_path).name == "gcc"
