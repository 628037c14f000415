"""Reports which parts of the board can be used."""

from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.message import Message
from enclosure.events import BoardState, Event
from enclosure.router import Tell


class BoardHandler:
    """Reports each state when it changes, and after each connection to the bus."""

    def __init__(self, dispatcher: Dispatcher, tell: Tell) -> None:
        self._tell = tell
        self._states: dict[str, BoardState] = {}
        dispatcher.on(topics.CONNECTED, self._on_connected)

    def take(self, event: Event) -> bool:
        """Reports the state of a part."""
        if not isinstance(event, BoardState):
            return False
        self._states[event.part] = event
        self._report(event)
        return True

    async def _on_connected(self, _: Message) -> None:
        for state in self._states.values():
            self._report(state)

    def _report(self, state: BoardState) -> None:
        data = {"part": state.part, "state": state.state, "detail": state.detail}
        self._tell(Message(topics.BOARD_STATE.name, data))
