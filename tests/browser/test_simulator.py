"""The page of the simulator, in a real browser."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.e2e.device import Device, device

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

TIMEOUT_S = 20

PIXEL = """
const [x, y] = arguments, canvas = document.querySelector(".board canvas");
const scale = canvas.width / canvas.parentElement.querySelector("svg").viewBox.baseVal.width;
const [left, top] = [x, y].map(place => Math.round(place * scale));
const copy = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
const pen = copy.getContext("2d", { willReadFrequently: true });
pen.drawImage(canvas, -left, -top);
return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
"""
"""The colour of the board's canvas at a point of its picture."""

FIRST_EYE = (206, 184)
"""Centre of the eye of pixels 0 to 11, in the picture of the Mark 1."""

MOUTH = (320 - 16 * 9.6, 296)


class Simulator:
    """The page of a running simulator."""

    def __init__(self, browser: Chrome, device: Device) -> None:
        self.browser = browser
        self.device = device

    def find(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def until(self, condition: Callable[[], object], what: str) -> None:
        WebDriverWait(self.browser, TIMEOUT_S).until(lambda _: condition(), f"never: {what}")

    def pixel(self, x: float, y: float) -> list[int]:
        found: list[int] = self.browser.execute_script(PIXEL, x, y)
        return found

    def eye(self) -> list[int]:
        """The colour of the first pixel of the first eye."""
        return self.pixel(FIRST_EYE[0] + 54 * 0.2588, FIRST_EYE[1] - 54 * 0.9659)

    def cell(self, column: int, row: int) -> list[int]:
        """The colour of a pixel of the mouth."""
        return self.pixel(MOUTH[0] + column * 9.6 + 3.7, MOUTH[1] + row * 9.6 + 3.7)

    def sends(self, msg_type: str, **fields: str) -> None:
        """Sends a message with the form."""
        box = self.find("#type")
        box.clear()
        box.send_keys(msg_type)
        for name, value in fields.items():
            self.find(f'#fields [data-field="{name}"]').send_keys(value)
        self.find("#send").click()
        self.until(lambda: self.find("#verdict").text.startswith(f"Sent {msg_type}."), f"{msg_type} is sent")

    def has(self, msg_type: str) -> None:
        """Waits for a message in the list."""
        types = f'#messages li[data-type="{msg_type}"]'
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, types), msg_type)

    def switches(self, fault: str) -> None:
        self.find(f'[data-fault="{fault}"]').click()

    def is_on(self, fault: str, on: bool) -> None:
        """Waits for the switch of a fault to show whether it is on."""
        switch = f'[data-fault="{fault}"][aria-checked="{str(on).lower()}"]'
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, switch), f"{fault} {on}")


@contextlib.asynccontextmanager
async def page(browser: Chrome, *arguments: str) -> AsyncIterator[Simulator]:
    """The page of a simulator with these arguments; at the end the browser has logged no error."""
    async with device(*arguments) as found:
        await asyncio.to_thread(browser.get, found.face)
        simulator = Simulator(browser, found)
        await asyncio.to_thread(simulator.find, "#scenes button")
        yield simulator
        errors: list[Any] = browser.get_log("browser")  # type: ignore[no-untyped-call]  # of selenium
        assert errors == []  # such as a missing icon, or a script that the policy does not allow


async def test_a_message_shows_on_the_face_and_a_hand_on_the_knob_is_a_message(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        page.sends("enclosure.eyes.color", r="255", g="0", b="0")
        page.until(lambda: page.eye()[0] > 200 and max(page.eye()[1:]) < 150, "a red eye")
        page.sends("enclosure.mouth.display", img_code="aIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        page.sends("enclosure.mouth.text", text="HHHHHH")
        page.until(lambda: max(page.cell(c, 4)[0] for c in range(32)) > 200, "a text")
        knob = page.find(".knob")
        ActionChains(browser).click_and_hold(knob).pause(0.3).release().perform()
        page.has("mycroft.mic.listen")
        ActionChains(browser).scroll_to_element(knob).perform()
        page.find('[aria-label="Turn the knob to louder"]').click()
        page.has("mycroft.volume.increase")
        page.until(lambda: page.find("#level-text").text == "58 %", "the level of the mixer")

    async with page(browser) as simulator:
        await asyncio.to_thread(scene, simulator)
