"""What is left behind of passwords: nothing but the profiles of NetworkManager."""

from pathlib import Path

from tests.vm.wifi.namespace import run
from tests.vm.wifi.router import PASSWORD, WRONG_PASSWORD


def check_no_password_is_in_the_journal() -> None:
    journal = run("journalctl", "--output=json", "--all")
    assert "mycroft-admin" in journal
    assert PASSWORD not in journal
    assert WRONG_PASSWORD not in journal


def check_no_password_was_relayed_by_the_bus(record: Path) -> None:
    messages = record.read_text()
    assert "mycroft.network.connected" in messages
    assert PASSWORD not in messages
    assert WRONG_PASSWORD not in messages
