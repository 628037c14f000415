"""The examples of all commands, each typed on the device as it stands on its page."""

import os
import re
import shutil

from tests.docs.pages import DOCS, EXAMPLE, marked
from tests.image.faults import the_doctor_finds_nothing_to_mend
from tests.image.home import ID
from tests.image.installed import UNITS, Installed
from tests.image.pages import HOME, login, prepare_owner
from tests.image.tree import OWNER, OWNER_ID

PAGE = "reference/commands.md"

RUNS = re.compile(r" (run|serve|listen|record|faceplate)\b")
"""Programs that run until they are stopped."""

WATCHED_S = 3.0
"""How long such a program is left to run; one that ends before that with an error fails the check."""

ALONE = ("mycroft-bus serve", "mycroft-sim run")
"""Examples that need the port of the bus."""

DBUS = ("dbus-daemon", "--session", "--nofork", "--address=unix:path=/tmp/dbus.sock")
"""What one example connects to."""


def the_examples_of_the_commands_work_as_written(installed: Installed) -> str:
    """Beside the daemons of the device, but for those that need the port of the bus."""
    machine, configuration = installed.machine, installed.tree.root / "etc/mycroft/mycroft.conf"
    the_doctor_finds_nothing_to_mend(installed)  # which prepares the device
    prepare_owner(installed, ())
    folder = installed.tree.root / HOME[1:] / "examples"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chown(folder, OWNER_ID, OWNER_ID)
    shutil.copy(DOCS / "tutorials/owner-ready.png", folder / "picture.png")
    before = configuration.read_bytes()
    machine.run("mycroft-mqtt", "set", "mqtt.id", ID)
    examples = [line for block in marked(PAGE, EXAMPLE) for line in block.splitlines()]
    machine.run("systemd-run", "--quiet", "--unit=example", f"--uid={OWNER}", *DBUS)
    with login(installed) as owner:
        owner.type("cd examples")
        for example in examples:
            alone = example.startswith(ALONE)
            if alone:
                machine.run("systemctl", "stop", *UNITS)
            owner.type(example, stop_after_s=WATCHED_S if RUNS.search(example) else None)
            if alone:
                machine.run("systemctl", "start", *UNITS)
    machine.run("systemctl", "stop", "example.service")
    configuration.write_bytes(before)
    the_doctor_finds_nothing_to_mend(installed)
    return f"{len(examples)} examples"


CHECKS = (the_examples_of_the_commands_work_as_written,)
