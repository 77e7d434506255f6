"""A real Chromium without a network, and pages that say what went wrong on them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Those that scripts/install-chromium is content with."""


def _no_browser(reason: str) -> None:
    """Skip where a browser is a luxury, fail where it was promised."""
    if os.environ.get("CI") == "true" or os.environ.get("WORKBENCH_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


def chromium_path() -> str:
    """The browser to use: ``WORKBENCH_CHROMIUM``, else the system's."""
    found = (path for name in NAMES if (path := shutil.which(name)))
    return os.environ.get("WORKBENCH_CHROMIUM") or next(found, "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a file of tests: playwright keeps an event loop running in this thread for as long as it is open."""
    pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    from playwright.sync_api import sync_playwright

    path = chromium_path()
    if not path:
        _no_browser("no Chromium: scripts/install-chromium installs it, or WORKBENCH_CHROMIUM names one")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield made
        made.close()


@dataclass
class Watched:
    """A page and what happened on it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def graph(self, expression: str, number: int = 0) -> Any:
        """A JavaScript expression on the n-th flame graph, which it calls ``g``."""
        return self.page.evaluate(
            "(n) => { const hosts = [...document.querySelectorAll('*')].filter(e => e.__flamegraph);"
            f" const g = hosts[n].__flamegraph; return {expression}; }}",
            number,
        )

    def wait_for_graph(self) -> None:
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('*')].some(e => e.__flamegraph?.state().painted)"
        )

    def wait_until_still(self) -> None:
        """The zoom's motion is over and painted."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('*')].every(e => !e.__flamegraph?.state().moving)"
        )


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open a page that may load one file and nothing else; everything it asks for and complains of is kept."""
    contexts = []

    def open_page(url: str, **options: Any) -> Watched:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        watched = Watched(page)
        page.on("request", lambda request: watched.requests.append(request.url))
        page.on("console", lambda m: m.type in {"error", "warning"} and watched.problems.append(m.text))
        page.on("pageerror", lambda error: watched.problems.append(str(error)))

        def dialog(shown: Any) -> None:
            watched.problems.append(f"dialog: {shown.message}")
            shown.dismiss()

        page.on("dialog", dialog)
        page.goto(url)
        return watched

    yield open_page
    for context in contexts:
        context.close()
