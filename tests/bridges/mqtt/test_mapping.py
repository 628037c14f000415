import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridges.effects import EFFECTS
from bridges.mqtt.entities import COMPONENTS
from bridges.mqtt.mapping import MAX_PAYLOAD, QUESTIONS, SOURCE, Mirror, Publication, command
from bridges.mqtt.picture import face
from bus.contract import ours as topics
from bus.contract.lookup import topic_of
from bus.contract.patterns import Patterns
from bus.errors import PayloadError
from bus.message import Message

OWN: dict[str, Any] = {"source": "mycroft_enclosure"}


def made(key: str, payload: str) -> list[tuple[str, dict[str, Any]]]:
    return [(message.msg_type, message.data) for message in command(key, payload.encode())]


@pytest.mark.parametrize(
    ("key", "payload", "messages"),
    [
        ("volume", "35", [("mycroft.volume.set", {"percent": 0.35, "play_sound": False})]),
        ("volume", "0", [("mycroft.volume.set", {"percent": 0.0, "play_sound": False})]),
        ("volume", "100.0", [("mycroft.volume.set", {"percent": 1.0, "play_sound": False})]),
        ("mute", "ON", [("mycroft.volume.mute", {})]),
        ("mute", "OFF", [("mycroft.volume.unmute", {})]),
        ("mic_mute", "ON", [("mycroft.mic.mute", {})]),
        ("mic_mute", "OFF", [("mycroft.mic.unmute", {})]),
        ("eyes", '{"state":"OFF"}', [("enclosure.eyes.off", {})]),
        ("eyes", '{"state":"ON"}', [("enclosure.eyes.on", {})]),
        (
            "eyes",
            '{"state":"ON","color":{"r":255,"g":0,"b":1},"brightness":15}',
            [("enclosure.eyes.level", {"level": 15}), ("enclosure.eyes.color", {"r": 255, "g": 0, "b": 1})],
        ),
        ("eyes", '{"state":"ON","effect":"spin"}', [("enclosure.eyes.spin", {})]),
        ("eyes", '{"state":"ON","effect":"look left"}', [("enclosure.eyes.look", {"side": "l"})]),
        ("eyes", '{"state":"ON","effect":"look crossed"}', [("enclosure.eyes.look", {"side": "c"})]),
        ("mouth", "Grüße", [("enclosure.mouth.text", {"text": "Grüße"})]),
        ("mouth", "", [("enclosure.mouth.reset", {})]),
        ("say", "hello", [("speak", {"utterance": "hello"})]),
        ("restart", "PRESS", [("system.reboot", {})]),
        ("shutdown", "PRESS", [("system.shutdown", {})]),
        ("upgrade", "PRESS", [("system.update", {})]),
    ],
)
def test_a_command_is_a_message(key: str, payload: str, messages: list[tuple[str, dict[str, Any]]]) -> None:
    assert made(key, payload) == messages


def test_each_effect_is_a_message_that_the_contract_knows() -> None:
    for effect in EFFECTS:
        [message] = command("eyes", json.dumps({"state": "ON", "effect": effect}).encode())
        topic = topic_of(message.msg_type)
        assert topic is not None
        assert topic.problems(message.data) == []


def test_messages_name_the_bridge_as_their_source() -> None:
    assert [message.context for message in command("mute", b"ON")] == [{"source": SOURCE}]


@pytest.mark.parametrize(
    ("key", "payload"),
    [
        *(("volume", payload) for payload in (b"", b"banana", b"-1", b"101", b"nan", b"inf", b"1e999", b"\xff")),
        *(("mute", payload) for payload in (b"", b"on", b"TOGGLE")),
        *(("restart", payload) for payload in (b"", b"ON", b"press")),
        ("eyes", b"{}"),
        ("eyes", b"[" * 4000),
        ("eyes", b'{"state":"ON","brightness":31}'),
        ("eyes", b'{"state":"ON","color":{"r":256,"g":0,"b":0}}'),
        ("eyes", b'{"state":"ON","color":{"r":1}}'),
        ("eyes", b'{"state":"ON","effect":"rm"}'),
        ("mouth", b"x" * 256),
        ("say", b""),
        ("say", b"x" * (MAX_PAYLOAD + 1)),
        ("listening", b"ON"),
        ("nothing", b"ON"),
    ],
)
def test_a_command_that_is_wrong_is_refused(key: str, payload: bytes) -> None:
    with pytest.raises(PayloadError):
        command(key, payload)


@example("eyes", b'{"state":"ON","x":' + b"[" * 2000 + b"]" * 2000 + b"}")  # too deep for some versions of msgspec
@given(st.sampled_from([*COMPONENTS, "x"]), st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_no_payload_makes_anything_but_valid_messages(key: str, payload: bytes) -> None:
    try:
        messages = command(key, payload)
    except PayloadError:
        return
    for message in messages:
        topic = topic_of(message.msg_type)
        assert topic is not None
        assert topic.problems(message.data) == []


class Reader:
    def __init__(self) -> None:
        self.mirror = Mirror("0.1.0")

    def __call__(self, msg_type: str, data: dict[str, Any] | None = None, **context: Any) -> dict[str, Any]:
        """What is published, by key; JSON is parsed."""
        published = self.mirror.read(Message(msg_type, data or {}, context))
        return {publication.key: _parsed(publication) for publication in published}


def _parsed(publication: Publication) -> Any:
    payload = publication.payload
    return json.loads(payload) if isinstance(payload, str) and payload.startswith("{") else payload


@pytest.fixture
def read() -> Reader:
    return Reader()


def test_the_subscription_fits_and_has_what_is_read() -> None:
    patterns = Mirror("0.1.0").patterns
    compiled = Patterns(patterns)
    assert compiled.match("mycroft.volume.get.response")
    assert compiled.match("ovos.listener.record.started")
    assert not compiled.match("recognizer_loop:utterance")
    assert not compiled.match("speak")


def test_the_questions_are_those_that_the_contract_knows() -> None:
    for question in QUESTIONS:
        topic = topic_of(question.msg_type)
        assert topic is not None
        assert topic.problems(question.data) == []


def test_volume_and_mute_are_one_message(read: Reader) -> None:
    response = "mycroft.volume.get.response"
    assert read(response, {"percent": 0.35, "muted": False}) == {"volume": "35", "mute": "OFF"}
    assert read(response, {"percent": 0.35, "muted": True}) == {"mute": "ON"}
    assert read(response, {"percent": 0.35, "muted": True}) == {}


def test_the_microphone_is_followed_without_a_listener(read: Reader) -> None:
    assert read("mycroft.mic.mute.toggle") == {}
    assert read("mycroft.mic.mute") == {"mic_mute": "ON"}
    assert read("mycroft.mic.mute.toggle") == {"mic_mute": "OFF"}
    assert read("mycroft.mic.get_status.response", {"muted": True}) == {"mic_mute": "ON"}


def test_messages_of_a_satellite_are_not_about_this_device(read: Reader) -> None:
    assert read("mycroft.mic.mute", session={"session_id": "satellite"}) == {}


def test_the_second_of_a_pair_of_twins_is_not_read(read: Reader) -> None:
    read("recognizer_loop:record_begin")
    read("recognizer_loop:record_end")
    assert read("ovos.listener.record.started", _namespace_compat_twin=True) == {}
    assert read("ovos.listener.record.started")["listening"] == "ON"


def test_the_light_is_known_once_its_colour_is(read: Reader) -> None:
    assert read("enclosure.eyes.level", {"level": 10}) == {}
    pixels = [[0, 0, 255]] * 24
    light = {"state": "ON", "brightness": 10, "color_mode": "rgb"}
    assert read("enclosure.eyes.rgb", {"pixels": pixels}) == {
        "eyes": {**light, "color": {"r": 0, "g": 0, "b": 255}}
    }
    red = {"r": 255, "g": 0, "b": 0}
    assert read("enclosure.eyes.color", red) == {"eyes": {**light, "color": red, "effect": "open"}}
    assert read("enclosure.eyes.look", {"side": "u"})["eyes"]["effect"] == "look up"
    assert read("enclosure.eyes.off")["eyes"]["state"] == "OFF"
    assert read("enclosure.eyes.rgb", {"pixels": pixels}) == {}


@pytest.mark.parametrize(
    "pixels",
    [*([wrong] * 24 for wrong in (1, [1, 2], [1, 2, "x"], [1, 2, 256])), [[1, 2, 3]] * 25, "x", None],
)
def test_invalid_pixels_of_the_eyes_are_not_read(read: Reader, pixels: Any) -> None:
    assert read("enclosure.eyes.rgb", {"pixels": pixels}) == {}


def test_leds_are_off_until_a_message_lights_them(read: Reader) -> None:
    assert read("enclosure.eyes.rgb", {"pixels": []}) == {"eyes": {"state": "OFF"}}
    assert read("enclosure.eyes.spin") == {"eyes": {"state": "ON", "effect": "spin"}}
    assert read("enclosure.eyes.rgb", {"pixels": []}) == {}


MOUTH = ["#" * 32, *["." * 32] * 7]


def test_the_face_is_a_picture_of_eyes_and_mouth(read: Reader) -> None:
    mouth = {"rows": MOUTH}
    assert read("enclosure.mouth.pixels", mouth) == {"face": face([(0, 0, 0)] * 24, MOUTH)}
    read("enclosure.eyes.rgb", {"pixels": [[0, 0, 255]] * 24})
    assert read("enclosure.mouth.pixels", mouth) == {"face": face([(0, 0, 255)] * 24, MOUTH)}
    assert read("enclosure.mouth.pixels", mouth) == {}
    read("enclosure.eyes.off")
    assert read("enclosure.mouth.pixels", mouth) == {"face": face([(0, 0, 0)] * 24, MOUTH)}


@pytest.mark.parametrize("rows", [MOUTH[1:], [*MOUTH, "." * 32], ["#"] * 8, ["x" * 32] * 8, [1] * 8, "x", None])
def test_an_invalid_mouth_is_not_read(read: Reader, rows: Any) -> None:
    assert read("enclosure.mouth.pixels", {"rows": rows}) == {}


def test_a_text_on_the_mouth_ends_with_the_next_picture(read: Reader) -> None:
    assert read("enclosure.mouth.text", {"text": "hello"}) == {"mouth": {"text": "hello"}}
    assert read("enclosure.mouth.smile") == {"mouth": {"text": ""}}
    assert read("enclosure.mouth.text", {"text": "x" * 1000}) == {"mouth": {"text": "x" * 255}}


@pytest.mark.parametrize("msg_type", ["mycroft.mic.listen", "mycroft.stop", "mycroft.mic.error"])
def test_a_press_is_what_the_enclosure_asks_for(read: Reader, msg_type: str) -> None:
    assert read(msg_type, **OWN) == {"button": {"event_type": "press"}}
    assert read(msg_type, source="skill") == {}


def test_a_turn_is_an_event_that_may_be_lost(read: Reader) -> None:
    done: dict[str, Any] = {"session": {"session_id": "mycroft_enclosure.done"}, **OWN}
    [turn] = read.mirror.read(Message("mycroft.volume.increase", {}, done))
    assert (turn.key, turn.is_state, turn.qos) == ("knob", False, 0)
    assert read("mycroft.volume.decrease", **done) == {"knob": {"event_type": "down"}}
    assert read("mycroft.volume.decrease", source="skill") == {}


def test_parts_and_their_states(read: Reader) -> None:
    parts = {"display": "lights", "buttons": ["talk"], "switches": ["mute"], "knob": False}
    assert read("enclosure.parts", parts) == {"board": "OFF"}
    assert read.mirror.parts is not None
    assert read.mirror.parts.switches == ("mute",)
    assert read("mycroft.switch.state", {"name": "mute", "state": "off"}) == {"mute_switch": "ON"}
    broken = {"part": "lights", "state": "missing", "detail": ""}
    assert read("enclosure.board.state", broken) == {"board": "ON"}
    assert read("enclosure.board.state", {**broken, "state": "connected"}) == {"board": "OFF"}


def test_an_update_shows_its_progress(read: Reader) -> None:
    assert read("system.update.processing", {"processing": True})["update"]["in_progress"] is True
    percent = read("system.update.progress", {"step": "download", "percent": 40})["update"]["update_percentage"]
    assert percent == 40
    assert read("system.update.complete", {"has_updated": False})["update"]["in_progress"] is False


def test_an_update_ends_with_an_admin_service_that_comes_back_without_it(read: Reader) -> None:
    read("system.update.progress", {"step": "download", "percent": 40})
    assert read("system.status.response", {"under_way": {"system.update": [], "wifi.stop": []}}) == {}
    assert read("system.status.response", {"under_way": {}})["update"]["in_progress"] is False


def test_a_denied_request_is_an_event(read: Reader) -> None:
    denied = {"type": "system.reboot", "reason": "only root may send this"}
    assert read(topics.DENIED.name, denied) == {"refused": {"event_type": "denied", **denied}}


def test_a_failed_request_of_the_bridge_is_an_event(read: Reader) -> None:
    failed = "mycroft.volume.set.failed"
    assert read(failed, {"error": "no card"}, destination="skill") == {}
    expected = {"event_type": "failed", "type": "mycroft.volume.set", "reason": "no card"}
    assert read(failed, {"error": "no card"}, destination=SOURCE) == {"refused": expected}


def test_invalid_fields_change_nothing(read: Reader) -> None:
    assert read("mycroft.volume.get.response", {"percent": "loud"}) == {}
    assert read("enclosure.parts", {"display": "hologram"}) == {}
