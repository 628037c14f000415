"""From a message to the handler of its topic, with checked fields; what every daemon does with its messages."""

import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from bus.contract.topic import Topic
from bus.errors import BusUnavailableError, PayloadError
from bus.message import Message

Handler = Callable[..., Awaitable[None]]
"""Called with the message, and with the topic's fields as keyword arguments."""

Emit = Callable[[Message], Awaitable[None]]

_LOGGER = logging.getLogger(__name__)


class Dispatcher:
    """Calls the handlers of each message, one after the other; call it with a message.

    A failure is answered with ``<type>.failed {"error"}``, once, and goes no further: a message that a stranger
    sends must not end a daemon.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._handlers: dict[str, tuple[Topic, list[Handler]]] = {}
        self._clamped: set[tuple[str, str]] = set()

    def on(self, topic: Topic, handler: Handler) -> None:
        """Has `handler` called for every message of this topic, under either of its names."""
        for name in (topic.name, topic.alias):
            if name is not None:
                self._handlers.setdefault(name, (topic, []))[1].append(handler)

    @property
    def patterns(self) -> list[str]:
        """What to subscribe to: the first word of each type, which keeps them few."""
        return sorted({re.split("(?<=[.:])", name, maxsplit=1)[0] + "*" for name in self._handlers})

    async def __call__(self, message: Message) -> None:
        if message.context.get("_namespace_compat_twin"):
            return  # OVOS 2.x sends this message a second time, under its new name
        if message.msg_type not in self._handlers:
            return
        topic, handlers = self._handlers[message.msg_type]
        errors: list[str] = []
        with self._contained(message, errors):
            fields = topic.read(message.data)
            self._tell_clamped(topic, message)
            for handler in handlers:
                with self._contained(message, errors):
                    await handler(message, **fields)
        if errors:
            with contextlib.suppress(BusUnavailableError):  # then nobody waits for it any more
                await self._emit(message.reply(f"{message.msg_type}.failed", {"error": errors[0]}))

    @contextlib.contextmanager
    def _contained(self, message: Message, errors: list[str]) -> Iterator[None]:
        """Adds to `errors` what goes wrong."""
        try:
            yield
        except BusUnavailableError as error:
            _LOGGER.warning("%s was not answered: %s", message.msg_type, error)
        except (PayloadError, OSError) as error:  # OSError: a device is away
            _LOGGER.warning("%s from %r: %s", message.msg_type, message.context.get("source", "?"), error)
            errors.append(str(error))
        except Exception:  # contains one handler's fault with one message, see above
            _LOGGER.exception("handler of %s", message.msg_type)
            errors.append("internal error")

    def _tell_clamped(self, topic: Topic, message: Message) -> None:
        """Logs a number that is outside of its range, once for each field: who sends it sends it again."""
        for field in topic.fields:
            told = (topic.name, field.name)
            if told not in self._clamped and (problem := field.problem(message.data)):
                self._clamped.add(told)
                _LOGGER.warning("%s from %r: %s", topic.name, message.context.get("source", "?"), problem)


def is_local(message: Message) -> bool:
    """Whether a message belongs to this device's own session, and not to a remote satellite's."""
    session: dict[str, Any] = message.context.get("session") or {}
    return bool(session.get("session_id", "default") == "default")
