"""``make soak``: thousands of random messages and hands at the device, and then whether it is still all right.

The enclosure daemon is a process of its own, on a bus, with a faceplate that is unplugged now and then, and with a
mixer that somebody else turns, too. At the end a last set of messages says how face and volume have to be. The
same seed does the same things, but not at the same microsecond.
"""
# ruff: noqa: S311, T201  # chance that can be repeated, and progress for whoever waits

import argparse
import asyncio
import contextlib
import logging
import math
import os
import random
import re
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.contract.topic import Family, Field, Topic
from bus.daemon.config import BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.faceplate import Faceplate
from hw_sim.links import Cable
from hw_sim.process import Program
from hw_sim.sound import Sound

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

STOP_S = 5.0

MIXER_FULL = 83
"""Percent of the mixer that is a Mark 1's full volume."""

PEOPLE = ("ann", "bob", "carl")

TOPICS = [
    topic
    for topic in topics.OURS
    if topic.family
    in (Family.EYES, Family.MOUTH, Family.DEVICE, Family.VOLUME, Family.VOICE, Family.LIFECYCLE, Family.PLAYBACK)
    and not topic.privileged
]
SLOW = {topics.FACEPLATE_BLINK, topics.FACEPLATE_RESET}
"""They make the faceplate deaf for seconds, in which there is little else to see."""

NONSENSE: list[Any] = [
    *(None, True, -1, 1e308, -1e30, 2**63, 0.5, "", "x", "\0", "a\nsystem.reset", "volume.up", "é" * 500),
    *("9" * 5000, "A" * 100_000, "/dev/zero", "True", [], {}, [[]], [["0", 1e9]], {"a": {"b": []}}),
]

DOT_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGP8z8DEwAAABQ0BA7hKXG8AAAAASUVORK5CYII="


# What is sent.


def value(field: Field, chance: random.Random) -> Any:
    """Something that a field may hold."""
    match field.name:
        case "img_code" if field.kind is str:
            return code(columns(chance))
        case "img_b64":
            return DOT_PNG
        case "img_path":
            return None
        case "start":
            return time.time() + chance.uniform(-0.5, 1)
        case "visemes":
            ends = accumulate(chance.uniform(0.02, 0.2) for _ in range(chance.randrange(40)))
            return [[str(chance.randrange(7)), end] for end in ends]
        case "code" | "temp":
            return chance.randrange(7)
    if field.choices:
        return chance.choice(field.choices)
    if field.kind in (int, float):
        high = 1.0 if field.high is None or field.name == "percent" else field.high
        number = chance.uniform(field.low or 0, high)
        return round(number) if field.kind is int else number
    kinds: dict[type, Callable[[], Any]] = {
        bool: lambda: chance.random() < 0.5,
        str: lambda: "".join(chance.choices("Hallo Wörld! ~{}$\n", k=chance.choice((3, 20, 200)))),
        list: list,
        dict: dict,
    }
    return kinds.get(field.kind, int)()


def valid(topic: Topic, chance: random.Random) -> Message:
    """A message as somebody sends it who has read the documentation."""
    context: dict[str, Any] = {"source": chance.choice(PEOPLE)}
    if chance.random() < 0.1:
        context["session"] = {"session_id": "satellite"}
    if topic.family is Family.VOLUME and chance.random() < 0.1:
        context["skill_id"] = "dinkum-listener"
    return Message(topic.name, {field.name: value(field, chance) for field in topic.fields}, context)


def invalid(topic: Topic, chance: random.Random) -> Message:
    """One that nobody should send."""
    message = valid(topic, chance)
    for field in topic.fields or (Field("nothing", str),):
        if chance.random() < 0.3:
            message.data.pop(field.name, None)
        else:
            message.data[field.name] = chance.choice(NONSENSE)
    return message


def columns(chance: random.Random) -> list[int]:
    """A picture of the mouth's height, a byte for each column."""
    return [chance.randrange(256) for _ in range(chance.randint(1, 32))]


def code(picture: list[int]) -> str:
    """The picture as a message has it."""
    values = [len(picture), 8, *(nibble for column in picture for nibble in (column & 15, column >> 4))]
    return "".join(chr(ord("A") + number) for number in values)


def rows(picture: list[int], x: int = 0) -> tuple[int, ...]:
    """The picture at a column of the mouth, as a person sees it."""
    return tuple(sum((column >> y & 1) << 31 - at for at, column in enumerate(picture, start=x)) for y in range(8))


# How it has to end.


class Look(NamedTuple):
    """What a person sees and hears."""

    eyes: tuple[int, ...]
    mouth: tuple[int, ...]
    speaker: bool
    mixer: int
    """Percent."""
    muted: bool


RESET = [
    Message("mycroft.ready"),
    Message("mycroft.stop"),
    Message("recognizer_loop:record_end"),
    *(Message("mycroft.volume.unduck", {}, {"source": person}) for person in PEOPLE),
    Message("enclosure.mouth.events.activate"),
    Message("mycroft.mic.unmute"),
    Message("mycroft.awoken"),
    Message("enclosure.system.unmute"),
    Message("enclosure.reset"),
]
"""These end whatever goes on."""


def finale(chance: random.Random) -> tuple[list[Message], Look]:
    """The last messages, and what they mean."""
    level = chance.randint(1, 30)
    pixels = [[chance.randrange(256) for _ in range(3)]] * 24
    messages = [
        Message("enclosure.eyes.level", {"level": level}),
        Message("enclosure.eyes.color", dict(zip("rgb", pixels[0], strict=True))),
    ]
    for index in chance.sample(range(24), 3):
        pixels[index] = [chance.randrange(256) for _ in range(3)]
        messages.append(
            Message("enclosure.eyes.setpixel", {"idx": index, **dict(zip("rgb", pixels[index], strict=True))})
        )
    picture = columns(chance)
    x = chance.randint(0, 32 - len(picture))
    messages.append(Message("enclosure.mouth.display", {"img_code": code(picture), "xOffset": x}))
    volume, muted = chance.randint(0, 100), chance.random() < 0.5
    messages.append(Message("mycroft.volume.set", {"percent": volume / 100}))
    messages += [Message("mycroft.volume.mute")] * muted
    dimmed = [[channel * (level + 1) >> 8 for channel in pixel] for pixel in pixels]
    return messages, Look(
        eyes=tuple(r << 16 | g << 8 | b for r, g, b in dimmed),
        mouth=rows(picture, x),
        speaker=True,
        mixer=round(volume * MIXER_FULL / 100),
        muted=muted,
    )


# The device.


class Daemon:
    """The enclosure as a process; remembers the end of its log, and what should never be there."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.faults: list[str] = []
        self.last: deque[str] = deque(maxlen=15)

    async def read(self) -> None:
        """Reads its log until it ends."""
        assert self.process.stderr is not None, "started with a pipe"
        async for raw in self.process.stderr:
            line = raw.decode(errors="replace").rstrip()
            self.last.append(line)
            if re.search(r" (ERROR|CRITICAL) |^Traceback|^[\w.]*(Error|Exception|Warning)\b", line):
                self.faults.append(line)

    async def stop(self) -> int:
        """Its exit code. Raises TimeoutError when it does not stop."""
        self.process.terminate()
        async with asyncio.timeout(STOP_S):
            return await self.process.wait()

    @property
    def memory(self) -> int:
        """KiB of its own: what it shares with other programs changes with them."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.findall(r"^Pss_Anon:\s+(\d+) kB", rollup, re.MULTILINE)[0])


class Device:
    """Everything that there is to push, turn and look at, and a client on the bus."""

    def __init__(
        self, daemon: Daemon, faceplate: Faceplate, client: BusClient, sound: Sound, chance: random.Random
    ) -> None:
        self.daemon = daemon
        self.faceplate = faceplate
        self.client = client
        self.chance = chance
        self.done: Counter[str] = Counter()
        self.asked = 0
        self.connected = asyncio.Event()
        self.answered = asyncio.Event()
        self._environment = {**os.environ, **sound.client_environment}

    async def hear(self, message: Message) -> None:
        """Takes what the bus carries."""
        if message.msg_type == topics.FACEPLATE_STATE.name:
            self.connected.set()
        if message.msg_type == topics.FIRMWARE_VERSION.name and message.context.get("number") == self.asked:
            self.answered.set()

    async def send_all(self, messages: list[Message]) -> None:
        """Sends messages, and waits until the daemon has handled them and all before. Raises TimeoutError."""
        self.asked += 1
        self.answered.clear()
        question = Message(topics.FIRMWARE_VERSION_GET.name, {}, {"number": self.asked})
        for message in (*messages, question):
            await self.client.emit(message)
        async with asyncio.timeout(ANSWER_S):
            await self.answered.wait()

    async def until_hands_are_done(self) -> None:
        """Waits until the face has done what it was told; one that blinks tells later of its knob.

        Raises TimeoutError.
        """
        picture = [255, 0, 255]
        await self.send_all([*RESET, Message("enclosure.mouth.display", {"img_code": code(picture)})])
        async with asyncio.timeout(ANSWER_S + SETTLE_S):
            while self.faceplate.firmware.mouth != rows(picture):
                self.faceplate.changed.clear()
                await self.faceplate.changed.wait()

    async def until_it_answers(self) -> None:
        """Waits until the daemon is there, and has loaded what it loads when first used. Raises TimeoutError."""
        async with asyncio.timeout(ANSWER_S):
            await self.connected.wait()
        await self.send_all([valid(topic, self.chance) for topic in TOPICS if topic not in SLOW])

    async def do_something(self) -> None:
        """One of all the things that may happen."""
        actions: dict[Callable[[], Awaitable[None]], float] = {
            self._send_valid: 80,
            self._send_invalid: 12,
            self._turn: 4,
            self._press: 2,
            self._use_mixer: 1,
            self._replug: 0.1,
            self._power_cycle: 0.05,
        }
        (action,) = self.chance.choices(list(actions), list(actions.values()))
        self.done[action.__name__] += 1
        await action()

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

    async def _replug(self) -> None:
        self.faceplate.unplug()
        asyncio.get_running_loop().call_later(self.chance.uniform(0, 1), self.faceplate.plug)

    async def _power_cycle(self) -> None:
        self.faceplate.power_cycle()

    async def _use_mixer(self) -> None:
        await self.amixer(
            "sset", "Master", f"{self.chance.randint(0, 100)}%", self.chance.choice(("mute", "unmute"))
        )

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
            found = await self.look()
            now = loop.time()
            right_since = min(right_since, now) if found == expected else math.inf
            if now - right_since > STAY_S or (now > give_up_at and found != expected):
                return found
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def device(chance: random.Random) -> AsyncIterator[Device]:
    """A running device; leaving it stops what is still running."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mycroft-soak-")))
        sound = Sound(folder)
        await stack.enter_async_context(Program("sound", sound.command, print, sound.environment))
        await sound.ready()
        faceplate = await stack.enter_async_context(Faceplate(folder / "faceplate", Cable()))
        bus = await stack.enter_async_context(Server(WebSocketSettings(port=0), BusSettings()))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "enclosure", "run", "--bus", bus.url, "--serial", str(faceplate.link)),
            env={**os.environ, **sound.client_environment, "HOME": str(folder), "STATE_DIRECTORY": str(folder)},
            stderr=PIPE,
        )
        daemon = Daemon(process)
        found = Device(daemon, faceplate, BusClient(bus.url), sound, chance)
        tasks = [
            asyncio.create_task(task) for task in (daemon.read(), faceplate.run(), found.client.run(found.hear))
        ]
        try:
            yield found
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def soak(seed: int, messages: int) -> list[str]:
    """Does it all; what is wrong then, in words."""
    chance = random.Random(seed)
    last, expected = finale(chance)
    async with device(chance) as found:
        daemon, memory = found.daemon, 0
        await found.until_it_answers()
        began = time.monotonic()
        for number in range(1, messages + 1):
            await found.do_something()
            if daemon.process.returncode is not None:
                return [f"it has ended with exit code {daemon.process.returncode}", *daemon.last]
            if number % STORM_EVERY > STORM and chance.random() < 0.1:  # else they come in bursts of some ten
                await asyncio.sleep(10 * PAUSE_S)
            if number % max(messages // 10, 1) == 0:
                print(
                    f"{number:6} of {messages}, {time.monotonic() - began:3.0f} s, {daemon.memory} KiB", flush=True
                )
            if number == round(WARM * messages):
                memory = daemon.memory
        print("done:", ", ".join(f"{name.strip('_')} {count}" for name, count in found.done.items()))
        return await verdict(found, last, expected, memory)


async def verdict(found: Device, last: list[Message], expected: Look, memory: int) -> list[str]:
    """Sends the last messages; what is wrong then."""
    daemon = found.daemon
    await asyncio.sleep(1)  # until the last press is over
    try:
        await found.until_hands_are_done()
        await found.send_all(RESET)
        await asyncio.sleep(1)  # the start, which ends now, has the eyes until then
        await found.send_all(last)
    except TimeoutError:
        return [f"no answer within {ANSWER_S:g} s", *daemon.last]
    look = await found.looks(expected)
    grown = daemon.memory - memory
    print(f"memory: {memory} KiB when warm, {grown:+} KiB at the end")
    wrong = [
        f"{name} is {value}, not {wanted}"
        for name, value, wanted in zip(Look._fields, look, expected, strict=True)
        if value != wanted
    ]
    if grown > GROWTH_KIB:
        wrong.append(f"memory has grown by {grown} KiB, more than {GROWTH_KIB}")
    try:
        if code := await daemon.stop():
            wrong.append(f"stopped with exit code {code}")
    except TimeoutError:
        wrong.append(f"not stopped within {STOP_S:g} s")
    return wrong + [f"in its log: {line}" for line in daemon.faults[:10]]


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make soak", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of an earlier run"
    )
    parser.add_argument("--messages", type=int, default=MESSAGES, metavar="N", help=f"({MESSAGES})")
    options = parser.parse_args()
    logging.getLogger("bus").setLevel(logging.ERROR)  # it is no news that it refuses what is invalid
    again = f"--seed {options.seed} --messages {options.messages}"
    print(again, flush=True)
    wrong = asyncio.run(soak(options.seed, options.messages))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"FAILED: {len(wrong)} wrong, {again}" if wrong else f"all right, {again}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
