"""The site of the documentation in a real browser: it is found, read and searched without a network."""

import subprocess
import sys
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.axe import overflows, violations

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]

DOCS = Path(__file__).parents[2] / "docs"

PAGES = (
    *("index", "tutorials/owner", "tutorials/skill-author", "how-to/backup", "install", "mark1", "boards", "bus"),
    *(
        "reference/configuration",
        "reference/commands",
        "reference/faceplate",
        "architecture",
        "explanation/security",
    ),
    *("genindex", "search"),
)
"""Of each kind, and the widest ones."""

TOO_LONG = "messages"
"""The page that axe-core takes a minute for; it has the form of that of the configuration."""

LOADED = "return performance.getEntriesByType('resource').map(entry => entry.name)"

TIMEOUT_S = 20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the built site, which needs no server."""
    pytest.importorskip("sphinx", reason="Sphinx is not installed; make test installs it")
    folder = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "sphinx", "-q", "-W", "-d", str(folder / "doctrees"), str(DOCS))
    built = subprocess.run((*command, str(folder / "html")), capture_output=True, text=True, check=False)
    assert not built.returncode, built.stderr
    return (folder / "html").as_uri()


def has(browser: Chrome, *, width: int, dark: bool = False) -> None:
    """Sets the width of the window, and the colours to light or dark."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def test_the_search_finds_a_message_at_its_anchor(browser: Chrome, site: str) -> None:
    has(browser, width=1200)
    browser.get(f"{site}/index.html")
    browser.find_element(By.CSS_SELECTOR, ".sidebar-search").send_keys("mouth.text\n")
    found = "#search-results .search li:first-child a[href$='#enclosure-mouth-text']"
    link = WebDriverWait(browser, TIMEOUT_S).until(lambda _: browser.find_element(By.CSS_SELECTOR, found))
    link.click()
    WebDriverWait(browser, TIMEOUT_S).until(lambda _: "#enclosure-mouth-text" in browser.current_url)
    section = browser.find_element(By.ID, "enclosure-mouth-text")
    assert "Shows a text; a long one scrolls" in section.text


def test_the_index_has_messages_commands_and_settings(browser: Chrome, site: str) -> None:
    browser.get(f"{site}/genindex.html")
    entries = {link.text for link in browser.find_elements(By.CSS_SELECTOR, "table.genindextable a")}
    assert entries >= {"enclosure.mouth.text", "mycroft-bus send", "enclosure.volume.start"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_pages_fit_and_are_accessible(browser: Chrome, site: str, width: int, dark: bool) -> None:
    has(browser, width=width, dark=dark)
    wrong = {}
    for page in PAGES:
        browser.get(f"{site}/{page}.html")
        if found := violations(browser):
            wrong[page] = found
        assert not overflows(browser), page
    assert wrong == {}


def test_each_page_fits_and_is_accessible(browser: Chrome, site: str) -> None:
    has(browser, width=360, dark=True)
    wrong = {}
    for path in sorted(Path(site.removeprefix("file://")).rglob("*.html")):
        browser.get(path.as_uri())
        if path.stem != TOO_LONG and (found := violations(browser)):
            wrong[path.name] = found
        assert not overflows(browser), path
    assert wrong == {}


def test_pages_load_everything_from_the_site_itself(browser: Chrome, site: str) -> None:
    for page in PAGES:
        browser.get(f"{site}/{page}.html")
        assert all(name.startswith("file:") for name in browser.execute_script(LOADED)), page
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]  # of selenium
