"""The page that shows the face, in a real browser."""

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.compat.client import peer
from tests.compat.environment import OVOS
from tests.conftest import until
from tests.e2e.device import device

pytestmark = pytest.mark.real_time


def lit(browser: Chrome) -> int:
    """How many eye pixels the page shows in a colour."""
    return len(browser.find_elements(By.CSS_SELECTOR, 'circle[fill^="rgb"]'))


async def test_the_page_shows_the_face_and_passes_on_what_the_user_does(browser: Chrome) -> None:
    async with device() as found, peer(OVOS, found.bus) as client:
        await client.emit("mycroft.volume.set", {"percent": 0.5})
        await client.hears("mycroft.volume.get.response")
        browser.get(found.face)
        wait = WebDriverWait(browser, 10)
        wait.until(lambda _: lit(browser) == 24)
        errors = browser.get_log("browser")  # type: ignore[no-untyped-call]  # of selenium
        assert errors == []  # such as a missing icon

        browser.find_element(By.ID, "up").click()
        await client.hears("mycroft.volume.increase")
        await client.hears("mycroft.volume.get.response")
        assert found.level == 50
        wait.until(lambda _: lit(browser) == 16)  # level 7 of 11 is 8 pixels in each eye

        knob = browser.find_element(By.ID, "knob")
        ActionChains(browser).click_and_hold(knob).pause(0.15).release().perform()
        await client.hears("mycroft.mic.listen")

        await client.emit("enclosure.mouth.text", {"text": "hi"})
        wait.until(lambda _: browser.find_elements(By.CSS_SELECTOR, 'rect[fill="#f4f7ff"]'))

        browser.find_element(By.ID, "cable").click()
        wait.until(lambda _: "unplugged" in browser.find_element(By.ID, "state").text)
        browser.find_element(By.ID, "cable").click()
        await until(lambda: bool(found.state["plugged"]), "plugged in again")
