"""The FreeBSD package of a payload: read by libarchive's bsdtar and by our own reader; its scripts run with stand-ins."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from builder import process
from builder.errors import PackageError, UsageError
from builder.packaging.archive import compress
from builder.packaging.packages import formats_for
from builder.packaging.payload import Entry, Payload
from builder.packaging.pkg import pkg
from builder.packaging.verify import verify_pkg
from builder.toolchains.platforms import platform_called
from tests.unit.packaging import handmade
from tests.unit.packaging.test_deb import asked, stand_ins

BSDTAR = process.find_program("bsdtar")
LABEL = handmade.label(platform_called("freebsd-14-arm64"))


@pytest.fixture(scope="module")
def package() -> bytes:
    return pkg(handmade.payload(), LABEL)


def opened(package: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(handmade.decompressed(package)))


def manifest(package: bytes, name: str = "+MANIFEST") -> dict[str, Any]:
    file = opened(package).extractfile(name)
    assert file is not None
    value = json.load(file)
    assert isinstance(value, dict)
    return value


def test_the_manifests_come_first_and_names_are_absolute(package: bytes) -> None:
    names = opened(package).getnames()
    assert names[:2] == ["+COMPACT_MANIFEST", "+MANIFEST"]
    assert names[2:] == [
        "/var/qmail",
        "/var/qmail/alias",
        "/var/qmail/bin",
        "/var/qmail/bin/qmail-queue",
        "/var/qmail/bin/qmail-send",
        "/var/qmail/queue",
        "/var/qmail/queue/lock",
    ]
    assert handmade.decompressed(package)[257:265] == b"ustar\x0000"


def test_says_what_it_is_for(package: bytes) -> None:
    whole = manifest(package)
    assert (whole["name"], whole["version"], whole["abi"]) == ("bigconc", "1.06", "FreeBSD:14:aarch64")
    assert whole["users"] == ["qmailq", "qmails"]
    assert whole["flatsize"] == len(b"\x7fELF queue") + 4000
    brief = manifest(package, "+COMPACT_MANIFEST")
    assert brief == {
        key: value for key, value in whole.items() if key not in ("files", "directories", "scripts")
    }


def test_every_file_has_owner_mode_and_sum(package: bytes) -> None:
    whole = manifest(package)
    assert whole["files"]["/var/qmail/bin/qmail-queue"] == {
        "sum": "1$" + hashlib.sha256(b"\x7fELF queue").hexdigest(),
        "uname": "qmailq",
        "gname": "qmail",
        "perm": "4711",
    }
    assert whole["directories"]["/var/qmail/alias"]["perm"] == "2755"
    queue = opened(package).getmember("/var/qmail/bin/qmail-queue")
    assert (queue.mode, queue.uid, queue.gid, queue.uname) == (0o4711, 64014, 64010, "qmailq")


def test_group_0_is_wheel_there() -> None:
    payload = handmade.payload()
    etc = Entry(path="/etc/x", kind="file", mode=0o644, uid=0, gid=0, user="root", group="root", data=b"")
    made = pkg(replace(payload, entries=(etc, *payload.entries)), LABEL)
    assert opened(made).getmember("/etc/x").gname == "wheel"
    assert manifest(made)["files"]["/etc/x"]["gname"] == "wheel"


def test_is_the_same_twice_and_as_its_own_reader_wants_it(package: bytes) -> None:
    assert pkg(handmade.payload(), LABEL) == package
    assert verify_pkg(package) == ()


@pytest.mark.skipif(BSDTAR is None, reason="bsdtar is not on this machine")
def test_bsdtar_unpacks_what_the_manifest_says(package: bytes, tmp_path: Path) -> None:
    assert BSDTAR
    file = tmp_path / "a.pkg"
    file.write_bytes(package)
    listed = process.run([BSDTAR, "-tvf", file])
    assert listed.ok, listed.text
    assert "-rws--x--x  0 qmailq qmail" in listed.text
    into = tmp_path / "into"
    into.mkdir()
    # Without -P it takes the leading / off, so that nothing is written outside the folder.
    done = process.run([BSDTAR, "-xpf", file, "-C", into, "--no-same-owner"])
    assert done.ok, done.text
    assert sums(into) == {unquote(path): about["sum"] for path, about in manifest(package)["files"].items()}
    assert stat.S_IMODE((into / "var/qmail/bin/qmail-queue").stat().st_mode) & 0o777 == 0o711


def sums(folder: Path) -> dict[str, str]:
    """The sum of every file in a folder, but for the manifests, by the name that it has in the package."""
    return {
        f"/{path.relative_to(folder)}": "1$" + hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("+")
    }


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def changed(package: bytes, change: Change) -> bytes:
    """The package with other members."""
    with opened(package) as archive:
        members = [(member, _read(archive, member)) for member in archive]
    change(members)
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return compress(written.getvalue())


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return file.read() if file else b""


def _at(members: list[tuple[tarfile.TarInfo, bytes]], end: str) -> int:
    return next(index for index, (member, _) in enumerate(members) if member.name.endswith(end))


def flip(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    index = _at(members, "qmail-queue")
    members[index] = (members[index][0], b"\x7fELF quxue")


def rename(name: str) -> Change:
    def change(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[_at(members, "qmail-queue")][0].name = name

    return change


def link(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    member = tarfile.TarInfo("/var/qmail/control")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc"
    members.append((member, b""))


def setuid(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members[_at(members, "qmail-send")][0].mode = 0o4755


def drop(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    del members[_at(members, "qmail-send")]


def double(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    members.append(members[-1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip, "/var/qmail/bin/qmail-queue: sum is 1$"),
        (rename("/var/qmail/../../etc/passwd"), "'/var/qmail/../../etc/passwd' is no plain absolute name."),
        (rename("var/qmail/bin/qmail-queue"), "'var/qmail/bin/qmail-queue' is no plain absolute name."),
        (rename("//etc/passwd"), "'//etc/passwd' is no plain absolute name."),
        (rename("/var/qmail/bin/other"), "/var/qmail/bin/other is not in +MANIFEST."),
        (link, "/var/qmail/control is neither a file nor a folder."),
        (setuid, "/var/qmail/bin/qmail-send: perm is 4755, but +MANIFEST says 0711."),
        (drop, "/var/qmail/bin/qmail-send is in +MANIFEST, but not in the package."),
        (double, "/var/qmail/queue/lock is in the package twice."),
    ],
)
def test_the_reader_sees_what_is_wrong(package: bytes, change: Change, said: str) -> None:
    found = verify_pkg(changed(package, change))
    assert any(finding.startswith(said) for finding in found), found


@pytest.mark.parametrize("data", [b"", b"no zstd", compress(b"no tar"), compress(b"\0" * 10240)])
def test_the_reader_refuses_what_is_no_package(data: bytes) -> None:
    with pytest.raises(PackageError):
        verify_pkg(data)


def test_the_reader_refuses_a_bomb_and_a_package_cut_short(package: bytes) -> None:
    with pytest.raises(PackageError, match="far larger"):
        verify_pkg(compress(bytes(300 << 20)))
    with pytest.raises(PackageError, match="cut short"):
        verify_pkg(package[:-10])


def script(package: bytes, name: str, folder: Path) -> Path:
    path = folder / name
    path.write_text(unquote(manifest(package)["scripts"][name]))
    return path


NOBODY = 'case "$*" in *show*) exit 65 ;; esac'


@pytest.mark.parametrize(("root", "words"), [("", ""), ("/", ""), ("/jail", "-R /jail ")])
def test_pre_install_makes_the_accounts_with_their_numbers(
    package: bytes, tmp_path: Path, root: str, words: str
) -> None:
    env = stand_ins(tmp_path / "bin", pw=NOBODY)
    if root:
        env["PKG_ROOTDIR"] = root
    done = process.run(["sh", script(package, "pre-install", tmp_path)], env=env)
    assert done.ok, done.text
    made = [line for line in asked(env, "pw") if "add" in line]
    user = "-c qmail -d /var/qmail -s /usr/sbin/nologin"
    assert made == [
        f"pw {words}groupadd -n qmail -g 64010",
        f"pw {words}groupadd -n nofiles -g 64011",
        f"pw {words}useradd -n qmailq -u 64014 -g qmail {user}",
        f"pw {words}useradd -n qmails -u 64012 -g qmail {user}",
    ]


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        (
            "'usershow -u 64014') echo bob:*:64014:100::",
            "bigconc: user id 64014 must be qmailq, but is bob here.",
        ),
        (
            "'groupshow -n qmail') echo qmail:*:50:",
            "bigconc: group qmail must have id 64010, but has 50 here.",
        ),
    ],
)
def test_pre_install_refuses_before_it_changes_anything(
    package: bytes, tmp_path: Path, taken: str, message: str
) -> None:
    env = stand_ins(tmp_path / "bin", pw=f'case "$*" in {taken} ;; *show*) exit 65 ;; esac')
    done = process.run(["sh", script(package, "pre-install", tmp_path)], env=env)
    assert done.returncode == 1
    assert done.text.splitlines()[0] == message
    assert not [line for line in asked(env, "pw") if "add" in line]


def test_state_is_made_below_the_other_root_and_left_alone_on_an_upgrade(
    package: bytes, tmp_path: Path
) -> None:
    root = tmp_path / "jail"
    lock = root / "var/qmail/queue/lock"
    lock.mkdir(parents=True)
    env = {**stand_ins(tmp_path / "bin", chown=""), "PKG_ROOTDIR": os.fspath(root)}
    done = process.run(["sh", script(package, "post-install", tmp_path)], env=env)
    assert done.ok, done.text
    trigger, tcpto = (lock / "trigger").stat(), (lock / "tcpto").stat()
    assert stat.S_ISFIFO(trigger.st_mode)
    assert (stat.S_IMODE(trigger.st_mode), stat.S_IMODE(tcpto.st_mode)) == (0o622, 0o644)
    assert (lock / "tcpto").read_bytes() == bytes(1024)
    assert asked(env, "chown") == [
        f"chown -h 64012:64010 {lock}/tcpto",
        f"chown -h 64012:64010 {lock}/trigger",
    ]
    removing = script(package, "pre-deinstall", tmp_path)
    assert process.run(["sh", removing], env={**env, "PKG_UPGRADE": "true"}).ok
    assert len(list(lock.iterdir())) == 2
    assert process.run(["sh", removing], env=env).ok
    assert list(lock.iterdir()) == []


def test_percent_signs_survive_pkgs_decoding() -> None:
    payload = handmade.payload()
    odd = replace(payload.entries[3], path="/var/qmail/bin/100%41")
    made = pkg(Payload(home=payload.home, entries=(odd,), accounts=payload.accounts), LABEL)
    assert [unquote(path) for path in manifest(made)["files"]] == ["/var/qmail/bin/100%41"]
    assert verify_pkg(made) == ()


def test_an_id_that_the_format_cannot_hold_is_one_clear_error() -> None:
    payload = handmade.payload()
    entry = replace(payload.entries[3], uid=4294967294)
    with pytest.raises(PackageError, match="no room"):
        pkg(replace(payload, entries=(entry,)), LABEL)


def test_each_system_has_its_formats() -> None:
    linux = handmade.label()
    assert formats_for((), linux) == ("tar", "deb")
    assert formats_for((), LABEL) == ("tar", "pkg")
    assert formats_for(("pkg", "pkg"), LABEL) == ("pkg",)
    with pytest.raises(
        UsageError, match="formats names deb, which is no format of packages for freebsd-14-arm64"
    ):
        formats_for(("deb",), LABEL)
    with pytest.raises(UsageError, match="version is '1~2'"):
        formats_for((), replace(LABEL, version="1~2"))
