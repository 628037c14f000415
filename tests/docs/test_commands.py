"""What the pages say to type, typed as it stands there, on a simulated Mark 1; and the pictures of the result."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image as Pictures
from PIL import ImageChops

from hw_sim import drawing
from hw_sim.firmware import Firmware
from hw_sim.sound import Sound
from hw_sim.testing.mark1 import Mark1
from tests.compat.environment import pypi_answers
from tests.docs.pages import DOCS, OUTPUT, PRESS, ROOT, SIMULATOR, Block, Image, blocks, items, pages
from tests.docs.terminal import CTRL_C, Reaction, Terminal

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]

PAGES = [page for page in pages() if any(SIMULATOR in block.marks for block in blocks(page))]

APPEARS_S = 15.0
"""How long the face may take to show what a command asked for."""

SETTLED_S = 2.0
"""How long a face has to stand still until a missing picture of it is made."""

PRESS_EVERY_S = 1.0

TUTORIALS = DOCS / "tutorials"

REACTIONS = (Reaction(r"mycroft\.mic\.listen", CTRL_C),)
"""What the reader types when a press of the knob is seen."""

DEVICE_ON_PAGE = (29, 71, 587, 469)
"""The Mark 1 in the picture of the simulator's page: left, top, right and bottom in pixels."""


@contextmanager
def pressing(device: Mark1) -> Iterator[None]:
    """Presses the knob from time to time."""
    over = threading.Event()

    def press() -> None:
        while not over.wait(PRESS_EVERY_S):
            device.press()

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def looks(device: Mark1) -> drawing.Picture:
    """A picture of the face at this moment."""
    firmware = device.face.faceplate.firmware
    return drawing.face(*device.thread.call(lambda: (firmware.eyes, firmware.mouth)))


def is_on(page: Path, view: Callable[[], drawing.Picture]) -> None:
    """Waits until the face looks like a picture of a page; makes the picture, if there is none."""
    deadline = time.monotonic() + APPEARS_S
    if not page.exists():
        time.sleep(SETTLED_S)
        view().quantize(64).save(page, optimize=True)
    with Pictures.open(page) as opened:
        wanted = opened.convert("RGB")
    while ImageChops.difference(view().quantize(64).convert("RGB"), wanted).getbbox():
        assert time.monotonic() < deadline, f"the face is not as in {page}: remove it to have it made again"
        time.sleep(0.05)


@pytest.fixture
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of a shell whose loudspeaker leads nowhere."""
    card = Sound(tmp_path_factory.mktemp("sound"))
    with subprocess.Popen(card.command, env={**os.environ, **card.environment}) as server:
        try:
            asyncio.run(card.ready())
            yield card.client_environment
        finally:
            server.terminate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The home of the reader."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    Pictures.new("1", (32, 8)).save(tmp_path / "picture.png")
    return tmp_path


def environment(folder: Path, port: int) -> dict[str, str]:
    """The variables of the reader's shell. All programs find the bus in mycroft.conf."""
    configuration = folder / ".config/mycroft/mycroft.conf"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(json.dumps({"websocket": {"host": "127.0.0.1", "port": port}}))
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return {**kept, "HOME": str(folder), "PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("page", PAGES)
def test_commands_do_what_the_page_shows(page: str, folder: Path, sound: dict[str, str]) -> None:
    if any("pip install" in block.text for block in blocks(page)) and not pypi_answers():
        pytest.skip("PyPI cannot be reached")
    with (
        Mark1() as device,
        Terminal(*REACTIONS, folder=folder, environment=environment(folder, device.bus_port) | sound) as shell,
    ):
        printed, ran = "", False
        for item in items(page):
            match item:
                case Image(path) if ran and path.parent == TUTORIALS:
                    is_on(path, lambda: looks(device))
                    ran = False
                case Block(language="python", file=file, text=text) if file:
                    printed = shell.type(f"cat > {file} <<'END_OF_FILE'\n{text}END_OF_FILE")
                case Block(marks=marks, text=text) if SIMULATOR in marks and PRESS in marks:
                    with pressing(device):
                        printed, ran = shell.type(text), True
                case Block(marks=marks, text=text) if SIMULATOR in marks:
                    printed, ran = shell.type(text), True
                case Block(marks=marks, text=text) if OUTPUT in marks and ran:
                    assert printed == text


HANDS: dict[str, Callable[[Mark1], None]] = {
    "owner-ready": lambda _: None,
    "owner-volume": lambda device: device.turn(1),  # the firmware may merge two
    "owner-menu": Mark1.hold,
}


@pytest.mark.parametrize("name", HANDS)
def test_the_face_looks_like_the_picture_after_what_a_hand_does(name: str) -> None:
    with Mark1() as device:
        HANDS[name](device)
        is_on(TUTORIALS / f"{name}.png", lambda: looks(device))


def test_a_face_without_a_computer_looks_like_the_picture() -> None:
    firmware = Firmware()
    firmware.advance(1000)
    is_on(TUTORIALS / "owner-boot.png", lambda: drawing.face(firmware.eyes, firmware.mouth))


def test_the_picture_of_the_device_is_a_part_of_that_on_the_first_page() -> None:
    with Pictures.open(DOCS / "face.png") as page:
        device = page.convert("RGB").crop(DEVICE_ON_PAGE)
    is_on(TUTORIALS / "owner-device.png", lambda: device)
