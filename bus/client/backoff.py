"""When a client connects again, and what of an outage it logs. Pure."""

RETRY_FIRST_S = 0.1
"""The first retry comes soon because a bus that restarts is back in well under a second."""

RETRY_MAX_S = 5.0

STABLE_S = 10.0
"""A connection that has lasted this long ends an outage; one that the bus accepts and closes does not."""


class Backoff:
    """The state of an outage. Its beginning is logged, and its end; attempts between them are not."""

    def __init__(self, first_s: float = RETRY_FIRST_S, max_s: float = RETRY_MAX_S) -> None:
        self._first_s = self._retry_s = first_s
        self._max_s = max_s
        self._flapping = False
        """Whether a connection of this outage has been closed before it was stable."""

    def connected(self) -> bool:
        """A connection is open; whether to log it."""
        return not self._flapping

    def stable(self) -> bool:
        """A connection has lasted for STABLE_S; whether to log it, as its beginning was not."""
        unlogged = self._flapping
        self._retry_s, self._flapping = self._first_s, False
        return unlogged

    def failed(self, *, connected: bool) -> tuple[float, bool]:
        """A connection is closed, or there was none: seconds to the next attempt, and whether to log this."""
        first = self._retry_s == self._first_s
        log = first or (connected and not self._flapping)
        self._flapping = self._flapping or (connected and not first)
        retry_s, self._retry_s = self._retry_s, min(self._retry_s * 2, self._max_s)
        return retry_s, log
