"""The bus, opened to another machine by the steps of docs/how-to/remote-access.md, typed as they stand there."""

import json

from tests.docs.pages import REMOTE, blocks, marked
from tests.image.installed import Installed, until, until_it_answers
from tests.image.pages import login, prepare_owner
from tests.image.tree import INSIDE, STRANGER

PAGE = "how-to/remote-access.md"

NAME = "mark1.local"
"""In the certificate of the page."""

ADDRESS = "192.0.2.1"
"""Not of the loopback network, so a client with it is another machine (RFC 5737: for documentation)."""


def another_machine_gets_in(installed: Installed) -> str:
    """With TLS and the token; without a token it does not."""
    machine, configuration = installed.machine, installed.tree.root / "etc/mycroft/mycroft.conf"
    certificate, token, restart = marked(PAGE, REMOTE)
    [settings] = [block.text for block in blocks(PAGE) if "<the hash>" in block.text]
    prepare_owner(installed, ())
    with login(installed) as owner:
        owner.type(certificate)
        printed = owner.type(token).split()
        before = json.loads(configuration.read_text())
        configuration.write_text(json.dumps(before | json.loads(settings.replace("<the hash>", printed[1]))))
        owner.type(restart)
    machine.run("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
    client = ("python3", f"{INSIDE}/remote.py", ADDRESS, "/etc/mycroft/bus.crt", NAME)
    until_it_answers(machine, "enclosure")
    answer = machine.run(*client, printed[0], user=STRANGER)
    assert '"status":true' in answer.replace(" ", ""), answer
    refused = machine.run(*client, user=STRANGER)
    assert refused in ("401", "403"), refused
    return f"{answer}; without a token {refused}"


def a_key_that_the_bus_may_not_read_closes_only_that_port(installed: Installed) -> str:
    """The programs on this machine go on; the journal says why."""
    machine, configuration = installed.machine, installed.tree.root / "etc/mycroft/mycroft.conf"
    machine.run("chmod", "600", "/etc/mycroft/bus.key")
    machine.run("systemctl", "restart", "mycroft-bus")
    until(lambda: machine.succeeds("mycroft-bus", "status"), "there is no bus")
    journal = machine.run("journalctl", "--quiet", "--output=cat", "--unit=mycroft-bus", "--lines=10")
    why = [line for line in journal.splitlines() if "bus.key" in line]
    assert why, journal
    settings = json.loads(configuration.read_text())
    configuration.write_text(json.dumps({"enclosure": settings["enclosure"]}))
    machine.run("systemctl", "restart", "mycroft-bus")
    for daemon in ("enclosure", "admin"):
        until_it_answers(machine, daemon)
    return why[0]


CHECKS = (another_machine_gets_in, a_key_that_the_bus_may_not_read_closes_only_that_port)
