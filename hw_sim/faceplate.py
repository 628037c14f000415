"""The faceplate as a device that one can open: its firmware in real time, behind a pseudo terminal."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Self

from hw_sim.errors import SimulatorError
from hw_sim.face import Reader
from hw_sim.firmware import Eyes, Firmware, Mouth, Reset, Sent, Speaker
from hw_sim.firmware.memory import LineLimits, MemoryLimitError
from hw_sim.links import BYTE_MS, Cable

Observer = Callable[[str], None]
"""Called with a few words on what the user has done, or what the faceplate has sent."""


class Faceplate:
    """A Mark 1 face on a serial port. Use as an async context manager; `run` moves its time along.

    `link` is a path that leads to the port while it is plugged in, and to nothing else. A strict one fails at
    a line that the published firmware does not survive.
    """

    def __init__(
        self, link: Path, cable: Cable, report: Observer = lambda _: None, *, strict: bool = True
    ) -> None:
        self.link = link
        self.firmware = Firmware()
        self.changed = asyncio.Event()
        """Set whenever the face looks different."""
        self.spoken_to = asyncio.Event()
        """Set when the firmware has read its first line."""
        self.cable = cable
        self.report = report
        self.on_bytes: Callable[[bool, bytes], None] = lambda _to_face, _data: None
        """Called with the bytes that arrive: at the faceplate, or else at the host."""
        self._began = asyncio.get_running_loop().time()
        self._master: int | None = None
        self._slave: int | None = None
        self._woken = asyncio.Event()
        self._line = b""
        self._limits = LineLimits()
        self._reader = Reader()
        self._strict = strict
        self._failure: SimulatorError | None = None

    async def __aenter__(self) -> Self:
        self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.unplug()

    async def run(self) -> None:
        """Keeps the firmware's time at the clock's, until cancelled.

        Raises SimulatorError for a line from the host that the published firmware does not survive.
        """
        while True:
            if self._failure is not None:
                raise self._failure
            self._catch_up()
            self._woken.clear()
            wake_at = self.firmware.wake_at()
            # Not at every byte: the cable hands several over together.
            earliest = self.firmware.now + self.cable.burst * BYTE_MS
            sleep_ms = None if wake_at is None else max(wake_at, earliest) - self._now_ms()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if sleep_ms is None else sleep_ms / 1000):
                    await self._woken.wait()

    # What the user may do.

    def press(self) -> None:
        """Pushes the button, and holds it."""
        self.report("button down")
        self._act(self.firmware.press)

    def release(self) -> None:
        """Lets go of the button."""
        self.report("button up")
        self._act(self.firmware.release)

    def turn(self, detents: int) -> None:
        """Turns the knob, clockwise for a positive number."""
        self.report(f"knob {detents:+d}")
        self._act(lambda: self.firmware.turn(detents))

    def power_cycle(self) -> None:
        """Cuts the power, and gives it back: the firmware restarts, the port stays."""
        self.report("power cycle")
        self.changed.set()
        self.firmware = Firmware()
        self._limits.restarted()
        self._reader = Reader()
        self._line = b""
        self._began = asyncio.get_running_loop().time()
        self._woken.set()

    def plug(self) -> None:
        """Plugs the serial port in; does nothing where it is."""
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._receive)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.port)
        self.changed.set()
        self.report(f"plugged in as {self.port}")

    def unplug(self) -> None:
        """Pulls the serial port out; the face stays as it is, and what it sends is lost."""
        if self._master is None or self._slave is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = None
        self.changed.set()
        self.report("unplugged")

    @property
    def plugged(self) -> bool:
        """Whether the serial port is there."""
        return self._master is not None

    @property
    def text(self) -> str:
        """The text on the mouth, as `Reader.text`."""
        self._catch_up()
        return self._reader.text(self.firmware.now)

    @property
    def port(self) -> str:
        """The device node of the serial port."""
        if self._slave is None:
            raise FileNotFoundError("the faceplate is unplugged")
        return os.ttyname(self._slave)

    # The rest.

    def _act(self, action: Callable[[], None]) -> None:
        """Acts on the firmware at this moment, not at the one up to which it has run."""
        self._catch_up()
        action()
        self._woken.set()

    def _catch_up(self) -> None:
        """Runs the firmware up to now, and passes on what has happened meanwhile."""
        sent = bytearray()
        for event in self.firmware.advance(self._now_ms()):
            match event:
                case Sent(_, byte):
                    sent.append(byte)
                case Mouth(ms, rows):
                    self._reader.see(ms, rows)
                    self.changed.set()
                case Eyes() | Speaker():
                    self.changed.set()
                case Reset():
                    self._limits.restarted()
        if sent:
            self._send(self.cable.carry(bytes(sent)))

    def _send(self, data: bytes) -> None:
        self._line += data
        *lines, self._line = self._line.split(b"\r\n")
        for line in lines:
            if line.startswith(b"Command: "):
                self.spoken_to.set()
            else:
                self.report(f"faceplate says {line.decode('latin-1')}")
        if self._master is not None:
            self.on_bytes(False, data)
            for start in range(0, len(data), self.cable.burst):
                # Without a reader the port's buffer fills up, as a real one's does.
                with contextlib.suppress(BlockingIOError):
                    os.write(self._master, data[start : start + self.cable.burst])

    def _receive(self) -> None:
        if self._master is not None:
            sent = os.read(self._master, 4096)
            self._catch_up()
            try:
                self._limits.take(sent, in_menu=self.firmware.in_menu)
            except MemoryLimitError as error:
                if self._strict:
                    self._failure = SimulatorError(f"the faceplate would not survive {error}")
                else:
                    self.report(f"the published firmware would not survive {error}")
            data = self.cable.carry(sent)
            self.on_bytes(True, data)
            self._act(lambda: self.firmware.receive(data))

    def _now_ms(self) -> float:
        return (asyncio.get_running_loop().time() - self._began) * 1000
