"""Hundreds of hostile requests: each gets an error, nothing on the host changes, and the log has no secret."""

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from admin.actions import ACTIONS
from admin.errors import HostError
from admin.service import AdminService
from admin.unfinished import Unfinished
from bus.client.dispatch import Dispatcher
from bus.contract import ours as topics
from bus.contract.topic import REQUIRED, Field, Topic
from bus.message import Message

SECRET = "correct horse battery"  # noqa: S105  # of the test

HOSTILE: tuple[Any, ...] = (
    *(None, True, 7, -1, 1e300, [], {}, [SECRET], {"a": SECRET}),
    *("", "\0", "a\0b", "\udc80", "\n", "de_DE\nLANG=x", "../../etc/passwd", "/etc/passwd", "-rf", "$(reboot)"),
    *("`reboot`", "; reboot", "%n", "%i", "*", "ssh.service", "mycroft-update.service", "x" * 100_000, "\u202e"),
)
"""Values for a field; none of them is one of any field that has to be checked."""

PRIVILEGED = [action.request for action in ACTIONS if action.request.privileged]
CHECKED = {"language_code", "timezone", "hostname"}
"""Texts of which only some are valid."""

STRANGERS: tuple[Any, ...] = (None, {"uid": 4_000_000_000, "pid": 1, "process": SECRET}, {"uid": "0"}, "root", [0])
US = {"uid": os.getuid(), "pid": 1, "process": "test"}


class Untouched:
    """A host of which nothing may be called; the list of languages may be read."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "locales":
            return self
        self.calls.append(name)
        raise HostError(f"{name} was called")

    def supports(self, _: str) -> bool:
        return False


class Daemon:
    def __init__(self, group: asyncio.TaskGroup, folder: Path) -> None:
        self.host: Any = Untouched()
        self.emitted: list[Message] = []
        self.dispatcher = Dispatcher(self._emit)
        AdminService(ACTIONS, self.host, self.dispatcher, self._emit, group, unfinished=Unfinished(folder))

    async def _emit(self, message: Message) -> None:
        message.serialize()
        self.emitted.append(message)

    async def answers(self, message: Message) -> list[str]:
        self.emitted.clear()
        await self.dispatcher(message)
        for _ in range(20):
            await asyncio.sleep(0)
        await asyncio.sleep(10)  # within the rate of one user
        return [emitted.msg_type for emitted in self.emitted]


def bad_data(topic: Topic) -> Iterator[dict[str, Any]]:
    """Data of which one field is wrong and the others have a default."""
    good = {field.name: "x" for field in topic.fields if field.default is REQUIRED}
    for field in topic.fields:
        for value in HOSTILE:
            required = field.default is REQUIRED
            wrong = field.name in CHECKED or field.problem({field.name: value}) is not None
            if wrong and (required or value is not None):
                yield {**good, field.name: value}


async def test_strangers_get_an_error_for_each_privileged_type_and_change_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = 0
    async with asyncio.TaskGroup() as group:
        daemon = Daemon(group, tmp_path)
        for topic in PRIVILEGED:
            for sender in STRANGERS:
                for name in topic.names:
                    data = {field.name: _valid(field) for field in topic.fields}
                    context = {topics.SENDER: sender, "source": "root"}
                    answers = await daemon.answers(Message(name, data, context))
                    assert answers[:1] == [f"{topic.name}.failed"], (name, sender)
                    sent += 1
    assert daemon.host.calls == []
    assert list(tmp_path.iterdir()) == []
    logged = caplog.text.replace(f"({SECRET})", "")  # a process chooses its own name
    assert SECRET not in logged
    assert sent > 100


def _valid(field: Field) -> Any:
    if field.kind is str:
        return SECRET
    return field.default if field.default is not REQUIRED else 1


@pytest.mark.parametrize("topic", PRIVILEGED, ids=lambda topic: topic.name)
async def test_wrong_data_get_an_error_and_change_nothing(
    topic: Topic, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with asyncio.TaskGroup() as group:
        daemon = Daemon(group, tmp_path)
        for data in bad_data(topic):
            answers = await daemon.answers(Message(topic.name, data, {topics.SENDER: US}))
            assert answers[:1] == [f"{topic.name}.failed"], data
    assert daemon.host.calls == []
    assert list(tmp_path.iterdir()) == []
    assert SECRET not in caplog.text
    assert "Traceback" not in caplog.text


def test_there_are_more_than_200_of_them() -> None:
    assert sum(len(list(bad_data(topic))) for topic in PRIVILEGED) > 200
