"""What is made from the profiles of the boards: ``python -m tests.boards`` writes it.

The pictures of docs/boards.md, and the list of boards in the question of mycroft-picroft. Both are committed:
Debian 12 can build the packages, but lacks libraries that the profiles are read with.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from bus.daemon import commented_json
from enclosure.board import Profile, chips, pins, spi_device
from enclosure.config import load_profile, profile_names

_ROOT = Path(__file__).parents[1]

TEMPLATES = _ROOT / "debian/mycroft-picroft.templates"
PAGE = _ROOT / "docs/boards.md"
PICTURES = _ROOT / "docs/boards"

OTHER_PACKAGE = "mycroft_mark_1"
"""The board of mycroft-mark-1."""

HEADER: tuple[int | str, ...] = (
    *("3V3", "5V", 2, "5V", 3, "ground", 4, 14, "ground", 15),
    *(17, 18, 27, "ground", 22, 23, "3V3", 24, 10, "ground"),
    *(9, 25, 11, 8, "ground", 7, 0, 1, 5, "ground", 6, 12, 13, "ground", 19, 16, 26, 20, "ground", 21),
)
"""Pins 1 to 40 of the Raspberry Pi: numbers of the GPIO, or what else it is."""

_COLOURS = {"3V3": "#f0a030", "5V": "#d03030", "ground": "#303030"}
_USED, _FREE = "#2060c0", "#d8d8d8"
_ROW, _TOP, _MIDDLE, _WIDTH = 20, 44, 270, 540


def choices() -> str:
    """The boards that debconf offers."""
    return ", ".join(["detect", *(name for name in profile_names() if name != OTHER_PACKAGE)])


def templates() -> str:
    """The question of mycroft-picroft, with these boards."""
    return re.sub("(?<=\nChoices: ).*", choices(), TEMPLATES.read_text())


def examples() -> dict[str, Profile]:
    """The boards of docs/boards.md whose pins its reader names, as the page shows them."""
    blocks = re.findall("^```\n({[^`]*)\n```$", PAGE.read_text(), re.MULTILINE)
    sections = [commented_json.parse(block.encode())["enclosure"] for block in blocks]
    return {
        section["platform"]: load_profile(section["platform"], section["board"])
        for section in sections
        if "board" in section
    }


def pictures() -> dict[str, str]:
    """The picture of each board that is on the header, by the name of its file."""
    boards = {name: load_profile(name) for name in profile_names()} | examples()
    return {f"{name}.svg": picture(name, used) for name, board in boards.items() if (used := wires(board))}


def wires(profile: Profile) -> dict[int, str]:
    """What is on each GPIO line that the profile uses."""
    found = {pin: _part(place) for pin, place in pins(profile)}
    if spi_device(profile):
        found |= {10: "LED data (SPI MOSI)", 11: "LED clock (SPI SCLK)"}
    if profile.leds.kind == "ws2812_pio":
        found[12] = "LED data (ws2812-pio)"
    on_i2c = ", ".join("LEDs" if chip.part == "leds" else chip.part for chip in chips(profile))
    if on_i2c:
        found |= {2: f"{on_i2c} (I2C SDA)", 3: f"{on_i2c} (I2C SCL)"}
    if profile.serial_port == "/dev/ttyAMA0":
        found |= {14: "faceplate (TXD)", 15: "faceplate (RXD)"}
    return found


def picture(name: str, used: Mapping[int, str]) -> str:
    """The header of a Raspberry Pi, as seen from above with the USB sockets at the bottom."""
    return "\n".join(_picture(name, used)) + "\n"


def _picture(name: str, used: Mapping[int, str]) -> Iterator[str]:
    height = _TOP + 20 * _ROW + 12
    what = "; ".join(f"GPIO{gpio}: {part}" for gpio, part in sorted(used.items()))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" role="img" '
        'font-family="sans-serif" font-size="13">'
    )
    yield f"<title>{escape(f'{name} on the 40-pin header')}</title>"
    yield f"<desc>{escape(what)}</desc>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    yield f'<text x="{_MIDDLE}" y="24" text-anchor="middle" font-weight="bold">{escape(name)}</text>'
    for pin, line in enumerate(HEADER, 1):
        left = pin % 2 == 1
        x = _MIDDLE + (-12 if left else 12)
        y = _TOP + (pin - 1) // 2 * _ROW + 10
        part = used.get(line) if isinstance(line, int) else None
        colour = _COLOURS[line] if isinstance(line, str) else _USED if part else _FREE
        yield f'<circle cx="{x}" cy="{y}" r="9" fill="{colour}"/>'
        number = "#303030" if colour == _FREE else "#ffffff"
        yield f'<text x="{x}" y="{y + 3}" font-size="9" text-anchor="middle" fill="{number}">{pin}</text>'
        label = line if isinstance(line, str) else f"GPIO{line}"
        text = label if part is None else f"{part}  {label}" if left else f"{label}  {part}"
        style = f'fill="{_USED}" font-weight="bold"' if part else 'fill="#707070"'
        anchor = "end" if left else "start"
        x += -16 if left else 16
        yield f'<text x="{x}" y="{y + 4}" text-anchor="{anchor}" {style}>{escape(text)}</text>'
    yield "</svg>"


def _part(place: str) -> str:
    """What a place in a profile is in words: "buttons.talk.gpio" is "talk button"."""
    kind, _, rest = place.partition(".")
    name, _, line = rest.partition(".")
    match kind:
        case "buttons":
            return f"{name} button"
        case "switches":
            return f"{name} switch"
        case "encoders":
            return f"{name} encoder {line.upper()}"
        case "leds":
            return {"gpio": "LED", "power_gpio": "LED power", "data_gpio": "LED data", "clock_gpio": "LED clock"}[
                name
            ]
        case _:
            return f"{kind} {name.removesuffix('_gpio')}"


if __name__ == "__main__":
    TEMPLATES.write_text(templates())
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    for file, text in pictures().items():
        (PICTURES / file).write_text(text)
