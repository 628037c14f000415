"""A sound card that is kept at a volume, also when it comes back, or another program turns it."""

import asyncio
import logging
from collections.abc import Callable

from enclosure.errors import MixerError
from enclosure.events import BoardState, Event, PartState
from enclosure.ports import Mixer, MixerLevel
from enclosure.volume import LOUDEST, Volume

PART = "mixer"
"""Its name in reports: a sound card, or an amplifier of the board."""

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 5.0
"""A restarting PulseAudio is back within a second."""

_LOGGER = logging.getLogger(__name__)


class Card:
    """The volume, and the card that has it while it is there. `run` has to be running, as a task, for that.

    LOUDEST is `full` percent of the mixer. `save` gets each new volume. `on_found` is called when the card is
    there, and when another program has set it; `on_event` gets a BoardState when the card comes or goes.
    """

    def __init__(
        self,
        mixer: Mixer,
        full: int,
        volume: Volume,
        *,
        save: Callable[[Volume], None],
        on_found: Callable[[], None],
        on_event: Callable[[Event], None],
    ) -> None:
        self.volume = volume
        self._mixer = mixer
        self._full = full
        self._save = save
        self._on_found = on_found
        self._on_event = on_event
        self._seen: MixerLevel | None = None
        """What the mixer was set to when it was last read; None while the card is away."""

    @property
    def present(self) -> bool:
        """Whether the card is there."""
        return self._seen is not None

    async def run(self) -> None:
        """Keeps the card at the volume until cancelled."""
        try:
            await self._keep_at_volume()
        finally:
            self._mixer.close()

    async def _keep_at_volume(self) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                await self._mixer.open()
                self._write(self.volume)
                _LOGGER.info("the sound card is there")
                retry_s = RETRY_FIRST_S
                self._on_event(BoardState(PART, PartState.CONNECTED))
                self._on_found()
                while True:
                    await self._mixer.changed()
                    self.look()
            except MixerError as error:
                is_first = retry_s == RETRY_FIRST_S  # of this outage
                _LOGGER.log(logging.WARNING if is_first else logging.DEBUG, "%s", error)
                if is_first:
                    self._on_event(BoardState.lost(PART, error))
            self._seen = None
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, RETRY_MAX_S)

    def look(self) -> None:
        """Adopts what other programs have set. Raises MixerError.

        Levels of our own are not read back: the card rounds them.
        """
        if self._seen is None:
            raise MixerError("the sound card is away")
        before, self._seen = self._seen, self._mixer.read()
        if self._seen == before:
            return
        volume = self.volume
        if self._seen.percent != before.percent:
            volume = volume.found(round(self._seen.percent * LOUDEST / self._full))
        self._keep(volume.with_muted(self._seen.muted))
        self._on_found()

    def change(self, change: Callable[[Volume], Volume]) -> None:
        """Changes the volume. Raises MixerError.

        A level is then not set later. But what lowers the volume for a while, or no longer does, counts.
        """
        try:
            self.look()
            after = change(self.volume)
            self._write(after)
        except MixerError:
            self.volume = self.volume.with_ducks_of(change(self.volume))
            raise
        self._keep(after)

    def reset(self, volume: Volume) -> None:
        """Starts from a volume that is not saved. Raises MixerError."""
        self.volume = volume
        if self.present:
            self._write(volume)

    def _keep(self, volume: Volume) -> None:
        self.volume = volume
        self._save(volume)

    def _write(self, volume: Volume) -> None:
        self._seen = self._mixer.write(min(round(volume.heard * self._full / LOUDEST), 100), volume.muted)
