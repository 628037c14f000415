"""What docs/hivemind.md has typed at a hub, and sent by a program on the device; with a real hub and bridge."""

import re
import sys
from pathlib import Path

import pytest

from tests.bridges.hive.hub import BridgeProcess, Hub, RecordedBus
from tests.docs.pages import HUB, ROOT, marked
from tests.docs.terminal import Terminal

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]

ROOM = "attic"
"""What the page sends to."""


def found(name: str, printed: str) -> str:
    """A value that a command prints beside its name."""
    value = re.search(rf"{name}: *(\S+)", printed, re.IGNORECASE)
    assert value, printed
    return value[1]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    add, allow, send = marked("hivemind.md", HUB)
    with RecordedBus() as home, RecordedBus() as kitchen, Hub(tmp_path, home, site=ROOM) as hub:
        environment = {
            **hub.environment,
            "MYCROFT_WEBSOCKET_PORT": kitchen.url.split(":")[2].split("/")[0],
            "PYTHONPATH": str(ROOT),
        }
        environment["PATH"] += f":{Path(sys.executable).parent}"
        del environment["PYTHONUNBUFFERED"]  # "Password:" without its value would look like a question
        with Terminal(folder=tmp_path, environment=environment) as shell:
            printed = shell.type(add)
            assert found("node id", printed) == "1"  # which the other commands have
            bridge = BridgeProcess(tmp_path, kitchen.url, hub.url)
            paired = bridge.pair(found("access key", printed), found("password", printed))
            assert paired.returncode == 0, paired.stderr
            shell.type(allow)
            with bridge:
                kitchen.wait_for("mycroft.volume.get")
                shell.type(send)
                home.wait_for("recognizer_loop:utterance")
