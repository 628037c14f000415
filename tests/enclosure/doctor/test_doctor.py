"""The doctor on a simulated device, healthy and with each of the faults."""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from enclosure.doctor import Finding, Verdict, boot_files, healthy, report
from enclosure.doctor.board import MISSING
from enclosure.doctor.patient import Patient
from enclosure.doctor.units import ADMIN
from hw_sim.boards.gpiod import Gpio
from hw_sim.boards.i2c import Buses
from tests.enclosure.doctor.faults import FAULTS, Fault, Seen
from tests.enclosure.doctor.world import ADMIN_ALIVE, PORT, SSH, STATE, VERSION, VOLUME, World, answer


@pytest.fixture(params=[True, False], ids=["root", "user"])
def device(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gpio: Gpio,
    i2c: Buses,
) -> Callable[[str], World]:
    """Makes a healthy device with a board, which root or an ordinary user examines."""
    return lambda board: World(tmp_path, monkeypatch, gpio, i2c, as_root=request.param, board=board)


@pytest.fixture
def world(device: Callable[[str], World]) -> World:
    return device("mycroft_mark_1")


@pytest.mark.parametrize("board", ["mycroft_mark_1", "sj201_r6", "respeaker_2mic", "picroft"])
async def test_a_healthy_device_has_nothing_to_mend(board: str, device: Callable[[str], World]) -> None:
    found = await device(board).examine()
    verdicts = {finding.verdict for name, finding in found.items() if name not in ("faceplate", MISSING)}
    assert verdicts == {Verdict.OK}, report([*found.values()], colour=False)


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.what for fault in FAULTS])
async def test_a_fault_is_found_and_its_mend_is_named(fault: Fault, device: Callable[[str], World]) -> None:
    world = device(fault.board)
    fault.simulated(world)
    finding = (await world.examine())[fault.name]
    wanted = Seen(fault.verdict, fault.found, fault.mend)
    if not world.as_root and fault.by_user is not None:
        wanted = fault.by_user
    verdict, found, mend = (
        text.replace("{root}", str(world.root)).replace("{port}", str(world.port)) for text in wanted
    )
    assert found in finding.found
    assert mend in (finding.mend or "")
    assert finding.verdict == verdict


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.what for fault in FAULTS])
async def test_each_mend_is_a_command_or_says_that_it_is_none(
    fault: Fault, device: Callable[[str], World]
) -> None:
    world = device(fault.board)
    fault.simulated(world)
    for finding in (await world.examine()).values():
        if finding.mend and not finding.by_hand:
            assert is_command(finding.mend), finding.mend


def is_command(text: str) -> bool:
    """Whether the shell can read a text, and it begins with a program that a mend may use."""
    programs = ("sudo ", "mycroft-bus ", "printf ", "echo ")
    return text.startswith(programs) and not subprocess.run(["sh", "-n", "-c", text], check=False).returncode


def test_each_row_is_broken_on_a_booted_device_or_says_why_not() -> None:
    assert not [fault.what for fault in FAULTS if bool(fault.broken) == bool(fault.not_booted)]


def not_utf8(path: Path) -> None:
    path.write_bytes(b"dtoverlay=\xff\xfe\x00\n" * 10)


def huge(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 100_000_000)


def dead_link(path: Path) -> None:
    path.symlink_to("/nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [not_utf8, huge, os.mkfifo, Path.mkdir, dead_link, loop])
@pytest.mark.parametrize("name", ["boot/firmware/config.txt", "boot/firmware/cmdline.txt", STATE, PORT])
async def test_whatever_lies_at_a_path_ends_in_a_finding(
    make: Callable[[Path], None], name: str, device: Callable[[str], World]
) -> None:
    world = device("sj201_r6")
    (world.root / "dev/i2c-1").unlink()  # so that config.txt is read for this, too
    world.serial_port = f"/{PORT}"
    path = world.root / name
    path.rmdir() if path.is_dir() else path.unlink()
    make(path)
    found = await world.examine()
    assert {"faceplate", "state folder", "I2C", "bus", "clock"} <= found.keys()


def test_a_name_that_a_program_has_chosen_does_not_control_the_terminal() -> None:
    found = Finding("bus", Verdict.FAIL, "\033[2Jx\nok    bus  y", "sudo kill 1 \r")
    assert report([found], colour=False).splitlines() == [
        "fail  bus  ?[2Jx?ok    bus  y",
        "           -> sudo kill 1 ?",
    ]


async def test_a_checkout_is_mended_by_its_own_commands(world: World) -> None:
    world.units.clear()
    world.without(VERSION, VOLUME, ADMIN_ALIVE, SSH)
    found = await world.examine()
    assert (found["enclosure"].mend or "").endswith("python -m enclosure run")
    assert (found["admin"].mend or "").endswith("python -m admin run")
    assert "groups" not in found
    world.with_(answer(VERSION.msg_type, version="1.4.2"))
    assert "systemctl" not in ((await world.examine())["volume"].mend or "")
    world.answers = None
    assert ((await world.examine())["bus"].mend or "").endswith("python -m bus serve")


async def test_the_volume_has_no_fault_of_its_own_where_the_sound_card_is_seen_to_be_missing(world: World) -> None:
    world.answers_no_volume(card=False)  # as root sees; an ordinary user may only lack the rights to open it
    assert (await world.examine())["volume"].verdict is (Verdict.SKIP if world.as_root else Verdict.FAIL)


async def test_the_check_of_what_a_user_may_not_look_at_is_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Patient) -> list[Finding]:
        raise PermissionError(errno.EACCES, "Permission denied", "/boot/firmware/config.txt")

    monkeypatch.setattr(boot_files, "check", refuse)
    found = await world.examine()
    assert found["boot files"].verdict is Verdict.SKIP
    assert "may not look at /boot/firmware/config.txt" in found["boot files"].found
    assert found["boot files"].mend == "sudo mycroft-enclosure doctor"
    assert found["clock"].verdict is Verdict.OK


async def test_admin_is_not_missed_where_it_is_not_installed(world: World) -> None:
    del world.units[ADMIN]
    world.without(ADMIN_ALIVE, SSH)
    assert (await world.examine())["admin"].verdict is Verdict.SKIP


FINDINGS = [Finding("clock", Verdict.OK, "right"), Finding("mixer", Verdict.WARN, "muted", "unmute it")]


def test_report() -> None:
    assert report(FINDINGS, colour=False).splitlines() == [
        "ok    clock  right",
        "warn  mixer  muted",
        "             -> unmute it",
    ]
    assert "\033[33mwarn\033[0m  mixer" in report(FINDINGS, colour=True)


def test_healthy() -> None:
    assert healthy([Finding("a", Verdict.OK, ""), Finding("b", Verdict.SKIP, "")])
    assert not healthy(FINDINGS)
