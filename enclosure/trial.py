"""Sends what a user tries the display out with, and finds out whether there is one."""

import asyncio

from bus.cli.exchange import ANSWER_TIMEOUT_S
from bus.client.client import open_socket
from bus.contract import ours as topics
from bus.errors import BusUnavailableError, PayloadError
from bus.message import Message
from enclosure.errors import FaceplateError

SOURCE = "mycroft_enclosure.trial"
"""`context.source` of what is sent; answers have it as their destination."""


async def put(url: str, message: Message) -> None:
    """Has the enclosure show something. Raises BusUnavailableError, FaceplateError or PayloadError."""
    question = Message(topics.FIRMWARE_VERSION_GET.name, {}, {"source": SOURCE})
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S), open_socket(url) as socket:
            # In this order: the enclosure that answers has handled the message before.
            for sent in (Message(message.msg_type, message.data, {"source": SOURCE}), question):
                await socket.send(sent.serialize())
            async for frame in socket:
                answer = Message.deserialize(frame)
                if answer.msg_type == topics.REJECTED.name:
                    raise PayloadError(f"refused: {answer.data['reason']}")
                if answer.context.get("destination") != SOURCE:
                    continue
                if answer.msg_type == f"{message.msg_type}.failed":
                    raise PayloadError(answer.data["error"])
                if answer.msg_type == topics.FIRMWARE_VERSION.name:
                    if answer.data.get("version") is None:
                        raise FaceplateError("the face is unplugged, or does not answer")
                    return
    except TimeoutError:
        raise FaceplateError(f"no enclosure on the bus at {url}") from None
    raise BusUnavailableError("the bus closed the connection")
