from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable

import pytest

from builder.errors import SourceError
from builder.sources.archive import unpack
from builder.sources.tree import EXECUTABLE, File, Tree
from tests.unit.sources.conftest import Packer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def tar_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as tar:
        for entry, data in entries:
            tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def file(name: str, data: bytes = b"x", mode: int = 0o644) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    return entry, data


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_every_format_gives_the_same_tree(squeeze: Callable[[bytes], bytes], tree: Tree) -> None:
    plain = tar_of(*(file(f"demo/{path}", entry.data, entry.mode) for path, entry in tree.items()))
    assert unpack(squeeze(plain), top="demo").digest == tree.digest


def test_streams_one_after_another_are_one_archive() -> None:
    plain = tar_of(file("a", b"1"), file("b", b"2"))
    halves = gzip.compress(plain[:700]) + gzip.compress(plain[700:])
    assert list(unpack(halves)) == ["a", "b"]


def test_modes_are_normalised() -> None:
    archive = tar_of(file("a", mode=0o4777), file("b", mode=0o600), file("c", mode=0o100))
    assert [entry.mode for entry in unpack(archive).values()] == [EXECUTABLE, 0o644, EXECUTABLE]


def test_the_top_folder_is_stripped_and_what_is_to_be_dropped_is_gone() -> None:
    archive = tar_of(file("t/a"), file("t/other/b"), file("t/.git/config"))
    assert list(unpack(archive, top="t", drop=("other",))) == ["a"]
    assert list(unpack(archive, drop=("other",))) == ["a"]
    assert list(unpack(tar_of(file("t/a"), file("b")))) == ["b", "t/a"]


def test_a_leading_dot_is_the_common_way_to_pack_a_folder() -> None:
    archive = tar_of(special(".", tarfile.DIRTYPE), special("./t", tarfile.DIRTYPE), file("./t/a"))
    assert list(unpack(archive, top="t")) == ["a"]


def test_links_to_files_inside_become_copies() -> None:
    archive = tar_of(
        file("t/TARGETS", b"a.o"),
        special("t/.gitignore", tarfile.SYMTYPE, "TARGETS"),
        special("t/sub/up", tarfile.SYMTYPE, "../.gitignore"),
        special("t/hard", tarfile.LNKTYPE, "t/TARGETS"),
    )
    tree = unpack(archive, top="t")
    assert list(tree) == [".gitignore", "TARGETS", "hard", "sub/up"]
    assert {entry.data for entry in tree.values()} == {b"a.o"}


def test_the_comment_that_git_archive_writes_is_no_file() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", pax_headers={"comment": "0" * 40}) as tar:
        tar.addfile(file("t/a", b"")[0])
    assert list(unpack(buffer.getvalue(), top="t")) == ["a"]


HOSTILE = {
    "absolute name": (tar_of(file("/etc/passwd")), "absolute name: '/etc/passwd'"),
    "climbs out": (tar_of(file("t/../../x")), "leads out of it: 't/../../x'"),
    "folder climbs out": (tar_of(special("../x", tarfile.DIRTYPE)), "leads out of it"),
    "outside the top": (tar_of(file("t/a"), file("u/b")), "'u/b', which is not in the folder 't'"),
    "not clean": (tar_of(file("t//a")), "not clean: 't//a'"),
    "dot inside": (tar_of(file("t/./a")), "not clean"),
    "control character": (tar_of(file("t/\x1b[2Ja")), r"not clean: 't/\x1b[2Ja'"),
    "not UTF-8": (tar_of(file("t/\udcff")), "not clean"),
    "long name": (tar_of(file("t/" + "a" * 300)), "more than 255 bytes"),
    "twice": (tar_of(file("t/a"), file("t/a")), "'a' twice"),
    "file and link": (tar_of(file("t/a"), special("t/a", tarfile.SYMTYPE, "b"), file("t/b")), "'a' twice"),
    "file and folder": (tar_of(file("t/a"), file("t/a/b")), "'a' both as a file and as a folder"),
    "symlink out": (tar_of(special("t/a", tarfile.SYMTYPE, "../../x")), "the link 't/a' leads out"),
    "symlink beside": (tar_of(special("t/a", tarfile.SYMTYPE, "../x"), file("t/b")), "link 't/a' leads out"),
    "symlink absolute": (tar_of(special("t/a", tarfile.SYMTYPE, "/etc/passwd")), "the link 't/a' leads out"),
    "symlink to itself": (tar_of(special("t/a", tarfile.SYMTYPE, "a")), "'a' leads to no file"),
    "symlink to a folder": (tar_of(file("t/d/b"), special("t/a", tarfile.SYMTYPE, "d")), "to no file"),
    "through a link": (
        tar_of(special("t/d", tarfile.SYMTYPE, "../.."), file("t/d/x")),
        "the link 't/d' leads out",
    ),
    "hard link out": (tar_of(special("t/a", tarfile.LNKTYPE, "/etc/passwd")), "absolute name"),
    "hard link climbs": (tar_of(special("t/a", tarfile.LNKTYPE, "t/../../x")), "leads out of it"),
    "hard link to nothing": (tar_of(special("t/a", tarfile.LNKTYPE, "t/b")), "leads to no file"),
    "fifo": (tar_of(special("t/a", tarfile.FIFOTYPE)), "fifo: 't/a'"),
    "device": (tar_of(special("t/a", tarfile.CHRTYPE)), "device: 't/a'"),
    "unknown kind": (tar_of(special("t/a", b"Z")), "unknown kind"),
    "many files": (tar_of(*(file(f"t/{number}", b"") for number in range(20001))), "more than 20000 files"),
    "not an archive": (b"<html>404</html>" * 100, "no tar archive"),
    "empty": (b"", "no tar archive"),
    "cut off": (tar_of(file("t/a", b"x" * 5000))[:3000], "damaged"),
    "cut gzip": (gzip.compress(tar_of(file("t/a")))[:-20], "its end is missing"),
    "flipped gzip": (gzip.compress(tar_of(file("t/a")))[:-8] + bytes(8), "damaged"),
    "trailing": (gzip.compress(tar_of(file("t/a"))) + b"garbage", "damaged"),
    "second archive": (tar_of(file("t/a")) + b"garbage" * 100, "something else follows"),
    "gzip bomb": (gzip.compress(bytes(8 << 20)), "unpacks to more than"),
    "xz bomb": (lzma.compress(bytes(8 << 20)), "unpacks to more than"),
    "bzip2 bomb": (bz2.compress(bytes(8 << 20)), "unpacks to more than"),
    "zstd bomb": (zstd.compress(bytes(8 << 20)), "unpacks to more than"),
    "many streams": (gzip.compress(b"") * 200, "more than 100 packed streams"),
    "large": (bytes(65 * 1024 * 1024), "more than 67108864 bytes"),
}


@pytest.mark.parametrize(("archive", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_no_source_needs_is_refused(archive: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        unpack(archive, top="t")
    assert reason in caught.value.what
    assert caught.value.exit_code == 4


def test_a_sparse_file_of_a_terabyte_takes_no_memory() -> None:
    entry = tarfile.TarInfo("t/a")
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "t/a",
        "GNU.sparse.realsize": str(1 << 40),
    }
    data = b"1\n0\n0\n".ljust(512, b"\0")
    entry.size = len(data)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(entry, io.BytesIO(data))
    with pytest.raises(SourceError, match="sparse file"):
        unpack(buffer.getvalue(), top="t")


def test_copies_of_links_count_as_files_do(packer: Packer) -> None:
    links = [special(f"t/{number}", tarfile.LNKTYPE, "t/big") for number in range(200)]
    with pytest.raises(SourceError, match="bytes together"):
        unpack(tar_of(file("t/big", b"x" * (1 << 20)), *links), top="t")
    assert unpack(packer({"t/a": File(b"x")}), top="t")
