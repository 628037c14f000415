"""What is left behind of passwords: nothing but the profiles of NetworkManager."""

import subprocess
from pathlib import Path

from tests.vm.wifi.router import PASSWORD, WRONG_PASSWORD

CONTROL = b"a line that is not a text \xff"


def check_no_password_is_in_the_journal() -> None:
    subprocess.run(("systemd-cat", "echo", "-n", CONTROL), check=True)
    subprocess.run(("journalctl", "--sync"), check=True)
    # Exported, each field is as it is; in JSON one that is not a text would be a list of numbers.
    journal = subprocess.run(("journalctl", "--output=export"), check=True, stdout=subprocess.PIPE).stdout
    assert b"mycroft-admin" in journal
    assert CONTROL in journal
    assert PASSWORD.encode() not in journal
    assert WRONG_PASSWORD.encode() not in journal


def check_no_password_was_relayed_by_the_bus(record: Path) -> None:
    messages = record.read_text()
    assert "mycroft.network.connected" in messages
    assert PASSWORD not in messages
    assert WRONG_PASSWORD not in messages
