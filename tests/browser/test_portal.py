"""The wifi page in a real browser, at the size of a phone."""

import asyncio
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from admin.portal.protocol import Nearby, Phase, PortalSetup
from admin.wifi.networks import Choice, Security
from admin.wifi.outcome import Failure
from hw_sim.wifi import HOME, NETWORKS, PASSWORD, SimulatedSetup
from tests.admin.portal.program import RunningPortal, running_portal
from tests.browser.axe import overflows, violations

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

DOCS = Path(__file__).parents[2] / "docs"

TIMEOUT_S = 30

MARGIN = 64
"""Pixels of a picture below all that is on it."""

LONG = b"W" * 32
"""The widest name without a space."""


class Phone:
    """A browser of the size of a phone."""

    def __init__(self, browser: Chrome, width: int = 390, height: int = 760) -> None:
        self.browser = browser
        size = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        self._command("Emulation.setDeviceMetricsOverride", size)

    def has(self, *, script: bool = True, dark: bool = False) -> None:
        """Switches scripts on or off, and the colours to light or dark."""
        self._command("Emulation.setScriptExecutionDisabled", {"value": not script})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._command("Emulation.setEmulatedMedia", {"features": [scheme]})

    def sees(self, text: str) -> None:
        """Waits for a text on the page."""
        # While a page gives way to another one, several errors can come.
        wait = WebDriverWait(self.browser, TIMEOUT_S, ignored_exceptions=[WebDriverException])
        wait.until(lambda _: text in self.browser.find_element(By.TAG_NAME, "body").text, f"never saw {text}")

    def opens(self, link: str) -> None:
        self.browser.find_element(By.XPATH, f"//a[contains(normalize-space(), '{link}')]").click()

    def enters(self, text: str, field: str = "password") -> WebElement:
        found = self.browser.find_element(By.ID, field)
        found.send_keys(text)
        return found

    def presses(self, button: str) -> None:
        self.browser.find_element(By.XPATH, f"//button[normalize-space()='{button}']").click()

    def takes_a_picture(self, name: str) -> None:
        """Writes a picture into docs, if there is none: remove one to have it made again."""
        path = DOCS / f"{name}.png"
        if not path.exists():
            picture = Image.open(BytesIO(self.browser.get_screenshot_as_png())).convert("RGB")
            empty = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
            _, _, _, bottom = ImageChops.difference(picture, empty).getbbox() or (0, 0, 0, 0)
            picture.crop((0, 0, picture.width, bottom + MARGIN)).quantize(64).save(path, optimize=True)

    def _command(self, name: str, parameters: Mapping[str, object]) -> None:
        self.browser.execute_cdp_cmd(name, dict(parameters))


async def on_a_phone(
    browser: Chrome, setup: PortalSetup, folder: Path, scene: Callable[[Phone, RunningPortal], None]
) -> None:
    """Plays a scene, in a thread: the setup is served by this loop."""
    async with running_portal(setup, folder) as portal:
        await asyncio.to_thread(scene, Phone(browser), portal)
    errors = browser.get_log("browser")  # type: ignore[no-untyped-call]  # of selenium
    assert errors == []  # such as a style that the policy does not allow


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_phone_connects_the_device(browser: Chrome, tmp_path: Path, script: bool) -> None:
    setup = SimulatedSetup(trial_s=1)

    def scene(phone: Phone, portal: RunningPortal) -> None:
        phone.has(script=script)
        browser.get(portal.url)
        phone.sees("Which network should this device use?")
        phone.takes_a_picture("wifi-networks")
        phone.opens("Home")
        phone.sees("MYCROFT comes back")
        field = phone.enters("wrong horse")
        assert field.get_attribute("type") == "password"
        if script:
            phone.presses("Show")
            assert field.get_attribute("type") == "text"
            phone.takes_a_picture("wifi-password")
            phone.presses("Hide")
            assert field.get_attribute("type") == "password"
        phone.presses("Connect")
        phone.sees("Connecting to Home")
        phone.has(script=script, dark=True)
        phone.takes_a_picture("wifi-trying")
        phone.sees("Home: not connected")
        phone.sees("Wrong password. Please try again.")
        phone.takes_a_picture("wifi-wrong")
        phone.opens("Home")
        phone.sees("Wrong password. Please try again.")
        phone.enters(PASSWORD)
        phone.presses("Connect")
        phone.sees("The device is in the network Home.")

    await on_a_phone(browser, setup, tmp_path, scene)
    assert setup.attempts == [Choice(HOME, "wrong horse"), Choice(HOME, PASSWORD)]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_phone_enters_a_name_and_cancels(browser: Chrome, tmp_path: Path, script: bool) -> None:
    setup = SimulatedSetup(trial_s=0)

    def scene(phone: Phone, portal: RunningPortal) -> None:
        phone.has(script=script)
        browser.get(portal.url)
        phone.opens("My network is not in the list")
        phone.enters("Zoë's", "name")
        phone.presses("Connect")
        phone.sees("Zoë's: not connected")
        phone.presses("Cancel the setup")
        phone.sees("The setup has ended")

    await on_a_phone(browser, setup, tmp_path, scene)
    assert setup.attempts == [Choice("Zoë's".encode(), hidden=True)]


async def test_the_page_follows_the_device_when_it_comes_back(browser: Chrome, tmp_path: Path) -> None:
    """With one radio the device leaves the phone; here the whole portal is gone meanwhile."""
    setup = SimulatedSetup(trial_s=3600)

    def leave(phone: Phone, portal: RunningPortal) -> None:
        browser.get(portal.url)
        phone.opens("Home")
        phone.enters("wrong horse")
        phone.presses("Connect")
        phone.sees("Connecting to Home")

    async with running_portal(setup, tmp_path) as portal:
        phone = Phone(browser)
        await asyncio.to_thread(leave, phone, portal)
    await asyncio.to_thread(phone.sees, "This page has lost the device")
    setup._show(Phase.CHOOSING, HOME, Failure.WRONG_PASSWORD)
    async with running_portal(setup, tmp_path, port=portal.port):
        await asyncio.to_thread(phone.sees, "Home: not connected")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_is_accessible_and_fits(browser: Chrome, tmp_path: Path, dark: bool) -> None:
    setup = SimulatedSetup((*NETWORKS, Nearby(LONG, 5, Security.WPA3)))

    def check(phone: Phone, portal: RunningPortal, path: str, text: str) -> None:
        browser.get(portal.url + path)
        phone.sees(text)
        assert violations(browser) == [], path
        assert not overflows(browser), path

    def scene(phone: Phone, portal: RunningPortal) -> None:
        phone.has(dark=dark)
        open_network = next(network.ssid for network in NETWORKS if network.security is Security.OPEN)
        check(phone, portal, "", "Networks nearby")
        check(phone, portal, f"network?ssid={LONG.hex()}", "Password")
        check(phone, portal, f"network?ssid={open_network.hex()}", "no password")
        check(phone, portal, "hidden", "Name of the network")
        check(phone, portal, "network?ssid=6e6f6e65", "Networks nearby")
        check(phone, portal, "nowhere", "This page does not exist")
        for phase, failure, text in (
            (Phase.CHOOSING, Failure.NOT_FOUND, "not connected"),
            (Phase.TRYING, None, "Connecting to"),
            (Phase.CONNECTED, None, "The device is in the network"),
            (Phase.OVER, None, "The setup has ended"),
        ):
            setup._show(phase, LONG, failure)
            check(phone, portal, "", text)

    async with running_portal(setup, tmp_path) as portal:
        await asyncio.to_thread(scene, Phone(browser, 320, 568), portal)
