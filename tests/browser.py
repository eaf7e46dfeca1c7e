"""A page in a real browser, as a user has it in front of him, and the folder that it is served from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from builder.commands.chromium import open_page


@dataclass(frozen=True, slots=True)
class Site:
    """A folder on the loopback. `asked` are the paths that somebody requested from it."""

    folder: Path
    address: str
    asked: list[str] = field(default_factory=list)

    def put(self, name: str, text: str) -> str:
        """Serve a page; its address."""
        (self.folder / name).write_text(text, encoding="utf-8")
        return f"{self.address}/{name}"


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve a folder until the block ends."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that it overrides
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def end_headers(self) -> None:
            # So that a page which is opened again is asked for again.
            self.send_header("Cache-Control", "no-store")
            super().end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(folder, f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True)
class Page:
    """What is open in the browser."""

    browser: Chrome

    def open(self, address: str) -> None:
        """Go there, from nowhere: so that an address that differs in its fragment alone is loaded again, too."""
        self.browser.get("about:blank")
        self.requests()
        self.complaints()
        open_page(self.browser, address)

    def requests(self) -> list[str]:
        """What the browser asked anybody for since the last time; neither what it refused to ask for, nor data: URLs."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        refused = {
            event["params"]["requestId"]
            for event in events
            if event["method"] == "Network.loadingFailed" and event["params"].get("blockedReason") == "csp"
        }
        wanted = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        urls = [one["request"]["url"] for one in wanted if one["requestId"] not in refused]
        return [url for url in urls if not url.startswith(("data:", "about:"))]

    def complaints(self) -> list[str]:
        """What is in the console since the last time: errors, warnings, refused requests."""
        return [entry["message"] for entry in self._log("browser")]

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """The text of an element, whether it is in sight or not."""
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def texts(self, selector: str) -> list[str]:
        """The text of each such element."""
        script = "return [...document.querySelectorAll(arguments[0])].map(node => node.textContent)"
        return [str(text) for text in self.run(script, selector)]

    def cell(self, first: str, second: str) -> WebElement:
        """The cell of a pair."""
        script = """
          return [...document.querySelectorAll("[role=grid] tbody td")]
            .find(node => node.getAttribute("aria-label").startsWith(arguments[0]))
        """
        found = self.run(script, f"{first}, then {second}:")
        assert isinstance(found, WebElement), f"no cell for {first}, then {second}"
        return found

    @property
    def focused(self) -> str:
        """What a screen reader calls the element that has the focus."""
        return str(self.browser.switch_to.active_element.accessible_name)

    def press(self, *keys: str, control: bool = False) -> None:
        """Press keys one after the other, where the focus is."""
        actions = ActionChains(self.browser)
        if control:
            actions.key_down(Keys.CONTROL)
        actions.send_keys(*keys)
        if control:
            actions.key_up(Keys.CONTROL)
        actions.perform()

    def prefer(self, scheme: str, media: str = "") -> None:
        """Say that the user prefers a dark or light scheme, or looks at the page on paper (media "print")."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})

    def width(self, pixels: int) -> None:
        """Make the window as wide as that."""
        size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""
        return self.browser.execute_script(script, *arguments)

    def _log(self, kind: str) -> list[dict[str, Any]]:
        return list(self.browser.get_log(kind))  # type: ignore[no-untyped-call]
