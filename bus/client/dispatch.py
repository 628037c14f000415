"""From a message to the handler of its topic, with checked fields; what every daemon does with its messages."""

import contextlib
import logging
import re
import reprlib
from collections.abc import Awaitable, Callable, Iterator

from bus.contract.ours import CONNECTED
from bus.contract.patterns import MAX_PATTERNS
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError, PayloadError
from bus.message import Message

Handler = Callable[..., Awaitable[None]]
"""Called with the message, and with the topic's fields as keyword arguments."""

Emit = Callable[[Message], Awaitable[None]]

Refuse = Callable[[Message, PayloadError], Awaitable[None]]
"""Answers a message whose fields are not those of its topic."""

_LOGGER = logging.getLogger(__name__)

_shorten = reprlib.Repr()
_shorten.maxstring = _shorten.maxother = 100


class Dispatcher:
    """Calls the handlers of each message, one after the other; call it with a message.

    A failure is answered with ``<type>.failed {"error"}``, once, and goes no further: a message of another program
    must not end a daemon.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._handlers: dict[str, tuple[Topic, list[Handler]]] = {}
        self._refuse: dict[str, Refuse] = {}
        self._clamped: set[tuple[str, str]] = set()
        self._warned_of_outage = False

    def on(self, topic: Topic, handler: Handler, refuse: Refuse | None = None) -> None:
        """Has `handler` called for every message of this topic, under either of its names.

        `refuse` answers one with invalid fields, in place of ``<type>.failed`` and a line in the log.
        """
        for name in topic.names:
            self._handlers.setdefault(name, (topic, []))[1].append(handler)
            if refuse:
                self._refuse[name] = refuse

    @property
    def patterns(self) -> list[str]:
        """The subscription to what is handled: the types, or the first word of each where there are too many."""
        if len(self._handlers) <= MAX_PATTERNS:
            return sorted(self._handlers)
        return sorted({re.split("(?<=[.:])", name, maxsplit=1)[0] + "*" for name in self._handlers})

    async def __call__(self, message: Message) -> None:
        if message.msg_type == CONNECTED.name:
            self._warned_of_outage = False
        if message.msg_type not in self._handlers:
            return
        topic, handlers = self._handlers[message.msg_type]
        if message.context.get("_namespace_compat_twin") and not topic.privileged:
            return  # OVOS 2.x sends this message a second time, under its new name; it renames no privileged type
        errors: list[str] = []
        with self._contained(message, errors):
            try:
                fields = topic.read(message.data)
            except PayloadError as error:
                if refuse := self._refuse.get(message.msg_type):
                    await refuse(message, error)
                    return
                raise
            self._log_clamped(topic, message)
            for handler in handlers:
                with self._contained(message, errors):
                    await handler(message, **fields)
        if errors:
            with contextlib.suppress(BusUnavailableError):  # nor is the sender there to read it
                await self._emit(message.reply(f"{message.msg_type}.failed", {"error": errors[0]}))

    @contextlib.contextmanager
    def _contained(self, message: Message, errors: list[str]) -> Iterator[None]:
        """Adds to `errors` what goes wrong."""
        try:
            yield
        except BusUnavailableError as error:
            level = logging.DEBUG if self._warned_of_outage else logging.WARNING  # loud once per outage
            self._warned_of_outage = True
            _LOGGER.log(level, "%s was not answered: %s", message.msg_type, error)
        except (PayloadError, OSError) as error:  # OSError: a device is away
            _LOGGER.warning("%s from %s: %s", message.msg_type, sender(message), error)
            errors.append(str(error))
        except Exception:  # contains one handler's fault with one message, see above
            _LOGGER.exception("handler of %s", message.msg_type)
            errors.append("internal error")

    def _log_clamped(self, topic: Topic, message: Message) -> None:
        """Logs a number that is outside of its range, once for each field: its sender will send it again."""
        for field in topic.fields:
            clamped = (topic.name, field.name)
            if clamped not in self._clamped and (problem := field.problem(message.data)):
                self._clamped.add(clamped)
                _LOGGER.warning("%s from %s: %s", topic.name, sender(message), problem)


def sender(message: Message) -> str:
    """The source that a message claims, for a log; not much longer than 100 characters, whatever it is."""
    return _shorten.repr(message.context.get("source", "?"))
