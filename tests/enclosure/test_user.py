"""What the user of a Mark 1 sees and does: all handlers, on the simulated firmware with its own menu."""

import asyncio
import time

import pytest

from enclosure.faceplate.eyes import ASLEEP_LEVEL, PIXELS
from enclosure.faceplate.mouth import ASKED_S, NOTE, STANDS_S
from enclosure.faceplate.text import drawn, duration_s
from enclosure.handlers.menu import CERTAINLY, CONFIRM_S, KEPT, QUESTION, READ_S
from hw_sim.faceplate import Faceplate
from tests.conftest import picture, until
from tests.enclosure.handlers.mark1 import OPEN, User, user

RED = 0x1E0000
LISTEN = "recognizer_loop:record_begin"


async def reads(found: User, text: str) -> None:
    """Waits until a text stands on the mouth."""
    await until(lambda: picture(found.faceplate.firmware.mouth) == drawn(text), text)


async def chooses_wipe(found: User) -> None:
    await found.choose(6)  # RESET
    await found.turn(-1)  # WIPE
    await found.press()
    await reads(found, QUESTION)


async def sees_state(found: User, state: str) -> None:
    """Waits until the last message reports this state of the faceplate."""
    await until(lambda: bool(found.device.said) and found.device.said[-1].data.get("state") == state, state)


# The question.


async def confirms_once(found: User) -> None:
    await found.press()
    await reads(found, CERTAINLY)
    await asyncio.sleep(READ_S)


async def test_a_press_on_each_question_wipes_the_device(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await asyncio.sleep(READ_S)
        await confirms_once(found)
        assert found.device.types == []
        await found.press()
        await found.sees_spin()
        await found.sees_empty_mouth()
        await until(lambda: found.device.types == ["system.factory.reset"], "the request")
        await found.device.hear("system.factory.reset.failed", {"error": "x"})
        await found.sees_eyes(OPEN)


async def test_a_turn_on_the_question_keeps_everything(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await found.turn(-1)
        await until(lambda: picture(faceplate.firmware.mouth) != drawn(QUESTION), "another text")
        await found.press()
        await until(lambda: found.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


async def test_a_double_press_on_wipe_does_not_confirm(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await found.choose(6)
        await found.turn(-1)
        for _ in range(2):
            await found.press(0.05)
        await reads(found, QUESTION)
        assert found.device.types == []


async def test_nothing_covers_the_question(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        for msg_type, data in [
            ("enclosure.mouth.text", {"text": "press the button"}),
            ("enclosure.mouth.reset", {}),
            ("enclosure.notify.no_internet", {}),
            (LISTEN, {}),
            ("recognizer_loop:record_end", {}),
        ]:
            await found.device.hear(msg_type, data)
            await asyncio.sleep(1)
            assert picture(faceplate.firmware.mouth) == drawn(QUESTION)
        await confirms_once(found)
        await found.press()
        await until(lambda: found.device.types == ["system.factory.reset"], "the confirmation")


async def test_an_unplugged_face_answers_the_question_with_no(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await asyncio.sleep(READ_S)
        faceplate.unplug()
        await sees_state(found, "unplugged")
        faceplate.plug()
        await sees_state(found, "connected")
        await asyncio.sleep(2)  # the firmware samples no button while it reads what is shown again
        await found.press()
        await until(lambda: found.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


async def test_a_question_that_is_not_answered_is_answered_with_no(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await asyncio.sleep(CONFIRM_S)
        await until(lambda: picture(faceplate.firmware.mouth) != drawn(QUESTION), KEPT)
        await found.press()
        await until(lambda: found.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


async def test_a_question_that_the_menu_has_wiped_is_soon_visible_again(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await found.press(2.3)  # the menu opens, on RESET
        await found.turn(-2)
        await found.press()  # EXIT
        await until(lambda: picture(faceplate.firmware.mouth) == drawn(QUESTION), QUESTION, ASKED_S + 0.5)


async def test_a_double_press_that_leaves_the_menu_over_the_question_does_not_confirm(
    faceplate: Faceplate,
) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await found.press(2.3)
        await found.turn(-2)
        await found.press()  # EXIT
        assert not any(faceplate.firmware.mouth), "the second press is on an empty mouth"
        await found.press()
        await reads(found, CERTAINLY)
        await asyncio.sleep(CONFIRM_S + 1)
        assert found.device.types == []


async def test_a_turn_on_the_second_question_keeps_everything(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await asyncio.sleep(READ_S)
        await confirms_once(found)
        await found.turn(1)
        await until(lambda: picture(faceplate.firmware.mouth) != drawn(CERTAINLY), KEPT)
        await found.press()
        await until(lambda: found.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


async def test_a_brightness_chosen_over_the_question_answers_it_with_no(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await chooses_wipe(found)
        await found.press(2.3)
        await found.turn(6)  # from RESET back to ILLUM
        await found.press()
        await found.turn(-1)
        await asyncio.sleep(5.2)  # the menu closes by itself
        await found.press()
        await until(lambda: found.device.types == ["mycroft.mic.listen"], "no more than an ordinary press")


# The rest of the menu.


async def test_the_eyes_are_dimmed_in_the_menu(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await found.choose(0)  # ILLUM
        await found.turn(-3)
        await found.sees_eyes(0x00001B)
        assert found.device.brightness == 27
        assert found.device.types == []


async def test_a_brightness_chosen_while_the_assistant_sleeps_is_that_of_the_eyes_when_it_wakes(
    faceplate: Faceplate,
) -> None:
    async with user(faceplate) as found:
        await found.device.hear("recognizer_loop:sleep")
        await asyncio.sleep(3)
        await found.choose(0)  # ILLUM
        await found.turn(-1)  # the menu begins at the level that is shown
        await found.turn(20)
        await asyncio.sleep(8)  # the menu closes by itself
        assert faceplate.firmware.eyes.count(0) == 16, "a look down"
        assert max(faceplate.firmware.eyes) == ASLEEP_LEVEL
        await found.device.hear("recognizer_loop:wake_up")
        await found.sees_eyes(OPEN)
        assert found.device.brightness == 30


async def test_a_choice_that_is_denied_says_so_to_the_end(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        found.device.denied = {"system.reboot"}
        await found.choose(2)
        await found.sees_spin()
        await asyncio.sleep(1 + duration_s("REBOOT FAILED") - 1)
        assert any(faceplate.firmware.mouth)
        await found.sees_empty_mouth()
        await found.sees_eyes(OPEN)


async def test_a_result_after_a_choice_stands_until_it_has_been_read(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await found.choose(5)  # SSH
        await found.press()
        await found.device.hear("system.ssh.disabled")
        await reads(found, "SSH OFF")
        await asyncio.sleep(STANDS_S - 0.5)
        await reads(found, "SSH OFF")
        await found.sees_empty_mouth()


async def test_eyes_spin_while_the_machine_is_switched_off(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await found.choose(3)  # OFF
        await found.sees_spin()
        for _ in range(8):
            await asyncio.sleep(1)
            assert 0 < faceplate.firmware.eyes.count(0) < PIXELS


async def test_a_reboot_in_the_menu_spins_until_the_machine_goes(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        await found.choose(2)
        await found.sees_spin()
        await until(lambda: found.device.types == ["system.reboot"], "the request")
    await asyncio.sleep(0.5)
    await found.sees_spin()


@pytest.mark.parametrize(
    ("msg_type", "color"),
    [("mycroft.mic.mute", RED), ("enclosure.eyes.level", 0x00000A), ("enclosure.eyes.off", 0)],
)
async def test_what_changes_while_the_menu_is_open_is_seen_afterwards(
    faceplate: Faceplate, msg_type: str, color: int
) -> None:
    async with user(faceplate) as found:
        await found.press(2.3)
        await found.device.hear(msg_type, {"level": 10})
        await found.device.hear("enclosure.mouth.text", {"text": "hi"})
        await asyncio.sleep(6)  # the menu closes by itself
        await until(lambda: picture(faceplate.firmware.mouth) == drawn("HI"), "the text", 20)
        await found.sees_eyes(color)


@pytest.mark.parametrize("patience_s", [1, 90])
@pytest.mark.parametrize(("msg_type", "lit"), [("enclosure.eyes.off", 0), ("enclosure.eyes.narrow", 8)])
async def test_eyes_that_a_skill_has_changed_are_as_before_after_the_test(
    faceplate: Faceplate, msg_type: str, lit: int, patience_s: float
) -> None:
    async with user(faceplate) as found:
        await found.device.hear(msg_type)
        await found.choose(4)  # TEST
        for _ in range(4):
            await asyncio.sleep(patience_s)
            await found.press()
        await asyncio.sleep(30)  # the test listens, switches the amplifier, and ends
        assert PIXELS - faceplate.firmware.eyes.count(0) == lit


# Activities.


async def test_the_start_and_the_end_as_owners_know_them(faceplate: Faceplate) -> None:
    async with user(faceplate, boot_timeout_s=60) as found:
        await found.sees_spin()
        await found.device.hear("mycroft.skills.is_ready.response", {"status": False})
        await found.sees_mouth()
        await found.sees_spin()
        await found.device.hear("mycroft.ready")
        await found.sees_empty_mouth()
        await found.sees_eyes(OPEN)
        await found.device.hear("mycroft.mic.mute")
        await found.sees_eyes(RED)
        await found.device.hear("recognizer_loop:sleep")
        await until(lambda: faceplate.firmware.eyes.count(0) == 16, "a look down")
    await found.sees_eyes(OPEN)


async def test_the_end_of_the_start_leaves_a_mouth_that_listens(faceplate: Faceplate) -> None:
    async with user(faceplate, boot_timeout_s=60) as found:
        await found.device.hear("mycroft.skills.is_ready.response", {"status": False})
        await found.sees_mouth()
        await found.device.hear(LISTEN)
        await asyncio.sleep(1)
        await found.device.hear("mycroft.ready")
        await found.sees_eyes(OPEN)
        await asyncio.sleep(1)
        frames = set()
        for _ in range(20):
            await asyncio.sleep(0.05)
            frames.add(tuple(faceplate.firmware.mouth))
        assert len(frames) > 2, "it moves"


@pytest.mark.parametrize("follows", [True, False])
async def test_a_recording_takes_the_place_of_a_text_unless_the_skill_keeps_the_mouth(
    faceplate: Faceplate, follows: bool
) -> None:
    async with user(faceplate) as found:
        await found.device.hear(f"enclosure.mouth.events.{'activate' if follows else 'deactivate'}")
        await found.device.hear("enclosure.mouth.text", {"text": "hi"})
        await reads(found, "HI")
        await found.device.hear(LISTEN)
        await asyncio.sleep(1)
        await found.device.hear("recognizer_loop:record_end")
        await asyncio.sleep(1)
        if follows:
            await found.sees_empty_mouth()
        else:
            await reads(found, "HI")


@pytest.mark.parametrize(
    "fills",
    ["enclosure.mouth.talk", "enclosure.mouth.think", "enclosure.mouth.listen", LISTEN, "enclosure.mouth.smile"],
)
async def test_a_reset_empties_the_mouth_whatever_fills_it(faceplate: Faceplate, fills: str) -> None:
    async with user(faceplate) as found:
        await found.device.hear(fills)
        await found.sees_mouth()
        await found.device.hear("enclosure.mouth.reset")
        await found.sees_empty_mouth()


@pytest.mark.usefixtures("wall_clock")
@pytest.mark.parametrize("msg_type", ["enclosure.mouth.reset", "enclosure.reset"])
async def test_a_mouth_that_moves_with_a_sentence_stays_empty_after_a_reset(
    faceplate: Faceplate, msg_type: str
) -> None:
    async with user(faceplate) as found:
        visemes = [[code, 0.2 * (1 + index)] for index, code in enumerate("0323" * 25)]
        await found.device.hear("enclosure.mouth.viseme_list", {"start": time.time(), "visemes": visemes})
        await found.sees_mouth()
        await found.device.hear(msg_type)
        await found.sees_empty_mouth()
        for _ in range(50):
            await asyncio.sleep(0.1)
            assert not any(faceplate.firmware.mouth)


@pytest.mark.parametrize("msg_type", ["enclosure.mouth.reset", "enclosure.reset"])
async def test_the_note_of_music_stays_after_a_reset(faceplate: Faceplate, msg_type: str) -> None:
    async with user(faceplate) as found:
        await found.device.hear("mycroft.audio.service.play")
        await found.device.hear("enclosure.mouth.text", {"text": "hi"})
        await reads(found, "HI")
        await found.device.hear(msg_type)
        await until(lambda: picture(faceplate.firmware.mouth) == NOTE, "the note")


async def test_the_knob_shows_the_volume_without_a_bus(faceplate: Faceplate) -> None:
    async with user(faceplate) as found:
        found.device.away = True
        await found.turn(1)
        await until(lambda: faceplate.firmware.eyes.count(OPEN) == 2 * 9, "9 pixels of each eye")
        assert found.device.card.level.percent == round(0.7 * 83)
        await found.sees_eyes(OPEN)
