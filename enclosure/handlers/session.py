"""Which messages count for this device, and how its own are marked."""

from bus.client.dispatch import Handler
from bus.message import Message, is_local

SOURCE = "mycroft_enclosure"
"""`context.source` of the messages that this daemon sends by itself."""


def local(handler: Handler) -> Handler:
    """The handler, called for messages of this device's own session only: others are a remote satellite's."""

    async def handle(message: Message, **fields: object) -> None:
        if is_local(message):
            await handler(message, **fields)

    return handle
