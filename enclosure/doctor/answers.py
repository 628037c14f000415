"""What the programs on the bus answer."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass

from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message

SOURCE = f"mycroft_enclosure.doctor.{os.getpid()}"
"""The source of this doctor's questions: the destination of their answers, and not of those to another doctor."""

CONNECT_TIMEOUT_S = 2.0
WAIT_S = 1.0
"""How long answers are waited for; that two programs do the same shows only in the second answer."""

PHAL_IS_READY = "mycroft.PHAL.is_ready"
"""Answered by ovos_PHAL, which runs OVOS' hardware plugins."""

QUESTIONS = (
    topics.STATUS.name,
    topics.FIRMWARE_VERSION_GET.name,
    topics.VOLUME_GET.name,
    topics.FACTORY_RESET_PING.name,  # asks which programs have hardware to reset, and resets none
    topics.ADMIN_IS_ALIVE.name,
    topics.SSH_STATUS.name,
    PHAL_IS_READY,
)


@dataclass(frozen=True, slots=True)
class Client:
    """One client of the bus, as that lists it."""

    process: str | None
    pid: int | None
    uid: int | None

    def __str__(self) -> str:
        return f"{self.process} ({self.pid})" if self.process else f"a program of user {self.uid}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The messages that came back."""

    messages: Sequence[Message]

    def to(self, topic: Topic) -> list[Message]:
        """The messages of this type to the doctor; others may get the same, and after a change all do."""
        return [
            message
            for message in self.messages
            if message.msg_type == topic.name and message.context.get("destination") == SOURCE
        ]

    @property
    def phal(self) -> bool:
        """Whether ovos_PHAL runs."""
        return any(message.msg_type == f"{PHAL_IS_READY}.response" for message in self.messages)

    @property
    def clients(self) -> list[Client] | None:
        """The clients of the bus; None where it is not ours, and does not list them."""
        for status in self.to(topics.STATUS_RESPONSE):
            return [Client(client["process"], client["pid"], client["uid"]) for client in status.data["clients"]]
        return None


async def ask(url: str) -> Answers | None:
    """Asks all programs on the bus; None where there is no bus."""
    bus, messages = BusClient(url), list[Message]()

    async def take(message: Message) -> None:
        messages.append(message)

    running = asyncio.create_task(bus.run(take))
    try:
        for question in QUESTIONS:
            await bus.emit(Message(question, {}, {"source": SOURCE}), CONNECT_TIMEOUT_S)
        await asyncio.sleep(WAIT_S)
    except BusUnavailableError:
        return None
    finally:
        running.cancel()
        await asyncio.wait((running,))
    return Answers(messages)
