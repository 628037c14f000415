"""Which bus and which senders are obeyed."""

import os
import pwd
from types import SimpleNamespace

import pytest

from admin.trust import Sender, is_obeyed, sender_of, verify_listener
from bus.contract import ours as topics
from bus.errors import BusUnavailableError
from bus.message import Message

STRANGER = 4_000_000_000
"""The uid of no user."""


@pytest.mark.parametrize(
    ("named", "sender"),
    [
        ({"uid": 1000, "pid": 7, "process": "x"}, Sender(1000, 7, "x")),
        ({"uid": 1000, "pid": None, "process": None}, Sender(1000, None, None)),
        ({"uid": None, "pid": None, "process": None}, None),
        ({"uid": "0", "pid": 7, "process": "x"}, None),
        ({"uid": False, "pid": 7, "process": "x"}, None),
        ({"uid": 0}, None),
        ("root", None),
        (0, None),
        (None, None),
    ],
)
def test_the_sender_is_what_the_bus_names_in_full(named: object, sender: Sender | None) -> None:
    message = Message("system.reboot", {}, {"source": "root", topics.SENDER: named})
    assert sender_of(message) == sender


def test_the_source_of_a_message_names_no_sender() -> None:
    assert sender_of(Message("system.reboot", {"uid": 0}, {"source": "root", "uid": 0})) is None


def test_who_is_obeyed() -> None:
    assert is_obeyed(Sender(0, None, None))
    assert is_obeyed(Sender(os.getuid(), 1, "x"))
    assert not is_obeyed(Sender(STRANGER, 1, "x"))
    assert not is_obeyed(None)


def test_a_process_cannot_forge_a_line_of_the_log() -> None:
    assert "\n" not in str(Sender(0, 1, "x\nsystem.reboot by root: done"))


@pytest.mark.parametrize(
    ("uid", "name", "trusted"),
    [
        (0, "root", True),
        (999, "mycroft", True),
        (12345, "me", True),
        (1000, "pi", False),
        (1000, "mycroft", False),
        (998, "mycroft-admin", False),
    ],
)
def test_only_root_mycroft_and_oneself_may_run_the_bus(
    monkeypatch: pytest.MonkeyPatch, uid: int, name: str, trusted: bool
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name=name))
    if trusted:
        verify_listener(uid)
    else:
        with pytest.raises(BusUnavailableError, match=rf"uid {uid} \({name}\) listens there"):
            verify_listener(uid)


@pytest.mark.parametrize("uid", [STRANGER, None])
def test_a_bus_of_an_unknown_user_is_refused(uid: int | None) -> None:
    with pytest.raises(BusUnavailableError, match="only a bus of root or the system user mycroft is obeyed"):
        verify_listener(uid)
