"""What an action is: the request that starts it, what it does, and what it may not run beside."""

from collections.abc import Awaitable, Callable, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol

from admin.dbus.systemd import Template, Unit
from admin.errors import HostError
from admin.trust import Sender
from bus.contract.topic import Topic


class Resource(Enum):
    """Part of the machine that one action at a time may change."""

    POWER = auto()
    """Whether the machine runs: what must not be cut short occupies it."""
    SSH = auto()
    CLOCK = auto()
    TIME_ZONE = auto()
    NETWORK = auto()
    """The radio, and the networks that are known."""
    PACKAGES = auto()
    LANGUAGE = auto()
    NAME = auto()
    ASSISTANT = auto()
    """The processes of the voice assistant, and the files of its owner."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A message of another program that an action waits for."""

    topic: Topic
    sender: Sender | None
    fields: dict[str, Any]


class Answers(Protocol):
    """Messages of some topics, in the order of their arrival."""

    async def get(self) -> Answer:
        """Waits for the next one."""


class Reporter(Protocol):
    """The requests of an action under way: who sent them, and how they are answered."""

    @property
    def sender(self) -> Sender | None:
        """The sender of the first request; None for the service itself, and after a restart of the daemon."""

    @property
    def cancelled(self) -> Set[Topic]:
        """The requests that this one has cancelled; each has reported its end."""

    async def __call__(self, topic: Topic, **data: Any) -> None:
        """Emits the acknowledgement, the progress or the end of the action.

        Once if the action is shared, else as a reply to each request.
        """

    def keep(self, **fields: Any) -> None:
        """Keeps fields for the action's `resume`, in case the daemon is restarted before the end."""

    def answers(self, *topics: Topic) -> AbstractContextManager[Answers]:
        """What other programs send while the context is entered; for some of the action's `awaits`."""


Perform = Callable[..., Awaitable[None]]
"""Called with the host, a `Reporter`, and the fields of the request by name; raises HostError."""

Confirm = Callable[[Reporter], Awaitable[None]]
"""Returns when the user has confirmed an action; raises HostError where it is declined."""

Failure = Callable[[HostError], tuple[Topic, dict[str, Any]]]
"""The topic and data that report a failure, or a refusal of the request."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the list."""

    request: Topic
    perform: Perform
    does: str = ""
    """What happens on the host, for docs/admin.md."""
    occupies: frozenset[Resource] = frozenset()
    """Resources that no other action may change meanwhile; empty for a question."""
    reads: frozenset[Resource] = frozenset()
    """Resources that a question needs, and is refused while another action changes."""
    shared: bool = False
    """Whether a further request joins the action under way whatever its fields; else they must be the same. Its
    reports are events of the device, each of which is sent once."""
    confirm: Confirm | None = None
    """What comes before everything else: until it returns, nothing is cancelled or changed."""
    cancels: frozenset[Topic] = frozenset()
    """Requests to cancel before it is performed, where they are under way."""
    needs: tuple[str | Unit | Template, ...] = ()
    """Actions of polkit, and units to start; see `admin.polkit`."""
    awaits: tuple[Topic, ...] = ()
    """Messages of other programs that it waits for, with `Reporter.answers`."""
    failure: Failure | None = None
    """How a failure is also reported, besides ``<type>.failed``: in the form that clients of the field expect."""
    resume: Perform | None = None
    """Called after a restart of the daemon, with the fields that the action has kept; without it the result is
    reported as unknown."""
