import json
from collections.abc import Sequence

from bus.hub import GREETING, Hub


class Listener:
    def __init__(self) -> None:
        self.batches: list[Sequence[bytes]] = []

    def deliver(self, payloads: Sequence[bytes]) -> None:
        self.batches.append(payloads)

    @property
    def heard(self) -> list[bytes]:
        return [payload for batch in self.batches for payload in batch]


def joined(hub: Hub) -> Listener:
    peer = Listener()
    hub.join(peer)
    assert peer.heard == [GREETING]
    peer.batches.clear()
    return peer


def test_everybody_gets_the_senders_bytes_in_order_the_sender_too() -> None:
    hub = Hub()
    ann, bob = joined(hub), joined(hub)
    frames = [b'{"type" : "a"}', b'{"type":"b","data":{}}', b'{"type":"a","context":null}']
    hub.receive(ann, frames[0])
    hub.receive(bob, frames[1])
    hub.receive(ann, frames[2])
    hub.flush()
    assert ann.heard == bob.heard == frames
    assert ann.batches[0] is bob.batches[0], "one sequence for all, so that it is framed once"


def test_only_the_sender_hears_of_a_frame_that_is_no_message() -> None:
    hub = Hub()
    ann, bob = joined(hub), joined(hub)
    assert hub.receive(ann, b"[1]") is not None
    hub.flush()
    [answer] = map(json.loads, ann.heard)
    assert answer["type"] == "bus.message.rejected"
    assert answer["data"]["reason"]
    assert bob.heard == []
    assert (hub.counters.received, hub.counters.rejected) == (0, 1)


def test_who_has_left_gets_nothing_more() -> None:
    hub = Hub()
    ann, bob = joined(hub), joined(hub)
    hub.leave(ann)
    hub.leave(ann)
    hub.receive(bob, b'{"type":"a"}')
    hub.flush()
    hub.flush()
    assert ann.heard == []
    assert len(bob.batches) == 1
