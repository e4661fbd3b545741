"""A real Chromium, and what a page must be free of."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Every moment at which an answer that is being written held this much text, kept by the page itself:
# an observer from outside would be too slow for a quick answer.
_WATCH_WRITING = """
window.lengthsSeen = [];
new MutationObserver(() => {
  const prose = document.querySelector("[data-stream] .is-writing");
  if (prose) window.lengthsSeen.push(prose.textContent.length);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def chromium_path() -> str:
    """Return Debian's Chromium; skips the test where there is none, and says so."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium for one block."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """One person with one browser profile; collects what the browser complains of."""

    def __init__(self, browser: Browser, base_url: str, **profile: Any) -> None:
        self.context: BrowserContext = browser.new_context(
            base_url=base_url, **{"locale": "fr-FR", "viewport": DESKTOP, **profile}
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.add_init_script(_WATCH_WRITING)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def is_accessible(self) -> bool:
        """Fail with axe-core's own words where it finds anything on the page as it is now."""
        # Colours are judged where they come to rest, not half way through a transition.
        self.page.wait_for_timeout(400)
        results = Axe().run(self.page)
        assert results.violations_count == 0, f"{self.page.url}\n{results.generate_report()}"
        return True

    def sign_up(self, email: str, password: str) -> None:
        """Fill the sign-up form that is open."""
        self.page.fill("#id_name", "Awa Diop")
        self.page.fill("#id_email", email)
        self.page.fill("#id_password1", password)
        self.page.get_by_role("button", name="Créer mon compte").click()

    def wait_for_answer(self) -> str:
        """Wait for the latest answer to end; return its state."""
        self.page.wait_for_function(
            "() => document.querySelectorAll('[data-answer]').length && !document.querySelector('[data-stream]')",
            timeout=60_000,
        )
        return self.page.locator("[data-answer]").last.get_attribute("data-state") or ""

    def ask(self, question: str) -> str:
        """Ask in the open page, by the Enter key, and return how the answer ended."""
        before = self.page.locator("[data-answer]").count()
        self.page.fill("#q", question)
        self.page.press("#q", "Enter")
        self.page.wait_for_function(f"() => document.querySelectorAll('[data-answer]').length > {before}")
        return self.wait_for_answer()
