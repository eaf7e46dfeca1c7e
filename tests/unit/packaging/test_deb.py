"""The .deb of a payload: read back by hand and, where it is there, with dpkg-deb; its scripts run with stand-ins."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path

import pytest

from builder import process
from builder.packaging.deb import deb
from tests.unit.packaging import handmade

DPKG_DEB = process.find_program("dpkg-deb")


def members(package: bytes) -> dict[str, bytes]:
    """The files of an ar archive."""
    assert package.startswith(b"!<arch>\n")
    found, at = {}, 8
    while at < len(package):
        header = package[at : at + 60]
        assert header[58:] == b"`\n"
        size = int(header[48:58])
        found[header[:16].decode().strip()] = package[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return found


def opened(package: bytes, part: str) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(handmade.decompressed(members(package)[f"{part}.tar.zst"])))


def control_file(package: bytes, name: str) -> str:
    file = opened(package, "control").extractfile(f"./{name}")
    assert file is not None
    return file.read().decode()


@pytest.fixture
def package() -> bytes:
    return deb(handmade.payload(), handmade.label())


def test_its_parts_are_in_dpkgs_order(package: bytes) -> None:
    assert list(members(package)) == ["debian-binary", "control.tar.zst", "data.tar.zst"]
    assert members(package)["debian-binary"] == b"2.0\n"


def test_owners_are_right_by_number_too(package: bytes) -> None:
    queue = opened(package, "data").getmember("./var/qmail/bin/qmail-queue")
    assert queue.mode == 0o4711
    assert (queue.uid, queue.gid, queue.uname, queue.gname) == (64014, 64010, "qmailq", "qmail")


def test_the_folders_above_are_roots(package: bytes) -> None:
    var = opened(package, "data").getmember("./var")
    assert (var.mode, var.uid, var.gid, var.isdir()) == (0o755, 0, 0, True)


def test_what_the_programs_write_to_is_left_to_postinst(package: bytes) -> None:
    assert not [name for name in opened(package, "data").getnames() if "/queue/lock/" in name]


def test_control(package: bytes) -> None:
    assert control_file(package, "control") == (
        "Package: bigconc\n"
        "Version: 1.06\n"
        "Architecture: amd64\n"
        "Maintainer: Jane Doe <jane@example.org>\n"
        "Installed-Size: 10\n"
        "Pre-Depends: passwd\n"
        "Section: mail\n"
        "Priority: optional\n"
        "Description: netqmail 1.06 with big concurrency\n"
        " A first paragraph, which is long enough to be broken into lines before it\n"
        " ends, as it should.\n"
        " .\n"
        " A second.\n"
    )


def test_only_a_native_build_needs_a_library() -> None:
    assert "Depends: libc6\n" in control_file(
        deb(handmade.payload(), handmade.label(handmade.NATIVE)), "control"
    )


def test_md5sums_name_the_files(package: bytes) -> None:
    assert [line.split("  ")[1] for line in control_file(package, "md5sums").splitlines()] == [
        "var/qmail/bin/qmail-queue",
        "var/qmail/bin/qmail-send",
    ]


@pytest.mark.skipif(DPKG_DEB is None, reason="dpkg-deb is not on this machine")
def test_dpkg_deb_reads_it(package: bytes, tmp_path: Path) -> None:
    assert DPKG_DEB
    file = tmp_path / "a.deb"
    file.write_bytes(package)
    assert process.run([DPKG_DEB, "--field", file, "Version"]).text == "1.06\n"
    listed = process.run([DPKG_DEB, "--contents", file])
    assert listed.ok, listed.text
    assert "-rws--x--x qmailq/qmail" in listed.text


def script(package: bytes, name: str, folder: Path) -> Path:
    path = folder / name
    path.write_text(control_file(package, name))
    return path


def stand_ins(folder: Path, **programs: str) -> dict[str, str]:
    """An environment in which some programs are small scripts; $CALLS is where they note what they were asked."""
    folder.mkdir()
    for name, body in programs.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> "$CALLS"\n{body}\n')
        path.chmod(0o755)
    calls = folder / "calls"
    calls.touch()
    return process.clean_environment({"PATH": f"{folder}:{process.SYSTEM_PATH}", "CALLS": os.fspath(calls)})


def asked(env: dict[str, str], program: str) -> list[str]:
    lines = Path(env["CALLS"]).read_text().splitlines()
    return [line for line in lines if line.startswith(f"{program} ")]


def test_preinst_makes_the_accounts_with_their_numbers(package: bytes, tmp_path: Path) -> None:
    env = stand_ins(tmp_path / "bin", getent="exit 2", groupadd="", useradd="")
    done = process.run(["sh", script(package, "preinst", tmp_path), "install"], env=env)
    assert done.ok, done.text
    assert asked(env, "groupadd") == [
        "groupadd --system --gid 64010 qmail",
        "groupadd --system --gid 64011 nofiles",
    ]
    assert [line.split()[2:4] + line.split()[-1:] for line in asked(env, "useradd")] == [
        ["--uid", "64014", "qmailq"],
        ["--uid", "64012", "qmails"],
    ]


def test_preinst_leaves_accounts_that_are_right(package: bytes, tmp_path: Path) -> None:
    known = """
    case "$2" in
    qmail|64010) echo qmail:x:64010: ;;
    nofiles|64011) echo nofiles:x:64011: ;;
    qmailq|64014) echo qmailq:x:64014:64010:: ;;
    qmails|64012) echo qmails:x:64012:64010:: ;;
    *) exit 2 ;;
    esac
    """
    env = stand_ins(tmp_path / "bin", getent=known, groupadd="exit 9", useradd="exit 9")
    assert process.run(["sh", script(package, "preinst", tmp_path), "upgrade", "1.05"], env=env).ok


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        ("64014) echo bob:x:64014:100::", "bigconc: user id 64014 must be qmailq, but is bob here."),
        ("qmails) echo qmails:x:777:100::", "bigconc: user qmails must have id 64012, but has 777 here."),
        ("64011) echo staff:x:64011:", "bigconc: group id 64011 must be nofiles, but is staff here."),
        ("qmail) echo qmail:x:50:", "bigconc: group qmail must have id 64010, but has 50 here."),
    ],
)
def test_preinst_refuses_before_it_changes_anything(
    package: bytes, tmp_path: Path, taken: str, message: str
) -> None:
    getent = f'case "$2" in {taken} ;; *) exit 2 ;; esac'
    env = stand_ins(tmp_path / "bin", getent=getent, groupadd="", useradd="")
    done = process.run(["sh", script(package, "preinst", tmp_path), "install"], env=env)
    assert done.returncode == 1
    assert done.text.splitlines()[0] == message
    assert not asked(env, "groupadd")
    assert not asked(env, "useradd")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    lock = tmp_path / "qmail" / "queue" / "lock"
    lock.mkdir(parents=True)
    return tmp_path / "qmail"


@pytest.fixture
def chown(tmp_path: Path) -> dict[str, str]:
    return stand_ins(tmp_path / "bin", chown="")


def test_postinst_makes_fifo_and_zeros_with_owner_and_mode(
    home: Path, tmp_path: Path, chown: dict[str, str]
) -> None:
    package = deb(handmade.payload(os.fspath(home)), handmade.label())
    done = process.run(["sh", script(package, "postinst", tmp_path), "configure"], env=chown)
    assert done.ok, done.text
    trigger, tcpto = home / "queue/lock/trigger", home / "queue/lock/tcpto"
    assert stat.S_ISFIFO(trigger.stat().st_mode)
    assert stat.S_IMODE(trigger.stat().st_mode) == 0o622
    assert stat.S_IMODE(tcpto.stat().st_mode) == 0o644
    assert tcpto.read_bytes() == bytes(1024)
    assert asked(chown, "chown") == [f"chown -h qmails:qmail {tcpto}", f"chown -h qmails:qmail {trigger}"]


def test_postinst_leaves_what_is_there(home: Path, tmp_path: Path, chown: dict[str, str]) -> None:
    package = deb(handmade.payload(os.fspath(home)), handmade.label())
    tcpto, trigger = home / "queue/lock/tcpto", home / "queue/lock/trigger"
    tcpto.write_bytes(b"times")
    trigger.symlink_to(tmp_path / "elsewhere")
    assert process.run(["sh", script(package, "postinst", tmp_path), "configure"], env=chown).ok
    assert tcpto.read_bytes() == b"times"
    assert trigger.is_symlink()
    assert not asked(chown, "chown")


def test_postinst_takes_back_what_it_could_not_finish(home: Path, tmp_path: Path) -> None:
    env = stand_ins(tmp_path / "failing", chown="exit 1")
    package = deb(handmade.payload(os.fspath(home)), handmade.label())
    done = process.run(["sh", script(package, "postinst", tmp_path), "configure"], env=env)
    assert done.returncode == 1
    assert done.text == f"{home}/queue/lock/tcpto could not be made.\n"
    assert not list((home / "queue/lock").iterdir())


def test_prerm_removes_only_what_postinst_made(home: Path, tmp_path: Path, chown: dict[str, str]) -> None:
    package = deb(handmade.payload(os.fspath(home)), handmade.label())
    assert process.run(["sh", script(package, "postinst", tmp_path), "configure"], env=chown).ok
    (home / "queue/mess").write_text("mail")
    prerm = script(package, "prerm", tmp_path)
    assert process.run(["sh", prerm, "upgrade", "1.07"], env=chown).ok
    assert (home / "queue/lock/tcpto").exists()
    assert process.run(["sh", prerm, "remove"], env=chown).ok
    assert not list((home / "queue/lock").iterdir())
    assert (home / "queue/mess").exists()
