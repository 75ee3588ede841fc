"""A headless Chromium for the tests of what people see in a browser: Debian's, or the one that Playwright has installed."""

import shutil
from contextlib import contextmanager

import pytest


@contextmanager
def chromium():
    """Yield a browser; where there is none, skip the test and say how one is installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is missing: run `make setup`")
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_api.sync_playwright() as playwright:
        try:
            # No sandbox: tests may run as root, and open nothing but what they wrote.
            browser = playwright.chromium.launch(executable_path=installed, args=["--no-sandbox"])
        except sync_api.Error as error:
            pytest.skip(f"no Chromium can be started (apt-get install chromium): {str(error).splitlines()[0]}")
        yield browser
        browser.close()


class Tab:
    """A page from the disk, opened in a browser, with everything that it asked for and complained about."""

    def __init__(self, browser, file, **of_context):
        self.requested, self.complaints = [], []
        self.page = browser.new_context(**({"viewport": {"width": 1440, "height": 1000}} | of_context)).new_page()
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("body[data-ready=yes]")

    def found(self):
        """Return how many questions are shown, of the words "3 of 72 questions"."""
        return int(self.page.inner_text("#found").split()[0].replace(",", ""))

    def cells(self, number):
        """Return the texts of a column of the table as it stands."""
        return self.page.locator(f"#questions tbody td:nth-child({number})").all_inner_texts()

    def choose_field(self, field, value):
        self.page.select_option(f"[data-field={field}]", value)

    def check(self, name):
        self.page.check(f"[data-only={name}]")


@contextmanager
def opened(browser, file):
    """Yield a tab with the file; afterwards nothing was complained about, and no text of a question was run."""
    tab = Tab(browser, file)
    yield tab
    assert tab.complaints == []
    assert tab.page.evaluate("window.hacked") is None
    tab.page.context.close()
