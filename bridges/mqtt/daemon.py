"""The bridge: the bus on one side, the broker on the other."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import Protocol

import msgspec

from bridges.mqtt.broker import Connection, tls_context
from bridges.mqtt.config import Broker, MqttSettings
from bridges.mqtt.entities import OFFLINE, ONLINE, Device, discovery, discovery_topic, has
from bridges.mqtt.errors import BrokerError
from bridges.mqtt.host import Machine, device_id
from bridges.mqtt.mapping import FACE_CHANGES, FACE_QUESTIONS, QUESTIONS, SOURCE, Mirror, Publication, command
from bridges.once import Once
from bridges.outbox import Outbox
from bus.client.backoff import STABLE_S, Backoff
from bus.client.client import BusClient
from bus.contract.ours import CONNECTED
from bus.daemon.runner import notify, watched
from bus.daemon.token_bucket import TokenBucket
from bus.errors import PayloadError
from bus.message import Message, clip
from bus.version import VERSION

RETRY_FIRST_S = 1.0
RETRY_MAX_S = 60.0

BIRTH_DELAY_S = 5.0
"""When Home Assistant starts, its birth message reaches all devices at once; each answers within this time."""

MEASURE_INTERVAL_S = 60.0

LOOK_S = 2.0
"""From a change of the face to its picture; a skill may draw several times in a second."""

COMMANDS_PER_S = 20
COMMANDS_BURST = 50
"""A slider that is dragged sends some ten commands in a second."""

FLOOD_LOG_INTERVAL_S = 60.0

_LOGGER = logging.getLogger(__name__)


class Link(Protocol):
    """What the bridge needs of a connection to the broker."""

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribes to topics. Raises BrokerError."""

    def publish(self, topic: str, payload: str | bytes, *, qos: int, retain: bool) -> None:
        """Queues a publication."""

    async def ended(self) -> None:
        """Waits for the end of the connection; raises BrokerError."""


Connect = Callable[
    [Callable[[str, bytes, bool], None], Callable[[str, str], None]], AbstractAsyncContextManager[Link]
]
"""Makes a connection with callbacks for received and for refused publications."""


class Bridge:
    """Announces a device at the broker, publishes its states, and turns commands into messages of the bus."""

    def __init__(self, bus: BusClient, connect: Connect, device: Device, prefix: str, machine: Machine) -> None:
        self._bus = bus
        self._connect = connect
        self._device = device
        self._prefix = prefix
        self._machine = machine
        self._mirror = Mirror(device.version)
        self._connection: Link | None = None
        self._bus_is_there = False
        self._birth: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._bucket = TokenBucket(COMMANDS_PER_S, COMMANDS_BURST)
        self._flood_log = TokenBucket(1 / FLOOD_LOG_INTERVAL_S, 1)
        self._outbox = Outbox(bus)
        self._once = Once(_LOGGER)

    async def run(self) -> None:
        """Runs until cancelled; reconnects to both sides."""
        async with asyncio.TaskGroup() as group:
            group.create_task(
                self._bus.run(watched(self._on_bus_message), self._observe_bus, patterns=self._mirror.patterns)
            )
            group.create_task(self._stay_connected())
            group.create_task(self._outbox.run())
            group.create_task(self._measure())
            notify("READY=1")

    # The bus.

    def _observe_bus(self, what: str, *_: object) -> None:
        if what == "close":
            self._bus_is_there = False
            self._publish_availability()

    async def _on_bus_message(self, message: Message) -> None:
        if message.msg_type == CONNECTED.name:
            self._bus_is_there = True
            self._publish_availability()
            self._ask(QUESTIONS)
            return
        if message.msg_type in FACE_CHANGES and self._look is None:
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self._look_at_face)
        publications = self._mirror.read(message)
        if self._mirror.parts != self._device.parts:
            self._device = replace(self._device, parts=self._mirror.parts)
            self._announce()
        for publication in publications:
            self._publish(publication)

    def _look_at_face(self) -> None:
        self._look = None
        if self._bus_is_there and has(self._device, "face"):
            self._ask(FACE_QUESTIONS)

    def _ask(self, questions: Iterable[Message]) -> None:
        for question in questions:
            self._outbox.put(replace(question, context={"source": SOURCE}))

    # The broker.

    async def _stay_connected(self) -> None:
        backoff = Backoff(RETRY_FIRST_S, RETRY_MAX_S)
        last = ""
        while True:
            connected = False
            try:
                async with self._connect(self._on_received, self._on_refused) as connection:
                    await connection.subscribe([self._device.command_topics, self._birth_topic])
                    connected = True
                    _LOGGER.log(logging.INFO if backoff.connected() else logging.DEBUG, "connected to the broker")
                    await self._serve(connection, backoff)
            except BrokerError as error:
                retry_s, log = backoff.failed(connected=connected)
                _LOGGER.log(logging.WARNING if log or str(error) != last else logging.DEBUG, "broker %s", error)
                last = str(error)
            await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, no secret

    async def _serve(self, connection: Link, backoff: Backoff) -> None:
        self._connection = connection
        stable = asyncio.get_running_loop().call_later(STABLE_S, backoff.stable)
        try:
            self._announce()
            await connection.ended()
        finally:
            stable.cancel()
            self._connection = None

    @property
    def _birth_topic(self) -> str:
        return f"{self._prefix}/status"

    def _announce(self) -> None:
        """Publishes everything that is retained: the broker or Home Assistant may be new."""
        if self._connection is None:
            return
        payload = msgspec.json.encode(discovery(self._device)).decode()
        self._connection.publish(discovery_topic(self._device, self._prefix), payload, qos=1, retain=True)
        self._publish_availability()
        for key, state in self._mirror.states.items():
            self._publish(Publication(key, state))

    def _publish_availability(self) -> None:
        if self._connection is not None:
            payload = ONLINE if self._bus_is_there else OFFLINE
            self._connection.publish(self._device.availability_topic, payload, qos=1, retain=True)

    def _publish(self, publication: Publication) -> None:
        """Publishes for a component that the device has; nothing while there is no broker."""
        key, payload, is_state, qos = publication
        if self._connection is not None and has(self._device, key):
            self._connection.publish(self._device.state_topic(key), payload, qos=qos, retain=is_state)

    def _on_received(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._birth_topic:
            if payload == ONLINE.encode() and self._birth is None:
                delay_s = random.uniform(0, BIRTH_DELAY_S)  # noqa: S311  # spreads a fleet, no secret
                self._birth = asyncio.get_running_loop().call_later(delay_s, self._answer_birth)
            return
        key = self._device.command_key(topic)
        if key is None:
            return
        if retained:
            self._once.warn(topic, "%s: a retained command is not obeyed; publish it without retain")
            return
        now = asyncio.get_running_loop().time()
        if not self._bucket.spend(now):
            if self._flood_log.spend(now):
                _LOGGER.warning("more than %d commands per second; the rest is dropped", COMMANDS_PER_S)
            return
        if not has(self._device, key):
            self._once.warn(topic, "%s: the device has no such command")
            return
        try:
            messages = command(key, payload)
        except PayloadError as error:
            _LOGGER.warning("%s: %s", topic, clip(str(error)))
            return
        for message in messages:
            self._outbox.put(message)

    def _answer_birth(self) -> None:
        self._birth = None
        self._announce()

    def _on_refused(self, topic: str, reason: str) -> None:
        self._once.warn(topic, "the broker refuses %s: %s; see the rights in home-assistant.md", reason)

    # The machine.

    async def _measure(self) -> None:
        while True:
            values = {
                "wifi": self._machine.wifi_dbm,
                "ip": self._machine.address,
                "temperature": self._machine.temperature,
            }
            for key, value in values.items():
                if value is not None:
                    self._publish(self._mirror.measured(key, value))
            self._look_at_face()  # no message reports that a text has scrolled by
            await asyncio.sleep(MEASURE_INTERVAL_S)


def device_of(settings: MqttSettings, machine: Machine) -> Device:
    """The device without its parts, which the bus reports. Raises ConfigError."""
    macs = machine.macs
    return Device(
        settings.id or device_id(macs),
        settings.name or machine.name,
        VERSION,
        tuple(macs),
        machine.model or "Mycroft device",
        wifi=machine.has_wifi,
        temperature=machine.has_temperature,
        full_control=settings.control == "full",
    )


async def bridge(bus_url: str, broker: Broker, settings: MqttSettings) -> None:
    """Runs the bridge until it is cancelled. Raises ConfigError."""
    machine = Machine()
    device = device_of(settings, machine)
    will = (device.availability_topic, OFFLINE)
    connect = partial(Connection, broker, tls_context(broker), client_id=device.id, will=will)
    await Bridge(BusClient(bus_url), connect, device, settings.discovery_prefix, machine).run()
