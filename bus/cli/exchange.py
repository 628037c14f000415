"""What the commands need that send a message and look at what comes back."""

from collections.abc import AsyncIterator

from bus.client.unconfirmed import as_sent
from bus.client.websocket import WebSocket
from bus.contract import ours as topics
from bus.errors import FrameError
from bus.message import Message

ANSWER_TIMEOUT_S = 3.0
"""As long as the clients of the field wait for an answer."""

REFUSALS = (topics.REJECTED.name, topics.DENIED.name)

FOR_THE_BUS = (topics.SUBSCRIBE.name, topics.STATUS.name)
"""Types that the bus answers itself and does not relay."""


async def messages(socket: WebSocket) -> AsyncIterator[tuple[str, Message]]:
    """Each frame as it was sent, and the message in it. Encrypted frames are left out."""
    async for frame in socket:
        try:
            message = Message.deserialize(frame)
        except FrameError:
            continue
        yield as_sent(frame, message), message
