"""What is wrong with a device, in plain words, and what mends it: `mycroft-enclosure doctor`.

A check is handed what it judges, be it a text, a level or what was heard, and gives findings; `examine` goes and
gets all that. A serial port that the running enclosure holds is left to it: then that is asked, over the bus.
"""

import asyncio
import errno
import grp
import os
import pwd
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bus.client.client import BusClient
from bus.contract import ours as topics
from bus.contract.topic import Topic
from bus.errors import BusUnavailableError
from bus.message import Message
from enclosure.drivers.serial import AsyncSerial
from enclosure.errors import MixerError
from enclosure.faceplate.link import Link
from enclosure.handlers.faceplate import NEWEST_FIRMWARE
from enclosure.ports import Mixer

SOURCE = "mycroft_enclosure.doctor"
"""The source of what the doctor asks on the bus; answers have it as their destination."""

CONNECT_TIMEOUT_S = 2.0
ANSWERS_S = 1.0
"""How long answers are waited for; a second owner of something is found only by its second answer."""

CLOCK_TIMEOUT_S = 5.0

GROUPS_NEEDED = ("dialout", "audio")
GROUPS_USEFUL = ("gpio", "i2c", "spi")
"""For other boards than the Mark 1. Not every system has them."""

BOOT_FOLDERS = ("boot/firmware", "boot")
"""Where the first partition of the card is, since Raspberry Pi OS 12 and before it."""

SERIAL_OVERLAYS = ("miniuart-bt", "disable-bt", "pi3-miniuart-bt", "pi3-disable-bt")
"""Each takes the good serial port from Bluetooth; the last two are their old names."""
SOUND_OVERLAYS = ("proto-codec", "rpi-proto")
"""The Mark 1's sound board; the last one is its old name."""

CONFIG_SECTIONS = ("all", "pi3", "pi3+", "pi4")
"""Of config.txt, those for the boards that a Mark 1 may have inside."""

PHAL_IS_READY = "mycroft.PHAL.is_ready"
"""Answered by ovos_PHAL, which runs OVOS' hardware plugins."""

DISABLE = 'put "PHAL": {{{}}} into /etc/mycroft/mycroft.conf, then: systemctl --user restart ovos-phal'

MK1_PLUGIN = "ovos-phal-plugin-mk1"

QUESTIONS = (
    topics.STATUS.name,
    topics.FIRMWARE_VERSION_GET.name,
    topics.VOLUME_GET.name,
    topics.FACTORY_RESET_PING.name,  # asks who has hardware to reset, and resets none
    PHAL_IS_READY,
)


class State(StrEnum):
    """What a finding amounts to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """It could not be checked here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found."""

    name: str
    state: State
    found: str
    mend: str | None = None
    """The command or the edit that mends it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the doctor is to look at."""

    bus_url: str
    serial_port: str | None
    """None: the board has no faceplate."""
    serial_rate: int
    mixer_device: str
    mixer_controls: Sequence[str]


_COLOURS = {State.OK: "\033[32m", State.WARN: "\033[33m", State.FAIL: "\033[31m", State.SKIP: "\033[2m"}
_PLAIN = "\033[0m"


def healthy(findings: Sequence[Finding]) -> bool:
    """Whether there is nothing to mend."""
    return not any(finding.state in (State.WARN, State.FAIL) for finding in findings)


def report(findings: Sequence[Finding], *, colour: bool) -> str:
    """The findings for a person to read."""
    width = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        state = f"{finding.state:4}"
        if colour:
            state = f"{_COLOURS[finding.state]}{state}{_PLAIN}"
        lines.append(f"{state}  {finding.name:{width}}  {finding.found}")
        if finding.mend:
            lines.append(f"      {'':{width}}  -> {finding.mend}")
    return "\n".join(lines)


async def examine(setup: Setup, root: Path = Path("/")) -> list[Finding]:
    """All findings. `root` is where the files of the system are."""
    heard = await hear(setup.bus_url)
    return [
        *await faceplate_checks(setup, root, heard),
        mixer(setup.mixer_device, setup.mixer_controls),
        daemon_groups(),
        *(on_the_bus(setup.bus_url, heard) if heard is not None else [no_bus(setup.bus_url)]),
        clock(await ntp_synchronized()),
    ]


async def faceplate_checks(setup: Setup, root: Path, heard: Sequence[Message] | None) -> list[Finding]:
    """All that a Mark 1 needs and another board does not."""
    if setup.serial_port is None:
        return [Finding("faceplate", State.SKIP, "this kind of board has none")]
    port = root / setup.serial_port.removeprefix("/")
    return [
        serial_port(port),
        *boot_files(root, port.name),
        await faceplate(port, setup.serial_rate, heard),
    ]


# The serial port, and what starts with the machine.


def serial_port(port: Path) -> Finding:
    """Whether the port is there, and whether this user may use it."""
    name = "serial port"
    if not port.exists():
        mend = "mend the overlays below, or reboot if you have; another port is enclosure.port in mycroft.conf"
        return Finding(name, State.FAIL, f"{port} is not there", mend)
    if not os.access(port, os.R_OK | os.W_OK):
        user = pwd.getpwuid(os.getuid()).pw_name
        mend = f"sudo usermod -aG dialout {user}, then log out and in again"
        return Finding(name, State.FAIL, f"{user} may not read and write {port}", mend)
    return Finding(name, State.OK, f"{port} is there")


def boot_files(root: Path, port: str) -> Iterator[Finding]:
    """What cmdline.txt and config.txt say of the port and the sound board."""
    for name in ("cmdline.txt", "config.txt"):
        path = next((file for folder in BOOT_FOLDERS if (file := root / folder / name).is_file()), None)
        if path is None:
            yield Finding(name, State.SKIP, "there is none; this is no Raspberry Pi")
        elif name == "cmdline.txt":
            yield console(path.read_text(errors="replace"), path, port)
        else:
            yield from overlays(path.read_text(errors="replace"), path)


def console(cmdline: str, path: Path, port: str) -> Finding:
    """Whether the kernel keeps the port for its own messages and a login prompt."""
    for word in cmdline.split():
        key, _, device = word.partition("=")
        if key == "console" and device.split(",")[0] in ("serial0", port):
            return Finding(
                "serial console",
                State.FAIL,
                f"{path} has {word}: a login prompt talks to the face, and the face to the prompt",
                f"sudo sed -i 's/{word} *//' {path} && sudo reboot",
            )
    return Finding("serial console", State.OK, f"{path} leaves {port} alone")


def overlays(config: str, path: Path) -> Iterator[Finding]:
    """Whether the good serial port and the sound board are switched on."""
    lines = list(_effective(config))
    there = {line.removeprefix("dtoverlay=").split(",")[0] for line in lines if line.startswith("dtoverlay=")}
    if "enable_uart=0" in lines:
        mend = f"sudo sed -i '/^enable_uart=0/d' {path} && sudo reboot"
        yield Finding("serial overlay", State.FAIL, f"{path} has enable_uart=0: there is no serial port", mend)
    else:
        yield _overlay("serial overlay", SERIAL_OVERLAYS, there, path, "Bluetooth has the face's serial port")
    yield _overlay("sound overlay", SOUND_OVERLAYS, there, path, "the sound board is not switched on")


def _effective(config: str) -> Iterator[str]:
    """The lines of config.txt that count on this board."""
    section = "all"
    for raw in config.splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            section = line.strip("[]").lower()
        elif line and section in CONFIG_SECTIONS:
            yield line


def _overlay(name: str, wanted: Sequence[str], there: Collection[str], path: Path, else_: str) -> Finding:
    for overlay in wanted:
        if overlay in there:
            return Finding(name, State.OK, f"{path} has dtoverlay={overlay}")
    # Under [all], whatever section the file ends with.
    mend = f"printf '\\n[all]\\ndtoverlay={wanted[0]}\\n' | sudo tee -a {path} && sudo reboot"
    return Finding(name, State.FAIL, f"{path} has no dtoverlay={wanted[0]}: {else_}", mend)


# The devices.


async def faceplate(port: Path, rate: int, heard: Sequence[Message] | None) -> Finding:
    """Which firmware answers: on the port itself, or, where it is in use, as the running enclosure tells."""
    name = "faceplate"
    try:
        return firmware(await ask_version(port, rate))
    except OSError as error:
        if error.errno == errno.ENOENT:
            return Finding(name, State.SKIP, "it cannot be asked without its serial port")
        if error.errno != errno.EAGAIN:
            return Finding(name, State.FAIL, f"{port} cannot be opened: {error}", "see the serial port above")
    if heard is None:
        return Finding(name, State.SKIP, f"whoever has locked {port} cannot be asked without a bus")
    told = _answers(heard, topics.FIRMWARE_VERSION)
    if not told:
        mend = f"find out with sudo fuser -v {port} which one, and stop it"
        return Finding(name, State.FAIL, f"a program that does not answer on the bus has locked {port}", mend)
    return firmware(told[0].data.get("version"))


async def ask_version(port: Path, rate: int) -> str | None:
    """The version that the firmware on this port tells; None when it is silent. Raises OSError."""
    opened = AsyncSerial(str(port), rate)
    settled = asyncio.Event()
    # It gives up by itself after three attempts, which take 6 s.
    link = Link(lambda: opened, lambda _: None, lambda _: settled.set(), lambda: None)
    running = asyncio.create_task(link.run())
    await settled.wait()
    running.cancel()
    await asyncio.wait((running,))
    return link.firmware


def firmware(version: str | None) -> Finding:
    """Whether the faceplate answers, and with the last firmware that there is."""
    name = "faceplate"
    if version is None:
        mend = "switch the device off at the plug for 10 s; then check the serial console and overlay above"
        return Finding(name, State.FAIL, "nobody answers on the serial port", mend)
    if version != NEWEST_FIRMWARE:
        found = f"firmware {version} answers; the last one, and all that this was tried with, is {NEWEST_FIRMWARE}"
        return Finding(name, State.WARN, found, "see the section on the firmware in docs/mark1.md")
    return Finding(name, State.OK, f"firmware {version} answers")


def mixer(device: str, controls: Sequence[str]) -> Finding:
    """Whether there is a mixer, and whether one would hear anything."""
    try:
        from enclosure.drivers.alsa import AlsaMixer  # noqa: PLC0415  # to tell what is missing
    except ImportError as error:
        return Finding("mixer", State.FAIL, str(error), "sudo apt install python3-alsaaudio")
    return level(AlsaMixer(device, controls))


def level(of: Mixer) -> Finding:
    """Whether one would hear anything of this mixer."""
    name = "mixer"
    try:
        of.open()
        percent, muted = of.read()
    except MixerError as error:
        mend = (
            "aplay -l lists the cards; name the right one as enclosure.mixer in mycroft.conf, like hw:sndrpiproto"
        )
        return Finding(name, State.FAIL, str(error), mend)
    if muted:
        return Finding(name, State.WARN, "it is muted", "mycroft-bus send mycroft.volume.unmute")
    if percent == 0:
        mend = """mycroft-bus send mycroft.volume.set '{"percent": 0.5}'"""
        return Finding(name, State.WARN, "its level is 0", mend)
    return Finding(name, State.OK, f"its level is {percent} %")


# Users, groups, time.


def daemon_groups() -> Finding:
    """Whether the user that the daemon runs as may use its devices: mycroft if there is one, else this one."""
    try:
        user = pwd.getpwnam("mycroft")
    except KeyError:
        user = pwd.getpwuid(os.getuid())
    there = {group.gr_gid: group.gr_name for group in grp.getgrall()}
    mine = [there[gid] for gid in os.getgrouplist(user.pw_name, user.pw_gid) if gid in there]
    return groups(user.pw_name, mine, there.values())


def groups(user: str, mine: Collection[str], there: Collection[str]) -> Finding:
    """Whether a user is in the groups that own the devices, as far as this system has them."""
    missing = [
        group for group in GROUPS_NEEDED + GROUPS_USEFUL if group in there and group not in mine and user != "root"
    ]
    if not missing:
        return Finding("groups", State.OK, f"{user} may use serial port, sound card, pins and buses")
    state = State.FAIL if set(missing) & set(GROUPS_NEEDED) else State.WARN
    mend = f"sudo usermod -aG {','.join(missing)} {user}, then log out and in again"
    return Finding("groups", state, f"{user} is not in {', '.join(missing)}", mend)


async def ntp_synchronized() -> str:
    """ "yes", "no", or "" where nobody can tell: the kernel knows, whichever program sets its clock."""
    command = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL)
    except OSError:
        return ""
    try:
        async with asyncio.timeout(CLOCK_TIMEOUT_S):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return said.decode().strip()


def clock(synchronized: str) -> Finding:
    """Whether the time is right; a wrong one breaks certificates, and with them most skills."""
    match synchronized:
        case "yes":
            return Finding("clock", State.OK, "it is set from the network")
        case "no":
            found = "it has not been set from the network; without that, secure connections may fail"
            return Finding("clock", State.WARN, found, "sudo timedatectl set-ntp true")
    return Finding("clock", State.SKIP, "timedatectl does not tell whether it is right")


# The bus.


async def hear(url: str) -> list[Message] | None:
    """Asks everybody on the bus; what is heard within a second. None: no bus."""
    bus, heard = BusClient(url), list[Message]()

    async def take(message: Message) -> None:
        heard.append(message)

    running = asyncio.create_task(bus.run(take))
    try:
        for question in QUESTIONS:
            await bus.emit(Message(question, {}, {"source": SOURCE}), CONNECT_TIMEOUT_S)
        await asyncio.sleep(ANSWERS_S)
    except BusUnavailableError:
        return None
    finally:
        running.cancel()
        await asyncio.wait((running,))
    return heard


def no_bus(url: str) -> Finding:
    """That there is none."""
    return Finding("bus", State.FAIL, f"no bus at {url}, and so nobody who could be asked", "mycroft-bus serve")


def on_the_bus(url: str, heard: Sequence[Message]) -> Iterator[Finding]:
    """Who is on the bus, and whether two programs do the same."""
    status = _answers(heard, topics.STATUS_RESPONSE)
    yield bus(url, status[0].data["clients"] if status else None)
    yield enclosures(len(_answers(heard, topics.FIRMWARE_VERSION)))
    registered = {answer.data.get("skill_id") for answer in _answers(heard, topics.FACTORY_RESET_REGISTER)}
    phal = any(message.msg_type == f"{PHAL_IS_READY}.response" for message in heard)
    yield ovos(mk1=MK1_PLUGIN in registered, phal=phal)
    yield volume_owners(len(_answers(heard, topics.VOLUME_RESPONSE)), phal=phal)


def bus(url: str, clients: Sequence[Mapping[str, object]] | None) -> Finding:
    """Who is on the bus besides us; None for the clients where it does not tell."""
    if clients is None:
        return Finding("bus", State.OK, f"{url} answers; it is not ours, and does not tell who is on it")
    others = sorted(
        f"{client['process']} ({client['pid']})" if client["process"] else f"a program of user {client['uid']}"
        for client in clients
        if client["pid"] != os.getpid()
    )
    return Finding("bus", State.OK, f"{url} answers; on it: {', '.join(others) or 'nobody'}")


def enclosures(count: int) -> Finding:
    """Whether exactly one program answers for the face."""
    if count == 0:
        return Finding("enclosure", State.FAIL, "it does not run, or is on another bus", "mycroft-enclosure run")
    if count > 1:
        mend = "stop all but one; mycroft-bus status lists who is there"
        return Finding("enclosure", State.FAIL, f"{count} programs answer for the face", mend)
    return Finding("enclosure", State.OK, "it runs")


def ovos(*, mk1: bool, phal: bool) -> Finding:
    """Whether OVOS drives the face, too."""
    if mk1:
        found = "OVOS' plugin for the Mark 1 runs, too: each takes half of what the face says"
        mend = DISABLE.format('"ovos-phal-mk1": {"enabled": false}')
        return Finding("OVOS plugins", State.FAIL, found, mend)
    found = "ovos_PHAL runs, without its plugin for the Mark 1" if phal else "ovos_PHAL does not run"
    return Finding("OVOS plugins", State.OK, found)


def volume_owners(count: int, *, phal: bool) -> Finding:
    """Whether exactly one program owns the volume."""
    if count == 0:
        mend = "start the enclosure; where it runs, mend the mixer"
        return Finding("volume", State.FAIL, "nobody answers mycroft.volume.get", mend)
    if count > 1:
        found = f"{count} programs answer mycroft.volume.get: a turn of the knob counts {count} times"
        mend = (
            DISABLE.format(
                '"ovos-PHAL-plugin-alsa": {"enabled": false}, "ovos-PHAL-plugin-pulseaudio": {"enabled": false}'
            )
            if phal
            else "stop the other one; mycroft-bus status lists who is there"
        )
        return Finding("volume", State.FAIL, found, mend)
    return Finding("volume", State.OK, "it has one owner")


def _answers(heard: Sequence[Message], topic: Topic) -> list[Message]:
    """What was said to us; the same message may go to others, or to all, after a change."""
    return [
        message
        for message in heard
        if message.msg_type == topic.name and message.context.get("destination") == SOURCE
    ]
