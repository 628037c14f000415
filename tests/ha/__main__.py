"""`make ha-test`: a simulated Mark 1 and its MQTT bridge, with a real mosquitto and a real Home Assistant."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridges.mqtt.entities import COMPONENTS
from bridges.mqtt.picture import face as png
from hw_sim.testing.board import BoardDevice
from hw_sim.testing.mark1 import Mark1
from tests.bridges.mqtt.mosquitto import (
    ID,
    PASSWORD,
    BridgeProcess,
    Home,
    Mosquitto,
    example_configuration,
    free_port,
    secret_file,
)
from tests.compat.environment import pypi_answers
from tests.ha.homeassistant import HomeAssistant, is_made, make_tree, until
from tests.image.__main__ import missing_here
from tests.image.table import Table
from tests.image.tree import debian_mirror

OTHER_BOARDS = {"board", "mute_switch"}
"""Components that a Mark 1 does not have."""
DISABLED = {"shutdown"}
"""Components that are disabled until the user enables them."""
OF_THE_MACHINE = {"wifi", "temperature"}
"""Components that depend on the machine that runs the test."""

BROKER_USER = "homeassistant"
BOARD = "bedroom"
"""Id, name and user of the other device."""


def entity(key: str, device: str = "kitchen") -> str:
    """Entity id of a component of a device."""
    return f"{COMPONENTS[key].platform}.{device}_{key}"


@dataclass(frozen=True)
class Setup:
    """The parts of the test."""

    mark1: Mark1
    broker: Mosquitto
    bridge: BridgeProcess
    home: HomeAssistant
    folder: Path

    @property
    def broker_url(self) -> str:
        """Address of the broker, for a bridge."""
        return f"mqtt://127.0.0.1:{self.broker.port}"

    def volume_is_known(self) -> None:
        """Waits until the device is available."""
        unknown = ("unavailable", "unknown", None)
        until(lambda: self.home.state(entity("volume")) not in unknown, "the volume")


def every_entity_appears_without_a_warning(setup: Setup) -> str:
    """Each component of a Mark 1 has an entity with the id that was asked for, and none is unavailable."""
    home = setup.home
    wanted = {entity(key) for key in COMPONENTS.keys() - OTHER_BOARDS - DISABLED - OF_THE_MACHINE}
    until(lambda: wanted <= home.states.keys(), f"{wanted - home.states.keys()}")
    home.shows(entity("volume"), "60")
    home.shows(entity("faceplate"), "on")
    states = home.states
    assert not (unavailable := {name for name in wanted if states[name]["state"] == "unavailable"}), unavailable
    registry = home.registry
    assert not (found := {entity(key) for key in OTHER_BOARDS} & registry.keys()), found
    assert {registry[entity(key)]["disabled_by"] for key in DISABLED} == {"integration"}
    assert not home.warnings, home.warnings
    return f"{len(wanted)} entities, and {len(DISABLED)} disabled"


def volume_and_mutes_are_set(setup: Setup) -> str:
    """The mixer of the device changes, and then the state."""
    home, mark1 = setup.home, setup.mark1
    home.act("number.set_value", entity("volume"), value=35)
    home.shows(entity("volume"), "35")
    assert mark1.sound.percent == round(0.35 * 83), mark1.sound.percent
    for key in ("mute", "mic_mute"):
        for action, state in (("turn_on", "on"), ("turn_off", "off")):
            home.act(f"switch.{action}", entity(key))
            home.shows(entity(key), state)
    return ""


def the_eyes_are_a_light(setup: Setup) -> str:
    """With colour, brightness, effects, off and on."""
    home, eyes = setup.home, entity("eyes")
    home.act("light.turn_on", eyes, rgb_color=[255, 0, 0], brightness=255)
    setup.mark1.face.wait_for(eyes="#ff0000")
    home.shows(eyes, "on", rgb_color=[255, 0, 0], brightness=255)
    for effect in home.attribute(eyes, "effect_list"):
        home.act("light.turn_on", eyes, effect=effect)
        home.shows(eyes, "on", effect=effect)
    home.act("light.turn_off", eyes)
    setup.mark1.face.wait_for(eyes="#000000")
    home.shows(eyes, "off")
    home.act("light.turn_on", eyes)
    home.shows(eyes, "on")
    return ""


def texts_are_shown_and_spoken(setup: Setup) -> str:
    """On the mouth, and by the assistant."""
    home, mark1 = setup.home, setup.mark1
    home.act("text.set_value", entity("mouth"), value="hello")
    mark1.face.wait_for(text="HELLO")
    home.shows(entity("mouth"), "hello")
    home.act("text.set_value", entity("mouth"), value="")
    mark1.face.wait_for(text="")
    home.shows(entity("mouth"), "")
    home.act("notify.send_message", entity("say"), message="dinner")
    assert mark1.wait_for("speak").data["utterance"] == "dinner"
    return ""


def the_picture_shows_what_the_face_shows(setup: Setup) -> str:
    """Pixel by pixel, as the stand-in for the firmware has drawn it."""
    home, face = setup.home, setup.mark1.face
    home.act("light.turn_on", entity("eyes"), rgb_color=[0, 255, 0], brightness=255, effect="open")
    home.act("text.set_value", entity("mouth"), value="hi")
    face.wait_for(text="HI", eyes="#00ff00")
    picture = png([(0, 255, 0)] * 24, str(face.mouth).split())
    until(lambda: home.image(entity("face")) == picture, "the picture")
    return f"{len(picture)} bytes"


def turn_press_recording_and_cable_are_reported(setup: Setup) -> str:
    """As events, and as states."""
    home, mark1 = setup.home, setup.mark1
    for detents, event in ((1, "up"), (-1, "down")):
        mark1.turn(detents)
        until(lambda event=event: home.attribute(entity("knob"), "event_type") == event, event)  # type: ignore[misc]
    mark1.press()
    until(lambda: home.attribute(entity("button"), "event_type") == "press", "the press")
    for report, state in (("begin", "on"), ("end", "off")):
        mark1.send(f"recognizer_loop:record_{report}")
        home.shows(entity("listening"), state)
    mark1.unplug()
    home.shows(entity("faceplate"), "off")
    mark1.plug()
    home.shows(entity("faceplate"), "on")
    return ""


def an_update_shows_its_progress(setup: Setup) -> str:
    """From the reports of the admin service."""
    home, mark1 = setup.home, setup.mark1
    mark1.send("system.update.progress", {"step": "download", "percent": 40})
    until(lambda: home.attribute(entity("update"), "update_percentage") == 40, "40 %")
    mark1.send("system.update.complete", {"has_updated": False})
    until(lambda: home.attribute(entity("update"), "in_progress") is False, "the end of the update")
    return ""


def a_refused_request_is_an_event(setup: Setup) -> str:
    """With the reason that the bus has given."""
    mark1, refused = setup.mark1, entity("refused")
    failed = {"error": "no card"}
    mark1.send("mycroft.volume.set.failed", failed, {"destination": "mycroft_mqtt"})
    until(lambda: setup.home.attribute(refused, "reason") == "no card", "the event")
    assert setup.home.attribute(refused, "event_type") == "failed"
    return ""


def a_board_with_lights_and_a_switch_appears_too(setup: Setup) -> str:
    """A Mark II's development kit, which has neither mouth nor knob."""
    home = setup.home
    folder = setup.folder / BOARD
    folder.mkdir()
    given = {"id": BOARD, "name": BOARD, "username": BOARD, "password_file": secret_file(folder)}

    def of_board(key: str) -> str:
        return entity(key, BOARD)

    with BoardDevice("sj201_r6") as device, BridgeProcess(folder, device.bus_url, setup.broker_url, **given):
        for key in ("board", "mute_switch", "listening", "eyes"):
            home.shows(of_board(key), "off")
        missing = {of_board(key) for key in ("mouth", "face", "faceplate", "knob")}
        assert not (found := missing & home.registry.keys()), found
        home.act("light.turn_on", of_board("eyes"), rgb_color=[0, 255, 0], brightness=255)
        home.shows(of_board("eyes"), "on", rgb_color=[0, 255, 0], brightness=255)
        device.slide("mute", muted=True)
        home.shows(of_board("mute_switch"), "on")
        device.press()
        until(lambda: home.attribute(of_board("button"), "event_type") == "press", "the press")
    home.shows(of_board("board"), "unavailable")
    return ""


def a_killed_bridge_is_unavailable_and_comes_back(setup: Setup) -> str:
    """The broker publishes the will of the bridge."""
    setup.bridge.kill()
    setup.home.shows(entity("volume"), "unavailable")
    setup.bridge.start()
    setup.volume_is_known()
    return ""


def everything_works_after_a_restart_of_the_broker(setup: Setup) -> str:
    """The device is unavailable in the meantime."""
    home = setup.home
    setup.broker.stop()
    home.shows(entity("volume"), "unavailable")
    setup.broker.start()
    setup.volume_is_known()
    home.act("number.set_value", entity("volume"), value=45)
    home.shows(entity("volume"), "45")
    return ""


def everything_works_after_a_restart_of_home_assistant(setup: Setup) -> str:
    """States are there at once, and nothing is set at the device."""
    home = setup.home
    home.stop()
    home.start()
    home.shows(entity("volume"), "45")
    home.shows(entity("faceplate"), "on")
    home.act("number.set_value", entity("volume"), value=55)
    home.shows(entity("volume"), "55")
    return ""


def a_bridge_without_rights_is_not_seen(setup: Setup) -> str:
    """It has the user of another device; its log says what the broker refuses."""
    home = setup.home
    folder = setup.folder / "stranger"
    folder.mkdir()
    given = {"id": "stranger", "name": "Stranger", "username": ID, "password_file": secret_file(folder)}
    with BridgeProcess(folder, setup.mark1.bus_url, setup.broker_url, **given) as stranger:
        until(lambda: "refuses homeassistant/device/stranger/config: Not authorized" in stranger.log, "a refusal")
        until(lambda: "refuses mycroft/stranger/volume: Not authorized" in stranger.log, "another refusal")
        home.act("number.set_value", entity("volume"), value=50)
        home.shows(entity("volume"), "50")  # the broker delivers in order
        assert not (seen := [name for name in home.states if "stranger" in name]), seen
    return ""


def the_machine_is_restarted_and_updated_with_full_control(setup: Setup) -> str:
    """The bridge of the test runs as a user who may administer the machine."""
    setup.home.act("button.press", entity("upgrade"))
    setup.mark1.host.wait_for("StartUnit mycroft-update.service")
    setup.home.act("button.press", entity("restart"))
    setup.mark1.host.wait_for("Reboot")
    return ""


def buttons_are_removed_without_full_control(setup: Setup) -> str:
    """Home Assistant forgets them, except for a disabled one, whose announcements it does not follow."""
    setup.bridge.kill()
    setup.bridge.set("control", "device")
    setup.bridge.start()
    buttons = {entity(key) for key in ("upgrade", "restart")}
    until(lambda: not buttons & setup.home.registry.keys(), "the end of the buttons")
    setup.volume_is_known()
    return ""


def home_assistant_has_logged_no_warning(setup: Setup) -> str:
    """Except that the broker was away."""
    found = [line for line in setup.home.warnings if "connect" not in line.lower()]
    assert not found, "\n".join(found)
    return ""


def a_device_that_is_gone_is_deleted_for_good(setup: Setup) -> str:
    """Home Assistant deletes its announcement at the broker, too, which would bring it back."""
    setup.bridge.kill()
    setup.home.delete(ID)
    until(lambda: not [name for name in setup.home.registry if "kitchen" in name], "the end of the entities")
    with Home(setup.broker.port, BROKER_USER, PASSWORD) as client:
        client.sees("availability", "offline")
        client.send("mycroft/barrier", "after all that is retained")
        until(lambda: "mycroft/barrier" in client.retained, "the barrier")
        assert not (found := [topic for topic in client.retained if topic.startswith("homeassistant/")]), found
    return ""


CHECKS: tuple[Callable[[Setup], str], ...] = (
    every_entity_appears_without_a_warning,
    volume_and_mutes_are_set,
    the_eyes_are_a_light,
    texts_are_shown_and_spoken,
    the_picture_shows_what_the_face_shows,
    turn_press_recording_and_cable_are_reported,
    an_update_shows_its_progress,
    a_refused_request_is_an_event,
    a_board_with_lights_and_a_switch_appears_too,
    a_killed_bridge_is_unavailable_and_comes_back,
    everything_works_after_a_restart_of_the_broker,
    everything_works_after_a_restart_of_home_assistant,
    a_bridge_without_rights_is_not_seen,
    the_machine_is_restarted_and_updated_with_full_control,
    buttons_are_removed_without_full_control,
    home_assistant_has_logged_no_warning,
    a_device_that_is_gone_is_deleted_for_good,
)


def main() -> int:
    """Prints a table of all checks; returns 1 where one has failed."""
    parser = argparse.ArgumentParser(prog="tests.ha", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/ha"), help="where to work (build/ha)")
    parser.add_argument("--mirror", metavar="URL", help="of Debian (that of this machine's apt)")
    options = parser.parse_args()
    folder, mirror = options.folder.resolve(), options.mirror or debian_mirror()
    tree = folder / "tree"
    table = Table(name="Home Assistant")
    if missing := missing_here(mirror) or ("" if is_made(tree) or pypi_answers() else "PyPI"):
        table.add("skip", "Home Assistant", f"Home Assistant skipped: it needs {missing}")
    else:
        assert mirror is not None
        with table.part("Home Assistant"):
            if not is_made(tree):
                make_tree(tree, mirror)
            check_all(tree, folder / "home-assistant.log", table)
    table.print()
    return 1 if table.failed else 0


def check_all(tree: Path, log: Path, table: Table) -> None:
    """Adds a row for each check, all with one Home Assistant."""
    log.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="mycroft-ha-") as name:
        folder = Path(name)
        rights = example_configuration(folder, ID, BOARD, BROKER_USER)
        with Mark1() as mark1, Mosquitto(folder, rights) as broker, HomeAssistant(tree, free_port(), log) as home:
            mark1.send("mycroft.volume.set", {"percent": 0.6})
            home.add_broker(broker.port, BROKER_USER, PASSWORD)
            url = f"mqtt://127.0.0.1:{broker.port}"
            given = {"control": "full", "username": ID, "password_file": secret_file(folder)}
            with BridgeProcess(folder, mark1.bus_url, url, **given) as bridge:
                setup = Setup(mark1, broker, bridge, home, folder)
                for check in CHECKS:
                    table.check(check.__name__.replace("_", " "), lambda check=check: check(setup))  # type: ignore[misc]


if __name__ == "__main__":
    sys.exit(main())
