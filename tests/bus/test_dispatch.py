import logging
from typing import Any

import pytest

from bus.client.dispatch import Dispatcher
from bus.contract.topic import Field, Topic
from bus.errors import BusUnavailableError
from bus.message import Message

TOPIC = Topic("a.set", "", (Field("level", int, 5, 0, 10), Field("name", str)), alias="ovos.a.set")
PRIVILEGED = Topic("a.reset", "", privileged=True)


class Recorder:
    def __init__(self, error: Exception | None = None) -> None:
        self.emitted: list[Message] = []
        self.calls: list[dict[str, Any]] = []
        self.error = error
        self.dispatcher = Dispatcher(self.emit)
        self.dispatcher.on(TOPIC, self.handle)

    async def emit(self, message: Message) -> None:
        self.emitted.append(message)

    async def handle(self, _: Message, **fields: Any) -> None:
        self.calls.append(fields)
        if self.error:
            raise self.error


async def test_a_number_out_of_range_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder()
    for level in (5, 99, 99):
        await recorder.dispatcher(Message("a.set", {"level": level, "name": "n"}))
    assert [call["level"] for call in recorder.calls] == [5, 10, 10]
    assert caplog.messages == ["a.set from '?': level is 99, outside 0..10"]


@pytest.mark.parametrize("name", ["a.set", "ovos.a.set"])
async def test_a_handler_gets_checked_fields_under_both_names(name: str) -> None:
    recorder = Recorder()
    await recorder.dispatcher(Message(name, {"level": 99, "name": "n", "more": 1}))
    await recorder.dispatcher(Message("another", {}))
    assert recorder.calls == [{"level": 10, "name": "n"}]
    assert recorder.emitted == []


async def test_the_marked_twin_of_ovos_is_ignored() -> None:
    recorder = Recorder()
    await recorder.dispatcher(Message("a.set", {"name": "n"}, {"_namespace_compat_twin": True}))
    assert recorder.calls == []


async def test_the_mark_of_a_twin_does_not_hide_a_privileged_message() -> None:
    recorder = Recorder()
    recorder.dispatcher.on(PRIVILEGED, recorder.handle)
    await recorder.dispatcher(Message(PRIVILEGED.name, {}, {"_namespace_compat_twin": True}))
    assert recorder.calls == [{}]


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        ({"name": 5}, None, "name is not a text"),
        ({}, None, "name is missing"),
        ({"name": "n", "level": "high"}, None, "level is not a number"),
        ({"name": "n"}, OSError("the card is gone"), "the card is gone"),
        ({"name": "n"}, ZeroDivisionError("secret detail"), "internal error"),
    ],
)
async def test_a_failure_is_answered_and_contained(
    data: dict[str, Any], error: Exception | None, told: str
) -> None:
    recorder = Recorder(error)
    await recorder.dispatcher(Message("a.set", data, {"source": "ann"}))
    assert recorder.emitted == [
        Message("a.set.failed", {"error": told}, {"source": "ann", "destination": "ann"}),
    ]


@pytest.mark.parametrize(
    ("data", "error", "told", "calls"),
    [
        ({"name": 5}, None, "name is not a text", 0),
        ({"name": "n"}, OSError("the card is gone"), "the card is gone", 2),
    ],
)
async def test_two_failures_are_answered_once(
    data: dict[str, Any], error: Exception | None, told: str, calls: int, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(error)
    recorder.dispatcher.on(TOPIC, recorder.handle)
    await recorder.dispatcher(Message("a.set", data))
    assert recorder.emitted == [Message("a.set.failed", {"error": told})]
    assert len(recorder.calls) == calls
    assert len(caplog.messages) == max(calls, 1)


async def test_failures_without_a_bus_are_not_answered() -> None:
    async def away(_: Message) -> None:
        raise BusUnavailableError("away")

    recorder = Recorder(BusUnavailableError("away"))
    await recorder.dispatcher(Message("a.set", {"name": "n"}))
    assert recorder.emitted == []
    dispatcher = Dispatcher(away)
    dispatcher.on(TOPIC, recorder.handle)
    await dispatcher(Message("a.set", {"name": 5}))


@pytest.mark.parametrize("source", ["a" * 1_000_000, ["a" * 1000] * 1000, {"a" * 1000: ["a" * 1000]}])
async def test_a_claimed_source_of_any_size_is_cut_in_the_log(
    source: object, caplog: pytest.LogCaptureFixture
) -> None:
    await Recorder().dispatcher(Message("a.set", {}, {"source": source}))
    [line] = caplog.messages
    assert line.startswith("a.set from ")
    assert line.endswith(": name is missing")
    assert len(line) < 1000


async def test_answers_that_find_no_bus_are_logged_once_per_outage(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(BusUnavailableError("away"))
    for _ in range(2):
        for _ in range(100):
            await recorder.dispatcher(Message("a.set", {"name": "n"}))
        await recorder.dispatcher(Message("connected"))
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.getMessage() for record in warnings] == ["a.set was not answered: away"] * 2


def test_it_subscribes_to_the_types_that_it_handles() -> None:
    recorder = Recorder()
    recorder.dispatcher.on(Topic("speak", "", alias="ovos.utterance.speak"), recorder.handle)
    assert {"a.set", "speak", "ovos.utterance.speak"} <= set(recorder.dispatcher.patterns)
    assert "*" not in "".join(recorder.dispatcher.patterns)


def test_it_subscribes_to_the_first_words_of_too_many_types() -> None:
    recorder = Recorder()
    for number in range(100):
        recorder.dispatcher.on(Topic(f"b:x{number}", ""), recorder.handle)
    recorder.dispatcher.on(Topic("speak", ""), recorder.handle)
    assert recorder.dispatcher.patterns == ["a.*", "b:*", "ovos.*", "speak*"]
