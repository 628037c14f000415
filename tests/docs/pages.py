"""The pages of the documentation, and the code blocks in them.

The words after the language of a block say who types it (RUNNERS), and how: `press` presses the knob meanwhile,
`terminals` gives each line a terminal of its own, and `output` is what the block before prints. A block that no
test can type is in NOT_RUN, with the reason.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

OUTPUT, PRESS, TERMINALS = "output", "press", "terminals"
HOW = {OUTPUT, PRESS, TERMINALS}
SHELLS = ("sh", "bash")

_ITEM = re.compile(r"^ *```(?P<info>[^\n`]*)\n(?P<text>.*?)^ *```$|!\[[^\]]*\]\((?P<image>[^)]+)\)", re.M | re.S)
_FILE = re.compile(r"(?:[Ss]ave (?:it|this) as|[Aa]dd this to|[Pp]ut this into)\s+`([^`]+)`")

SIMULATOR, DEVICE, FRESH = "simulator", "device", "fresh"
ANOTHER_BOARD, BOARD, BROKER, EXAMPLE, HUB = "another-board", "board", "broker", "example", "hub"
RADIO, REMOTE, SATELLITE, UNINSTALL = "radio", "remote", "satellite", "uninstall"

RUNNERS = {
    SIMULATOR: "tests/docs/test_commands.py",
    DEVICE: "tests/image/pages.py",
    FRESH: "tests/image/fresh.py",
    ANOTHER_BOARD: "tests/image/another_board.py",
    BOARD: "tests/vm/boards/check_detect.py",
    BROKER: "tests/image/home.py",
    EXAMPLE: "tests/image/examples.py",
    HUB: "tests/bridges/hive/test_page.py",
    RADIO: "tests/vm/wifi/check_setup_again.py",
    REMOTE: "tests/image/remote.py",
    SATELLITE: "tests/bridges/voice/test_live.py",
    UNINSTALL: "tests/image/checks.py",
}
"""Who types the blocks with a mark: with a simulated Mark 1; on the booted device; on a fresh Debian; and
for a few pages, where their hardware or their peer is. Each asks `marked` for them."""

OF_ANY_PAGE = {SIMULATOR, DEVICE, FRESH}
"""Those that look for their blocks on all pages; the others name their pages."""

NOT_RUN = {
    "tutorials/image-builder.md": {
        "cd ..\ngit clone": "gets pi-gen, or rpi-image-gen, from GitHub as it is today",
        "chmod +x stage-mycroft": "runs pi-gen, for hours",
        "./rpi-image-gen build": "runs rpi-image-gen, for hours",
    },
    "how-to/from-a-checkout.md": {"sudo apt install alsa-utils": "needs the sound board of a Mark 1"},
}
"""By page, the beginnings of the blocks that no test runs, and why."""


INCLUDES = ("changes.md", "contributing.md", "reporting.md")
"""Pages that consist of a file beside docs."""


@dataclass(frozen=True)
class Block:
    """A code block."""

    language: str
    marks: frozenset[str]
    text: str
    file: str
    """The file that the reader is to save it as; empty for none."""


@dataclass(frozen=True)
class Image:
    """A picture on a page, by its file."""

    path: Path


def pages() -> list[str]:
    """All pages: README.md, and those below docs by their names there."""
    return [
        "README.md",
        *sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.name not in INCLUDES),
    ]


def path_of(page: str) -> Path:
    """The file of a page."""
    return ROOT / page if page == "README.md" else DOCS / page


def items(page: str) -> Iterator[Block | Image]:
    """Blocks and pictures of a page, in order."""
    path = path_of(page)
    text, end = path.read_text(), 0
    for found in _ITEM.finditer(text):
        if found["image"]:
            yield Image((path.parent / found["image"]).resolve())
        else:
            language, *marks = found["info"].split() or [""]
            named = _FILE.findall(text[end : found.start()])
            yield Block(language, frozenset(marks), dedent(found["text"]), named[-1] if named else "")
        end = found.end()


def blocks(page: str) -> list[Block]:
    """The code blocks of a page."""
    return [item for item in items(page) if isinstance(item, Block)]


@contextmanager
def named(page: str) -> Iterator[None]:
    """Has the errors of a block name its page."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{page}: {error}") from error


def marked(page: str, mark: str) -> list[str]:
    """What a runner types on a page, in order."""
    return [block.text for block in blocks(page) if mark in block.marks]
