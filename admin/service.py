"""Carries out the requests of the bus, with all that a privileged request is owed: see AdminService."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from admin.actions import Action, Perform, Report
from admin.errors import HostError
from admin.host import Host
from admin.policy import Policy, Refusal
from admin.trust import is_obeyed, sender_of
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message

MAX_CONTEXT = 16_000
"""Bytes of the context of a request that its reports carry back; OVOS' own has some 2 KB."""

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request:
    """One request for an action, and in words who made it."""

    message: Message
    sender: str


@dataclass(slots=True)
class _Job:
    """An action under way, for all who have asked for it with the same fields."""

    action: Action
    fields: dict[str, Any]
    requests: list[_Request]
    last_report: tuple[Topic, dict[str, Any]] | None = None
    cancelled_by: str | None = None
    task: asyncio.Task[None] | None = None


class AdminService:
    """Starts an action for each request, in a task of its own, so that a slow one holds up no other.

    A request is authorised, limited in rate, acknowledged before and reported after, if need be by the daemon that
    is started next. A failure is ``<type>.failed {"error"}``. The log says who asked for what, and how it ended.
    Actions that exclude each other do not run at once; a further request for an action under way joins it.
    """

    def __init__(
        self,
        actions: Iterable[Action],
        host: Host,
        dispatcher: Dispatcher,
        emit: Emit,
        group: asyncio.TaskGroup,
        *,
        unfinished: Unfinished,
    ) -> None:
        self._host = host
        self._emit = emit
        self._group = group
        self._unfinished = unfinished
        self._policy = Policy(asyncio.get_running_loop().time)
        self._jobs: dict[Topic, _Job] = {}
        self._actions = {action.request: action for action in actions}
        self._left = unfinished.take(self._actions)
        for action in self._actions.values():
            dispatcher.on(action.request, partial(self._on_request, action))
        for topic in (topics.ADMIN_IS_ALIVE, topics.ADMIN_IS_READY, topics.ADMIN_ALL_LOADED):
            dispatcher.on(topic, self._on_status)
        dispatcher.on(topics.CONNECTED, self._on_connected)

    async def _on_request(self, action: Action, message: Message, **fields: Any) -> None:
        sender = sender_of(message)
        obeyed = is_obeyed(sender)
        refusal = self._policy.over_rate(action, sender.uid if sender and obeyed else None)
        if refusal and refusal.quiet:
            return
        request = _Request(_without_ballast(message), str(sender or "an unknown sender"))
        if action.request.privileged and not obeyed:
            refusal = Refusal("the sender may not administer this machine")
        job = self._jobs.get(action.request)
        if not refusal and job and job.fields == fields:
            await self._join(job, request)
        elif refusal := refusal or self._policy.start(action):
            await self._end(action.request, request, refusal.reason)
        else:
            self._start(_Job(action, fields, [request]), action.perform)

    async def _on_status(self, message: Message) -> None:
        await self._emit(message.response({"status": True}))

    async def _on_connected(self, _: Message) -> None:
        """Takes up what the daemon before this one was about, now that its end can be reported."""
        left, self._left = self._left, []
        for topic, message in left:
            action = self._actions[topic]
            if self._policy.start(action) is None:
                request = _Request(message, "a sender before the restart of this daemon")
                self._start(_Job(action, {}, [request]), action.resume or _unknown_outcome)

    def _start(self, job: _Job, perform: Perform) -> None:
        self._jobs[job.action.request] = job
        _audit(job.action.request, job.requests[0], "begins")
        job.task = self._group.create_task(self._carry_out(job, perform))

    async def _join(self, job: _Job, request: _Request) -> None:
        _audit(job.action.request, request, "joins")
        job.requests.append(request)
        if job.last_report:
            topic, data = job.last_report
            await self._say(request.message.reply(topic.name, data))

    async def _carry_out(self, job: _Job, perform: Perform) -> None:
        error: str | None = None
        request = job.action.request
        self._keep(job)
        try:
            for topic in job.action.cancels:
                if other := self._jobs.get(topic):
                    await self._cancel(other, request.name)
            report: Report = partial(self._report, job)
            await perform(self._host, report, **job.fields)
        except HostError as failure:
            error = str(failure)
        except asyncio.CancelledError:
            if job.cancelled_by is None:
                raise  # the daemon ends; the next one takes the action up
            error = f"cancelled by {job.cancelled_by}"
        except Exception:  # contains the fault of one action, as the dispatcher does that of a handler
            _LOGGER.exception("%s", request.name)
            error = "internal error"
        finally:
            self._policy.end(job.action)
            del self._jobs[request]
        self._unfinished.remove(request)
        for asked in job.requests:
            await self._end(request, asked, error)

    async def _cancel(self, job: _Job, by: str) -> None:
        """Ends an action; returns when it has ended, and that is reported."""
        assert job.task, "a job has a task from its start"
        job.cancelled_by = by
        job.task.cancel()
        await asyncio.wait([job.task])

    def _keep(self, job: _Job) -> None:
        """Has the next daemon report how a change ended, should this one not live to do so."""
        if job.action.occupies:
            try:
                self._unfinished.add(job.action.request, job.requests[0].message)
            except OSError as error:
                _LOGGER.warning("%s is not kept over a restart of this daemon: %s", job.action.request.name, error)

    async def _report(self, job: _Job, topic: Topic, **data: Any) -> None:
        job.last_report = topic, data
        for request in tuple(job.requests):
            await self._say(request.message.reply(topic.name, data))

    async def _end(self, topic: Topic, request: _Request, error: str | None) -> None:
        """Logs how a request ended, and tells its sender where it failed."""
        _audit(topic, request, f"failed: {error}" if error else "done")
        if error:
            await self._say(request.message.reply(f"{topic.name}.failed", {"error": error}))

    async def _say(self, message: Message) -> None:
        """Emits a report; an action goes on without the bus."""
        try:
            await self._emit(message)
        except BusUnavailableError as error:
            _LOGGER.warning("not reported: %s", error)


async def _unknown_outcome(_: Host, __: Report) -> None:
    raise HostError("this daemon was restarted meanwhile; the outcome is unknown")


def _audit(topic: Topic, request: _Request, what: str) -> None:
    level = logging.INFO if topic.privileged else logging.DEBUG
    _LOGGER.log(level, "%s by %s: %s", topic.name, request.sender, what)


def _without_ballast(message: Message) -> Message:
    """A request as its reports need it.

    Its data are read by now, and may be secret. Its context may be large; who sent it is for the bus to say.
    """
    context = {key: value for key, value in message.context.items() if key != topics.SENDER}
    small = Message(message.msg_type, {}, context)
    return small if len(small.serialize()) <= MAX_CONTEXT else Message(message.msg_type)
