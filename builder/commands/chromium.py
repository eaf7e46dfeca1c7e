"""A real browser without a window, for the tests and the bench of the HTML report. It needs the packages of `dev`."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from builder.errors import BackendError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root, which CI is, may not have one
    "--disable-dev-shm-usage",  # containers have 64 MB there
    "--disable-gpu",
)
_WHEN_DRAWN = """
const done = arguments[0];
const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
if (document.readyState === "complete") drawn(); else addEventListener("load", drawn);
"""


def start(width: int = 1600, height: int = 1000) -> Chrome:
    """Start Chromium; whoever calls must `quit()` it. BackendError if it, or its driver, is not on this machine."""
    try:
        from selenium.webdriver import Chrome, ChromeOptions
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise BackendError("selenium is not installed.", hint="./inv test installs it.") from error
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        missing = "Chromium" if browser is None else "chromedriver"
        raise BackendError(f"{missing} is not installed.", hint="apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = browser
    for flag in (*_FLAGS, f"--window-size={width},{height}"):
        options.add_argument(flag)
    # What the page requests, and what it complains about.
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    # With the driver's path given, selenium looks for nothing and downloads nothing.
    return Chrome(options=options, service=Service(driver))


def open_page(browser: Chrome, url: str) -> float:
    """Go to an address and wait until the page is drawn and answers: the milliseconds since the navigation began."""
    browser.get(url)
    elapsed: Any = browser.execute_async_script(_WHEN_DRAWN)
    return float(elapsed)
