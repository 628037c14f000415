"""The pages of the documentation, and the code blocks in them.

The words after the language of a block say who runs it: `simulator` (tests/docs/test_commands.py, with a simulated
Mark 1), `device` (tests/image/pages.py, on the booted tree), and `output` is what the block before prints. A block
without such a word is in NOT_RUN, with the reason.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

SIMULATOR, DEVICE, OUTPUT, PRESS = "simulator", "device", "output", "press"
SHELLS = ("sh", "bash")

_ITEM = re.compile(r"^ *```(?P<info>\w[^\n]*)\n(?P<text>.*?)^ *```$|!\[[^\]]*\]\((?P<image>[^)]+)\)", re.M | re.S)
_FILE = re.compile(r"(?:[Ss]ave (?:it|this) as|[Aa]dd this to)\s+`([^`]+)`")

_BUILD = "clones from an address that is not public; make image-test begins with make deb"
_PRESEED = "is typed by root in an image; tests/image/tree.py does so"
_DOCTOR = "finds what this machine lacks; tests/e2e/test_doctor.py has a device that is well"
_BROKER = "needs a broker; tests/ha has one, with these users and rights"
_HUB = "needs a second machine; tests/bridges has it"
_SATELLITE = "needs a satellite; tests/bridges/voice has both kinds"
_SHELL_OF_READER = "needs a second terminal, or ends with Ctrl-C"

NOT_RUN = {
    "README.md": {
        "git clone": "the test has a device of its own",
    },
    "boards.md": {
        "sudo mycroft-enclosure detect": "needs the board; tests/e2e/test_detect.py has simulated ones",
        "echo mycroft-picroft": _PRESEED,
    },
    "fleet.md": {"sudo": _BROKER},
    "hivemind.md": {
        "hivemind-core": _HUB,
        "mycroft-bus send hive": _HUB,
        "sudo apt install ./build/deb/mycroft-hive": _HUB,
        "sudo useradd": _HUB,
    },
    "home-assistant.md": {
        "sudo apt install mosquitto": _BROKER,
        "sudo apt install ./build/deb/mycroft-mqtt": _BROKER,
        "sudo mosquitto_passwd": _BROKER,
        "sudo mycroft-mqtt set": _BROKER,
        "scp broker.home": _BROKER,
        "sudo adduser mycroft-mqtt": "gives the bridge rights that the checks that follow have it lack",
    },
    "install.md": {
        "sudo dpkg-reconfigure mycroft-admin": "asks; tests/image/checks.py answers on a terminal",
        "mkdir -p ~/.config/systemd/user": "needs OVOS, with its units of the user",
        "sudo apt install ./build/deb/mycroft-{bus,enclosure,admin,hw-sim}": "ends the daemons of the device",
    },
    "mark1.md": {".venv/bin/mycroft-enclosure doctor": _DOCTOR},
    "voice-satellites.md": {
        "sudo apt install ./build/deb/mycroft-voice": _SATELLITE,
        "wyoming-satellite": _SATELLITE,
    },
    "tutorials/owner.md": {
        "ssh pi@mark1.local": "needs the device",
        "sudo apt update": _BUILD,
        "speaker-test": "needs the sound board",
        "sudo reboot": "ends the machine that runs the page; tests/image/checks.py restarts it",
    },
    "tutorials/skill-author.md": {"git clone": "the test has a device of its own"},
    "tutorials/image-builder.md": {
        "sudo apt install --yes git make": _BUILD,
        "mkdir -p stage-mycroft": "needs a checkout of pi-gen",
        "chmod +x stage-mycroft": "needs a checkout of pi-gen, and hours",
        "rpi-image-gen build": "needs rpi-image-gen, and hours",
        "#!/bin/bash -e": "is a file",
    },
    "tutorials/board-builder.md": {
        "sudo apt install": "tests/image/checks.py installs it, in place of mycroft-mark-1",
        "mycroft-bus listen": _SHELL_OF_READER,
        "mycroft-enclosure needs": "needs a profile that tests/enclosure/boards tries",
    },
    "how-to/bug-report.md": {"mycroft-bus record": _SHELL_OF_READER},
    "how-to/from-a-checkout.md": {
        "printf": "changes the boot files; tests/image/checks.py tries those of the packages",
        "sudo sed": "the same",
        "sudo groupadd": "needs the device",
        ".venv/bin/mycroft-enclosure set": "changes the user's settings; tests/bus/test_configure.py tries it",
        "sudo apt install alsa-utils": "needs the sound board",
        "sudo apt install git make": _BUILD,
        ".venv/bin/mycroft-bus serve": _SHELL_OF_READER,
        ".venv/bin/mycroft-enclosure doctor": _DOCTOR,
    },
    "how-to/port.md": {"sudo systemctl edit": "opens an editor"},
    "how-to/time-and-language.md": {
        "sudo mycroft-bus send system.configure.wifi.country": "needs a radio; tests/vm/wifi has one",
    },
    "how-to/uninstall.md": {
        "sudo apt purge": "tests/image/checks.py purges the packages, at its end",
        "sudo rm -r /etc/mycroft": "would end the checks that follow",
    },
    "reference/commands.md": {"mycroft-": "examples; tests/docs/test_pages.py parses them"},
}
"""By page, the beginnings of the blocks that no test runs, and why."""

RUN_ELSEWHERE = {
    "how-to/remote-access.md": "tests/image/remote.py",
    "simulator.md": "tests/e2e/test_simulator_page.py, tests/hw_sim/test_camera.py, tests/hw_sim/test_tcp.py",
    "tutorials/first-test.md": "tests/e2e/test_simulator_page.py",
}
"""Pages whose blocks other tests type."""


INCLUDES = ("changes.md", "contributing.md", "reporting.md")
"""Pages that consist of a file beside docs."""


@dataclass(frozen=True)
class Block:
    """A code block."""

    language: str
    marks: frozenset[str]
    text: str
    file: str
    """The file that the reader is to save it as; empty for none."""


@dataclass(frozen=True)
class Image:
    """A picture on a page, by its file."""

    path: Path


def pages() -> list[str]:
    """All pages: README.md, and those below docs by their names there."""
    return [
        "README.md",
        *sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.name not in INCLUDES),
    ]


def path_of(page: str) -> Path:
    """The file of a page."""
    return ROOT / page if page == "README.md" else DOCS / page


def items(page: str) -> Iterator[Block | Image]:
    """Blocks and pictures of a page, in order."""
    path = path_of(page)
    text, end = path.read_text(), 0
    for found in _ITEM.finditer(text):
        if found["image"]:
            yield Image((path.parent / found["image"]).resolve())
        else:
            language, *marks = found["info"].split()
            named = _FILE.findall(text[end : found.start()])
            yield Block(language, frozenset(marks), dedent(found["text"]), named[-1] if named else "")
        end = found.end()


def blocks(page: str) -> list[Block]:
    """The code blocks of a page."""
    return [item for item in items(page) if isinstance(item, Block)]
