"""Checks, acknowledgements, reports, the log and the restart, with actions of the test."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from admin.action import Action, Reporter, Resource
from admin.actions import ACTIONS
from admin.errors import REFUSED, HostError
from admin.host import Host
from admin.policy import CHANGES, QUESTIONS
from admin.service import LAST_REPORT_S, MAX_ANSWERS, MAX_CONTEXT, AdminService
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import Field, Topic
from bus.errors import BusUnavailableError
from bus.message import Message

REQUEST = Topic("test.join", "Joins.", (Field("name", str), Field("times", int, 1, 1, 9)), privileged=True)
BEGUN = Topic("test.joining", "Begins.")
PROGRESS = Topic("test.progress", "Goes on.", (Field("percent", int),))
ENDED = Topic("test.joined", "Ends.")
QUESTION = Topic("test.question", "Asks.")
ANSWER = Topic("test.question.response", "Answers.")
LEAVE = Topic("test.leave", "Leaves.", privileged=True)
WIPE = Topic("test.wipe", "Asks, and leaves.", privileged=True)
SIT = Topic("test.sit", "Joins all the others.", (Field("long", bool, False),), privileged=True)
MOVE = Topic("test.move", "Moves.", (Field("name", str),), privileged=True)
LEFT = Topic("test.left", "Has left.")
VOTE = Topic("test.vote", "Votes.")
VOTED = Topic("test.voted", "Has voted.", (Field("name", str),))
COUNTED = Topic("test.counted", "Has counted.", (Field("names", list),))
LAST = Topic("test.last", "Reports its end, however it ends.", privileged=True)
NOT_VOTED = Topic("test.not_voted", "Has not.", (Field("kind", str),))

OURSELVES = {"uid": os.getuid(), "pid": 7, "process": "menu"}
STRANGER: dict[str, Any] = {"uid": 4_000_000_000, "pid": 8, "process": "skill"}

STATUS = "system.status.response"

DISOBEYED = "the sender may not administer this machine"


class Machine:
    """The host of the test: an action continues when the test sets `go`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.go, self.later = asyncio.Event(), asyncio.Event()
        self.later.set()
        self.cleaned = False
        self.error: Exception | None = None

    async def join(self, _: Host, report: Reporter, **fields: Any) -> None:
        self.calls.append(("join", fields))
        report.keep(number=1)
        await report(BEGUN)
        try:
            await self.go.wait()
        finally:
            self.cleaned = True
        if self.error:
            raise self.error
        await report(PROGRESS, percent=50)
        await self.later.wait()
        await report(ENDED)

    async def look_again(self, _: Host, report: Reporter, **kept: Any) -> None:
        self.calls.append(("look again", kept))
        await report(ENDED)

    async def leave(self, _: Host, report: Reporter) -> None:
        self.calls.append(("leave", {}))
        await report(LEFT)

    async def answer(self, _: Host, report: Reporter) -> None:
        await report(ANSWER)

    async def end(self, _: Host, report: Reporter) -> None:
        try:
            await self.go.wait()
        finally:
            await report(ENDED)

    async def confirm(self, report: Reporter) -> None:
        with report.answers(VOTED) as votes:
            if (await votes.get()).fields["name"] != "yes":
                raise HostError("declined")

    async def vote(self, _: Host, report: Reporter) -> None:
        with report.answers(VOTED) as votes:
            await report(VOTE)
            names = [(await votes.get()).fields["name"] for _ in range(2)]
        await report(COUNTED, names=names)
        if names == ["carl", "carl"]:
            raise HostError("no vote", "vain")

    def actions(self) -> tuple[Action, ...]:
        radio = frozenset({Resource.CLOCK})
        return (
            Action(REQUEST, self.join, occupies=radio, resume=self.look_again),
            Action(LEAVE, self.leave, occupies=frozenset({Resource.POWER}), cancels=frozenset({REQUEST})),
            Action(
                WIPE,
                self.leave,
                occupies=radio,
                confirm=self.confirm,
                cancels=frozenset({REQUEST}),
                awaits=(VOTED,),
            ),
            Action(topics.REBOOT, self.leave, occupies=radio),
            Action(QUESTION, self.answer),
            Action(SIT, self.join, occupies=frozenset({Resource.NAME}), shared=True),
            Action(LAST, self.end, occupies=frozenset({Resource.SSH})),
            Action(MOVE, self.join, failure=lambda e: (NOT_VOTED, {"kind": e.kind})),
            Action(VOTE, self.vote, awaits=(VOTED,), failure=lambda e: (NOT_VOTED, {"kind": e.kind})),
        )


class Daemon:
    """The admin service, and what it emits."""

    def __init__(self, actions: tuple[Action, ...], group: asyncio.TaskGroup, folder: Path | None) -> None:
        self.away = False
        self.hangs = False
        self.emitted: list[Message] = []
        self.dispatcher = Dispatcher(self.emit)
        host: Any = None
        unfinished = Unfinished(folder)
        self.service = AdminService(actions, host, self.dispatcher, self.emit, group, unfinished=unfinished)

    async def emit(self, message: Message) -> None:
        if self.away:
            raise BusUnavailableError("no bus")
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        self.emitted.append(message)

    async def ask(
        self, topic: Topic, sender: object = OURSELVES, data: dict[str, Any] | None = None, source: str = "ann"
    ) -> list[str]:
        """Sends a request, and returns the types that are emitted at once."""
        self.emitted.clear()
        context: dict[str, Any] = {"source": source, "destination": "admin"}
        if sender:
            context[topics.SENDER] = sender
        await self.dispatcher(Message(topic.name, data or {}, context))
        return await self.types()

    async def join(self, sender: object = OURSELVES, **data: Any) -> list[str]:
        return await self.ask(REQUEST, sender, {"name": "home", **data})

    async def types(self) -> list[str]:
        for _ in range(20):
            await asyncio.sleep(0)
        return [message.msg_type for message in self.emitted]

    @property
    def errors(self) -> list[str]:
        return [message.data["error"] for message in self.emitted if "error" in message.data]


@pytest.fixture
def machine() -> Machine:
    return Machine()


@asynccontextmanager
async def running(machine: Machine, folder: Path | None = None) -> AsyncIterator[Daemon]:
    """A daemon that is stopped at the end, also in the middle of an action."""
    try:
        async with asyncio.TaskGroup() as group:
            yield Daemon(machine.actions(), group, folder)
            raise asyncio.CancelledError
    except asyncio.CancelledError:
        pass


@pytest.fixture
async def daemon(machine: Machine) -> AsyncIterator[Daemon]:
    async with running(machine) as daemon:
        yield daemon


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


async def test_an_action_is_acknowledged_reports_its_progress_and_its_end(
    daemon: Daemon, machine: Machine
) -> None:
    assert await daemon.join() == ["test.joining"]
    machine.go.set()
    assert await daemon.types() == ["test.joining", "test.progress", "test.joined"]
    assert daemon.emitted[1].data == {"percent": 50}
    assert all(message.context == {"source": "admin", "destination": "ann"} for message in daemon.emitted)


async def test_an_action_gets_the_checked_fields_of_its_topic(daemon: Daemon, machine: Machine) -> None:
    await daemon.join(times=99.0, evil="rm -rf /")
    assert machine.calls == [("join", {"name": "home", "times": 9})]
    assert await daemon.ask(REQUEST, data={"name": 5}) == ["test.join.failed"]
    assert len(machine.calls) == 1


async def test_a_request_with_invalid_fields_is_answered_and_logged_as_any_other_that_is_refused(
    daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    assert await daemon.ask(REQUEST, data={"name": 5}) == ["test.join.failed"]
    assert daemon.errors == ["name is not a text"]
    assert await daemon.ask(MOVE, data={"name": 5}) == ["test.move.failed", NOT_VOTED.name]
    assert daemon.emitted[-1].data == {"kind": REFUSED}
    assert await daemon.ask(REQUEST, STRANGER) == ["test.join.failed"]
    assert daemon.errors == [DISOBEYED]
    assert ["pid 7 (menu): failed: name is not a text" in line for line in log.messages] == [True, True, False]


async def test_each_invalid_request_is_answered_and_counts_for_no_rate(daemon: Daemon) -> None:
    for _ in range(CHANGES.burst + 10):
        assert await daemon.ask(REQUEST, data={"name": 5}) == ["test.join.failed"]
        assert daemon.errors == ["name is not a text"]


async def test_a_refusal_of_the_host_is_reported_as_failed(daemon: Daemon, machine: Machine) -> None:
    machine.error = HostError("no radio")
    machine.go.set()
    assert await daemon.join() == ["test.joining", "test.join.failed"]
    assert daemon.errors == ["no radio"]
    machine.error = None
    assert await daemon.join() == ["test.joining", "test.progress", "test.joined"]


async def test_a_fault_of_an_action_ends_that_action_alone(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    machine.error = ZeroDivisionError("oops")
    machine.go.set()
    assert await daemon.join() == ["test.joining", "test.join.failed"]
    assert daemon.errors == ["internal error"]
    assert "ZeroDivisionError" in log.text
    assert await daemon.ask(QUESTION) == [ANSWER.name]


@pytest.mark.parametrize("sender", [None, STRANGER, {"uid": None, "pid": 1, "process": "x"}, "root"])
async def test_a_privileged_request_without_a_valid_sender_is_refused_and_logged(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture, sender: object
) -> None:
    assert await daemon.join(sender) == ["test.join.failed"]
    assert daemon.errors == [DISOBEYED]
    assert machine.calls == []
    who = "uid 4000000000 (?), pid 8 (skill)" if sender == STRANGER else "an unknown sender"
    assert log.messages == [f"test.join by {who}: failed: {DISOBEYED}"]


async def test_the_source_of_a_message_decides_nothing(daemon: Daemon, machine: Machine) -> None:
    assert await daemon.ask(LEAVE, None, source="root") == ["test.leave.failed"]
    assert await daemon.ask(LEAVE, source="a stranger") == ["test.left"]


async def test_a_question_needs_no_sender(daemon: Daemon) -> None:
    assert await daemon.ask(QUESTION, None) == [ANSWER.name]


async def test_the_log_says_who_asked_for_what_and_how_it_ended(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    await daemon.join()
    machine.error = HostError("no radio")
    machine.go.set()
    await daemon.types()
    who = str(log.messages[0]).removeprefix("test.join by ").removesuffix(": begins")
    assert who.startswith(f"uid {os.getuid()} (")
    assert who.endswith("), pid 7 (menu)")
    assert log.messages == [f"test.join by {who}: begins", f"test.join by {who}: failed: no radio"]


async def test_a_further_request_joins_the_action_under_way(daemon: Daemon, machine: Machine) -> None:
    await daemon.join()
    await daemon.ask(REQUEST, data={"name": "home"}, source="bob")
    assert [message.context["destination"] for message in daemon.emitted] == ["bob"]
    machine.go.set()
    assert await daemon.types() == ["test.joining", *["test.progress"] * 2, *["test.joined"] * 2]
    assert {message.context["destination"] for message in daemon.emitted[-2:]} == {"ann", "bob"}
    assert len(machine.calls) == 1


async def test_a_further_request_is_acknowledged_and_reads_the_last_report(
    daemon: Daemon, machine: Machine
) -> None:
    await daemon.ask(VOTE)
    assert await daemon.ask(VOTE, source="bob") == ["test.vote"]
    machine.go.set()
    machine.later.clear()
    await daemon.join()
    assert await daemon.join() == ["test.joining", "test.progress"]
    machine.later.set()


async def test_an_action_receives_what_other_programs_send_while_it_waits(daemon: Daemon) -> None:
    assert await daemon.ask(VOTED, data={"name": "early"}) == []
    await daemon.ask(VOTE)
    assert await daemon.ask(VOTED, STRANGER, {"name": "ann"}) == []
    assert await daemon.ask(VOTED, data={"name": 5}) == ["test.voted.failed"]
    assert await daemon.ask(VOTED, data={"name": "bob"}) == ["test.counted"]
    assert daemon.emitted[0].data == {"names": ["ann", "bob"]}
    assert await daemon.ask(VOTED, data={"name": "late"}) == []


async def test_a_flood_of_answers_is_bounded(daemon: Daemon, machine: Machine) -> None:
    await daemon.ask(VOTE)
    for _ in range(10 * MAX_ANSWERS):
        await daemon.dispatcher(Message(VOTED.name, {"name": "carl"}, {}))
    assert await daemon.types() == ["test.vote", "test.counted", "test.vote.failed", "test.not_voted"]


async def test_a_failure_is_also_reported_as_clients_expect_it(daemon: Daemon) -> None:
    await daemon.ask(VOTE)
    await daemon.ask(VOTED, data={"name": "carl"})
    answers = await daemon.ask(VOTED, data={"name": "carl"})
    assert answers == ["test.counted", "test.vote.failed", "test.not_voted"]
    assert daemon.emitted[-1].data == {"kind": "vain"}


async def test_an_action_can_begin_without_a_request(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        daemon.service.begin(REQUEST, name="home", times=1)
    assert await daemon.types() == ["test.joining", STATUS]
    assert log.messages == ["test.join by the service itself: begins"]
    assert await daemon.ask(topics.REBOOT) == ["system.reboot.failed"]
    daemon.service.begin(topics.REBOOT)
    assert len(machine.calls) == 1


async def test_a_further_request_with_other_fields_is_refused(daemon: Daemon, machine: Machine) -> None:
    await daemon.join()
    assert await daemon.join(times=2) == ["test.join.failed"]
    assert daemon.errors == ["test.join is under way"]


async def test_a_further_request_joins_a_shared_action_whatever_its_fields(
    daemon: Daemon, machine: Machine
) -> None:
    daemon.service.begin(SIT, long=True)
    assert await daemon.types() == ["test.joining", STATUS]
    assert await daemon.ask(SIT, data={"long": False}) == ["test.joining"]
    assert machine.calls == [("join", {"long": True})]
    machine.go.set()
    assert await daemon.types() == ["test.joining", "test.progress", "test.joined"], "once for all who asked"


async def test_an_action_excludes_another_one_until_it_ends(daemon: Daemon, machine: Machine) -> None:
    await daemon.join()
    assert await daemon.ask(topics.REBOOT) == ["system.reboot.failed"]
    assert daemon.errors == ["test.join is under way"]
    machine.go.set()
    await daemon.types()
    assert await daemon.ask(topics.REBOOT) == ["test.left"]


async def test_a_request_cancels_another_one_after_its_cleanup(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    await daemon.join()
    assert await daemon.ask(LEAVE) == ["test.join.failed", "test.left"]
    assert daemon.errors == ["cancelled by test.leave"]
    assert machine.cleaned
    assert sum("failed: cancelled by test.leave" in message for message in log.messages) == 1
    assert await daemon.join() == ["test.joining"]


async def test_a_request_that_is_not_confirmed_cancels_nothing(daemon: Daemon, machine: Machine) -> None:
    await daemon.join()
    assert await daemon.ask(WIPE) == []
    assert await daemon.ask(VOTED, data={"name": "no"}) == ["test.wipe.failed"]
    assert daemon.errors == ["declined"]
    assert await daemon.ask(WIPE) == []
    assert not machine.cleaned
    assert await daemon.ask(VOTED, data={"name": "yes"}) == ["test.join.failed", "test.left"]
    assert machine.cleaned


async def test_a_flood_is_refused_with_one_answer_and_one_line_until_it_ends(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    for sender, reason in ((OURSELVES, "too many requests; try again later"), (None, DISOBEYED)):
        log.clear()
        daemon.emitted.clear()
        machine.calls.clear()
        for _ in range(10_000):
            await daemon.dispatcher(Message(LEAVE.name, {}, {topics.SENDER: sender} if sender else {}))
            await asyncio.sleep(0)
        await daemon.types()
        assert len(machine.calls) <= CHANGES.burst
        assert len(log.messages) <= 2 * CHANGES.burst + 1
        assert len(daemon.emitted) <= 2 * CHANGES.burst + 1
        assert daemon.errors[-1] == reason
    await asyncio.sleep(CHANGES.interval_s)
    assert await daemon.ask(LEAVE) == ["test.left"]


async def test_each_user_has_a_rate_of_its_own(
    daemon: Daemon, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.trust.may_administer", lambda uid: uid in (1000, 1001))
    for uid in (1000, 1001):
        answers = [await daemon.ask(LEAVE, {"uid": uid, "pid": 1, "process": "x"}) for _ in range(CHANGES.burst)]
        assert answers == [["test.left"]] * CHANGES.burst


async def test_a_user_who_asks_too_often_stops_no_answer_to_another_one(daemon: Daemon) -> None:
    for _ in range(QUESTIONS.burst + 1):
        answers = await daemon.ask(QUESTION, STRANGER)
    assert answers == ["test.question.failed"]
    assert await daemon.ask(QUESTION, {**STRANGER, "uid": STRANGER["uid"] + 1}) == [ANSWER.name]


async def test_a_large_context_is_not_carried_back(daemon: Daemon, machine: Machine) -> None:
    machine.go.set()
    await daemon.join()
    assert all(topics.SENDER not in message.context for message in daemon.emitted)
    assert await daemon.ask(QUESTION, source="x" * MAX_CONTEXT) == [ANSWER.name]
    assert daemon.emitted[0].context == {}


async def test_the_status_names_the_changes_under_way_with_their_first_and_last_report(
    daemon: Daemon, machine: Machine
) -> None:
    assert await daemon.ask(topics.SYSTEM_STATUS, STRANGER) == [STATUS]
    assert daemon.emitted[0].data == {"under_way": {}}
    await daemon.ask(VOTE)
    machine.go.set()
    machine.later.clear()
    await daemon.join()
    await daemon.ask(topics.SYSTEM_STATUS, STRANGER)
    reports = [{"type": "test.joining", "data": {}}, {"type": "test.progress", "data": {"percent": 50}}]
    assert daemon.emitted[0].data == {"under_way": {"test.join": reports}}
    machine.later.set()


async def test_a_daemon_that_stops_refuses_requests(machine: Machine) -> None:
    async with running(machine) as daemon:
        running_ = asyncio.create_task(daemon.service.run())
        await asyncio.sleep(0)
        running_.cancel()
        await asyncio.wait([running_])
        assert await daemon.join() == ["test.join.failed"]
        assert daemon.errors == ["the admin service is stopping"]


async def test_a_cancelled_action_waits_a_second_at_most_for_the_bus(
    daemon: Daemon, machine: Machine, log: pytest.LogCaptureFixture
) -> None:
    await daemon.ask(LAST)
    daemon.hangs = True
    began_at = asyncio.get_running_loop().time()
    task = daemon.service._jobs[LAST].task
    assert task
    task.cancel()
    await asyncio.wait([task])
    assert asyncio.get_running_loop().time() == began_at + LAST_REPORT_S
    assert log.messages[-1] == "not reported: test.joined"


async def test_an_action_continues_without_the_bus(daemon: Daemon, machine: Machine) -> None:
    daemon.away = True
    machine.go.set()
    await daemon.join()
    daemon.away = False
    assert await daemon.join() == ["test.joining", "test.progress", "test.joined"]


async def test_the_next_daemon_resumes_an_action_and_reports_its_end_to_its_sender(
    machine: Machine, tmp_path: Path
) -> None:
    async with running(machine, tmp_path) as daemon:
        await daemon.join()
    async with running(machine, tmp_path) as daemon:
        assert await daemon.types() == []
        assert await daemon.ask(topics.CONNECTED) == [STATUS, "test.joined"]
        assert daemon.emitted[0].data == {"under_way": {"test.join": []}}
        assert daemon.emitted[1].context == {"source": "admin", "destination": "ann"}
        assert await daemon.ask(topics.CONNECTED) == [STATUS]
        assert daemon.emitted[0].data == {"under_way": {}}
    assert machine.calls == [("join", {"name": "home", "times": 1}), ("look again", {"number": 1})]
    assert list(tmp_path.iterdir()) == []


async def test_an_action_that_cannot_be_resumed_is_reported_as_failed(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "test.leave.json").write_text(Message("test.leave").serialize())
    async with running(machine, tmp_path) as daemon:
        assert await daemon.ask(topics.CONNECTED) == [STATUS, "test.leave.failed"]
        assert daemon.errors == ["the admin service was restarted meanwhile; the result is unknown"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]"])
async def test_a_record_that_was_cut_off_is_dropped(machine: Machine, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "test.leave.json").write_bytes(content)
    async with running(machine, tmp_path) as daemon:
        assert await daemon.ask(topics.CONNECTED) == [STATUS]
    assert list(tmp_path.iterdir()) == []


async def test_a_record_has_no_data_and_is_removed_at_the_end(machine: Machine, tmp_path: Path) -> None:
    async with running(machine, tmp_path) as daemon:
        await daemon.join(name="secret")
        (record,) = tmp_path.iterdir()
        assert "secret" not in record.read_text()
        machine.go.set()
        await daemon.types()
        assert list(tmp_path.iterdir()) == []


async def test_an_action_continues_where_no_record_can_be_written(machine: Machine, tmp_path: Path) -> None:
    machine.go.set()
    async with running(machine, tmp_path / "missing") as daemon:
        assert await daemon.join() == ["test.joining", "test.progress", "test.joined"]


def test_every_action_that_changes_the_machine_is_privileged() -> None:
    assert all(action.request.privileged for action in ACTIONS if action.occupies)
    assert len({action.request for action in ACTIONS}) == len(ACTIONS)
