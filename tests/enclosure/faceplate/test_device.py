"""The display over a pseudo terminal, with the simulated firmware at its other end: what the user sees."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from enclosure import display
from enclosure.activity import Activity
from enclosure.display import EMPTY, HEIGHT, Bitmap
from enclosure.drivers.serial import AsyncSerial
from enclosure.events import (
    Brightness,
    Choice,
    Chosen,
    Event,
    FaceplateState,
    LinkState,
    Pressed,
    QuestionShown,
    Turned,
)
from enclosure.faceplate import text
from enclosure.faceplate.device import FaceplateDevice
from enclosure.faceplate.mouth import NOTE
from enclosure.faceplate.scene import REFRESH_S
from enclosure.faceplate.text import drawn, scrolled, weather_drawn
from hw_sim.faceplate import Faceplate
from tests.conftest import picture, until

RED = 0x1E0000
"""Full red at level 30, as the pixels show it."""
BLUE = 0x00001E

DOWN = "....####........####...."
"""Eyes that look down."""

LOGO = Bitmap(8, tuple(range(3, 35)))
NOTE_8 = Bitmap(8, NOTE.columns[12:20])

CABLES = pytest.mark.parametrize("faceplate", ["clean", "one-byte", "lossy"], indirect=True)


class Host:
    """The host's end."""

    def __init__(self, faceplate: Faceplate) -> None:
        self.events: list[Event] = []
        self.states: list[FaceplateState] = []
        self.device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), self.take)
        self.running = asyncio.create_task(self.device.run())

    def take(self, event: Event | FaceplateState) -> None:
        if isinstance(event, FaceplateState):
            self.states.append(event)
        else:
            self.events.append(event)

    def show(self, *commands: display.Command) -> None:
        for command in commands:
            self.device.show(command)


@pytest.fixture
async def host(faceplate: Faceplate) -> AsyncIterator[Host]:
    host = Host(faceplate)
    await until(lambda: set(faceplate.firmware.eyes) == {BLUE}, "blue eyes, as a Mark 1 has them")
    yield host
    host.running.cancel()


@CABLES
async def test_commands_are_shown(faceplate: Faceplate, host: Host) -> None:
    host.show(display.EyesColor(255, 0, 0), display.MouthIcon(LOGO, 0, 0, clear=True))
    await until(lambda: set(faceplate.firmware.eyes) == {RED}, "red eyes", 20)
    await until(lambda: picture(faceplate.firmware.mouth) == LOGO, "the picture", 20)


@CABLES
async def test_knob_and_button_are_reported(faceplate: Faceplate, host: Host) -> None:
    for detents in (1, 1, -1):
        faceplate.turn(detents)
        await asyncio.sleep(0.1)
    faceplate.press()
    await asyncio.sleep(0.1)
    faceplate.release()
    if faceplate.cable.loss:  # lines may be lost on their way; no other event may come of it
        await asyncio.sleep(0.5)
        assert set(host.events) <= {Turned(1), Turned(-1), Pressed()}
    else:
        await until(lambda: host.events == [Turned(1), Turned(1), Turned(-1), Pressed()], "every event")


@pytest.mark.parametrize("text", ["volume.up", "unit.factory-reset", "a\nsystem.reset", "mycroft.stop", "x" * 500])
async def test_a_text_is_never_a_command_or_an_event(faceplate: Faceplate, host: Host, text: str) -> None:
    said: list[str] = []
    faceplate.report = said.append
    host.show(display.MouthText(text))
    await until(lambda: any(faceplate.firmware.mouth), "something on the mouth")
    await asyncio.sleep(2.5)  # a reset would take 2 s
    assert any(faceplate.firmware.mouth)
    assert said == []  # no banner
    assert host.events == []


@pytest.mark.parametrize("loss", ["unplug", "power_cycle"])
async def test_all_is_shown_again_after_an_absence(faceplate: Faceplate, host: Host, loss: str) -> None:
    host.show(display.EyesColor(255, 0, 0), display.MouthIcon(LOGO, 0, 0, clear=True))
    await until(lambda: picture(faceplate.firmware.mouth) == LOGO, "the picture")
    getattr(faceplate, loss)()
    if loss == "unplug":
        host.show(display.EyesBlink("b"), display.EyesColor(0, 0, 255), display.MouthAction.RESET)
        await asyncio.sleep(0.1)
        faceplate.plug()
        await until(lambda: set(faceplate.firmware.eyes) == {BLUE}, "the commands of the meantime", 20)
        await until(lambda: not any(faceplate.firmware.mouth), "the commands of the meantime", 20)
    else:
        await until(lambda: not any(faceplate.firmware.mouth), "the reset")
        await until(lambda: picture(faceplate.firmware.mouth) == LOGO, "the picture again", 20)
        await until(lambda: set(faceplate.firmware.eyes) == {RED}, "red eyes again", 20)


async def test_a_burst_ends_as_the_last_commands_say(faceplate: Faceplate, host: Host) -> None:
    for number in range(500):
        host.show(display.EyesColor(number % 256, 0, 0))
    host.show(display.EyesColor(255, 0, 0), display.MouthIcon(LOGO, 0, 0, clear=True))
    await until(
        lambda: picture(faceplate.firmware.mouth) == LOGO and set(faceplate.firmware.eyes) == {RED}, "the end", 30
    )


async def test_a_picture_over_another_returns_after_a_power_cycle(faceplate: Faceplate, host: Host) -> None:
    dot = Bitmap(2, (3, 3))
    host.show(display.MouthIcon(LOGO, 0, 0, clear=True), display.MouthIcon(dot, 30, 6, clear=False))
    await until(lambda: picture(faceplate.firmware.mouth) == dot.over(LOGO, 30, 6), "both")
    faceplate.power_cycle()
    await until(lambda: not any(faceplate.firmware.mouth), "the reset")
    await until(lambda: picture(faceplate.firmware.mouth) == dot.over(LOGO, 30, 6), "both again", 20)


async def test_a_picture_over_the_weather_returns_with_it(faceplate: Faceplate, host: Host) -> None:
    host.show(display.Weather("21", Bitmap(8, (255,) * 8)))
    await until(lambda: any(faceplate.firmware.mouth), "the weather")
    await asyncio.sleep(0.5)
    dot = Bitmap(2, (3, 3))
    both = dot.over(picture(faceplate.firmware.mouth), 30, 6)
    host.show(display.MouthIcon(dot, 30, 6, clear=False))
    await until(lambda: picture(faceplate.firmware.mouth) == both, "both")
    faceplate.power_cycle()
    await until(lambda: not any(faceplate.firmware.mouth), "the reset")
    await until(lambda: picture(faceplate.firmware.mouth) == both, "both again", 20)


def lit(faceplate: Faceplate) -> str:
    """The eyes as a row of 24: "." dark, "#" lit."""
    return "".join("#" if pixel else "." for pixel in faceplate.firmware.eyes)


@pytest.mark.parametrize(
    ("commands", "wait_s"),
    [
        ([], 0.5),
        ([display.EyesAction.RESET], 0.5),
        ([display.EyesBlink("b")], 0.8),
        ([display.EyesVolume(5)], 0.3),
        ([display.EyesAction.NARROW, display.EyesAction.WIDEN], 1.5),
        ([display.EyesLook("l"), display.EyesAction.UNLOOK], 2),
        ([display.EyesAction.SPIN], 0.5),
        ([display.EyesAction.SPIN, display.MouthAction.TALK], 2),
        ([display.MouthAction.TALK, display.EyesAction.SPIN], 2),
        ([display.MouthAction.TALK, display.EyesAction.SPIN, display.EyesLevel(10)], 2),
        ([display.EyesTimedSpin(500)], 1.2),
        ([display.EyesAction.OFF], 0.5),
        ([display.EyesLevel(10)], 0.5),
        ([display.EyesFill(23)], 0.5),
    ],
)
async def test_every_detent_is_reported_whatever_is_shown(
    faceplate: Faceplate, host: Host, commands: list[display.Command], wait_s: float
) -> None:
    host.show(*commands)
    await asyncio.sleep(wait_s)
    for _ in range(20):
        faceplate.turn(1)
        await asyncio.sleep(0.012)
    await until(lambda: host.events == [Turned(1)] * 20, f"20 detents, not {len(host.events)}", 3)
    host.events.clear()
    faceplate.press()
    await asyncio.sleep(0.03)
    faceplate.release()
    await until(lambda: host.events == [Pressed()], "the press", 3)


@pytest.mark.parametrize(
    ("commands", "eyes"),
    [
        ([display.EyesAction.OFF], "." * 24),
        ([display.EyesAction.OFF, display.EyesAction.ON], "#" * 24),
        ([display.EyesAction.OFF, display.EyesColor(9, 9, 9)], "#" * 24),
        ([display.EyesFill(11)], "#" * 12 + "." * 12),
        ([display.EyesAction.OFF, display.EyesPixel(3, display.EyesColor(255, 0, 0))], "...#" + "." * 20),
        ([display.EyesFill(11), display.EyesVolume(0)], "#" * 12 + "." * 12),
        ([display.EyesAction.OFF, display.EyesBlink("b")], "." * 24),
        ([display.EyesFill(5), display.EyesLevel(20)], "#" * 6 + "." * 18),
        ([display.EyesTimedSpin(300)], "#" * 24),
        ([display.EyesLook("u")], "#..........##..........#"),
        ([display.EyesLook("u"), display.EyesAction.RESET], "#" * 24),
        ([display.EyesAction.NARROW], "..##....##....##....##.."),
        ([display.EyesAction.SPIN, display.EyesAction.RESET], "#" * 24),
    ],
)
async def test_the_eyes_end_as_the_last_commands_say(
    faceplate: Faceplate, host: Host, commands: list[display.Command], eyes: str
) -> None:
    for command in commands:
        host.show(command)
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    await until(lambda: lit(faceplate) == eyes, f"{eyes}, not {lit(faceplate)}", 5)
    await asyncio.sleep(0.5)
    assert lit(faceplate) == eyes
    faceplate.power_cycle()
    await asyncio.sleep(0.3)
    await until(lambda: lit(faceplate) == eyes, f"{eyes} again, not {lit(faceplate)}", 10)


async def test_a_volume_ring_ends_by_itself(faceplate: Faceplate, host: Host) -> None:
    host.show(display.EyesVolume(5))
    await until(lambda: lit(faceplate) == ("#" * 6 + "." * 6) * 2, "the ring")
    await until(lambda: lit(faceplate) == "#" * 24, "open eyes", 5)


async def test_speech_does_not_wipe_skill_content(faceplate: Faceplate, host: Host) -> None:
    host.show(display.MouthIcon(LOGO, 0, 0, clear=True))
    host.device.indicate(Activity(speaking=True))
    host.show(display.MouthViseme(3))
    host.device.indicate(Activity())
    await asyncio.sleep(0.5)
    assert picture(faceplate.firmware.mouth) == LOGO
    host.device.indicate(Activity(speaking=True))
    host.show(display.MouthAction.RESET)
    await until(lambda: not any(faceplate.firmware.mouth), "an empty mouth")
    for viseme in (3, 2):
        host.show(display.MouthViseme(viseme))
        await until(lambda: any(faceplate.firmware.mouth), "the mouth of a sound")
    host.show(display.MouthAction.STILL)
    await until(lambda: not any(faceplate.firmware.mouth), "an empty mouth")


async def test_a_note_is_seen_only_where_there_is_nothing_else(faceplate: Faceplate, host: Host) -> None:
    async def sees(bitmap: Bitmap, what: str) -> None:
        await until(lambda: picture(faceplate.firmware.mouth) == bitmap, what)

    async def sees_something_else(what: str) -> None:
        await until(lambda: picture(faceplate.firmware.mouth) not in (EMPTY, NOTE), what)

    dot = Bitmap(HEIGHT, (1,))
    host.device.indicate(Activity(playing=True))
    await sees(NOTE, "the note")
    for viseme in (3, 2):
        host.show(display.MouthViseme(viseme))
        await sees_something_else("the mouth that speaks")
    host.show(display.MouthAction.STILL)
    await sees(NOTE, "the note, after speech")
    host.show(display.MouthIcon(dot, 4, 0, clear=False))
    await sees(dot.over(EMPTY, 4, 0), "a skill's picture, and nothing else")
    host.show(display.MouthAction.TALK, display.MouthAction.STILL)
    await asyncio.sleep(0.3)
    await sees(dot.over(EMPTY, 4, 0), "the skill's picture")
    host.show(display.MouthAction.RESET)
    await sees(NOTE, "the note, after the skill")
    faceplate.power_cycle()
    assert picture(faceplate.firmware.mouth) != NOTE
    await sees(NOTE, "the note, after a reset")
    host.device.indicate(Activity())
    await sees(EMPTY, "an empty mouth")


async def test_a_text_that_is_not_to_repeat_ends(faceplate: Faceplate, host: Host) -> None:
    host.show(display.MouthText("HI", repeat=False))
    await until(lambda: any(faceplate.firmware.mouth), "the text")
    await until(lambda: not any(faceplate.firmware.mouth), "an empty mouth", 6)


LONG = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG"


def seen(faceplate: Faceplate) -> list[Bitmap]:
    """The pictures on the mouth from now on, each as it is when it changes."""
    pictures = [picture(faceplate.firmware.mouth)]

    async def watch() -> None:
        while True:
            faceplate.changed.clear()
            await faceplate.changed.wait()
            if picture(faceplate.firmware.mouth) != pictures[-1]:
                pictures.append(picture(faceplate.firmware.mouth))

    faceplate.watching = asyncio.create_task(watch())  # type: ignore[attr-defined]  # it ends with the loop
    return pictures


def in_order(wanted: Sequence[Bitmap], pictures: Sequence[Bitmap]) -> bool:
    """Whether these were seen one after the other, whatever was seen between them."""
    rest = iter(pictures)
    return all(any(bitmap == other for other in rest) for bitmap in wanted)


async def test_a_long_text_passes_step_by_step(faceplate: Faceplate, host: Host) -> None:
    pictures = seen(faceplate)
    steps = list(scrolled(LONG))[:7]
    host.show(display.MouthText(LONG))
    await until(lambda: in_order(steps, pictures), "seven steps", 8)
    for _ in range(10):
        faceplate.turn(1)
        await asyncio.sleep(0.1)
    assert host.events == [Turned(1)] * 10
    resting = picture(faceplate.firmware.mouth)
    await asyncio.sleep(0.6)
    assert picture(faceplate.firmware.mouth) == resting  # the line is quiet while the knob is used
    await until(lambda: picture(faceplate.firmware.mouth) != resting, "the next step", 2)
    host.show(display.MouthIcon(LOGO, 0, 0, clear=True))
    await asyncio.sleep(1.5)
    assert picture(faceplate.firmware.mouth) == LOGO


@pytest.mark.parametrize("repeat", [True, False])
async def test_a_long_text_passes_once_or_again_and_again(
    faceplate: Faceplate, host: Host, monkeypatch: pytest.MonkeyPatch, repeat: bool
) -> None:
    monkeypatch.setattr(text, "SCROLL_PIXELS", 32)
    host.show(display.MouthText(LONG, repeat=repeat))
    steps = list(scrolled(LONG))
    for _ in range(2):
        await until(lambda: picture(faceplate.firmware.mouth) == steps[0], "the beginning")
        await until(lambda: picture(faceplate.firmware.mouth) == steps[-1], "the end")
        if not repeat:
            await until(lambda: not any(faceplate.firmware.mouth), "an empty mouth")
            return


async def test_only_a_brightness_from_the_menu_is_reported(faceplate: Faceplate, host: Host) -> None:
    host.show(display.EyesLevel(20), display.EyesLevel(25))
    await asyncio.sleep(0.5)
    faceplate.press()
    await asyncio.sleep(2.2)
    faceplate.release()
    await asyncio.sleep(0.2)
    faceplate.press()  # ILLUM is the first entry
    await asyncio.sleep(0.15)
    faceplate.release()
    await asyncio.sleep(0.2)
    faceplate.turn(-1)
    await until(lambda: host.events == [Brightness(24)], f"one brightness in {host.events}")


async def choose(faceplate: Faceplate, entry: int) -> None:
    """Opens the menu, and chooses from ILLUM, WI-FI, REBOOT, OFF, TEST, SSH, RESET, DEMO, EXIT."""
    faceplate.press()
    await asyncio.sleep(2.3)
    faceplate.release()
    for _ in range(entry):
        await asyncio.sleep(0.15)
        faceplate.turn(-1)
    await press(faceplate)


async def press(faceplate: Faceplate) -> None:
    await asyncio.sleep(0.15)
    faceplate.press()
    await asyncio.sleep(0.15)
    faceplate.release()
    await asyncio.sleep(0.15)


async def run_test(faceplate: Faceplate) -> None:
    """Chooses TEST in the menu, and does what it asks for."""
    await choose(faceplate, 4)
    for _ in range(4):
        await press(faceplate)


async def test_what_changes_during_the_menus_test_is_shown_afterwards(faceplate: Faceplate, host: Host) -> None:
    host.show(display.MouthText("BEFORE"), display.SystemAction.MUTE)
    await asyncio.sleep(1)
    running = asyncio.create_task(run_test(faceplate))
    await until(lambda: Chosen(Choice.TEST_BEGIN) in host.events, "the beginning of the test")
    host.show(display.EyesLevel(10), display.MouthIcon(LOGO, 0, 0, clear=True), display.EyesLook("d"))
    await running
    await until(lambda: Chosen(Choice.TEST_END) in host.events, "the end of the test", 25)
    assert host.events == [Chosen(Choice.TEST_BEGIN), Chosen(Choice.TEST_MIC), Chosen(Choice.TEST_END)]
    await until(lambda: picture(faceplate.firmware.mouth) == LOGO, "the picture")
    await until(lambda: lit(faceplate) == DOWN and max(faceplate.firmware.eyes) == 10, "dim eyes that look down")
    await until(lambda: not faceplate.firmware.speaker, "muted")
    assert [state.state for state in host.states] == ["connected"]


async def test_all_is_shown_again_after_a_test_whose_end_is_lost(faceplate: Faceplate, host: Host) -> None:
    host.show(display.SystemAction.MUTE, display.MouthIcon(LOGO, 0, 0, clear=True))
    await run_test(faceplate)
    await until(lambda: Chosen(Choice.TEST_MIC) in host.events, "the test of the microphone")
    faceplate.cable.loss = 1.0
    await asyncio.sleep(20)
    faceplate.cable.loss = 0.0
    await until(
        lambda: picture(faceplate.firmware.mouth) == LOGO and not faceplate.firmware.speaker, "all of it", 60
    )
    assert set(faceplate.firmware.eyes) == {BLUE}


async def test_a_daemon_that_starts_during_the_menus_test_shows_all_afterwards(faceplate: Faceplate) -> None:
    await run_test(faceplate)
    host = Host(faceplate)
    host.show(display.SystemAction.MUTE, display.MouthIcon(LOGO, 0, 0, clear=True))
    await until(
        lambda: picture(faceplate.firmware.mouth) == LOGO and not faceplate.firmware.speaker, "all of it", 40
    )
    host.running.cancel()


async def test_a_question_is_reported_while_it_can_be_read(faceplate: Faceplate, host: Host) -> None:
    async def reports(*shown: bool) -> None:
        await until(lambda: host.events == [QuestionShown(visible) for visible in shown], f"{shown}")

    host.show(display.MouthIcon(LOGO, 0, 0, clear=True))
    host.device.ask("WIPE?")
    await until(lambda: bool(host.events), "the question")
    assert picture(faceplate.firmware.mouth) == drawn("WIPE?")
    faceplate.power_cycle()
    await reports(True, False, True)
    faceplate.unplug()
    await reports(True, False, True, False)
    faceplate.plug()
    await reports(True, False, True, False, True)
    host.device.ask(None)
    await reports(True, False, True, False, True, False)
    await until(lambda: picture(faceplate.firmware.mouth) == LOGO, "the picture")


async def test_an_answer_within_the_report_is_what_is_shown(faceplate: Faceplate) -> None:
    readable: list[bool] = []

    def refuse(event: Event) -> None:
        if isinstance(event, QuestionShown):
            readable.append(event.visible)
            if not event.visible:
                device.ask(None)
                device.notify("NO")

    device = FaceplateDevice(lambda: AsyncSerial(str(faceplate.link), 9600), refuse)
    running = asyncio.create_task(device.run())
    device.ask("WIPE?")
    await until(lambda: readable == [True], "the question")
    faceplate.power_cycle()
    await until(lambda: picture(faceplate.firmware.mouth) == drawn("NO"), "the notification")
    running.cancel()


async def test_another_firmware_is_noticed_at_its_banner(
    faceplate: Faceplate, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hw_sim.firmware.loop.BANNER", "Mycroft Mark 1 v1.5")
    faceplate.power_cycle()
    await until(lambda: host.device.firmware == "1.5", "the version")
    assert host.states[-1] == FaceplateState(LinkState.CONNECTED, "1.5")


async def test_each_line_on_the_wire_is_logged_at_debug(
    faceplate: Faceplate, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "enclosure.faceplate.link"):
        host.show(display.MouthText("HI"))
        faceplate.turn(1)
        await until(lambda: host.events == [Turned(1)], "the turn")
        await until(lambda: picture(faceplate.firmware.mouth) == drawn("HI"), "the text")
    assert set(caplog.messages) >= {
        r"to the faceplate: 'mouth.text=HI\n'",
        "from the faceplate: 'Command: mouth.text=HI'",
        "from the faceplate: 'volume.up'",
    }


@CABLES
@pytest.mark.parametrize(
    ("commands", "eyes", "mouth"),
    [
        ([display.MouthIcon(LOGO, 0, 0, clear=True)], "#" * 24, LOGO),
        ([display.Weather("-12", NOTE_8)], "#" * 24, weather_drawn(display.Weather("-12", NOTE_8))),
        ([display.EyesAction.OFF, display.MouthText("hi")], "." * 24, drawn("HI")),
        ([display.EyesLook("d")], DOWN, EMPTY),
        ([display.EyesAction.NARROW], "..##....##....##....##..", EMPTY),
        ([display.EyesFill(5)], "#" * 6 + "." * 18, EMPTY),
    ],
)
async def test_the_menu_wipes_nothing_for_long(
    faceplate: Faceplate, host: Host, commands: list[display.Command], eyes: str, mouth: Bitmap
) -> None:
    def shown() -> bool:
        return lit(faceplate) == eyes and picture(faceplate.firmware.mouth) == mouth

    host.show(*commands)
    await until(shown, "it", 20)
    await choose(faceplate, 8)  # EXIT
    await until(shown, "it again", 2 * REFRESH_S if faceplate.cable.loss else REFRESH_S + 2)


@CABLES
async def test_what_changes_while_the_menu_is_open_is_seen_afterwards(faceplate: Faceplate, host: Host) -> None:
    host.show(display.MouthText("BEFORE"))
    await until(lambda: picture(faceplate.firmware.mouth) == drawn("BEFORE"), "the text before")
    await choose(faceplate, 0)  # ILLUM
    await asyncio.sleep(0.5)
    host.show(display.EyesAction.OFF, display.MouthText("AFTER"))
    await asyncio.sleep(5)
    await until(lambda: picture(faceplate.firmware.mouth) == drawn("AFTER"), "the text after", REFRESH_S + 2)
    assert lit(faceplate) == "." * 24


@CABLES
async def test_a_daemon_that_starts_over_an_open_menu_shows_all_when_it_has_closed(faceplate: Faceplate) -> None:
    faceplate.press()
    await asyncio.sleep(2.3)
    faceplate.release()
    host = Host(faceplate)
    host.show(display.EyesLook("d"), display.MouthIcon(LOGO, 0, 0, clear=True))
    await asyncio.sleep(5)
    await until(
        lambda: lit(faceplate) == DOWN and picture(faceplate.firmware.mouth) == LOGO,
        "all of it",
        REFRESH_S + 2,
    )
    host.running.cancel()


async def test_a_spin_outlasts_what_is_sent_again_after_the_start(faceplate: Faceplate, host: Host) -> None:
    host.show(display.EyesAction.SPIN)
    await asyncio.sleep(7)
    for _ in range(10):
        await asyncio.sleep(0.1)
        assert lit(faceplate).count("#") == 2


async def test_eyes_spin_also_over_a_long_text(faceplate: Faceplate, host: Host) -> None:
    host.show(display.MouthText(LONG))
    await until(lambda: any(faceplate.firmware.mouth), "the text")
    host.show(display.EyesAction.SPIN)
    await asyncio.sleep(2)
    assert lit(faceplate) not in ("#" * 24, "." * 24)
    host.show(display.MouthAction.RESET, display.MouthText("HI"))  # ends it, as the firmware does
    await until(lambda: lit(faceplate) == "#" * 24, "open eyes", 4)


async def test_a_restart_of_the_board_loses_nothing(faceplate: Faceplate, host: Host) -> None:
    host.show(display.SystemAction.MUTE, display.MouthIcon(LOGO, 0, 0, clear=True), display.SystemAction.RESET)
    host.show(display.EyesColor(255, 0, 0))
    await until(lambda: not faceplate.firmware.speaker, "muted")
    await asyncio.sleep(2)
    await until(
        lambda: set(faceplate.firmware.eyes) == {RED} and picture(faceplate.firmware.mouth) == LOGO,
        "all as before",
        10,
    )
    assert not faceplate.firmware.speaker
    assert [state.state for state in host.states] == ["connected"]


async def test_each_change_of_the_link_is_reported(faceplate: Faceplate, host: Host) -> None:
    faceplate.unplug()
    await until(lambda: len(host.states) == 2, "gone")
    faceplate.plug()
    await until(lambda: len(host.states) == 3, "back")
    assert [(state.state, state.firmware) for state in host.states] == [
        ("connected", "1.4.2"),
        ("unplugged", "1.4.2"),
        ("connected", "1.4.2"),
    ]


async def test_an_unmute_while_unplugged_is_sent_later(faceplate: Faceplate, host: Host) -> None:
    host.show(display.SystemAction.MUTE)
    await until(lambda: not faceplate.firmware.speaker, "muted")
    faceplate.unplug()
    host.show(display.SystemAction.UNMUTE)
    faceplate.plug()
    await until(lambda: faceplate.firmware.speaker, "unmuted")
