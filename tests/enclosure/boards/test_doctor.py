"""The doctor on boards with pins and buses."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from enclosure.config import load_profile, profile_names
from enclosure.doctor import board, mixer
from enclosure.doctor.finding import Verdict
from enclosure.doctor.patient import Patient, Setup, User
from hw_sim.boards.gpiod import Gpio

PICROFT = {"buttons": {"talk": {"gpio": 17}}, "leds": {"kind": "gpio", "gpio": [27]}}
ROOT = User("root", 0, {})


def patient(name: str, root: Path, changes: Mapping[str, Any] | None = None) -> Patient:
    setup = Setup("ws://127.0.0.1:9/core", None, 9600, "default", [], load_profile(name, changes))
    return Patient(setup, root, ROOT, ROOT, {}, None)


async def test_a_board_without_pins_has_nothing_to_examine(tmp_path: Path) -> None:
    assert await board.check(patient("mycroft_mark_1", tmp_path)) == []
    assert await board.check(patient("picroft", tmp_path)) == []


async def test_what_a_profile_leaves_to_the_owner_is_reported(tmp_path: Path) -> None:
    found = {finding.name: finding for finding in await board.check(patient("aiy_voice_v2", tmp_path))}
    for sentence in load_profile("aiy_voice_v2").missing:
        assert sentence in found[board.MISSING].found
    assert found[board.MISSING].verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("card", "verdict"), [("sndrpigooglevoi", Verdict.OK), ("seeed4micvoicec", Verdict.WARN), ("lamp", Verdict.OK)]
)
def test_signs_that_boards_without_a_profile_have_too_name_no_other_board(
    card: str, verdict: Verdict, tmp_path: Path
) -> None:
    (tmp_path / "sys/class/sound/card0").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card0/id").write_text(f"{card}\n")
    found = patient("picroft", tmp_path)
    boards = {name: load_profile(name) for name in profile_names()}
    setup = replace(found.setup, platform="picroft", boards=boards)
    assert board.kind(replace(found, setup=setup)).verdict is verdict


@pytest.mark.parametrize("owner", ["", "mycroft-enclosure"])
async def test_pins_that_are_free_or_ours_are_well(owner: str, gpio: Gpio, tmp_path: Path) -> None:
    gpio.take(17, owner)
    (found,) = await board.check(patient("picroft", tmp_path, PICROFT))
    assert (found.verdict, found.found) == (Verdict.OK, "GPIO17, GPIO27: free, or used by the enclosure")


async def test_a_board_with_an_amplifier_needs_no_mixer_of_a_sound_card(tmp_path: Path) -> None:
    (found,) = await mixer.check(patient("sj201_r6", tmp_path))
    assert found.verdict is Verdict.SKIP
