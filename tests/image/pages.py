"""The commands of the documentation that are for a device, typed by its owner as they stand there."""

import contextlib
import shlex
import shutil
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from tests.docs.pages import DEVICE, DOCS, OUTPUT, SHELLS, Block, blocks, marked, named, pages
from tests.docs.terminal import PASSWORD, Reaction, Terminal
from tests.image.faults import MAY_ALL, SUDOERS, start_parts, the_doctor_finds_nothing_to_mend
from tests.image.installed import Installed, all_units_are_active
from tests.image.tree import OWNER

HOME = f"/home/{OWNER}"

PACKAGES = ("python3-libgpiod", "python3-pil", "python3-smbus2")
"""What is recommended, for pictures and for pins: apt installs it unless told not to."""

REACTIONS = (
    Reaction(r"\[yes/no\] $", "yes\n"),
    Reaction(r"Board on this Raspberry Pi: $", "picroft\n"),
    Reaction(r"Access key: $", "0123456789abcdef\n"),
    Reaction(r"\n\$ $", "exit\n"),  # at the prompt of a login by ssh
)
"""What the pages ask for on a device."""

MACHINES = "broker.home mark1.local"
"""Names of the pages for other machines, which are this one here."""

PREPARED = {
    "install.md": "systemctl enable --now mycroft-{bus.socket,bus}",
    "tutorials/owner.md": "systemctl start ssh",
    "how-to/port.md": f"""\
printf '#!/bin/sh\\nsed -i "/^### Anything/r {HOME}/edited" "$2"\\n' > /usr/local/bin/editor  # +LINE FILE
chmod +x /usr/local/bin/editor""",
}
"""By page, what root prepares before its reader begins, such as an editor that needs no hands."""

REVERTED = {
    "install.md": f"""\
rm -r {HOME}/.config/systemd/user/ovos-messagebus.service.d
systemctl --user --machine={OWNER}@.host daemon-reload
systemctl enable --now mycroft-{{bus.socket,bus,enclosure,admin}}""",
    "how-to/port.md": """\
systemctl revert mycroft-bus.socket
systemctl restart mycroft-bus.socket mycroft-bus""",
}
"""By page, how root takes back what the checks that follow do not expect."""

YOURS = {"pi@mark1.local": f"{OWNER}@mark1.local"}
"""What the reader types in place of what the page has."""

ANOTHER_WAY = "sudo apt install ./build/deb/mycroft-voice"
"""Begins one of several ways to set something up, of which a device has one."""

OVOS_UNIT = """\
[Unit]
Wants=ovos-messagebus.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
"""


def the_pages_work_as_written(installed: Installed) -> str:
    """Each page on a terminal of its own; the packages are where make deb leaves them."""
    the_doctor_finds_nothing_to_mend(installed)  # which prepares the device
    (installed.tree.root / "etc/systemd/user/ovos.service").write_text(OVOS_UNIT)
    prepare_owner(installed, installed.first)
    count = 0
    for page in pages():
        if typed := marked(page, DEVICE):
            _type_page(installed, page)
            count += len(typed)
    all_units_are_active(installed.machine)
    return f"{count} blocks"


def prepare_owner(installed: Installed, debs: Iterable[Path]) -> None:
    """The owner has a password, may use sudo, and has built the packages; the pages' machines are this one."""
    (installed.tree.root / SUDOERS).write_text(MAY_ALL)
    installed.machine.run("sh", "-c", f"echo {OWNER}:{shlex.quote(PASSWORD)} | chpasswd")
    hosts = installed.tree.root / "etc/hosts"
    if MACHINES not in (known := hosts.read_text()):
        hosts.write_text(f"{known}127.0.0.1 {MACHINES}\n")
    examples = installed.tree.root / HOME[1:] / "docs/examples"
    shutil.copytree(DOCS / "examples", examples, dirs_exist_ok=True)
    built = installed.tree.root / HOME[1:] / "build/deb"
    shutil.rmtree(built, ignore_errors=True)
    built.mkdir(parents=True)
    for deb in debs:
        shutil.copy(deb, built)


@contextlib.contextmanager
def login(installed: Installed) -> Iterator[Terminal]:
    """A terminal of the owner."""
    with installed.machine.terminal(OWNER, *REACTIONS) as terminal:
        terminal.type("cd")
        yield terminal


def _type_page(installed: Installed, page: str) -> None:
    machine, configuration = installed.machine, installed.tree.root / "etc/mycroft/mycroft.conf"
    before = configuration.read_bytes()
    machine.run("bash", "-ec", PREPARED.get(page, ""))
    try:
        type_page(installed, page, DEVICE)
    finally:
        machine.run("bash", "-ec", REVERTED.get(page, ""))
        if configuration.read_bytes() != before:
            configuration.write_bytes(before)
            machine.run("bash", "-ec", "systemctl restart mycroft-{bus,enclosure,admin,hive,voice}")


def type_page(installed: Installed, page: str, mark: str) -> None:
    """Types the blocks with a mark, compares what they print, and saves the files that the page names."""
    root = installed.tree.root
    configuration = root / "etc/mycroft/mycroft.conf"
    saved: dict[str, Path] = {}
    before = configuration.read_bytes() if configuration.exists() else b"{}"
    printed: str | None = None
    with named(page), contextlib.ExitStack() as stack:
        terminal = stack.enter_context(login(installed))
        for block, after in pairwise((*blocks(page), Block("", frozenset(), "", ""))):
            if mark in block.marks:
                (root / HOME[1:] / "edited").write_text(after.text)  # by the editor, if there is one
                text = block.text
                for shown, own in YOURS.items():
                    text = text.replace(shown, own)
                if text.startswith(ANOTHER_WAY):
                    configuration.write_bytes(before)
                printed = terminal.type_block(text)
                if printed is None:
                    installed.machine.restarts()
                    start_parts(installed)
                    terminal = stack.enter_context(login(installed))
            elif OUTPUT in block.marks and printed is not None:
                assert block.text in printed, f"{block.text} is not in {printed}"
            elif block.language in SHELLS:
                printed = None  # what follows is not of a block that was typed here
            elif block.file.startswith("/etc/"):
                saved[block.language] = root / block.file[1:]
                saved[block.language].parent.mkdir(parents=True, exist_ok=True)
                saved[block.language].write_text(block.text)
            elif block.language in saved:  # in place of the one before
                saved[block.language].write_text(block.text)


CHECKS = (the_pages_work_as_written,)
