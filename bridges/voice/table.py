"""The events of a satellite: the type of the data of each, and its handler. Pure."""

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

_LOGGER = logging.getLogger(__name__)

Handlers = Mapping[str, tuple[type[msgspec.Struct], Callable[[Any], None]]]
"""The type of the data of each event, and the handler that is called with it."""


MAX_TIMER_S = 7 * 24 * 3600

Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_TIMER_S)]
"""Time of a timer."""


class Nothing(msgspec.Struct):
    """Data of an event from which nothing is read."""


class EventTable:
    """Calls the handler of an event. Events that have none are ignored: newer satellites have more of them."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._logged: set[str] = set()

    def __call__(self, event: str, data: Mapping[str, Any]) -> None:
        """Handles an event; one with wrong data is logged once, and ignored."""
        if event not in self._handlers:
            return
        kind, handler = self._handlers[event]
        try:
            checked = msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            level = logging.DEBUG if event in self._logged else logging.WARNING
            self._logged.add(event)
            _LOGGER.log(level, "the satellite's event %s is ignored: %s", event, error)
            return
        handler(checked)
