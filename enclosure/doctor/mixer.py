"""The sound level: as the running enclosure reports it, else as the sound card has it."""

import os
from collections.abc import Sequence
from pathlib import Path

from bus.contract import ours as topics
from enclosure.doctor.finding import Finding, fail, ok, skip, warn
from enclosure.doctor.patient import AS_ROOT, Patient
from enclosure.errors import MixerError
from enclosure.ports import Mixer, MixerLevel

NAME = "mixer"


async def check(patient: Patient) -> list[Finding]:
    """One finding."""
    answers = patient.answers.to(topics.VOLUME_RESPONSE) if patient.answers else []
    if answers:
        return [level(MixerLevel(round(answers[0].data["percent"] * 100), answers[0].data["muted"]))]
    if patient.user != patient.daemon and locked_out(patient.root):
        return [skip(NAME, f"{patient.user.name} may not open the sound card", AS_ROOT)]
    return [await card(patient.setup.mixer_device, patient.setup.mixer_controls)]


def locked_out(root: Path) -> bool:
    """Whether there are sound cards, and this user may open none of them."""
    cards = list((root / "dev/snd").glob("controlC*"))
    return bool(cards) and not any(os.access(path, os.R_OK | os.W_OK) for path in cards)


async def card(device: str, controls: Sequence[str]) -> Finding:
    """What the sound card itself says."""
    try:
        from enclosure.drivers.alsa import AlsaMixer  # noqa: PLC0415  # to report that the library is missing
    except ImportError as error:
        return fail(NAME, str(error), "sudo apt install python3-alsaaudio")
    return await read(AlsaMixer(device, controls))


async def read(mixer: Mixer) -> Finding:
    """What a mixer says."""
    try:
        await mixer.open()
        return level(mixer.read())
    except MixerError as error:
        mend = (
            "aplay -l lists the cards; name the right one as enclosure.mixer in mycroft.conf, like hw:sndrpiproto"
        )
        return fail(NAME, str(error), mend)


def level(found: MixerLevel) -> Finding:
    """Whether a person would hear anything at this level."""
    percent, muted = found
    if muted:
        return warn(NAME, "it is muted", "mycroft-bus send mycroft.volume.unmute")
    if percent == 0:
        return warn(NAME, "its level is 0", """mycroft-bus send mycroft.volume.set '{"percent": 0.5}'""")
    return ok(NAME, f"its level is {percent} %")
