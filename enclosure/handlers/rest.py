"""The eyes while nothing goes on: their brightness outlives a restart, and nothing outlives a factory reset."""

from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.message import Message
from enclosure.display import DEFAULT_COLOR, DEFAULT_LEVEL, EyesLevel
from enclosure.events import Brightness, Event
from enclosure.ports import Display
from enclosure.state import SavedState

SKILL_ID = "mycroft-enclosure"
"""The name under which this daemon takes part in a factory reset."""

BRIGHTNESS = "brightness"
"""The name of the saved value."""

LEVELS = range(1, 31)
"""Of the saved brightness; at 0 the eyes are off, and the menu that mends it could not be seen."""


class RestHandler:
    """Saves the brightness that the user chooses in the menu; a factory reset forgets it."""

    def __init__(self, display: Display, dispatcher: Dispatcher, emit: Emit, saved: SavedState) -> None:
        self._display = display
        self._emit = emit
        self._saved = saved
        dispatcher.on(topics.FACTORY_RESET_PING, self._on_factory_reset_ping)
        dispatcher.on(topics.FACTORY_RESET_PHAL, self._on_factory_reset)

    def restore(self) -> None:
        """Shows the saved brightness."""
        level = self._saved.get(BRIGHTNESS, int)
        if level is not None and level in LEVELS:
            self._display.show(EyesLevel(level))

    def handle(self, event: Event) -> bool:
        """Saves a brightness that was chosen; the display shows it already."""
        if not isinstance(event, Brightness):
            return False
        self._saved.put(BRIGHTNESS, event.level)
        return True

    async def _on_factory_reset_ping(self, message: Message) -> None:
        await self._emit(message.reply(topics.FACTORY_RESET_REGISTER.name, {"skill_id": SKILL_ID}))

    async def _on_factory_reset(self, message: Message) -> None:
        self._saved.clear()
        self._display.show(DEFAULT_COLOR)
        self._display.show(DEFAULT_LEVEL)
        await self._emit(message.reply(topics.FACTORY_RESET_PHAL_COMPLETE.name, {"skill_id": SKILL_ID}))
