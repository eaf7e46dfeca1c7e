"""Platforms: what runs here and what does not, and what cannot be built here says what could."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import BackendError, UsageError
from builder.toolchains import platforms
from builder.toolchains.platforms import all_platforms, default_platform, platform_called
from builder.toolchains.stubs import libc_symbols
from builder.toolchains.toolchain import toolchain_for


@pytest.mark.parametrize(("machine", "other"), [("amd64", "arm64"), ("arm64", "amd64")])
def test_what_is_cross_built_depends_on_the_machine(
    monkeypatch: pytest.MonkeyPatch, machine: str, other: str
) -> None:
    monkeypatch.setattr(platforms, "machine_arch", lambda: machine)
    assert default_platform().id == f"linux-musl-{machine}"
    foreign = {platform.id: platform.foreign for platform in all_platforms()}
    assert not foreign[f"linux-musl-{machine}"]
    assert not foreign["native"]
    assert foreign[f"linux-musl-{other}"]
    assert foreign["debian-12-arm64"] == (machine != "arm64")
    assert foreign["freebsd-14-amd64"]
    assert foreign["freebsd-14-arm64"]


def test_abi_is_what_the_package_manager_says() -> None:
    assert platform_called("freebsd-14-amd64").abi == "FreeBSD:14:amd64"
    assert platform_called("freebsd-14-arm64").abi == "FreeBSD:14:aarch64"
    assert platform_called("debian-12-arm64").abi == "arm64"


def test_an_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        platform_called("freebsd-13-amd64")
    assert "freebsd-14-amd64" in error.value.hint


def test_the_compiler_for_the_host_differs_in_nothing_but_where_it_runs(tmp_path: Path) -> None:
    toolchain = toolchain_for(platform_called("freebsd-14-amd64"), tmp_path)
    host = toolchain.for_host(f"{toolchain.compile} -DX=1")
    assert f"-target {default_platform().zig_target} " in host
    assert "freebsd" not in host
    assert host.endswith("-DX=1 -static -s")


def test_the_list_of_freebsds_symbols_is_understood() -> None:
    for name in ("freebsd-14-amd64", "freebsd-14-arm64"):
        there = libc_symbols(platform_called(name))
        assert {"puts", "getutxent", "__libc_start1", "res_query"} <= there
        assert not {"crypt", "getutent", "SSL_new"} & there


def test_what_needs_an_image_says_what_does_not(tmp_path: Path) -> None:
    with pytest.raises(BackendError) as error:
        toolchain_for(platform_called("debian-12-amd64"), tmp_path)
    assert "freebsd-14-arm64" in error.value.hint
