"""The fixtures for tests of skills, used as such a test would use them."""

import subprocess
import sys
from pathlib import Path

import pytest

from admin.dbus import system
from bus import Message, MessageBusClient
from hw_sim.errors import SimulatorError
from hw_sim.pytest_plugin import mark1, mark2, picroft  # noqa: F401  # fixtures
from hw_sim.testing.board import BoardDevice
from hw_sim.testing.mark1 import Mark1

pytestmark = pytest.mark.real_time

# ruff: noqa: F811  # fixtures


def test_messages_show_on_the_face(mark1: Mark1) -> None:
    assert (mark1.face.text, mark1.face.eyes) == ("", "#0000ff")
    mark1.send("enclosure.mouth.text", {"text": "Hello"})
    mark1.send("enclosure.eyes.color", {"r": 34, "g": 167, "b": 240})
    mark1.face.wait_for(text="HELLO", eyes="#22a7f0")
    assert mark1.face.pixels == ["#22a7f0"] * 24


def test_a_client_of_the_skill_uses_the_bus(mark1: Mark1) -> None:
    client = MessageBusClient(port=mark1.bus_port)
    client.on(
        "mycroft.mic.listen", lambda message: client.emit(message.reply("enclosure.mouth.text", {"text": "ok"}))
    )
    client.run_in_thread()
    try:
        assert client.connected_event.wait(10)
        mark1.press()
        mark1.face.wait_for(text="OK")
    finally:
        client.close()


def test_the_knob_is_the_volume(mark1: Mark1) -> None:
    before = mark1.sound.percent
    mark1.turn(-1)
    mark1.wait_for("mycroft.volume.decrease")
    assert mark1.sound.percent < before
    mark1.sound.set(83)
    while mark1.wait_for("mycroft.volume.get.response").data["percent"] != 1:
        pass


def test_a_hold_opens_the_menu_of_the_face(mark1: Mark1) -> None:
    mark1.hold()
    mark1.face.wait_for(text="ILLUM >")


def test_a_message_is_returned_once_and_before_others_of_other_types(mark1: Mark1) -> None:
    for number in range(3):
        mark1.send("skill.counted", {"number": number})
    mark1.send("skill.done")
    assert mark1.wait_for("skill.done").data == {}
    assert [mark1.wait_for("skill.counted").data["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(AssertionError, match=r"no skill.counted within 0.1 s after the 3 before"):
        mark1.wait_for("skill.counted", timeout=0.1)


def test_a_message_that_does_not_come_names_those_that_came(mark1: Mark1) -> None:
    mark1.send("skill.other", {"n": 1})
    mark1.wait_for("skill.other")
    with pytest.raises(AssertionError, match=r"no skill.done within 0.1 s; these came:\n  skill.other .*\"n\":1"):
        mark1.wait_for("skill.done", timeout=0.1)
    assert [message.msg_type for message in mark1.messages] == ["skill.other"]
    assert isinstance(mark1.messages[0], Message)


def test_a_face_that_does_not_show_it_is_shown(mark1: Mark1) -> None:
    with pytest.raises(
        AssertionError, match=r"no text 'NO' within 0.1 s, but this:\ntext '', eyes #0000ff\n\.{32}"
    ):
        mark1.face.wait_for(text="NO", timeout=0.1)


def test_the_host_is_asked_and_not_touched(mark1: Mark1) -> None:
    mark1.send("system.ssh.enable")
    mark1.wait_for("system.ssh.enabled")
    assert mark1.host.ssh
    mark1.send("system.reboot")
    mark1.host.wait_for("Reboot")
    assert mark1.host.calls == ["StartUnit mycroft-ssh-enable.service", "Reboot"]
    with pytest.raises(AssertionError, match=r"not asked for 'PowerOff' within 0.1 s, but for: StartUnit"):
        mark1.host.wait_for("PowerOff", timeout=0.1)


def test_the_face_shows_after_its_faults_what_it_was_told_before(mark1: Mark1) -> None:
    mark1.send("enclosure.mouth.text", {"text": "hi"})
    mark1.face.wait_for(text="HI")
    mark1.reset()
    mark1.face.wait_for(text="")
    mark1.face.wait_for(text="HI")
    mark1.unplug()
    mark1.send("enclosure.mouth.text", {"text": "ok"})
    mark1.plug()
    mark1.face.wait_for(text="OK")


@pytest.mark.parametrize("cable", ["one-byte", "lossy", "garbling"])
def test_a_bad_cable_delays_the_face_at_most(mark1: Mark1, cable: str) -> None:
    mark1.set_cable(cable)
    mark1.send("enclosure.mouth.text", {"text": "hi"})
    mark1.face.wait_for(text="HI", timeout=30)


def test_the_card_goes_and_comes_back(mark1: Mark1) -> None:
    mark1.sound.remove()
    mark1.send("mycroft.volume.set", {"percent": 0.5})
    mark1.wait_for("mycroft.volume.set.failed")
    mark1.sound.insert()
    mark1.wait_for("mycroft.volume.get.response")
    mark1.send("mycroft.volume.set", {"percent": 0.5})
    while mark1.wait_for("mycroft.volume.get.response").data["percent"] != 0.5:
        pass


def test_a_device_that_has_ended_says_why() -> None:
    device = Mark1().__enter__()
    with Path(device.face.faceplate.port).open("w") as port:
        port.write(f"mouth.text={60 * 'x'}\n")
    for act in (lambda: device.wait_for("skill.done"), device.__exit__):
        with pytest.raises(SimulatorError, match="has ended: the faceplate would not survive a text of 60 char"):
            act()


def test_the_device_and_its_clients_are_back_after_a_restart_of_the_bus(mark1: Mark1) -> None:
    url = mark1.bus_url
    client = MessageBusClient(port=mark1.bus_port)
    client.on("dice.roll", lambda message: client.emit(message.reply("dice.rolled")))
    client.run_in_thread()
    try:
        assert client.connected_event.wait(10)
        mark1.restart_bus()
        assert mark1.bus_url == url
        mark1.send("enclosure.mouth.text", {"text": "hi"})
        mark1.face.wait_for(text="HI")
        mark1.press()
        mark1.wait_for("mycroft.mic.listen")
        mark1.send("system.ssh.enable")
        mark1.wait_for("system.ssh.enabled")
        assert client.connected_event.wait(10)
        mark1.send("dice.roll")
        mark1.wait_for("dice.rolled")
        assert not any("ssh.status" in message.msg_type for message in mark1.messages)
    finally:
        client.close()


def test_calls_wait_while_the_host_hangs(mark1: Mark1) -> None:
    mark1.host.hang()
    mark1.send("system.ssh.enable")
    mark1.send("mycroft.volume.get")
    mark1.wait_for("mycroft.volume.get.response")
    assert (mark1.host.ssh, mark1.host.calls) == (False, [])
    mark1.host.resume()
    mark1.wait_for("system.ssh.enabled")
    assert mark1.host.ssh


def test_a_call_fails_while_the_host_hangs(mark1: Mark1, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "CALL_TIMEOUT_S", 0.1)
    mark1.host.hang()
    mark1.send("system.ssh.enable")
    assert "does not answer" in mark1.wait_for("system.ssh.enable.failed").data["error"]


def test_a_board_without_its_chips_comes_back(mark2: BoardDevice) -> None:
    mark2.unplug()
    for part in ("controls", "mixer"):
        while mark2.wait_for("enclosure.board.state").data["part"] != part:
            pass
    mark2.plug()
    back = {"part": "controls", "state": "connected", "detail": ""}
    while back not in [message.data for message in mark2.messages]:
        mark2.wait_for("enclosure.board.state")
    mark2.press()
    mark2.wait_for("mycroft.mic.listen")


def test_a_press_counts_once_where_contacts_bounce(picroft: BoardDevice) -> None:
    picroft.bounce()
    picroft.press()
    picroft.press("volume_up")
    picroft.wait_for("mycroft.volume.increase")
    assert [message.msg_type for message in picroft.messages].count("mycroft.mic.listen") == 1


def test_the_buttons_of_a_picroft_are_pressed(picroft: BoardDevice) -> None:
    assert picroft.leds.colours == []
    picroft.press()
    picroft.wait_for("mycroft.mic.listen")
    picroft.press("volume_up")
    picroft.wait_for("mycroft.volume.increase")


def test_the_ring_of_a_mark_2_lights_while_it_listens(mark2: BoardDevice) -> None:
    assert mark2.leds.colours == 12 * ["#000000"]
    mark2.send("recognizer_loop:record_begin")
    mark2.leds.wait_for(lambda colours: "#000000" not in colours)
    mark2.send("recognizer_loop:record_end")
    mark2.leds.wait_for(lambda colours: colours == 12 * ["#000000"])
    mark2.slide("mute", muted=True)
    mark2.wait_for("mycroft.mic.mute")
    with pytest.raises(AssertionError, match=r"the LEDs do not show it within 0.1 s, but: #"):
        mark2.leds.wait_for(lambda _: False, timeout=0.1)


def test_the_amplifier_of_a_mark_2_is_its_volume(mark2: BoardDevice) -> None:
    mark2.send("mycroft.volume.set", {"percent": 0.3})
    mark2.wait_for("mycroft.volume.get.response")
    assert (mark2.sound.percent, mark2.sound.muted) == (30, False)
    mark2.send("mycroft.volume.mute")
    mark2.wait_for("mycroft.volume.get.response")
    assert mark2.sound.muted
    mark2.sound.set(60)
    while mark2.wait_for("mycroft.volume.get.response").data["percent"] != 0.6:
        pass
    mark2.sound.remove()
    mark2.send("mycroft.volume.set", {"percent": 0.4})
    mark2.wait_for("mycroft.volume.set.failed")
    assert mark2.sound.muted
    mark2.sound.insert()
    while mark2.wait_for("mycroft.volume.get.response").data["percent"] != 0.6:
        pass
    assert mark2.sound.percent == 60


def test_a_picture_that_differs_is_shown_with_its_pixels(tmp_path: Path) -> None:
    (tmp_path / "test_skill.py").write_text(
        "def test_skill(mark1):\n"
        "    mark1.send('enclosure.mouth.text', {'text': 'hi'})\n"
        "    mark1.face.wait_for(text='HI')\n"
        "    assert mark1.face.mouth == '''\n"
        "        #..#.###\n"
        "        #..#..#.\n"
        "        ####..#.\n"
        "        #..#..#.\n"
        "        ##.#.##.\n"
        "    '''\n"
    )
    command = (sys.executable, "-m", "pytest", "-p", "hw_sim.pytest_plugin", "-c", "/dev/null", tmp_path)
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "assert the mouth shows another picture" in ran.stdout, ran.stdout
    assert "#-.#.##+" in ran.stdout
