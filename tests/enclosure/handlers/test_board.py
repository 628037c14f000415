from collections.abc import Callable
from typing import Any

import pytest

from bus.client.dispatch import Dispatcher
from bus.message import Message
from enclosure.config import load_profile
from enclosure.events import BoardState, PartState
from enclosure.handlers.board import BoardHandler
from enclosure.parts import summary_of

MARK_1 = {"display": "faceplate", "buttons": ["knob"], "switches": [], "knob": True}


class Device:
    def __init__(self) -> None:
        self.reports: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        self.handler = BoardHandler(self.dispatcher, self.report, MARK_1)

    async def emit(self, message: Message) -> None:
        pytest.fail(f"{message} is no report")

    def report(self, message: Message, on_lost: Callable[[], None] = lambda: None) -> None:
        self.reports.append(message)

    async def asked(self, msg_type: str) -> list[tuple[str, dict[str, Any]]]:
        self.reports.clear()
        await self.dispatcher(Message(msg_type, {}, {"source": "asker"}))
        return [(message.msg_type, message.data) for message in self.reports]


async def test_parts_and_their_states_are_reported_to_the_program_that_asks() -> None:
    device = Device()
    assert await device.asked("enclosure.report-parts") == [("enclosure.parts", MARK_1)]
    assert device.reports[0].context["destination"] == "asker"
    device.handler.handle(BoardState("lights", PartState.CONNECTED))
    state = ("enclosure.board.state", {"part": "lights", "state": "connected", "detail": ""})
    assert await device.asked("connected") == [state]
    assert await device.asked("enclosure.report-parts") == [("enclosure.parts", MARK_1), state]


@pytest.mark.parametrize(
    ("platform", "parts"),
    [
        ("mycroft_mark_1", MARK_1),
        ("aiy_voice_v2", {"display": "lights", "buttons": ["talk"], "switches": [], "knob": False}),
        ("picroft", {"display": "none", "buttons": [], "switches": [], "knob": False}),
    ],
)
def test_a_profile_says_what_the_device_has(platform: str, parts: dict[str, Any]) -> None:
    assert summary_of(load_profile(platform)) == parts
