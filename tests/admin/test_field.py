"""Each message type of the field about administration and wifi is ours, or there is a reason why not."""

from pathlib import Path

import pytest

from admin.wifi.ovos import PATTERNS
from bus.contract.lookup import topic_of

TYPES = (Path(__file__).parents[1] / "data/admin-message-types.txt").read_text().split()
"""Types that mycroft-core, mycroft-wifi-setup, OVOS and Neon send or handle."""

OURS = {"admin", "enclosure"}

PLUGIN = "ovos.phal.wifi.plugin."
NOT_OURS = {
    "mycroft.internet.is_ready": "a question to the wifi plugin of OVOS about its own start",
    "system.display.homescreen": "for a screen",
    "system.update.waiting": "mycroft-core reports its own state",
    **dict.fromkeys(
        (
            *(f"{PLUGIN}client.{what}" for what in ("deregistered", "registration.failure")),
            *(
                f"{PLUGIN}{what}"
                for what in ("fully_offline", "registered.clients", "setup.failed", "setup.launched")
            ),
        ),
        "the wifi plugin of OVOS reports; the setup that it starts comes as activate.<id>",
    ),
    **dict.fromkeys(
        (
            *(f"{PLUGIN}client.{what}" for what in ("select", "select.page.removed")),
            *(f"{PLUGIN}{what}" for what in ("fully.offline", "set.active.client", "skip.setup", "status")),
            *(f"{PLUGIN}{what}" for what in ("get.registered.clients", "user.activated")),
        ),
        "a request to the wifi plugin of OVOS, from its page on a screen",
    ),
    f"{PLUGIN}stop.setup.event": "closes pages on a screen; our setup ends by deactivate.<id>",
}


@pytest.mark.parametrize("msg_type", TYPES)
def test_a_type_of_the_field_is_ours_or_has_a_reason_why_not(msg_type: str) -> None:
    topic = topic_of(msg_type)
    programs = {*topic.handled_by.split(", "), *topic.emitted_by.split(", ")} if topic else set()
    is_ours = bool(programs & OURS) or any(msg_type.startswith(pattern.rstrip("*")) for pattern in PATTERNS)
    assert is_ours is (msg_type not in NOT_OURS)


def test_the_reasons_are_of_types_of_the_field() -> None:
    assert NOT_OURS.keys() <= set(TYPES)
