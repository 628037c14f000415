"""The level of the simulated sound card, as any ALSA program sees it."""

import asyncio
from collections.abc import Callable

from enclosure.errors import MixerError

RETRY_S = 0.5

Level = dict[str, object]
"""{"percent", "muted"}"""


async def watch_mixer(show: Callable[[Level | None], None]) -> None:
    """Calls `show` with each new level, and with None while the card is away, until cancelled."""
    from enclosure.drivers.alsa import AlsaMixer  # noqa: PLC0415  # the other commands do without the library

    mixer = AlsaMixer("default", ("Master",))
    while True:
        try:
            await mixer.open()
            while True:
                level = mixer.read()
                show({"percent": level.percent, "muted": level.muted})
                await mixer.changed()
        except MixerError:
            show(None)
        await asyncio.sleep(RETRY_S)
