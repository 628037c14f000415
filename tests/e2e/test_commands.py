"""The daemons and commands as processes: output, exit codes, signals, errors."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from bus.daemon.config import SECTIONS, BusSettings, WebSocketSettings
from bus.message import Message
from bus.server.listener import Server
from hw_sim.host import Host
from tests.conftest import until

pytestmark = pytest.mark.real_time

FIELD = Path(__file__).parents[1] / "data/configurations"
NOWHERE = "ws://127.0.0.1:9/core"


async def start(*command: str, home: Path, stdin: int | None = None) -> Process:
    environment = {**os.environ, "HOME": str(home)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, stdin=stdin, stdout=PIPE, stderr=PIPE, env=environment
    )


async def outcome(*command: str, home: Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command that ends by itself."""
    process = await start(*command, home=home)
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def bus() -> AsyncIterator[Server]:
    async with Server(WebSocketSettings(port=0), BusSettings()) as server:
        yield server


@pytest.mark.parametrize("package", ["bus", "enclosure", "admin", "hw_sim"])
async def test_help_has_examples(package: str, tmp_path: Path) -> None:
    code, out, _ = await outcome(package, "--help", home=tmp_path)
    assert code == 0
    assert "examples:\n  mycroft-" in out


@pytest.mark.parametrize(
    ("command", "ready"),
    [
        (["bus", "serve", "--host", "127.0.0.1", "--port", "0"], "bus=ws://127.0.0.1:"),
        (["enclosure", "run", "--bus", NOWHERE, "--serial", "/nowhere"], "no bus at"),
        (["admin", "run", "--bus", NOWHERE, "--dbus", "{dbus}"], "no bus at"),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_daemon_runs_without_the_others_and_stops_on_a_signal(
    command: list[str], ready: str, number: signal.Signals, host: Host, tmp_path: Path
) -> None:
    process = await start(*(part.format(dbus=host.address) for part in command), home=tmp_path)
    assert process.stderr is not None
    assert process.stdout is not None
    line = await (process.stdout if ready.startswith("bus=") else process.stderr).readline()
    while ready not in line.decode():
        line = await process.stderr.readline()
        assert line, "ended"
    process.send_signal(number)
    async with asyncio.timeout(2):
        assert await process.wait() == 0
    assert "Traceback" not in (await process.stderr.read()).decode()


@pytest.mark.parametrize(
    ("command", "code", "complaint"),
    [
        (
            ["bus", "serve", "--port", "{port}"],
            1,
            "mycroft-bus: cannot listen on 127.0.0.1 port {port}: Address already in use",
        ),
        (["bus", "serve", "--port", "70000"], 2, "argument --port: 70000 is not a port, which is a number from 0"),
        (["bus", "serve", "--port", "abc"], 2, "argument --port: abc is not a port"),
        (["hw_sim", "run", "--face-port", "-1"], 2, "argument --face-port: -1 is not a port"),
        (["hw_sim", "run", "--face-port", "70000"], 2, "argument --face-port: 70000 is not a port"),
        (["hw_sim", "run", "--bus-port", "99999"], 2, "argument --bus-port: 99999 is not a port"),
        (["bus", "send", "x", "--bus", NOWHERE], 3, "mycroft-bus: no bus at ws://127.0.0.1:9/core"),
        (["bus", "send", "x", "[1]"], 2, "not a JSON object"),
        (["bus", "send", "x", '{{"a":NaN}}'], 2, "not a JSON object: NaN and Infinity are no JSON"),
        (["bus", "send", "x", '{{"a":"\\ud800"}}'], 2, "not a JSON object: 'utf-8' codec can't encode"),
        (["bus", "send", "\udcff"], 2, "argument TYPE: not UTF-8"),
        (["bus", "send", "x", "--timeout", "nan"], 2, "argument --timeout: nan is not a number above 0"),
        (["bus", "send", "x", "--timeout", "-1"], 2, "argument --timeout: -1 is not a number above 0"),
        (["bus", "replay", "-", "--speed", "fast"], 2, "argument --speed: fast is not a number above 0"),
        (["bus", "replay", "-", "--max-gap", "-1"], 2, "argument --max-gap: -1 is not a number of 0 or more"),
        (["bus", "listen", "--bus", "mark1:8181"], 2, "mark1:8181 is not a ws:, wss: or unix: address"),
        (["bus", "listen", "--bus", "ws://"], 2, "ws:// is not a ws:, wss: or unix: address"),
        (["enclosure", "run", "--bus", "ws:///core"], 2, "ws:///core is not a ws:, wss: or unix: address"),
        (["enclosure", "run", "--bus", "ws://mark1:99999"], 2, "ws://mark1:99999 is not a ws:, wss: or unix:"),
        (["admin", "run", "--bus", "unix:"], 2, "unix: is not a ws:, wss: or unix: address"),
        (["enclosure", "doctor", "--log-level", "debug"], 2, "unrecognized arguments: --log-level debug"),
        (["enclosure", "run", "--bus", "mark1:8181"], 2, "mark1:8181 is not a ws:, wss: or unix: address"),
        (["admin", "run", "--bus", "mark1:8181"], 2, "mark1:8181 is not a ws:, wss: or unix: address"),
        (["bus", "replay", "/nowhere"], 1, "/nowhere: No such file or directory"),
        (["bus", "replay", "/bin/true"], 1, "line 1: "),
        (["bus", "record", "/nowhere/file"], 1, "/nowhere/file: No such file or directory"),
        (["admin", "run", "--dbus", "unix:path=/nowhere"], 1, "mycroft-admin: no D-Bus: "),
        (
            ["enclosure", "run", "--profile", "toaster"],
            2,
            "argument --profile: there is no toaster; there are: auto, adafruit_voice_bonnet, aiy_voice_v1,",
        ),
        (["hw_sim", "faceplate", "--link", "/etc/passwd"], 2, "mycroft-sim: /etc/passwd is in the way"),
        (["hw_sim", "run", "--bus-port", "{port}", "--face-port", "0"], 1, "mycroft-sim: bus has ended by itself"),
    ],
)
async def test_a_command_that_cannot_start_gives_the_reason_in_one_line(
    command: list[str], code: int, complaint: str, bus: Server, tmp_path: Path
) -> None:
    port = bus.url.split(":")[2].split("/")[0]
    found, _, err = await outcome(*(part.format(port=port) for part in command), home=tmp_path)
    assert complaint.format(port=port) in err.splitlines()[-1]
    assert "Traceback" not in err
    assert found == code


async def test_the_configuration_of_all_programs_is_shown_and_changed(tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text(
        '{\n  "lang": "de-de", // of the assistant\n  "mqtt": {"broker": "mqtts://me:pass@hub"}\n}\n'
    )
    # Each program checks its own: a user name in the address is an error that only the bridge knows.
    code, out, err = await outcome("bus", "config", "--json", home=tmp_path)
    assert code == 2
    assert err == (
        f"mycroft-mqtt: {config}: line 3: mqtt.broker: no user name and no password here: see mqtt.username and "
        "mqtt.password_file\n"
    )
    assert "pass@" not in out
    broker = "mqtts://hub.lan"
    code, out, err = await outcome("enclosure", "set", "mqtt.broker", broker, home=tmp_path)
    assert (code, err) == (0, "")
    assert f'mqtt.broker is "{broker}" ({config}: line 3); before: not set' in out
    expected = '{\n  "lang": "de-de", // of the assistant\n  "mqtt": {"broker": "mqtts://hub.lan"}\n}\n'
    assert config.read_text() == expected
    code, out, err = await outcome("bus", "config", "--json", home=tmp_path)
    assert (code, err) == (0, "")
    values = {value["key"]: (value["value"], value["origin"]) for value in json.loads(out)}
    assert {key.partition(".")[0] for key in values} == {"log_level", *SECTIONS}
    assert values["mqtt.broker"] == (broker, f"{config}: line 3")
    assert values["enclosure.port"] == ("/dev/ttyAMA0", "profile mycroft_mark_1")
    assert values["admin.wifi.password"] == ("(hidden)", "default")


async def test_a_value_that_the_configuration_leaves_to_the_profile_has_that_as_its_origin(tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"enclosure": {"platform": "mycroft_mark_1",\n"volume": {"max": null, "duck": 20}}}')
    _, out, _ = await outcome("enclosure", "config", "--json", home=tmp_path)
    values = {value["key"]: (value["value"], value["origin"]) for value in json.loads(out)}
    assert values["enclosure.platform"][1] == f"{config}: line 1"
    assert values["enclosure.volume.max"] == (83, "profile mycroft_mark_1")
    assert values["enclosure.volume.duck"] == (20, f"{config}: line 2")
    assert values["enclosure.volume.start"] == (None, "default")


async def test_a_report_is_written_in_spite_of_a_wrong_configuration(tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"bus": {"max_queu": 5, "password": "sesame"}}')
    file = tmp_path / "report.txt"
    code, out, err = await outcome("enclosure", "report", str(file), home=tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith(f"{file}: Versions, units, ")
    text = file.read_text()
    assert "bus.max_queu: unknown key; did you mean max_queue?" in text
    assert "=== findings of the doctor ===\n" in text
    assert "sesame" not in text
    again = (1, "", f"mycroft-enclosure: {file}: File exists\n")
    assert await outcome("enclosure", "report", str(file), home=tmp_path) == again


async def test_a_configuration_error_names_file_line_and_key(tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"bus": {"max_queu": 5}}')
    code, _, err = await outcome("bus", "serve", "--port", "0", home=tmp_path)
    assert code == 2
    assert err == f"mycroft-bus: {config}: line 1: bus.max_queu: unknown key; did you mean max_queue?\n"


@pytest.mark.parametrize(
    ("websocket", "complaint"),
    [
        ('{"ssl": true}', "{config}: line 1: websocket.ssl: needs websocket.ssl_cert and websocket.ssl_key"),
        (
            '{"ssl": true, "ssl_cert": "/nowhere", "ssl_key": "/nothing"}',
            "websocket.ssl_cert /nowhere with websocket.ssl_key /nothing: [Errno 2] No such file or directory",
        ),
    ],
)
async def test_tls_without_a_readable_certificate_is_a_configuration_error(
    websocket: str, complaint: str, tmp_path: Path
) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text(f'{{"websocket": {websocket}}}')
    assert await outcome("bus", "serve", "--port", "0", home=tmp_path) == (
        *(2, "", f"mycroft-bus: {complaint.format(config=config)}\n"),
    )


@pytest.mark.parametrize("daemon", [["bus", "serve", "--port", "0"], ["enclosure", "run"], ["admin", "run"]])
async def test_the_level_of_the_log_reaches_each_daemon(daemon: list[str], tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_text('{"log_level": "DEBUG"}')
    process = await start(*daemon, home=tmp_path)
    assert process.stderr is not None
    assert " DEBUG   asyncio: " in (await process.stderr.readline()).decode()
    process.kill()
    await process.communicate()


@pytest.mark.parametrize("path", sorted(FIELD.iterdir()), ids=lambda path: path.stem)
async def test_configurations_of_the_field_start_all_daemons(path: Path, host: Host, tmp_path: Path) -> None:
    config = tmp_path / ".config/mycroft/mycroft.conf"
    config.parent.mkdir(parents=True)
    config.write_bytes(path.read_bytes())
    daemons = {
        "bus=ws://127.0.0.1:": ("bus", "serve", "--host", "127.0.0.1", "--port", "0"),
        "no bus at": ("enclosure", "run", "--bus", NOWHERE, "--serial", "/nowhere"),
        "no bus at ": ("admin", "run", "--bus", NOWHERE, "--dbus", host.address),
    }
    for ready, daemon in daemons.items():
        process = await start(*daemon, home=tmp_path)
        said = process.stdout if daemon[0] == "bus" else process.stderr
        assert said is not None
        while ready.strip() not in (line := (await said.readline()).decode()):
            assert line, "ended"
        process.terminate()
        _, err = await process.communicate()
        assert process.returncode == 0
        assert "Traceback" not in err.decode()


async def test_a_missing_serial_port_is_logged_once(tmp_path: Path) -> None:
    serial = ("--bus", NOWHERE, "--serial", "/nowhere", "--log-level", "debug")
    process = await start("enclosure", "run", *serial, home=tmp_path)
    assert process.stderr is not None
    log = await process.stderr.readuntil(b"faceplate still unplugged")  # a second attempt, at a lower level
    process.kill()
    await process.communicate()
    assert log.decode().count("WARNING enclosure.faceplate.link: faceplate unplugged") == 1


async def test_send_waits_for_the_answer_and_listen_shows_it(bus: Server, tmp_path: Path) -> None:
    listener = await start("bus", "listen", "x.*", "--bus", bus.url, home=tmp_path)
    while not len(bus.hub):
        await asyncio.sleep(0.01)
    asking = asyncio.create_task(
        outcome("bus", "send", "x.get", '{"a": 1}', "--wait", "--bus", bus.url, home=tmp_path)
    )
    assert listener.stdout is not None
    assert (await listener.stdout.readline()).decode().split(" ", 1)[1] == 'x.get {"a":1}\n'
    code, _, err = await outcome("bus", "send", "x.get.response", '{"b": 2}', "--bus", bus.url, home=tmp_path)
    assert (code, err) == (0, "")
    assert await asking == (0, '{"b":2}\n', "")
    assert await outcome("bus", "send", "y", "--wait", "--timeout", "3", "--bus", bus.url, home=tmp_path) == (
        *(1, "", "no y.response within 3 s\n"),
    )
    listener.terminate()
    await listener.communicate()


async def test_send_warns_of_invalid_fields_and_sends_them(bus: Server, tmp_path: Path) -> None:
    command = ("bus", "send", "enclosure.eyes.color", '{"r": 300, "x": 1}', "--bus", bus.url)
    code, _, err = await outcome(*command, home=tmp_path)
    assert code == 0
    assert "enclosure.eyes.color: r is 300, outside 0..255" in err
    assert "x is no field of enclosure.eyes.color; it has r, g, b" in err


async def test_a_misspelt_type_gets_a_hint(bus: Server, tmp_path: Path) -> None:
    code, _, err = await outcome("bus", "send", "mycroft.volume.gte", "--bus", bus.url, home=tmp_path)
    assert code == 0
    assert err == "mycroft-bus: mycroft.volume.gte: not documented; did you mean mycroft.volume.get?\n"


@pytest.mark.parametrize(
    ("question", "answers", "printed"),
    [
        ("mycroft.volume.mute", ["mycroft.volume.get.response"], "{}\n"),
        ("wifi.stop", ["system.wifi.ap_down"], "{}\n"),
        (
            "system.ntp.sync",
            ["system.ntp.syncing", "system.clock.synced"],
            "system.ntp.syncing {}\nsystem.clock.synced {}\n",
        ),
        ("system.ntp.sync", ["system.ntp.sync.complete"], "system.ntp.sync.complete {}\n"),
        (
            "enclosure.firmware.update",
            ["enclosure.firmware.update.complete"],
            "enclosure.firmware.update.complete {}\n",
        ),
    ],
)
async def test_send_waits_for_the_answer_that_the_contract_names(
    question: str, answers: list[str], printed: str, bus: Server, tmp_path: Path
) -> None:
    async def answer(connection: ServerConnection) -> None:
        asked = await connection.recv()
        for frame in (asked, *(Message(msg_type).serialize() for msg_type in answers)):
            await connection.send(frame)
        await connection.wait_closed()

    async with serve(answer, "127.0.0.1", 0) as other:
        url = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/core"
        send = ("bus", "send", question, "--wait", "--timeout", "2", "--bus", url)
        assert await outcome(*send, home=tmp_path) == (0, printed, "")


async def test_send_adds_the_session_of_this_device(bus: Server, tmp_path: Path) -> None:
    async with connect(bus.url) as listener:
        await listener.recv()
        await outcome("bus", "send", "x", "--bus", bus.url, home=tmp_path)
        assert json.loads(await listener.recv())["context"] == {"session": {"session_id": "default"}}


async def test_a_refused_handshake_passes_on_the_hint_of_the_bus(bus: Server, tmp_path: Path) -> None:
    url = bus.url.replace("/core", "/wrong")
    assert await outcome("bus", "send", "x", "--bus", url, home=tmp_path) == (
        *(3, "", f"mycroft-bus: no bus at {url}: it answers HTTP/1.1 404 Not Found: The bus is at /core.\n"),
    )


async def test_send_reads_from_standard_input_what_other_users_must_not_see(bus: Server, tmp_path: Path) -> None:
    async with connect(bus.url) as listener:
        await listener.recv()
        process = await start("bus", "send", "x", "-", "--bus", bus.url, home=tmp_path, stdin=PIPE)
        _, err = await process.communicate(b'{"password": "secret"}')
        assert (process.returncode, err) == (0, b"")
        assert json.loads(await listener.recv())["data"] == {"password": "secret"}


async def test_send_warns_of_an_invalid_type(bus: Server, tmp_path: Path) -> None:
    code, _, err = await outcome("bus", "send", "bad\x1b!", "--bus", bus.url, home=tmp_path)
    assert code == 0
    assert err.startswith(r"mycroft-bus: bad\u001b!: a type has letters, digits and .:_- only")


async def test_send_prints_the_answer_of_the_bus_itself(bus: Server, tmp_path: Path) -> None:
    code, out, _ = await outcome("bus", "send", "bus.status", "--bus", bus.url, home=tmp_path)
    assert (code, json.loads(out)["counters"]["received"]) == (0, 0)
    subscribe = ("bus", "send", "--bus", bus.url, "bus.subscribe")
    assert await outcome(*subscribe, '{"patterns": ["a"]}', home=tmp_path) == (0, '{"patterns":["a"]}\n', "")
    code, _, err = await outcome(*subscribe, '{"patterns": [1]}', home=tmp_path)
    assert code == 1
    assert "failed: a pattern is not a text" in err


async def relay(connection: ServerConnection) -> None:
    """Another bus, on which there are an encrypted message and a service that fails, and no good names."""
    await connection.send('{"ciphertext":"0","tag":"0","nonce":"0"}')
    async for frame in connection:
        await connection.send(frame)
        asked = Message.deserialize(str(frame))
        if asked.msg_type == "bus.status":
            clients = [{"name": "kitchen", "process": "a\x1b[2J\nb"}]
            data = {"version": "9\x1b[2J", "clients": clients, "counters": {}, "memory": 0}
            await connection.send(asked.response(data).serialize())
        elif asked.msg_type == "x.deny":
            await connection.send(Message("bus.message.denied", {"reason": "a\x1b[2J"}).serialize())
        else:
            await connection.send(asked.reply(f"{asked.msg_type}.failed", {"error": "it burns\x1b"}).serialize())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["send", "x", "--wait"], (1, "", "failed: it burns\\u001b\n")),
        (["send", "x", "--wait", "y"], (1, "", "failed: it burns\\u001b\n")),
        (["send", "x"], (0, "", "")),
        (["send", "x.deny", "--wait"], (1, "", "refused: a\\u001b[2J\n")),
    ],
)
async def test_send_prints_refusals_and_failures(
    command: list[str], said: tuple[int, str, str], tmp_path: Path
) -> None:
    async with serve(relay, "127.0.0.1", 0) as other:
        url = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/core"
        assert await outcome("bus", *command, "--bus", url, home=tmp_path) == said


async def test_control_characters_of_other_programs_are_escaped(bus: Server, tmp_path: Path) -> None:
    async with serve(relay, "127.0.0.1", 0) as other:
        url = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/core"
        code, out, _ = await outcome("bus", "status", "--bus", url, home=tmp_path)
        assert code == 0
        assert r"a\u001b[2J\u000ab" in out
        assert r"version 9\u001b[2J  memory 0.0 MiB" in out
    listener = await start("bus", "listen", "--bus", bus.url, home=tmp_path)
    await until(lambda: len(bus.hub) == 1, "the listener")
    await outcome("bus", "send", "x\n00:00:00 y\x1b", '{"a": "\x7f"}', "--bus", bus.url, home=tmp_path)
    assert listener.stdout is not None
    lines = [(await listener.stdout.readline()).decode() for _ in range(2)]  # the first one is the greeting
    assert lines[1].split(" ", 1)[1] == 'x\\u000a00:00:00 y\\u001b {"a":"\\u007f"}\n'
    listener.terminate()
    await listener.communicate()


async def test_listen_prints_json_and_reconnects(tmp_path: Path) -> None:
    settings = WebSocketSettings(port=0)
    async with Server(settings, BusSettings()) as bus:
        port, url = int(bus.url.split(":")[2].split("/")[0]), bus.url
        listener = await start("bus", "listen", "x", "--json", "--bus", url, home=tmp_path)
        await until(lambda: len(bus.hub) == 1, "the listener")
    async with Server(WebSocketSettings(port=port), BusSettings()) as bus:
        await until(lambda: len(bus.hub) == 1, "the listener again")
        await outcome("bus", "send", "x", '{"a": "ü"}', "--bus", url, home=tmp_path)
        assert listener.stdout is not None
        context = {"session": {"session_id": "default"}}
        assert json.loads(await listener.stdout.readline()) == {
            "type": "x",
            "data": {"a": "ü"},
            "context": context,
        }
        listener.terminate()
        await listener.communicate()


async def test_a_recording_can_be_replayed(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    recorder = await start("bus", "record", str(file), "--bus", bus.url, home=tmp_path)
    await until(lambda: len(bus.hub) == 1, "the recorder")
    for data in ('{"n": 1}', '{"n": 2}'):
        await outcome("bus", "send", "x", data, "--bus", bus.url, home=tmp_path)
    recorder.terminate()
    await recorder.communicate()

    async with connect(bus.url) as listener:
        await listener.recv()
        replay = ("bus", "replay", str(file), "--speed", "100", "--bus", bus.url)
        assert await outcome(*replay, home=tmp_path) == (0, "", "sent 2 of 2 messages, 0 refused\n")
        assert [json.loads(await listener.recv())["data"]["n"] for _ in range(2)] == [1, 2]

    file.write_text('{"time": 1, "message": {"type": "x"}}\n{"time": "late"}\n')
    code, _, err = await outcome("bus", "replay", str(file), "--bus", bus.url, home=tmp_path)
    assert (code, err) == (1, "mycroft-bus: line 2: Expected `float`, got `str` - at `$.time`\n")


async def test_a_recording_is_not_written_over_a_file_that_is_there(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text("old")
    record = ("bus", "record", str(file), "--bus", bus.url)
    refusal = f"mycroft-bus: {file} is there already; --overwrite replaces it\n"
    assert await outcome(*record, home=tmp_path) == (1, "", refusal)
    assert file.read_text() == "old"
    recorder = await start(*record, "--overwrite", home=tmp_path)
    await until(lambda: len(bus.hub) == 1, "the recorder")
    recorder.send_signal(signal.SIGINT)
    _, err = await recorder.communicate()
    assert (recorder.returncode, err.decode().splitlines()[-1]) == (0, "recorded 1 messages")
    assert json.loads(file.read_text())["message"]["type"] == "connected"


async def test_a_recording_on_a_full_disk_can_be_replayed_up_to_there(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    limited = "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); "
    program = f"{limited} runpy.run_module('bus', run_name='__main__')"
    recorder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, "record", str(file), "--bus", bus.url), stdout=PIPE, stderr=PIPE
    )
    await until(lambda: len(bus.hub) == 1, "the recorder")
    async with connect(bus.url) as sender:
        while recorder.returncode is None:
            await sender.send(Message("x", {"filler": "-" * 100}).serialize())
            await sender.recv()
    _, err = await recorder.communicate()
    assert recorder.returncode == 1
    assert f"{file}: File too large; what was recorded before is kept" in err.decode()
    count = len(file.read_text().splitlines())
    assert f"recorded {count} messages" in err.decode()
    replay = ("bus", "replay", str(file), "--max-gap", "0", "--bus", bus.url)
    replayed = f"sent {count - 1} of {count - 1} messages, 0 refused\n"  # all but the greeting
    assert await outcome(*replay, home=tmp_path) == (0, "", replayed)


async def test_a_replay_leaves_out_a_line_that_was_not_finished(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text('{"time": 1, "message": {"type": "x"}}\n{"time": 2, "mess')
    assert await outcome("bus", "replay", str(file), "--bus", bus.url, home=tmp_path) == (
        *(0, "", "left out line 2, which is not complete\nsent 1 of 1 messages, 0 refused\n"),
    )


async def test_a_long_pause_of_a_recording_is_announced_and_can_be_shortened(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    day = 86400
    file.write_text("".join(f'{{"time": {time}, "message": {{"type": "x"}}}}\n' for time in (1, day + 1, 5, day)))
    replay = ("bus", "replay", str(file), "--bus", bus.url)
    assert await outcome(*replay, "--max-gap", "0.1", home=tmp_path) == (
        *(0, "", "sent 4 of 4 messages, 0 refused\n"),
    )
    process = await start(*replay, home=tmp_path)
    assert process.stderr is not None
    announced = (await process.stderr.readline()).decode()
    assert announced == "the next message comes in 86400 s; --max-gap shortens such a pause\n"
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert err.decode() == "sent 1 of 4 messages, 0 refused\n"


async def test_a_replay_counts_refused_messages(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    file.write_text('{"time": 1, "message": {"data": 5}}\n{"time": 1, "message": {"type": "x"}}\n')
    code, _, _ = await outcome("bus", "replay", str(file), "--bus", bus.url, home=tmp_path)
    assert code == 1


async def test_a_replay_leaves_out_what_the_bus_does_not_relay(bus: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.jsonl"
    types = ("bus.status", "x", "bus.subscribe", "wifi.connect", "y")
    file.write_text("".join(f'{{"time": 1, "message": {{"type": "{name}"}}}}\n' for name in types))
    code, _, err = await outcome("bus", "replay", str(file), "--bus", bus.url, home=tmp_path)
    assert code == 0
    assert err.splitlines()[:-1] == [
        "left out bus.status, which is for the bus itself",
        "left out bus.subscribe, which is for the bus itself",
        "left out wifi.connect, which carries a password",
    ]
    assert bus.hub.counters.received == 2


async def test_status_prints_clients_and_counters(bus: Server, tmp_path: Path) -> None:
    code, out, _ = await outcome("bus", "status", "--bus", bus.url, home=tmp_path)
    assert code == 0
    assert out.split()[:7] == ["name", "uid", "pid", "process", "role", "received", "queued"]
    assert "rejected 0" in out
    code, out, _ = await outcome("bus", "status", "--json", "--bus", bus.url, home=tmp_path)
    assert json.loads(out)["counters"]["received"] == 0


async def test_types_prints_matching_types(tmp_path: Path) -> None:
    code, out, _ = await outcome("bus", "types", "enclosure.eyes.c*", home=tmp_path)
    assert code == 0
    assert out.startswith("enclosure.eyes.color\n")
    code, out, _ = await outcome("bus", "types", "mycroft.enable.ssh", "--json", home=tmp_path)
    assert [topic["type"] for topic in json.loads(out)] == ["system.ssh.enable"]
    code, out, _ = await outcome("bus", "types", "eyes.col", home=tmp_path)
    assert (code, out.splitlines()[0]) == (0, "enclosure.eyes.color")
    for options in ((), ("--json",)):
        none = await outcome("bus", "types", "nothing.*", *options, home=tmp_path)
        assert none == (1, "", "no type matches nothing.*\n")
    misspelt = await outcome("bus", "types", "mycroft.volme.set", home=tmp_path)
    assert misspelt == (1, "", "no type matches mycroft.volme.set; did you mean mycroft.volume.set?\n")
