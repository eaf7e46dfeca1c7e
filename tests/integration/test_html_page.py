"""The page of `conflicts --html` in a real browser: everything here is done as a user does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from builder.commands import chromium
from builder.conflicts.values import Matrix
from builder.errors import BackendError
from builder.recipes.again import Again
from builder.reporting.html.page import render
from tests.browser import Page, Site, served
from tests.command import command
from tests.matrices import HOSTILE, big, graph_of, small
from tests.rivals import flags, rivals

pytestmark = pytest.mark.browser

NAMES = ["spf", "log/file", "tls", HOSTILE, "ban"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    try:
        started = chromium.start()
    except BackendError as error:
        pytest.skip(f"{error.what} ({error.hint})")
    yield started
    started.quit()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """Where the page of the small matrix is."""
    return _put(site, "small.html", small())


def _put(site: Site, name: str, matrix: Matrix) -> str:
    return site.put(name, render(matrix, graph_of(matrix)))


@pytest.fixture
def page(browser: Chrome, address: str) -> Iterator[Page]:
    """The small matrix, just opened. Whatever a test does, the page complains of nothing and asks for nothing."""
    opened = Page(browser)
    opened.prefer("light")
    opened.width(1600)
    opened.open(address)
    yield opened
    assert opened.complaints() == []
    assert set(opened.requests()) <= {address}


def test_every_pair_has_a_cell(page: Page) -> None:
    assert page.texts("tbody th[scope=row] ")[: len(NAMES)] != []
    labels = [str(node.get_attribute("aria-label")) for node in page.all("[role=grid] tbody td")]
    assert len(labels) == len(NAMES) ** 2
    assert "tls, then ban: conflict, 1 collision" in labels
    assert "spf, then tls: offset" in labels
    assert "spf alone: rejected" in labels


def test_rows_come_first(page: Page) -> None:
    Select(page.find("#order")).select_by_value("given")
    row = page.all("[role=grid] tbody tr")[NAMES.index("spf")]
    assert row.text == "spf · + · F"
    assert page.cell("spf", "ban").text == "F"
    assert page.cell("ban", "spf").text == "H"


def test_a_click_shows_the_hunk(page: Page) -> None:
    page.cell("tls", "ban").click()
    panel = page.find("#panel")
    assert panel.is_displayed()
    assert "qmail-smtpd.c in smtp_rcpt() from line 251 of the base" in panel.text
    assert "Hunk 3 of tls meets hunk 2 of ban." in panel.text
    titles = page.texts("#panel .side figcaption")
    assert titles == ["base", "1: tls", "2: ban", "merged"]
    base, first, second, merged = page.all("#panel .side pre")
    lines = "return [...arguments[0].querySelectorAll('.line')].map(node => node.textContent).join('')"
    assert page.run(lines, base) == "  if (relayclient) {\n\t--addr.len;\n  }\n"
    assert page.run(lines, first) == "  if (relayclient || ssl) {\n\t--addr.len;\n  }\n"
    assert page.run(lines, second) == "  if (relayclient && !banned) {\n\t--addr.len;  \n  }\n"
    assert page.run(lines, merged).startswith("<<<<<<< tls\n")
    marks = "return [...arguments[0].querySelectorAll('.gutter')].map(node => node.dataset.mark)"
    assert page.run(marks, base) == ["12", "2", " "]
    assert page.run(marks, merged) == ["!", "1", "!", " ", "!", "2", "!", "2", " "]
    assert page.texts("#panel .commands code") == [
        "./inv resolve --base netqmail-1.06 --patch tls --patch ban",
        "./inv explain ban --base netqmail-1.06 --patch tls --patch ban",
    ]


def test_tabs_and_trailing_blanks_can_be_seen(page: Page) -> None:
    page.cell("tls", "ban").click()
    shown = "return getComputedStyle(document.querySelector(arguments[0]), '::before').content"
    assert page.run(shown, "#panel .tab") == '"→"'
    assert page.run(shown, "#panel .blank") == '"·"'
    assert page.texts("#panel .side:nth-child(3) .blank") == [" ", " "]


def test_what_a_patch_needs_is_in_the_commands(page: Page) -> None:
    page.cell("log/file", "ban").click()
    assert page.texts("#panel .commands code") == [
        "./inv apply --base netqmail-1.06 --patch tls --patch log/file --patch ban"
    ]
    assert "Applied in this order: tls, log/file, ban." in page.find("#panel").text


def test_the_keyboard_does_it_all(page: Page) -> None:
    Select(page.find("#order")).select_by_value("given")
    page.find("#help").click()
    page.press(Keys.ESCAPE)
    page.press(Keys.TAB)
    assert page.focused == "tls alone: clean"
    page.press(Keys.HOME, control=True)
    assert page.focused == "spf alone: rejected"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.focused == "spf, then tls: offset"
    page.press(Keys.ARROW_DOWN)
    assert page.focused == "log/file, then tls: semantic"
    page.press(Keys.ARROW_UP)
    assert page.focused == "spf, then tls: offset"
    page.press("x")
    assert page.focused == "tls, then spf: resolved"
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.focused == "ban, then spf: hidden"
    page.press(Keys.END, Keys.ARROW_UP, Keys.ARROW_UP)
    assert page.focused == "tls, then ban: conflict, 1 collision"
    page.press(Keys.HOME, Keys.ARROW_LEFT)
    assert page.focused == "tls, then spf: resolved"
    page.press(Keys.END, control=True)
    assert page.focused == "ban alone: clean"
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.PAGE_DOWN)
    assert page.focused == "ban alone: clean"
    page.press(Keys.PAGE_UP)
    assert page.focused == "spf, then ban: fuzz"
    page.press("n", "n", "n")
    assert page.focused == "tls, then ban: conflict, 1 collision"
    page.press("p")
    assert page.focused == "tls, then spf: resolved"
    page.press("n", Keys.ENTER)
    assert page.find("#panel").is_displayed()
    assert page.focused == "tls, then ban conflict"
    page.press(Keys.ESCAPE)
    assert not page.find("#panel").is_displayed()
    assert page.focused == "tls, then ban: conflict, 1 collision"
    page.press(Keys.SPACE)
    assert page.find("#panel").is_displayed()


def test_one_cell_is_reached_by_tab_and_the_focus_can_be_seen(page: Page) -> None:
    page.cell("tls", "ban").click()
    page.press(Keys.ESCAPE)
    page.press(Keys.ARROW_DOWN)
    reached = page.all("[role=grid] td[tabindex='0']")
    assert len(reached) == 1
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.press(Keys.TAB)
    assert page.run("return document.activeElement.closest('[role=grid]')") is None


def test_question_mark_shows_the_keys_but_not_while_typing(page: Page) -> None:
    page.press("?")
    assert page.find("#keys").is_displayed()
    page.press(Keys.ESCAPE)
    assert not page.find("#keys").is_displayed()
    page.press("/")
    page.press("?")
    assert not page.find("#keys").is_displayed()
    assert page.find("#rows").get_attribute("value") == "?"


def _rows(page: Page) -> list[str]:
    return page.texts("[role=grid] tbody th")


def _columns(page: Page) -> list[str]:
    return page.texts("[role=grid] thead th")


def test_names_filter_rows_and_columns(page: Page) -> None:
    page.find("#rows").send_keys("TLS, sp")
    assert sorted(_rows(page)) == ["spf", "tls"]
    assert len(_columns(page)) == len(NAMES)
    page.find("#columns").send_keys("ban")
    assert _columns(page) == ["ban"]
    assert page.text("#shown") == "2 pairs of 20 shown: 2 rows, 1 column."
    page.find("#columns").send_keys("d")
    assert page.text("#grid") == "No pair is left: show more outcomes or names."
    page.find("#start-again").click()
    assert len(_rows(page)) == len(NAMES)


def test_outcomes_filter(page: Page) -> None:
    page.find("[data-outcomes=work]").click()
    assert page.text("#shown") == "6 pairs of 20 shown: 4 rows, 3 columns."
    assert sorted(_columns(page)) == ["ban", "spf", "tls"]
    assert page.cell("log/file", "spf").text == ""
    assert page.cell("tls", "spf").text == "R"
    page.find("input[value=conflict]").click()
    assert page.text("#shown") == "4 pairs of 20 shown: 4 rows, 2 columns."
    page.find("[data-outcomes=all]").click()
    assert page.text("#shown") == "20 pairs of 20 shown: 5 rows, 5 columns."


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("given", NAMES),
        ("name", [HOSTILE, "ban", "log/file", "spf", "tls"]),
        ("work", ["tls", "ban", "spf", "log/file", HOSTILE]),
        ("together", ["tls", "ban", "spf", "log/file", HOSTILE]),
    ],
)
def test_sorting(page: Page, order: str, expected: list[str]) -> None:
    Select(page.find("#order")).select_by_value(order)
    assert _rows(page) == _columns(page) == expected
    assert page.cell("ban", "spf").text == "H"


def test_the_chosen_cell_stays_chosen_when_the_order_changes(page: Page) -> None:
    page.cell("ban", "spf").click()
    Select(page.find("#order")).select_by_value("name")
    (reached,) = page.all("[role=grid] td[tabindex='0']")
    assert reached.get_attribute("aria-label") == "ban, then spf: hidden"


def test_an_address_leads_to_its_pair(page: Page, address: str) -> None:
    page.open(f"{address}#ban/tls")
    assert page.find("#panel").is_displayed()
    assert page.focused.startswith("ban, then tls")
    page.find("#panel a.button").click()
    assert page.browser.current_url == f"{address}#tls/ban"
    assert page.text("#panel-title").startswith("tls, then ban")
    page.browser.back()
    assert page.text("#panel-title").startswith("ban, then tls")
    page.find("#panel button").click()
    assert not page.find("#panel").is_displayed()
    assert page.browser.current_url == address


def test_names_with_slashes_have_addresses_too(page: Page, address: str) -> None:
    page.cell("log/file", "tls").click()
    assert page.browser.current_url == f"{address}#log%2Ffile/tls"
    page.open(f"{address}#log%2Ffile/tls")
    assert "error: 'ssl' undeclared" in page.find("#panel").text.lower()
    assert "The result does not compile." in page.find("#panel").text


@pytest.mark.parametrize("fragment", ["nobody/tls", "tls", "%/%", "a/b/c", "graph"])
def test_an_address_that_leads_nowhere_does_no_harm(page: Page, address: str, fragment: str) -> None:
    page.open(f"{address}#{fragment}")
    assert not page.find("#panel").is_displayed()
    page.cell("tls", "ban").click()
    assert page.find("#panel").is_displayed()


def test_a_patch_alone_has_its_place(page: Page) -> None:
    page.find(".box[data-name=spf]").click()
    panel = page.find("#panel").text
    assert panel.startswith("spf alone")
    assert "On netqmail-1.06, by itself: rejected." in panel
    assert page.texts("#panel .pairs a") == ["tls, then spf", "ban, then spf"]


def test_text_of_patches_stays_text(page: Page) -> None:
    assert page.all("img") == []
    page.cell(HOSTILE, "tls").click()
    assert page.all("img") == []
    assert page.find("#panel-title b").text == HOSTILE
    lines = page.texts("#panel .side:nth-child(2) .line")
    assert lines == [f"{HOSTILE}\n"]
    lines = page.texts("#panel .side:nth-child(3) .line")
    assert lines == ["<!-- <script>document.title='owned'</script>\n", "\\x1b[31m\\u202ered\\u2028\n"]
    assert page.browser.title == "Conflicts on netqmail-1.06: 5 patches"
    graph = page.find(f'.box[aria-label="{HOSTILE}, alone: clean"]')
    assert graph.get_attribute("data-name") == HOSTILE


def test_no_request_leaves_the_page(page: Page, site: Site, address: str) -> None:
    # A page that does ask for something, to see that both logs would tell.
    site.asked.clear()
    page.open(site.put("asks.html", "<!doctype html><link rel=icon href='data:,'><img src='picture.png'>"))
    assert f"{site.address}/picture.png" in page.requests()
    assert site.asked == ["/asks.html", "/picture.png"]
    assert len(page.complaints()) == 1

    site.asked.clear()
    page.open(address)
    page.cell("tls", "ban").click()
    page.press("?")
    page.press(Keys.ESCAPE)
    page.press(Keys.ESCAPE)
    page.find(".box").click()
    assert page.requests() == [address]
    assert site.asked == ["/small.html"]


def test_the_policy_lets_nothing_out_even_if_text_became_markup(page: Page, site: Site, address: str) -> None:
    """The second wall: what a hostile patch would do if escaping ever failed."""
    site.asked.clear()
    script = """
      document.body.insertAdjacentHTML("beforeend", "<img src=picture.png onerror=document.title='owned'>");
      const added = document.createElement("script");
      added.textContent = "document.title = 'owned'";
      document.body.append(added);
      const done = arguments[0];
      fetch("data.json").then(() => done("let out"), () => done("refused"));
    """
    assert page.browser.execute_async_script(script) == "refused"
    assert page.browser.title == "Conflicts on netqmail-1.06: 5 patches"
    assert site.asked == []
    assert len(page.complaints()) >= 3
    assert page.requests() == [address]


def test_from_a_disk_it_is_the_same(page: Page, site: Site) -> None:
    page.open(f"{(site.folder / 'small.html').as_uri()}#tls/ban")
    assert page.find("#panel").is_displayed()
    page.press(Keys.ESCAPE)
    page.cell("spf", "ban").click()
    assert page.text("#panel-title").startswith("spf, then ban")
    assert {url.partition(":")[0] for url in page.requests()} <= {"file"}


def test_alternatives_have_no_command_and_folders_are_in_the_others(page: Page, site: Site) -> None:
    pairs = [
        msgspec.structs.replace(pair, refused=True, note="alternatives: tls excludes ban")
        if {pair.first, pair.second} == {"tls", "ban"}
        else pair
        for pair in small().pairs
    ]
    matrix = msgspec.structs.replace(small(), pairs=tuple(pairs))
    again = Again(paths=("my {first} folder",), given="netqmail.tar.gz")
    site.put("said.html", render(matrix, graph_of(matrix), again=again))
    page.open(f"{site.address}/said.html")
    page.cell("tls", "ban").click()
    assert "Alternatives: tls excludes ban." in page.find("#panel").text
    assert "./inv" not in page.find("#panel").text
    page.press(Keys.ESCAPE)
    page.cell("tls", "spf").click()
    both = "--base netqmail-1.06 --patch tls --patch spf"
    assert page.texts("#panel .commands code") == [
        f"./inv resolve {both} --path 'my {{first}} folder'",
        f"./inv conflicts {both} --compile --path 'my {{first}} folder' --from netqmail.tar.gz",
    ]
    assert page.requests() == [f"{site.address}/said.html"]
    page.open(f"{site.address}/small.html")


def test_what_the_command_writes(page: Page, site: Site, tmp_path: Path) -> None:
    """Real patches, really compared: from the command line to the lines in dispute."""
    ran = command("conflicts", *flags(rivals(tmp_path)), "--html", site.folder / "rivals.html")
    assert ran.code == 1, ran.stderr
    page.open(f"{site.address}/rivals.html")
    page.cell("submission", "smtps").click()
    assert "route.c" in page.text("#panel h3")
    assert page.texts("#panel .side figcaption")[:3] == ["base", "1: submission", "2: smtps"]
    blocks = page.texts("#panel .disputed .side pre")
    assert "#define SMTP_PORT 25\n" in blocks[0]
    assert "#define SMTP_PORT 587\n" in blocks[1]
    assert "#define SMTP_PORT 465 /* <TLS> */\n" in blocks[2]
    assert page.find("#panel").text.count("./inv resolve ") == 1, (
        "it is in the advice, and not once more below"
    )
    assert page.texts("#panel .commands code")[0].startswith("./inv explain ")
    page.find("#panel details summary").click()
    hunks = page.find("#panel details").text
    assert "@@ -7,7 +7,7 @@" in hunks
    assert page.requests() == [f"{site.address}/rivals.html"]


def _of_axe(page: Page) -> list[str]:
    """What axe, the usual checker for accessibility, finds fault with."""
    page.run((files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.browser.execute_async_script("axe.run().then(arguments[0])")
    return [
        f"{rule['id']}: {rule['help']}: {node['html']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(page: Page, scheme: str) -> None:
    page.prefer(scheme)
    assert _of_axe(page) == []
    page.cell("tls", "ban").click()
    assert _of_axe(page) == []
    page.press("?")
    assert _of_axe(page) == []


def test_axe_would_find_something(page: Page) -> None:
    page.run("document.querySelector('#order').parentNode.replaceWith(document.querySelector('#order'))")
    page.run("document.querySelector('.hint').style.color = '#ccc'")
    assert {fault.partition(":")[0] for fault in _of_axe(page)} == {"select-name", "color-contrast"}


def _contrast(page: Page, selector: str) -> float:
    """The contrast of an element's text with its background's colour, as WCAG 2 counts it."""
    script = """
      const style = getComputedStyle(document.querySelector(arguments[0]));
      const colours = [...style.backgroundImage.matchAll(/rgb\\([^)]*\\)/g)].map(found => found[0]);
      return [style.color, colours.length ? colours : [style.backgroundColor]];
    """
    text, backgrounds = page.run(script, selector)
    return min(_ratio(_luminance(text), _luminance(background)) for background in backgrounds)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _ratio(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_outcomes_can_be_told_apart_without_colour(page: Page, scheme: str) -> None:
    page.prefer(scheme)
    outcomes = [str(box.get_attribute("value")) for box in page.all("input[name=outcome]")]
    assert len(set(page.texts(".outcomes .mark"))) == len(outcomes) == 7
    for outcome in outcomes:
        assert _contrast(page, f".outcomes .o-{outcome}") >= 4.5, outcome


def test_on_paper_nothing_is_cut_off(page: Page, site: Site) -> None:
    page.open(_put(site, "big.html", big(60)))
    page.prefer("light", "print")
    style = "const style = getComputedStyle(document.querySelector('.scroll')); return [style.overflow, style.maxHeight]"
    assert page.run(style) == ["visible", "none"]
    assert not page.find(".fields").is_displayed()
    # The width of a landscape page of A4 without its margins, at 96 pixels an inch.
    page.width(1047)
    assert page.run("return document.querySelector('[role=grid]').offsetWidth") <= 1047
    assert len(page.requests()) == 1


@pytest.mark.parametrize("width", [1600, 800, 400])
def test_nothing_sticks_out_of_the_window(page: Page, address: str, width: int) -> None:
    page.width(width)
    page.open(f"{address}#tls/ban")
    assert page.run("return document.documentElement.scrollWidth") <= width


def test_sixty_patches(page: Page, site: Site) -> None:
    page.open(_put(site, "big.html", big(60)))
    assert len(page.all("[role=grid] tbody td")) == 3600
    assert page.text("#shown") == "3,540 pairs of 3,540 shown: 60 rows, 60 columns."
    cell = page.cell("patch-59", "patch-00")
    ActionChains(page.browser).scroll_to_element(cell).move_to_element(cell).click().perform()
    assert page.text("#panel-title").startswith("patch-59, then patch-00")
    assert len(page.requests()) == 1
