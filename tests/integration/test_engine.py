"""Finding an engine and speaking to it: away, too old, forbidden, by a context, over ssh, and several at once."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

from builder.backends.engine import connected, machine_of
from builder.errors import BackendError, UsageError
from builder.process import SYSTEM_PATH, find_program
from tests.command import command

DOCKER = ("build", "--backend", "docker")


def store_env(image_store: Path, **more: str) -> dict[str, str]:
    return {"QMAIL_BUILDER_STORE": str(image_store), **more}


# Away


def test_no_engine_is_said_with_what_to_do(image_store: Path, tmp_path: Path) -> None:
    away = f"unix://{tmp_path / 'nothing.sock'}"
    done = command(*DOCKER, "--out", tmp_path, env=store_env(image_store, DOCKER_HOST=away))
    assert done.code == 8
    assert f"error: The engine ({away}) does not answer: No such file or directory." in done.stderr
    assert "DOCKER_HOST or --engine says where it is; --backend sandbox or local needs none." in done.stderr


def test_nobody_listens(image_store: Path, tmp_path: Path) -> None:
    done = command(*DOCKER, "--engine", "tcp://127.0.0.1:9", "--out", tmp_path, env=store_env(image_store))
    assert done.code == 8
    assert "The engine (tcp://127.0.0.1:9) does not answer: Connection refused." in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user who may not")
def test_an_engine_that_one_may_not_use(fake: Fake) -> None:
    fake.path.chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(BackendError, match=r"does not answer: Permission denied") as error:
            machine_of(fake.url)
    finally:
        os.seteuid(0)
    assert "join its group (docker)" in error.value.hint


def test_an_engine_that_is_too_old(fake: Fake, image_store: Path, tmp_path: Path) -> None:
    fake.version = "1.39"
    done = command(*DOCKER, "--engine", fake.url, "--out", tmp_path, env=store_env(image_store))
    assert done.code == 8
    assert (
        f"The engine ({fake.url}) is too old: it speaks version 1.39 of the API, and 1.40 is needed."
        in done.stderr
    )
    assert "Docker 19.03" in done.stderr


@pytest.mark.parametrize("url", ["ftp://host", "unix://", "nonsense://"])
def test_a_url_that_means_nothing(url: str) -> None:
    with pytest.raises(BackendError):
        machine_of(url)


def test_an_engine_on_another_kind_of_machine(fake: Fake, image_store: Path, tmp_path: Path) -> None:
    fake.machine = "s390x"
    done = command(*DOCKER, "--engine", fake.url, "--out", tmp_path, env=store_env(image_store))
    assert done.code == 8
    assert f"the machine of the engine ({fake.url}) is Linux on s390x" in done.stderr


def test_engine_and_another_backend_contradict(image_store: Path) -> None:
    done = command("build", "--backend", "local", "--engine", "x", env=store_env(image_store))
    assert done.code == 2
    assert "--engine goes with --backend docker, not with local." in done.stderr
    done = command("build", "--backend", "podman", env=store_env(image_store))
    assert done.code == 2
    assert "There is no backend 'podman'." in done.stderr
    assert "Known: local, sandbox, docker." in done.stderr


# By a context


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A private DOCKER_CONFIG."""
    folder = tmp_path / "docker"
    folder.mkdir()
    return folder


def make_context(config: Path, name: str, url: str) -> None:
    meta = config / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    endpoint = {"Host": url, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}})
    )


def test_a_context_by_its_name(config: Path, fake: Fake, image_store: Path) -> None:
    make_context(config, "farm", fake.url)
    env = store_env(image_store, DOCKER_CONFIG=str(config), DOCKER_HOST="")
    done = command("doctor", "--engine", "farm", env=env)
    assert "containers of docker context farm, version fake" in done.stdout
    done = command("doctor", env={**env, "DOCKER_CONTEXT": "farm"})
    assert "containers of docker context farm, version fake" in done.stdout
    (config / "config.json").write_text(json.dumps({"currentContext": "farm"}))
    done = command("doctor", env=env)
    assert "containers of docker context farm, version fake" in done.stdout


def test_a_context_that_is_not_there(config: Path, image_store: Path, tmp_path: Path) -> None:
    env = store_env(image_store, DOCKER_CONFIG=str(config), DOCKER_HOST="")
    done = command(*DOCKER, "--engine", "nowhere", "--out", tmp_path / "out", env=env)
    assert done.code == 8
    assert "There is no docker context 'nowhere', and it is no URL either." in done.stderr


# Over ssh


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of an ssh server of our own, and an ssh on PATH that has our key and knows the server's."""
    program = find_program("sshd", f"{SYSTEM_PATH}:/usr/sbin")
    if program is None or find_program("ssh") is None:
        pytest.skip("no ssh server: apt-get install openssh-server")
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "mine.pub").read_text())
    port = free_port()
    Path("/run/sshd").mkdir(exist_ok=True)
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "authorized",
        "PidFile": tmp_path / "sshd.pid",
        "StrictModes": "no",
        "UsePAM": "no",
    }
    (tmp_path / "sshd_config").write_text("".join(f"{key} {value}\n" for key, value in options.items()))
    log = tmp_path / "sshd.log"
    server = subprocess.Popen([program, "-D", "-E", log, "-f", tmp_path / "sshd_config"])
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    key = f"-i {tmp_path}/mine -o IdentitiesOnly=yes"
    known = f"-o UserKnownHostsFile={tmp_path}/known -o StrictHostKeyChecking=accept-new"
    wrapper.write_text(f'#!/bin/sh\nexec {find_program("ssh")} -F none {key} {known} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    try:
        while server.poll() is None:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
        yield port
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.docker
def test_a_build_over_ssh(sshd: int, engine: str, image_store: Path, tmp_path: Path) -> None:
    url = f"ssh://{getpass.getuser()}@127.0.0.1:{sshd}{engine.removeprefix('unix://')}"
    done = command(
        *("package", "--engine", url, "--fresh", "--out", tmp_path / "out"),
        env=store_env(image_store, TMPDIR=str(tmp_path)),
    )
    assert done.code == 0, done.stderr + (tmp_path / "sshd.log").read_text()
    here = command(
        "package", "--backend", "local", "--fresh", "--out", tmp_path / "here", env=store_env(image_store)
    )
    assert here.code == 0, here.stderr
    for path in (tmp_path / "here").rglob("*.deb"):
        assert path.read_bytes() == (tmp_path / "out" / path.relative_to(tmp_path / "here")).read_bytes()
    # The connection and its folder are gone with the command.
    assert not list(tmp_path.glob("qmail-builder-*"))


def test_ssh_that_cannot_log_in(sshd: int, fake: Fake, tmp_path: Path) -> None:
    (tmp_path / "authorized").write_text("")
    with pytest.raises(BackendError, match=r"cannot be reached: .*Permission denied") as error:
        machine_of(f"ssh://{getpass.getuser()}@127.0.0.1:{sshd}{fake.path}")
    assert "without being asked for anything" in error.value.hint


def test_an_engine_that_is_away_behind_ssh(sshd: int) -> None:
    with pytest.raises(BackendError, match="does not answer"):
        machine_of(f"ssh://{getpass.getuser()}@127.0.0.1:{sshd}/nothing.sock")


def test_ssh_to_nowhere() -> None:
    with pytest.raises(BackendError, match=r"cannot be reached: .*Connection refused"):
        machine_of("ssh://127.0.0.1:9")


@pytest.mark.parametrize("url", ["ssh://", "ssh://-oProxyCommand=touch%20x/"])
def test_ssh_urls_without_a_host(url: str) -> None:
    with pytest.raises(UsageError, match="names no host"):
        machine_of(url)


# Several at once


@pytest.mark.docker
def test_several_engines_share_the_builds_and_a_dead_one_keeps_none(
    engine: str, image_store: Path, tmp_path: Path
) -> None:
    again = f"unix:///{engine.removeprefix('unix://')}"  # the same engine under another name
    done = command(
        *("build", "--recipe", "quickstart", "--platform", "linux-musl-amd64", "--platform", "native"),
        *(
            "--engine",
            engine,
            "--engine",
            f"unix://{tmp_path}/dead.sock",
            "--engine",
            again,
            "--out",
            tmp_path,
        ),
        env=store_env(image_store),
    )
    assert f"The engine (unix://{tmp_path}/dead.sock) does not answer" in done.stdout
    lines = [line for line in done.stdout.splitlines() if not line.startswith("The engine")]
    assert all(line.startswith(("quickstart@linux-musl-amd64  ", "quickstart@native  ")) for line in lines)
    assert (tmp_path / "quickstart@linux-musl-amd64/manifest.json").exists()
    # No container has this machine's own compiler: that one fails and keeps no other from being built.
    assert "quickstart@native  error: native means this machine's own compiler" in done.stdout
    assert done.code == 8
    assert done.stderr == "error: 1 of 2 builds failed: quickstart@native (exit code 8).\n"


def test_without_an_engine_builds_follow_each_other(image_store: Path, tmp_path: Path) -> None:
    done = command(
        *("build", "--recipe", "quickstart", "--recipe", "no-such", "--out", tmp_path),
        env=store_env(image_store),
    )
    assert done.code == 2, "what is wrong is said before anything is built"
    assert "no-such" in done.stderr
    assert done.stdout == ""


def test_no_engine_left(image_store: Path, tmp_path: Path) -> None:
    done = command(
        *("build", "--engine", f"unix://{tmp_path}/a", "--engine", f"unix://{tmp_path}/b", "--out", tmp_path),
        env=store_env(image_store),
    )
    assert done.code == 8
    assert "1 of 1 builds failed: quickstart@linux-musl-" in done.stderr


# An engine that only says who it is


class Fake:
    """What the fake engine answers."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"unix://{path}"
        self.version = "1.41"
        self.machine = "amd64"


class Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    # A socket's path has at most 107 bytes: not below the folder of a test with a long name.
    folder = tmp_path_factory.mktemp("fake")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    made = Fake(folder / "sock")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(
                {"ApiVersion": made.version, "Version": "fake", "Os": "linux", "Arch": made.machine}
            ).encode()
            self.send_response(200 if self.path.endswith("/version") else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_arguments: object) -> None:
            pass

    with Server(str(made.path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
    shutil.rmtree(folder)


def test_the_fake_is_good_enough(fake: Fake) -> None:
    with connected(fake.url) as found:
        assert found.version() == "version fake (linux, amd64)"
