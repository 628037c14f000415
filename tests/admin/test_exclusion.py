"""Which actions of the list exclude each other: each pair, in both orders."""

import pytest

from admin.actions import ACTIONS
from admin.policy import Policy

ROW = {action.request.name: action for action in ACTIONS}

LEAVES = {"system.reboot", "system.shutdown"}
SSH = {"system.ssh.enable", "system.ssh.disable"}
JOINS = {f"ovos.phal.nm.{what}" for what in ("connect", "connect.open.network", "reconnect")} | {"wifi.connect"}
RADIO = {
    *JOINS,
    *("ovos.phal.nm.disconnect", "ovos.phal.nm.forget", "system.wifi.setup", "system.wifi.reset"),
    *("system.configure.wifi.country", "wifi.stop", "wifi.cancel"),
}
SCANS = {"ovos.phal.nm.scan", "wifi.scan"}
QUESTIONS = {*SCANS, "system.ssh.status", "ovos.phal.nm.get.connected"}
CHANGES = ROW.keys() - QUESTIONS

EXCLUSIVE = [
    {*LEAVES, "system.update", "system.configure.language"},
    {*LEAVES, *SSH},
    RADIO,
    *({"system.factory.reset", other} for other in CHANGES),
    *({change} for change in CHANGES),
]
"""Of each of these sets one action at a time may run."""

CANCELLED_BY = {
    **{name: {"system.ntp.sync"} for name in LEAVES},
    "system.factory.reset": {"system.ntp.sync", "system.wifi.setup"},
    "system.wifi.setup": JOINS,
    "system.wifi.reset": JOINS,
    "wifi.stop": {"system.wifi.setup"},
    "wifi.cancel": {*JOINS, "system.wifi.setup"},
}
"""What a request ends, so that it can begin."""


JOINED_WITH_OTHER_FIELDS = {"system.wifi.setup"}
"""Where a further request joins the action under way, even if it has other fields."""


def is_expected_to_start(second: str, first: str) -> bool:
    if first in CANCELLED_BY.get(second, ()):
        return True
    if second in SCANS:
        return first not in {*RADIO, "system.factory.reset"}
    return not any({first, second} <= exclusive for exclusive in EXCLUSIVE)


def starts(second: str, first: str) -> bool:
    """Whether an action may start while another one is under way."""
    policy = Policy(lambda: 0.0)
    assert policy.start(ROW[first]) is None
    return policy.start(ROW[second]) is None


@pytest.mark.parametrize("first", ROW)
def test_a_second_action_is_refused_cancels_the_first_or_runs_beside_it(first: str) -> None:
    expected = {second: is_expected_to_start(second, first) for second in ROW}
    assert {second: starts(second, first) for second in ROW} == expected


def test_an_action_cancels_what_the_table_says() -> None:
    cancelled = {name: {topic.name for topic in action.cancels} for name, action in ROW.items() if action.cancels}
    assert cancelled == CANCELLED_BY


def test_only_a_wifi_setup_is_joined_by_a_request_with_other_fields() -> None:
    assert {name for name, action in ROW.items() if action.shared} == JOINED_WITH_OTHER_FIELDS
