"""The bridge to Home Assistant on the booted tree, with Debian's mosquitto, set up as its pages say."""

from tests.docs.pages import BROKER, marked
from tests.docs.terminal import PASSWORD
from tests.image.installed import Installed, exposure_of, pss_mb, until
from tests.image.pages import login, prepare_owner

PACKAGES = ("mosquitto", "mosquitto-clients")

ID = "mycroft_b827eb123456"
USER = "homeassistant"
CLIENT = ("-u", USER, "-P", PASSWORD, "-q", "1")

MAX_EXPOSURE = 1.5
MAX_PSS_MB = 21.0
"""With OpenSSL, which no other daemon of ours loads: 18.7 to 19.8, by what else of the machine uses its pages."""


def a_bridge_works_with_mosquitto_and_the_examples(installed: Installed) -> str:
    """Over TLS, with a password that systemd hands to the unit, and with the rights of one device."""
    machine, root = installed.machine, installed.tree.root
    configuration, password = root / "etc/mycroft/mycroft.conf", root / "etc/mycroft/mqtt-password"
    before = configuration.read_text() if configuration.exists() else "{}"
    prepare_owner(installed, installed.first)
    machine.run("mycroft-mqtt", "set", "mqtt.id", ID)  # as one with a MAC address has it
    broker, bridge, users, device, certificate, rights = marked("home-assistant.md", BROKER)
    [fleet] = marked("fleet.md", BROKER)
    with login(installed) as owner:
        for steps in (broker, bridge, users, device, certificate, fleet):
            owner.type(steps)
        owner.type("sudo systemctl restart mycroft-mqtt")

    def published(key: str) -> str:
        """What is retained for a part of the device; empty where there is nothing."""
        topic = ("-t", f"mycroft/{ID}/{key}", "-C", "1", "-W", "1")
        return machine.run("mosquitto_sub", *CLIENT, *topic, check=False)

    until(lambda: published("availability") == "online", "the device is away", lambda: journal(installed))
    for state in ("ON", "OFF"):
        machine.run("mosquitto_pub", *CLIENT, "-t", f"mycroft/{ID}/mic_mute/set", "-m", state)
        until(lambda state=state: published("mic_mute") == state, state, lambda: journal(installed))  # type: ignore[misc]
    pss, exposure = pss_mb(machine, "mycroft-mqtt"), exposure_of(machine, "mycroft-mqtt")
    assert pss <= MAX_PSS_MB, pss
    assert exposure <= MAX_EXPOSURE, exposure
    assert not (warnings := journal(installed, "--priority=warning")), warnings
    assert PASSWORD not in journal(installed)

    with login(installed) as owner:
        owner.type(rights)
    assert "mycroft-mqtt" in machine.run("getent", "group", "mycroft-admin")
    machine.run("gpasswd", "--delete", "mycroft-mqtt", "mycroft-admin")
    configuration.write_text(before)
    password.unlink()
    machine.run("systemctl", "restart", "mycroft-mqtt")
    until(lambda: published("availability") == "offline", "the device is still there")
    machine.run("systemctl", "stop", "mosquitto")
    return f"{pss:.1f} MB with TLS, exposure {exposure}"


def journal(installed: Installed, *options: str) -> str:
    """The log of the bridge."""
    return installed.machine.run("journalctl", "--quiet", "--output=cat", "--unit=mycroft-mqtt", *options)


CHECKS = (a_bridge_works_with_mosquitto_and_the_examples,)
