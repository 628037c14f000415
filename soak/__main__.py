"""``make soak``: thousands of random messages and hands at the device, and then whether it is still all right.

Bus and enclosure are processes of their own, with a faceplate that is unplugged, switched off, and has its menu
used now and then, with a mixer that another program turns, too, and with other clients on a bus that restarts. At
the end a last set of messages says how face and volume have to be. The same seed does the same things, but not at
the same microsecond.
"""
# ruff: noqa: S311  # chance that can be repeated

import argparse
import asyncio
import contextlib
import logging
import math
import os
import random
import re
import socket
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.message import Message
from hw_sim.faceplate import Faceplate
from hw_sim.links import Cable
from hw_sim.process import Program
from hw_sim.sound import Sound
from soak.messages import RESET, SLOW, TOPICS, Look, code, finale, invalid, rows, valid
from soak.programs import STOP_S, Admin, Daemon, stranger

MESSAGES = 10_000
PAUSE_S = 0.015
"""Between two of them, on average; the rest of the time is that of the programs."""

STORM, STORM_EVERY = 200, 1000
"""Of so many, as many come at once."""

WARM = 0.2
"""The share of the messages after which nothing new should have to be loaded or remembered."""

GROWTH_KIB = 2048
"""How much more memory of its own the daemon may have at the end than when it was warm."""

ANSWER_S = 30.0
"""How long the daemon may need for what waits when the last message has been sent."""

SETTLE_S = 30.0
"""How long the face may need for it: a reconnect, and a queue of 64 lines."""

STAY_S = 6.0
"""How long it then has to stay so; a volume ring, or a short text shown once, lasts less."""

MENU = ("ILLUM", "WI-FI", "REBOOT", "OFF", "TEST", "SSH", "RESET", "DEMO", "EXIT")
"""The firmware's menu; counter-clockwise is forward."""

HAND_S = 0.12
"""Between two movements of a hand."""

MENU_HELD_S = 2.2
"""The firmware opens its menu after 2 s."""

MENU_LEFT = 6
"""Turns to EXIT and presses that leave the menu wherever it is; its hardware test takes four presses."""


class Device:
    """Everything that there is to push, turn and look at, and a client on the bus."""

    def __init__(
        self,
        *,
        bus: Daemon,
        enclosure: Daemon,
        faceplate: Faceplate,
        client: BusClient,
        sound: Sound,
        chance: random.Random,
    ) -> None:
        self.bus = bus
        self.enclosure = enclosure
        self.faceplate = faceplate
        self.client = client
        self.chance = chance
        self.done: Counter[str] = Counter()
        self.asked = 0
        self.connected = asyncio.Event()
        self.answered = asyncio.Event()
        self._environment = {**os.environ, **sound.client_environment}
        self._under_way: set[asyncio.Task[None]] = set()

    async def hear(self, message: Message) -> None:
        """Takes what the bus carries."""
        if message.msg_type == topics.FACEPLATE_STATE.name:
            self.connected.set()
        if message.msg_type == topics.FIRMWARE_VERSION.name and message.context.get("number") == self.asked:
            self.answered.set()

    # What happens at random.

    async def do_something(self) -> None:
        """One of all the things that may happen."""
        actions: dict[Callable[[], Awaitable[None]], float] = {
            self._send_valid: 80,
            self._send_invalid: 12,
            self._turn: 4,
            self._press: 2,
            self._use_mixer: 1,
            self._stranger: 0.5,
            self._menu: 0.3,
            self._replug: 0.1,
            self._power_cycle: 0.1,
            self.restart_bus: 0.05,
        }
        (action,) = self.chance.choices(list(actions), list(actions.values()))
        self.done[action.__name__.strip("_")] += 1
        await action()

    async def restart_bus(self) -> None:
        """Stops the bus, and starts it again."""
        await self.bus.stop()
        await self.bus.start()
        await self.bus.line()

    async def _send_valid(self) -> None:
        await self.client.emit(valid(self._topic(), self.chance))

    async def _send_invalid(self) -> None:
        await self.client.emit(invalid(self._topic(), self.chance))

    def _topic(self) -> Topic:
        topic = self.chance.choice(TOPICS)
        return self.chance.choice(TOPICS) if topic in SLOW and self.chance.random() < 0.8 else topic

    async def _turn(self) -> None:
        self.faceplate.turn(self.chance.randint(-5, 5))

    async def _press(self) -> None:
        self.faceplate.press()
        asyncio.get_running_loop().call_later(self.chance.uniform(0.02, 0.5), self.faceplate.release)

    async def _menu(self) -> None:
        """Opens the firmware's menu, and chooses an entry; the other hands go on meanwhile."""
        entry = self.chance.randrange(len(MENU))
        self.done[MENU[entry]] += 1
        self._start(self._choose(entry))

    async def _choose(self, entry: int) -> None:
        self.faceplate.press()
        await asyncio.sleep(MENU_HELD_S)
        self.faceplate.release()
        await asyncio.sleep(HAND_S)
        self.faceplate.turn(-entry)
        await asyncio.sleep(HAND_S + entry * HAND_S)
        await self._click()

    async def _click(self) -> None:
        self.faceplate.press()
        await asyncio.sleep(HAND_S)
        self.faceplate.release()
        await asyncio.sleep(HAND_S)

    async def _stranger(self) -> None:
        self._start(stranger(self.client.url, random.Random(self.chance.random())))

    async def _replug(self) -> None:
        self.faceplate.unplug()
        asyncio.get_running_loop().call_later(self.chance.uniform(0, 1), self.faceplate.plug)

    async def _power_cycle(self) -> None:
        self.faceplate.power_cycle()

    async def _use_mixer(self) -> None:
        await self.amixer(
            "sset", "Master", f"{self.chance.randint(0, 100)}%", self.chance.choice(("mute", "unmute"))
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    # How it ends.

    async def send_all(self, messages: list[Message]) -> None:
        """Sends messages, and waits until the enclosure has handled them and all before. Raises TimeoutError."""
        self.asked += 1
        self.answered.clear()
        question = Message(topics.FIRMWARE_VERSION_GET.name, {}, {"number": self.asked})
        for message in (*messages, question):
            await self.client.emit(message)
        async with asyncio.timeout(ANSWER_S):
            await self.answered.wait()

    async def until_it_answers(self) -> None:
        """Waits until the enclosure is there and has loaded what it loads when first used. Raises TimeoutError."""
        async with asyncio.timeout(ANSWER_S):
            await self.connected.wait()
        await self.send_all([valid(topic, self.chance) for topic in TOPICS if topic not in SLOW])

    async def until_hands_are_done(self) -> None:
        """Ends what is under way, leaves the menu, and waits until the face shows what it is told.

        Raises TimeoutError.
        """
        await asyncio.gather(*self._under_way)
        self.faceplate.plug()
        for _ in range(MENU_LEFT):
            self.faceplate.turn(-len(MENU))
            await asyncio.sleep(len(MENU) * HAND_S)
            await self._click()
        picture = [255, 0, 255]
        await self.send_all([*RESET, Message("enclosure.mouth.display", {"img_code": code(picture)})])
        async with asyncio.timeout(ANSWER_S + SETTLE_S):
            while self.faceplate.firmware.mouth != rows(picture):
                self.faceplate.changed.clear()
                await self.faceplate.changed.wait()

    async def amixer(self, *arguments: str) -> str:
        """What amixer says."""
        process = await asyncio.create_subprocess_exec(
            "amixer", *arguments, env=self._environment, stdout=PIPE, stderr=DEVNULL
        )
        said, _ = await process.communicate()
        return said.decode()

    async def look(self) -> Look:
        """How it is now."""
        percent, switch = re.findall(r"\[(\d+)%\] \[(on|off)\]", await self.amixer("sget", "Master"))[0]
        firmware = self.faceplate.firmware
        return Look(firmware.eyes, firmware.mouth, firmware.speaker, int(percent), switch == "off")

    async def looks(self, expected: Look) -> Look:
        """Waits until it is as it should be, and for a while after; how it is then."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + SETTLE_S
        right_since = math.inf
        while True:
            seen = await self.look()
            now = loop.time()
            right_since = min(right_since, now) if seen == expected else math.inf
            if now - right_since > STAY_S or (now > give_up_at and seen != expected):
                return seen
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running_device(chance: random.Random) -> AsyncIterator[Device]:
    """A running device; leaving it stops what is still running."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-soak-")))
        sound = Sound(folder)
        await stack.enter_async_context(Program("sound", sound.command, print, sound.environment))
        await sound.ready()
        faceplate = await stack.enter_async_context(Faceplate(folder / "faceplate", Cable()))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        home = {"HOME": str(folder), "STATE_DIRECTORY": str(folder)}
        bus = Daemon("bus", "serve", "--port", str(port), environment=home)
        await bus.start()
        stack.push_async_callback(bus.kill)
        url = (await bus.line()).removeprefix("bus=")
        enclosure = Daemon(
            *("enclosure", "run", "--bus", url, "--serial", str(faceplate.link)),
            environment={**home, **sound.client_environment},
        )
        await enclosure.start()
        stack.push_async_callback(enclosure.kill)
        device = Device(
            bus=bus, enclosure=enclosure, faceplate=faceplate, client=BusClient(url), sound=sound, chance=chance
        )
        parts = (faceplate.run(), device.client.run(device.hear), Admin(url).run())
        async with asyncio.TaskGroup() as group:  # a part that fails ends the soak
            tasks = [group.create_task(part) for part in parts]
            yield device
            for task in tasks:
                task.cancel()


async def soak(seed: int, messages: int) -> list[str]:
    """Does it all; what is wrong then, in words."""
    chance = random.Random(seed)
    last, expected = finale(chance)
    async with running_device(chance) as device:
        enclosure, memory = device.enclosure, 0
        await device.until_it_answers()
        began = time.monotonic()
        for number in range(1, messages + 1):
            await device.do_something()
            for daemon in (enclosure, device.bus):
                if daemon.process.returncode is not None:
                    return [f"{daemon.name} has ended with exit code {daemon.process.returncode}", *daemon.last]
            if number == messages // 2:  # once at least
                await device.restart_bus()
            if number % STORM_EVERY > STORM and chance.random() < 0.1:  # else they come in bursts of some ten
                await asyncio.sleep(10 * PAUSE_S)
            if number % max(messages // 10, 1) == 0:
                passed_s = time.monotonic() - began
                print(f"{number:6} of {messages}, {passed_s:3.0f} s, {enclosure.memory} KiB", flush=True)
            if number == round(WARM * messages):
                memory = enclosure.memory
        print("done:", ", ".join(f"{name} {count}" for name, count in device.done.items()))
        return await verdict(device, last, expected, memory)


async def verdict(device: Device, last: list[Message], expected: Look, memory: int) -> list[str]:
    """Sends the last messages; what is wrong then."""
    enclosure = device.enclosure
    try:
        await device.until_hands_are_done()
        await device.send_all(RESET)
        await asyncio.sleep(1)  # the start, which ends now, has the eyes until then
        await device.send_all(last)
    except TimeoutError:
        return [f"no answer within {ANSWER_S:g} s", *enclosure.last]
    look = await device.looks(expected)
    grown = enclosure.memory - memory
    print(f"memory: {memory} KiB when warm, {grown:+} KiB at the end")
    wrong = [
        f"{name} is {value}, not {wanted}"
        for name, value, wanted in zip(Look._fields, look, expected, strict=True)
        if value != wanted
    ]
    if grown > GROWTH_KIB:
        wrong.append(f"memory has grown by {grown} KiB, more than {GROWTH_KIB}")
    for daemon in (enclosure, device.bus):
        try:
            if exit_code := await daemon.stop():
                wrong.append(f"{daemon.name} stopped with exit code {exit_code}")
        except TimeoutError:
            wrong.append(f"{daemon.name} not stopped within {STOP_S:g} s")
        wrong += [f"in the log of {daemon.name}: {line}" for line in daemon.faults[:10]]
    return wrong


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of an earlier run"
    )
    parser.add_argument("--messages", type=int, default=MESSAGES, metavar="N", help=f"({MESSAGES})")
    options = parser.parse_args()
    logging.getLogger("bus").setLevel(logging.ERROR)  # of the clients here, which lose their bus now and then
    again = f"--seed {options.seed} --messages {options.messages}"
    print(again, flush=True)
    wrong = asyncio.run(soak(options.seed, options.messages))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"FAILED: {len(wrong)} wrong, {again}" if wrong else f"all right, {again}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
