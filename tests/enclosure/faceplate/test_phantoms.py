"""What arrives damaged on the serial line becomes no event of the knob, the button or the menu."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from enclosure import display
from enclosure.events import Event, FaceplateState, Pressed, Turned
from enclosure.faceplate.device import FaceplateDevice
from tests.conftest import until

VERSION = b"Command: system.version\r\nMycroft Mark 1 v1.4.2\r\n"


class Firmware:
    """The other end of a line: notes what arrives, and echoes it where the test does not say something else."""

    def __init__(self) -> None:
        self.read_lines: list[bytes] = []
        self.damaged: dict[bytes, bytes] = {}
        """What comes instead of the first echo of a line, by the end of the line."""
        self._to_host: asyncio.Queue[bytes] = asyncio.Queue()

    def say(self, data: bytes) -> None:
        self._to_host.put_nowait(data)

    async def read(self) -> bytes:
        return await self._to_host.get()

    def write(self, data: bytes) -> None:
        for line in filter(None, data.splitlines()):
            self.read_lines.append(line)
            damaged = next((end for end in self.damaged if line.endswith(end)), None)
            if damaged is not None:
                self.say(self.damaged.pop(damaged))
            elif line == b"system.version":
                self.say(VERSION)
            else:
                self.say(b"Command: %s\r\n" % line)

    def close(self) -> None:
        """Nothing is open."""


class Host:
    """A face on that line, and the events that it reports."""

    def __init__(self, firmware: Firmware) -> None:
        self.events: list[Event] = []
        self.connected = False
        self.device = FaceplateDevice(lambda: firmware, self._take)

    def _take(self, event: Event | FaceplateState) -> None:
        if isinstance(event, FaceplateState):
            self.connected = event.state == "connected"
        else:
            self.events.append(event)


@contextlib.asynccontextmanager
async def connected(firmware: Firmware) -> AsyncIterator[Host]:
    host = Host(firmware)
    running = asyncio.create_task(host.device.run())
    await until(lambda: host.connected, "the connection")
    yield host
    running.cancel()
    await asyncio.wait([running])


async def the_knob_counts_again(firmware: Firmware, host: Host) -> None:
    """A turn after all that has arrived before is reported, and nothing else has been."""
    firmware.say(b"volume.down\r\n")
    await until(lambda: Turned(-1) in host.events, "the turn")
    assert host.events == [Turned(-1)]


@pytest.mark.parametrize("left_over", [b"volume.up\r\n", b"text=volume.up\r\nvolume.up\r\nunit.factory-reset\r\n"])
async def test_lines_before_the_first_echo_are_no_events(left_over: bytes) -> None:
    firmware = Firmware()
    firmware.damaged[b"system.version"] = left_over + VERSION
    async with connected(firmware) as host:
        await the_knob_counts_again(firmware, host)


@pytest.mark.parametrize("event", [b"volume.up", b"mycroft.stop", b"unit.reboot", b"unit.factory-reset"])
@pytest.mark.parametrize("damage", [b"Comm\r\n%s\r\n", b"Command: mouth.text=\r\n%s\r\n", b"%s\r\n"])
async def test_a_damaged_echo_that_ends_like_an_event_is_none(event: bytes, damage: bytes) -> None:
    firmware = Firmware()
    async with connected(firmware) as host:
        firmware.damaged[event] = damage % event
        line = b"mouth.text=" + event
        host.device._link.send(line.decode())  # of our texts none is in small letters
        await until(lambda: firmware.read_lines.count(line) == 2, "another attempt")
        await the_knob_counts_again(firmware, host)


async def test_events_while_an_echo_is_awaited_count() -> None:
    firmware = Firmware()
    async with connected(firmware) as host:
        firmware.damaged[b"mouth.text=HI"] = b"mycroft.stop\r\nCommand: mouth.text=HI\r\n"
        host.device.show(display.MouthText("HI"))
        await until(lambda: host.events == [Pressed()], "the press")
