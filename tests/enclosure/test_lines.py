"""The lines that we send for each message, beside those of mycroft-core's enclosure and of OVOS' Mark 1 plugin.

What the old ones send was seen on a serial line, or read in their sources. The same message has the same lines, or
the test's name says why not. Ours are what arrives at the firmware's stand-in, over a real pseudo terminal; all
messages are tried at the same time, each on a settled face of its own.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from bus.message import Message
from enclosure.drivers.serial import AsyncSerial
from enclosure.faceplate.device import MENU_TURNED_S, FaceplateDevice
from enclosure.faceplate.protocol import GROW
from hw_sim.faceplate import Faceplate
from hw_sim.links import Cable
from tests.conftest import until
from tests.enclosure.handlers.mark1 import Mark1
from tests.virtual_time import VirtualTimeLoop

SETTLED_S = 0.3
LONGEST_S = 10
"""A timed spin takes 5 s."""

OPEN = ["eyes.set=0,255", "eyes.color=255"]
"""Open eyes, as we show them: after ``eyes.reset`` or ``eyes.on`` the firmware misses most of the knob."""

RESTORED = [*GROW, "eyes.level=30", "eyes.color=255", *OPEN, "mouth.reset"]
"""The face from the start; the firmware's heap first grows for the longest text."""

DOT = "CIDADA"
"""2 x 8, with a square in its upper corner."""
LOW_DOT = "CCDADA"
"""The same, 2 x 2."""
WIDE = "aI" + 16 * "ABCD"
"""32 x 8."""


class Same(NamedTuple):
    """A message for which the old ones and we send the same."""

    msg_type: str
    data: Mapping[str, Any]
    lines: list[str]

    @property
    def name(self) -> str:
        """Of its test."""
        return f"{self.msg_type} {' '.join(map(str, self.data.values()))}".strip()


class Differs(NamedTuple):
    """A message for which we send something else, and why."""

    why: str
    msg_type: str
    data: Mapping[str, Any]
    old: list[str]
    lines: list[str]
    goes_on: bool = False
    """Whether these are only the first of our lines."""
    after: str = ""
    """The type of a message that comes first."""

    @property
    def name(self) -> str:
        """Of its test."""
        return f"{self.msg_type}: {self.why}"


DIMMED = [f"eyes.level={level}" for level in range(30, 13, -2)]

SAME = [
    Same("recognizer_loop:record_begin", {}, ["mouth.listen"]),
    Same("recognizer_loop:sleep", {}, [*DIMMED, "eyes.level=12", "eyes.look=d"]),
    Same("enclosure.system.mute", {}, ["system.mute"]),
    Same("enclosure.system.unmute", {}, ["system.unmute"]),
    Same("enclosure.system.blink", {"times": 1}, ["system.blink=1"]),
    Same("enclosure.eyes.off", {}, ["eyes.off"]),
    Same("enclosure.eyes.narrow", {}, ["eyes.narrow"]),
    *(Same("enclosure.eyes.look", {"side": side}, [f"eyes.look={side}"]) for side in "rludc"),
    Same("enclosure.eyes.setpixel", {"idx": 5, "r": 1, "g": 2, "b": 3}, ["eyes.set=5,66051"]),
    Same("enclosure.eyes.fill", {"percentage": 50}, ["eyes.fill=12"]),
    Same("enclosure.eyes.spin", {}, ["eyes.spin"]),
    Same("enclosure.mouth.reset", {}, ["mouth.reset"]),
    Same("enclosure.mouth.talk", {}, ["mouth.talk"]),
    Same("enclosure.mouth.think", {}, ["mouth.think"]),
    Same("enclosure.mouth.listen", {}, ["mouth.listen"]),
    Same("enclosure.mouth.viseme", {"code": "3"}, ["mouth.viseme=3"]),
    Same("enclosure.mouth.text", {"text": "HI 12:30"}, ["mouth.text=HI 12:30"]),
    Same("recognizer_loop:audio_output_start", {}, ["mouth.talk"]),
]

DIFFERS = [
    Differs(
        "with open eyes the firmware misses most of the knob",
        "enclosure.reset",
        {},
        ["eyes.reset", "mouth.reset"],
        [*OPEN, "mouth.reset"],
    ),
    Differs(
        "with open eyes the firmware misses most of the knob", "enclosure.eyes.reset", {}, ["eyes.reset"], OPEN
    ),
    Differs("with open eyes the firmware misses most of the knob", "enclosure.eyes.on", {}, ["eyes.on"], OPEN),
    Differs(
        "with eyes that were open the firmware would go on missing the knob",
        "enclosure.eyes.color",
        {"r": 0, "g": 0, "b": 9},
        ["eyes.color=9"],
        ["eyes.set=0,9", "eyes.color=9"],
    ),
    Differs(
        "it ends with open eyes", "enclosure.eyes.blink", {"side": "b"}, ["eyes.blink=b"], ["eyes.blink=b", *OPEN]
    ),
    Differs(
        "it lights all pixels, also dark ones",
        "enclosure.eyes.level",
        {"level": 7},
        ["eyes.level=7"],
        ["eyes.level=7", *OPEN],
    ),
    Differs("all of the eyes is open eyes", "enclosure.eyes.fill", {"percentage": 100}, ["eyes.fill=23"], OPEN),
    Differs(
        "a ring over eyes that are not open does not end",
        "enclosure.eyes.volume",
        {"volume": 5},
        ["eyes.volume=5"],
        ["eyes.volume=5", *OPEN],
    ),
    Differs(
        "it ends with dark eyes",
        "enclosure.eyes.timedspin",
        {"length": 500},
        ["eyes.spin=500"],
        ["eyes.spin=500", *OPEN],
    ),
    Differs(
        "all is shown again on a faceplate that has restarted",
        "enclosure.system.reset",
        {},
        ["system.reset"],
        ["system.reset", *RESTORED],
    ),
    Differs(
        "clamped, where the plugin carries 300 into green",
        "enclosure.eyes.color",
        {"r": 0, "g": 0, "b": 300},
        ["eyes.color=300"],
        OPEN,
    ),
    Differs(
        "clamped, where the eyes have no pixel 28",
        "enclosure.eyes.fill",
        {"percentage": 120},
        ["eyes.fill=28"],
        OPEN,
    ),
    Differs(
        "clamped, where the plugin throws",
        "enclosure.eyes.setpixel",
        {"idx": 99, "r": 0, "g": 0, "b": 1},
        [],
        ["eyes.set=23,1"],
    ),
    Differs(
        "5 s by default, where the plugin sends None",
        "enclosure.eyes.timedspin",
        {},
        ["eyes.spin=None"],
        ["eyes.spin=5000", *OPEN],
    ),
    Differs(
        "a number is a code, too, where the plugin throws",
        "enclosure.mouth.viseme",
        {"code": 3},
        [],
        ["mouth.viseme=3"],
    ),
    Differs(
        "the firmware has none, so it is a picture",
        "enclosure.mouth.smile",
        {},
        ["mouth.smile"],
        [
            "mouth.icon=x=0,cP=0,IIAAAAAAAAEAMAIBAB",
            "mouth.icon=x=8,cP=0,IIADACACAGAEAEAEAE",
            "mouth.icon=x=16,cP=0,IIAEAEAEAEAGACACAD",
            "mouth.icon=x=24,cP=0,IIABIBMAEAAAAAAAAA",
        ],
    ),
    Differs(
        "capitals are all that the font has",
        "enclosure.mouth.text",
        {"text": "hi"},
        ["mouth.text=hi"],
        ["mouth.text=HI"],
    ),
    Differs(
        "a line end is no second command",
        "enclosure.mouth.text",
        {"text": "a\nsystem.reset"},
        ["mouth.text=a", "system.reset"],
        ["mouth.text=A SYSTEM.RESET"],
    ),
    Differs(
        "the font has ASCII only",
        "enclosure.mouth.text",
        {"text": "Grüße"},
        ["mouth.text=Grüße"],
        ["mouth.text=GRUSSE"],
    ),
    Differs(
        "nothing to write empties the mouth",
        "enclosure.mouth.text",
        {"text": ""},
        ["mouth.text="],
        ["mouth.reset"],
    ),
    Differs(
        "long texts crash the firmware, so we scroll them, as pictures",
        "enclosure.mouth.text",
        {"text": 40 * "long "},
        ["mouth.text=" + 40 * "long "],
        [
            *(f"mouth.icon=x={x},cP=0,II{16 * 'A'}" for x in (0, 8, 16)),
            "mouth.icon=x=24,cP=0,IIAAAAAAAAMHAEAEAA",
        ],
        goes_on=True,
    ),
    Differs(
        "a row that is 0 anyway is left out, so that a strip and its line end have 40 bytes",
        "enclosure.mouth.display",
        {"img_code": DOT, "xOffset": 3, "yOffset": 0, "clearPrev": "True"},
        [f"mouth.icon=x=3,y=0,cP=1,{DOT}"],
        [f"mouth.icon=x=3,cP=1,{DOT}"],
    ),
    Differs(
        "the plugin crashes on a bool",
        "enclosure.mouth.display",
        {"img_code": DOT, "clearPrev": True},
        [],
        [f"mouth.icon=x=0,cP=1,{DOT}"],
    ),
    Differs(
        "the firmware loses rows of low pictures, so it has the full height",
        "enclosure.mouth.display",
        {"img_code": LOW_DOT, "xOffset": 0, "yOffset": 3, "clearPrev": "True"},
        [f"mouth.icon=x=0,y=3,cP=1,{LOW_DOT}"],
        ["mouth.icon=x=0,cP=1,CIIBIB"],
    ),
    Differs(
        "strips, as the firmware has little memory left for them; all of them together clear the mouth",
        "enclosure.mouth.display",
        {"img_code": WIDE, "xOffset": 0, "yOffset": 0, "clearPrev": "True"},
        [f"mouth.icon=x=0,y=0,cP=1,{WIDE[:7]}$", f"mouth.icon=${WIDE[7:]}"],
        [f"mouth.icon=x={x},cP=0,II{4 * 'ABCD'}" for x in (0, 8, 16, 24)],
    ),
    Differs(
        "the plugin ignores it",
        "enclosure.mouth.display_image",
        {"img_path": "dot.png"},
        [],
        [f"mouth.icon=x=0,cP=1,{DOT}"],
    ),
    Differs(
        "our own drawing, apart from the temperature, as the firmware has little memory left for both",
        "enclosure.weather.display",
        {"img_code": 0, "temp": 21},
        ["weather.display=21,x=2,IICEIBMDNLMDIBCEAA"],
        ["weather.display=21,AA", "mouth.icon=x=2,cP=0,IIIACCMBNFMBCCIAAA"],
    ),
    Differs(
        "8 columns, where the plugin sends more than the firmware can read",
        "enclosure.weather.display",
        {"img_code": 0, "temp": "21°"},
        [f"weather.display=21,x=2,{WIDE}"],
        ["weather.display=21,AA", "mouth.icon=x=2,cP=0,IIIACCMBNFMBCCIAAA"],
    ),
    Differs("nothing is on the mouth", "recognizer_loop:record_end", {}, ["mouth.reset"], []),
    Differs("nothing is on the mouth", "recognizer_loop:audio_output_end", {}, ["mouth.reset"], []),
    Differs("nothing is on the mouth", "mycroft.stop", {}, ["mouth.reset"], []),
    Differs(
        "what a skill shows stays; NO INTERNET has ended by itself",
        "mycroft.internet.connected",
        {},
        ["mouth.reset"],
        [],
    ),
    Differs(
        "open eyes as we show them",
        "mycroft.awoken",
        {},
        ["eyes.reset", "eyes.blink=b", "eyes.level=30"],
        ["eyes.level=30", "eyes.blink=b", *OPEN],
        after="recognizer_loop:sleep",
    ),
]


async def sent(folder: Path, number: int, case: Same | Differs) -> list[str]:
    """The lines that arrive at a settled face for a message."""
    received: list[bytes] = []

    link = folder / str(number)
    async with Faceplate(link, Cable()) as faceplate, asyncio.TaskGroup() as group:
        receive = faceplate.firmware.receive

        def tapped(data: bytes) -> None:
            received.append(data)
            receive(data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(faceplate.firmware, "receive", tapped)
            running = [group.create_task(faceplate.run())]
            device = FaceplateDevice(lambda: AsyncSerial(str(link), 9600), lambda _: None)

            dispatcher = Mark1(lambda _: device).enclosure.dispatcher
            running.append(group.create_task(device.run()))

            def lines() -> list[str]:
                return [line for line in b"".join(received).decode("ascii").split("\n") if line]

            await until(lambda: lines()[-1:] == ["mouth.reset"], "a settled face")
            await asyncio.sleep(MENU_TURNED_S + 1)  # a menu may have been open at the start
            await device._link.drained.wait()
            if isinstance(case, Differs) and case.after:
                await dispatcher(Message(case.after))
                await device._link.drained.wait()
            received.clear()
            await dispatcher(Message(case.msg_type, dict(case.data)))
            with contextlib.suppress(pytest.fail.Exception):  # which the comparison then says better
                await until(lambda: len(lines()) >= len(case.lines), "all lines", LONGEST_S)
            await asyncio.sleep(SETTLED_S)
            for task in running:
                task.cancel()
    return lines()


async def all_sent(folder: Path) -> dict[str, list[str]]:
    """The lines of every message, by the name of its test."""
    cases: list[Same | Differs] = [*SAME, *DIFFERS]
    found = await asyncio.gather(*(sent(folder, number, case) for number, case in enumerate(cases)))
    return {case.name: lines for case, lines in zip(cases, found, strict=True)}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("lines")
    image = Image.new("L", (2, 8), "white")
    image.paste(0, (0, 0, 2, 2))
    image.save(folder / "dot.png")
    with contextlib.chdir(folder), asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(all_sent(folder))


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.name)
def test_we_send_the_lines_of_the_older_programs(case: Same, ours: dict[str, list[str]]) -> None:
    assert ours[case.name] == case.lines


@pytest.mark.parametrize("case", DIFFERS, ids=lambda case: case.name)
def test_we_send_other_lines_for_a_reason(case: Differs, ours: dict[str, list[str]]) -> None:
    assert case.old != case.lines
    lines = ours[case.name]
    assert (lines[: len(case.lines)] if case.goes_on else lines) == case.lines
