"""The command `mycroft-mqtt check`: the announcement of this device, checked by Home Assistant's rules."""

import asyncio
from dataclasses import replace

import msgspec

from bridges.mqtt.config import MqttSettings
from bridges.mqtt.daemon import device_of
from bridges.mqtt.entities import Parts, discovery, discovery_topic
from bridges.mqtt.host import Machine
from bridges.mqtt.mapping import SOURCE, Mirror
from bridges.mqtt.rules import problems
from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.errors import BusUnavailableError, Exit
from bus.message import Message
from bus.version import VERSION

ANSWER_TIMEOUT_S = 3.0
"""How long the enclosure may take to report the parts of the device."""


async def report(bus_url: str, settings: MqttSettings) -> tuple[list[str], Exit]:
    """The lines of the report, and the exit code. Raises ConfigError."""
    device = replace(device_of(settings, Machine()), parts=await _parts(bus_url))
    topic, announcement = discovery_topic(device, settings.discovery_prefix), discovery(device)
    found = problems(topic, announcement)
    lines = [topic, msgspec.json.format(msgspec.json.encode(announcement)).decode()]
    if device.parts is None:
        lines.append("The enclosure has not answered, so its parts are left out: is mycroft-enclosure running?")
    lines += (f"problem: {problem}" for problem in found)
    lines.append(f"{len(found)} problems. The user name at the broker is best {device.id}, see home-assistant.md.")
    return lines, Exit.FAILED if found else Exit.DONE


async def _parts(bus_url: str) -> Parts | None:
    """The parts of the device, as the enclosure reports them; None without an answer."""
    mirror = Mirror(VERSION)
    answered = asyncio.Event()

    async def receive(message: Message) -> None:
        mirror.read(message)
        if mirror.parts is not None:
            answered.set()

    client = BusClient(bus_url)
    running = asyncio.create_task(client.run(receive, patterns=[topics.PARTS.name]))
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await client.emit(Message(topics.REPORT_PARTS.name, {}, {"source": SOURCE}))
            await answered.wait()
    except (TimeoutError, BusUnavailableError):
        return None
    finally:
        running.cancel()
        await asyncio.wait((running,))
    return mirror.parts
