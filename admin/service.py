"""Carries out the requests of the bus: checks them, runs their actions, reports and logs."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from admin.action import Action, Answer, Answers, Confirm, Perform, Reporter
from admin.errors import CANCELLED, REFUSED, HostError
from admin.host import Host
from admin.policy import Policy, RefusedRequest
from admin.trust import Sender, is_obeyed, sender_of
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher, Emit
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError, PayloadError
from bus.message import Message

MAX_CONTEXT = 16_000
"""Characters of a request, without its data, that its reports carry back; OVOS needs some 2000."""

LAST_REPORT_S = 1.0
"""How long a report of an action that is being cancelled may wait for the bus: a daemon that stops has 10 s."""

MAX_ANSWERS = 100
"""Messages of other programs that wait for an action; further ones are dropped."""

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class _Request:
    """One request for an action."""

    message: Message
    """Without its data, which may be secret; after a restart, with the fields that the action kept."""
    sender: Sender | None
    described: str
    """The sender, for the log."""


@dataclass(slots=True)
class _Report:
    topic: Topic
    data: dict[str, Any]


class _Job:
    """An action under way, and the requests with the same fields that have joined it: the action's `Reporter`."""

    def __init__(
        self, say: Emit, unfinished: Unfinished, action: Action, fields: dict[str, Any], request: _Request
    ) -> None:
        self._say = say
        self._unfinished = unfinished
        self.action = action
        self.fields = fields
        self.requests = [request]
        self.cancelled: set[Topic] = set()
        self.cancelled_by: str | None = None
        self.task: asyncio.Task[None] | None = None
        self._reports: list[_Report] = []
        """The first one and the last one, which may be the same."""
        self._waiting: dict[asyncio.Queue[Answer], tuple[Topic, ...]] = {}

    @property
    def sender(self) -> Sender | None:
        return self.requests[0].sender

    async def __call__(self, topic: Topic, **data: Any) -> None:
        self._reports = [*self._reports[:1], _Report(topic, data)]
        for request in self.requests[:1] if self.action.shared else tuple(self.requests):
            await self._say(request.message.reply(topic.name, data))

    @property
    def reports(self) -> list[dict[str, Any]]:
        """The first report and the last one, as messages."""
        return [{"type": report.topic.name, "data": report.data} for report in self._reports]

    def keep(self, **fields: Any) -> None:
        if not self.action.occupies:
            return  # a question is asked again
        try:
            self._unfinished.add(self.action.request, replace(self.requests[0].message, data=fields))
        except OSError as error:
            _LOGGER.warning("%s would not survive a restart of this daemon: %s", self.action.request.name, error)

    @contextlib.contextmanager
    def answers(self, *wanted: Topic) -> Iterator[Answers]:
        assert set(wanted) <= set(self.action.awaits), "the service subscribes to these only"
        queue = asyncio.Queue[Answer](MAX_ANSWERS)
        self._waiting[queue] = wanted
        try:
            yield queue
        finally:
            del self._waiting[queue]

    def receive(self, answer: Answer) -> None:
        """Hands a message to the action, if it waits for one of this topic."""
        for queue, wanted in self._waiting.items():
            if answer.topic in wanted:
                with contextlib.suppress(asyncio.QueueFull):
                    queue.put_nowait(answer)

    async def join(self, request: _Request) -> None:
        """Adds a request, and reports to it the acknowledgement and where the action is now."""
        self.requests.append(request)
        for report in self._reports:
            await self._say(request.message.reply(report.topic.name, report.data))


class AdminService:
    """Runs the action of each request, in a task of its own, so that a slow action delays no other.

    A request is authorised and limited in rate. It is acknowledged before, and reported after, if necessary by the
    next daemon; a failure is ``<type>.failed {"error"}``. The log has its sender and its result. Actions that
    exclude each other do not run at the same time; a further request for an action under way joins it, where the
    fields are the same or the action is shared.
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
            dispatcher.on(action.request, partial(self._on_request, action), partial(self._on_invalid, action))
        for topic in {topic for action in self._actions.values() for topic in action.awaits}:
            dispatcher.on(topic, partial(self._on_answer, topic))
        for topic in (topics.ADMIN_IS_ALIVE, topics.ADMIN_IS_READY, topics.ADMIN_ALL_LOADED):
            dispatcher.on(topic, self._on_readiness)
        dispatcher.on(topics.SYSTEM_STATUS, self._on_status)
        dispatcher.on(topics.CONNECTED, self._on_connected)

    async def run(self) -> None:
        """Waits until the daemon stops; from then on requests are refused, while the actions under way end."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._policy.stop()

    def begin(self, topic: Topic, **fields: Any) -> None:
        """Starts an action without a request, with all fields of its topic, unless another one excludes it."""
        action = self._actions[topic]
        if topic not in self._jobs and self._policy.start(action) is None:
            request = _Request(Message(topic.name), None, "the service itself")
            self._start(action, fields, request, action.perform, action.confirm)
            self._group.create_task(self._report_status())

    async def _on_request(self, action: Action, message: Message, **fields: Any) -> None:
        request = _request_of(message)
        refusal = self._policy.over_rate(action, request.sender.uid if request.sender else None)
        if refusal and refusal.quiet:
            return
        refusal = _denial(action, request) or refusal
        job = self._jobs.get(action.request)
        if not refusal and job and (action.shared or job.fields == fields):
            _audit(action.request, request, "joins")
            await job.join(request)
        elif refusal := refusal or self._policy.start(action):
            await self._end(action, request, HostError(refusal.reason, REFUSED))
        else:
            self._start(action, fields, request, action.perform, action.confirm)

    async def _on_invalid(self, action: Action, message: Message, error: PayloadError) -> None:
        """Answers each, whatever the rate: it changes nothing."""
        request = _request_of(message)
        refusal = _denial(action, request) or RefusedRequest(str(error))
        await self._end(action, request, HostError(refusal.reason, REFUSED))

    async def _on_answer(self, topic: Topic, message: Message, **fields: Any) -> None:
        for job in tuple(self._jobs.values()):
            job.receive(Answer(topic, sender_of(message), fields))

    async def _on_readiness(self, message: Message) -> None:
        await self._emit(message.response({"status": True}))

    async def _on_status(self, message: Message) -> None:
        await self._emit(message.response(self._status))

    async def _on_connected(self, _: Message) -> None:
        """Resumes what the previous daemon left unfinished, now that its end can be reported."""
        left, self._left = self._left, []
        for topic, message in left:
            action = self._actions[topic]
            if self._policy.start(action) is None:
                request = _Request(message, None, "a sender before the restart")
                perform = partial(action.resume, **message.data) if action.resume else _unknown_result
                self._start(action, {}, request, perform)
        await self._report_status()

    @property
    def _status(self) -> dict[str, Any]:
        """The changes under way."""
        jobs = self._jobs.items()
        return {"under_way": {topic.name: job.reports for topic, job in jobs if job.action.occupies}}

    async def _report_status(self) -> None:
        await self._say(Message(topics.SYSTEM_STATUS_RESPONSE.name, self._status))

    def _start(
        self,
        action: Action,
        fields: dict[str, Any],
        request: _Request,
        perform: Perform,
        confirm: Confirm | None = None,
    ) -> None:
        job = self._jobs[action.request] = _Job(self._say, self._unfinished, action, fields, request)
        _audit(action.request, request, "begins")
        job.task = self._group.create_task(self._carry_out(job, perform, confirm))

    async def _carry_out(self, job: _Job, perform: Perform, confirm: Confirm | None) -> None:
        error: HostError | None = None
        request = job.action.request
        job.keep(**job.requests[0].message.data)
        try:
            if confirm:
                await confirm(job)
            for topic in job.action.cancels:
                if other := self._jobs.get(topic):
                    await self._cancel(other, request.name)
                    job.cancelled.add(topic)
            await perform(self._host, job, **job.fields)
        except HostError as failure:
            error = failure
        except asyncio.CancelledError:
            if job.cancelled_by is None:
                raise  # the daemon stops; the next one resumes the action
            error = HostError(f"cancelled by {job.cancelled_by}", CANCELLED)
        except Exception:  # contains a fault to its action, as the dispatcher does to its handler
            _LOGGER.exception("%s", request.name)
            error = HostError("internal error")
        finally:
            self._policy.end(job.action)
            del self._jobs[request]
        self._unfinished.remove(request)
        for asked in job.requests:
            await self._end(job.action, asked, error)

    async def _cancel(self, job: _Job, by: str) -> None:
        """Cancels an action; returns when it has ended and this is reported."""
        assert job.task, "a job has a task from its start"
        job.cancelled_by = by
        job.task.cancel()
        await asyncio.wait([job.task])

    async def _end(self, action: Action, request: _Request, error: HostError | None) -> None:
        """Logs the result of a request; reports a failure to its sender."""
        _audit(action.request, request, f"failed: {error}" if error else "done")
        if error:
            await self._say(request.message.reply(f"{action.request.name}.failed", {"error": str(error)}))
            if action.failure:
                topic, data = action.failure(error)
                await self._say(request.message.reply(topic.name, data))

    async def _say(self, message: Message) -> None:
        """Emits a report; without the bus an action continues unreported."""
        task = asyncio.current_task()
        within_s = LAST_REPORT_S if task and task.cancelling() else None
        try:
            await asyncio.wait_for(self._emit(message), within_s)  # `timeout` of 3.11 fails in a cancelled task
        except (BusUnavailableError, TimeoutError) as error:
            _LOGGER.warning("not reported: %s", str(error) or message.msg_type)


async def _unknown_result(_: Host, __: Reporter) -> None:
    raise HostError("the admin service was restarted meanwhile; the result is unknown")


def _audit(topic: Topic, request: _Request, what: str) -> None:
    level = logging.INFO if topic.privileged else logging.DEBUG
    _LOGGER.log(level, "%s by %s: %s", topic.name, request.described, what)


def _denial(action: Action, request: _Request) -> RefusedRequest | None:
    if action.request.privileged and not is_obeyed(request.sender):
        return RefusedRequest("the sender may not administer this machine")
    return None


def _request_of(message: Message) -> _Request:
    sender = sender_of(message)
    return _Request(_as_kept(message), sender, str(sender or "an unknown sender"))


def _as_kept(message: Message) -> Message:
    """What reports and records need of a request: its context, unless that is large, without the sender."""
    context = {key: value for key, value in message.context.items() if key != topics.SENDER}
    small = Message(message.msg_type, {}, context)
    return small if len(small.serialize()) <= MAX_CONTEXT else Message(message.msg_type)
