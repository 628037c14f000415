"""The page of the simulator, in a real browser."""

import asyncio
import colorsys
import contextlib
import io
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from websockets.asyncio.client import connect

from hw_sim.boards.device import BOARDS
from tests.browser.axe import overflows, violations
from tests.e2e.device import Device, device

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

TIMEOUT_S = 20

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = DOCS / "face.png"
"""On the first page of the documentation."""
FILM = DOCS / "conversation.gif"
"""Of docs/simulator.md."""

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

    def shown(self) -> bool:
        """Whether the page shows the state of its simulator."""
        return bool(self.browser.find_elements(By.CSS_SELECTOR, "#scenes button"))

    def says(self, selector: str, text: str) -> None:
        """Waits for a text in an element."""
        self.until(lambda: text in self.find(selector).text, text)

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
        await asyncio.to_thread(simulator.until, simulator.shown, "the page is connected")
        yield simulator
        errors: list[Any] = browser.get_log("browser")  # type: ignore[no-untyped-call]  # of selenium
        assert errors == []  # such as a missing icon, or a script that the policy does not allow


Scene = Callable[[Simulator], None]


async def play(browser: Chrome, scene: Scene, *arguments: str) -> None:
    """Plays a scene on the page of a simulator, in a thread."""
    async with page(browser, *arguments) as simulator:
        await asyncio.to_thread(scene, simulator)


async def test_a_message_shows_on_the_face_and_a_hand_on_the_knob_is_a_message(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        page.sends("enclosure.eyes.color", r="255", g="0", b="0")
        page.until(lambda: page.eye()[0] > 200 and max(page.eye()[1:]) < 150, "a red eye")
        page.sends("enclosure.mouth.text", text="HHHHHH")
        page.until(lambda: max(page.cell(column, 4)[0] for column in range(32)) > 200, "a text")
        knob = page.find(".knob")
        ActionChains(browser).click_and_hold(knob).pause(0.3).release().perform()
        page.has("mycroft.mic.listen")
        page.find('[aria-label="Turn the knob to louder"]').click()
        page.has("mycroft.volume.increase")
        page.until(lambda: page.find("#level-text").text == "58 %", "the level of the mixer")

    await play(browser, scene)


async def test_a_pointer_that_moves_on_the_knob_turns_it_and_does_not_press_it(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        knob, drag = page.find(".knob"), ActionChains(browser)
        drag.click_and_hold(knob).move_by_offset(-40, 0).move_by_offset(-20, 0).release().perform()
        page.has("mycroft.volume.decrease")
        ActionChains(browser).click_and_hold(knob).pause(0.3).release().perform()
        page.has("mycroft.mic.listen")
        origin = ScrollOrigin.from_element(knob)
        ActionChains(browser).scroll_from_origin(origin, 0, -120).perform()
        page.has("mycroft.volume.increase")
        presses = '#messages li[data-type="mycroft.mic.listen"]'
        assert len(browser.find_elements(By.CSS_SELECTOR, presses)) == 1

    await play(browser, scene)


async def test_a_finger_presses_and_turns_the_knob(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        box = page.find(".knob").rect
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def touches(kind: str, *points: tuple[float, float]) -> None:
            found = [{"x": x, "y": y} for x, y in points]
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

        touches("touchStart", (x, y))
        page.until(lambda: page.find(".knob").get_attribute("data-down"), "the knob is down")
        touches("touchEnd")
        page.has("mycroft.mic.listen")
        touches("touchStart", (x, y))
        touches("touchMove", (x + 40, y))
        touches("touchEnd")
        page.has("mycroft.volume.increase")
        presses = '#messages li[data-type="mycroft.mic.listen"]'
        assert len(browser.find_elements(By.CSS_SELECTOR, presses)) == 1

    await play(browser, scene)


async def test_messages_wait_while_the_list_is_paused(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        page.sends("skill.first")
        page.has("skill.first")
        page.find("#pause").click()
        page.sends("skill.second")
        page.says("#counted", "paused, 1 waiting")
        assert not browser.find_elements(By.CSS_SELECTOR, '#messages li[data-type="skill.second"]')
        page.find("#pause").click()
        page.has("skill.second")

    await play(browser, scene)


async def test_the_controls_of_a_board_are_those_of_its_profile(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        keys = [key.text for key in browser.find_elements(By.CSS_SELECTOR, "#controls button")]
        assert keys == ["action", "volume up", "volume down", "mute"]
        page.find("#controls button").click()
        page.has("mycroft.mic.listen")
        page.find("#controls .slider").click()
        page.has("mycroft.mic.mute")
        page.until(lambda: page.pixel(200, 78)[0] > 150 > page.pixel(200, 78)[1], "a red ring")
        assert page.find("#controls .slider").get_attribute("aria-checked") == "true"
        bright = page.pixel(200, 78)[0]
        page.sends("mycroft.screen.brightness", value="0.3")
        page.until(lambda: page.pixel(200, 78)[0] < bright - 50, "a darker ring")
        lines = page.find("#lines").text
        assert "GPIO24 buttons.action.gpio in" in lines
        assert "GPIO5 amplifier.enable_gpio out" in lines

    await play(browser, scene, "--board", "sj201_r6")


async def test_each_fault_of_the_mark_1_happens_and_ends(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        serial, level = Path(page.device.serial), page.find("#level-text")
        page.switches("unplugged")
        page.is_on("unplugged", True)
        page.until(lambda: not serial.exists(), "the port goes")
        page.switches("unplugged")
        page.until(serial.exists, "the port comes back")

        page.switches("one-byte")
        page.is_on("one-byte", True)
        page.sends("enclosure.eyes.color", r="255", g="0", b="0")
        page.until(lambda: page.eye()[0] > 200, "a red eye, one byte at a time")

        page.switches("garbled")
        page.is_on("garbled", True)

        def damaged() -> bool:
            page.sends("enclosure.mouth.text", text="ABCDEFGH")
            to, came = (
                {line.text for line in browser.find_elements(By.CSS_SELECTOR, f"#serial .{way} code")}
                for way in ("to", "from")
            )
            return bool({echo.removeprefix("Command: ") for echo in came if echo.startswith("Command: ")} - to)

        page.until(damaged, "an echo of another line")
        page.switches("garbled")
        page.is_on("garbled", False)

        page.switches("reset")
        page.until(lambda: "v1.4.2 - Connected" in page.find("#serial").text, "the first line after a reset")

        page.switches("card-gone")
        page.until(lambda: level.text == "away", "the card goes")
        page.switches("card-gone")
        page.until(lambda: level.text == "50 %", "the card comes back at the level of before")

        page.find("#clear").click()
        page.switches("bus-restart")
        page.has("connected")
        page.sends("mycroft.volume.get")
        page.has("mycroft.volume.get.response")

        page.until(lambda: "time zone" in page.find("#values").text, "the host answers")
        page.switches("dbus-hangs")
        page.until(lambda: "does not answer" in page.find("#values").text, "the D-Bus hangs")
        page.switches("dbus-hangs")
        page.until(lambda: "time zone" in page.find("#values").text, "the host answers again")

    await play(browser, scene)


async def test_each_fault_of_a_board_happens_and_ends(browser: Chrome) -> None:
    def states() -> list[str]:
        found = browser.find_elements(By.CSS_SELECTOR, '#messages li[data-type="enclosure.board.state"]')
        return [state.text for state in found]

    def scene(page: Simulator) -> None:
        page.switches("bounce")
        page.is_on("bounce", True)
        page.find("#controls button").click()
        page.has("mycroft.mic.listen")

        page.switches("gpio-gone")
        page.until(lambda: "missing" in "".join(states()), "the chip goes")
        page.switches("gpio-gone")
        page.until(lambda: "connected" in states()[-1], "it comes back")

        page.find("#clear").click()
        page.switches("i2c-gone")
        page.is_on("i2c-gone", True)
        page.sends("recognizer_loop:record_begin")
        page.until(lambda: "lights" in "".join(states()), "the ring is away")
        page.switches("i2c-gone")
        page.until(lambda: page.pixel(200, 78)[1] > 150, "a green ring")

        level = page.find("#level-text")
        assert page.find("#mixer-heading").text == "Amplifier"
        page.sends("mycroft.volume.set", percent="0.3")
        page.until(lambda: level.text == "30 %", "the level of the amplifier")
        page.switches("card-gone")
        page.until(lambda: level.text == "away", "the amplifier goes")
        page.switches("card-gone")
        page.until(lambda: level.text == "30 %", "the amplifier comes back, at the level of before")

    await play(browser, scene, "--board", "sj201_r6")


async def test_the_keyboard_alone_does_it_all(browser: Chrome) -> None:
    def keys(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    def scene(page: Simulator) -> None:
        def goes_to(selector: str) -> None:
            for _ in range(80):
                if browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
                    return
                keys(Keys.TAB)
            pytest.fail(f"the tab key does not lead to {selector}")

        goes_to(".knob")
        ActionChains(browser).key_down(Keys.SPACE).pause(0.3).key_up(Keys.SPACE).perform()
        page.has("mycroft.mic.listen")
        keys(Keys.ARROW_RIGHT)
        page.has("mycroft.volume.increase")
        goes_to('[data-fault="unplugged"]')
        keys(Keys.SPACE)
        page.is_on("unplugged", True)
        keys(Keys.SPACE)
        page.is_on("unplugged", False)
        goes_to("#type")
        keys("enclosure.eyes.level", Keys.TAB)
        goes_to('[data-field="level"]')
        keys("12", Keys.ENTER)
        page.has("enclosure.eyes.level")
        goes_to("#messages li:first-child summary")
        keys(Keys.ENTER)
        page.until(lambda: page.find("#messages .inside h3").text == "data", "an unfolded message")

    await play(browser, scene)


async def test_the_form_checks_with_the_contract(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        page.find("#type").send_keys("enclosure.eyes.level")
        page.find('[data-field="level"]').send_keys("99")
        page.until(lambda: page.find("#verdict").text == "level is 99, outside 0..30", "the contract's own words")
        page.find('[data-field="level"]').clear()
        page.find('[data-field="level"]').send_keys("7")
        page.until(lambda: page.find("#verdict").text == "", "no problem")
        page.sends("enclosure.eyes.look")
        assert "side is missing" in page.find("#verdict").text
        page.sends("some.skill.of.mine")
        page.has("some.skill.of.mine")
        page.find("#filter").send_keys("enclosure.*")
        hidden = '#messages li[data-type="some.skill.of.mine"]'
        page.until(lambda: not page.find(hidden).is_displayed(), "a filtered message")

    await play(browser, scene)


async def test_the_search_leads_from_one_found_message_to_the_next(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        for text in ("first pear", "apple", "second pear"):
            page.sends("enclosure.mouth.text", text=text)
            page.says("#messages", text)
        page.find("#find").send_keys("PEAR")
        page.until(lambda: "2 found" in page.find("#counted").text, "both are found")
        for text in ("first pear", "second pear", "first pear"):
            page.find("#find").send_keys(Keys.ENTER)
            page.says("#messages .current", text)

    await play(browser, scene)


async def test_what_is_on_the_bus_is_shown_and_never_run(browser: Chrome) -> None:
    attack = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    big = "x" * 5_000_000

    def scene(page: Simulator) -> None:
        page.has("large")
        for row in browser.find_elements(By.CSS_SELECTOR, "#messages summary"):
            row.click()
        page.until(lambda: "5,000,000 characters" in page.find("#messages").text, "the large message, cut")
        page.until(lambda: attack in page.find("#messages").text, "the text as it is")
        assert browser.title == "Mycroft Mark 1"
        assert not browser.find_elements(By.CSS_SELECTOR, "#messages img, #messages script")
        assert len(page.find("#messages").text) < 100_000

    async with page(browser) as simulator, connect(simulator.device.bus) as bus:
        await bus.send(json.dumps({"type": attack, "data": {attack: attack}, "context": {attack: [attack]}}))
        await bus.send(json.dumps({"type": "large", "data": {"text": big, "list": [0] * 100_000}}))
        await asyncio.to_thread(scene, simulator)


async def test_a_flood_leaves_the_page_small_and_the_device_awake(browser: Chrome) -> None:
    def scene(page: Simulator) -> None:
        page.find(".knob").send_keys(Keys.ARROW_RIGHT)
        page.has("mycroft.volume.increase")
        page.until(lambda: len(browser.find_elements(By.CSS_SELECTOR, "#messages > li")) <= 300, "a bounded list")

    async with page(browser) as simulator, connect(simulator.device.bus) as bus:
        for number in range(5000):
            await bus.send(json.dumps({"type": "flood", "data": {"number": number}}))
        await asyncio.to_thread(scene, simulator)


@pytest.mark.parametrize("board", ["", *BOARDS], ids=lambda board: board or "mycroft_mark_1")
async def test_the_page_is_accessible_and_fits_a_phone(browser: Chrome, board: str) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def scene(page: Simulator) -> None:
        page.sends("enclosure.weather.display", img_code="3", temp="21")
        page.switches("card-gone")
        page.has("enclosure.weather.display")
        page.find("#messages summary").click()
        page.find("[data-scene=timer]").click()
        page.until(lambda: "time zone" in page.find("#values").text, "the host")
        for scheme in ("light", "dark"):
            feature = {"name": "prefers-color-scheme", "value": scheme}
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            assert violations(browser) == [], scheme
            assert not overflows(browser), scheme
        table = "return [...document.querySelectorAll('.scroll')].every(box => box.scrollWidth <= box.clientWidth)"
        assert browser.execute_script(table), "the table of the lines fits"

    await play(browser, scene, *(("--board", board) if board else ()))


async def test_the_picture_on_the_first_page_is_of_this_page(browser: Chrome) -> None:
    """Writes docs/face.png, if there is none: remove it to have it made again."""
    size = {"width": 1280, "height": 840, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})

    def scene(page: Simulator) -> None:
        page.find("#clear").click()
        page.sends("recognizer_loop:utterance", utterances='["say hello"]')
        page.sends("mycroft.volume.get")
        page.has("mycroft.volume.get.response")
        page.sends("enclosure.mouth.text", text="hello")
        page.has("enclosure.mouth.text")
        page.find('#messages [data-type="enclosure.mouth.text"] summary').click()
        page.says("#messages", "context")
        browser.execute_script("document.activeElement.blur(); document.querySelector('#traffic').scrollTop = 0")
        hello = [cell == "#" for cell in ".....#..#.###.#...#....##......."]
        page.until(lambda: [page.cell(column, 2)[0] > 200 for column in range(32)] == hello, "HELLO on the mouth")
        if not PICTURE.exists():
            browser.save_screenshot(str(PICTURE))

    async with page(browser) as simulator, connect(simulator.device.bus) as bus:
        for number in range(24):
            r, g, b = (round(255 * part) for part in colorsys.hsv_to_rgb(number % 12 / 12, 0.8, 1))
            pixel = {"idx": number, "r": r, "g": g, "b": b}
            await bus.send(json.dumps({"type": "enclosure.eyes.setpixel", "data": pixel}))
        await simulator.device.sees(lambda eyes, _: len(set(eyes)) == 12, "a rainbow")
        await asyncio.to_thread(scene, simulator)


async def test_the_film_of_the_page_shows_a_conversation(browser: Chrome) -> None:
    """Writes docs/conversation.gif, if there is none: remove it to have it made again."""
    size = {"width": 520, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    pictures: list[tuple[float, bytes]] = []

    def scene(page: Simulator) -> None:
        button, stage = page.find("[data-scene=conversation]"), page.find("#stage")
        button.click()
        page.until(lambda: button.get_attribute("aria-pressed") == "true", "the scene plays")
        while button.get_attribute("aria-pressed") == "true":
            pictures.append((time.monotonic(), stage.screenshot_as_png))

    await play(browser, scene)
    ends = [at for at, _ in pictures[1:]] + [pictures[-1][0] + 1]
    shown: list[tuple[int, bytes]] = []
    for (at, picture), end in zip(pictures, ends, strict=True):
        duration_ms = round((end - at) * 1000)
        if shown and shown[-1][1] == picture:
            duration_ms += shown.pop()[0]
        shown.append((duration_ms, picture))
    assert len({picture for _, picture in shown}) > 5, "at rest, listening, the time, and the mouth that speaks"
    if not FILM.exists():
        frames = [
            Image.open(io.BytesIO(picture)).convert("P", palette=Image.Palette.ADAPTIVE) for _, picture in shown
        ]
        durations = [duration_ms for duration_ms, _ in shown]
        frames[0].save(FILM, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
