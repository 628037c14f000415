"""The bridge as a process, with a simulated Mark 1 on one side and a real hivemind-core on the other."""

import json
import re
import shutil
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bridges.hive.config import UP
from bridges.hive.daemon import AWAY
from hw_sim.testing.mark1 import Mark1
from tests.bridges.hive.hub import KEY, PASSWORD, BridgeProcess, Hub, RecordedBus
from tests.bridges.memory import growth_kb
from tests.bridges.mqtt.mosquitto import until
from tests.bus.certificate import make_certificate

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(180)]  # the first time, hivemind-core is installed

UTTERANCE = "recognizer_loop:utterance"
SEND_DOWNSTREAM, SEND_UPSTREAM = "hive.send.downstream", "hive.send.upstream"
MOUTH_TEXT = "enclosure.mouth.text"
SKILL, INTENT = "skill-shop.mine", "skill-shop.mine:buy.intent"
HALL_KEY, ATTIC_KEY, CELLAR_KEY = (digit * 32 for digit in "abc")


@pytest.fixture(scope="module")
def mark1() -> Iterator[Mark1]:
    with Mark1() as device:
        yield device


@pytest.fixture(scope="module")
def hub_bus() -> Iterator[RecordedBus]:
    with RecordedBus() as bus:
        yield bus


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, hub_bus: RecordedBus) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"), hub_bus)
    hub.add_client("kitchen", *UP, "mycroft.volume.set.failed")
    hub.add_client("hall", *UP, key=HALL_KEY)
    hub.command("blacklist-skill", SKILL, "1")
    hub.command("blacklist-intent", INTENT, "1")
    with hub:
        yield hub


def paired(folder: Path, hub: Hub, key: str) -> Path:
    """What pairing writes. The hub knows each device by one key, so the bridges of all tests have the same."""
    bridge = BridgeProcess(folder, "", hub.url)
    assert bridge.pair(key).returncode == 0
    return bridge.state / "pairing.json"


@pytest.fixture(scope="module")
def pairing(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Path:
    """The pairing of the device in the kitchen."""
    return paired(tmp_path_factory.mktemp("kitchen"), hub, KEY)


@pytest.fixture(scope="module")
def hall_pairing(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Path:
    """The pairing of another device."""
    return paired(tmp_path_factory.mktemp("hall"), hub, HALL_KEY)


def wrapped(kind: str, msg_type: str, data: dict[str, Any], site: str | None = None) -> dict[str, Any]:
    """The data of a request to send a HiveMessage, up or down."""
    inner = {"type": msg_type, "data": data, "context": {}}
    payload = inner if kind == "bus" else {"msg_type": "bus", "payload": inner}
    return {"msg_type": kind, "payload": payload, "site_id": site}


def said(bus: RecordedBus | Mark1, utterance: str) -> bool:
    """Whether an utterance has come to a bus."""
    return [utterance] in [message.data.get("utterances") for message in [*bus.messages]]


def shows(mark1: Mark1, text: str) -> None:
    """Waits until the device is asked to show a text."""
    until(lambda: text in [message.data.get("text") for message in mark1.messages], f"the text {text}")


class Home(NamedTuple):
    """A paired device, and its hub."""

    mark1: Mark1
    hub: Hub
    bus: RecordedBus
    bridge: BridgeProcess
    peer: str
    """The hub's name of the device."""

    def asks(self, msg_type: str, data: dict[str, Any] | None = None, **context: object) -> None:
        """Has a program at the hub ask the device."""
        self.bus.send(msg_type, data, {"source": "skill", "destination": self.peer, **context})

    def sends(self, kind: str, msg_type: str, data: dict[str, Any] | None = None, site: str | None = None) -> None:
        """Has a program at the hub send a HiveMessage around a message of the bus."""
        self.bus.send(SEND_DOWNSTREAM, {**wrapped(kind, msg_type, data or {}, site), "peer": self.peer})

    def barrier(self) -> None:
        """Returns when all that the hub has sent before has reached the device."""
        self.bus.forget()
        self.asks("enclosure.firmware.version.get")
        self.mark1.wait_for("enclosure.firmware.version.get")


def started(mark1: Mark1, hub: Hub, bus: RecordedBus, bridge: BridgeProcess) -> Home:
    """Waits until the hub knows the device."""
    peer = bus.wait_for("mycroft.volume.get.response", lambda message: "peer" in message.context).context["peer"]
    return Home(mark1, hub, bus, bridge, peer)


@pytest.fixture
def home(mark1: Mark1, hub: Hub, pairing: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    hub_bus: RecordedBus = request.getfixturevalue("hub_bus")
    settings = {"site": "kitchen", **getattr(request, "param", {})}
    bridge = BridgeProcess(tmp_path, mark1.bus_url, hub.url, **settings)
    shutil.copy2(pairing, bridge.state)
    hub_bus.forget()
    with bridge:
        yield started(mark1, hub, hub_bus, bridge)


def test_a_program_at_the_hub_uses_the_volume_and_the_face(home: Home) -> None:
    home.asks("mycroft.volume.set", {"percent": 0.4}, __request_id__="7")
    answer = home.bus.wait_for("mycroft.volume.get.response", lambda message: message.data["percent"] == 0.4)
    assert answer.context["__request_id__"] == "7"
    assert answer.context["source"] == home.peer
    assert home.mark1.sound.percent == round(0.4 * 83)
    home.asks("enclosure.mouth.text", {"text": "hello"})
    home.mark1.face.wait_for(text="HELLO")


def test_an_utterance_is_answered_by_the_hub(home: Home) -> None:
    home.mark1.send(UTTERANCE, {"utterances": ["what time is it"]})
    question = home.bus.wait_for(UTTERANCE)
    assert question.data == {"utterances": ["what time is it"]}
    assert question.context["session"]["site_id"] == "kitchen"
    assert "latitude" not in str(question.context), "the hub's own place counts"
    answer = question.reply("speak", {"utterance": "noon"})
    home.bus.send(answer.msg_type, answer.data, answer.context)
    spoken = home.mark1.wait_for("speak")
    assert spoken.data == {"utterance": "noon"}
    assert spoken.context["session"]["session_id"] == "default"
    home.mark1.send("recognizer_loop:audio_output_start", {}, spoken.context)
    home.bus.wait_for("recognizer_loop:audio_output_start")


def test_a_press_of_the_button_stops_the_hub(home: Home) -> None:
    home.mark1.send("mycroft.stop", {}, {"source": "mycroft_enclosure"})
    home.bus.wait_for("mycroft.stop", lambda message: message.context.get("source") == home.peer)


def test_the_hub_cannot_restart_the_device(home: Home) -> None:
    home.asks("system.reboot")
    home.sends("broadcast", "system.reboot", site="kitchen")
    home.sends("bus", "bus.subscribe", {"patterns": ["nothing"]})
    home.barrier()
    assert "system.reboot" not in [message.msg_type for message in home.mark1.messages]
    assert home.mark1.host.calls == []
    assert home.bridge.log.count("system.reboot: it is for the admin service") == 1


def test_the_hub_denies_what_it_has_not_allowed_and_the_log_names_the_command(home: Home) -> None:
    for _ in range(2):
        home.asks("enclosure.report-parts")
    until(lambda: "the hub denies enclosure.parts" in home.bridge.log, "the denial")
    home.barrier()
    assert home.bridge.log.count("hivemind-core allow-msg enclosure.parts ID") == 1
    assert "enclosure.parts" not in home.bus.types()


def test_blacklisted_skills_and_intents_are_in_the_session_of_the_device(home: Home) -> None:
    home.mark1.send(UTTERANCE, {"utterances": ["buy"]})
    session = home.bus.wait_for(UTTERANCE).context["session"]
    assert SKILL in session["blacklisted_skills"]
    assert session["blacklisted_intents"] == [INTENT]


def test_a_broadcast_is_for_the_rooms_that_it_names(home: Home) -> None:
    home.sends("broadcast", "enclosure.mouth.text", {"text": "other"}, site="hall")
    home.sends("broadcast", "enclosure.mouth.text", {"text": "all"})
    home.sends("broadcast", "enclosure.mouth.text", {"text": "kitchen"}, site="kitchen")
    shows(home.mark1, "kitchen")
    assert not {"other", "all"} & {message.data.get("text") for message in home.mark1.messages}


@pytest.mark.parametrize("kind", ["escalate", "propagate"])
def test_a_program_on_the_device_reaches_the_room_of_the_hub(home: Home, kind: str) -> None:
    for site in ("nowhere", "home"):
        home.mark1.send(SEND_UPSTREAM, wrapped(kind, UTTERANCE, {"utterances": [kind, site]}, site))
    assert home.bus.wait_for(UTTERANCE).data == {"utterances": [kind, "home"]}


def test_a_query_is_answered_by_the_hub(home: Home) -> None:
    home.mark1.send(SEND_UPSTREAM, wrapped("query", UTTERANCE, {"utterances": ["who"]}))
    asked = home.bus.wait_for(UTTERANCE, lambda message: "query_id" in message.context)
    home.bus.send("speak", {"utterance": "me"}, asked.context)
    home.bus.send("ovos.utterance.handled", {}, asked.context)
    until(lambda: "me" in [message.data.get("utterance") for message in home.mark1.messages], "the answer")


def test_the_answer_to_a_query_of_the_hub_is_sent_but_this_hub_does_not_know_its_own(home: Home) -> None:
    home.sends("query", "mycroft.volume.get")
    until(lambda: "dropping unbacked query response" in home.hub.log.lower(), "the answer at the hub")


@pytest.mark.parametrize("home", [{"obey_satellites": True, "down": [UTTERANCE, "enclosure.*"]}], indirect=True)
def test_what_one_satellite_asks_all_is_answered_by_another(
    home: Home, hall_pairing: Path, tmp_path: Path
) -> None:
    (tmp_path / "hall").mkdir()
    with RecordedBus() as hall_bus:
        hall = BridgeProcess(tmp_path / "hall", hall_bus.url, home.hub.url, obey_satellites=True)
        shutil.copy2(hall_pairing, hall.state)
        with hall:
            hall_bus.wait_for("mycroft.volume.get")
            hall_bus.send(SEND_UPSTREAM, wrapped("cascade", UTTERANCE, {"utterances": ["who is there"]}))
            until(lambda: said(home.mark1, "who is there"), "the question in the kitchen")
            asked = [
                message for message in home.mark1.messages if message.data == {"utterances": ["who is there"]}
            ]
            answer = asked[-1].reply("speak", {"utterance": "the kitchen"})
            home.mark1.send(answer.msg_type, answer.data, answer.context)
            assert hall_bus.wait_for("speak").data == {"utterance": "the kitchen"}


@pytest.mark.parametrize("home", [{"share_bus": True}], indirect=True)
def test_the_hub_receives_a_shared_bus(home: Home) -> None:
    home.mark1.send("enclosure.mouth.text", {"text": "shared"})
    until(lambda: f"Monitoring bus from client: {home.peer}" in home.hub.log, "the copy at the hub")
    home.barrier()
    assert "enclosure.mouth.text" not in home.bus.types()


@pytest.mark.parametrize("home", [{"obey_satellites": True}], indirect=True)
def test_another_satellite_is_obeyed_if_the_owner_says_so(home: Home, hall_pairing: Path, tmp_path: Path) -> None:
    (tmp_path / "hall").mkdir()
    with RecordedBus() as hall_bus:
        hall = BridgeProcess(tmp_path / "hall", hall_bus.url, home.hub.url, up=["enclosure.*"])
        shutil.copy2(hall_pairing, hall.state)
        with hall:
            hall_bus.wait_for("mycroft.volume.get")
            hall_bus.send(SEND_UPSTREAM, wrapped("propagate", MOUTH_TEXT, {"text": "hall"}, "kitchen"))
            shows(home.mark1, "hall")


def test_a_long_message_comes_in_pieces(home: Home) -> None:
    text = "x" * 150_000
    home.mark1.send(UTTERANCE, {"utterances": [text]})
    assert home.bus.wait_for(UTTERANCE).data == {"utterances": [text]}
    home.asks("speak", {"utterance": text})
    until(lambda: {"utterance": text} in [message.data for message in home.mark1.messages], "the long speech")


def test_the_bridge_is_back_after_a_restart_of_the_hub(home: Home) -> None:
    home.hub.stop()
    home.mark1.send(UTTERANCE, {"utterances": ["hello"]})
    shows(home.mark1, AWAY)
    home.bus.forget()
    home.hub.start()
    started(home.mark1, home.hub, home.bus, home.bridge)
    home.asks("enclosure.mouth.text", {"text": "again"})
    shows(home.mark1, "again")


def test_memory_does_not_grow_with_messages(home: Home) -> None:
    def use() -> None:
        for _ in range(20):
            home.bus.forget()
            for _ in range(50):
                home.mark1.send("mycroft.stop")
            home.asks("mycroft.volume.get")
            home.bus.wait_for("mycroft.volume.get.response")

    assert growth_kb(home.bridge.process.pid, use) < 100


def test_pairing_keeps_what_others_may_not_see_to_itself(hub: Hub, pairing: Path) -> None:
    assert stat.S_IMODE(pairing.stat().st_mode) == 0o600
    kept = json.loads(pairing.read_text())
    assert PASSWORD not in pairing.read_text()
    assert kept["hub"] == hub.url
    assert "PRIVATE" not in pairing.read_text()


@pytest.mark.parametrize(
    ("key", "password", "reason"),
    [
        (KEY, "another horse battery staple", "does not have the password"),
        ("0" * 32, PASSWORD, "invalid api key"),
        ("", PASSWORD, "an access key and a password are needed"),
    ],
)
def test_a_wrong_key_or_password_is_one_line_and_nothing_is_written(
    hub: Hub, tmp_path: Path, key: str, password: str, reason: str
) -> None:
    bridge = BridgeProcess(tmp_path, "", hub.url)
    done = bridge.pair(key, password)
    assert done.returncode in (1, 2)
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert [*bridge.state.iterdir()] == []


def test_a_device_that_was_set_up_again_is_paired_with_one_command_on_the_hub(hub: Hub, tmp_path: Path) -> None:
    hub.add_client("cellar", *UP, key=CELLAR_KEY)
    before, bridge = (BridgeProcess(tmp_path, "", hub.url, name) for name in ("before", "state"))
    assert before.pair(CELLAR_KEY).returncode == 0
    refused = bridge.pair(CELLAR_KEY)
    assert refused.returncode == 1
    mend = re.search(r"hivemind-core (reset-noise-pin) (\d+)", refused.stderr)
    assert mend is not None
    hub.command(*mend.groups())
    done = bridge.pair(CELLAR_KEY)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if "allow-msg" in line)
    assert line.startswith("  hivemind-core allow-msg ")
    assert line.endswith(f" {mend[2]}")
    printed = hub.command(*line.split()[1:])
    assert "already allowed 'recognizer_loop:utterance'" in printed
    assert "Allowed 'enclosure.eyes.rgb'" in printed
    kept = (bridge.state / "pairing.json").read_bytes()
    assert bridge.pair(CELLAR_KEY).returncode == 0
    assert (bridge.state / "pairing.json").read_bytes() == kept, "a pairing that is repeated changes nothing"


def test_a_hub_with_another_key_is_not_trusted(hub: Hub, hub_bus: RecordedBus, tmp_path: Path) -> None:
    for name in ("one", "two", "device"):
        (tmp_path / name).mkdir()
    first, second = (Hub(tmp_path / name, hub_bus) for name in ("one", "two"))
    second.port = first.port
    second.configure()
    bridge = BridgeProcess(tmp_path / "device", hub_bus.url, first.url)
    first.add_client("kitchen")
    with first:
        assert bridge.pair().returncode == 0
    second.add_client("kitchen")
    with second, bridge:
        until(lambda: "another key" in bridge.log, "the refusal")
        assert "sudo mycroft-hive pair" in bridge.log
        assert "session established" not in second.log


def test_the_address_at_which_the_hub_listens_is_the_only_one(hub: Hub, tmp_path: Path) -> None:
    bridge = BridgeProcess(tmp_path, "", hub.url.replace("127.0.0.1", "127.0.0.2"))
    done = bridge.pair()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no hub at ws://127.0.0.2" in done.stderr


def test_tls_hides_the_access_key_from_the_network(hub_bus: RecordedBus, tmp_path: Path) -> None:
    for name in ("hub", "device", "stranger"):
        (tmp_path / name).mkdir()
    certificate = make_certificate(tmp_path, "IP:127.0.0.1")
    hub = Hub(tmp_path / "hub", hub_bus, certificate=certificate)
    hub.add_client("kitchen")
    with hub:
        refused = BridgeProcess(tmp_path / "stranger", "", hub.url).pair()
        assert "certificate verify failed" in refused.stderr
        bridge = BridgeProcess(tmp_path / "device", hub_bus.url, hub.url, ca_file=str(certificate[0]))
        assert bridge.pair().returncode == 0
        with bridge:
            until(lambda: "connected to the hub" in bridge.log, "the connection")


def test_a_device_that_may_not_escalate_is_disconnected(home: Home, tmp_path: Path) -> None:
    (tmp_path / "attic").mkdir()
    home.hub.add_client("attic", key=ATTIC_KEY)
    home.hub.command("blacklist-escalate", ATTIC_KEY)
    with RecordedBus() as bus:
        attic = BridgeProcess(tmp_path / "attic", bus.url, home.hub.url)
        assert attic.pair(ATTIC_KEY).returncode == 0
        with attic:
            bus.wait_for("mycroft.volume.get")
            bus.send(SEND_UPSTREAM, wrapped("escalate", UTTERANCE, {"utterances": ["hi"]}, "home"))
            until(lambda: "(4003)" in attic.log, "the end of the connection")


def test_through_a_second_hub_above_the_first(mark1: Mark1, tmp_path: Path) -> None:
    for name in ("top", "mid", "device"):
        (tmp_path / name).mkdir()
    with RecordedBus() as top_bus, RecordedBus() as mid_bus:
        top = Hub(tmp_path / "top", top_bus, site="attic")
        mid = Hub(tmp_path / "mid", mid_bus, upstream=top)
        top.add_client("mid", UTTERANCE)
        mid.add_client("kitchen", *UP)
        bridge = BridgeProcess(tmp_path / "device", mark1.bus_url, mid.url, site="kitchen", obey_satellites=True)
        with top, mid:
            assert bridge.pair().returncode == 0
            until(lambda: "session established" in top.log, "the connection of the hubs")
            with bridge:
                started(mark1, mid, mid_bus, bridge)
                for kind in ("broadcast", "propagate"):
                    top_bus.send(SEND_DOWNSTREAM, wrapped(kind, MOUTH_TEXT, {"text": f"top {kind}"}, "kitchen"))
                    shows(mark1, f"top {kind}")
                for kind in ("escalate", "propagate"):
                    mark1.send(SEND_UPSTREAM, wrapped(kind, UTTERANCE, {"utterances": [kind]}, "attic"))
                    until(partial(said, top_bus, kind), f"{kind} at the top")
                assert UTTERANCE not in mid_bus.types()
