"""The contract is complete and consistent, and reads checked fields from a message's data."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bus.cli.types import types
from bus.contract import ours as topics
from bus.contract.foreign import FOREIGN
from bus.contract.lookup import ALIASES, TOPICS, problems
from bus.contract.ours import OURS
from bus.contract.reference import render
from bus.contract.topic import REQUIRED, SOURCES, Field, Topic
from bus.errors import PayloadError

ROOT = Path(__file__).parents[2]
DOCUMENTED = (ROOT / "tests/data/mycroft-message-types.txt").read_text().split()
"""Every type of the Mycroft documentation's message tables, under old and new names."""

RENAMED = {
    "recognizer_loop:utterance": "ovos.utterance.handle",
    "speak": "ovos.utterance.speak",
    "recognizer_loop:audio_output_start": "ovos.audio.output.started",
    "recognizer_loop:audio_output_end": "ovos.audio.output.ended",
    "mycroft.mic.listen": "ovos.mic.listen",
    "speak:b64_audio": "ovos.utterance.speak.b64",
    "speak:b64_audio.response": "ovos.audio.speech",
    "mycroft.audio.queue": "ovos.audio.queue",
    "mycroft.audio.play_sound": "ovos.audio.play_sound",
    "mycroft.audio.speak.status": "ovos.audio.is_speaking",
    "mycroft.audio.speech.stop": "ovos.audio.stop",
    "recognizer_loop:record_begin": "ovos.listener.record.started",
    "recognizer_loop:record_end": "ovos.listener.record.ended",
    "recognizer_loop:sleep": "ovos.listener.sleep",
    "mycroft.awoken": "ovos.listener.awoken",
    "skill.stop.pong": "ovos.stop.pong",
    "mycroft.stop": "ovos.stop",
    "ovos.skills.fallback.register": "ovos.fallback.register",
    "ovos.skills.fallback.deregister": "ovos.fallback.deregister",
    "ovos.skills.fallback.ping": "ovos.fallback.ping",
    "ovos.skills.fallback.pong": "ovos.fallback.pong",
    "complete_intent_failure": "ovos.intent.unmatched",
    "detach_intent": "ovos.intent.deregister",
    "detach_skill": "ovos.skill.deregister",
    "mycroft.skill.enable_intent": "ovos.intent.enable",
    "mycroft.skill.disable_intent": "ovos.intent.disable",
}
"""By the name of Mycroft: the name of OVOS 2.x (ovos-spec-tools, MIGRATION_MAP)."""

OLD_NAMES = {
    "system.ssh.enable": "mycroft.enable.ssh",
    "system.ssh.disable": "mycroft.disable.ssh",
    "system.wifi.setup": "mycroft.wifi.start",
    "system.wifi.reset": "mycroft.wifi.reset",
}

PRIVILEGED = {
    "enclosure.firmware.update",
    "mycroft.disable.ssh",
    "mycroft.enable.ssh",
    "mycroft.wifi.reset",
    "mycroft.wifi.start",
    "ovos.phal.nm.connect",
    "ovos.phal.nm.connect.open.network",
    "ovos.phal.nm.disconnect",
    "ovos.phal.nm.forget",
    "ovos.phal.nm.reconnect",
    "ovos.shell.exec.factory.reset",
    "system.configure.hostname",
    "system.configure.language",
    "system.configure.timezone",
    "system.configure.wifi.country",
    "system.factory.reset",
    "system.factory.reset.confirm",
    "system.factory.reset.confirmed",
    "system.factory.reset.confirming",
    "system.factory.reset.declined",
    "system.factory.reset.phal",
    "system.mycroft.service.restart",
    "system.ntp.sync",
    "system.reboot",
    "system.shutdown",
    "system.ssh.disable",
    "system.ssh.enable",
    "system.update",
    "system.wifi.reset",
    "system.wifi.setup",
    "wifi.cancel",
    "wifi.connect",
    "wifi.stop",
}


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_type_of_mycrofts_documentation_is_in_the_contract(name: str) -> None:
    assert name in TOPICS or name in ALIASES


def test_other_names_are_those_of_ovos_and_of_older_mycroft() -> None:
    assert {topic.name: alias for alias, topic in ALIASES.items()} == RENAMED | OLD_NAMES
    assert len(RENAMED) == 26


def test_no_name_is_taken_twice() -> None:
    names = [*(topic.name for topic in OURS), *(topic.name for topic in FOREIGN), *ALIASES]
    assert len(names) == len(set(names)) == len(TOPICS) + len(ALIASES)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=list(TOPICS))
def test_a_topic_is_consistent(topic: Topic) -> None:
    for name in (topic.name, topic.alias or topic.name):
        assert re.fullmatch(r"[A-Za-z0-9.:_-]+", name)
    assert topic.summary.endswith(".")
    assert set(topic.source.split()) <= set(SOURCES)
    assert set(topic.replies) <= set(TOPICS)
    for field in topic.documented:
        given = {} if field.default in (REQUIRED, None) else {field.name: field.default}
        assert field.default is REQUIRED or field.problem(given) is None
        assert field.low is None or field.high is None or field.low <= field.high
    names = [field.name for field in topic.documented]
    assert len(names) == len(set(names))


def test_privileged_are_exactly_these_under_any_name() -> None:
    assert topics.PRIVILEGED == PRIVILEGED
    assert not any(topic.privileged for topic in FOREIGN), "the bus does not load those"


def test_types_with_the_password_of_the_owners_network_are_confidential() -> None:
    with_password = {topic for topic in OURS if any(field.name == "password" for field in topic.documented)}
    # The access point's own password is shown on the face and spoken.
    assert {topic for topic in OURS if topic.confidential} == with_password - {topics.WIFI_AP_UP}
    assert topics.CONFIDENTIAL <= topics.PRIVILEGED


LEVEL = Field("level", int, 30, 0, 30)
SIDE = Field("side", str, "b", choices=("r", "l", "b"))
PERCENT = Field("percent", float, low=0, high=1)


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        pytest.param(LEVEL, {}, 30, id="default"),
        pytest.param(LEVEL, {"level": None}, 30, id="null counts as missing"),
        pytest.param(LEVEL, {"level": 12.0}, 12, id="a whole number with a point"),
        pytest.param(LEVEL, {"level": 12.6}, 13, id="rounded"),
        pytest.param(LEVEL, {"level": "12"}, 12, id="a number as a text"),
        pytest.param(LEVEL, {"level": 31}, 30, id="too high"),
        pytest.param(LEVEL, {"level": -1}, 0, id="too low"),
        pytest.param(PERCENT, {"percent": 1}, 1.0, id="a number without a point"),
        pytest.param(PERCENT, {"percent": 1.5}, 1.0, id="too high, with a point"),
        pytest.param(LEVEL, {"level": " 12.4 "}, 12, id="a number as a text, with a point"),
        pytest.param(LEVEL, {"level": "99"}, 30, id="a number as a text, too high"),
        pytest.param(PERCENT, {"percent": "0.5"}, 0.5, id="a part as a text"),
        pytest.param(PERCENT, {"percent": "1"}, 1.0, id="a part as a text without a point"),
        pytest.param(SIDE, {"side": "r"}, "r", id="a choice"),
        pytest.param(Field("x", bool, True), {"x": "False"}, False, id="a truth as a text"),
        pytest.param(Field("x", str, None), {}, None, id="optional"),
        pytest.param(Field("x", object), {"x": [1]}, [1], id="anything"),
    ],
)
def test_field_read(field: Field, data: dict[str, Any], value: object) -> None:
    read = field.read(data)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("field", "data", "error"),
    [
        (PERCENT, {}, "percent is missing"),
        (PERCENT, {"percent": None}, "percent is missing"),
        (LEVEL, {"level": "high"}, "level is not a number"),
        (LEVEL, {"level": ""}, "level is not a number"),
        (LEVEL, {"level": "true"}, "level is not a number"),
        (LEVEL, {"level": "9" * 5000}, "level is not a number"),
        (LEVEL, {"level": "9" * 400}, "level is too large a number"),
        (LEVEL, {"level": "inf"}, "level is too large a number"),
        (LEVEL, {"level": "nan"}, "level is too large a number"),
        (LEVEL, {"level": True}, "level is not a number"),
        (Field("start", float, low=0), {"start": 10**400}, "start is too large a number"),
        (SIDE, {"side": 1}, "side is not a text"),
        (SIDE, {"side": "x"}, "side is none of r, l, b"),
        (Field("x", bool), {"x": "yes"}, "x is not true or false"),
        (Field("x", list), {"x": "a"}, "x is not a list"),
        (Field("x", dict), {"x": []}, "x is not an object"),
    ],
)
def test_field_refuses(field: Field, data: dict[str, Any], error: str) -> None:
    with pytest.raises(PayloadError, match=re.escape(error)):
        field.read(data)


@pytest.mark.parametrize(
    ("msg_type", "data", "expected"),
    [
        ("enclosure.eyes.level", {"level": 12}, []),
        ("enclosure.eyes.level", {"level": 40}, ["level is 40, outside 0..30"]),
        ("enclosure.eyes.level", {"level": "40"}, ["level is 40, outside 0..30"]),
        ("enclosure.eyes.blink", {"side": "x"}, ["side is none of r, l, b"]),
        ("mycroft.volume.set", {"play_sound": 1}, ["play_sound is not true or false"]),
        ("bus.subscribe", {}, ["patterns is missing"]),
        ("enclosure.eyes.on", {"x": 1}, ["x is no field of enclosure.eyes.on; it has none"]),
        ("mycroft.wifi.start", {"lng": 1}, ["lng is no field of system.wifi.setup; it has lang, allow_timeout"]),
        ("system.reboot", {"display": False}, []),
        ("mycroft.skills.list", {"some-skill": {"active": True}}, []),
        ("no.such.type", {"x": 1}, []),
        ("bad type!", {"x": 1}, ["a type has letters, digits and .:_- only; some programs ignore others"]),
    ],
)
def test_problems(msg_type: str, data: dict[str, Any], expected: list[str]) -> None:
    assert problems(msg_type, data) == expected


@pytest.mark.parametrize("service", ["enclosure", "admin", "skills", "audio", "voice", "speech"])
@pytest.mark.parametrize("question", ["is_alive", "is_ready", "all_loaded"])
def test_every_service_has_questions_and_answers(service: str, question: str) -> None:
    topic = TOPICS[f"mycroft.{service}.{question}"]
    assert topic.replies == (f"{topic.name}.response",)


def test_the_types_of_the_bus_itself_are_documented() -> None:
    assert TOPICS["bus.subscribe"].replies == ("bus.subscribe.response", "bus.subscribe.failed")


def test_planned_types_are_marked_and_privileged() -> None:
    assert topics.FIRMWARE_PROGRESS.sender == "admin (planned)"
    assert topics.FIRMWARE_PROGRESS.receiver == "any program"
    assert topics.FIRMWARE_UPDATE.receiver == "admin (planned)"
    assert topics.FIRMWARE_UPDATE.name in topics.PRIVILEGED


def test_reading_leaves_out_unread_and_unknown_fields() -> None:
    assert topics.REBOOT.read({"display": False, "x": 1}) == {}


def test_the_page_is_generated_from_the_table() -> None:
    """If this fails: python -m bus.contract.reference > docs/messages.md."""
    assert (ROOT / "docs/messages.md").read_text() == render()


def test_types_as_text() -> None:
    assert types("mycroft.wifi.st*", as_json=False).splitlines() == [
        "system.wifi.setup  (also mycroft.wifi.start)",
        "  Opens an access point with a page on which the user chooses the network.",
        "    lang           text, optional: of what is spoken, such as en-us; the page has that of the browser",
        "    allow_timeout  true or false, default true: whether it closes after 5 min without a guest",
        "  privileged: only root, our service users and the group mycroft-admin may send it",
        "  from any program to admin, enclosure",
        "  answered by system.wifi.ap_up, system.wifi.ap_down, system.wifi.ap_error",
        "  source: doc adm",
    ]
    assert types("no.such.type", as_json=False) == types("no.such.type", as_json=True) == ""


def test_types_as_json() -> None:
    assert [topic["type"] for topic in json.loads(types(None, as_json=True))] == list(TOPICS)
    (percent, _, _) = json.loads(types("mycroft.volume.set", as_json=True))[0]["fields"]
    assert percent | {"meaning": ""} == {
        "name": "percent",
        "type": "float",
        "required": False,
        "default": None,
        "low": 0,
        "high": 100,
        "unit": "",
        "choices": [],
        "meaning": "",
    }
