"""`show` and `eyes`, by which a user tries the display out."""

from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from bus.server.listener import Server
from tests.conftest import until
from tests.e2e.device import device
from tests.e2e.test_commands import NOWHERE, bus, outcome  # noqa: F401  # bus is a fixture
from tests.e2e.test_device import HI

pytestmark = pytest.mark.real_time

UNPLUGGED = "mycroft-enclosure: the face is unplugged, or does not answer\n"


def drawn(path: Path) -> str:
    """A picture with its first and last column black, which are lit."""
    image = Image.new("L", (32, 8), "white")
    for x in (0, 31):
        for y in range(8):
            image.putpixel((x, y), 0)
    image.save(path)
    return str(path)


def lit(colour: str, eyes: list[str], _: list[str]) -> bool:
    return set(eyes) == {colour}


async def test_show_and_eyes_are_seen_on_the_face(tmp_path: Path) -> None:
    async with device() as found:

        async def told(*command: str) -> None:
            assert await outcome("enclosure", *command, "--bus", found.bus, home=tmp_path) == (0, "", "")

        await told("show", "hi")
        await found.sees(lambda _, mouth: [row.strip(".") for row in mouth[2:7]] == HI, "HI")
        await told("show", drawn(tmp_path / "picture.PNG"))
        await found.sees(lambda _, mouth: set(mouth) == {f"#{'.' * 30}#"}, "the picture")
        await told("show", "")
        await found.sees(lambda _, mouth: "#" not in "".join(mouth), "nothing")
        await found.do("fault", name="unplugged", on=True)
        await until(lambda: not found.state["plugged"], "unplugged")
        for command in (("show", "hi"), ("eyes", "red")):
            assert await outcome("enclosure", *command, "--bus", found.bus, home=tmp_path) == (1, "", UNPLUGGED)
        await found.do("fault", name="unplugged", on=False)
        await found.sees(lambda _, mouth: "#" in "".join(mouth), "what was told meanwhile")
        for colour, seen in [("#f00", "1e0000"), ("off", "000000"), ("on", "1e0000"), ("#00FF80", "001e0f")]:
            await told("eyes", colour)
            await found.sees(partial(lit, seen), colour)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (["eyes", "#ff88"], 2, "#ff88 is none of '#rgb', '#rrggbb', red, green, blue, white, on, off"),
        (["eyes", "#ffgg00"], 2, "is none of"),
        (["eyes", "ff8800"], 2, "is none of"),
        (["eyes", "red", "--bus", NOWHERE], 3, "no bus at"),
        (["show", "hi", "--bus", NOWHERE], 3, "no bus at"),
        (["show", "{tmp_path}/broken.jpeg", "--bus", "{bus}"], 1, "broken.jpeg: not a PNG or JPEG"),
        (["show", "{tmp_path}/folder.png", "--bus", "{bus}"], 1, "Is a directory"),
        (["show", "absent.png", "--bus", "{bus}"], 1, "absent.png"),
        (["show", "hi", "--bus", "{bus}"], 1, "no enclosure on the bus at ws://127.0.0.1:"),
        (["eyes", "red", "--bus", "{bus}"], 1, "no enclosure on the bus at ws://127.0.0.1:"),
    ],
)
async def test_errors_end_in_one_line(
    command: list[str],
    code: int,
    said: str,
    bus: Server,  # noqa: F811
    tmp_path: Path,
) -> None:
    (tmp_path / "broken.jpeg").write_text("no picture")
    (tmp_path / "folder.png").mkdir()
    found, out, err = await outcome(
        "enclosure", *(part.format(tmp_path=tmp_path, bus=bus.url) for part in command), home=tmp_path
    )
    assert (found, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
