"""Carries out the requests of the bus: checks them, runs their actions, reports and logs."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from admin.actions import Action, Perform, Reporter
from admin.errors import HostError
from admin.host import Host
from admin.policy import Policy, RefusedRequest
from admin.trust import is_obeyed, sender_of
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message

MAX_CONTEXT = 16_000
"""Characters of a request, without its data, that its reports carry back; OVOS needs some 2000."""

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request:
    """One request for an action; `sender` is for the log."""

    message: Message
    sender: str


@dataclass(slots=True)
class _Job:
    """An action under way, and the requests with the same fields that have joined it."""

    action: Action
    fields: dict[str, Any]
    requests: list[_Request]
    last_report: tuple[Topic, dict[str, Any]] | None = None
    cancelled_by: str | None = None
    task: asyncio.Task[None] | None = None


class AdminService:
    """Runs the action of each request, in a task of its own, so that a slow action delays no other.

    A request is authorised and limited in rate. It is acknowledged before, and reported after, if necessary by the
    next daemon; a failure is ``<type>.failed {"error"}``. The log has its sender and its result. Actions that
    exclude each other do not run at the same time; another request for an action under way joins it.
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
        refusal = self._policy.over_rate(action, sender.uid if sender else None)
        if refusal and refusal.quiet:
            return
        request = _Request(_as_kept(message), str(sender or "an unknown sender"))
        if action.request.privileged and not obeyed:
            refusal = RefusedRequest("the sender may not administer this machine")
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
        """Resumes what the previous daemon left unfinished, now that its end can be reported."""
        left, self._left = self._left, []
        for topic, message in left:
            action = self._actions[topic]
            if self._policy.start(action) is None:
                request = _Request(message, "a sender before the restart")
                self._start(_Job(action, {}, [request]), action.resume or _unknown_result)

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
            report: Reporter = partial(self._report, job)
            await perform(self._host, report, **job.fields)
        except HostError as failure:
            error = str(failure)
        except asyncio.CancelledError:
            if job.cancelled_by is None:
                raise  # the daemon stops; the next one resumes the action
            error = f"cancelled by {job.cancelled_by}"
        except Exception:  # contains a fault to its action, as the dispatcher does to its handler
            _LOGGER.exception("%s", request.name)
            error = "internal error"
        finally:
            self._policy.end(job.action)
            del self._jobs[request]
        self._unfinished.remove(request)
        for asked in job.requests:
            await self._end(request, asked, error)

    async def _cancel(self, job: _Job, by: str) -> None:
        """Cancels an action; returns when it has ended and this is reported."""
        assert job.task, "a job has a task from its start"
        job.cancelled_by = by
        job.task.cancel()
        await asyncio.wait([job.task])

    def _keep(self, job: _Job) -> None:
        """Keeps a change for the next daemon, in case this one is restarted before its end."""
        if job.action.occupies:
            try:
                self._unfinished.add(job.action.request, job.requests[0].message)
            except OSError as error:
                _LOGGER.warning(
                    "%s would not survive a restart of this daemon: %s", job.action.request.name, error
                )

    async def _report(self, job: _Job, topic: Topic, **data: Any) -> None:
        job.last_report = topic, data
        for request in tuple(job.requests):
            await self._say(request.message.reply(topic.name, data))

    async def _end(self, topic: Topic, request: _Request, error: str | None) -> None:
        """Logs the result of a request; reports a failure to its sender."""
        _audit(topic, request, f"failed: {error}" if error else "done")
        if error:
            await self._say(request.message.reply(f"{topic.name}.failed", {"error": error}))

    async def _say(self, message: Message) -> None:
        """Emits a report; without the bus an action continues unreported."""
        try:
            await self._emit(message)
        except BusUnavailableError as error:
            _LOGGER.warning("not reported: %s", error)


async def _unknown_result(_: Host, __: Reporter) -> None:
    raise HostError("the admin service was restarted meanwhile; the result is unknown")


def _audit(topic: Topic, request: _Request, what: str) -> None:
    level = logging.INFO if topic.privileged else logging.DEBUG
    _LOGGER.log(level, "%s by %s: %s", topic.name, request.sender, what)


def _as_kept(message: Message) -> Message:
    """What reports and records need of a request: its context, unless that is large, without the sender.

    The data have been read, and may be secret.
    """
    context = {key: value for key, value in message.context.items() if key != topics.SENDER}
    small = Message(message.msg_type, {}, context)
    return small if len(small.serialize()) <= MAX_CONTEXT else Message(message.msg_type)
