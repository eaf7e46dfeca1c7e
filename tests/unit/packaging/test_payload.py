"""The payload: what hier() says, with the compiled tree's files, made manual pages, names and numbers."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from builder import process
from builder.compiling.build import Build
from builder.configure.ids import Ids
from builder.errors import PackageError
from builder.packaging.payload import Entry, Payload, payload_of
from tests.unit.packaging import canned

HIER = [
    "h 755 0 64010 0 /var/qmail ",
    "d 2755 64010 64010 0 /var/qmail alias",
    "d 755 0 64010 0 /var/qmail bin",
    "c 4711 64014 64010 0 /var/qmail bin qmail-queue",
    "c 644 0 64010 0 /var/qmail man/man8 qmail-send.8",
    "c 644 0 64010 0 /var/qmail man/cat8 qmail-send.0",
    "z 644 64013 64010 1024 /var/qmail queue/lock/tcpto",
    "p 622 64012 64010 0 /var/qmail queue/lock/trigger",
]
FILES = {"qmail-queue": b"\x7fELF"}
MAKES = {"qmail-send.8": b".TH qmail-send 8\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "compiled"


def payload(
    folder: Path, lines: Sequence[str] = HIER, *, makes: Mapping[str, bytes] = MAKES
) -> dict[str, Entry]:
    return {
        entry.path: entry
        for entry in payload_of(canned.build(folder, lines, files=FILES, makes=makes)).entries
    }


def test_takes_owner_and_mode_from_hier_and_data_from_the_tree(folder: Path) -> None:
    queue = payload(folder)["/var/qmail/bin/qmail-queue"]
    assert (queue.kind, queue.mode, queue.data) == ("file", 0o4711, b"\x7fELF")
    assert (queue.uid, queue.user, queue.gid, queue.group) == (64014, "qmailq", 64010, "qmail")


def test_folders_fifo_and_zeros(folder: Path) -> None:
    entries = payload(folder)
    assert (entries["/var/qmail"].kind, entries["/var/qmail"].mode) == ("dir", 0o755)
    assert (entries["/var/qmail/alias"].user, entries["/var/qmail/alias"].mode) == ("alias", 0o2755)
    tcpto, trigger = entries["/var/qmail/queue/lock/tcpto"], entries["/var/qmail/queue/lock/trigger"]
    assert (tcpto.kind, tcpto.data, tcpto.state, tcpto.user) == ("file", bytes(1024), True, "qmailr")
    assert (trigger.kind, trigger.data, trigger.state) == ("fifo", None, True)


def test_makes_the_manual_pages_that_are_missing_and_leaves_out_cat_pages(folder: Path) -> None:
    made = payload_of(canned.build(folder, HIER, files=FILES, makes=MAKES))
    pages = [entry.path for entry in made.entries if "/man/" in entry.path]
    assert pages == ["/var/qmail/man/man8/qmail-send.8"]
    assert [(left.path, "nroff" in left.reason) for left in made.left_out] == [
        ("/var/qmail/man/cat8/qmail-send.0", True)
    ]


def test_leaves_the_compiled_tree_as_it_was(folder: Path) -> None:
    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    before = sorted(folder.iterdir())
    payload_of(build)
    assert sorted(folder.iterdir()) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_names_every_account_with_home_and_group(folder: Path) -> None:
    accounts = payload_of(canned.build(folder, HIER, files=FILES, makes=MAKES)).accounts
    assert [(user.name, user.id, user.group, user.home) for user in accounts.users][:2] == [
        ("alias", 64010, "nofiles", "/var/qmail/alias"),
        ("qmaild", 64011, "nofiles", "/var/qmail"),
    ]
    assert {user.name for user in accounts.users if user.group == "qmail"} == {"qmailq", "qmailr", "qmails"}
    assert [(group.name, group.id) for group in accounts.groups] == [("qmail", 64010), ("nofiles", 64011)]


def test_minus_one_is_whoever_installs(folder: Path) -> None:
    etc = payload(folder, ["d 755 -1 -1 0 / etc"])["/etc"]
    assert (etc.uid, etc.user, etc.gid, etc.group) == (0, "root", 0, "root")


def test_a_later_call_for_the_same_path_wins(folder: Path) -> None:
    lines = [*HIER, "c 711 0 64010 0 /var/qmail bin qmail-queue"]
    assert payload(folder, lines)["/var/qmail/bin/qmail-queue"].mode == 0o711


@pytest.mark.parametrize(
    "line",
    [
        "d 755 0 64010 0 /var/qmail ../etc",
        "d 755 0 64010 0 qmail bin",
        "c 755 0 64010 0 /var/qmail bin ",
        "l 755 0 64010 0 /var/qmail link",
        "d 755 0 64010 0 /var/qmail a b c",
    ],
)
def test_refuses_names_that_lead_out_and_calls_that_it_does_not_know(folder: Path, line: str) -> None:
    with pytest.raises(PackageError, match="no package can hold") as error:
        payload(folder, [*HIER, line])
    assert error.value.exit_code == 7


def test_says_which_file_is_missing(folder: Path) -> None:
    with pytest.raises(PackageError, match=r"hier\.c installs qmail-send\.8, which cannot be made") as error:
        payload(folder, makes={})
    assert "must bring the file" in error.value.hint


def test_says_which_id_has_no_name(folder: Path) -> None:
    with pytest.raises(PackageError, match="user id 1234, which is none of the ids"):
        payload(folder, ["d 755 1234 64010 0 /var/qmail bin"])


def test_says_when_hier_installs_nothing(folder: Path) -> None:
    with pytest.raises(PackageError, match="installs nothing"):
        payload(folder, [])


@pytest.mark.parametrize("missing", ["hier.c", "load"])
def test_says_what_a_tree_without_hier_lacks(folder: Path, missing: str) -> None:
    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    (folder / missing).unlink()
    with pytest.raises(PackageError, match=f"has no {missing}"):
        payload_of(build)


def test_says_when_hier_cannot_be_linked(folder: Path) -> None:
    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    (folder / "load").write_text("#!/bin/sh\necho 'undefined reference to `l`' >&2\nexit 1\n")
    with pytest.raises(
        PackageError, match=r"(?s)./load printer .* failed: exit 1.*undefined reference to `l`"
    ) as error:
        payload_of(build)
    assert "h, d, c, p and z" in error.value.hint


def test_says_when_programs_do_not_run_here(folder: Path) -> None:
    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    (folder / "load").write_text(
        "#!/bin/sh\nprintf '\\177ELF another machine' > printer\nchmod 755 printer\n"
    )
    with pytest.raises(PackageError, match=r"\./printer does not run here: Exec format error"):
        payload_of(build)


def test_looks_up_ids_that_a_tree_does_not_compile_in(folder: Path) -> None:
    """notqmail has auto_uids.h, but no auto_uids.c: hier.o is linked with ours, made of the build's ids."""
    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    (folder / "hier.c").write_text('#include "auto_qmail.h"\n#include "auto_uids.h"\n')
    ours = 'test "$1" != auto_uids.c || grep -q "auto_uidq = 64014" auto_uids.c'
    (folder / "compile").write_text(f"#!/bin/sh\n{ours}\n")
    assert len(payload_of(build).entries) == len(HIER) - 1


def test_a_full_disk_is_one_clear_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    build = canned.build(folder, HIER, files=FILES, makes=MAKES)
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(PackageError, match=r"cannot be put together in .*: No space left on device"):
        payload_of(build)


def kinds(payload: Payload) -> Counter[str]:
    return Counter(
        "state" if entry.state and entry.kind == "file" else entry.kind for entry in payload.entries
    )


@pytest.mark.netqmail
def test_netqmail_whole(vanilla_build: Build) -> None:
    """118 folders, 179 files with the cat pages, 2 files of zeros and a fifo: as netqmail's own install makes them."""
    payload = payload_of(vanilla_build)
    assert kinds(payload) == {"dir": 118, "file": 179 - 51, "state": 2, "fifo": 1}
    assert len(payload.left_out) == 51
    entries = {entry.path: entry for entry in payload.entries}
    queue = entries["/var/qmail/bin/qmail-queue"]
    assert (queue.mode, queue.user, queue.group) == (0o4711, "qmailq", "qmail")
    assert queue.data is not None
    assert queue.data.startswith(b"\x7fELF")
    page = entries["/var/qmail/man/man8/qmail-start.8"].data
    assert page is not None
    assert b"/var/qmail" in page


@pytest.mark.netqmail
def test_is_what_netqmail_itself_installs(vanilla_build: Build, tmp_path: Path) -> None:
    """netqmail's own ./install into a scratch prefix gives the same kinds, modes and bytes as the payload has."""
    home = tmp_path / "qmail"
    ids = Ids.same(os.getuid(), os.getgid())
    twin = vanilla_build.twin(tmp_path / "tree", home=os.fspath(home), ids=ids, targets=["it"])
    payload = payload_of(twin)
    made = {path.name for path in twin.folder.iterdir()}
    pages = {
        Path(entry.path).name
        for entry in payload.entries
        if "/man/man" in entry.path and entry.kind == "file"
    }
    twin.make(sorted(pages - made))
    for left in payload.left_out:
        (twin.folder / Path(left.path).name).touch()
    installed = process.run(["./install"], cwd=twin.folder)
    assert installed.ok, installed.text
    left_out = {left.path for left in payload.left_out}
    found = {
        os.fspath(path): seen(path) for path in (home, *home.rglob("*")) if os.fspath(path) not in left_out
    }
    assert found == {entry.path: (entry.kind, entry.mode, entry.data) for entry in payload.entries}


def seen(path: Path) -> tuple[str, int, bytes | None]:
    mode = path.lstat().st_mode
    kind = {stat.S_IFDIR: "dir", stat.S_IFREG: "file", stat.S_IFIFO: "fifo"}[stat.S_IFMT(mode)]
    return kind, stat.S_IMODE(mode), path.read_bytes() if kind == "file" else None


def test_the_bundled_base_whole(quickstart_build: Build) -> None:
    payload = payload_of(quickstart_build)
    programs = {entry.path.rpartition("/")[2] for entry in payload.entries if "/bin/" in entry.path}
    assert programs == {"qmail-rspawn", "qmail-remote"}
    assert not payload.left_out
