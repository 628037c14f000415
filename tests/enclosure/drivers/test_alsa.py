import asyncio
import subprocess
from pathlib import Path

import pytest

from enclosure.drivers.alsa import AlsaMixer
from enclosure.errors import MixerError
from hw_sim.process import Program
from hw_sim.sound import Sound

pytestmark = pytest.mark.real_time


def amixer(*arguments: str) -> str:
    return subprocess.run(["amixer", *arguments], capture_output=True, text=True, check=True).stdout


def unplugged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sound:
    """The default sound card of this process, once it runs."""
    sound = Sound(folder)
    for name, value in sound.client_environment.items():
        monkeypatch.setenv(name, value)
    return sound


def remove_switch(sound: Sound) -> None:
    """Makes it a card like many small ones, on which Master has a level only."""
    sound.config.write_text(
        sound.config.read_text().replace("ctl.!default {", "ctl.real {")
        + """
        ctl.!default { type remap child real remap { "name='Master Playback Switch'" "name='Light Switch'" } }
        """
    )


async def opened(*controls: str) -> AlsaMixer:
    mixer = AlsaMixer("default", controls or ("Master",))
    await mixer.open()
    return mixer


async def test_the_mixer_is_the_one_of_the_card(sound: Sound) -> None:
    mixer = await opened("Nothing", "Master")
    assert mixer.write(42, True) == mixer.read() == (42, True)
    assert "[42%] [off]" in amixer("sget", "Master")


@pytest.mark.parametrize("level", [(0, False), (1, True), (50, False), (100, False)])
async def test_a_level_is_read_as_it_was_written(sound: Sound, level: tuple[int, bool]) -> None:
    assert (await opened()).write(*level) == level


async def test_changes_by_other_programs_are_noticed_and_our_own_are_not(sound: Sound) -> None:
    mixer, other = await opened(), await opened()
    changed, noticed = asyncio.create_task(mixer.changed()), asyncio.create_task(other.changed())
    await asyncio.sleep(0)
    mixer.write(10, False)
    await noticed
    await asyncio.sleep(0)  # an event of our own would have come with that of the other
    assert not changed.done()
    amixer("sset", "Master", "70%", "mute")
    await changed
    assert mixer.read() == (70, True)


async def test_a_card_that_vanishes_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    card = unplugged(tmp_path, monkeypatch)
    async with Program("sound", card.command, print, card.environment):
        await card.ready()
        mixer = await opened()
        changed = asyncio.create_task(mixer.changed())
        await asyncio.sleep(0)
    await changed
    with pytest.raises(MixerError, match="mixer of default"):
        mixer.read()
    with pytest.raises(MixerError):
        mixer.write(10, False)
    with pytest.raises(MixerError, match="Connection refused"):
        await mixer.open()
    assert "Connection refused" not in capfd.readouterr().err
    async with Program("sound", card.command, print, card.environment):
        await card.ready()
        await mixer.open()
        assert mixer.write(20, False) == (20, False)


async def test_a_card_without_a_switch_is_turned_down(sound: Sound) -> None:
    remove_switch(sound)
    mixer = await opened()
    assert mixer.write(40, True) == (0, False)
    assert mixer.write(40, False) == (40, False)


async def test_the_error_for_a_missing_control_lists_the_controls(sound: Sound) -> None:
    with pytest.raises(MixerError, match=r"none of PCM; there are: Master"):
        await opened("PCM")


async def test_a_card_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MixerError, match="mixer of hw:9"):
        await AlsaMixer("hw:9", ("Master",)).open()
