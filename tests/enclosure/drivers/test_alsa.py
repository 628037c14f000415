import subprocess

import pytest

from enclosure.drivers.alsa import AlsaMixer
from enclosure.errors import MixerError
from hw_sim.sound import Sound


def amixer(*arguments: str) -> str:
    return subprocess.run(["amixer", *arguments], capture_output=True, text=True, check=True).stdout


async def test_the_mixer_is_the_real_one(sound: Sound) -> None:
    mixer = AlsaMixer("default", ("Nothing", "Master"))
    await mixer.set_volume(42)
    await mixer.set_muted(True)
    assert "[42%] [off]" in amixer("sget", "Master")
    assert (await mixer.volume(), await mixer.muted()) == (42, True)


async def test_what_others_change_is_seen(sound: Sound) -> None:
    mixer = AlsaMixer("default", ("Master",))
    await mixer.set_volume(10)
    amixer("sset", "Master", "70%", "unmute")
    assert (await mixer.volume(), await mixer.muted()) == (70, False)


async def test_a_card_without_such_a_control_says_what_it_has(sound: Sound) -> None:
    with pytest.raises(MixerError, match=r"none of PCM; there are: Master"):
        await AlsaMixer("default", ("PCM",)).volume()


async def test_a_card_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MixerError, match="mixer of hw:9"):
        await AlsaMixer("hw:9", ("Master",)).volume()
