"""Reports which parts of the board can be used."""

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.message import Message
from enclosure.events import BoardState, Event
from enclosure.router import Report


class BoardHandler:
    """Reports each state when it changes, and after each connection to the bus."""

    def __init__(self, dispatcher: Dispatcher, report: Report) -> None:
        self._report = report
        self._states: dict[str, BoardState] = {}
        dispatcher.on(topics.CONNECTED, self._on_connected)

    def handle(self, event: Event) -> bool:
        """Reports the state of a part."""
        if not isinstance(event, BoardState):
            return False
        self._states[event.part] = event
        self._report_state(event)
        return True

    async def _on_connected(self, _: Message) -> None:
        for state in self._states.values():
            self._report_state(state)

    def _report_state(self, state: BoardState) -> None:
        data = {"part": state.part, "state": state.state, "detail": state.detail}
        self._report(Message(topics.BOARD_STATE.name, data))
