import asyncio
import errno
from collections.abc import Sequence
from pathlib import Path

import pytest

from enclosure.drivers.evdev import EvdevLines, Source
from enclosure.errors import BoardError
from enclosure.ports import Edge, Turn
from tests.enclosure.boards.input_devices import EV_KEY, EV_REL, EV_SYN, SYN_DROPPED, InputDevices

LOUDER, TALK, MUTE = 115, 582, 248


async def changes(lines: EvdevLines) -> Sequence[Edge | Turn]:
    async with asyncio.timeout(1):
        await lines.wait()
    return lines.read()


async def test_keys_and_turns_of_several_devices_come_in_order(input_devices: InputDevices) -> None:
    input_devices.plug_in("event0", "buttons", keys=[LOUDER, TALK])
    input_devices.plug_in("event1", "rotary@11", axes=[0])
    sources = {"louder": Source(LOUDER), "talk": Source(TALK), "knob": Source(0, is_axis=True)}
    lines = EvdevLines(sources)
    assert lines.open() == {"louder": False, "talk": False}
    assert input_devices.grabbed == {"event0", "event1"}
    input_devices.send("event0", EV_KEY, LOUDER, 1, at=1.5)
    input_devices.send("event0", EV_KEY, LOUDER, 2, at=1.75)  # it repeats
    input_devices.send("event0", EV_KEY, LOUDER, 0, at=2.25)
    input_devices.send("event1", EV_REL, 0, 1, at=1.25)
    input_devices.send("event1", EV_REL, 0, -1, at=2.0)
    assert await changes(lines) == [
        Turn("knob", 1, 1.25),
        Edge("louder", True, 1.5),
        Turn("knob", -1, 2.0),
        Edge("louder", False, 2.25),
    ]
    assert lines.read() == []
    lines.close()
    lines.close()


async def test_an_encoder_may_count_the_other_way_round(input_devices: InputDevices) -> None:
    input_devices.plug_in("event1", "rotary@11", axes=[0])
    lines = EvdevLines({"knob": Source(0, is_axis=True, reverse=True)})
    lines.open()
    input_devices.send("event1", EV_REL, 0, 1)
    assert await changes(lines) == [Turn("knob", -1, 1.0)]
    lines.close()


async def test_a_switch_that_is_on_at_the_start_is_reported(input_devices: InputDevices) -> None:
    input_devices.plug_in("event3", "buttons", keys=[MUTE])
    input_devices.down["event3"].add(MUTE)
    lines = EvdevLines({"mute": Source(MUTE)})
    assert lines.open() == {"mute": True}
    lines.close()


async def test_after_lost_events_the_levels_count(input_devices: InputDevices) -> None:
    input_devices.plug_in("event0", "buttons", keys=[LOUDER, MUTE])
    lines = EvdevLines({"louder": Source(LOUDER), "mute": Source(MUTE)})
    lines.open()
    input_devices.down["event0"].add(MUTE)
    input_devices.send("event0", EV_SYN, SYN_DROPPED, 0, at=4.0)
    assert await changes(lines) == [Edge("louder", False, 4.0), Edge("mute", True, 4.0)]
    lines.close()


@pytest.mark.parametrize("bus", [0x03, 0x05, 0x1E], ids=["USB", "Bluetooth", "television"])
async def test_a_headset_or_television_with_such_a_key_is_left_alone(
    input_devices: InputDevices, bus: int
) -> None:
    input_devices.plug_in("event0", "headset", keys=[LOUDER], bus=bus)
    with pytest.raises(BoardError, match="no input device with the key 115") as raised:
        EvdevLines({"louder": Source(LOUDER)}).open()
    assert raised.value.errno == errno.ENODEV
    input_devices.plug_in("event1", "buttons", keys=[LOUDER])
    lines = EvdevLines({"louder": Source(LOUDER)})
    lines.open()
    assert input_devices.grabbed == {"event1"}
    lines.close()


async def test_a_device_is_chosen_by_its_name(input_devices: InputDevices) -> None:
    input_devices.plug_in("event0", "rotary@4", axes=[0])
    input_devices.plug_in("event1", "rotary@11", axes=[0])
    input_devices.plug_in("event2", "footswitch", keys=[TALK], bus=0x03)
    sources = {"knob": Source(0, "rotary@11", is_axis=True), "talk": Source(TALK, "footswitch")}
    lines = EvdevLines(sources)
    lines.open()
    assert input_devices.grabbed == {"event1", "event2"}
    lines.close()
    with pytest.raises(BoardError, match="no input device named rotary@5 with the axis 0"):
        EvdevLines({"knob": Source(0, "rotary@5", is_axis=True)}).open()


async def test_a_device_of_another_program_is_reported_and_given_back(input_devices: InputDevices) -> None:
    input_devices.plug_in("event0", "buttons", keys=[LOUDER])
    input_devices.taken.add("event0")
    lines = EvdevLines({"louder": Source(LOUDER)})
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(BoardError) as raised:
        lines.open()
    lines.close()
    assert raised.value.errno == errno.EBUSY
    assert len(list(Path("/proc/self/fd").iterdir())) == before
