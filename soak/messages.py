"""Random messages, as programs send them that have read the documentation or not; and how it all has to end."""

import random
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NamedTuple

from bus.contract import ours as topics
from bus.contract.topic import Family, Field, Topic
from bus.message import Message

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
"""The firmware reads nothing for seconds after these, in which there is little else to see."""

NONSENSE: list[Any] = [
    *(None, True, -1, 1e308, -1e30, 2**63, 0.5, "", "x", "\0", "a\nsystem.reset", "volume.up", "é" * 500),
    *("9" * 5000, "A" * 100_000, "/dev/zero", "True", [], {}, [[]], [["0", 1e9]], {"a": {"b": []}}),
]

DOT_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGP8z8DEwAAABQ0BA7hKXG8AAAAASUVORK5CYII="


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
    """A message as the documentation has it."""
    context: dict[str, Any] = {"source": chance.choice(PEOPLE)}
    if chance.random() < 0.1:
        context["session"] = {"session_id": "satellite"}
    if topic.family is Family.VOLUME and chance.random() < 0.1:
        context["skill_id"] = "dinkum-listener"
    return Message(topic.name, {field.name: value(field, chance) for field in topic.fields}, context)


def invalid(topic: Topic, chance: random.Random) -> Message:
    """A message with fields that are missing or nonsense."""
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
