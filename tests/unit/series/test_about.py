"""What patches say of themselves, in the forms in which they do."""

from __future__ import annotations

import pytest

from builder.series.about import About, read_about, write_dep3
from builder.series.mail import split_mails, write_mail

DEP3 = b"""Description: Wait with poll()
 select() ends at 1024 descriptors.
 .
 poll() does not.
Origin: upstream, https://example.org/1
Author: A. Uthor <a@example.org>
License: BSD-2-Clause

"""
MAIL = b"""From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?J=C3=B6rg?= <j@example.org>
Date: Fri, 30 Nov 2007 00:00:00 +0000
Subject: [PATCH v2 1/3] Wait with
 poll()

It scales.
Licence: MIT

Signed-off-by: J
---
 spawn.c | 2 +-
 1 file changed

"""


def test_dep3() -> None:
    assert read_about(DEP3) == About(
        summary="Wait with poll()",
        text="select() ends at 1024 descriptors.\n\npoll() does not.",
        author="A. Uthor <a@example.org>",
        origin="https://example.org/1",
        license="BSD-2-Clause",
        fields=True,
    )


def test_a_mail() -> None:
    assert read_about(MAIL) == About(
        summary="Wait with poll()",
        text="It scales.\nLicence: MIT\n\nSigned-off-by: J",
        author="Jörg <j@example.org>",
        origin="commit 0123456789abcdef0123456789abcdef01234567, Jörg <j@example.org>",
        license="MIT",
        fields=True,
    )


def test_plain_prose() -> None:
    about = read_about(b"poll-spawn: waits with poll().\n\nMore.\n\nLicence: 0BSD, somebody.\n\n")
    assert (about.summary, about.license, about.fields) == ("waits with poll().", "0BSD", False)
    assert about.text == "poll-spawn: waits with poll().\n\nMore.\n\nLicence: 0BSD, somebody."


@pytest.mark.parametrize(
    ("prose", "licence"),
    [
        (b"x\nSPDX-License-Identifier: GPL-2.0-or-later\n", "GPL-2.0-or-later"),
        (b"# License: MIT.\n", "MIT"),
        (b"the licence is unclear\n", "unknown"),
        (b"", "unknown"),
    ],
)
def test_a_licence_is_taken_only_where_it_is_stated(prose: bytes, licence: str) -> None:
    assert read_about(prose).license == licence


def test_what_is_not_utf_8_is_latin_1() -> None:
    assert read_about(b"by J\xf6rg\n").summary == "by Jörg"


@pytest.mark.parametrize(
    "prose", [b"", b"\n\n", b": odd\n", b"Subject\n", b"Description:\n", b"From x\n=?bad?=\n"]
)
def test_odd_prose_is_no_error(prose: bytes) -> None:
    read_about(prose)


def test_dep3_round_trip() -> None:
    about = About(
        summary="One line", text="More.\n\n  indented", origin="somewhere", author="A <a@b>", fields=True
    )
    assert read_about(write_dep3(about)) == about


def test_a_mail_of_ours_can_be_read_back() -> None:
    about = About(summary="One line", text="More.\n--- a/x\nFrom here", author="Jörg <j@example.org>")
    mail = write_mail(about, b"diff --git a/x b/x\n", number=2, total=3)
    back = read_about(mail.split(b"diff --git")[0])
    assert (back.summary, back.author) == ("One line", "Jörg <j@example.org>")
    assert back.text == "More.\n --- a/x\n From here"
    assert back.origin == "Jörg <j@example.org>"
    assert split_mails(mail + mail) == [mail, mail]
