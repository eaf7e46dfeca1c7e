"""Images: made from packages, the same each time; held against their hashes; taken from a registry by digest alone."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from builder import process
from builder.backends.engine import connected
from builder.backends.imported import engine_image
from builder.console import Quiet
from builder.errors import BackendError, SourceError, UsageError
from builder.images.kept import Shelf, definition_of, sha256_of_file
from builder.images.source import source_of_registry
from builder.recipes.library import Library
from builder.recipes.load import load
from builder.recipes.model import Image
from builder.toolchains.platforms import machine_arch
from tests.command import command

SMALL = 'name = "small"\nsummary = "The smallest"\nsuite = "bookworm"\n'


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of the user's, for --path, with an image of their own."""
    write_image(tmp_path / "mine", SMALL)
    return tmp_path / "mine"


def write_image(folder: Path, text: str) -> None:
    images = folder / "ci/images"
    images.mkdir(parents=True, exist_ok=True)
    (images / "small.toml").write_text(text)


@pytest.mark.slow
def test_an_image_comes_out_the_same_twice(mine: Path, tmp_path: Path) -> None:
    env = {"QMAIL_BUILDER_STORE": str(tmp_path / "store")}
    made = command("image", "build", "small", "--path", mine, env=env)
    if made.code == 8:
        pytest.skip(made.stderr)
    assert made.code == 0, made.stderr
    assert "packages of its day" in made.stdout
    archive = tmp_path / f"store/images/small-{machine_arch()}.tar"
    first = sha256_of_file(archive)
    assert first[:12] in made.stdout
    again = command("image", "verify", "small", "--again", "--path", mine, env=env)
    assert again.code == 0, again.stderr
    assert again.stdout.startswith("same again  small")
    assert sha256_of_file(archive) == first
    with tarfile.open(archive) as opened:
        entries = {entry.name: entry for entry in opened}
    volatile = ("./var/log/", "./var/cache/", "./var/lib/apt/lists/")
    left = [name for name, entry in entries.items() if name.startswith(volatile) and entry.size]
    assert left == []
    assert max(entry.mtime for entry in entries.values()) <= 1196380800
    assert entries["./build"].mode == 0o1777
    # And another hash than the one that its file promises is refused.
    write_image(mine, f'{SMALL}[sha256]\n{machine_arch()} = "{"0" * 64}"\n')
    done = command("image", "verify", "small", "--again", "--path", mine, env=env)
    assert done.code == 4
    assert f"came out as sha256:{first}, but its file promises sha256:{'0' * 64}" in done.stderr


def shelf_with(folder: Path, image: Image, data: bytes) -> Shelf:
    folder.mkdir()
    (folder / "made.tar").write_bytes(data)
    shelf = Shelf(folder)
    shelf.put(image, machine_arch(), folder / "made.tar", packages={"gcc": "12"})
    return shelf


@pytest.fixture
def small(mine: Path) -> Image:
    return Library.of((str(mine),)).image("small")


def test_an_image_is_kept_with_what_is_in_it(small: Image, tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path / "store", small, b"system")
    kept = shelf.find(small, machine_arch())
    assert kept is not None
    assert kept.sha256 == hashlib.sha256(b"system").hexdigest()
    assert kept.reference == f"qmail-builder/small:{kept.sha256[:12]}"
    assert shelf.archive(kept).read_bytes() == b"system"
    changed = msgspec.structs.replace(small, packages=("make",))
    assert shelf.find(changed, machine_arch()) is None, "its definition has changed since"
    assert definition_of(msgspec.structs.replace(small, summary="x")) == definition_of(small)


def test_a_damaged_image_is_found(small: Image, mine: Path, tmp_path: Path) -> None:
    shelf = shelf_with(tmp_path / "store", small, b"system")
    env = {"QMAIL_BUILDER_STORE": str(tmp_path / "store")}
    whole = command("image", "verify", "--path", mine, env=env)
    assert whole.code == 0, whole.stderr
    assert whole.stdout.startswith("whole ")
    kept = shelf.find(small, machine_arch())
    assert kept is not None
    shelf.archive(kept).write_bytes(b"sYstem")
    done = command("image", "verify", "small", "--path", mine, env=env)
    assert done.code == 4
    assert f"but was sha256:{kept.sha256} when it was made" in done.stderr


def test_list_says_which_images_there_are(small: Image, mine: Path, tmp_path: Path) -> None:
    shelf_with(tmp_path / "store", small, b"system")
    env = {"QMAIL_BUILDER_STORE": str(tmp_path / "store")}
    lines = command("image", "list", "--path", mine, env=env).stdout.splitlines()
    names = {line.split()[0]: line for line in lines}
    assert names.keys() == {"small", "debian-12", "debian-13", "freebsd-14", "ubuntu-24.04", "zig"}
    assert f"sha256:{hashlib.sha256(b'system').hexdigest()[:12]}" in names["small"]
    assert "not made yet" in names["zig"]
    rows = json.loads(command("image", "list", "--path", mine, "--format", "json", env=env).stdout)["images"]
    assert {row["name"]: bool(row["kept"]) for row in rows}["small"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("image",), "It is: image build NAME"),
        (("image", "build"), "It is: image build NAME"),
        (("image", "list", "zig"), "It is: image build NAME"),
        (("image", "build", "zigg"), "zigg"),
        (("image", "verify", "zigg"), "zigg"),
    ],
)
def test_what_makes_no_sense(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = command(*words, env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert done.code == 2
    assert said in done.stderr


def test_a_snapshot_is_what_an_archive_of_them_is_asked_for(mine: Path, tmp_path: Path) -> None:
    if process.find_program("mmdebstrap") is None:
        pytest.skip("mmdebstrap is missing")
    asked: list[str] = []

    class Archive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Archive) as server:
        threading.Thread(target=server.serve_forever).start()
        words = ("--path", mine, "--mirror", f"http://127.0.0.1:{server.server_port}/{{snapshot}}")
        env = {"QMAIL_BUILDER_STORE": str(tmp_path)}
        write_image(mine, SMALL)
        unpinned = command("image", "build", "small", *words, env=env)
        assert not asked
        write_image(mine, f'{SMALL}snapshot = "20260101T000000Z"\n')
        done = command("image", "build", "small", *words, env=env)
        server.shutdown()
    assert unpinned.code == 2
    assert "is pinned to no snapshot" in unpinned.stderr
    assert done.code == 8
    assert "The image small cannot be made here: " in done.stderr
    assert asked
    assert all(path.startswith("/20260101T000000Z/") for path in asked)


def test_no_image_no_network_and_no_cache(tmp_path: Path) -> None:
    program = process.find_program("unshare")
    without_network = (str(program), "-n" if os.geteuid() == 0 else "-rn")
    able = program and process.run([*without_network, "true"]).ok and process.find_program("mmdebstrap")
    if not able:
        pytest.skip("unshare or mmdebstrap is missing, or may not be used")
    env = {"QMAIL_BUILDER_STORE": str(tmp_path / "store"), "DOCKER_HOST": "unix:///nothing"}
    done = command("build", "--backend", "docker", "--offline", env=env)
    assert done.code == 8
    lacking = f"No image: zig was never made here, there is none in {tmp_path}/store/images"
    assert f"{lacking}, and --offline keeps it from being made." in done.stderr
    done = command("build", "--backend", "docker", env=env, before=without_network)
    assert done.code == 8
    assert f"{lacking}. " in done.stderr
    assert "The image zig cannot be made here: no network, " in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('name = "small"\nsummary = "x"\n', "needs a suite"),
        ('name = "small"\nsummary = "x"\nregistry = "debian"\n', "registry and digest go together"),
        (f'{SMALL}registry = "debian"\n', "needs a suite"),
        (f'{SMALL}digest = "sha256:{"0" * 64}"\n', "registry and digest go together"),
        (f'{SMALL}packages = ["gcc; rm"]\n', "packages"),
        (f'{SMALL}snapshot = "yesterday"\n', "snapshot"),
        (f'{SMALL}tag = "latest"\n', "tag: there is no such key"),
    ],
)
def test_an_image_file_that_makes_no_sense(text: str, why: str, tmp_path: Path) -> None:
    write_image(tmp_path, text)
    with pytest.raises(UsageError, match=why) as error:
        load(tmp_path / "ci/images/small.toml", Image)
    assert "small.toml:" in error.value.what


# From a registry


UNKNOWN = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'


@dataclass
class Registry:
    """A registry on this machine that has one image of one file."""

    host: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self.blobs[digest] = data
        return digest


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append(self.path)
            data = b"{}" if self.path == "/v2/" else made.blobs.get(self.path.rpartition("/")[2])
            self.send_response(200 if data is not None else 404)
            data = UNKNOWN if data is None else data
            kind = (
                "application/vnd.docker.distribution.manifest.v2+json"
                if "/manifests/" in self.path
                else "application/json"
            )
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - the name that the base class looks for

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        made.host = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def put_image(registry: Registry) -> str:
    """An image of one file; its digest."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(f"file-{registry.host}"))
    layer = registry.put(buffer.getvalue())
    settings = {
        "architecture": machine_arch(),
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [layer]},
    }
    config = json.dumps({**settings, "config": {}}).encode()
    kind = "application/vnd.docker"
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{kind}.distribution.manifest.v2+json",
        "config": {
            "mediaType": f"{kind}.container.image.v1+json",
            "size": len(config),
            "digest": registry.put(config),
        },
        "layers": [
            {"mediaType": f"{kind}.image.rootfs.diff.tar", "size": len(buffer.getvalue()), "digest": layer}
        ],
    }
    return registry.put(json.dumps(manifest).encode())


def from_registry(registry: Registry, digest: str) -> Image:
    return Image(name="small", summary="x", registry=f"{registry.host}/small", digest=digest)


@pytest.mark.docker
def test_a_registry_is_asked_by_digest_alone(registry: Registry, engine: str) -> None:
    source = source_of_registry(from_registry(registry, put_image(registry)))
    with connected(engine) as found:
        identity = engine_image(found, source, Quiet())
        try:
            manifests = [path for path in registry.asked if "/manifests/" in path]
            assert manifests
            assert all(path.endswith(source.sha256) for path in manifests)
            asked = len(registry.asked)
            assert engine_image(found, source, Quiet()) == identity
            assert len(registry.asked) == asked, "it is there already"
        finally:
            found.api.remove_image(source.reference)


@pytest.mark.docker
def test_a_registry_that_gives_something_else_is_refused(registry: Registry, engine: str) -> None:
    digest = put_image(registry)
    wrong = f"sha256:{'1' * 64}"
    registry.blobs[wrong] = registry.blobs[digest]
    with (
        connected(engine) as found,
        pytest.raises(SourceError, match="does not give the image small") as error,
    ):
        engine_image(found, source_of_registry(from_registry(registry, wrong)), Quiet())
    assert error.value.exit_code == 4


@pytest.mark.docker
def test_a_registry_that_has_it_no_more_and_one_that_is_away(registry: Registry, engine: str) -> None:
    missing = from_registry(registry, f"sha256:{'2' * 64}")
    away = msgspec.structs.replace(missing, registry="127.0.0.1:9/small")
    with connected(engine) as found:
        with pytest.raises(SourceError, match="does not give the image small"):
            engine_image(found, source_of_registry(missing), Quiet())
        with pytest.raises(BackendError, match=r"No image, and no network to get it: .*connection refused"):
            engine_image(found, source_of_registry(away), Quiet())
