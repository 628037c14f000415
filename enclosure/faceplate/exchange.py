"""The conversation with the firmware: what waits, what was sent, and what its lines mean. Pure, time is handed in.

The echo is the only flow control there is. The firmware's input buffer has 64 bytes, and what overruns it is lost
without an error (the real firmware v1.4.2, measured).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from enclosure.errors import FaceplateError
from enclosure.events import Brightness, Choice, Chosen, Pressed, Turned
from enclosure.faceplate.protocol import AHEAD, ECHO, VERSION, Banner, Echo, Version, busy_s_after, parse

BYTE_S = 10 / 9600
"""Time on the wire of one byte: start bit, eight bits, stop bit."""

ECHO_SLACK_S = 1.5
"""How much later than the wire allows an echo may come. A repaint delays it by 37 ms, filling the eyes by 450 ms,
a line left unfinished by another program by 1 s (the real firmware, measured)."""

ATTEMPTS = 3
"""The firmware reads nothing for 2.06 s when it restarts; the third attempt comes after that."""

SETTLE_S = 0.1
"""How long the firmware gets to read the line that was sent ahead of one that has to be sent again."""

QUEUE_LIMIT = 64
"""Lines that may wait, some 2 s of them."""

TEST_S = 60.0
"""How long the menu's test may take: the firmware reads nothing until the button was pressed four times and the
microphone listened to for 13 s."""

UPDATE = "update"
"""The line that comes before a new brightness."""

MAX_LEVEL = 30
"""The highest brightness that the firmware's menu sets."""

VISEME = "mouth.viseme="
MOUTH = ("mouth.", "weather.")
"""How lines begin that change what is on the mouth."""

Report = Banner | Version | Turned | Pressed | Chosen | Brightness


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line to send; `echoed` is called when the firmware has read it."""

    text: str
    echoed: Callable[[], object] | None


class Exchange:
    """One conversation, from the opening of the port on."""

    def __init__(self) -> None:
        self.due: float | None = None
        """When `late` is to be called."""
        self._waiting: deque[Line] = deque()
        self._sent: deque[Line] = deque()
        """Lines without an echo so far, the oldest first."""
        self._given_up: set[str] = set()
        """Lines of earlier attempts, whose echoes may still come."""
        self._attempt = 0
        self._busy_s = 0.0
        self._settled_at = 0.0
        self._in_step = False
        """Whether an echo has come: what comes before it may be the end of an older line."""
        self._tests = False
        self._update = False
        self._own_update = False

    @property
    def idle(self) -> bool:
        """Whether every line has been echoed."""
        return not self._waiting and not self._sent

    def put(self, text: str, echoed: Callable[[], object] | None = None) -> bool:
        """Has a line wait for its turn; False where too many wait already.

        A viseme takes the place of one that waits: that one is over.
        """
        if len(self._waiting) >= QUEUE_LIMIT:
            return False
        line = Line(text, echoed)
        if text.startswith(VISEME):
            mouths = [at for at, waiting in enumerate(self._waiting) if waiting.text.startswith(MOUTH)]
            if mouths and self._waiting[mouths[-1]].text.startswith(VISEME):
                self._waiting[mouths[-1]] = line
                return True
        self._waiting.append(line)
        return True

    def forget(self) -> None:
        """Drops the lines that wait; those that have been sent go on."""
        self._waiting.clear()

    def send(self, now: float) -> str | None:
        """The next line, with its end, if one may be sent now. Raises FaceplateError after the last attempt."""
        if not self._waiting or self._tests or now < self._settled_at:
            return None
        text = self._waiting[0].text
        if self._attempt >= ATTEMPTS:
            raise FaceplateError(f"no echo of {text}")
        if self._sent and not self._may_go_ahead(text):
            return None
        self._sent.append(self._waiting.popleft())
        if len(self._sent) == 1:
            self._expect(now)
        # A first line end ends what an interrupted or damaged line has left behind.
        return f"{text}\n" if self._in_step and not self._attempt else f"\n{text}\n"

    def late(self, now: float) -> bool:
        """Handles that an echo has not come in time. True if the end of the menu's test has not come either."""
        self.due = None
        self._settled_at = 0.0  # it is over, also if the caller's timer was early by its resolution
        if self._sent:
            self._send_again(now)
        tested, self._tests = self._tests, False
        return tested

    def receive(self, line: str, now: float) -> Report | None:
        """Handles a line from the firmware; returns what it reports."""
        follows_update, self._update = self._update, line == UPDATE
        match parse(line):
            case Echo(text):
                self._receive_echo(text, now)
            case Version() as version:
                if self._sent and self._sent[0].text == VERSION:
                    self._done(now)
                return version
            case Banner() as banner:
                self._restart()
                return banner
            case Turned() | Pressed() | Chosen() as event:
                return self._event(line, event, now)
            case _ if follows_update:
                return self._brightness(line)
        return None

    def _restart(self) -> None:
        """Begins again with a firmware that has lost all, and will be shown all again."""
        self._waiting = deque(line for line in (*self._sent, *self._waiting) if line.text == VERSION)
        self._sent.clear()
        self._given_up.clear()
        self._attempt, self._busy_s, self._settled_at, self.due = 0, 0.0, 0.0, None
        self._in_step = self._tests = self._update = self._own_update = False

    def _may_go_ahead(self, text: str) -> bool:
        """Whether a line may be sent before the echo of the one that is awaited."""
        calm = self._in_step and not self._attempt and not self._busy_s and len(self._sent) == 1
        return calm and not busy_s_after(self._sent[0].text) and len(text) + 1 <= AHEAD

    def _expect(self, now: float) -> None:
        """Sets how long the echo of the oldest line may take."""
        text = self._sent[0].text
        self.due = now + self._busy_s + (2 * len(text) + len(ECHO) + 3) * BYTE_S + ECHO_SLACK_S

    def _receive_echo(self, text: str, now: float) -> None:
        self._in_step = True
        self._own_update = text.startswith("eyes.level=")
        if not self._sent:
            return
        if text == self._sent[0].text:
            if text == VERSION:
                self._expect(now)  # the answer follows
            else:
                self._done(now)
        elif text and text not in self._given_up:
            self._send_again(now)

    def _done(self, now: float) -> None:
        line = self._sent.popleft()
        if not self._attempt and line.text not in self._given_up:
            self._given_up.clear()  # their echoes would have come before this one
        self._attempt = 0
        self._busy_s = busy_s_after(line.text)
        self.due = None
        if self._sent:
            self._expect(now)
        if line.echoed is not None:
            line.echoed()

    def _send_again(self, now: float) -> None:
        """Has all lines that were sent wait once more, in their order."""
        self._attempt += 1
        self.due = None
        if len(self._sent) > 1:
            self.due = self._settled_at = now + SETTLE_S
        self._given_up.update(line.text for line in self._sent)
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()

    def _event(self, line: str, event: Turned | Pressed | Chosen, now: float) -> Report | None:
        # The end of a damaged echo looks like an event where the command has such a text in it.
        sent = (*(sent.text for sent in self._sent), *self._given_up)
        if not self._in_step or any(text.endswith(line) for text in sent):
            return None
        if event == Chosen(Choice.TEST_BEGIN):
            if self._sent:
                self._send_again(now)
            self._attempt, self._settled_at, self._tests, self.due = min(self._attempt, 1), 0.0, True, now + TEST_S
        elif event == Chosen(Choice.TEST_END):
            self._tests, self.due = False, None
        return event

    def _brightness(self, line: str) -> Brightness | None:
        """After "update" comes a level: from the menu, or in answer to eyes.level; only the echo before tells."""
        own, self._own_update = self._own_update, False
        if own or len(line) > len(str(MAX_LEVEL)) or not line.isdecimal() or not 1 <= int(line) <= MAX_LEVEL:
            return None
        return Brightness(int(line))
