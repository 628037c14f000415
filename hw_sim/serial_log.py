"""The lines on the faceplate's serial port for the page, in both directions."""

from collections.abc import Callable

from hw_sim.panel import Log, cut, time_of_day

MAX_LINE = 400
"""Bytes after which a line without an end is shown."""


class SerialLog:
    """Makes lines of bytes, and adds them to a log."""

    def __init__(self, log: Log, changed: Callable[[], None]) -> None:
        self._log = log
        self._changed = changed
        self._partial = {True: b"", False: b""}

    def add(self, to_face: bool, data: bytes) -> None:
        """Bytes have arrived at the faceplate, or else at the host."""
        *lines, rest = (self._partial[to_face] + data).split(b"\n")
        if len(rest) > MAX_LINE:
            lines, rest = [*lines, rest], b""
        self._partial[to_face] = rest
        for line in filter(None, (line.rstrip(b"\r") for line in lines)):
            text = cut(line.decode("ascii", errors="backslashreplace"))
            self._log.add({"time": time_of_day(), "to_face": to_face, "text": text})
        if lines:
            self._changed()
