"""The page as text: what is in it, and what hostile patches cannot make of it. tests/integration shows it working."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import msgspec

from builder.conflicts.values import Matrix
from builder.patching.parse import parse
from builder.reporting.html.page import render
from tests.matrices import EVIL, HOSTILE, SWAPPED, TLS, big, graph_of, small

PATCH = b"""\
--- a/qmail-smtpd.c
+++ b/qmail-smtpd.c
@@ -1,2 +1,2 @@
-first
+FIRST
 line
@@ -249,3 +249,3 @@ void smtp_rcpt(arg) char *arg;
 {
-  if (relayclient) {
+  if (relayclient && !banned) {
 \t--addr.len;
"""


def _page(matrix: Matrix, **more: Any) -> str:
    return render(matrix, graph_of(matrix), **more)


class _Elements(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.texts.append(data)


def _elements(page: str) -> _Elements:
    found = _Elements()
    found.feed(page)
    return found


def _data(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def _collisions(page: str) -> list[list[Any]]:
    data = _data(page)
    texts = data["texts"]
    numbers = (3, 4, 5)
    return [
        [value if place in numbers else texts[value] for place, value in enumerate(collision)]
        for collision in data["collisions"]
    ]


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    elements = _elements(_page(small()))
    assert elements.names.count("script") == 2
    assert "img" not in elements.names
    assert not [name for name, _ in elements.attributes if name.startswith("on")]


def test_the_data_is_what_was_put_in() -> None:
    page = _page(small())
    data = _data(page)
    assert [patch["name"] for patch in data["patches"]] == [patch.name for patch in small().patches]
    evil = next(entry for entry in _collisions(page) if entry[0] == EVIL.path)
    assert evil[7] == EVIL.first
    assert evil[11] == HOSTILE


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page() -> None:
    page = _page(small())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    style, _, script = _elements(page).texts
    for kind, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]


def test_nothing_is_named_that_would_have_to_be_fetched() -> None:
    elements = _elements(_page(small()))
    addresses = [
        value or "" for name, value in elements.attributes if name in ("src", "href", "action", "data")
    ]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "url(" not in elements.texts[0]
    assert "@import" not in elements.texts[0]


def test_a_text_is_there_once() -> None:
    """The other order of a pair disputes the same lines; sixty patches may all dispute the same."""
    page = _page(small())
    texts = _data(page)["texts"]
    assert len(texts) == len(set(texts))
    assert texts.count(TLS.first) == 1
    assert SWAPPED.second == TLS.first
    assert len(_data(_page(big(60)))["collisions"]) == 1


def test_whole_hunks_are_shown_where_the_patches_are_at_hand() -> None:
    page = _page(small(), patches=[parse("ban", PATCH)])
    (entry,) = [one for one in _collisions(page) if one[0] == TLS.path and one[3] == TLS.first_hunk]
    assert entry[12] == ""
    assert entry[13] == PATCH.decode()[PATCH.decode().index("@@ -249") :]


def test_commands_have_what_the_user_typed() -> None:
    page = _page(small(), typed={"ban": "my patches/ban.patch"})
    typed = {patch["name"]: patch["typed"] for patch in _data(page)["patches"]}
    assert typed["ban"] == "'my patches/ban.patch'"
    assert typed["tls"] == "tls"
    assert typed[HOSTILE].startswith("'")


def test_counts_are_in_the_legend() -> None:
    page = _page(small())
    counts = re.findall(r'<b>(\w+)</b> <span class="count">([\d,]+)</span>', page)
    assert dict(counts) == {
        "clean": "12",
        "offset": "1",
        "fuzz": "1",
        "resolved": "2",
        "hidden": "1",
        "semantic": "1",
        "conflict": "2",
    }


def test_bytes_that_are_no_text_do_no_harm() -> None:
    broken = b"\xff\xfe\x00".decode("utf-8", "surrogateescape")
    matrix = small()
    collision = msgspec.structs.replace(TLS, base=broken, path=broken, advice=broken)
    pairs = [
        msgspec.structs.replace(matrix.pairs[0], collisions=(collision,), note=broken),
        *matrix.pairs[1:],
    ]
    page = _page(msgspec.structs.replace(matrix, pairs=tuple(pairs)))
    page.encode("utf-8")
    assert "\\xff\\xfe\\x00" in _data(page)["texts"]


def test_the_same_matrix_gives_the_same_page() -> None:
    assert _page(small()) == _page(small())


def test_sixty_patches_make_a_page_of_reasonable_size() -> None:
    assert len(_page(big(60))) < 300_000
