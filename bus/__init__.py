"""The message bus: what Mycroft, OVOS and our own daemons talk over. Knows no hardware and no host."""

from typing import TYPE_CHECKING

__all__ = ["Message", "MessageBusClient"]

if TYPE_CHECKING:
    from bus.client.blocking import MessageBusClient
    from bus.message import Message
else:
    import importlib

    _HOMES = {"Message": "bus.message", "MessageBusClient": "bus.client.blocking"}

    def __getattr__(name: str) -> object:
        """Imports what a program asks for, when it asks: the daemons start without pyee and threads."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_HOMES[name]), name)
