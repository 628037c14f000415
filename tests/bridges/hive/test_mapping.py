import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridges.hive.config import DOWN, UP
from bridges.hive.mapping import (
    MAX_CONTEXT,
    MAX_REQUESTS,
    SEND_UPSTREAM,
    SOURCE,
    Relay,
    Rights,
    allowed_types,
    refusal,
)
from bridges.once import MAX_LOGGED
from bus.contract.ours import CONFIDENTIAL, OURS, PRIVILEGED
from bus.contract.patterns import MAX_PATTERNS, Patterns
from bus.errors import FrameError
from bus.message import Message

RIGHTS = Rights(UP, DOWN, site="kitchen")
OWN = {"session": {"session_id": "me"}}
OF_HUB = {
    "session": {"session_id": "hers", "lang": "de-de"},
    "destination": ["mycroft-hive::1::k::me"],
    "source": "hive",
}


def relay(**changes: Any) -> Relay:
    return Relay(replace(RIGHTS, **changes), "me")


def wire(kind: str, payload: object, **more: object) -> bytes:
    return json.dumps(
        {"msg_type": kind, "payload": payload, "metadata": {}, "route": [], "node": None, **more}
    ).encode()


def bus(msg_type: str, data: object = None, context: object = None) -> dict[str, object]:
    return {"type": msg_type, "data": data or {}, "context": OF_HUB if context is None else context}


def said(kind: str, msg_type: str, **more: object) -> bytes:
    """A HiveMessage of this kind around a message of the bus."""
    payload: object = bus(msg_type)
    return wire(kind, payload if kind == "bus" else wire_inner(msg_type), **more)


def wire_inner(msg_type: str) -> dict[str, object]:
    return {"msg_type": "bus", "payload": bus(msg_type), "metadata": {}, "route": []}


def sent(relay: Relay, message: Message) -> list[dict[str, Any]]:
    return [json.loads(hive_message) for hive_message in relay.up(message)]


# Down.


def test_a_request_is_said_in_the_devices_own_session() -> None:
    message = relay().down(wire("bus", bus("mycroft.volume.set", {"percent": 0.5})))
    assert message == Message("mycroft.volume.set", {"percent": 0.5}, {"source": "hivemind:1"})


@pytest.mark.parametrize("msg_type", sorted(PRIVILEGED | CONFIDENTIAL))
def test_no_privileged_type_passes_whatever_the_owner_allows(msg_type: str) -> None:
    for kind in ("bus", "broadcast", "propagate", "query", "cascade"):
        hub = relay(down=("*",), obey_satellites=True)
        assert hub.down(said(kind, msg_type, target_site_id="kitchen")) is None


@pytest.mark.parametrize(
    "msg_type",
    [
        "bus.subscribe",
        "bus.status",
        "connected",
        "hive.send.upstream",
        "hive.send.downstream",
        "hive.client.connect",
        "ovos.phal.wifi.plugin.activate.mine",
        "wifi.scan",
        "mycroft.volume.get.response",
        "enclosure.faceplate.state",
        "enclosure.parts",
        "system.reboot.start",
    ],
)
def test_what_only_this_device_or_its_bus_says_does_not_pass(
    msg_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    hub = relay(down=("*",))
    assert hub.down(said("bus", msg_type)) is None
    assert hub.down(said("bus", msg_type)) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert msg_type in caplog.text


def test_what_the_owner_does_not_allow_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    hub = relay()
    assert [hub.down(said("bus", "recognizer_loop:utterance")) for _ in range(3)] == [None] * 3
    assert caplog.text.count("hive.down") == 1


@pytest.mark.parametrize("msg_type", ["enclosure." + 200 * "x", "enclosure.\n", "enclosure.é"])
def test_what_is_no_type_does_not_pass(msg_type: str) -> None:
    assert relay().down(said("bus", msg_type)) is None


@pytest.mark.parametrize("more", [{"route": ["x" * MAX_CONTEXT]}, {"metadata": {"query_id": "x" * MAX_CONTEXT}}])
def test_a_query_with_too_long_a_way_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match="whose way has more than"):
        relay().down(said("query", "mycroft.volume.get", **more))


def test_the_log_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    hub = relay()
    for number in range(2 * MAX_LOGGED):
        hub.down(said("bus", f"x.{number}"))
    assert len(caplog.records) == MAX_LOGGED


def test_a_type_may_be_asked_for_by_its_other_name() -> None:
    assert relay().down(said("bus", "ovos.utterance.speak")) is not None


def test_the_second_of_a_pair_of_twins_is_not_said() -> None:
    twin = bus("speak", {"utterance": "x"}, {"_namespace_compat_twin": True})
    assert relay().down(wire("bus", twin)) is None


def test_a_file_of_another_machine_is_not_opened() -> None:
    image = "enclosure.mouth.display_image"
    assert relay().down(wire("bus", bus(image, {"img_path": "/etc/passwd"}))) is None
    assert relay().down(wire("bus", bus(image, {"img_b64": "xx"}))) is not None


@pytest.mark.parametrize("kind", ["broadcast", "propagate"])
@pytest.mark.parametrize(
    ("site", "target", "passes"),
    [
        ("kitchen", "kitchen", True),
        ("kitchen", "hall", False),
        ("kitchen", None, False),
        (None, "kitchen", False),
        (None, None, False),
        (None, "", False),
    ],
)
def test_what_is_for_a_room_is_for_this_one_or_nothing(
    kind: str, site: str | None, target: str | None, passes: bool
) -> None:
    hub = relay(site=site, obey_satellites=True)
    assert (hub.down(said(kind, "speak", target_site_id=target)) is not None) == passes


@pytest.mark.parametrize("kind", ["propagate", "cascade"])
def test_other_satellites_are_obeyed_only_if_the_owner_says_so(kind: str) -> None:
    raw = said(kind, "speak", target_site_id="kitchen")
    assert relay().down(raw) is None
    assert relay(obey_satellites=True).down(raw) is not None


@pytest.mark.parametrize(
    "kind", ["escalate", "shared_bus", "intercom", "ping", "rendezvous", "hello", "shake", "bin", "x"]
)
def test_other_kinds_are_ignored(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    assert relay(obey_satellites=True).down(wire(kind, wire_inner("speak"))) is None
    assert kind in caplog.text


def test_a_kind_inside_of_another_is_ignored() -> None:
    inner = {"msg_type": "broadcast", "payload": wire_inner("speak")}
    assert relay().down(wire("broadcast", inner, target_site_id="kitchen")) is None


@pytest.mark.parametrize("payload", [1, [], {}, "x", None, {"type": 1}, {"msg_type": "bus", "payload": 1}])
@pytest.mark.parametrize("kind", ["bus", "broadcast", "query"])
def test_a_malformed_payload_is_refused(kind: str, payload: object) -> None:
    with pytest.raises(FrameError):
        relay().down(wire(kind, payload, target_site_id="kitchen"))


def test_a_denial_of_the_hub_names_the_command_against_it(caplog: pytest.LogCaptureFixture) -> None:
    hub = relay()
    denial = {"denied_type": "mycroft.stop", "code": "acl_disallowed_type", "reason": "100%s not \x1b allowed"}
    for _ in range(3):
        assert hub.down(wire("bus", bus("hive.policy.denied", denial))) is None
    assert len(caplog.records) == 1
    assert "hivemind-core allow-msg mycroft.stop" in caplog.text
    assert "\x1b" not in caplog.text


# Up.


def test_an_event_goes_up_in_the_devices_session() -> None:
    utterance = Message(
        "recognizer_loop:utterance", {"utterances": ["hi"]}, {"source": "audio", "location": "secret"}
    )
    assert sent(relay(), utterance) == [
        {"msg_type": "bus", "payload": {"type": utterance.msg_type, "data": utterance.data, "context": OWN}}
    ]


@pytest.mark.parametrize(
    ("msg_type", "context"),
    [
        ("enclosure.mouth.text", {}),
        ("recognizer_loop:utterance", {"session": {"session_id": "another"}}),
        ("recognizer_loop:utterance", {"_namespace_compat_twin": True}),
        ("recognizer_loop:utterance", {"source": "hivemind:77"}),
        ("mycroft.volume.get.response", {"destination": "mycroft_mqtt"}),
        ("speak", {"destination": ["hivemind:1", None, 3]}),
    ],
)
def test_other_messages_stay_on_the_bus(msg_type: str, context: dict[str, Any]) -> None:
    assert sent(relay(), Message(msg_type, {}, context)) == []


@pytest.mark.parametrize("context", [{}, {"destination": SOURCE}])
def test_a_state_that_no_other_program_asked_for_goes_up(context: dict[str, Any]) -> None:
    assert len(sent(relay(), Message("mycroft.volume.get.response", {}, context))) == 1


def test_an_answer_goes_up_with_the_context_of_its_request() -> None:
    hub = relay()
    first, second = (
        hub.down(wire("bus", bus("mycroft.volume.get", {}, {**OF_HUB, "__request_id__": number})))
        for number in (1, 2)
    )
    assert first is not None
    assert second is not None
    for request, number in ((second, 2), (first, 1)):
        [answer] = sent(hub, request.response({"percent": 0.5}))
        assert answer["msg_type"] == "bus"
        assert answer["payload"]["type"] == "mycroft.volume.get.response"
        assert answer["payload"]["context"] == {**OF_HUB, "__request_id__": number}


def test_a_context_that_is_too_long_is_not_kept() -> None:
    hub = relay()
    request = hub.down(wire("bus", bus("mycroft.volume.get", {}, {**OF_HUB, "x": "x" * MAX_CONTEXT})))
    assert request is not None
    [answer] = sent(hub, request.response())
    assert answer["payload"]["context"] == OWN


def test_a_request_without_context_is_answered_in_the_devices_session() -> None:
    hub = relay()
    request = hub.down(wire("bus", {"type": "mycroft.volume.get"}))
    assert request is not None
    [answer] = sent(hub, request.response())
    assert answer["payload"]["context"] == OWN


def test_the_failure_of_a_request_goes_up_too() -> None:
    hub = relay()
    request = hub.down(said("bus", "mycroft.volume.set"))
    assert request is not None
    [answer] = sent(hub, request.reply("mycroft.volume.set.failed", {"error": "no card"}))
    assert answer["payload"]["type"] == "mycroft.volume.set.failed"


def test_what_came_down_does_not_go_up_again() -> None:
    hub = relay()
    stop = hub.down(said("bus", "mycroft.stop"))
    assert stop is not None
    assert sent(hub, stop) == []
    assert len(sent(hub, Message("mycroft.stop", {}, {"source": "mycroft_enclosure"}))) == 1


def test_what_follows_from_what_came_down_goes_up() -> None:
    hub = relay()
    speech = hub.down(said("bus", "speak"))
    assert speech is not None
    [event] = sent(hub, speech.forward("recognizer_loop:audio_output_start"))
    assert event["payload"]["context"] == OWN


def test_the_memory_of_requests_is_bounded() -> None:
    hub = relay()
    requests = [hub.down(said("bus", "mycroft.volume.get")) for _ in range(MAX_REQUESTS + 1)]
    assert requests[0] is not None
    assert requests[1] is not None
    assert sent(hub, requests[0].response()) == []
    assert len(sent(hub, requests[1].response())) == 1


# Further than the hub.


@pytest.mark.parametrize("kind", ["escalate", "propagate", "query", "cascade"])
def test_a_program_may_send_further_than_the_hub(kind: str) -> None:
    inner = {"msg_type": "bus", "payload": {"type": UP[0], "data": {"utterances": ["hi"]}, "context": {"x": 1}}}
    request = Message(SEND_UPSTREAM, {"msg_type": kind, "payload": inner, "site_id": "home"})
    wrapped = {"msg_type": "bus", "payload": {"type": UP[0], "data": {"utterances": ["hi"]}, "context": OWN}}
    assert sent(relay(), request) == [{"msg_type": kind, "payload": wrapped, "target_site_id": "home"}]


def test_a_program_may_send_to_the_hub_itself() -> None:
    request = Message(SEND_UPSTREAM, {"msg_type": "bus", "payload": {"type": UP[0], "data": {}}})
    assert sent(relay(), request) == [{"msg_type": "bus", "payload": {"type": UP[0], "data": {}, "context": OWN}}]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"msg_type": "escalate"},
        {"msg_type": "escalate", "payload": {"type": UP[0]}},
        {"msg_type": "escalate", "payload": {"msg_type": "bus", "payload": {"type": ""}}},
        {"msg_type": "escalate", "payload": {"msg_type": "bus", "payload": {"type": UP[0], "data": 1}}},
        {"msg_type": "escalate", "payload": {"msg_type": "bus", "payload": {"type": "not.allowed"}}},
        {"msg_type": "escalate", "payload": {"msg_type": "intercom", "payload": {}}},
        {"msg_type": "broadcast", "payload": {"msg_type": "bus", "payload": {"type": UP[0]}}},
        {"msg_type": ["bus"], "payload": {"type": UP[0]}},
        {"msg_type": "escalate", "site_id": 1, "payload": {"msg_type": "bus", "payload": {"type": UP[0]}}},
    ],
)
def test_a_program_may_send_nothing_else(data: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    assert sent(relay(), Message(SEND_UPSTREAM, data)) == []
    assert len(caplog.records) == 1


# Queries.


@pytest.mark.parametrize("kind", ["query", "cascade"])
def test_a_query_is_answered_as_one(kind: str) -> None:
    hub = relay(obey_satellites=True)
    metadata, route = {"query_id": "q", "originator_peer": "p", "x": 1}, [{"source": "p", "targets": []}]
    request = hub.down(said(kind, "mycroft.volume.get", metadata=metadata, route=route))
    assert request is not None
    answer, end = sent(hub, request.response({"percent": 0.5}))
    expected = {"query_id": "q", "originator_peer": "p", "is_response": True}
    assert (answer["msg_type"], answer["metadata"], answer["route"]) == (kind, expected, route)
    assert answer["payload"]["payload"]["type"] == "mycroft.volume.get.response"
    assert (end["metadata"], end["payload"]["payload"]["type"]) == (expected, "hive.query.complete")


def test_the_answer_to_a_query_of_the_device_is_said() -> None:
    answer = wire(
        "query",
        {"msg_type": "bus", "payload": bus("speak", {"utterance": "noon"})},
        metadata={"is_response": True},
    )
    message = relay().down(answer)
    assert message is not None
    assert message.data == {"utterance": "noon"}
    assert relay().down(said("query", "hive.query.complete", metadata={"is_response": True})) is None
    assert relay().down(said("query", "hive.query.timeout", metadata={"is_response": True})) is not None


# All of the bus, and rights.


def test_the_whole_bus_is_shared_only_if_the_owner_says_so() -> None:
    message = Message("enclosure.mouth.text", {"text": "x"}, {"source": "skill"})
    assert sent(relay(), message) == []
    assert sent(relay(share_bus=True), message) == [
        {
            "msg_type": "shared_bus",
            "payload": {"type": message.msg_type, "data": message.data, "context": message.context},
        }
    ]
    hub = relay(share_bus=True)
    request = hub.down(said("bus", "enclosure.mouth.text"))
    assert request is not None
    assert sent(hub, request) == []
    assert sent(hub, Message("bus.status.response")) == []


def test_the_subscription_has_what_may_go_up() -> None:
    patterns = relay().patterns
    assert 0 < len(patterns) <= MAX_PATTERNS
    types = Patterns(patterns)
    for msg_type in (*UP, SEND_UPSTREAM, "mycroft.volume.get.response", "enclosure.eyes.rgb", "speak.failed"):
        assert types.match(msg_type), msg_type
    assert not types.match("wifi.scanned")
    assert relay(share_bus=True).patterns == []


def test_where_any_type_may_answer_the_subscription_has_all() -> None:
    assert relay(down=("recognizer_loop:utterance",)).patterns == []
    assert "my.skill.ask.response" in relay(down=("my.skill.ask",)).patterns


def test_too_many_patterns_subscribe_to_everything() -> None:
    assert relay(up=tuple(f"x.{number}" for number in range(MAX_PATTERNS))).patterns == []


def test_the_hub_has_to_allow_what_goes_up_and_the_answers() -> None:
    found = allowed_types(RIGHTS)
    for msg_type in (*UP, "ovos.utterance.handle", "enclosure.eyes.rgb", "mycroft.mic.get_status.response"):
        assert msg_type in found, msg_type
    assert not {"enclosure.firmware.update.progress", "system.reboot.start"} & {*found}


@pytest.mark.parametrize("topic", OURS, ids=lambda topic: topic.name)
def test_a_type_is_refused_by_both_of_its_names_or_by_none(topic: Any) -> None:
    assert len({refusal(name) for name in topic.names}) == 1


def test_the_log_of_a_query_for_another_hub_is_no_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    check: Callable[[bytes], Message | None] = relay().down
    assert check(said("query", "hive.query.complete")) is None
    assert caplog.records == []
