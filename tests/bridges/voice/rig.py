"""An assistant in a time of its own, and what it says, checked against the contract."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridges.voice.assistant import ENCLOSURE, Assistant, SatelliteRequest
from bus.contract.lookup import TOPICS
from bus.message import Message

CAPTURED = Path(__file__).parent / "captured"

Said = tuple[str, Mapping[str, Any]]


class Rig:
    """An assistant whose time passes when `wait` is called."""

    def __init__(self, cannot: Mapping[SatelliteRequest, str] | None = None) -> None:
        self.now = 1000.0
        self.assistant = Assistant(lambda: self.now, cannot or {})

    def said(self) -> list[Said]:
        """Types and data of what was said since the last call."""
        messages, self.assistant.messages = self.assistant.messages, []
        for message in messages:
            assert message.msg_type not in ("speak", "recognizer_loop:utterance")
            if not message.msg_type.endswith(".failed"):
                assert TOPICS[message.msg_type].problems(message.data) == []
        return [(message.msg_type, message.data) for message in messages]

    def types(self) -> list[str]:
        """Types of what was said since the last call."""
        return [msg_type for msg_type, _ in self.said()]

    def asked(self) -> list[SatelliteRequest]:
        """What was asked of the satellite since the last call."""
        requests, self.assistant.requests = self.assistant.requests, []
        return requests

    def receive(self, msg_type: str, source: str = ENCLOSURE, **data: object) -> None:
        """A message of another program; of the enclosure, unless another source is given."""
        self.assistant.read(Message(msg_type, data, {"source": source}))

    def wait(self, seconds: float) -> None:
        """Lets time pass, with all that is due on the way."""
        until = self.now + seconds
        while (due := self.assistant.next_at) <= until:
            assert due > self.now - 1e-6, "time passes"
            self.now = max(due, self.now)
            self.assistant.tick()
        self.now = until


def connected(cannot: Mapping[SatelliteRequest, str] | None = None) -> Rig:
    """A rig whose satellite is connected to Home Assistant."""
    rig = Rig(cannot)
    rig.assistant.found()
    rig.assistant.muted(False)
    rig.assistant.home(True)
    rig.said()
    return rig
