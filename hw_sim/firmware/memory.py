"""What the memory of the published firmware bears, as the lines that a host may send. Pure.

The published build has some 150 bytes less between stack and heap than the one that was recorded. On it, lines
outside of these limits overwrite the heap within seconds; then the board does nothing until its power is cut
(measured on the nearest build: Arduino core 1.6.10, gcc 5.4).
"""

import re

TEXT_LIMIT = 24
"""Maximum length of a text in characters."""

STRIP = 8
"""Maximum width of a picture in columns."""

LINE_LIMIT = 39
"""Maximum length of any line in characters; longer ones were not measured within the other limits."""

GROWN_WITHIN = 4
"""Lines after a restart that may still be under way; from then on the heap has to have grown."""

_ICON = re.compile(r"(?:x=\d*,)?(?:y=\d*,)?(?:cP=\d*,)?(?:cT=\d*,)?(.*)")


class MemoryLimitError(Exception):
    """The host has sent a line that the published firmware does not survive."""


class LineLimits:
    """Checks what a host sends, line by line."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines = 0
        self._grown = False

    def restarted(self) -> None:
        """The firmware has restarted: its heap is small again."""
        self._lines = 0
        self._grown = False

    def take(self, data: bytes, *, in_menu: bool = False) -> None:
        """Checks bytes from the host. Raises MemoryLimitError for a line outside of the limits.

        The firmware's menu discards what is for the mouth, so no heap grows by that.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines += not in_menu
            if wrong := self._wrong(line.decode("latin-1"), in_menu):
                raise MemoryLimitError(f"{wrong}: {line.decode('latin-1')}")

    def _wrong(self, line: str, in_menu: bool) -> str:
        """What is wrong with a line; empty if nothing is."""
        command, _, arguments = line.partition("=")
        match command:
            case "mouth.text":
                self._grown = self._grown or (len(arguments) == TEXT_LIMIT and not in_menu)
                if len(arguments) > TEXT_LIMIT:
                    return f"a text of {len(arguments)} characters, more than {TEXT_LIMIT}"
            case "mouth.icon":
                if wrong := self._wrong_icon(arguments):
                    return wrong
            case "weather.display" if arguments.partition(",")[2] != "AA":
                return "a temperature and a picture in one line"
        return f"a line of {len(line)} characters, more than {LINE_LIMIT}" if len(line) > LINE_LIMIT else ""

    def _wrong_icon(self, arguments: str) -> str:
        match = _ICON.fullmatch(arguments)
        code = match[1] if match else ""
        if "$" in arguments:
            return "a picture in two parts"
        if code and ord(code[0]) - ord("A") > STRIP:
            return f"a picture of more than {STRIP} columns"
        if not self._grown and self._lines > GROWN_WITHIN:
            return f"a picture before the heap has grown by a text of {TEXT_LIMIT} characters"
        return ""
