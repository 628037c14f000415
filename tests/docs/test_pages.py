"""What the pages say to type and to configure is valid, also where no test runs it."""

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bus.contract.lookup import problems
from bus.daemon import commented_json
from enclosure.config import load_profile
from tests.configuration import SECTIONS
from tests.docs.pages import (
    DOCS,
    HOW,
    NOT_RUN,
    OF_ANY_PAGE,
    OUTPUT,
    ROOT,
    RUNNERS,
    SHELLS,
    Block,
    Image,
    blocks,
    items,
    marked,
    pages,
)
from tests.manpages import PARSERS

OTHER_SECTIONS = {"PHAL", "log_level"}

OWN_PROFILE = "my_speaker"
"""A board that the reader makes; its name is valid where its file is."""

ENDS = ("|", ">", "||", "&&", ";", "#", "2>")
"""Where the arguments of a command end."""


def is_script(block: Block) -> bool:
    """Whether a block is a file, and not for typing."""
    return block.text.startswith("#!")


def commands(page: str) -> Iterator[list[str]]:
    """The commands of this project on a page, as words."""
    for block in blocks(page):
        if block.language in SHELLS:
            for line in block.text.replace("\\\n", " ").splitlines():
                with contextlib.suppress(ValueError):  # a text of several lines
                    yield from _ours(shlex.split(line, comments=True))


def _ours(words: list[str]) -> Iterator[list[str]]:
    for number, word in enumerate(words):
        name = word.removeprefix(".venv/bin/")
        if name in PARSERS and words[:number] in ([], ["sudo"]):
            end = next((place for place in range(number, len(words)) if words[place] in ENDS), len(words))
            yield [name, *("picroft" if word == OWN_PROFILE else word for word in words[number + 1 : end])]


def error_of(name: str, arguments: list[str]) -> str:
    """What a command says of its arguments; empty if they are valid."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            PARSERS[name].parse_args(arguments)
        except SystemExit as ended:
            return said.getvalue() if ended.code else ""
    return ""


@pytest.mark.parametrize("page", pages())
def test_each_command_is_run_or_has_a_reason_not_to(page: str) -> None:
    reasons, used = NOT_RUN.get(page, {}), set()
    for block in blocks(page):
        if block.language not in SHELLS or is_script(block):
            assert not block.marks - {OUTPUT}, block
            continue
        assert block.marks <= RUNNERS.keys() | HOW, block
        found = {start for start in reasons if block.text.startswith(start)}
        assert len(found) + bool(block.marks & RUNNERS.keys()) == 1, block
        used |= found
    assert used == reasons.keys(), "reasons without a block"


@pytest.mark.parametrize("mark", sorted(RUNNERS))
def test_each_runner_types_what_is_marked_for_it(mark: str) -> None:
    marked_pages = [page for page in pages() if marked(page, mark)]
    assert marked_pages
    runner = (ROOT / RUNNERS[mark]).read_text()
    assert mark.upper().replace("-", "_") in runner
    if mark not in OF_ANY_PAGE:
        assert [page for page in marked_pages if f'"{page}"' not in runner] == []


@pytest.mark.parametrize("page", pages())
def test_scripts_are_valid(page: str) -> None:
    for block in filter(is_script, blocks(page)):
        done = subprocess.run(("bash", "-n"), input=block.text, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), block


@pytest.mark.parametrize("page", pages())
def test_commands_have_valid_arguments(page: str) -> None:
    for name, *arguments in commands(page):
        assert error_of(name, arguments) == ""


@pytest.mark.parametrize("page", pages())
def test_messages_are_documented_with_these_fields(page: str) -> None:
    for name, *arguments in commands(page):
        if name == "mycroft-bus" and arguments[0] == "send":
            options = PARSERS[name].parse_args(arguments)
            assert problems(options.type, options.data) == [], arguments


@pytest.mark.parametrize("page", pages())
def test_configurations_are_valid(page: str) -> None:
    for block in blocks(page):
        if block.language == "json" and not re.search("<[a-z ]+>", block.text):
            _check(block)


@pytest.mark.parametrize("page", pages())
def test_boards_of_the_reader_are_valid(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        if block.language == "toml":
            (tmp_path / f"{OWN_PROFILE}.toml").write_text(block.text)
            load_profile(OWN_PROFILE, own=tmp_path)


MAKERS = {
    "boards/*.svg": "tests/boards.py",
    "conversation.gif": "tests/browser/test_simulator.py",
    "face.gif": "tests/hw_sim/test_camera.py",
    "face.png": "tests/browser/test_simulator.py",
    "tutorials/*.png": "tests/docs/test_commands.py",
    "wifi-*.png": "tests/browser/test_portal.py",
}
"""The pictures of docs, and the test that makes each, or compares it with what it makes."""


def test_each_picture_is_on_a_page_and_made_by_a_test() -> None:
    shown = {item.path for page in pages() for item in items(page) if isinstance(item, Image)}
    for board in (DOCS / "boards").iterdir():
        assert f"(boards/{board.name})" in (DOCS / "boards.md").read_text()
        shown.add(board)
    assert shown == {path for pattern in MAKERS for path in DOCS.glob(pattern)}
    assert {path for path in DOCS.rglob("*") if path.suffix in (".gif", ".jpg", ".png", ".svg")} <= shown
    for pattern, maker in MAKERS.items():
        if "/" not in pattern:  # the others are made by their names, or where they follow a command
            for path in DOCS.glob(pattern):
                text = (ROOT / maker).read_text()
                assert f'"{path.name}"' in text or f'"{path.stem}"' in text, f"{maker} makes no {path.name}"


def _check(block: Block) -> None:
    for name, values in commented_json.parse(block.text.encode()).items():
        assert name in SECTIONS.keys() | OTHER_SECTIONS, block.text
        if name in SECTIONS:
            msgspec.convert(values, type(SECTIONS[name]))


def test_lists_of_pages_are_up_to_date() -> None:
    assert set(pages()) >= NOT_RUN.keys()


def test_links_of_the_readme_lead_to_files() -> None:
    """Sphinx checks those of all other pages."""
    links = re.findall(r"(?:\]\(|src=\")(?!https?:)([^)#\"]+)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
