import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bus.message import Message
from enclosure.activity import Activity, Leaving
from enclosure.handlers.boot import POLL_INTERVAL_S, SILENCE_S
from enclosure.handlers.session import SOURCE
from tests.enclosure.handlers.mark1 import Mark1, Recorder, mark1

SERVICES = ("skills", "audio", "voice")
IDLE, BOOTING = Activity(), Activity(booting=True)
TIMEOUT_S = 120


def waiting_for(service: str) -> Activity:
    return Activity(booting=True, waiting_for=service)


class Start:
    """A device that starts, and an assistant that does."""

    def __init__(self, device: Mark1, display: Recorder, booting: "asyncio.Task[None]") -> None:
        self.device = device
        self.display = display
        self.booting = booting

    async def answer(self, *ready: str, but: str | None = None, speech: str = "voice") -> None:
        """Services report that they are ready, and one that it is not."""
        for service in (*ready, but):
            if service:
                name = speech if service == "voice" else service
                await self.device.hear(f"mycroft.{name}.is_ready.response", {"status": service != but})

    async def poll(self) -> None:
        await asyncio.sleep(POLL_INTERVAL_S + 0.01)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    async with mark1() as (device, display):
        booting = asyncio.create_task(device.enclosure.boot.run(TIMEOUT_S))
        await asyncio.sleep(0)
        yield Start(device, display, booting)
        booting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await booting


async def test_all_services_are_asked_whether_they_are_ready(start: Start) -> None:
    await asyncio.sleep(0.01)
    assert start.device.said == [
        Message(f"mycroft.{what}", {}, {"source": SOURCE})
        for what in ("skills.is_ready", "audio.is_ready", "voice.is_ready", "speech.is_ready", "mic.get_status")
    ]


@pytest.mark.parametrize("speech", ["voice", "speech"])
async def test_an_assistant_that_is_ready_ends_the_start(start: Start, speech: str) -> None:
    await start.answer(*SERVICES, speech=speech)
    await start.booting
    assert start.display.activities == [BOOTING, IDLE]


async def test_the_start_as_owners_know_it(start: Start) -> None:
    await start.poll()
    assert start.display.activities == [BOOTING], "without an answer there may be no assistant"
    await start.answer("audio")
    await start.poll()
    assert start.display.activity == waiting_for("SKILLS")
    await start.answer("skills", but="voice")
    await start.poll()
    assert start.display.activity == waiting_for("SPEECH")
    await start.answer("voice")
    await start.booting
    assert start.display.activities == [BOOTING, waiting_for("SKILLS"), waiting_for("SPEECH"), IDLE]


async def test_mycroft_ready_ends_the_start(start: Start) -> None:
    await start.answer(but="skills")
    await start.poll()
    await start.device.hear("mycroft.ready")
    await start.booting
    assert start.display.activity == IDLE
    await start.answer(but="audio")
    await start.poll()
    assert start.display.activity == IDLE, "a service that restarts later is no start"


async def test_the_start_ends_after_a_time_without_an_assistant(start: Start) -> None:
    await asyncio.sleep(TIMEOUT_S - 1)
    assert start.display.activities == [BOOTING]
    await asyncio.sleep(2)
    assert start.display.activities == [BOOTING, IDLE]


async def test_a_service_that_never_answers_is_not_waited_for_long(start: Start) -> None:
    await start.answer("audio", but="skills")
    await asyncio.sleep(SILENCE_S + 2 * POLL_INTERVAL_S)
    assert start.display.activity == waiting_for("SKILLS"), "it has answered, so it is there"
    await start.answer("skills")
    await asyncio.sleep(SILENCE_S + 2 * POLL_INTERVAL_S)
    assert start.display.activity == IDLE


async def test_what_goes_on_meanwhile_is_indicated_too(start: Start) -> None:
    await start.device.hear("mycroft.mic.mute")
    await start.device.hear("recognizer_loop:record_begin")
    await start.device.hear("system.reboot")
    assert start.display.activity == Activity(booting=True, muted=True, recording=True, leaving=Leaving.REBOOT)
    await start.answer(*SERVICES)
    await start.booting
    assert start.display.activity == Activity(muted=True, recording=True, leaving=Leaving.REBOOT)


async def test_a_bus_that_is_away_is_asked_later(start: Start) -> None:
    start.device.away = True
    await start.poll()
    start.device.said.clear()
    start.device.away = False
    await start.poll()
    assert "mycroft.voice.is_ready" in start.device.types


@pytest.mark.parametrize("what", ["is_alive", "is_ready", "all_loaded"])
async def test_questions_about_the_enclosure_are_answered(what: str) -> None:
    async with mark1() as (device, _):
        await device.hear(f"mycroft.enclosure.{what}", {}, source="ann")
        (answer,) = device.said
        assert (answer.msg_type, answer.data) == (f"mycroft.enclosure.{what}.response", {"status": True})
        assert answer.context["destination"] == "ann"
