"""An engine that speaks as podman 5 on FreeBSD does, for tests where there is no FreeBSD.

Its dialogue is the real one: what it is asked for is recorded, and programs are run, on this machine, in a folder that
stands for the container's /build. They are of FreeBSD's kind where Linux has them: bmake is FreeBSD's make, bsdtar its
tar. The C compiler is this machine's: what comes out are Linux programs, and nothing here proves that any runs on FreeBSD.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from builder import process

_STUBS = {
    # proccontrol -m MODE -s STATE COMMAND…
    "proccontrol": 'echo "$1 $2 $3 $4" >> "$FAKE/proccontrol"; shift 4; exec "$@"',
    "sysctl": 'test "$*" = "-n security.jail.vnet" && cat "$FAKE/vnet"',
    "ifconfig": 'echo "$@" >> "$FAKE/ifconfig"',
}
"""Programs of FreeBSD's that Linux does not have."""
_OUTPUT, _ERRORS = 1, 2


@dataclass
class FreeBSD:
    """The engine: where it is, what it says of itself, and what it was asked for."""

    folder: Path
    os: str = "freebsd"
    arch: str = "amd64"
    annotates: bool = True
    """Whether annotations reach the jail, as they do since podman 5.1."""
    created: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, dict[str, Any]] = field(default_factory=dict)
    commands: list[dict[str, Any]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'sock'}"

    @property
    def build(self) -> Path:
        """What stands for /build of its containers."""
        return self.folder / "build"

    def take_image(self, changes: str, layer: bytes) -> str:
        """Import an image; its id."""
        digest = hashlib.sha256(layer).hexdigest()
        name, _, value = changes.removeprefix("LABEL ").partition("=")
        identity = f"sha256:{hashlib.sha256(digest.encode()).hexdigest()}"
        self.images[identity] = {
            "Id": identity,
            "Labels": {name: value},
            "Os": self.os,
            "RootFS": {"Type": "layers", "Layers": [f"sha256:{digest}"]},
        }
        return identity

    def create(self, name: str, wanted: dict[str, Any]) -> None:
        """Make a container; all of them share one /build, since nothing here has two at once."""
        self.created.append({"Name": name, **wanted})
        self.running.add(name)
        annotations = wanted["HostConfig"].get("Annotations", {}) if self.annotates else {}
        (self.folder / "vnet").write_text(
            "1\n" if annotations.get("org.freebsd.jail.vnet") == "new" else "0\n"
        )
        shutil.rmtree(self.build, ignore_errors=True)
        self.build.mkdir()

    def start(self, wanted: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        """Run what was asked for as the container would."""
        return subprocess.Popen(
            [self.inside(word) for word in wanted["Cmd"]],
            cwd=self.inside(wanted.get("WorkingDir") or "/"),
            env={"PATH": self.path("/sbin:/bin")},
            stdin=subprocess.PIPE if wanted.get("AttachStdin") else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def inside(self, word: str) -> str:
        """A word with /build, and a PATH, as it is here."""
        name, is_path, value = word.partition("PATH=")
        if is_path and not name:
            return f"PATH={self.path(value)}"
        return re.sub(r"^(\w+=)?/build(?=/|$)", rf"\g<1>{self.build}", word)

    def path(self, given: str) -> str:
        """FreeBSD's own programs stand for the system's; what the builder put before them stays before them."""
        parts = [self.inside(part) for part in given.split(":")]
        tools = [str(self.folder / "tools"), process.SYSTEM_PATH]
        return ":".join([*(part for part in parts if part.startswith(str(self.build))), *tools])


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def freebsd_engine(folder: Path) -> Iterator[FreeBSD]:
    """Such an engine, with its socket in `folder`; the test is skipped where what it needs is missing."""
    made = FreeBSD(folder)
    tools = folder / "tools"
    tools.mkdir(parents=True)
    for name, program, package in (
        ("make", "bmake", "bmake"),
        ("tar", "bsdtar", "libarchive-tools"),
        ("cc", "cc", "gcc"),
    ):
        found = process.find_program(program)
        if found is None:
            pytest.skip(f"{program} is missing (apt-get install {package})")
        (tools / name).symlink_to(found)
    for name, body in _STUBS.items():
        (tools / name).write_text(f"#!/bin/sh\nFAKE={folder}\n{body}\n")
        (tools / name).chmod(0o755)

    class Handler(_Handler):
        engine = made

    with _Server(str(folder / "sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: FreeBSD

    def do_GET(self) -> None:
        path, _ = self._asked()
        said: object
        if path == "/version":
            said = {"ApiVersion": "1.41", "Version": "5.7.1", "Os": self.engine.os, "Arch": self.engine.arch}
        elif path == "/images/json":
            said = list(self.engine.images.values())
        elif path.startswith("/images/"):
            said = self.engine.images[path.split("/")[2]]
        elif path.startswith("/exec/"):
            said = {"ExitCode": self.engine.commands[int(path.split("/")[2])]["ExitCode"]}
        else:
            raise AssertionError(f"nobody expected GET {path}")
        self._answer(200, said)

    def do_POST(self) -> None:
        path, query = self._asked()
        body = self._body()
        name = path.split("/")[2]
        if path == "/images/create":
            self._answer(200, {"status": self.engine.take_image(query["changes"], body)})
        elif path == "/containers/create":
            self.engine.create(query["name"], json.loads(body))
            self._answer(201, {"Id": query["name"], "Warnings": []})
        elif path.endswith("/attach"):
            self._upgrade()
            self.rfile.read()
        elif path.endswith("/exec"):
            self.engine.commands.append({**json.loads(body), "ExitCode": None})
            self._answer(201, {"Id": str(len(self.engine.commands) - 1)})
        elif path.startswith("/exec/") and path.endswith("/start"):
            self._upgrade()
            self._run(self.engine.commands[int(name)])
        elif path == "/volumes/create":
            self._answer(201, {"Name": json.loads(body)["Name"]})
        elif path.endswith(("/start", "/kill")):
            self._answer(204, None)
        else:
            raise AssertionError(f"nobody expected POST {path}")

    def do_DELETE(self) -> None:
        self.engine.running.discard(self._asked()[0].split("/")[2])
        self._answer(204, None)

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        return re.sub(r"^/v1\.\d+", "", parts.path), query

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(self, status: int, said: object) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _upgrade(self) -> None:
        """From here on the connection is a program's input and output."""
        self.close_connection = True
        self.send_response(101)
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "tcp")
        self.end_headers()

    def _run(self, wanted: dict[str, Any]) -> None:
        with self.engine.start(wanted) as running:
            writing = threading.Lock()

            def send(channel: int, pipe: Any) -> None:
                while piece := pipe.read1(65536):
                    with writing:
                        self.wfile.write(bytes([channel, 0, 0, 0]) + len(piece).to_bytes(4, "big") + piece)

            def receive() -> None:
                assert running.stdin is not None
                with suppress(OSError, ValueError):
                    while piece := cast("Any", self.rfile).read1(65536):
                        running.stdin.write(piece)
                        running.stdin.flush()

            pumps = [
                threading.Thread(target=send, args=(_OUTPUT, running.stdout)),
                threading.Thread(target=send, args=(_ERRORS, running.stderr)),
            ]
            for pump in pumps:
                pump.start()
            if running.stdin is not None:
                threading.Thread(target=receive, daemon=True).start()
            wanted["ExitCode"] = running.wait()
            for pump in pumps:
                pump.join()
        # Whoever still waits for input is to wait no longer.
        self.connection.shutdown(socket.SHUT_RDWR)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_arguments: object) -> None:
        pass
