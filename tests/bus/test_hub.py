import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bus.client.unconfirmed import as_sent
from bus.contract.ours import CONFIDENTIAL, SENDER
from bus.contract.patterns import MAX_PATTERNS
from bus.daemon.config import Role
from bus.message import Message
from bus.server.hub import GREETING, LARGE, MAX_WITH_SENDER, Hub
from bus.server.limits import Counters
from bus.version import VERSION


class Listener:
    def __init__(self, role: Role = Role.CONTROL, *, admin: bool = False, trusted: bool = False) -> None:
        self.role = role
        self.admin = admin
        self.trusted = trusted
        self.deliveries: list[Sequence[bytes]] = []
        self.looked_at = 0

    def may_administer(self) -> bool:
        return self.admin

    def may_receive_passwords(self) -> bool:
        return self.trusted

    def identify(self) -> Mapping[str, Any]:
        return {"uid": 0, "pid": 7, "process": "test"}

    def describe(self) -> Mapping[str, Any]:
        self.looked_at += 1
        return {"name": "listener"}

    def deliver(self, pieces: Sequence[bytes]) -> None:
        self.deliveries.append(pieces)

    @property
    def heard(self) -> list[bytes]:
        return [payload for pieces in self.deliveries for payload in payloads(b"".join(pieces))]

    def answer(self) -> Message:
        """The one message received; forgets it."""
        [payload] = self.heard
        self.deliveries.clear()
        return Message.deserialize(payload)


def payloads(piece: bytes) -> Iterator[bytes]:
    """The payloads of WebSocket text frames."""
    while piece:
        head, size = (2, piece[1]) if piece[1] < 126 else (4, 0) if piece[1] == 126 else (10, 0)
        size = size or int.from_bytes(piece[2:head])
        yield piece[head : head + size]
        piece = piece[head + size :]


def joined(hub: Hub, role: Role = Role.CONTROL, *, admin: bool = False, trusted: bool = False) -> Listener:
    peer = Listener(role, admin=admin, trusted=trusted)
    hub.join(peer)
    assert peer.heard == [GREETING]
    peer.deliveries.clear()
    return peer


def frame(msg_type: str, data: dict[str, Any] | None = None) -> bytes:
    return Message(msg_type, data or {}).serialize().encode()


@pytest.fixture
def hub() -> Hub:
    return Hub(Counters(), lambda: None, lambda: 12345)


def test_all_clients_get_the_senders_bytes_in_order_the_sender_too(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    frames = [b'{"type" : "a"}', b'{"type":"b","data":{}}', b'{"type":"a","context":null}']
    hub.receive(ann, frames[0])
    hub.receive(bob, frames[1])
    hub.receive(ann, frames[2])
    hub.flush()
    assert ann.heard == bob.heard == frames
    assert ann.deliveries[0] is bob.deliveries[0], "framed once for all"
    assert len(ann.deliveries[0]) == 1, "written at once"


def test_an_invalid_frame_is_answered_to_its_sender_alone(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    assert hub.receive(ann, b"[1]") is not None
    hub.flush()
    [answer] = map(json.loads, ann.heard)
    assert answer["type"] == "bus.message.rejected"
    assert answer["data"]["reason"]
    assert bob.heard == []
    assert (hub.counters.received, hub.counters.rejected) == (0, 1)


@pytest.mark.parametrize(
    "msg_type", ["system.reboot", "mycroft.enable.ssh", "system.ssh.status", "mycroft.admin.is_alive"]
)
def test_a_long_frame_of_a_short_type_is_rejected(hub: Hub, msg_type: str) -> None:
    ann = joined(hub)
    hub.receive(ann, frame(msg_type, {"x": "y" * MAX_WITH_SENDER}))
    assert ann.answer().data == {"reason": "more than 100000 bytes, too long for this type"}
    assert hub.counters.received == 0


def test_who_has_left_gets_nothing_more(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.leave(ann)
    hub.leave(ann)
    hub.receive(bob, b'{"type":"a"}')
    hub.flush()
    hub.flush()
    assert ann.heard == []
    assert len(bob.deliveries) == 1


def test_a_subscriber_gets_what_it_asked_for_in_order(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.receive(ann, frame("bus.subscribe", {"patterns": ["enclosure.*", "mycroft.stop"]}))
    assert ann.answer().data == {"patterns": ["enclosure.*", "mycroft.stop"]}
    frames = [frame(name) for name in ("enclosure.eyes.on", "speak", "mycroft.stop", "mycroft.stop.handled")]
    for sent in frames:
        hub.receive(bob, sent)
    hub.flush()
    assert ann.heard == [frames[0], frames[2]]
    assert bob.heard == frames


@pytest.mark.parametrize("patterns", [None, "enclosure.*", [1], ["x"] * (MAX_PATTERNS + 1)])
def test_a_bad_subscription_changes_nothing(hub: Hub, patterns: object) -> None:
    ann = joined(hub)
    hub.receive(ann, frame("bus.subscribe", {"patterns": patterns}))
    assert ann.answer().msg_type == "bus.subscribe.failed"
    hub.receive(ann, frame("x"))
    hub.flush()
    assert ann.heard == [frame("x")]


def test_status_is_for_the_client_that_asks(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.receive(ann, b"junk")
    ann.deliveries.clear()
    hub.receive(ann, frame("bus.status"))
    hub.flush()
    status = ann.answer()
    assert status.msg_type == "bus.status.response"
    assert status.data["clients"] == [{"name": "listener"}] * 2
    assert status.data["memory"] == 12345
    assert status.data["version"] == VERSION
    assert status.data["counters"]["rejected"] == 1
    assert bob.heard == []


@pytest.mark.parametrize(
    ("msg_type", "role", "admin", "relayed"),
    [
        ("speak", Role.CONTROL, False, True),
        ("system.reboot", Role.CONTROL, False, False),
        ("system.reboot", Role.CONTROL, True, True),
        ("mycroft.enable.ssh", Role.CONTROL, False, False),
        ("speak", Role.OBSERVE, True, False),
        ("bus.status", Role.OBSERVE, False, False),
    ],
)
def test_what_a_sender_may_not_send_goes_nowhere(
    hub: Hub, msg_type: str, role: Role, admin: bool, relayed: bool
) -> None:
    ann, bob = joined(hub, role, admin=admin), joined(hub)
    hub.receive(ann, frame(msg_type))
    hub.flush()
    assert [Message.deserialize(heard).msg_type for heard in bob.heard] == ([msg_type] if relayed else [])
    answer = ann.answer()
    if msg_type == "bus.status":
        assert answer.msg_type == "bus.status.response"
    elif not relayed:
        assert (answer.msg_type, answer.data["type"]) == ("bus.message.denied", msg_type)
        assert hub.counters.denied == 1


@pytest.mark.parametrize(
    "sent",
    [
        b'{"type":"\\u0073ystem.reboot"}',
        b'{"type":"speak","type":"system.reboot"}',
        b'{"type":"system.reboot","type":"speak"}',
        b'{"type":"system.reboot","ciphertext":"00","tag":"00","nonce":"00"}',
    ],
)
def test_no_spelling_hides_a_privileged_type(hub: Hub, sent: bytes) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.receive(ann, sent)
    hub.flush()
    assert bob.heard == []


@pytest.mark.parametrize("context", [None, {}, {"source": "me", SENDER: {"uid": 5, "more": 1}}])
@pytest.mark.parametrize(("msg_type", "admin"), [("system.reboot", True), ("system.ssh.status", False)])
def test_a_message_to_the_admin_service_carries_its_authenticated_sender(
    hub: Hub, context: dict[str, Any] | None, msg_type: str, admin: bool
) -> None:
    ann, bob = joined(hub, admin=admin), joined(hub)
    hub.receive(ann, Message(msg_type, {"a": 1}, context or {}).serialize().encode())
    hub.flush()
    [relayed] = map(Message.deserialize, bob.heard)
    sender = {"uid": 0, "pid": 7, "process": "test"}
    assert relayed == Message(msg_type, {"a": 1}, {**(context or {}), SENDER: sender})


@pytest.mark.parametrize("msg_type", sorted(CONFIDENTIAL))
def test_a_confidential_message_is_delivered_to_the_admin_service_alone_and_in_order(
    hub: Hub, msg_type: str
) -> None:
    ann, bob, service = joined(hub, admin=True), joined(hub, admin=True), joined(hub, trusted=True)
    hub.receive(service, frame("bus.subscribe", {"patterns": ["before", "after", msg_type]}))
    service.deliveries.clear()
    for name in ("before", msg_type, "after"):
        assert hub.receive(ann, frame(name, {"password": "secret"})) is None
    hub.flush()
    received = [Message.deserialize(heard) for heard in service.heard]
    assert [message.msg_type for message in received] == ["before", msg_type, "after"]
    assert received[1].context == {SENDER: ann.identify()}
    for peer in (ann, bob):
        assert [Message.deserialize(heard).msg_type for heard in peer.heard] == ["before", "after"]


@pytest.mark.parametrize("patterns", [None, ["*"], ["wifi.*"], ["wifi.connec*"], ["*wifi.connect"], ["speak"]])
def test_a_confidential_message_goes_to_no_client_of_root_that_has_not_asked_for_it_by_name(
    hub: Hub, patterns: list[str] | None
) -> None:
    ann, service = joined(hub, admin=True), joined(hub, trusted=True)
    if patterns is not None:
        hub.receive(service, frame("bus.subscribe", {"patterns": patterns}))
    service.deliveries.clear()
    assert hub.receive(ann, frame("wifi.connect"))
    hub.flush()
    assert ann.answer().msg_type == "bus.message.denied"
    assert service.heard == []


def test_a_client_recognises_its_own_privileged_message(hub: Hub) -> None:
    ann = joined(hub, admin=True)
    sent = Message("system.reboot", {"ü": [1.0, None]}, {"source": "me", "session": {"session_id": "default"}})
    hub.receive(ann, sent.serialize().encode())
    hub.flush()
    [relayed] = ann.heard
    assert as_sent(relayed.decode(), Message.deserialize(relayed)) == sent.serialize()


@pytest.mark.parametrize("admin", [False, True])
def test_no_message_carries_a_forged_sender(hub: Hub, admin: bool) -> None:
    ann, bob = joined(hub, admin=admin), joined(hub)
    forged = '{"type":"speak","data":{"a":1.0},"context":{"bus_\\u0073ender":{"uid":0},"source":"me"},"more":2}'
    hub.receive(ann, forged.encode())
    hub.flush()
    assert bob.heard == [b'{"type":"speak","data":{"a":1.0},"context":{"source":"me"},"more":2}']


def test_an_encrypted_frame_carries_no_forged_sender(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.receive(ann, b'{"ciphertext":"00","tag":"00","nonce":"00","context":{"bus_sender":{"uid":0}}}')
    hub.flush()
    assert [json.loads(heard) for heard in bob.heard] == [
        {"ciphertext": "00", "tag": "00", "nonce": "00", "context": {}}
    ]


def test_an_observer_is_shown_itself_alone(hub: Hub) -> None:
    joined(hub)
    observer = joined(hub, Role.OBSERVE)
    hub.receive(observer, frame("bus.status"))
    assert observer.answer().data["clients"] == [{"name": "listener"}]


def test_subscribers_and_plain_clients_share_frames(hub: Hub) -> None:
    sender, *plain = (joined(hub) for _ in range(4))
    subscribers = [joined(hub) for _ in range(4)]
    for number, peer in enumerate(subscribers):
        hub.receive(peer, frame("bus.subscribe", {"patterns": ["a.*", f"other{number % 2}"]}))
        peer.answer()
    everything = joined(hub)
    hub.receive(everything, frame("bus.subscribe", {"patterns": ["a.*", "b"]}))
    everything.answer()
    for msg_type in ("a.1", "b", "a.2"):
        hub.receive(sender, frame(msg_type))
    hub.flush()
    assert {id(peer.deliveries[0]) for peer in (*plain, everything)} == {id(sender.deliveries[0])}
    assert len({id(peer.deliveries[0]) for peer in subscribers}) == 1
    assert subscribers[0].heard == [frame("a.1"), frame("a.2")]


def test_large_frames_are_not_copied(hub: Hub) -> None:
    ann, bob = joined(hub), joined(hub)
    hub.receive(bob, frame("bus.subscribe", {"patterns": ["large", "b"]}))
    bob.answer()
    large = frame("large", {"x": "x" * LARGE})
    for sent in (frame("a"), frame("b"), large, frame("b")):
        hub.receive(ann, sent)
    hub.flush()
    assert ann.heard == [frame("a"), frame("b"), large, frame("b")]
    assert bob.heard == [frame("b"), large, frame("b")]
    assert ann.deliveries[0][1] is bob.deliveries[0][1]
    assert len(ann.deliveries[0][1]) == len(large)


@pytest.mark.parametrize(
    ("sent", "relayed"),
    [
        (b'{"type":"timer","data":"5 minutes"}', True),
        (b'{"type":"system.reboot","data":"now"}', False),
        (b'{"type":"bus.subscribe","data":"*"}', False),
    ],
)
def test_data_that_is_a_text_is_relayed_where_it_is_allowed(sent: bytes, relayed: bool) -> None:
    hub = Hub(Counters(), lambda: None, lambda: 0, text_data=True)
    ann, bob = joined(hub, admin=True), joined(hub)
    hub.receive(ann, sent)
    hub.flush()
    assert bob.heard == ([sent] if relayed else [])
    if not relayed:
        assert ann.answer().msg_type == "bus.message.rejected"


def test_the_rejection_of_data_that_is_a_text_names_the_option(hub: Hub) -> None:
    ann = joined(hub)
    hub.receive(ann, b'{"type":"timer","data":"5 minutes"}')
    assert "bus.relay_text_data" in ann.answer().data["reason"]


def test_the_hub_wakes_its_owner_once_for_each_flush() -> None:
    woken: list[None] = []
    hub = Hub(Counters(), lambda: woken.append(None), lambda: 0)
    ann = joined(hub)
    for _ in range(2):
        hub.receive(ann, frame("a"))
        hub.receive(ann, frame("bus.status"))
        hub.flush()
    assert len(woken) == 2


def test_a_flood_of_questions_is_answered_from_one_look(hub: Hub) -> None:
    peer = joined(hub)
    for _ in range(1000):
        hub.receive(peer, frame("bus.status"))
    assert len(peer.heard) == 1000
    assert peer.looked_at == 1
    hub.flush()
    hub.receive(peer, frame("bus.status"))
    assert peer.looked_at == 2
