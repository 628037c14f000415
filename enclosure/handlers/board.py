"""Reports what the board has, and which parts of it can be used."""

from collections.abc import Mapping

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.message import Message
from enclosure.events import BoardState, Event
from enclosure.router import Report


class BoardHandler:
    """Reports each state when it changes, after each connection to the bus, and when asked for.

    `parts` is the data of enclosure.parts.
    """

    def __init__(self, dispatcher: Dispatcher, report: Report, parts: Mapping[str, object]) -> None:
        self._report = report
        self._parts = parts
        self._states: dict[str, BoardState] = {}
        dispatcher.on(topics.CONNECTED, self._report_states)
        dispatcher.on(topics.REPORT_PARTS, self._on_report_parts)

    def handle(self, event: Event) -> bool:
        """Reports the state of a part."""
        if not isinstance(event, BoardState):
            return False
        self._states[event.part] = event
        self._report_state(event)
        return True

    async def _on_report_parts(self, message: Message) -> None:
        self._report(message.reply(topics.PARTS.name, {**self._parts}))
        await self._report_states(message)

    async def _report_states(self, _: Message) -> None:
        for state in self._states.values():
            self._report_state(state)

    def _report_state(self, state: BoardState) -> None:
        data = {"part": state.part, "state": state.state, "detail": state.detail}
        self._report(Message(topics.BOARD_STATE.name, data))
