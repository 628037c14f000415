"""A real browser."""

import shutil
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture
def browser() -> Iterator[Chrome]:
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("there is no chromium-driver here; make test installs it")
    options = ChromeOptions()
    for option in OPTIONS:
        options.add_argument(option)
    browser = Chrome(options, ChromeService(driver))
    yield browser
    browser.quit()
