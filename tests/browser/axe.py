"""The accessibility checker axe-core on a page."""

from typing import Any

from selenium.webdriver import Chrome

from tests.compat.environment import package

AXE = ("axe_playwright_python/axe.min.js", "axe-playwright-python==0.1.8")
"""axe-core, in a package of PyPI that has it."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def violations(browser: Chrome) -> list[tuple[str, list[str]]]:
    """What is inaccessible on the open page: rules and elements."""
    browser.execute_script(package(*AXE).read_text())
    run = "axe.run(document, arguments[0]).then(found => arguments[1](found.violations))"
    found: list[dict[str, Any]] = browser.execute_async_script(run, {"runOnly": RULES})
    return [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in found]


def overflows(browser: Chrome) -> bool:
    """Whether the open page is wider than its window."""
    return bool(browser.execute_script("return document.documentElement.scrollWidth > innerWidth"))
