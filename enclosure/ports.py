"""What the handlers may ask of devices; a driver meets one of these protocols."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from enclosure.activity import Activity
from enclosure.display import Bitmap, Command, EyesColor


class Display(Protocol):
    """What a board can show, in layers: question, volume, notification, skill content, activity, rest.

    A layer that ends uncovers the one below. No method waits, except `close`; an absent device is no error, and
    shows the whole state when it comes back. A board shows what it can, and ignores the rest.
    """

    @property
    def firmware(self) -> str | None:
        """Version of the display's firmware; None without one, and while it does not answer."""

    @property
    def pixels(self) -> Sequence[EyesColor]:
        """The colour of each pixel of the eyes, as it was asked for, at full brightness."""

    @property
    def mouth(self) -> Bitmap:
        """What skills and the activity show on the mouth, without questions and notices."""

    def show(self, command: Command) -> None:
        """Shows what a skill asks for.

        On the mouth it stays until the next text or picture, MouthAction.RESET, or a recording, which is the next
        thing that the user wants. Colour and level of the eyes are those of the rest layer from then on.
        """

    def indicate(self, activity: Activity) -> None:
        """Shows what the assistant is doing now."""

    def notify(self, text: str) -> None:
        """Shows a short text until it has been read; the next one replaces it."""

    def show_volume(self, level: float) -> None:
        """Shows the volume, 0 to 1, for a moment."""

    def ask(self, question: str | None) -> None:
        """Shows a question that waits for a press, above all else; None ends it.

        Reports QuestionShown(True) once it can be read in full, and QuestionShown(False) when it no longer can.
        """

    async def run(self) -> None:
        """Keeps the display up to date until cancelled."""

    async def close(self) -> None:
        """Shows what a device without this daemon looks like, or one that is leaving; returns when it is shown."""


class MixerLevel(NamedTuple):
    """The state of a mixer."""

    percent: int
    """0 to 100."""
    muted: bool
    """Whether it is switched off; never where the card has no switch."""


class Mixer(Protocol):
    """The playback level of a sound card. Each call takes some milliseconds, and may raise MixerError.

    After that the card is gone, and has to be opened again.
    """

    async def open(self) -> None:
        """Opens the card, again if it was open; before anything else."""

    def read(self) -> MixerLevel:
        """The current level."""

    def write(self, percent: int, muted: bool) -> MixerLevel:
        """Sets the level, 0 to 100; returns the level that the card has rounded it to.

        A card without a switch is turned down to 0 instead.
        """

    async def changed(self) -> None:
        """Waits until a program may have changed something, or the card is gone; `read` then shows which."""

    def close(self) -> None:
        """Ends the use of the card, whatever its state. An amplifier is switched off; a mixer keeps its level."""


class SerialPort(Protocol):
    """An open serial port."""

    async def read(self) -> bytes:
        """Waits for some bytes, at least one. Raises OSError when the port is gone."""

    def write(self, data: bytes) -> None:
        """Queues bytes, a line at a time. Raises OSError when the port is gone or full."""

    def close(self) -> None:
        """Closes the port; may be called twice."""


class Controls(Protocol):
    """Buttons, switches and encoders of a board. They report what people do as events."""

    async def run(self) -> None:
        """Reports until cancelled; waits for a chip that is missing, and reports its state."""


class InputLine(NamedTuple):
    """A GPIO line that a control pulls to one level."""

    offset: int
    active_low: bool
    pull: Literal["up", "down", "off"]
    debounce_s: float
    """How long a level has to last until it counts; 0 for an encoder, which bounces harmlessly."""


class Edge(NamedTuple):
    """A change of a line. Lines have the names of their controls; an encoder's end in ".a" and ".b"."""

    line: str
    active: bool
    """Whether the button is down, or the switch on."""
    at: float
    """Seconds of CLOCK_MONOTONIC, by the kernel where it says so."""


class Turn(NamedTuple):
    """A detent of an encoder that the kernel decodes."""

    encoder: str
    direction: Literal[1, -1]
    at: float
    """Seconds of CLOCK_MONOTONIC, by the kernel."""


class Lines(Protocol):
    """Input lines of a chip or of input devices. May raise BoardError; after that they have to be opened again."""

    def open(self) -> Mapping[str, bool]:
        """Opens the lines; returns whether each is active."""

    async def wait(self) -> None:
        """Waits until there is something to read."""

    def read(self) -> Sequence[Edge | Turn]:
        """What has changed since the last call, in order. Never waits."""

    def close(self) -> None:
        """Releases the lines; may be called twice, and without `open`."""


class Output(Protocol):
    """A GPIO line that we drive: a power pin, or a single LED. Each call may raise BoardError."""

    def open(self) -> None:
        """Requests the line, inactive."""

    def set(self, active: bool) -> None:
        """Drives the line."""

    def close(self) -> None:
        """Releases the line; may be called twice."""


class I2c(Protocol):
    """A chip on an I2C bus. Each call takes some milliseconds at most, and may raise BoardError."""

    def read(self, register: int) -> int:
        """The byte in a register."""

    def write(self, register: int, data: Sequence[int]) -> None:
        """Writes 1 to 32 bytes from a register on."""

    def close(self) -> None:
        """Closes the bus; may be called twice."""


class Spi(Protocol):
    """An SPI bus of which only the output is used."""

    def write(self, data: bytes) -> None:
        """Sends bytes, in some milliseconds. Raises BoardError."""

    def close(self) -> None:
        """Closes the bus; may be called twice."""


class Usb(Protocol):
    """A USB device with vendor requests."""

    def request(self, value: int, index: int, data: bytes) -> None:
        """Sends vendor request 0 with data, in some milliseconds. Raises BoardError."""

    def close(self) -> None:
        """Closes the device; may be called twice."""


class LedDevice(Protocol):
    """A device of the kernel for a row of LEDs."""

    def write(self, data: bytes) -> None:
        """Sends a frame, in some milliseconds. Raises BoardError."""


class Lights(Protocol):
    """A row of LEDs. Each call takes some milliseconds, and may raise BoardError."""

    @property
    def count(self) -> int:
        """The number of LEDs."""

    @property
    def interval_s(self) -> float:
        """The shortest time from one frame to the next."""

    def open(self) -> None:
        """Prepares the LEDs, their power first."""

    def show(self, frame: Sequence[tuple[int, int, int]]) -> None:
        """Shows a frame: red, green and blue of each LED, 0 to 255."""

    def close(self) -> None:
        """Releases what drives the LEDs; may be called twice."""
