"""The bridge to Home Assistant on the booted tree, with Debian's mosquitto and the examples of the package."""

import json

from tests.image.installed import Installed, exposure_of, pss_mb, until

PACKAGES = ("mosquitto", "mosquitto-clients")

EXAMPLES = "/usr/share/doc/mycroft-mqtt/examples"
CERTIFICATE, KEY = "/etc/mosquitto/certs/server.crt", "/etc/mosquitto/certs/server.key"

ID = "mycroft_b827eb123456"
USER, PASSWORD = "homeassistant", "s3cret-at-home"
CLIENT = ("-u", USER, "-P", PASSWORD, "-q", "1")

MAX_EXPOSURE = 1.5
MAX_PSS_MB = 20.0
"""With OpenSSL, which no other daemon of ours loads."""


def a_bridge_works_with_mosquitto_and_the_examples(installed: Installed) -> str:
    """Over TLS, with a password that systemd hands to the unit, and with the rights of one device."""
    machine, root = installed.machine, installed.tree.root
    own = ("install", "-m", "600", "-o", "mosquitto", "-g", "mosquitto")
    self_signed = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    machine.run(*self_signed.split(), "-keyout", KEY, "-out", CERTIFICATE)
    machine.run("chown", "mosquitto", KEY)
    machine.run(*own, f"{EXAMPLES}/mosquitto.acl", "/etc/mosquitto/acl")
    machine.run(*own, "/dev/null", "/etc/mosquitto/passwd")
    for user in (ID, USER):
        machine.run("mosquitto_passwd", "-b", "/etc/mosquitto/passwd", user, PASSWORD)
    machine.run("cp", f"{EXAMPLES}/mosquitto.conf", "/etc/mosquitto/conf.d/home.conf")
    machine.run("systemctl", "restart", "mosquitto")

    configuration, password = root / "etc/mycroft/mycroft.conf", root / "etc/mycroft/mqtt-password"
    configuration.parent.mkdir(exist_ok=True)
    before = configuration.read_text() if configuration.exists() else "{}"
    settings = {"broker": "mqtts://localhost", "username": ID, "id": ID, "ca_file": CERTIFICATE, "name": "Kitchen"}
    password.touch(0o600)
    password.write_text(f"{PASSWORD}\n")
    configuration.write_text(json.dumps(json.loads(before) | {"mqtt": settings}))
    machine.run("systemctl", "restart", "mycroft-mqtt")

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
